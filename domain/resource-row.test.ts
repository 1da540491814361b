import fc from 'fast-check'
import { expect, test } from 'vitest'
import { needs } from './need.ts'
import { groups } from './population.ts'
import { prefectures, wholeCountry } from './region.ts'
import { resourceFields } from './resource.ts'
import {
  cellsOf,
  columnOf,
  dateOf,
  judgeRow,
  plainCell,
  resourceColumns,
  safeCell,
  sameEntryKey,
  type ResourceColumn,
} from './resource-row.ts'

const today = '2026-11-21'
const rowOf = (cells: readonly string[]): Partial<Record<ResourceColumn, string>> =>
  Object.fromEntries(resourceColumns.map(({ column }, at) => [column, cells[at] ?? '']))

test('a row in words becomes a resource', () => {
  expect(
    judgeRow(
      {
        organisation: '示例医院',
        region: '广州市',
        needs: '住院床位、法律援助',
        populations: '学生；孤儿',
        hours: '周一至周五 8:00-17:00',
        phone: '０２０－１２３４５６７８',
        verifiedOn: '2026/5/1',
      },
      today,
    ),
  ).toMatchObject({
    id: null,
    entry: {
      region: '440100',
      needs: ['bed', 'legal'],
      populations: ['student', 'orphan'],
      phone: '020-12345678',
      verifiedOn: '2026-05-01',
      verifyBy: null,
    },
  })
})

test('every fault of a row is named with its column and what stood there', () => {
  const judged = judgeRow(
    {
      organisation: '',
      region: '不知何处',
      needs: '法律援助；变魔术',
      populations: '火星人',
      hours: '有空时',
      phone: '见网站',
      verifiedOn: '2026-13-01',
      verifyBy: '明年',
      id: '7',
    },
    today,
  )
  expect(
    'faults' in judged && judged.faults.map(({ column, fault }) => `${column} ${fault}`).toSorted(),
  ).toEqual([
    'hours badHours',
    'id badId',
    'needs unknownNeed',
    'organisation missing',
    'phone badPhone',
    'populations unknownPopulation',
    'region unknownPlace',
    'verifiedOn badDate',
    'verifyBy badDate',
  ])
  expect('faults' in judged && judged.faults.find(({ column }) => column === 'needs')?.value).toBe('变魔术')
})

test('a day in the future is no day of verification', () => {
  const judged = judgeRow({ organisation: 'x', verifiedOn: '2026-11-22' }, today)
  expect('faults' in judged && judged.faults).toEqual([
    { column: 'verifiedOn', fault: 'futureDate', value: '2026-11-22' },
  ])
})

test('days are read as people write them, impossible ones are not', () => {
  expect(['2026-5-1', '2026年5月1日', '2026.05.01'].map(dateOf)).toEqual(Array(3).fill('2026-05-01'))
  expect(['2026-02-30', '1.5.2026', ''].map(dateOf)).toEqual([null, null, null])
})

test('headers are understood in both languages, others are left alone', () => {
  expect(columnOf(' 机构 ')).toBe('organisation')
  expect(columnOf('Verify By')).toBe('verifyBy')
  expect(columnOf('verified_on')).toBe('verifiedOn')
  expect(columnOf('微信')).toBeNull()
})

const line = fc
  .string({ unit: fc.constantFrom(...'示例机构 abc=+-@"'), minLength: 1, maxLength: 20 })
  .map((text) => text.trim())
const someDay = fc
  .integer({ min: 0, max: 2000 })
  .map((days) => new Date(Date.parse('2021-05-01') + days * 86_400_000).toISOString().slice(0, 10))
const someEntry = fc
  .record({
    organisation: line.filter((text) => text !== ''),
    service: line,
    region: fc.constantFrom(wholeCountry, '440106', ...prefectures.map((place) => place.code)),
    needs: fc.uniqueArray(fc.constantFrom(...needs.map((need) => need.code)), { maxLength: 4 }),
    populations: fc.uniqueArray(fc.constantFrom(...groups.map((group) => group.code)), { maxLength: 4 }),
    phone: fc.constantFrom(null, '020-12345678', '+86 20 1234', '110'),
    address: line,
    languages: fc.uniqueArray(fc.constantFrom('普通话', '粤语', 'English'), { maxLength: 3 }),
    verifiedOn: fc.option(someDay.filter((each) => each <= today)),
    verifyBy: fc.option(someDay),
  })
  .map((given) => resourceFields.parse(given))

test('a resource written into a table and read back is the same resource', () => {
  fc.assert(
    fc.property(someEntry, fc.constantFrom('zh-CN' as const, 'en' as const), (entry, language) => {
      const id = '0195f3d2-7c00-7000-8000-000000000001'
      const cells = cellsOf(entry, id, language).map(safeCell).map(plainCell)
      expect(judgeRow(rowOf(cells), today)).toEqual({ entry, id })
    }),
  )
})

test('no cell that is exported begins like a formula, and every one comes back as it was', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: fc.constantFrom('=', '+', '-', '@', "'", '\t', '＝', 'a', '机') }),
      (text) => {
        expect(safeCell(text)).not.toMatch(/^[=+\-@\t\r＝＋－＠]/)
        expect(plainCell(safeCell(text))).toBe(text)
      },
    ),
  )
})

test('two entries are the same one whatever the spaces and case', () => {
  const one = { organisation: 'Example  Centre', service: '', region: '440100' }
  expect(sameEntryKey(one)).toBe(sameEntryKey({ ...one, organisation: 'example centre' }))
  expect(sameEntryKey(one)).not.toBe(sameEntryKey({ ...one, region: '440000' }))
})
