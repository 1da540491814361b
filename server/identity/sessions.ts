/* Sessions in the database: found by the hash of their token, listed, ended. */
import { createHash, randomBytes } from 'node:crypto'
import { sql } from 'kysely'
import type { OwnSession } from '../../api/account.ts'
import { roles as allRoles, type Role } from '../../domain/permission.ts'
import { Problem } from '../../domain/problem.ts'
import { begunMs, idleMs, sessionMs } from '../../domain/session-limit.ts'
import { inHotline, outside, type Database, type Tx } from '../db/database.ts'
import { newId } from '../db/id.ts'
import type { SessionPerson } from '../http/serve.ts'

/** A session's last sign of life is written no more often than this. */
const touchMs = 60_000

const hashOf = (token: string): Buffer => createHash('sha256').update(token).digest()
const bytesOf = (session: string): Buffer => Buffer.from(session, 'hex')

/** Roles as stored, without those this version does not know. */
export const rolesOf = (stored: readonly string[]): Role[] => allRoles.filter((role) => stored.includes(role))

interface Row {
  hotline_id: string
  person_id: string
  name: string
  display_name: string
  roles: string[]
  seen_at: Date
  proved_at: Date | null
  fresh_at: Date | null
}

/**
 * The person of a session's token, looked up with one statement; null when it is unknown, idle too long or ended. A log-in
 * that still waits for its second factor is found only by who asks for `begun`.
 */
export async function findPerson(
  db: Database,
  token: string,
  now: Date,
  begun?: 'begun',
): Promise<SessionPerson | null> {
  const hash = hashOf(token)
  const { rows } = await outside(() =>
    sql<Row>`select * from session_owner(${hash}, ${now}, ${idleMs})`.execute(db.doors),
  )
  const [row] = rows
  if (!row || (row.proved_at === null && begun === undefined)) return null
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
    isIn: row.proved_at !== null,
    freshAt: row.fresh_at,
  }
}

/** Begins a session and returns its token; `isIn` when the passphrase was enough. */
export async function beginSession(
  tx: Tx,
  person: { hotlineId: string; personId: string },
  given: { now: Date; device: string; isIn: boolean },
): Promise<string> {
  const { now, device, isIn } = given
  const token = randomBytes(32).toString('base64url')
  await sql`delete from session where token_hash in
    (select token_hash from session where expires_at < ${now} limit 100 for update skip locked)`.execute(tx)
  await tx
    .insertInto('session')
    .values({
      token_hash: hashOf(token),
      session_id: newId(),
      hotline_id: person.hotlineId,
      person_id: person.personId,
      device,
      created_at: now,
      seen_at: now,
      expires_at: new Date(now.getTime() + (isIn ? sessionMs : begunMs)),
      proved_at: isIn ? now : null,
      fresh_at: isIn ? now : null,
    })
    .execute()
  return token
}

/**
 * Completes a begun session and returns its new token: what was known of it before the second factor opens nothing now.
 * `session.needed` when it was completed or ended meanwhile.
 */
export async function completeSession(tx: Tx, session: string, now: Date): Promise<string> {
  const token = randomBytes(32).toString('base64url')
  const changed = await tx
    .updateTable('session')
    .set({
      token_hash: hashOf(token),
      proved_at: now,
      fresh_at: now,
      seen_at: now,
      expires_at: new Date(now.getTime() + sessionMs),
      challenge: null,
    })
    .where('token_hash', '=', bytesOf(session))
    .where('proved_at', 'is', null)
    .returning('session_id')
    .execute()
  if (changed.length === 0) throw new Problem('session.needed')
  return token
}

/** Notes that passphrase and second factor were shown again. The token stays: live sockets hang on it. */
export async function freshenSession(tx: Tx, session: string, now: Date): Promise<void> {
  await tx.updateTable('session').set({ fresh_at: now }).where('token_hash', '=', bytesOf(session)).execute()
}

/** Keeps a passkey's challenge until it is answered; an earlier one of the session is forgotten. */
export async function keepChallenge(tx: Tx, session: string, challenge: string, now: Date): Promise<void> {
  await tx
    .updateTable('session')
    .set({ challenge, challenge_at: now })
    .where('token_hash', '=', bytesOf(session))
    .execute()
}

/** Takes the session's challenge away and returns it, so that it is answered once; null when there is none young enough. */
export async function takeChallenge(tx: Tx, session: string, since: Date): Promise<string | null> {
  const row = await tx
    .selectFrom('session')
    .select(['challenge', 'challenge_at'])
    .where('token_hash', '=', bytesOf(session))
    .forUpdate()
    .executeTakeFirst()
  await tx
    .updateTable('session')
    .set({ challenge: null })
    .where('token_hash', '=', bytesOf(session))
    .execute()
  return row?.challenge_at && row.challenge_at > since ? row.challenge : null
}

/** The person's open sessions, the latest seen first. */
export async function sessionsOf(tx: Tx, person: SessionPerson, now: Date): Promise<OwnSession[]> {
  const rows = await tx
    .selectFrom('session')
    .select(['session_id', 'device', 'created_at', 'seen_at', 'token_hash'])
    .where('person_id', '=', person.personId)
    .where('proved_at', 'is not', null)
    .where('expires_at', '>', now)
    .where('seen_at', '>', new Date(now.getTime() - idleMs))
    .orderBy('seen_at', 'desc')
    .limit(50)
    .execute()
  return rows.map((row) => ({
    sessionId: row.session_id,
    device: row.device,
    since: row.created_at.toISOString(),
    seenAt: row.seen_at.toISOString(),
    here: row.token_hash.equals(bytesOf(person.session)),
  }))
}

/** Ends one session. */
export async function closeSession(tx: Tx, session: string): Promise<void> {
  await tx.deleteFrom('session').where('token_hash', '=', bytesOf(session)).execute()
}

/** Ends one of the person's sessions by its id and returns its name for live sockets; `session.notFound`. */
export async function closeOwnSession(tx: Tx, personId: string, sessionId: string): Promise<string> {
  const row = await tx
    .deleteFrom('session')
    .where('session_id', '=', sessionId)
    .where('person_id', '=', personId)
    .returning('token_hash')
    .executeTakeFirst()
  if (!row) throw new Problem('session.notFound')
  return row.token_hash.toString('hex')
}

/** Ends all sessions of a person, but for the one named. */
export async function closeSessionsOf(tx: Tx, personId: string, except: string | null): Promise<void> {
  await tx
    .deleteFrom('session')
    .where('person_id', '=', personId)
    .where('token_hash', '!=', bytesOf(except ?? ''))
    .execute()
}
