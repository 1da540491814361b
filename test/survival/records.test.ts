import { expect, test } from 'vitest'
import type { ContactRow } from '../../api/contacts.ts'
import type { CallerStory } from './callers.ts'
import { faultsOf } from './records.ts'

const row = (number: number, more: Partial<ContactRow> = {}): ContactRow => ({
  contactId: `contact-${number}`,
  number,
  lineName: '热线',
  channel: 'phone',
  state: 'closed',
  outcome: 'abandoned',
  risk: null,
  class: null,
  consent: null,
  startedAt: '2026-11-22T00:00:00.000Z',
  answeredAt: null,
  endedAt: '2026-11-22T00:01:00.000Z',
  counsellor: null,
  recorded: false,
  callerNumber: `••••000${number}`,
  ...more,
})
const story = (number: number, more: Partial<CallerStory> = {}): CallerStory => ({
  number: `1390000000${number}`,
  answered: true,
  helped: false,
  putDown: false,
  ...more,
})
const [none, calls] = [{ calls: false }, { calls: true }]

test('records that tell what happened have no fault', () => {
  expect(faultsOf([row(1)], [row(1), row(2)], [story(2)], none)).toEqual([])
})

test('a contact that is lost, renumbered or skipped is found', () => {
  expect(faultsOf([row(1), row(2)], [row(1)], [], none)).toEqual(['contact 2 is lost or has another number'])
  expect(faultsOf([], [row(1), row(3)], [], none)).toEqual(['number 2 is skipped'])
})

test('an answered call without a contact is found, and one with two', () => {
  expect(faultsOf([], [row(1)], [story(2)], none)).toEqual(['a call that was answered has no contact'])
  expect(faultsOf([], [row(1)], [story(2, { answered: false })], none)).toEqual([])
  const twice = [row(1), row(2, { callerNumber: '••••0001' })]
  expect(faultsOf([], twice, [story(1)], none)).toEqual(['one call is contacts 1 and 2'])
})

test('a contact that is not over, or says of a talk that there was none, is found', () => {
  expect(faultsOf([], [row(1, { state: 'waiting' })], [], none)).toHaveLength(1)
  expect(faultsOf([], [row(1)], [story(1, { helped: true })], none)).toEqual([
    'contact 1 is abandoned, but its caller was helped',
  ])
})

test('a call may fail only when its switchboard died', () => {
  const failed = [row(1, { state: 'failed', outcome: 'failed' })]
  expect(faultsOf([], failed, [story(1, { putDown: true })], none)).toHaveLength(2)
  expect(faultsOf([], failed, [story(1, { putDown: true, helped: true })], calls)).toEqual([])
})
