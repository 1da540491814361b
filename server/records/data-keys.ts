/* Data keys in the database, wrapped by the master key: made, read into the ring, turned over. */
import { randomBytes } from 'node:crypto'
import { sql } from 'kysely'
import type { Client } from 'pg'
import { inHotline, outside, type Database, type Tx } from '../db/database.ts'
import { allHotlines } from '../db/hotlines.ts'
import { newId } from '../db/id.ts'
import { ciphers, isHere, sealingWays, type SealingWay } from './ciphers.ts'
import { KeysRefused, keysUnder, type Keys } from './keys.ts'
import { openMasterOf } from './kms.ts'
import { checkOf, type Master } from './master.ts'
import { lookUpUses, sealingClasses, type DataKey, type SealingClass } from './ring.ts'

/** Servers are told on this channel which hotline's keys changed. */
const keysChannel = 'hearthline_keys'

/** A data key as stored. */
export interface StoredKey {
  key_id: string
  hotline_id: string
  key_class: DataKey['keyClass']
  way: DataKey['way']
  state: DataKey['state'] | 'destroyed'
  wrapped: Buffer
  created_at: Date
  retired_at: Date | null
}

/** Refuses a way of sealing that this machine's OpenSSL does not have (KeysRefused). */
export function checkWay(way: SealingWay): void {
  if (isHere(way)) return
  const others = sealingWays.filter(isHere).join(', ')
  throw new KeysRefused(
    `This machine cannot seal with ${way}: its OpenSSL does not have it. It has: ${others}. 本机的 OpenSSL 不支持 ${way},可用:${others}。`,
  )
}

const aboutOf = (row: Pick<StoredKey, 'key_id' | 'hotline_id' | 'key_class' | 'way'>): string =>
  [row.hotline_id, row.key_id, row.key_class, row.way].join('/')

/** The hotline's data keys, oldest first. */
export async function findKeys(tx: Tx, hotlineId: string): Promise<StoredKey[]> {
  const { rows } = await sql<StoredKey>`
    select key_id, hotline_id, key_class, way, state, wrapped, created_at, retired_at from data_key
    where hotline_id = ${hotlineId} order by created_at, key_id`.execute(tx)
  return rows
}

/** A process that was started before the master key was changed makes no keys: nobody could open them. */
async function checkRemembered(tx: Tx, keys: Keys): Promise<void> {
  const { rows } = await sql<{ value: Buffer }>`select value from key_check`.execute(tx)
  if (rows[0] && !rows[0].value.equals(keys.check))
    throw new KeysRefused('The master key was changed: start again. 主密钥已更换,请重新启动。')
}

/** Writes a new data key down, wrapped. */
async function insertKey(
  tx: Tx,
  keys: Keys,
  key: Pick<DataKey, 'hotlineId' | 'keyClass' | 'way' | 'state' | 'secret'>,
  now: Date,
): Promise<string> {
  await checkRemembered(tx, keys)
  const keyId = newId(now.getTime())
  const row = { key_id: keyId, hotline_id: key.hotlineId, key_class: key.keyClass, way: key.way }
  const wrapped = await keys.door.wrap(key.secret, aboutOf(row))
  await sql`
    insert into data_key (key_id, hotline_id, key_class, way, state, wrapped, created_at)
    values (${keyId}, ${key.hotlineId}, ${key.keyClass}, ${key.way}, ${key.state}, ${wrapped}, ${now})`.execute(
    tx,
  )
  return keyId
}

/** One at a time works on a hotline's keys. */
const lockKeys = (tx: Tx, hotlineId: string): Promise<unknown> =>
  sql`select pg_advisory_xact_lock(hashtext('keys ' || ${hotlineId}::text))`.execute(tx)

/** Makes the data keys a hotline lacks: the first and the look-up keys as they always were, fresh ones for each class. */
async function makeMissing(tx: Tx, keys: Keys, hotlineId: string, now: Date): Promise<void> {
  const { way } = keys
  const had = new Set((await findKeys(tx, hotlineId)).map((row) => row.key_class))
  const make = async (keyClass: DataKey['keyClass'], as: DataKey['way'], secret: Buffer): Promise<void> => {
    if (!had.has(keyClass))
      await insertKey(tx, keys, { hotlineId, keyClass, way: as, state: 'sealing', secret }, now)
  }
  await make('first', 'aes-256-gcm', keys.ring.firstKey(hotlineId, 'seal'))
  for (const use of lookUpUses) await make(use, 'hmac-sha-256', keys.ring.firstKey(hotlineId, use))
  for (const each of sealingClasses) await make(each, way, randomBytes(ciphers[way].keyBytes))
}

/** Reads a hotline's data keys into the ring. Throws KeysRefused when one cannot be unwrapped or used here. */
async function readKeys(db: Database, keys: Keys, hotlineId: string): Promise<void> {
  const rows = await inHotline(db, hotlineId, (tx) => findKeys(tx, hotlineId))
  const opened: DataKey[] = []
  for (const row of rows) {
    if (row.state === 'destroyed') continue
    if (row.way !== 'hmac-sha-256') checkWay(row.way)
    opened.push({
      keyId: row.key_id,
      hotlineId,
      keyClass: row.key_class,
      way: row.way,
      state: row.state,
      secret: await unwrapped(keys, row),
    })
  }
  keys.ring.take(hotlineId, opened)
}

async function unwrapped(keys: Pick<Keys, 'door'>, row: StoredKey): Promise<Buffer> {
  try {
    return await keys.door.unwrap(row.wrapped, aboutOf(row))
  } catch (error) {
    if (error instanceof KeysRefused) throw error
    throw new KeysRefused(
      `The data key ${row.key_id} cannot be opened with this master key: put the right key file, or the right database, back. 主密钥无法打开数据密钥,请恢复正确的密钥文件或数据库。`,
    )
  }
}

