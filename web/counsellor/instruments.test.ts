import { expect, test } from 'vitest'
import type { AssessmentRow, Sheet } from '../../api/assessment.ts'
import { askedOf, changeOf, criticalOf, isAboutDanger, latestOf, newAssessmentId } from './instruments.ts'

const row = (instrument: string, at: string, total: number | null, variant = 'standard') =>
  ({ instrument, at, result: { total, variant: { id: variant } } }) as unknown as AssessmentRow

test('the latest result of every instrument stands first, with the one before it', () => {
  const first = row('phq-9', '2026-11-21T10:00:00Z', 18)
  const other = row('gad-7', '2026-11-21T10:05:00Z', 9)
  const second = row('phq-9', '2026-11-21T10:10:00Z', 15)
  expect(latestOf([first, other, second])).toEqual([{ row: second, before: first }, { row: other }])
})

test('G24-4.3.4: a change is told only between results that were scored the same way', () => {
  const before = row('sds', '2026-11-21T10:00:00Z', 62, 'truncated')
  expect(changeOf(row('sds', '2026-11-21T11:00:00Z', 50, 'truncated'), before)).toBe('−12')
  expect(changeOf(row('sds', '2026-11-21T11:00:00Z', 70, 'truncated'), before)).toBe('+8')
  expect(changeOf(row('sds', '2026-11-21T11:00:00Z', 63, 'rounded'), before)).toBeNull()
  expect(changeOf(row('sds', '2026-11-21T11:00:00Z', null, 'truncated'), before)).toBeNull()
  expect(changeOf(before, undefined)).toBeNull()
})

const question = (item: string, critical: number | null, when: Sheet['questions'][number]['when'] = []) => ({
  item,
  text: item,
  options: [],
  required: true,
  when,
  critical,
})
const sheet = (questions: Sheet['questions']) => ({ questions }) as unknown as Sheet

test('a question is asked only when what it hangs on was answered so', () => {
  const of = sheet([question('2', null), question('3', null, [{ item: '2', value: 1 }])])
  expect(askedOf(of, {}).map(({ item }) => item)).toEqual(['2'])
  expect(askedOf(of, { '2': 1 }).map(({ item }) => item)).toEqual(['2', '3'])
})

test('G24-4.2.2: a critical answer is seen from its threshold on', () => {
  const of = sheet([question('8', null), question('9', 1)])
  expect(criticalOf(of, { '8': 3, '9': 0 })).toEqual([])
  expect(criticalOf(of, { '8': 3, '9': 1 })).toEqual(['9'])
  expect(isAboutDanger(of)).toBe(false)
  expect(isAboutDanger(sheet([question('1', 1)]))).toBe(true)
})

test('ids of results are UUIDs of version 4, and no two are alike', () => {
  const ids = Array.from({ length: 50 }, newAssessmentId)
  for (const id of ids)
    expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
  expect(new Set(ids).size).toBe(50)
})
