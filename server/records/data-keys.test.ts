import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { aHotline, freshDatabase } from '../../test/database.ts'
import { inHotline } from '../db/database.ts'
import { findKeys, keysOfDatabase, prepareKeys, rewrapAll } from './data-keys.ts'
import { KeysRefused, openKeys, type Keys } from './keys.ts'
import { finishChange, makeNextMaster } from './master.ts'

const { db, owner, ownerUrl } = await freshDatabase()
const folder = mkdtempSync(join(tmpdir(), 'hearthline-keys-'))
const file = join(folder, 'keys', 'master.key')
const ownerClient = new pg.Client({ connectionString: ownerUrl })
afterAll(async () => {
  await ownerClient.end()
  rmSync(folder, { recursive: true, force: true })
})
let hotlineId: string

beforeAll(async () => {
  await ownerClient.connect()
  hotlineId = await aHotline(db)
})

const opened = (way: Keys['way'] = 'aes-256-gcm'): Promise<Keys> => keysOfDatabase(db, folder, way)

test('what was sealed and hashed before there were data keys is opened and found after', async () => {
  const before = openKeys(folder, null)
  const sealed = before.seal(hotlineId, '13800138000')
  const number = before.numberKey(hotlineId, '13800138000')
  const keys = await opened()
  await prepareKeys(db, keys, hotlineId)
  const again = await opened()
  expect(again.open(hotlineId, sealed)).toBe('13800138000')
  expect(again.numberKey(hotlineId, '13800138000')).toEqual(number)
  const fresh = again.seal(hotlineId, '13800138000')
  expect(fresh[0]).toBe(2)
  expect(keys.open(hotlineId, fresh)).toBe('13800138000')
  expect(() => before.open(hotlineId, fresh)).toThrow()
})

test('G24-6.2.2c: data keys lie wrapped in the database, no two alike, and none of them readable', async () => {
  const keys = await opened()
  const rows = await inHotline(db, hotlineId, (tx) => findKeys(tx, hotlineId))
  expect(rows.map((row) => row.key_class).sort()).toEqual(
    ['devices', 'first', 'identifying', 'notes', 'number', 'suffix', 'words'].sort(),
  )
  const first = rows.find((row) => row.key_class === 'first')
  expect(first?.wrapped.includes(keys.ring.firstKey(hotlineId, 'seal'))).toBe(false)
  await prepareKeys(db, keys, hotlineId)
  expect(await inHotline(db, hotlineId, (tx) => findKeys(tx, hotlineId))).toHaveLength(rows.length)
})

test('a new master key wraps all data keys anew; whenever the change breaks off, one of the two files fits', async () => {
  const old = await opened()
  const sealed = old.seal(hotlineId, '小王')
  const number = old.numberKey(hotlineId, '13800138000')
  const kept = join(folder, 'old.key')
  copyFileSync(file, kept)
  // Broken off before the database knew: the old one goes on.
  makeNextMaster(folder)
  expect((await opened()).open(hotlineId, sealed)).toBe('小王')
  // Broken off after: the new one takes its place at the next start.
  await rewrapAll(ownerClient, old, makeNextMaster(folder))
  const keys = await opened()
  expect(readFileSync(file)).not.toEqual(readFileSync(kept))
  expect(keys.open(hotlineId, sealed)).toBe('小王')
  expect(keys.numberKey(hotlineId, '13800138000')).toEqual(number)
  // A server that was started before makes no keys any more that nobody could open.
  const other = await aHotline(db)
  await expect(prepareKeys(db, old, other)).rejects.toThrow(KeysRefused)
  copyFileSync(kept, file)
  await expect(opened()).rejects.toThrow(KeysRefused)
  const check = await rewrapAll(ownerClient, keys, makeNextMaster(folder))
  finishChange(folder, check)
  expect((await opened()).open(hotlineId, sealed)).toBe('小王')
})

test('a missing or damaged master key or data key refuses the start and never becomes a new one', async () => {
  const right = readFileSync(file)
  rmSync(file)
  await expect(opened()).rejects.toThrow(KeysRefused)
  writeFileSync(file, `${Buffer.alloc(32, 7).toString('base64')}\n`)
  await expect(opened()).rejects.toThrow(/not the one/)
  writeFileSync(file, right)
  const [row] = await owner<{ key_id: string; wrapped: Buffer }>(
    `select key_id, wrapped from data_key where key_class = 'notes' and state = 'sealing' limit 1`,
  )
  if (!row) throw new Error('there is no data key')
  const write = (wrapped: Buffer) =>
    owner('update data_key set wrapped = $2 where key_id = $1', [row.key_id, wrapped])
  for (const at of [0, 20, row.wrapped.length - 1]) {
    const changed = Buffer.from(row.wrapped)
    changed[at] = (changed[at] ?? 0) ^ 1
    await write(changed)
    await expect(opened()).rejects.toThrow(/cannot be opened with this master key/)
  }
  await write(row.wrapped)
  await expect(opened()).resolves.toBeDefined()
})

test('G24-6.2.2c: a hotline may be sealed with SM4 and HMAC-SM3, where one sealed with AES is read on', async () => {
  const keys = await opened('sm4-ctr-hmac-sm3')
  const second = await aHotline(db)
  await prepareKeys(db, keys, second)
  const sealed = keys.seal(second, '小王', 'notes', 'row')
  expect((await opened()).open(second, sealed, 'row')).toBe('小王')
  expect(() => keys.open(second, sealed, 'another row')).toThrow()
  expect(keys.open(hotlineId, keys.seal(hotlineId, '小李'))).toBe('小李')
})
