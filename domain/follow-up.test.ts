import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { followUpRule, followUpsOf, placeInSample } from './follow-up.ts'
import { riskLevels } from './risk.ts'
import { atClock, clockOf, dayOf, monthsAfter } from './zone.ts'

const rule = followUpRule.parse(
  JSON.parse(readFileSync(new URL('../clinical/rules/follow-up.json', import.meta.url), 'utf8')),
)
const contactId = '019aa000-0000-7000-8000-000012345678'
const zones = fc.constantFrom(
  'Asia/Shanghai',
  'Asia/Urumqi',
  'Europe/Berlin',
  'America/New_York',
  'Australia/Lord_Howe',
  'America/St_Johns',
  'UTC',
)
const instants = fc.integer({ min: 1_500_000_000_000, max: 2_200_000_000_000 })

const planned = (endedAt: string, zone = 'Asia/Shanghai') =>
  followUpsOf(rule, { level: 'high', contactId, endedAt: Date.parse(endedAt), zone }).map(
    ({ step, dueAt }) => `${step} ${dayOf(dueAt, zone)} ${clockOf(dueAt, zone)}`,
  )

test('G24-1.1: after a high-risk contact the caller is called the next day, after a week, a month, three months and a year', () => {
  expect(planned('2026-11-21T06:30:00Z')).toEqual([
    'next-day 2026-11-22 14:30',
    '1-week 2026-11-28 14:30',
    '1-month 2026-12-21 14:30',
    '3-months 2027-02-21 14:30',
    '12-months 2027-11-21 14:30',
  ])
})

test('after the last day of a month comes the last day of the next; a leap day comes again as 28 February', () => {
  expect(planned('2028-01-31T06:30:00Z')[2]).toBe('1-month 2028-02-29 14:30')
  expect(planned('2027-11-30T06:30:00Z')[3]).toBe('3-months 2028-02-29 14:30')
  expect(planned('2028-02-29T06:30:00Z')[4]).toBe('12-months 2029-02-28 14:30')
})

test('nobody is called back at the hour of a night call: it is due the next morning or evening', () => {
  expect(planned('2026-11-20T19:10:00Z')[0]).toBe('next-day 2026-11-22 09:00')
  expect(planned('2026-11-21T15:10:00Z')[0]).toBe('next-day 2026-11-22 21:00')
})

test('a night call in Shanghai counts from its own day, though it is still yesterday in UTC', () => {
  expect(planned('2026-11-30T16:10:00Z')[2]).toBe('1-month 2027-01-01 09:00')
})

test('a plan keeps its order, its day of the month or the last one, and the hours in which people are called', () => {
  fc.assert(
    fc.property(instants, zones, fc.constantFrom('high', 'acute'), (endedAt, zone, level) => {
      const plan = followUpsOf(rule, { level, contactId, endedAt, zone })
      expect(plan).toHaveLength(5)
      const day = dayOf(endedAt, zone)
      for (const [index, { dueAt }] of plan.entries()) {
        expect(dueAt).toBeGreaterThan(plan[index - 1]?.dueAt ?? endedAt)
        expect(clockOf(dueAt, zone) >= '09:00' && clockOf(dueAt, zone) <= '21:00').toBe(true)
      }
      for (const [index, months] of [
        [2, 1],
        [3, 3],
        [4, 12],
      ] as const) {
        const due = dayOf(plan[index]?.dueAt ?? 0, zone)
        const whole =
          (Number(due.slice(0, 4)) - Number(day.slice(0, 4))) * 12 +
          (Number(due.slice(5, 7)) - Number(day.slice(5, 7)))
        expect(whole).toBe(months)
        const last = new Date(Date.UTC(Number(due.slice(0, 4)), Number(due.slice(5, 7)), 0)).getUTCDate()
        expect(Number(due.slice(8))).toBe(Math.min(Number(day.slice(8)), last))
      }
    }),
  )
})

test('clocks that change leave every instant findable: a time of a day and back is the same time', () => {
  fc.assert(
    fc.property(instants, zones, (at, zone) => {
      const [day, clock] = [dayOf(at, zone), clockOf(at, zone)]
      expect([dayOf(atClock(day, clock, zone), zone), clockOf(atClock(day, clock, zone), zone)]).toEqual([
        day,
        clock,
      ])
    }),
    { numRuns: 500 },
  )
  const left = atClock('2026-03-29', '02:30', 'Europe/Berlin')
  expect([dayOf(left, 'Europe/Berlin'), clockOf(left, 'Europe/Berlin')]).toEqual(['2026-03-29', '03:30'])
})

test('months later are the same for a sum of months, but for the ends of months', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 28 }), fc.nat(40), fc.nat(40), (date, one, two) => {
      const day = `2027-05-${String(date).padStart(2, '0')}`
      expect(monthsAfter(monthsAfter(day, one), two)).toBe(monthsAfter(day, one + two))
    }),
  )
})

test('no level and no risk plan nothing; moderate and low plan nothing until a hotline says how many', () => {
  for (const level of [null, 'none', 'low', 'moderate'] as const)
    expect(followUpsOf(rule, { level, contactId, endedAt: 0, zone: 'UTC' })).toEqual([])
})

test('a sample takes about its share of contacts, always the same ones, and a larger share keeps the smaller', () => {
  const share = (part: number) => ({
    ...rule,
    plans: { ...rule.plans, low: { ...rule.plans.low, share: part } },
  })
  const taken = (id: string, part: number): boolean =>
    followUpsOf(share(part), { level: 'low', contactId: id, endedAt: 0, zone: 'UTC' }).length > 0
  fc.assert(
    fc.property(fc.uuid({ version: 7 }), fc.double({ min: 0, max: 1, noNaN: true }), (id, part) => {
      expect(taken(id, 1)).toBe(true)
      expect(taken(id, part)).toBe(placeInSample(id) < part)
    }),
  )
  const ids = Array.from({ length: 2000 }, () => randomUUID())
  const tenth = ids.filter((id) => taken(id, 0.1)).length
  expect(tenth).toBeGreaterThan(100)
  expect(tenth).toBeLessThan(300)
})

test('every level of risk that can be planned for has its plan', () => {
  expect(riskLevels.filter((level) => level !== 'none').toSorted()).toEqual(
    Object.keys(rule.plans).toSorted(),
  )
})
