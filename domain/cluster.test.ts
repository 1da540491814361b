import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  chanceOf,
  clustersOf,
  comparedWeeks,
  leastCallers,
  weekBefore,
  weekOf,
  type Told,
} from './cluster.ts'

const zone = 'Asia/Shanghai'
const week = '2026-11-16'
const monday = Date.parse('2026-11-15T16:00:00Z')
const hour = 3_600_000
const since = monday - 60 * 7 * 24 * hour

let made = 0
/** So many contacts of different callers, `weeksAgo` weeks before. */
const calls = (count: number, weeksAgo = 0, given: Partial<Told> = {}): Told[] =>
  Array.from({ length: count }, (_, n) => {
    made += 1
    return {
      contactId: `contact-${made}`,
      at: monday - weeksAgo * 7 * 24 * hour + n * 60_000,
      caller: null,
      region: '湖北省武汉市',
      topics: ['epidemic'],
      ...given,
    }
  })
const find = (told: Told[]) => clustersOf(told, week, zone, since)

test('a week begins on Monday at midnight of the hotline, not of Greenwich', () => {
  expect(weekOf(monday - 1, zone)).toBe('2026-11-09')
  expect(weekOf(monday, zone)).toBe(week)
  expect(weekOf(monday + 7 * 24 * hour - 1, zone)).toBe(week)
  expect(weekOf(Date.parse('2027-01-01T00:00:00Z'), zone)).toBe('2026-12-28')
  expect(weekBefore('2026-01-05', 1)).toBe('2025-12-29')
})

test('chances agree with printed tables of the Poisson distribution', () => {
  expect(chanceOf(0, 3)).toBe(1)
  expect(chanceOf(1, 1)).toBeCloseTo(0.632121, 5)
  expect(chanceOf(5, 1)).toBeCloseTo(0.00366, 5)
  expect(chanceOf(10, 4)).toBeCloseTo(0.008132, 5)
})

test('notice 2020-8: many more contacts than usual of one city and topic in a week are proposed, with the contacts', () => {
  const now = calls(9)
  const usual = [1, 2, 3, 4, 5, 6, 7, 8].flatMap((ago) => calls(1, ago))
  const [found, ...others] = find([...usual, ...now])
  expect(others).toEqual([])
  expect(found).toEqual({
    area: '420100',
    topic: 'epidemic',
    week,
    count: 9,
    expected: 1,
    contactIds: now.map((one) => one.contactId),
  })
})

test('a topic that is always so common is not proposed', () => {
  expect(find([0, 1, 2, 3, 4, 5, 6, 7, 8].flatMap((ago) => calls(20, ago)))).toEqual([])
})

test('one frequent caller is one caller, however often they call', () => {
  expect(find(calls(40, 0, { caller: 'one person' }))).toEqual([])
})

test('a province is proposed when its cities together stand out, not beside the one city that explains it', () => {
  const cities = ['武汉', '黄石', '宜昌', '襄阳', '鄂州', '荆门', '孝感'].map((city) => `湖北省${city}市`)
  expect(find(cities.flatMap((region) => calls(1, 0, { region }))).map((one) => one.area)).toEqual(['420000'])
  expect(find([...calls(8), ...calls(2, 0, { region: '湖北省黄石市' })]).map((one) => one.area)).toEqual([
    '420100',
  ])
})

test('a hotline too young to compare with proposes nothing', () => {
  expect(clustersOf(calls(30), week, zone, monday - 2 * 7 * 24 * hour)).toEqual([])
  expect(clustersOf(calls(30), week, zone, monday - 4 * 7 * 24 * hour)).toHaveLength(1)
})

const anyTold: fc.Arbitrary<Told> = fc.record({
  contactId: fc.uuid(),
  at: fc.oneof(fc.integer({ min: monday - comparedWeeks * 7 * 24 * hour, max: monday }), {
    arbitrary: fc.integer({ min: monday, max: monday + 7 * 24 * hour - 1 }),
    weight: 4,
  }),
  caller: fc.option(fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f', 'g')),
  region: fc.option(fc.constantFrom('湖北省武汉市', '武汉', '湖北', '420100', '北京市', '说不清')),
  topics: fc.subarray(['epidemic', 'sleep', 'grief']),
})
const anyWeeks = fc.uniqueArray(anyTold, { minLength: 0, maxLength: 80, selector: (one) => one.contactId })

test('the order in which contacts are read changes nothing', () => {
  fc.assert(
    fc.property(anyWeeks, (told) => {
      expect(find(told.toReversed())).toEqual(find(told))
    }),
  )
})

test('every proposal is of enough callers, twice what is expected, and names only contacts of its week and topic', () => {
  fc.assert(
    fc.property(anyWeeks, (told) => {
      for (const found of find(told)) {
        expect(found.count).toBeGreaterThanOrEqual(leastCallers)
        expect(found.count).toBeGreaterThanOrEqual(2 * found.expected)
        expect(found.contactIds.length).toBeGreaterThanOrEqual(found.count)
        for (const id of found.contactIds) {
          const one = told.find((each) => each.contactId === id)
          expect(one?.topics).toContain(found.topic)
          expect(one && weekOf(one.at, zone)).toBe(week)
        }
      }
    }),
  )
})

test('one more caller in the week never takes a city’s proposal away', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 30 }),
      fc.array(fc.integer({ min: 0, max: 12 }), { maxLength: 8 }),
      (now, before) => {
        const told = [...calls(now), ...before.flatMap((count, place) => calls(count, place + 1))]
        return find(told).length === 0 || find([...told, ...calls(1)]).some((one) => one.area === '420100')
      },
    ),
  )
})
