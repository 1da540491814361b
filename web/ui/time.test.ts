import fc from 'fast-check'
import { expect, test } from 'vitest'
import { agoOf, clockFace, dayAndTime, instantOf, lengthOf, timeOfDay, zoneName } from './time.ts'

const china = 'Asia/Shanghai'
const at = Date.parse('2026-11-21T12:03:07Z')

test('a live length is said in its two largest units', () => {
  expect(lengthOf(130_000, 'zh-CN')).toBe('2 分 10 秒')
  expect(lengthOf(130_000, 'en')).toBe('2 min 10 s')
  expect(lengthOf(3_905_000, 'zh-CN')).toBe('1 小时 5 分')
  expect(lengthOf(90_000_000, 'en')).toBe('1 d 1 h')
  expect(lengthOf(-5, 'zh-CN')).toBe('0 秒')
})

test('a narrow length is a clock face', () => {
  expect(clockFace(125_900)).toBe('2:05')
  expect(clockFace(3_905_000)).toBe('1:05:05')
})

test('past times are shown in the zone of the hotline, whatever the zone of the computer', () => {
  expect(dayAndTime(at, china)).toBe('2026-11-21 20:03')
  expect(timeOfDay(at, china)).toBe('20:03:07')
  expect(dayAndTime(Date.parse('2026-11-21T16:00:00Z'), china)).toBe('2026-11-22 00:00')
  expect(zoneName(at, china, 'zh-CN')).toBe('中国标准时间')
})

test('how long ago and how long still are told apart', () => {
  expect(agoOf(at, at + 61_000, 'zh-CN')).toBe('1 分 1 秒前')
  expect(agoOf(at, at - 61_000, 'en')).toBe('in 1 min 1 s')
})

test('a day and time of the hotline is one instant, read back the same', () => {
  fc.assert(
    fc.property(
      fc.integer({
        min: Date.parse('2020-01-01T00:00:00Z') / 60_000,
        max: Date.parse('2035-01-01T00:00:00Z') / 60_000,
      }),
      fc.constantFrom(china, 'UTC', 'America/New_York', 'Asia/Kathmandu'),
      (minutes, zone) => {
        const [day = '', time = ''] = dayAndTime(minutes * 60_000, zone).split(' ')
        const back = instantOf(day, time, zone)
        // The hour that a clock change repeats has two instants; both are shown alike.
        expect(dayAndTime(back, zone)).toBe(`${day} ${time}`)
      },
    ),
  )
})
