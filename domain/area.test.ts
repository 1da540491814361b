import fc from 'fast-check'
import { expect, test } from 'vitest'
import { areaNames, areaOf } from './area.ts'

test.each([
  ['湖北省武汉市江夏区', '420000', '420100'],
  ['湖北武汉', '420000', '420100'],
  [' 湖北 武汉市 ', '420000', '420100'],
  ['广西壮族自治区桂林市', '450000', '450300'],
  ['新疆伊犁哈萨克自治州伊宁市', '650000', '654000'],
  ['黑龙江大兴安岭地区', '230000', '232700'],
  ['吉林', '220000', null],
  ['吉林市船营区', '220000', '220200'],
  ['北京市朝阳区', '110000', null],
  ['重庆', '500000', null],
  ['湖北省', '420000', null],
  ['湖北省神农架林区', '420000', '神农架林'],
  ['朝阳区', null, '朝阳'],
  ['420115', '420000', '420100'],
  ['429004', '420000', '429004'],
  ['420000', '420000', null],
  ['42', '420000', null],
  ['110105', '110000', null],
])('the region "%s" is compared as %s, %s', (region, province, prefecture) => {
  expect(areaOf(region)).toEqual({ province, prefecture })
})

test('a city without its province is the same prefecture as with it', () => {
  const names = ['武汉', '武汉市', '武汉市洪山区', '湖北省武汉市', '420111'].map((region) => {
    const area = areaOf(region)
    return area && areaNames(area)[0]
  })
  expect(new Set(names)).toEqual(new Set(['420100']))
})

test('what names no place is no area: nothing, spaces, a telephone number', () => {
  for (const region of [null, '', '  ', '13800138000', '99', '000000']) expect(areaOf(region)).toBeNull()
})

test('any words can be read, and an area always has a name', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', maxLength: 80 }), (words) => {
      const area = areaOf(words)
      return area === null || areaNames(area).every((name) => name.length > 0)
    }),
  )
})
