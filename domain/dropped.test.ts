import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Call, CallEvent } from './call-state.ts'
import { step } from './call.ts'
import { brokeOff, isDropped } from './dropped.ts'
import { riskLevels, riskRank, type RiskLevel } from './risk.ts'
import { answeredWith, waiting } from './testing/story.ts'

/** The call before and after its end. */
const ending = (call: Call, ...events: CallEvent[]): [Call, Call] => {
  let [before, after] = [call, call]
  for (const event of events) [before, after] = [after, step(after, event, 60_000).call]
  return [before, after]
}
const talking = (given: { risk?: RiskLevel | null; danger?: boolean } = {}): Call => ({
  ...answeredWith('1').call,
  risk: given.risk ?? null,
  danger: given.danger ?? false,
})

test('G24-4.3.5: a high-risk call that the caller ends is dropped; one that the counsellor ends is not', () => {
  for (const risk of ['high', 'acute'] as const) {
    expect(isDropped(...ending(talking({ risk }), { type: 'callerHungUp' }), false)).toBe(true)
    expect(isDropped(...ending(talking({ risk }), { type: 'hangUp' }), false)).toBe(false)
  }
  expect(isDropped(...ending(talking({ risk: 'moderate' }), { type: 'callerHungUp' }), false)).toBe(false)
})

test('G24-4.3.5: who pressed 0 and leaves before anybody assessed is called back, from the queue and from a talk', () => {
  const queued = waiting().tell({ type: 'digit', digit: '0' }).call
  expect(queued.danger).toBe(true)
  expect(isDropped(...ending(queued, { type: 'callerHungUp' }), false)).toBe(true)
  expect(isDropped(...ending(talking({ danger: true }), { type: 'callerHungUp' }), false)).toBe(true)
  expect(isDropped(...ending(talking({ danger: true, risk: 'low' }), { type: 'callerHungUp' }), false)).toBe(
    false,
  )
})

test('G24-4.3.5: a protocol that runs makes a call that breaks off a dropped one, whatever the level says', () => {
  expect(isDropped(...ending(talking(), { type: 'callerHungUp' }), true)).toBe(true)
  expect(isDropped(...ending(talking(), { type: 'hangUp' }), true)).toBe(false)
})

test('a switchboard that dies with a high-risk call drops it', () => {
  expect(isDropped(...ending(talking({ risk: 'high' }), { type: 'switchboardLost' }), false)).toBe(true)
})

test('a caller who leaves after the talk, during the last question or thanks, dropped nothing', () => {
  const over = ending(talking({ risk: 'high' }), { type: 'hangUp' }, { type: 'callerHungUp' })
  expect(over[0].state).toBe('survey')
  expect(isDropped(...over, true)).toBe(false)
})

test('a transfer that a caller leaves in the hands of somebody outside is not dropped', () => {
  const call: Call = { ...talking({ risk: 'high' }), phase: 'outside' }
  expect(isDropped(...ending(call, { type: 'callerHungUp' }), false)).toBe(false)
})

test('whoever is put back into the queue has not been dropped', () => {
  const call = talking({ risk: 'acute' })
  const [before, after] = ending(
    call,
    { type: 'legEnded', leg: call.talk?.leg ?? '', cause: 'lost' },
    { type: 'deadline', kind: 'seat-back' },
  )
  expect(after.state).toBe('waiting')
  expect(isDropped(before, after, true)).toBe(false)
})

test('however a call goes, it is dropped at most once, only when its caller is gone, and never by a counsellor', () => {
  const event = fc.oneof(
    fc.constantFrom<CallEvent>(
      { type: 'callerHungUp' },
      { type: 'hangUp' },
      { type: 'digit', digit: '0' },
      { type: 'digit', digit: '1' },
      { type: 'digit', digit: '9' },
      { type: 'offered', seat: 's2' },
      { type: 'nobodyOnDuty' },
      { type: 'hold', on: true },
      { type: 'switchboardLost' },
      { type: 'close' },
      { type: 'deadline', kind: 'seat-back' },
      { type: 'deadline', kind: 'survey' },
      { type: 'deadline', kind: 'goodbye' },
    ),
    fc.constantFrom(...riskLevels).map((risk): CallEvent => ({ type: 'assessed', risk })),
  )
  const start = fc.constantFrom(
    waiting().call,
    talking(),
    talking({ danger: true }),
    talking({ risk: 'high' }),
  )
  fc.assert(
    fc.property(start, fc.array(event, { maxLength: 12 }), fc.boolean(), (call, events, protocol) => {
      let [now, drops] = [call, 0]
      for (const each of events) {
        const { call: next } = step(now, each, 60_000)
        if (isDropped(now, next, protocol)) {
          drops += 1
          expect(brokeOff(now, next)).toBe(true)
          expect(next.endedBy).not.toBe('counsellor')
          expect(protocol || next.danger || riskRank(next.risk) >= riskRank('high')).toBe(true)
        }
        now = next
      }
      expect(drops).toBeLessThanOrEqual(1)
    }),
    { numRuns: 500 },
  )
})
