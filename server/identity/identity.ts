/* The front of identity: sessions, log-in and out, passphrases. Staff themselves are in people.ts. */
import { createHash, randomBytes } from 'node:crypto'
import { sql } from 'kysely'
import type { Me } from '../../api/session.ts'
import { rightsOf, roles as allRoles, type Role } from '../../domain/permission.ts'
import { Problem } from '../../domain/problem.ts'
import { appendAudit } from '../db/audit.ts'
import { inHotline, outside, type Database, type Tx } from '../db/database.ts'
import { newId } from '../db/id.ts'
import type { SessionPerson } from '../http/serve.ts'
import { delayAfter, Failures, freeForAccount, freeForAddress } from './lockout.ts'
import { demoPassphrase, fits, hashPassphrase, refuseWeak } from './passphrase.ts'

export { demoPassphrase } from './passphrase.ts'

const idleMs = 12 * 3_600_000
/** How long a session lasts however busy it is. */
export const sessionMs = 24 * 3_600_000
/** A session's last sign of life is written no more often than this. */
const touchMs = 60_000

const hashOf = (token: string): Buffer => createHash('sha256').update(token).digest()

/** The person of a session's token, looked up with one statement; null when it is unknown, idle too long or ended. */
export async function findPerson(db: Database, token: string, now: Date): Promise<SessionPerson | null> {
  const hash = hashOf(token)
  const { rows } = await outside(() =>
    sql<{
      hotline_id: string
      person_id: string
      name: string
      display_name: string
      roles: string[]
      seen_at: Date
    }>`select * from session_owner(${hash}, ${now}, ${idleMs})`.execute(db.doors),
  )
  const [row] = rows
  if (!row) return null
  if (now.getTime() - row.seen_at.getTime() > touchMs)
    await inHotline(db, row.hotline_id, (tx) =>
      tx.updateTable('session').set({ seen_at: now }).where('token_hash', '=', hash).execute(),
    )
  return {
    hotlineId: row.hotline_id,
    personId: row.person_id,
    name: row.name,
    displayName: row.display_name,
    roles: rolesOf(row.roles),
    session: hash.toString('hex'),
  }
}

/** Roles as stored, without those this version does not know. */
export const rolesOf = (stored: readonly string[]): Role[] => allRoles.filter((role) => stored.includes(role))

/** What log-in remembers besides the database: failures by address and by names nobody has. */
export interface Door {
  addresses: Failures
  names: Failures
}

/** A fresh {@link Door}. */
export const openDoor = (): Door => ({
  addresses: new Failures(freeForAddress),
  names: new Failures(freeForAccount),
})

interface Candidate {
  hotlineId: string
  personId: string
  passphraseHash: string
  lockedUntil: Date | null
  demo: boolean
}

/**
 * Logs in: returns the new session's token and who it is. `session.wrongName` does not say which of the two was wrong;
 * `session.locked` says how long to wait, growing with every failure of the account or the address.
 */
export async function logIn(
  db: Database,
  door: Door,
  given: { name: string; passphrase: string; address: string; now: Date; demo: boolean },
): Promise<{ token: string; me: Me }> {
  const { name, address, now } = given
  const wait = Math.max(door.addresses.waitOf(address, now.getTime()), door.names.waitOf(name, now.getTime()))
  if (wait > 0) throw new Problem('session.locked', { retryAfterMs: wait })
  const candidates = await candidatesFor(db, name)
  const locked = candidates.find((one) => one.lockedUntil !== null && one.lockedUntil > now)
  if (locked?.lockedUntil)
    throw new Problem('session.locked', { retryAfterMs: locked.lockedUntil.getTime() - now.getTime() })
  for (const candidate of candidates) {
    if (!(await fits(candidate.passphraseHash, given.passphrase))) continue
    if (given.passphrase === demoPassphrase && !(candidate.demo && given.demo))
      throw new Problem('person.weakPassphrase', { demo: true })
    door.addresses.clear(address)
    return openSession(db, candidate, now)
  }
  if (candidates.length === 0) {
    await fits(null, given.passphrase)
    door.names.add(name, now.getTime())
  }
  door.addresses.add(address, now.getTime())
  for (const candidate of candidates) await countFailure(db, candidate, now)
  throw new Problem('session.wrongName')
}

