import exceljs from 'exceljs'
import { beforeAll, beforeEach, expect, test } from 'vitest'
import {
  applyImport,
  checkImport,
  importBytes,
  resourceFilePath,
  searchResources,
  type ImportResult,
} from '../../api/referral.ts'
import { openTestApp } from '../../test/app.ts'
import { aHotline, aPerson } from '../../test/database.ts'
import { csvOf } from '../http/table-file.ts'

const { app, db, owner, ask, clock, cookieOf } = await openTestApp()
clock.now = new Date('2026-11-21T04:00:00Z')
let cookie: string
let counsellor: string
let stranger: string

beforeAll(async () => {
  const hotlineId = await aHotline(db)
  cookie = await cookieOf(hotlineId, (await aPerson(db, hotlineId, { roles: ['administrator'] })).personId)
  counsellor = await cookieOf(hotlineId, (await aPerson(db, hotlineId)).personId)
  const elsewhere = await aHotline(db)
  stranger = await cookieOf(elsewhere, (await aPerson(db, elsewhere, { roles: ['administrator'] })).personId)
})

beforeEach(() => owner('delete from resource'))

const header = ['机构', '服务', '地区', '需求', '电话', '开放时间', '核实日期']
const rows = [
  ['示例医院', '门诊', '广州', '精神、心理门诊', '020-1234', '周一至周五 08:00-17:00', '2026-10-01'],
  ['示例庇护所', '', '440106', 'shelter', '020-5678', '24小时', ''],
]
const base64 = (table: string[][]): string => csvOf(table).toString('base64')
const check = async (file: string): Promise<ImportResult> => {
  const answer = await ask(checkImport, { body: { base64: file }, cookie })
  expect(answer.status).toBe(200)
  return answer.body as ImportResult
}
const count = async (): Promise<unknown> => (await owner('select count(*)::int as n from resource'))[0]?.['n']

test('G24-1.2: a dry run says what would be added and changes nothing; the import then does just that', async () => {
  const file = base64([header, ...rows])
  expect(await check(file)).toMatchObject({
    rows: 2,
    added: 2,
    changed: 0,
    unchanged: 0,
    bad: 0,
    badRows: [],
  })
  expect(await count()).toBe(0)
  expect((await ask(applyImport, { body: { base64: file }, cookie })).body).toMatchObject({ added: 2 })
  expect(await check(file)).toMatchObject({ sample: [], added: 0, changed: 0, unchanged: 2 })
  const moved = base64([header, [...(rows[0] ?? [])].with(4, '020-9999'), rows[1] ?? []])
  expect(await check(moved)).toMatchObject({
    changed: 1,
    unchanged: 1,
    sample: [{ line: 2, columns: ['phone'] }],
  })
  await ask(applyImport, { body: { base64: moved }, cookie })
  const found = await ask(searchResources, { query: { text: '示例医院' }, cookie })
  expect((found.body['rows'] as object[])[0]).toMatchObject({ phone: '020-9999', verifyBy: '2027-03-30' })
})

test('each bad row is named by the line a person finds it on, with every reason', async () => {
  const file = base64([
    header,
    rows[0] ?? [],
    ['', '', '不知何处', '变魔术', '见网站', '有空时', '明天'],
    ['多行\n机构', '', '', '', '', '', ''],
    ['示例 医院', '门诊', '440100', '', '', '', ''],
  ])
  const result = await check(file)
  expect(result).toMatchObject({ rows: 4, added: 2, bad: 2 })
  expect(result.badRows.map(({ line }) => line)).toEqual([3, 6])
  expect(result.badRows[0]?.faults.map(({ fault }) => fault).toSorted()).toEqual(
    ['badDate', 'badHours', 'badPhone', 'missing', 'unknownNeed', 'unknownPlace'].toSorted(),
  )
  expect(result.badRows[1]?.faults).toMatchObject([{ column: 'organisation', fault: 'twice' }])
})

test('with bad rows nothing is imported, unless they are to be skipped', async () => {
  const file = base64(
    [header, rows[0] ?? [], ['', '', '', '', '', '', '']].concat([['坏行', '', 'xx', '', '', '', '']]),
  )
  const refused = await ask(applyImport, { body: { base64: file }, cookie })
  expect(refused).toMatchObject({ status: 400, body: { code: 'import.unreadable', detail: { bad: 1 } } })
  expect(await count()).toBe(0)
  const done = await ask(applyImport, { body: { base64: file, skipBad: true }, cookie })
  expect(done.body).toMatchObject({ added: 1, bad: 1 })
  expect(await count()).toBe(1)
})

