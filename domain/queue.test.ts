import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  assign,
  before,
  defaultPolicy,
  expectedWait,
  mayTake,
  position,
  spokenMinutes,
  type FreeSeat,
  type Waiting,
} from './queue.ts'
import { riskLevels, urgency } from './risk.ts'

const waitingOf = (contact: string, given: Partial<Waiting> = {}): Waiting => ({
  contact,
  line: 'general',
  since: 0,
  danger: false,
  risk: null,
  ringsAgain: false,
  skills: [],
  passed: [],
  ...given,
})
const seatOf = (seat: string, given: Partial<FreeSeat> = {}): FreeSeat => ({
  seat,
  lines: ['general'],
  skills: [],
  idleSince: 0,
  ...given,
})
const first = (waiting: Waiting[], seats: FreeSeat[]): string | undefined =>
  assign(waiting, seats, defaultPolicy, 0)[0]?.contact

test('danger goes before everybody, then those whose call we broke, then the longest wait', () => {
  const early = waitingOf('early', { since: 1 })
  const broken = waitingOf('broken', { since: 9, ringsAgain: true })
  const danger = waitingOf('danger', { since: 20, danger: true })
  expect([early, broken, danger].sort(before).map((each) => each.contact)).toEqual([
    'danger',
    'broken',
    'early',
  ])
  expect(first([early, broken, danger], [seatOf('s')])).toBe('danger')
})

test('once assessed, the level counts and no longer the key', () => {
  const assessed = waitingOf('assessed', { danger: true, risk: 'low', since: 0 })
  expect([assessed, waitingOf('high', { risk: 'high', since: 9 })].sort(before)[0]?.contact).toBe('high')
})

test('the seat that has been idle longest is offered first', () => {
  const seats = [seatOf('fresh', { idleSince: 50 }), seatOf('rested', { idleSince: 5 })]
  expect(assign([waitingOf('c')], seats, defaultPolicy, 100)).toEqual([{ contact: 'c', seat: 'rested' }])
})

test('nobody is offered to a seat that is not certified for the line or does not speak the language', () => {
  expect(first([waitingOf('c', { line: 'event' })], [seatOf('s')])).toBe(undefined)
  expect(first([waitingOf('c', { skills: ['en'] })], [seatOf('s', { skills: ['zh-CN'] })])).toBe(undefined)
  expect(first([waitingOf('c', { skills: ['en'] })], [seatOf('s', { skills: ['zh-CN', 'en'] })])).toBe('c')
})

test('a seat that let a call pass is offered it again only after a rest', () => {
  const waiting = [waitingOf('c', { passed: [{ seat: 's', at: 0 }] })]
  expect(assign(waiting, [seatOf('s')], defaultPolicy, 29_999)).toEqual([])
  expect(assign(waiting, [seatOf('s')], defaultPolicy, 30_000)).toHaveLength(1)
})

const lines = ['general', 'event']
const skills = ['zh-CN', 'en']
const aWaiting = fc.record({
  line: fc.constantFrom(...lines),
  since: fc.nat(20),
  danger: fc.boolean(),
  risk: fc.option(fc.constantFrom(...riskLevels)),
  ringsAgain: fc.boolean(),
  skills: fc.subarray(skills, { maxLength: 1 }),
  passed: fc.subarray([{ seat: 's0', at: 0 }]),
})
const aSeat = fc.record({
  lines: fc.subarray(lines),
  skills: fc.subarray(skills),
  idleSince: fc.nat(9),
})
const scene = fc
  .tuple(fc.array(aWaiting, { maxLength: 30 }), fc.array(aSeat, { maxLength: 12 }))
  .map(([w, s]) => ({
    waiting: w.map((each, index): Waiting => ({ ...each, contact: `c${index}` })),
    seats: s.map((each, index): FreeSeat => ({ ...each, seat: `s${index}` })),
  }))