async function candidatesFor(db: Database, name: string): Promise<Candidate[]> {
  const { rows } = await outside(() =>
    sql<{ hotline_id: string }>`select hotline_id from hotline_of_person_name(${name})`.execute(db.doors),
  )
  const found: Candidate[] = []
  for (const { hotline_id: hotlineId } of rows) {
    const row = await inHotline(db, hotlineId, (tx) =>
      tx
        .selectFrom('person')
        .innerJoin('hotline', 'hotline.hotline_id', 'person.hotline_id')
        .select(['person_id', 'passphrase_hash', 'locked_until', 'demo'])
        .where('person.name', '=', name)
        .where('disabled_at', 'is', null)
        .executeTakeFirst(),
    )
    if (row)
      found.push({
        hotlineId,
        personId: row.person_id,
        passphraseHash: row.passphrase_hash,
        lockedUntil: row.locked_until,
        demo: row.demo,
      })
  }
  return found
}

async function countFailure(db: Database, { hotlineId, personId }: Candidate, now: Date): Promise<void> {
  await inHotline(db, hotlineId, async (tx) => {
    const { failures } = await tx
      .updateTable('person')
      .set((eb) => ({ failures: eb('failures', '+', 1) }))
      .where('person_id', '=', personId)
      .returning('failures')
      .executeTakeFirstOrThrow()
    const wait = delayAfter(failures, freeForAccount)
    if (wait > 0)
      await tx
        .updateTable('person')
        .set({ locked_until: new Date(now.getTime() + wait) })
        .where('person_id', '=', personId)
        .execute()
    await appendAudit(tx, { at: now, actor: personId, action: 'session.refused', data: { failures } })
  })
}

async function openSession(
  db: Database,
  { hotlineId, personId }: Candidate,
  now: Date,
): Promise<{ token: string; me: Me }> {
  const token = randomBytes(32).toString('base64url')
  return inHotline(db, hotlineId, async (tx) => {
    await tx
      .updateTable('person')
      .set({ failures: 0, locked_until: null })
      .where('person_id', '=', personId)
      .execute()
    await tx.deleteFrom('session').where('expires_at', '<', now).execute()
    await tx
      .insertInto('session')
      .values({
        token_hash: hashOf(token),
        hotline_id: hotlineId,
        person_id: personId,
        created_at: now,
        seen_at: now,
        expires_at: new Date(now.getTime() + sessionMs),
      })
      .execute()
    await appendAudit(tx, { at: now, actor: personId, action: 'session.opened' })
    return { token, me: await readMe(tx, personId) }
  })
}

/** The logged-in person as the web app knows them. */
export async function readMe(tx: Tx, personId: string): Promise<Me> {
  const row = await tx
    .selectFrom('person')
    .innerJoin('hotline', 'hotline.hotline_id', 'person.hotline_id')
    .select(['person_id', 'person.name', 'display_name', 'roles', 'hotline.name as hotline_name'])
    .select(['hotline.hotline_id', 'language', 'time_zone', 'demo'])
    .where('person_id', '=', personId)
    .executeTakeFirst()
  if (!row) throw new Problem('session.needed')
  const held = rolesOf(row.roles)
  return {
    personId: row.person_id,
    name: row.name,
    displayName: row.display_name,
    roles: held,
    rights: rightsOf(held),
    hotline: {
      hotlineId: row.hotline_id,
      name: row.hotline_name,
      language: row.language === 'en' ? 'en' : 'zh-CN',
      timeZone: row.time_zone,
      demo: row.demo,
    },
  }
}

