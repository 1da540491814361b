import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  disposableFrom,
  disposalState,
  isDue,
  keepingAfter,
  lastDayKept,
  mayAnswer,
  retentionClasses,
  retentionDecisions,
  yearsKept,
  type Keeping,
} from './retention.ts'
import { dayOf } from './zone.ts'

const zone = 'Asia/Shanghai'
const usual: Keeping = { class: 'usual', held: false, restricted: false, disposed: false }

test('G24-6.2.2b: a contact is kept three calendar years from its end, its last day included', () => {
  const ended = Date.parse('2026-11-21T15:59:59Z')
  expect(lastDayKept(ended, 'usual', zone)).toBe('2029-11-21')
  expect(lastDayKept(ended + 1000, 'usual', zone)).toBe('2029-11-22')
  expect(disposableFrom(ended, 'usual', zone)).toBe(Date.parse('2029-11-21T16:00:00Z'))
})

test('a contact of 29 February is kept through 28 February three years later; a medical record thirty', () => {
  const ended = Date.parse('2028-02-29T03:00:00Z')
  expect(lastDayKept(ended, 'usual', zone)).toBe('2031-02-28')
  expect(lastDayKept(ended, 'medical-record', zone)).toBe('2058-02-28')
  expect(lastDayKept(Date.parse('2001-02-28T16:00:00Z'), 'usual', zone)).toBe('2004-03-01')
})

const instants = fc.integer({ min: 0, max: 4_000_000_000 }).map((seconds) => seconds * 1000)
const zones = fc.constantFrom('Asia/Shanghai', 'Asia/Urumqi', 'UTC', 'Europe/Berlin', 'America/New_York')

test('G24-6.2.2b: nothing is ever due before three whole years have passed, in any zone', () => {
  fc.assert(
    fc.property(instants, zones, fc.constantFrom(...retentionClasses), (ended, at, kept) => {
      const from = disposableFrom(ended, kept, at)
      const [year = 0, ...rest] = dayOf(ended, at).split('-').map(Number)
      const [lastYear = 0, ...last] = lastDayKept(ended, kept, at).split('-').map(Number)
      expect(lastYear).toBe(year + yearsKept[kept])
      if (rest.join() !== '2,29') expect(last).toEqual(rest)
      expect(isDue({ ...usual, class: kept }, ended, at, from - 1)).toBe(false)
      expect(isDue({ ...usual, class: kept }, ended, at, from)).toBe(true)
      // 1,095 days less the one hour a clock may be put forward.
      expect(from - ended).toBeGreaterThanOrEqual(yearsKept[kept] * 365 * 86_400_000 - 3_600_000)
    }),
  )
})

test('a later end is never due earlier', () => {
  fc.assert(
    fc.property(instants, instants, zones, (one, other, at) => {
      const [first, second] = one < other ? [one, other] : [other, one]
      expect(disposableFrom(first, 'usual', at)).toBeLessThanOrEqual(disposableFrom(second, 'usual', at))
    }),
  )
})

test('no decision shortens: a class only lengthens, a hold stays until it is ended, and then the date counts again', () => {
  const decisions = fc.array(fc.constantFrom(...retentionDecisions), { maxLength: 12 })
  fc.assert(
    fc.property(decisions, instants, (taken, ended) => {
      let keeping = usual
      for (const decision of taken) {
        const after = keepingAfter(keeping, decision) ?? keeping
        expect(yearsKept[after.class]).toBeGreaterThanOrEqual(yearsKept[keeping.class])
        if (decision !== 'hold-ended') expect(after.held || !keeping.held).toBe(true)
        keeping = after
      }
      if (keeping.held) expect(isDue(keeping, ended, zone, Number.MAX_SAFE_INTEGER)).toBe(false)
    }),
  )
  expect(keepingAfter({ ...usual, disposed: true }, 'hold')).toBeNull()
  expect(keepingAfter(usual, 'hold-ended')).toBeNull()
})

test('a disposal needs two people who are not its proposer; one refusal ends it; nobody answers twice', () => {
  const people = fc.constantFrom('a', 'b', 'c', 'd')
  const wishes = fc.array(fc.record({ personId: people, granted: fc.boolean() }), { maxLength: 10 })
  fc.assert(
    fc.property(people, wishes, (proposer, asked) => {
      const given: typeof asked = []
      for (const wish of asked) if (mayAnswer(proposer, given, wish.personId)) given.push(wish)
      const state = disposalState(proposer, given)
      const granted = given.filter((each) => each.granted)
      expect(new Set(given.map((each) => each.personId)).size).toBe(given.length)
      expect(given.some((each) => each.personId === proposer)).toBe(false)
      if (state === 'approved') expect([granted.length, given.length]).toEqual([2, 2])
      if (state === 'refused') expect(given.at(-1)?.granted).toBe(false)
      if (state === 'open') expect(granted.length).toBeLessThan(2)
    }),
  )
  expect(
    disposalState('a', [
      { personId: 'a', granted: true },
      { personId: 'b', granted: true },
    ]),
  ).toBe('open')
})
