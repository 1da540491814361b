/* A migrated database of its own for a test file, and builders of what stands in it. */
import { hash } from '@node-rs/argon2'
import pg from 'pg'
import { afterAll, inject } from 'vitest'
import type { Role } from '../domain/permission.ts'
import { inHotline, jsonb, openDatabase, type Database } from '../server/db/database.ts'
import { newId } from '../server/db/id.ts'
import { templateName } from './cluster.ts'

/** A database of one test file: `db` as the product sees it, `owner` runs SQL past row-level security, `forced` past triggers too. */
export interface TestDatabase {
  db: Database
  url: string
  ownerUrl: string
  owner: <R extends pg.QueryResultRow>(text: string, values?: unknown[]) => Promise<R[]>
  forced: (text: string) => Promise<unknown>
}

/** Copies the template; closed and dropped by itself after the file's tests. */
export async function freshDatabase(): Promise<TestDatabase> {
  const cluster = inject('clusterUrl')
  const name = `test_${newId().replaceAll('-', '')}`
  const admin = new pg.Client({ connectionString: `${cluster}/postgres` })
  await admin.connect()
  await copyTemplate(admin, name)
  const url = `${cluster.replace('postgres@', 'hearthline:test@')}/${name}`
  const ownerUrl = `${cluster}/${name}`
  const db = openDatabase({ url })
  const pool = new pg.Pool({ connectionString: ownerUrl, max: 2 })
  pool.on('error', () => undefined)
  afterAll(async () => {
    await db.close()
    await pool.end()
    await admin.query(`drop database if exists ${name} with (force)`)
    await admin.end()
  })
  const owner: TestDatabase['owner'] = async (text, values) => (await pool.query(text, values)).rows
  const forced = (text: string): Promise<unknown> =>
    owner(`begin; set local session_replication_role = replica; ${text}; commit`)
  return { db, url, ownerUrl, owner, forced }
}

/** Two files may copy at the same moment; PostgreSQL then says that the template is in use, so it is tried again. */
async function copyTemplate(admin: pg.Client, name: string): Promise<void> {
  for (let tries = 0; ; tries += 1) {
    try {
      await admin.query(`create database ${name} template ${templateName}`)
      return
    } catch (error) {
      if (tries > 100) throw error
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }
}

/** The passphrase of everybody made by aPerson(). */
export const passphrase = 'a calm passphrase'
const cheapHash = hash(passphrase, { memoryCost: 64, timeCost: 1, parallelism: 1 })

/** A hotline with nothing in it; nobody of a `demo` needs a second factor. */
export async function aHotline(
  db: Database,
  given: { name?: string; timeZone?: string; demo?: boolean } = {},
): Promise<string> {
  const hotlineId = newId()
  await inHotline(db, hotlineId, async (tx) => {
    const row = {
      hotline_id: hotlineId,
      name: given.name ?? '测试热线',
      time_zone: given.timeZone ?? 'Asia/Shanghai',
      demo: given.demo ?? false,
    }
    await tx.insertInto('hotline').values(row).execute()
    await tx.insertInto('audit_chain').values({ hotline_id: hotlineId }).execute()
  })
  return hotlineId
}

let counter = 1000

/** An open line with a number of its own, always in service unless told otherwise. */
export async function aLine(
  db: Database,
  hotlineId: string,
  given: { name?: string; number?: string; kind?: 'general' | 'event'; hours?: object } = {},
): Promise<{ lineId: string; number: string }> {
  const lineId = newId()
  counter += 1
  const number = given.number ?? String(counter)
  await inHotline(db, hotlineId, (tx) =>
    tx
      .insertInto('line')
      .values({
        line_id: lineId,
        hotline_id: hotlineId,
        name: given.name ?? `线路 ${number}`,
        number,
        kind: given.kind ?? 'general',
        hours: jsonb(given.hours ?? { always: true }),
      })
      .execute(),
  )
  return { lineId, number }
}

/** A member of staff who logs in with {@link passphrase}; `lines` are those they are certified for. */
export async function aPerson(
  db: Database,
  hotlineId: string,
  given: { name?: string; roles?: Role[]; lines?: string[] } = {},
): Promise<{ personId: string; name: string }> {
  const personId = newId()
  const roles = given.roles ?? ['counsellor']
  counter += 1
  const name = given.name ?? `${roles[0] ?? 'nobody'}-${counter}`
  const passphraseHash = await cheapHash
  await inHotline(db, hotlineId, async (tx) => {
    const row = { person_id: personId, hotline_id: hotlineId, name, display_name: name, roles }
    await tx
      .insertInto('person')
      .values({ ...row, passphrase_hash: passphraseHash })
      .execute()
    for (const line of given.lines ?? [])
      await tx
        .insertInto('person_line')
        .values({ hotline_id: hotlineId, person_id: personId, line_id: line })
        .execute()
  })
  return { personId, name }
}

/** A seat; a browser seat that belongs to nobody unless told otherwise. */
export async function aSeat(
  db: Database,
  hotlineId: string,
  given: { name?: string; kind?: 'browser' | 'phone'; ownerId?: string } = {},
): Promise<{ seatId: string; sipUser: string }> {
  const seatId = newId()
  counter += 1
  const sipUser = `seat-${counter}-${seatId.slice(-6)}`
  await inHotline(db, hotlineId, (tx) =>
    tx
      .insertInto('seat')
      .values({
        seat_id: seatId,
        hotline_id: hotlineId,
        name: given.name ?? `坐席 ${counter}`,
        kind: given.kind ?? 'browser',
        sip_user: sipUser,
        owner_id: given.ownerId ?? null,
      })
      .execute(),
  )
  return { seatId, sipUser }
}
