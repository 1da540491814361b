import fc from 'fast-check'
import { expect, test } from 'vitest'
import { visitsOf, type Access } from './visit.ts'

const access: fc.Arbitrary<Access> = fc.record({
  at: fc.integer({ min: 0, max: 200_000 }),
  personId: fc.constantFrom('a', 'b', 'c'),
  action: fc.constantFrom('contact.read', 'form.read', 'risk.judged'),
  wrote: fc.boolean(),
  purpose: fc.constantFrom('care', 'supervision', null),
})
const pause = 10_000

test('G24-6.2.2a: every access is in exactly one visit of its person, however they came', () => {
  fc.assert(
    fc.property(fc.array(access, { maxLength: 60 }), (accesses) => {
      const visits = visitsOf(accesses, pause)
      const counted = visits.flatMap((visit) => visit.actions.map((one) => one.times))
      expect(counted.reduce((sum, times) => sum + times, 0)).toBe(accesses.length)
      for (const one of accesses) {
        const holding = visits.filter(
          (visit) => visit.personId === one.personId && visit.from <= one.at && one.at <= visit.to,
        )
        expect(holding).toHaveLength(1)
        expect(holding[0]?.actions.map((each) => each.action)).toContain(one.action)
        if (one.purpose !== null) expect(holding[0]?.purposes).toContain(one.purpose)
      }
    }),
  )
})

test('two visits of one person have a longer pause between them, and the latest comes first', () => {
  fc.assert(
    fc.property(fc.array(access, { maxLength: 60 }), (accesses) => {
      const visits = visitsOf(accesses, pause)
      for (const person of ['a', 'b', 'c']) {
        const own = visits.filter((visit) => visit.personId === person)
        for (const [place, visit] of own.entries()) {
          const earlier = own[place + 1]
          if (earlier) expect(visit.from - earlier.to).toBeGreaterThan(pause)
        }
      }
      const starts = visits.map((visit) => visit.from)
      expect(starts).toEqual(starts.toSorted((a, b) => b - a))
    }),
  )
})

test('a stranger’s one look is a line of its own among a counsellor’s many', () => {
  const own = Array.from({ length: 500 }, (_, n): Access => {
    return { at: n * 1000, personId: 'a', action: 'form.read', wrote: false, purpose: 'care' }
  })
  const look = { at: 250_500, personId: 'b', action: 'contact.read', wrote: false, purpose: 'custody' }
  expect(visitsOf([...own, look])).toEqual([
    {
      personId: 'b',
      from: 250_500,
      to: 250_500,
      purposes: ['custody'],
      actions: [{ action: 'contact.read', wrote: false, times: 1 }],
    },
    {
      personId: 'a',
      from: 0,
      to: 499_000,
      purposes: ['care'],
      actions: [{ action: 'form.read', wrote: false, times: 500 }],
    },
  ])
})
