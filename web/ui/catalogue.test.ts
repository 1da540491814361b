import { expect, test } from 'vitest'
import { reasonWords, sayOr } from './catalogue.ts'
import { words, type Say } from './words.ts'

const say: Say = (key, values = {}) =>
  words[key][0].replace(/\{\{(\w+)\}\}/g, (_, name: string) => String(values[name]))

test('a reason of risk is said in words: an answer, a scale’s item, its triage, its band', () => {
  expect(reasonWords('danger.within-72h', say)).toBe('72 小时内要实施')
  expect(reasonWords('attempts.recent', say)).toBe('两周内有自杀未遂')
  expect(reasonWords('phq-9.9', say)).toBe('PHQ-9 第 9 题')
  expect(reasonWords('c-ssrs-screener.triage', say)).toBe('C-SSRS 分流')
  expect(reasonWords('k10.severe', say)).toBe('K10：severe')
})

test('a judgement has its own words and no code; a code without words shows itself', () => {
  expect(reasonWords('judgement', say)).toBe('')
  expect(reasonWords('', say)).toBe('')
  expect(reasonWords('something new', say)).toBe('something new')
  expect(sayOr(say, 'exception.data.shoe-size', 'shoe-size')).toBe('shoe-size')
})
