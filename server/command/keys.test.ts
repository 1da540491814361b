import { execFile } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sql } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { aHotline, aLine, freshDatabase } from '../../test/database.ts'
import { aKms } from '../../test/kms.ts'
import { inHotline } from '../db/database.ts'
import { newId } from '../db/id.ts'
import { keysOfDatabase } from '../records/data-keys.ts'

const { db, url, ownerUrl, owner } = await freshDatabase()
const folder = mkdtempSync(join(tmpdir(), 'hearthline-command-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
const env = {
  ...process.env,
  DATABASE_URL: url,
  HEARTHLINE_OWNER_DATABASE_URL: ownerUrl,
  HEARTHLINE_DATA: folder,
}
let hotlineId: string

const run = (
  verb: string,
  more: NodeJS.ProcessEnv = {},
): Promise<{ code: number; out: string; err: string }> =>
  new Promise((resolve) => {
    const program = join(import.meta.dirname, '..', 'command.ts')
    execFile(
      process.execPath,
      [program, 'keys', ...verb.split(' ')],
      { env: { ...env, ...more } },
      (error, out, err) => resolve({ code: error ? 1 : 0, out, err }),
    )
  })

const numberIn = async (): Promise<string> => {
  const [row] = await owner<{ sealed: Buffer }>('select caller_number_sealed as sealed from contact')
  const keys = await keysOfDatabase(db, folder, 'aes-256-gcm')
  return keys.open(hotlineId, row?.sealed ?? Buffer.alloc(0))
}

beforeAll(async () => {
  hotlineId = await aHotline(db)
  const { lineId } = await aLine(db, hotlineId)
  const keys = await keysOfDatabase(db, folder, 'aes-256-gcm')
  await keys.makeRecordingKeys(hotlineId)
  await inHotline(db, hotlineId, (tx) =>
    sql`select create_contact(${newId()}, ${lineId}, 'phone', 'closed', ${new Date()}, null,
      ${keys.seal(hotlineId, '13800138000')}, null, null, false, null, null, null, '{}')`.execute(tx),
  )
})

test('G24-6.2.2c: an operator turns data keys and master key over from the command line, and everything is read on', async () => {
  expect(await run('rotate')).toMatchObject({ code: 0, out: expect.stringContaining('1 values sealed anew') })
  expect(await numberIn()).toBe('13800138000')
  const listed = await run('list')
  expect(listed.out).toMatch(/\tidentifying\t\S+\taes-256-gcm\tretired\t/)
  expect(listed.out).toMatch(/\tidentifying\t\S+\taes-256-gcm\tsealing\t/)
  expect(await run('rewrap')).toMatchObject({ code: 0 })
  expect(await numberIn()).toBe('13800138000')
  const identity = (await keysOfDatabase(db, folder, 'aes-256-gcm')).recordingIdentity(hotlineId)
  expect(identity).toMatch(/^AGE-SECRET-KEY-1/)
  const actions = await owner<{ action: string }>(
    `select action from audit_event where action like 'keys.%' order by seq`,
  )
  expect(actions.map((one) => one.action)).toEqual(['keys.rotated', 'keys.rewrapped'])
})

test('G24-6.2.2c: an operator brings the master key into a key management system and back', async () => {
  const kms = { HEARTHLINE_KMS_COMMAND: aKms().program }
  const keyFile = join(folder, 'keys', 'master.key')
  expect(await run('list', kms)).toMatchObject({ code: 1, err: expect.stringContaining('keys rewrap') })
  expect(await run('rewrap', kms)).toMatchObject({ code: 0, out: expect.stringContaining('master.sealed') })
  expect(existsSync(keyFile)).toBe(false)
  expect(await run('list')).toMatchObject({ code: 1, err: expect.stringContaining('HEARTHLINE_KMS_COMMAND') })
  expect(await run('list', kms)).toMatchObject({ code: 0 })
  expect(await run('rewrap --to-file', kms)).toMatchObject({ code: 0 })
  expect(existsSync(keyFile)).toBe(true)
  expect(await numberIn()).toBe('13800138000')
  expect(await run('list --to-file')).toMatchObject({ code: 1 })
})

test('an old key is destroyed after 30 days, and not before', async () => {
  const retired = () => owner<{ key_id: string }>(`select key_id from data_key where state = 'retired'`)
  const before = await retired()
  expect(before.length).toBeGreaterThan(0)
  expect(await run('destroy')).toMatchObject({ code: 0, out: '' })
  await owner(`update data_key set retired_at = now() - interval '31 days' where state = 'retired'`)
  expect((await run('destroy')).out.trim().split('\n')).toHaveLength(before.length)
  expect(await retired()).toEqual([])
  expect(await numberIn()).toBe('13800138000')
})

test('a way of sealing that this machine lacks, and a verb that is none, are refused in a sentence', async () => {
  const refused = await run('rotate', { HEARTHLINE_SEALING: 'rot13' })
  expect(refused).toMatchObject({ code: 1, err: expect.stringContaining('HEARTHLINE_SEALING') })
  expect(await run('renew')).toMatchObject({ code: 1, err: expect.stringContaining('keys rotate') })
})
