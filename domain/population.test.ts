import { expect, test } from 'vitest'
import { departments, groups, levels, populationLevel, responsible } from './population.ts'
import { problemTypes } from './problem-type.ts'

test('somebody in several levels belongs to the first of them', () => {
  expect(populationLevel(['general-public', 'close-contact', 'rear-rescue'])).toBe(2)
  expect(populationLevel([])).toBe(null)
})

test('every code is there once, in both languages, with its departments', () => {
  for (const list of [levels, groups, problemTypes]) {
    expect(new Set(list.map((each) => each.code)).size).toBe(list.length)
    for (const { code, zh, en } of list) expect([code, zh, en].every((text) => text.length > 1)).toBe(true)
  }
  for (const group of groups) {
    expect(group.departments.length).toBeGreaterThan(0)
    for (const each of group.departments) expect(departments[each].zh).not.toBe('')
  }
})

test('the departments responsible for several groups are named once each', () => {
  expect(responsible(['orphan', 'disabled'])).toEqual([
    'civil-affairs',
    'womens-federation',
    'disabled-federation',
  ])
})
