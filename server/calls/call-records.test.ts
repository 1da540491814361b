import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { csvFields, readCallRecords } from './call-records.ts'

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
