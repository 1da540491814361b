/* How soon a long recording is heard: from the request to the first byte of sound, at its beginning and far within. */
import { createHash, randomBytes } from 'node:crypto'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { get } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Encrypter } from 'age-encryption'
import { sql } from 'kysely'
import { pino } from 'pino'
import { startDatabase } from '../launcher/database.ts'
import { inHotline, openDatabase, type Database } from '../server/db/database.ts'
import { newId } from '../server/db/id.ts'
import { migrate } from '../server/db/migrate.ts'
import { openWeb } from '../server/http/app.ts'
import { findPerson } from '../server/identity/identity.ts'
import { openKeys, type Keys } from '../server/records/keys.ts'
import { openPlaces } from '../server/records/records.ts'
import { recordsRoutes } from '../server/records/routes.ts'
import { startObjectStore, type ObjectStore } from '../test/s3.ts'
import { percentile, report } from './figure.ts'

const hotlineId = newId()
const recordingId = newId()
const minutes = 60
const samples = minutes * 60 * 8000
const wavHeaderBytes = 44
const startedAt = new Date('2026-11-21T10:00:00Z')
const endedAt = new Date(startedAt.getTime() + minutes * 60_000)

/** A supervisor who is logged in: the cookie. */
const furnish = async (db: Database): Promise<string> => {
  const [lineId, personId, contactId] = [newId(), newId(), newId()]
  const token = randomBytes(32).toString('base64url')
  const now = new Date()
  await inHotline(db, hotlineId, async (tx) => {
    await sql`insert into hotline (hotline_id, name) values (${hotlineId}, 'bench')`.execute(tx)
    await sql`insert into audit_chain (hotline_id) values (${hotlineId})`.execute(tx)
    await sql`insert into line (line_id, hotline_id, name, number, kind) values (${lineId}, ${hotlineId}, 'bench', '1001', 'general')`.execute(
      tx,
    )
    await sql`insert into person (person_id, hotline_id, name, display_name, passphrase_hash, roles)
      values (${personId}, ${hotlineId}, 'bench', 'bench', '-', '{supervisor}')`.execute(tx)
    await sql`insert into session (token_hash, hotline_id, person_id, created_at, seen_at, proved_at, fresh_at, expires_at)
      values (${createHash('sha256').update(token).digest()}, ${hotlineId}, ${personId}, ${now}, ${now}, ${now}, ${now},
        ${new Date(now.getTime() + 3_600_000)})`.execute(tx)
    await sql`select create_contact(${contactId}, ${lineId}, 'phone', 'closed', ${startedAt}, null, null, null, null, false,
      null, null, null, '{}')`.execute(tx)
    await sql`insert into recording (recording_id, hotline_id, contact_id, kind, started_at, ended_at, state)
      values (${recordingId}, ${hotlineId}, ${contactId}, 'talk', ${startedAt}, ${endedAt}, 'kept')`.execute(
      tx,
    )
  })
  return `hearthline_session=${token}`
}

/** An hour of sound of both sides, sealed as the recorder does. */
const record = async (data: string, keys: Keys): Promise<string> => {
  await keys.makeRecordingKeys(hotlineId)
  const recipient = readFileSync(join(data, 'keys', `${hotlineId}.recording.pub`), 'utf8').trim()
  const folder = join(data, 'recordings', hotlineId, '2026', '11')
  mkdirSync(folder, { recursive: true })
  for (const side of ['caller', 'seat']) {
    const about = { v: 1, recording: recordingId, side, segment: 1, startedAt, format: 'ulaw', rate: 8000 }
    const encrypter = new Encrypter()
    encrypter.addRecipient(recipient)
    const plain = Buffer.concat([Buffer.from(`${JSON.stringify(about)}\n`), randomBytes(samples)])
    writeFileSync(join(folder, `${recordingId}.${side}.age`), await encrypter.encrypt(plain))
  }
  return folder
}

