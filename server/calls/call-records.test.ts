import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { csvFields, readCallRecords, sweepCallRecords } from './call-records.ts'

test('quoted fields may hold commas and doubled quotes; empty ones stay empty', () => {
  expect(csvFields('"","a,b","say ""hi""",13,"x"')).toEqual(['', 'a,b', 'say "hi"', '13', 'x'])
})

test('a record tells who called which number, and when the call ended, in UTC', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'records-'))
  mkdirSync(join(folder, 'cdr'))
  const line =
    '"","13800131","1001","hearthline","13800131","PJSIP/x-1","","Stasis","hotline,1001","2026-11-21 20:46:09",' +
    '"2026-11-21 20:46:09","2026-11-21 20:46:22",13,13,"ANSWERED","DOCUMENTATION","1795293941.1",""'
  writeFileSync(join(folder, 'cdr', 'Master.csv'), `${line}\nhalf a li`)
  const records = await readCallRecords(folder)
  rmSync(folder, { recursive: true })
  expect([...records.values()]).toEqual([
    {
      leg: '1795293941.1',
      from: '13800131',
      answered: true,
      dialled: '1001',
      startedAt: Date.UTC(2026, 10, 21, 20, 46, 9),
      endedAt: Date.UTC(2026, 10, 21, 20, 46, 22),
    },
  ])
})

test('without records nothing is known', async () => {
  expect(await readCallRecords('/nowhere')).toEqual(new Map())
})

test('G24-7.5b: numbers in plain text are gone after 31 days, but for the latest file set aside', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'records-'))
  const cdr = join(folder, 'cdr')
  mkdirSync(cdr)
  const days = ['2026-10-20', '2026-10-21', '2026-10-22']
  for (const name of ['Master.csv', 'notes.csv', ...days.map((day) => `Master-${day}.csv`)])
    writeFileSync(join(cdr, name), 'x')
  expect(await sweepCallRecords(folder, new Date('2026-11-21T00:00:00Z'))).toBe(1)
  expect(await sweepCallRecords(folder, new Date('2027-11-21T12:00:00Z'))).toBe(1)
  expect(readdirSync(cdr).sort()).toEqual(['Master-2026-10-22.csv', 'Master.csv', 'notes.csv'])
  rmSync(folder, { recursive: true })
})