test('a table saved by Excel in China (GB 18030) and one with tabs are read', async () => {
  // 机构,地区 / 示例,广州 in GB 18030.
  const gb = Buffer.from('bbfab9b92cb5d8c7f80d0acabec0fd2cb9e3d6dd0d0a', 'hex')
  expect(await check(gb.toString('base64'))).toMatchObject({
    rows: 1,
    added: 1,
    sample: [{ organisation: '示例' }],
  })
  const tabs = Buffer.from('机构\t地区\t微信\n示例\t440100\tx\n').toString('base64')
  expect(await check(tabs)).toMatchObject({ added: 1, unknownColumns: ['微信'] })
})

test('an Excel file is read with its dates, formulas and rich text as a person sees them', async () => {
  const book = new exceljs.Workbook()
  const sheet = book.addWorksheet('a')
  sheet.addRow(['机构', '地区', '电话', '核实日期'])
  sheet.addRow([
    { richText: [{ text: '示例' }, { text: '中心' }] },
    440100,
    { formula: '1+1', result: '020-1234' },
    new Date('2026-05-01T00:00:00Z'),
  ])
  const file = Buffer.from(await book.xlsx.writeBuffer()).toString('base64')
  await ask(applyImport, { body: { base64: file }, cookie })
  const found = await ask(searchResources, { cookie })
  expect(found.body['rows']).toMatchObject([
    { organisation: '示例中心', region: '440100', phone: '020-1234', verifiedOn: '2026-05-01' },
  ])
})

test.each([
  ['nothing', Buffer.alloc(0)],
  ['a picture', Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex')],
  ['half an archive', Buffer.from('504b030414000000080000', 'hex')],
  ['a table without our columns', Buffer.from('a,b\n1,2\n')],
])('a file that is %s is refused in words, not with a failure', async (_, file) => {
  const answer = await ask(checkImport, { body: { base64: file.toString('base64') }, cookie })
  expect(answer).toMatchObject({ status: 400, body: { code: 'import.unreadable' } })
})

test('files that are too large, unfold to too much or have too many rows are refused', async () => {
  const large = await ask(checkImport, {
    body: { base64: Buffer.alloc(importBytes + 900_000).toString('base64') },
    cookie,
  })
  expect([400, 413]).toContain(large.status)
  const many = `机构\n${'x\n'.repeat(20_001)}`
  const rowsAnswer = await ask(checkImport, {
    body: { base64: Buffer.from(many).toString('base64') },
    cookie,
  })
  expect(rowsAnswer).toMatchObject({ status: 413, body: { code: 'import.tooLarge' } })
  const book = new exceljs.Workbook()
  book.addWorksheet('a').addRow(['机构'])
  const file = Buffer.from(await book.xlsx.writeBuffer())
  const directory = file.indexOf(Buffer.from('PK\u0001\u0002', 'latin1'))
  file.writeUInt32LE(900_000_000, directory + 24)
  const bomb = await ask(checkImport, { body: { base64: file.toString('base64') }, cookie })
  expect(bomb).toMatchObject({ status: 413, body: { code: 'import.tooLarge' } })
})

const download = async (
  name: 'resources.csv' | 'resources.xlsx' | 'template.csv' | 'template.xlsx',
  as = cookie,
) => app.inject({ method: 'GET', url: resourceFilePath('zh-CN', name), headers: { cookie: as } })

test('the whole directory goes out as CSV and as Excel, and coming in again changes nothing', async () => {
  await ask(applyImport, {
    body: { base64: base64([header, ...rows, ['=HYPERLINK("x")', '@SUM', '', '', '', '', '']]) },
    cookie,
  })
  for (const name of ['resources.csv', 'resources.xlsx'] as const) {
    const file = await download(name)
    expect(file.statusCode).toBe(200)
    expect(await check(file.rawPayload.toString('base64'))).toMatchObject({ rows: 3, unchanged: 3, bad: 0 })
  }
  const csv = (await download('resources.csv')).body
  expect(csv).toContain(`"'=HYPERLINK(""x"")"`)
  expect(csv).toContain(`'@SUM`)
})

test('the template is a table that can be imported as it is', async () => {
  for (const name of ['template.csv', 'template.xlsx'] as const) {
    const file = await download(name)
    expect(await check(file.rawPayload.toString('base64'))).toMatchObject({
      added: 2,
      bad: 0,
      unknownColumns: [],
    })
  }
})

test('only those who change the directory import and export it, each their own', async () => {
  const body = { base64: base64([header, ...rows]) }
  expect((await ask(checkImport, { body, cookie: counsellor })).status).toBe(403)
  expect((await ask(applyImport, { body, cookie: counsellor })).status).toBe(403)
  expect((await download('resources.csv', counsellor)).statusCode).toBe(403)
  await ask(applyImport, { body, cookie })
  const theirs = await download('resources.csv', stranger)
  expect(theirs.body.trim().split('\n')).toHaveLength(1)
})