/** From a request to the byte after so many of its answer, in ms; the rest is not waited for. */
const firstByte = (address: string, cookie: string, range: string, after: number): Promise<number> =>
  new Promise((resolve, reject) => {
    const start = performance.now()
    let toCome = after
    const request = get(address, { headers: { cookie, range }, agent: false }, (response) => {
      response.on('data', (bytes: Buffer) => {
        toCome -= bytes.length
        if (toCome >= 0) return
        resolve(performance.now() - start)
        response.destroy()
      })
      response.on('end', () => reject(new Error(`the answer was ${response.statusCode ?? ''} and too short`)))
      response.on('error', () => undefined)
    })
    request.on('error', reject)
  })

/**
 * Start and jump by turns, and beside them `bare`: a request of the same person for a recording that is not there, which tells
 * what this machine's own waiting is.
 */
const measure = async (place: string, host: string, cookie: string, rounds: number): Promise<void> => {
  const sound = (of: string): string => `${host}/api/v1/recordings/${of}/sound`
  const jump = wavHeaderBytes + (samples / minutes) * 55 * 4
  const kinds = {
    bare: () => firstByte(sound(newId()), cookie, 'bytes=0-', 0),
    start: () => firstByte(sound(recordingId), cookie, 'bytes=0-', wavHeaderBytes),
    jump_to_minute_55: () => firstByte(sound(recordingId), cookie, `bytes=${jump}-`, 0),
  }
  const times = new Map<string, number[]>()
  for (let round = 0; round < rounds; round += 1)
    for (const [kind, ask] of Object.entries(kinds))
      times.set(kind, [...(times.get(kind) ?? []), await ask()])
  for (const [kind, values] of times)
    for (const percent of [50, 99]) {
      const figure = `${place}_${kind}_p${percent}`
      report({ bench: 'playback', figure, value: percentile(values, percent / 100), unit: 'ms', rounds })
    }
}

/** The recording goes where the store keeps it. */
const moveTo = async (store: ObjectStore, db: Database, folder: string): Promise<void> => {
  for (const side of ['caller', 'seat']) {
    const name = `${recordingId}.${side}.age`
    const key = `${store.settings.prefix}${hotlineId}/2026/11/${name}`
    store.objects.set(key, readFileSync(join(folder, name)))
  }
  await inHotline(db, hotlineId, (tx) =>
    sql`update recording set stored_at = ${endedAt} where recording_id = ${recordingId}`.execute(tx),
  )
}

/** Start and jump of an hour's recording, from the data folder and from a store on this machine: p50 and p99 in ms; the goal is 200. */
export const playback = async (quick: boolean): Promise<void> => {
  const data = mkdtempSync(join(tmpdir(), 'hearthline-bench-'))
  const [database, store] = [await startDatabase({ folder: data }), await startObjectStore()]
  await migrate(database.ownerUrl, database.url)
  const db = openDatabase({ url: database.url, connections: 4 })
  const keys = openKeys(data, null)
  const now = (): Date => new Date()
  const app = await openWeb(
    {
      db,
      now,
      log: pino({ level: 'silent' }),
      findPerson: (token, begun) => findPerson(db, token, now(), begun),
      secure: false,
    },
    null,
  )
  try {
    const places = await openPlaces({ data, store: store.settings })
    recordsRoutes(app, { places, identityOf: (of) => keys.recordingIdentity(of) })
    await app.listen({ host: '127.0.0.1', port: 0 })
    const address = `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`
    const cookie = await furnish(db)
    const folder = await record(data, keys)
    const rounds = quick ? 100 : 400
    await measure('folder', address, cookie, rounds)
    await moveTo(store, db, folder)
    await measure('store', address, cookie, rounds)
  } finally {
    await app.close()
    await db.close()
    await Promise.all([store.leave(), database.stop()])
    rmSync(data, { recursive: true, force: true })
  }
}
