import fc from 'fast-check'
import { expect, test } from 'vitest'
import { areaNames, areaOf } from './area.ts'

test.each([
  ['湖北省武汉市江夏区', '湖北', '武汉'],
  ['湖北武汉', '湖北', '武汉'],
  [' 湖北 武汉市 ', '湖北', '武汉'],
  ['广西壮族自治区桂林市', '广西', '桂林'],
  ['新疆伊犁哈萨克自治州伊宁市', '新疆', '伊犁哈萨克'],
  ['黑龙江大兴安岭地区', '黑龙江', '大兴安岭'],
  ['北京市朝阳区', '北京', null],
  ['重庆', '重庆', null],
  ['湖北省', '湖北', null],
  ['420115', '湖北', '420100'],
  ['420000', '湖北', null],
  ['42', '湖北', null],
  ['110105', '北京', null],
])('the region "%s" is compared as %s, %s', (region, province, prefecture) => {
  expect(areaOf(region)).toEqual({ province, prefecture })
})

test('a city without its province is the same prefecture as with it', () => {
  const names = ['武汉', '武汉市', '武汉市洪山区', '湖北省武汉市'].map((region) => {
    const area = areaOf(region)
    return area && areaNames(area)[0]
  })
  expect(new Set(names)).toEqual(new Set(['武汉']))
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
