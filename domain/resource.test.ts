import fc from 'fast-check'
import { expect, test } from 'vitest'
import { isOpenNow, minuteOfWeek, openMinutes, type Hours } from './hours.ts'
import { needs } from './need.ts'
import { problemTypes } from './problem-type.ts'
import { needsFor } from './need.ts'
import {
  dialable,
  dueDay,
  hoursCell,
  hoursOf,
  hoursWords,
  resourceFields,
  resourceLexemes,
  resourceQuery,
  standingOf,
  textOf,
} from './resource.ts'

const clock = fc
  .integer({ min: 0, max: 1439 })
  .map(
    (minute) => `${String(Math.floor(minute / 60)).padStart(2, '0')}:${String(minute % 60).padStart(2, '0')}`,
  )
const stretch = fc.record({ day: fc.integer({ min: 1, max: 7 }), from: clock, to: clock })
const someHours: fc.Arbitrary<Hours> = fc.oneof(
  fc.constant({ always: true as const }),
  fc.record({ always: fc.constant(false as const), days: fc.array(stretch, { maxLength: 6 }) }),
)
const instants = fc.date({ min: new Date('2020-01-01'), max: new Date('2035-01-01'), noInvalidDate: true })

test('what the directory is searched by says the same of being open as the clock does', () => {
  fc.assert(
    fc.property(someHours, instants, fc.constantFrom('Asia/Shanghai', 'Europe/Berlin'), (hours, at, zone) => {
      const minute = minuteOfWeek(at, zone)
      const open = openMinutes(hours).some(({ from, to }) => minute >= from && minute < to)
      expect(open).toBe(isOpenNow(hours, zone, at))
    }),
  )
})

test('opening hours survive being written into a table and read back', () => {
  fc.assert(
    fc.property(someHours, instants, (hours, at) => {
      const back = hoursOf(hoursCell(hours))
      expect(back && isOpenNow(back, 'Asia/Shanghai', at)).toBe(isOpenNow(hours, 'Asia/Shanghai', at))
    }),
  )
})

test.each([
  ['周一至周五 9:00-17:30', '1-5 09:00-17:30'],
  ['Mon-Fri 09:00–17:30; Sat 9:00-12:00', '1-5 09:00-17:30; 6 09:00-12:00'],
  ['周五至周日 22:00-06:00', '5-7 22:00-06:00'],
  ['星期六至星期一 10:00-11:00', '1 10:00-11:00; 6-7 10:00-11:00'],
  ['08:00-20:00', '1-7 08:00-20:00'],
  ['24小时', '24h'],
  ['周日 9：00-12：00', '7 09:00-12:00'],
])('opening hours are read as people write them: %s', (cell, kept) => {
  const hours = hoursOf(cell)
  expect(hours && hoursCell(hours)).toBe(kept)
})

test.each(['工作日', '9-5', '1-9 09:00-10:00', '1-5 25:00-26:00', '周一 09:00'])(
  'opening hours that cannot be read are refused: %s',
  (cell) => expect(hoursOf(cell)).toBeNull(),
)

test('opening hours are said in both languages', () => {
  const hours = hoursOf('1-5 09:00-17:30') ?? { always: true }
  expect(hoursWords(hours, 'zh-CN')).toBe('周一至周五 09:00-17:30')
  expect(hoursWords(hours, 'en')).toBe('Mon–Fri 09:00-17:30')
  expect(hoursWords({ always: true }, 'zh-CN')).toBe('24 小时')
})

const entry = resourceFields.parse({
  organisation: '示例市庇护所',
  region: '440106',
  needs: ['shelter'],
  populations: ['women-children'],
  phone: '020-0000 0001',
})

const hits = (wanted: Parameters<typeof resourceQuery>[0]): boolean => {
  const stored = new Set(resourceLexemes(entry))
  const query = resourceQuery(wanted)
  if (query === null) return true
  return query.split(' & ').every((part) =>
    part
      .replace(/[()]/g, '')
      .split(' | ')
      .some((each) => stored.has(each.slice(1, -1))),
  )
}

test('G24-1.2: a resource is found by a word of two characters, its need in words, its place, its number', () => {
  for (const text of ['庇护', '临时', '广州', '02000000001', 'shelter'])
    expect(hits({ text }), text).toBe(true)
  expect(hits({ text: '法律' })).toBe(false)
  expect(hits({ need: 'shelter' })).toBe(true)
  expect(hits({ need: 'legal' })).toBe(false)
  expect(hits({ population: 'women-children', need: 'shelter' })).toBe(true)
  expect(hits({ population: 'student' })).toBe(false)
})

test('nothing that is typed breaks out of the search: only letters and digits become words', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const query = resourceQuery({ text })
      expect(query === null || /^'[\p{L}\p{N}]+'( & '[\p{L}\p{N}]+')*$/u.test(query)).toBe(true)
    }),
  )
})

test('an entry asks to be verified when its day has come, and two weeks before', () => {
  expect(standingOf('2026-11-21', '2026-11-21')).toBe('overdue')
  expect(standingOf('2026-11-22', '2026-11-21')).toBe('soon')
  expect(standingOf('2026-12-05', '2026-11-21')).toBe('soon')
  expect(standingOf('2026-12-06', '2026-11-21')).toBe('fresh')
  expect(dueDay({ verifiedOn: '2026-11-21', verifyBy: null }, '2026-11-21')).toBe('2027-05-20')
  expect(dueDay({ verifiedOn: null, verifyBy: null }, '2026-11-21')).toBe('2026-11-21')
})

test('the text for the caller names the place and its number, and no reason', () => {
  expect(textOf(entry, 'zh-CN')).toBe('示例市庇护所\n电话：020-0000 0001\n开放时间：24 小时')
})

test('a number is dialled without its signs, or not at all', () => {
  expect(dialable('020-0000 0001')).toBe('02000000001')
  expect(dialable('+86 (20) 1234')).toBe('+86201234')
  expect(dialable(null)).toBeNull()
})

test('every need that a problem points to exists', () => {
  const codes = new Set(needs.map((need) => need.code))
  expect(needsFor(problemTypes.map((type) => type.code)).every((code) => codes.has(code))).toBe(true)
  expect(needsFor(['violence', 'money'])).toContain('shelter')
})
