import { mkdtemp, readdir, readFile, rm, stat, utimes } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { CallRecords, cdrLine } from './cdr.ts'
import type { CallRecord } from './cdr.ts'
import { makeLog } from './log.ts'

let folder = ''
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cdr-'))
})
afterEach(async () => rm(folder, { recursive: true }))

const record: CallRecord = {
  accountcode: '',
  src: '+8613800000000',
  dst: '1001',
  dcontext: 'hearthline',
  clid: '"A "B", C" <+8613800000000>',
  channel: 'PJSIP/line-00000001',
  dstchannel: '',
  lastapp: 'Stasis',
  lastdata: '1001',
  start: new Date('2026-03-01T10:00:00Z'),
  answer: new Date('2026-03-01T10:00:05Z'),
  end: new Date('2026-03-01T10:01:00Z'),
  disposition: 'ANSWERED',
  uniqueid: '1.1',
  userfield: '',
}

test('a call-detail record has the columns of Asterisk in their order, in UTC', () => {
  expect(cdrLine(record)).toBe(
    '"","+8613800000000","1001","hearthline","""A ""B"", C"" <+8613800000000>","PJSIP/line-00000001","",' +
      '"Stasis","1001","2026-03-01 10:00:00","2026-03-01 10:00:05","2026-03-01 10:01:00",60,55,"ANSWERED",' +
      '"DOCUMENTATION","1.1",""\n',
  )
})

test('a name sent by a caller can neither break a line nor become a formula', () => {
  const line = cdrLine({ ...record, clid: '=cmd|x!A1\r\n"next' })
  expect(line.split('\n')).toHaveLength(2)
  expect(line).toContain(`"'=cmd|x!A1 ""next"`)
})

test('records are appended in order to a file only its owner can read, and yesterday is set aside', async () => {
  const records = new CallRecords(folder, makeLog('silent'))
  for (const uniqueid of ['a', 'b', 'c']) records.add({ ...record, uniqueid })
  await records.flush()
  const file = join(folder, 'cdr', 'Master.csv')
  expect((await stat(file)).mode & 0o777).toBe(0o600)
  expect([...(await readFile(file, 'utf8')).matchAll(/"([abc])"/g)].map((one) => one[1])).toEqual([
    'a',
    'b',
    'c',
  ])
  const old = new Date('2026-01-02T12:00:00Z')
  await utimes(file, old, old)
  records.add({ ...record, uniqueid: 'd' })
  await records.flush()
  expect((await readdir(join(folder, 'cdr'))).toSorted()).toEqual(['Master-2026-01-02.csv', 'Master.csv'])
  expect(await readFile(file, 'utf8')).toContain('"d"')
})
