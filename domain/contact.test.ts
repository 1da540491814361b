import { expect, test } from 'vitest'
import { newCall, step } from './call.ts'
import { publicContact } from './contact.ts'

test('a contact is shown with its times and the danger key, and with nothing identifying', () => {
  const call = newCall({
    contact: 'c',
    line: 'l',
    callerLeg: 'k',
    canCallBack: true,
    ringsAgain: false,
    arrivedAt: 0,
  })
  const pressed = step(step(call, { type: 'arrived' }, 0).call, { type: 'digit', digit: '0' }, 1).call
  expect(publicContact(pressed, { number: 7, line: '1001', channel: 'phone', recorded: false })).toEqual({
    number: 7,
    line: '1001',
    channel: 'phone',
    state: 'waiting',
    outcome: null,
    risk: 'danger-key',
    consent: 'silent',
    startedAt: '1970-01-01T00:00:00.000Z',
    answeredAt: null,
    endedAt: null,
    recorded: false,
  })
})