test('nobody is offered twice at once, no seat gets two, and only who may be offered is', () => {
  fc.assert(
    fc.property(scene, ({ waiting, seats }) => {
      const offers = assign(waiting, seats, defaultPolicy, 1)
      expect(new Set(offers.map((each) => each.contact)).size).toBe(offers.length)
      expect(new Set(offers.map((each) => each.seat)).size).toBe(offers.length)
      for (const offer of offers) {
        const seat = seats.find((each) => each.seat === offer.seat)
        const contact = waiting.find((each) => each.contact === offer.contact)
        expect(seat && contact && mayTake(seat, contact, defaultPolicy, 1)).toBe(true)
      }
    }),
  )
})

test('higher risk is never behind lower on the same line with the same skill', () => {
  fc.assert(
    fc.property(scene, ({ waiting, seats }) => {
      const offered = new Set(assign(waiting, seats, defaultPolicy, 1).map((each) => each.contact))
      for (const left of waiting.filter((each) => !offered.has(each.contact) && each.passed.length === 0)) {
        for (const taken of waiting.filter((each) => offered.has(each.contact))) {
          const alike = taken.line === left.line && taken.skills.join() === left.skills.join()
          if (alike)
            expect(urgency(taken.danger, taken.risk)).toBeGreaterThanOrEqual(urgency(left.danger, left.risk))
          if (alike) expect(before(taken, left)).toBeLessThan(0)
        }
      }
    }),
  )
})

test('no free seat is left beside a caller whom it may take', () => {
  fc.assert(
    fc.property(scene, ({ waiting, seats }) => {
      const offers = assign(waiting, seats, defaultPolicy, 1)
      const idle = seats.filter((each) => !offers.some((offer) => offer.seat === each.seat))
      const left = waiting.filter((each) => !offers.some((offer) => offer.contact === each.contact))
      for (const seat of idle) expect(left.some((each) => mayTake(seat, each, defaultPolicy, 1))).toBe(false)
    }),
  )
})

test('a thousand seats and five thousand callers are matched as few would be', () => {
  const waiting = Array.from({ length: 5000 }, (_, index) => waitingOf(`c${index}`, { since: index }))
  const seats = Array.from({ length: 1000 }, (_, index) => seatOf(`s${index}`, { idleSince: index }))
  const offers = assign(waiting, seats, defaultPolicy, 0)
  expect(offers).toHaveLength(1000)
  expect(offers[999]).toEqual({ contact: 'c999', seat: 's999' })
})

test('the place told is the number of those before on the same line', () => {
  const waiting = [
    waitingOf('a', { since: 1 }),
    waitingOf('b', { since: 2 }),
    waitingOf('other', { since: 0, line: 'event' }),
    waitingOf('danger', { since: 9, danger: true }),
  ]
  expect(position(waiting, 'b')).toBe(2)
  expect(position(waiting, 'danger')).toBe(0)
})

test('an expected wait is a range, or a lower bound, or not told at all', () => {
  const tenMinutes = Array.from({ length: 20 }, () => 600_000)
  expect(expectedWait(3, 4, tenMinutes)).toEqual({ from: 5, to: 15 })
  expect(spokenMinutes(expectedWait(3, 4, tenMinutes))).toBe(10)
  expect(expectedWait(30, 2, tenMinutes)).toEqual({ moreThan: 60 })
  expect(expectedWait(3, 4, tenMinutes.slice(0, 4))).toBe(null)
  expect(expectedWait(3, 0, tenMinutes)).toBe(null)
})

test('more callers before and fewer seats never make the expected wait shorter', () => {
  fc.assert(
    fc.property(
      fc.nat(40),
      fc.integer({ min: 1, max: 20 }),
      fc.integer({ min: 1000, max: 1e6 }),
      (ahead, seats, handling) => {
        const recent = Array.from({ length: 5 }, () => handling)
        const lowest = (wait: ReturnType<typeof expectedWait>): number =>
          wait === null ? 0 : 'moreThan' in wait ? wait.moreThan : wait.from
        expect(lowest(expectedWait(ahead + 1, seats, recent))).toBeGreaterThanOrEqual(
          lowest(expectedWait(ahead, seats, recent)),
        )
        expect(lowest(expectedWait(ahead, seats + 1, recent))).toBeLessThanOrEqual(
          lowest(expectedWait(ahead, seats, recent)),
        )
      },
    ),
  )
})
