import fc from 'fast-check'
import { expect, test } from 'vitest'
import { dutyAfter, dutyStates, offDuty, pauseReasons, type Duty, type DutyEvent } from './duty.ts'

const after = (duty: Duty, ...events: DutyEvent[]): Duty =>
  events.reduce((now, event) => {
    const next = dutyAfter(now, event, 1000)
    expect(next, `${now.state} refuses ${event.type}`).not.toBe(null)
    return next ?? now
  }, duty)
const free = (): Duty => ({ ...offDuty(0), state: 'free' })

test('a seat that missed an offer is paused with a reason everybody sees', () => {
  const duty = after(free(), { type: 'offered', contact: 'c' }, { type: 'missed', contact: 'c' })
  expect(duty).toMatchObject({ state: 'paused', reason: 'missed-offer', contact: null })
})

test('wrap-up ends by itself at its limit, later when extended, at once when the record is closed', () => {
  const busy = after(free(), { type: 'offered', contact: 'c' }, { type: 'answered', contact: 'c' })
  const wrapUp = after(busy, { type: 'released', contact: 'c', wrapUpFor: 300_000 })
  expect(wrapUp).toMatchObject({ state: 'wrap-up', until: 301_000 })
  expect(dutyAfter(wrapUp, { type: 'deadline' }, 300_000)?.state).toBe('wrap-up')
  expect(dutyAfter(wrapUp, { type: 'deadline' }, 301_000)?.state).toBe('free')
  expect(after(wrapUp, { type: 'extend', by: 60_000 }).until).toBe(361_000)
  expect(after(wrapUp, { type: 'finished' }).state).toBe('free')
})

test('a pause or the end of duty asked for in mid-call waits until the call is over', () => {
  const busy = after(free(), { type: 'offered', contact: 'c' }, { type: 'answered', contact: 'c' })
  const pausing = after(
    busy,
    { type: 'pause', reason: 'meal' },
    { type: 'released', contact: 'c', wrapUpFor: 0 },
    { type: 'deadline' },
  )
  expect(pausing).toMatchObject({ state: 'paused', reason: 'meal' })
  const leaving = after(
    busy,
    { type: 'offDuty' },
    { type: 'released', contact: 'c', wrapUpFor: 9 },
    { type: 'finished' },
  )
  expect(leaving.state).toBe('off')
})

test('a seat that is idle keeps its place among the idle when an offer is taken back', () => {
  const duty = after(
    { ...free(), idleSince: 5 },
    { type: 'offered', contact: 'c' },
    { type: 'withdrawn', contact: 'c' },
  )
  expect(duty).toMatchObject({ state: 'free', idleSince: 5 })
})

const contact = fc.constantFrom('a', 'b')
const event: fc.Arbitrary<DutyEvent> = fc.oneof(
  contact.chain((each) =>
    fc.constantFrom<DutyEvent[]>(
      { type: 'offered', contact: each },
      { type: 'withdrawn', contact: each },
      { type: 'declined', contact: each },
      { type: 'missed', contact: each },
      { type: 'unreachable', contact: each },
      { type: 'answered', contact: each },
      { type: 'released', contact: each, wrapUpFor: 10 },
      { type: 'lost', contact: each },
    ),
  ),
  fc.constantFrom(...pauseReasons).map((reason): DutyEvent => ({ type: 'pause', reason })),
  fc.constantFrom<DutyEvent[]>(
    { type: 'onDuty' },
    { type: 'offDuty' },
    { type: 'resume' },
    { type: 'finished' },
    { type: 'deadline' },
    { type: 'disconnected' },
    { type: 'extend', by: 5 },
  ),
)

test('no order of events gives a seat a second call, and no seat is stuck', () => {
  fc.assert(
    fc.property(fc.array(event, { maxLength: 40 }), (events) => {
      let duty = offDuty(0)
      events.forEach((each, index) => {
        const next = dutyAfter(duty, each, index)
        if (!next) return
        expect(dutyStates).toContain(next.state)
        const held = duty.state === 'busy' || duty.state === 'offered' ? duty.contact : null
        if (held && (next.state === 'busy' || next.state === 'offered')) expect(next.contact).toBe(held)
        expect(next.state === 'paused').toBe(next.reason !== null)
        expect(['busy', 'offered', 'wrap-up'].includes(next.state)).toBe(next.contact !== null)
        duty = next
      })
      const name = duty.contact ?? ''
      const freed = [
        { type: 'withdrawn', contact: name },
        { type: 'released', contact: name, wrapUpFor: 0 },
        { type: 'finished' },
        { type: 'offDuty' },
      ] as const
      for (const each of freed) duty = dutyAfter(duty, each, 99) ?? duty
      expect(duty.state).toBe('off')
    }),
    { numRuns: 1000 },
  )
})
