import fc from 'fast-check'
import { expect, test } from 'vitest'
import { everybodyAfter, nextAfter, ringForHelp, type Helper } from './help.ts'

const people: Helper[] = [
  { person: 'late', idleSince: 50 },
  { person: 'early', idleSince: 10 },
  { person: 'at home', idleSince: null },
]

test('G24-5.3.5: help rings the supervisor who has been free longest, the next after 20 s, everybody after 40 s', () => {
  expect(ringForHelp(people, [], 'me', 0, 0)).toEqual({ people: ['early'], nextAt: nextAfter })
  expect(ringForHelp(people, ['early'], 'me', 0, 20_000).people).toEqual(['late'])
  expect(ringForHelp(people, ['early', 'late'], 'me', 0, 40_000).people).toEqual(['late', 'early', 'at home'])
})

test('who is logged in but on no duty is rung when nobody is free', () => {
  expect(ringForHelp(people.slice(2), [], 'me', 0, 0).people).toEqual(['at home'])
})

test('nobody there: it is looked again, and nobody is rung meanwhile', () => {
  expect(ringForHelp([], [], 'me', 0, 0).people).toEqual([])
})

const helpers = fc.uniqueArray(
  fc.record({
    person: fc.constantFrom('a', 'b', 'c', 'd', 'me'),
    idleSince: fc.option(fc.nat(100)),
  }),
  { selector: (each) => each.person },
)

test('whoever is there, after 40 s everybody but the asker has been rung, and a round always follows', () => {
  fc.assert(
    fc.property(helpers, (there) => {
      let asked: string[] = []
      let now = 0
      while (now <= everybodyAfter) {
        const ring = ringForHelp(there, asked, 'me', 0, now)
        expect(ring.people).not.toContain('me')
        expect(ring.nextAt).toBeGreaterThan(now)
        asked = [...new Set([...asked, ...ring.people])]
        now = ring.nextAt
      }
      const others = there.map((each) => each.person).filter((person) => person !== 'me')
      expect(asked.toSorted()).toEqual(others.toSorted())
    }),
  )
})
