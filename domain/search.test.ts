import fc from 'fast-check'
import { expect, test } from 'vitest'
import { lexemesOf, searchLexemes } from './search.ts'

const hits = (notes: string, search: string): boolean => {
  const stored = new Set(lexemesOf(notes))
  const wanted = searchLexemes(search)
  return wanted.length > 0 && wanted.every((lexeme) => stored.has(lexeme))
}

test('G24-6.2.1a: a word of two Chinese characters is found inside a sentence', () => {
  expect(hits('来电者说最近睡不着,想自杀。', '自杀')).toBe(true)
  expect(hits('来电者说最近睡不着,想自杀。', '失业')).toBe(false)
})

test('G24-6.2.1a: Chinese that touches digits or Latin letters is found, and so are these', () => {
  expect(hits('吃了90片药', '片药')).toBe(true)
  expect(hits('吃了90片药', '90')).toBe(true)
  expect(hits('吃了90片药', '90片')).toBe(true)
  expect(hits('吃了90片药', '9片')).toBe(false)
  expect(hits('换成SNRI类药物', '药物')).toBe(true)
  expect(hits('换成SNRI类药物', 'snri')).toBe(true)
})

test('only letters and digits are words, whatever the script', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      for (const word of lexemesOf(text)) expect(word).toMatch(/^[\p{L}\p{N}]+$/u)
    }),
    { numRuns: 2000, examples: [['⺀'], ['ー'], ['〇']] },
  )
})

test('a single Chinese character is found', () => {
  expect(hits('妈妈住院', '院')).toBe(true)
})

test('Latin words are found whole, whatever their case and width', () => {
  expect(hits('Took 90 PILLS yesterday', 'pills 90')).toBe(true)
  expect(hits('took 90 pills', 'pill')).toBe(false)
})

test('a search for nothing finds nothing', () => {
  expect(searchLexemes(' ,。!')).toEqual([])
})

test('every part of a Chinese text of two characters or more is found in the text', () => {
  const han = fc.string({
    unit: fc.constantFrom(...'安全计划睡眠家庭医院孩子工作想死'),
    minLength: 2,
    maxLength: 40,
  })
  fc.assert(
    fc.property(han, fc.nat(), fc.nat(), (text, a, b) => {
      const from = a % (text.length - 1)
      const length = 2 + (b % (text.length - from - 1))
      expect(hits(text, text.slice(from, from + length))).toBe(true)
    }),
  )
})