/** Makes the data keys a hotline lacks, and reads all of them. */
export async function prepareKeys(db: Database, keys: Keys, hotlineId: string): Promise<void> {
  checkWay(keys.way)
  await inHotline(db, hotlineId, async (tx) => {
    await lockKeys(tx, hotlineId)
    await makeMissing(tx, keys, hotlineId, new Date())
  })
  await readKeys(db, keys, hotlineId)
}

/** Reads the data keys of every hotline. */
export async function readAllKeys(db: Database, keys: Keys): Promise<void> {
  for (const hotlineId of await allHotlines(db)) await readKeys(db, keys, hotlineId)
}

/**
 * The keys of a data folder against what the database remembers, with every hotline's data keys; a database that remembers
 * nothing will from now on. `kms` is the operator's program where the master key is not in a file. Throws KeysRefused: a wrong
 * or missing key never leads to a new one.
 */
export async function keysOfDatabase(
  db: Database,
  dataFolder: string,
  way: SealingWay,
  kms: string | null = null,
): Promise<Keys> {
  checkWay(way)
  const { rows } = await outside(() => sql<{ value: Buffer }>`select value from key_check`.execute(db.doors))
  const keys = keysUnder(await openMasterOf(dataFolder, rows[0]?.value ?? null, kms), dataFolder, way)
  if (rows.length === 0)
    await outside(() => sql`insert into key_check (value) values (${keys.check})`.execute(db.doors))
  await readAllKeys(db, keys)
  return keys
}

/** Makes what keys the hotlines lack, and follows what other processes do to them; returns a function that stops it. */
export async function followKeys(
  db: Database,
  keys: Keys,
  failed: (error: unknown) => void,
): Promise<() => void> {
  for (const hotlineId of await allHotlines(db)) await prepareKeys(db, keys, hotlineId)
  const readAll = (): void => void readAllKeys(db, keys).catch(failed)
  keys.missed = readAll
  return db.listen(keysChannel, (hotlineId) => void readKeys(db, keys, hotlineId).catch(failed), readAll)
}

/** Makes a new key of each class that does not seal yet, unless one waits already; servers are told and read it. */
export async function makeWaiting(db: Database, keys: Keys, hotlineId: string): Promise<void> {
  const { way } = keys
  checkWay(way)
  await inHotline(db, hotlineId, async (tx) => {
    await lockKeys(tx, hotlineId)
    const waiting = (await findKeys(tx, hotlineId)).filter((row) => row.state === 'waiting')
    for (const keyClass of sealingClasses) {
      if (waiting.some((row) => row.key_class === keyClass)) continue
      const secret = randomBytes(ciphers[way].keyBytes)
      await insertKey(tx, keys, { hotlineId, keyClass, way, state: 'waiting', secret }, new Date())
    }
  })
  await changed(db, keys, hotlineId)
}

/** From now on the waiting keys seal, and those before them only open. */
export async function turnOver(db: Database, keys: Keys, hotlineId: string): Promise<void> {
  await inHotline(db, hotlineId, async (tx) => {
    await lockKeys(tx, hotlineId)
    const now = new Date()
    await sql`update data_key old set state = 'retired', retired_at = ${now}
      where hotline_id = ${hotlineId} and state = 'sealing' and exists (select from data_key new
        where new.hotline_id = old.hotline_id and new.key_class = old.key_class and new.state = 'waiting')`.execute(
      tx,
    )
    await sql`update data_key set state = 'sealing' where hotline_id = ${hotlineId} and state = 'waiting'`.execute(
      tx,
    )
  })
  await changed(db, keys, hotlineId)
}

/** Destroys a retired key: what is still sealed with it can never be opened again. */
export async function destroyKey(db: Database, keys: Keys, hotlineId: string, keyId: string): Promise<void> {
  await inHotline(db, hotlineId, (tx) =>
    sql`update data_key set state = 'destroyed', wrapped = '', destroyed_at = ${new Date()}
      where key_id = ${keyId} and state = 'retired'`.execute(tx),
  )
  await changed(db, keys, hotlineId)
}

async function changed(db: Database, keys: Keys, hotlineId: string): Promise<void> {
  await readKeys(db, keys, hotlineId)
  await db.notify(keysChannel, hotlineId)
}

/** The key of a class that seals now. */
export async function sealingKeyOf(tx: Tx, hotlineId: string, of: SealingClass): Promise<string> {
  const found = (await findKeys(tx, hotlineId)).find((row) => row.key_class === of && row.state === 'sealing')
  if (!found) throw new Error('the hotline has no data keys yet')
  return found.key_id
}

/**
 * Wraps every data key with the next master key and makes the database remember that one, in one transaction of the tables'
 * owner. Returns what is remembered.
 */
export async function rewrapAll(owner: Client, keys: Keys, next: Master): Promise<Buffer> {
  const { door } = next
  const check = checkOf(next.root)
  await owner.query('begin')
  try {
    await owner.query('lock table data_key in exclusive mode')
    const { rows } = await owner.query<StoredKey>(
      `select key_id, hotline_id, key_class, way, state, wrapped from data_key where state <> 'destroyed'`,
    )
    for (const row of rows) {
      const wrapped = await door.wrap(await unwrapped(keys, row), aboutOf(row))
      await owner.query('update data_key set wrapped = $1 where key_id = $2', [wrapped, row.key_id])
    }
    await owner.query('update key_check set value = $1', [check])
    await owner.query('commit')
  } catch (error) {
    await owner.query('rollback').catch(() => undefined)
    throw error
  }
  return check
}
