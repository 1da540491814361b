import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  defaultEscalation,
  escalate,
  mayAcknowledge,
  nearestFirst,
  type Colleague,
  type OpenReport,
} from './escalation.ts'

const colleague = (personId: string): fc.Arbitrary<Colleague> =>
  fc
    .record({
      roles: fc.subarray(['supervisor', 'administrator', 'counsellor'] as const),
      duty: fc.constantFrom('free' as const, 'engaged' as const, null),
      since: fc.integer({ min: 0, max: 1000 }),
      online: fc.boolean(),
      onCall: fc.boolean(),
    })
    .map(({ roles, duty, since, online, onCall }) => ({
      personId,
      roles,
      duty,
      idleSince: duty === 'free' ? since : null,
      online,
      onCall,
    }))
const names = ['ann', 'bo', 'chen', 'dan', 'eve']
const house = fc.tuple(...names.map(colleague))
const settings = fc
  .record({
    nextMs: fc.integer({ min: 10_000, max: 300_000 }),
    more: fc.integer({ min: 10_000, max: 300_000 }),
  })
  .map(({ nextMs, more }) => ({ nextMs, allMs: nextMs + more, ringAgainMs: 60_000 }))
const openedAt = 1_000_000
const report = (kind: OpenReport['kind'], counsellor: string | null): OpenReport => ({
  kind,
  counsellor,
  openedAt,
  stage: 0,
  asked: [],
})
const kinds = fc.constantFrom('administration' as const, 'consult' as const)

test('G24-4.3.1b: every report that nobody acknowledges asks all of its group within the time for all', () => {
  fc.assert(
    fc.property(
      house,
      settings,
      kinds,
      fc.constantFrom(null, ...names),
      (colleagues, given, kind, counsellor) => {
        let now = report(kind, counsellor)
        let at = openedAt
        const stages: number[] = []
        while (at < openedAt + given.allMs + 1) {
          const asking = escalate(now, colleagues, given, at)
          expect(asking.nextAt).toBeGreaterThan(at)
          stages.push(asking.stage)
          now = { ...now, stage: asking.stage, asked: asking.asked }
          at = asking.nextAt
        }
        const group = nearestFirst(now, colleagues).map((one) => one.personId)
        expect(now.stage).toBe(2)
        expect(new Set(now.asked)).toEqual(new Set(group))
        expect(stages).toEqual([...stages].sort((one, other) => one - other))
      },
    ),
  )
})

test('G24-4.3.1b: the contact’s own counsellor and other groups are never asked, on screen or by phone', () => {
  fc.assert(
    fc.property(
      house,
      settings,
      kinds,
      fc.constantFrom(null, ...names),
      fc.integer({ min: 0, max: 900_000 }),
      fc.subarray(names),
      (colleagues, given, kind, counsellor, later, asked) => {
        const before = { ...report(kind, counsellor), asked: asked.filter((one) => one !== counsellor) }
        const { ask, ring } = escalate(before, colleagues, given, openedAt + later)
        for (const id of [...ask, ...ring]) {
          const person = colleagues.find((one) => one.personId === id)
          expect(person && mayAcknowledge(before, person)).toBe(true)
        }
      },
    ),
  )
})

test('G24-4.3.1b: first the supervisor who is free for longest, then the next, then all and the phones on call', () => {
  const supervisor = (personId: string, given: Partial<Colleague>): Colleague => ({
    personId,
    roles: ['supervisor'],
    duty: null,
    idleSince: null,
    online: true,
    onCall: false,
    ...given,
  })
  const colleagues = [
    supervisor('home', { online: false, onCall: true }),
    supervisor('talking', { duty: 'engaged' }),
    supervisor('new', { duty: 'free', idleSince: 900 }),
    supervisor('rested', { duty: 'free', idleSince: 100 }),
  ]
  const first = escalate(report('consult', null), colleagues, defaultEscalation, openedAt)
  expect(first).toMatchObject({ stage: 0, ask: ['rested'], ring: [], nextAt: openedAt + 60_000 })
  const second = escalate(
    { ...report('consult', null), ...first },
    colleagues,
    defaultEscalation,
    first.nextAt,
  )
  expect(second).toMatchObject({ stage: 1, ask: ['new'], ring: [], nextAt: openedAt + 120_000 })
  const third = escalate(
    { ...report('consult', null), ...second },
    colleagues,
    defaultEscalation,
    second.nextAt,
  )
  expect(third).toMatchObject({ stage: 2, ask: ['rested', 'new', 'talking', 'home'], ring: ['home'] })
})

test('with nobody at a screen and nobody on duty the phones ring at once', () => {
  const home: Colleague = {
    personId: 'home',
    roles: ['administrator'],
    duty: null,
    idleSince: null,
    online: false,
    onCall: true,
  }
  expect(escalate(report('administration', null), [home], defaultEscalation, openedAt)).toMatchObject({
    stage: 2,
    ring: ['home'],
  })
})
