import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  alertLongest,
  alertStanding,
  callerAnswers,
  earlierView,
  isFrequent,
  proposalsOf,
  pseudonymOf,
  recentSince,
  usualFrequentRule,
  wrongTimes,
  type EarlierFromNumber,
} from './caller.ts'
import { roles } from './permission.ts'
import { riskLevels, riskRank } from './risk.ts'

const dayMs = 86_400_000
const someEarlier: fc.Arbitrary<EarlierFromNumber> = fc.record({
  contactId: fc.uuid(),
  number: fc.nat(10_000),
  at: fc.nat(1_000_000_000),
  risk: fc.option(fc.constantFrom(...riskLevels)),
  profileId: fc.option(fc.constantFrom('a', 'b', 'c')),
  answer: fc.option(fc.constantFrom(...callerAnswers)),
})

test('a pseudonym says nothing but its turn', () => {
  expect(pseudonymOf(42)).toBe('C-0042')
  expect(pseudonymOf(12_345)).toBe('C-12345')
})

test('withheld numbers and numbers nobody vouches for never propose anybody', () => {
  fc.assert(
    fc.property(fc.array(someEarlier), fc.boolean(), fc.boolean(), (earlier, known, trusted) => {
      const found = proposalsOf({ known, trusted }, earlier)
      if (known && trusted && earlier.length > 0) return
      expect(found).toMatchObject({ profiles: [], unlinked: [] })
      expect(found.none).toBe(!known ? 'withheld' : !trusted ? 'untrusted' : 'first')
    }),
  )
})

test('a shared telephone proposes everybody who called from it and merges nobody', () => {
  fc.assert(
    fc.property(fc.array(someEarlier, { minLength: 1 }), (earlier) => {
      const found = proposalsOf({ known: true, trusted: true }, earlier)
      const ids = new Set(earlier.flatMap((each) => each.profileId ?? []))
      expect(new Set(found.profiles.map((each) => each.profileId))).toEqual(ids)
      const counted = found.profiles.reduce((sum, each) => sum + each.contacts, 0)
      expect(counted + found.unlinked.length).toBe(earlier.length)
      expect(found.unlinked.every((each) => each.profileId === null)).toBe(true)
      for (const profile of found.profiles) {
        const own = earlier.filter((each) => each.profileId === profile.profileId)
        expect(own.every((each) => each.at <= profile.lastAt)).toBe(true)
        expect(own.every((each) => riskRank(each.risk) <= riskRank(profile.highest))).toBe(true)
        expect(own.some((each) => each.risk === profile.highest)).toBe(true)
      }
    }),
  )
})

test('G24-7.4: an alert is in force until it ends by itself, and asks to be reviewed before', () => {
  const alert = { reviewAt: 100, expiresAt: 200, endedAt: null }
  expect([99, 100, 199, 200].map((now) => alertStanding(alert, now))).toEqual([
    'active',
    'review',
    'review',
    'expired',
  ])
  expect(alertStanding({ ...alert, endedAt: 50 }, 60)).toBe('ended')
})

test('G24-7.4: no alert outlives its kind, none goes unreviewed longer; limits on a caller least of all', () => {
  const kinds = fc.constantFrom('agreed-plan' as const, 'safety' as const, 'limits' as const, 'note' as const)
  const instants = fc.integer({ min: -10, max: 500 })
  fc.assert(
    fc.property(kinds, instants, instants, (kind, review, expiry) => {
      const wrong = wrongTimes({ kind, reviewAt: review * dayMs, expiresAt: expiry * dayMs }, 0)
      const { reviewDays, expiryDays } = alertLongest[kind]
      const fine = review > 0 && review <= expiry && review <= reviewDays && expiry <= expiryDays
      expect(wrong.length === 0).toBe(fine)
    }),
  )
  for (const kind of ['agreed-plan', 'safety', 'note'] as const) {
    expect(alertLongest.limits.expiryDays).toBeLessThan(alertLongest[kind].expiryDays)
    expect(alertLongest.limits.reviewDays).toBeLessThan(alertLongest[kind].reviewDays)
  }
})

test('a plan is proposed from so many recent contacts on, and never when there is one', () => {
  const { contacts } = usualFrequentRule
  expect(isFrequent(contacts, false, usualFrequentRule)).toBe(true)
  expect(isFrequent(contacts - 1, false, usualFrequentRule)).toBe(false)
  expect(isFrequent(contacts + 50, true, usualFrequentRule)).toBe(false)
  expect(recentSince(usualFrequentRule, 31 * dayMs)).toBe(dayMs)
})

test('G24-7.5b: notes are read by who wrote them and by supervisors; without need nothing is seen at all', () => {
  fc.assert(
    fc.property(fc.subarray([...roles]), fc.boolean(), (held, own) => {
      const view = earlierView({ personId: 'me', roles: held }, own ? 'me' : 'somebody')
      const works = held.includes('counsellor') || held.includes('supervisor')
      expect(view.outline).toBe(works)
      expect(view.notes).toBe(works && (own || held.includes('supervisor') || held.includes('custodian')))
      expect(view.open).toBe(view.notes)
    }),
  )
})
