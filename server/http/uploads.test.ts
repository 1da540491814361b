/* Every route that takes more than a few words, sent what nobody should send: too much, half of it, something else, a bomb. */
import { crc32, deflateRawSync } from 'node:zlib'
import { beforeAll, expect, test } from 'vitest'
import { openTestApp, origin } from '../../test/app.ts'
import { aHotline, aPerson } from '../../test/database.ts'

const { app, db, owner, cookieOf } = await openTestApp()
let cookie: string
let counsellor: string
let form: string

beforeAll(async () => {
  const hotlineId = await aHotline(db, { demo: true })
  const roles = ['administrator'] as const
  cookie = await cookieOf(hotlineId, (await aPerson(db, hotlineId, { roles: [...roles] })).personId)
  counsellor = await cookieOf(hotlineId, (await aPerson(db, hotlineId)).personId)
  const [row] = await owner<{ id: string }>('select form_id as id from form where hotline_id = $1', [
    hotlineId,
  ])
  form = row?.id ?? ''
})

const uploads = [
  {
    what: 'a prompt',
    method: 'POST',
    url: () => '/api/v1/prompts/greeting/zh-CN/0',
    bytes: 21 * 1024 * 1024,
  },
  {
    what: 'a table to check',
    method: 'POST',
    url: () => '/api/v1/resource-import/check',
    bytes: 7 * 1024 * 1024,
  },
  {
    what: 'a table to import',
    method: 'POST',
    url: () => '/api/v1/resource-import',
    bytes: 7 * 1024 * 1024,
  },
  { what: 'a form', method: 'PUT', url: () => `/api/v1/forms/${form}/draft`, bytes: 2 * 1024 * 1024 },
  {
    what: 'the text of an instrument',
    method: 'PUT',
    url: () => '/api/v1/instruments/phq-9/text/en',
    bytes: 256 * 1024,
  },
] as const

async function send(
  to: (typeof uploads)[number],
  payload: string | Buffer,
  more: { as?: string; type?: string } = {},
): Promise<{ status: number; code: string }> {
  const { as = cookie, type = 'application/json' } = more
  const headers = { host: 'hotline.test', origin, cookie: as, 'content-type': type }
  const answer = await app.inject({ method: to.method, url: to.url(), headers, payload })
  return { status: answer.statusCode, code: answer.json<{ code: string }>().code }
}

test.each(uploads)('$what that is too large is refused with its code', async (to) => {
  const payload = JSON.stringify({ text: 'x'.repeat(to.bytes + 1024) })
  expect(await send(to, payload)).toEqual({ status: 413, code: 'request.tooLarge' })
})

test.each(uploads)(
  '$what that is cut in the middle or is something else is malformed, and nothing is kept',
  async (to) => {
    const before = await owner('select count(*)::int from audit_event')
    for (const [payload, type] of [
      ['{"base64":"UEsDBA', 'application/json'],
      ['{"base64":', 'application/json'],
      ['[1,2,3]', 'application/json'],
      [Buffer.from([0xff, 0xd8, 0xff, 0xe0, 0x00]), 'application/json'],
      ['<table/>', 'text/html'],
      ['a=b', 'application/x-www-form-urlencoded'],
      ['--x\r\n\r\nz\r\n--x--', 'multipart/form-data; boundary=x'],
    ] as const)
      expect(await send(to, payload, { type }), type).toEqual({ status: 400, code: 'request.malformed' })
    expect(await owner('select count(*)::int from audit_event')).toEqual(before)
  },
)

test.each(uploads.filter(({ bytes }) => bytes > 256 * 1024))(
  '$what from somebody who may not send it is refused before it is read',
  async (to) => {
    // Longer than the route takes: had it been read, the refusal would be about its length.
    const payload = 'x'.repeat(to.bytes + 1024)
    expect(await send(to, payload, { as: '' })).toEqual({ status: 401, code: 'session.needed' })
    expect(await send(to, payload, { as: counsellor })).toEqual({ status: 403, code: 'permission.denied' })
  },
)

/** A workbook of one file that unfolds to `bytes` zeros, whose directory says what it likes. */
function archive(bytes: number, said: number, files = 1): Buffer {
  const packed = deflateRawSync(Buffer.alloc(bytes))
  const name = Buffer.from('xl/workbook.xml')
  const head = Buffer.alloc(30)
  head.writeUInt32LE(0x04034b50, 0)
  head.writeUInt16LE(8, 8)
  head.writeUInt32LE(crc32(Buffer.alloc(0)), 14)
  head.writeUInt32LE(packed.length, 18)
  head.writeUInt32LE(said, 22)
  head.writeUInt16LE(name.length, 26)
  const entry = Buffer.alloc(46)
  entry.writeUInt32LE(0x02014b50, 0)
  entry.writeUInt32LE(packed.length, 20)
  entry.writeUInt32LE(said, 24)
  entry.writeUInt16LE(name.length, 28)
  const end = Buffer.alloc(22)
  end.writeUInt32LE(0x06054b50, 0)
  end.writeUInt16LE(files, 10)
  end.writeUInt32LE(30 + name.length + packed.length, 16)
  const directory = Array.from({ length: files }, () => [entry, name]).flat()
  return Buffer.concat([head, name, packed, ...directory, end])
}

test.each([
  ['says how much it unfolds to', archive(80 * 1024 * 1024, 80 * 1024 * 1024), 'import.tooLarge'],
  ['says less than it unfolds to', archive(80 * 1024 * 1024, 100), 'import.tooLarge'],
  ['holds the same file many times', archive(1024, 1024, 2000), 'import.tooLarge'],
  ['holds one large file under many names', archive(2 * 1024 * 1024, 100, 100), 'import.tooLarge'],
  ['holds no table', archive(100, 100), 'import.unreadable'],
])('a workbook that %s is refused', async (_, file, code) => {
  const [, to] = uploads
  expect(await send(to, JSON.stringify({ base64: file.toString('base64') }))).toMatchObject({ code })
})
