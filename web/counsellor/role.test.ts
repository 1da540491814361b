import { expect, test } from 'vitest'
import type { DeskCall } from '../../api/desk.ts'
import { roleIn } from './role.ts'

const member = (kind: DeskCall['members'][number]['kind'], name: string) => ({
  kind,
  name,
  joined: true,
  muted: false,
  mode: null,
})
const call = {
  members: [member('caller', ''), member('counsellor', '李'), member('supervisor', '王')],
  transfer: null,
}

test('who answered owns the call, who was invited is a guest', () => {
  expect(roleIn(call, '李')).toBe('owner')
  expect(roleIn(call, '王')).toBe('supervisor')
})

test('a supervisor who answers callers owns their calls', () => {
  expect(roleIn({ members: [member('caller', ''), member('counsellor', '王')], transfer: null }, '王')).toBe(
    'owner',
  )
})

test('who is spoken with before a transfer does not have its buttons', () => {
  const transfer = { kind: 'attended', to: '张', state: 'talking' } as const
  expect(roleIn({ members: [...call.members, member('counsellor', '张')], transfer }, '张')).toBe('consulted')
  expect(roleIn({ ...call, transfer }, '李')).toBe('owner')
})
