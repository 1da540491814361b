import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  placeNamed,
  placeOf,
  placeWords,
  prefectures,
  provinces,
  regionPattern,
  servingPlaces,
} from './region.ts'

test('the list has every province and every prefecture of the country, each code once', () => {
  expect(provinces).toHaveLength(34)
  // 293 cities, 30 autonomous prefectures, 7 areas, 3 leagues.
  expect(prefectures).toHaveLength(333)
  const codes = [...provinces, ...prefectures].map((place) => place.code)
  expect(new Set(codes).size).toBe(codes.length)
  expect(codes.every((code) => regionPattern.test(code))).toBe(true)
  expect(prefectures.every((place) => placeOf(`${place.code.slice(0, 2)}0000`))).toBe(true)
})

test('a county is served by itself, its prefecture, its province and the whole country, nearer first', () => {
  expect(servingPlaces('440106')).toEqual(['440106', '440100', '440000', '000000'])
  expect(servingPlaces('440100')).toEqual(['440100', '440000', '000000'])
  expect(servingPlaces('440000')).toEqual(['440000', '000000'])
  expect(servingPlaces('000000')).toEqual(['000000'])
})

test('every place is served by itself first and by the whole country last, by each only once', () => {
  const code = fc.integer({ min: 110_000, max: 829_999 }).map(String)
  fc.assert(
    fc.property(code, (place) => {
      const serving = servingPlaces(place)
      expect(serving[0]).toBe(place)
      expect(serving.at(-1)).toBe('000000')
      expect(new Set(serving).size).toBe(serving.length)
    }),
  )
})

test('places are found by what people write', () => {
  expect(placeNamed('广州市')).toBe('440100')
  expect(placeNamed('广东省')).toBe('440000')
  expect(placeNamed('新疆维吾尔自治区')).toBe('650000')
  expect(placeNamed('吉林')).toBe('220000')
  expect(placeNamed('吉林市')).toBe('220200')
  expect(placeNamed('天河')).toBeNull()
  for (const place of prefectures) expect(placeNamed(place.zh), place.zh).toBe(place.code)
})

test('a place is said with its province; a county without a name by its code', () => {
  expect(placeWords('440100', 'zh-CN')).toBe('广东 广州')
  expect(placeWords('440106', 'zh-CN')).toBe('广东 广州 440106')
  expect(placeWords('440000', 'en')).toBe('Guangdong')
  expect(placeWords('000000', 'zh-CN')).toBe('全国')
})
