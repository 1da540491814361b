import { expect, test } from 'vitest'
import { problems } from '../../domain/problem.ts'
import { words } from './words.ts'

const pairs = Object.entries(words)
const values = (text: string): string[] => (text.match(/\{\{\w+\}\}/g) ?? []).toSorted()

test('every word is there in both languages', () => {
  expect(pairs.filter(([, [zh, en]]) => zh.trim() === '' || en.trim() === '').map(([key]) => key)).toEqual([])
})

test('both languages of a word are given the same values', () => {
  const unequal = pairs.filter(
    ([, [zh, en]]) => [...new Set(values(zh))].join() !== [...new Set(values(en))].join(),
  )
  expect(unequal.map(([key]) => key)).toEqual([])
})

test('every problem a person can meet has words', () => {
  const missing = Object.keys(problems).filter((code) => !(`problem.${code}` in words))
  expect(missing).toEqual([])
})

test('a caller is never called a customer, and nothing shouts', () => {
  const wrong = pairs.filter(([, [zh, en]]) => /客户|[!！]/.test(zh) || /customer|!/i.test(en))
  expect(wrong.map(([key]) => key)).toEqual([])
})
