import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { aHotline, freshDatabase } from '../../test/database.ts'
import { aKms } from '../../test/kms.ts'
import { inHotline } from '../db/database.ts'
import { findKeys, keysOfDatabase, prepareKeys, rewrapAll } from './data-keys.ts'
import { KeysRefused, type Keys } from './keys.ts'
import { makeNextKmsMaster } from './kms.ts'
import { makeNextMaster } from './master.ts'

const { db, owner, ownerUrl } = await freshDatabase()
const kms = aKms()
const folder = mkdtempSync(join(tmpdir(), 'hearthline-keys-'))
const [openFile, sealedFile] = ['master.key', 'master.sealed'].map((name) => join(folder, 'keys', name)) as [
  string,
  string,
]
const ownerClient = new pg.Client({ connectionString: ownerUrl })
afterAll(async () => {
  await ownerClient.end()
  rmSync(folder, { recursive: true, force: true })
})
let hotlineId: string
let sealed: Buffer

const opened = (program: string | null = kms.program): Promise<Keys> =>
  keysOfDatabase(db, folder, 'aes-256-gcm', program)
const name = async (program?: string | null): Promise<string> =>
  (await opened(program)).open(hotlineId, sealed)

beforeAll(async () => {
  await ownerClient.connect()
  hotlineId = await aHotline(db)
})
beforeEach(() => kms.mood('well'))

test('a key management system that is away, babbles or gives back what it got makes no keys at all', async () => {
  for (const mood of ['away', 'babbling', 'echoing'] as const) {
    kms.mood(mood)
    await expect(opened()).rejects.toThrow(KeysRefused)
    expect([existsSync(sealedFile), existsSync(openFile)]).toEqual([false, false])
  }
  await expect(opened('/nowhere/kms')).rejects.toThrow(/HEARTHLINE_KMS_COMMAND/)
  expect(await owner('select from key_check')).toEqual([])
})

test('G24-6.2.2c: with a key management system no key that opens anything lies on this machine', async () => {
  const keys = await opened()
  await prepareKeys(db, keys, hotlineId)
  sealed = keys.seal(hotlineId, '小王')
  expect(await name()).toBe('小王')
  expect(existsSync(openFile)).toBe(false)
  const rows = await inHotline(db, hotlineId, (tx) => findKeys(tx, hotlineId))
  const first = keys.ring.firstKey(hotlineId, 'seal')
  for (const row of rows) expect(row.wrapped.includes(first)).toBe(false)
  // Wrapped by the program itself, each bound to its own name.
  const [one, other] = rows
  if (!one || !other) throw new Error('there are no data keys')
  await owner('update data_key set wrapped = $2 where key_id = $1', [one.key_id, other.wrapped])
  await expect(opened()).rejects.toThrow(KeysRefused)
  await owner('update data_key set wrapped = $2 where key_id = $1', [one.key_id, one.wrapped])
  expect(await name()).toBe('小王')
})

test('a start without the key management system, or with another key of it, is refused and changes nothing', async () => {
  const before = readFileSync(sealedFile)
  await expect(opened(null)).rejects.toThrow(/HEARTHLINE_KMS_COMMAND/)
  const other = aKms()
  await expect(opened(other.program)).rejects.toThrow(KeysRefused)
  for (const mood of ['away', 'babbling', 'echoing'] as const) {
    kms.mood(mood)
    await expect(opened()).rejects.toThrow(KeysRefused)
  }
  kms.mood('well')
  const kept = `${sealedFile}.kept`
  copyFileSync(sealedFile, kept)
  rmSync(sealedFile)
  await expect(opened()).rejects.toThrow(/is missing/)
  expect(existsSync(sealedFile)).toBe(false)
  copyFileSync(kept, sealedFile)
  rmSync(kept)
  expect(readFileSync(sealedFile)).toEqual(before)
  expect(existsSync(openFile)).toBe(false)
  expect(await name()).toBe('小王')
})

test('a key management system that does not answer is not waited for without end', async () => {
  kms.mood('silent')
  await expect(opened()).rejects.toThrow(/did not answer within 10 s/)
}, 30_000)

test('a server that runs goes on when the key management system goes away, and reads its keys anew', async () => {
  const keys = await opened()
  kms.mood('away')
  await prepareKeys(db, keys, hotlineId)
  expect(keys.open(hotlineId, sealed)).toBe('小王')
  await expect(prepareKeys(db, keys, await aHotline(db))).rejects.toThrow(KeysRefused)
})

test('the master key goes from the key management system into a file and back; whenever it breaks off, one of them fits', async () => {
  // Broken off before the database knew: it goes on as it was.
  makeNextMaster(folder)
  expect(await name()).toBe('小王')
  // Broken off after: the file counts at the next start.
  await rewrapAll(ownerClient, await opened(), makeNextMaster(folder))
  expect(await name(null)).toBe('小王')
  expect([existsSync(openFile), existsSync(sealedFile)]).toEqual([true, false])
  await expect(opened()).rejects.toThrow(/keys rewrap/)
  // And back.
  await makeNextKmsMaster(folder, kms.program)
  expect(await name(null)).toBe('小王')
  const kept = readFileSync(openFile)
  await rewrapAll(ownerClient, await opened(null), await makeNextKmsMaster(folder, kms.program))
  expect(await name()).toBe('小王')
  // Broken off before the old file was removed: it goes at the next start.
  writeFileSync(openFile, kept)
  expect(await name()).toBe('小王')
  expect([existsSync(openFile), existsSync(sealedFile)]).toEqual([false, true])
})