/** Ends one session. */
export async function closeSession(tx: Tx, session: string): Promise<void> {
  await tx.deleteFrom('session').where('token_hash', '=', Buffer.from(session, 'hex')).execute()
}

/** Ends all sessions of a person, but for the one named. */
export async function closeSessionsOf(tx: Tx, personId: string, except: string | null): Promise<void> {
  await tx
    .deleteFrom('session')
    .where('person_id', '=', personId)
    .where('token_hash', '!=', Buffer.from(except ?? '', 'hex'))
    .execute()
}

/** Changes the own passphrase; `session.wrongName` when the old one is wrong. All other sessions of the person end. */
export async function changePassphrase(
  db: Database,
  person: SessionPerson,
  given: { old: string; fresh: string },
  now: Date,
): Promise<void> {
  const stored = await inHotline(db, person.hotlineId, (tx) =>
    tx
      .selectFrom('person')
      .innerJoin('hotline', 'hotline.hotline_id', 'person.hotline_id')
      .select(['passphrase_hash', 'demo'])
      .where('person_id', '=', person.personId)
      .executeTakeFirstOrThrow(),
  )
  if (!(await fits(stored.passphrase_hash, given.old))) throw new Problem('session.wrongName')
  refuseWeak(given.fresh, person.name, stored.demo)
  const fresh = await hashPassphrase(given.fresh)
  await inHotline(db, person.hotlineId, async (tx) => {
    await tx
      .updateTable('person')
      .set({ passphrase_hash: fresh })
      .where('person_id', '=', person.personId)
      .execute()
    await closeSessionsOf(tx, person.personId, person.session)
    await appendAudit(tx, { at: now, actor: person.personId, action: 'passphrase.changed' })
  })
}

/** Gives a person a new passphrase, unlocks the account and ends its sessions; `person.weakPassphrase`. */
export async function setPassphrase(
  tx: Tx,
  person: { personId: string; name: string },
  passphrase: string,
): Promise<void> {
  const { demo } = await tx.selectFrom('hotline').select('demo').executeTakeFirstOrThrow()
  refuseWeak(passphrase, person.name, demo)
  await tx
    .updateTable('person')
    .set({ passphrase_hash: await hashPassphrase(passphrase), failures: 0, locked_until: null })
    .where('person_id', '=', person.personId)
    .execute()
  await closeSessionsOf(tx, person.personId, null)
}

/** Makes a member of staff and returns their id; `person.nameTaken`, `person.weakPassphrase`, `line.notFound`. */
export async function makePerson(
  tx: Tx,
  hotlineId: string,
  given: {
    name: string
    displayName: string
    roles: readonly Role[]
    languages?: readonly string[]
    lineIds: readonly string[]
    passphrase: string
    demo?: boolean
  },
): Promise<string> {
  refuseWeak(given.passphrase, given.name, given.demo ?? false)
  const personId = newId()
  await tx
    .insertInto('person')
    .values({
      person_id: personId,
      hotline_id: hotlineId,
      name: given.name,
      display_name: given.displayName,
      passphrase_hash: await hashPassphrase(given.passphrase),
      roles: [...given.roles],
      languages: [...(given.languages ?? ['zh-CN'])],
    })
    .execute()
  await certify(tx, hotlineId, personId, given.lineIds)
  return personId
}

/** Sets the lines a person may answer; `line.notFound`. */
export async function certify(
  tx: Tx,
  hotlineId: string,
  personId: string,
  lineIds: readonly string[],
): Promise<void> {
  const wanted = [...new Set(lineIds)]
  await tx.deleteFrom('person_line').where('person_id', '=', personId).execute()
  if (wanted.length === 0) return
  const known = await tx.selectFrom('line').select('line_id').where('line_id', 'in', wanted).execute()
  if (known.length < wanted.length) throw new Problem('line.notFound')
  await tx
    .insertInto('person_line')
    .values(wanted.map((lineId) => ({ hotline_id: hotlineId, person_id: personId, line_id: lineId })))
    .execute()
}
