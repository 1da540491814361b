/* Log-in in its two steps, and showing again who one is. */
import { sql } from 'kysely'
import type { Entered, Me, Proof } from '../../api/session.ts'
import { deviceOf } from '../../domain/device.ts'
import { Problem } from '../../domain/problem.ts'
import { stageAfterPassphrase } from '../../domain/session-limit.ts'
import { appendAudit } from '../db/audit.ts'
import { inHotline, outside, type Database, type Tx } from '../db/database.ts'
import { allHotlines } from '../db/hotlines.ts'
import type { SessionPerson } from '../http/serve.ts'
import type { Keys } from '../records/keys.ts'
import { factorKindsOf, factorShown } from './factors.ts'
import { readMe } from './identity.ts'
import {
  addressGate,
  clearAccount,
  clearAt,
  countAccount,
  countAt,
  nameGate,
  waitAt,
  type Gate,
} from './lockout.ts'
import { demoPassphrase, fits } from './passphrase.ts'
import { beginSession, completeSession, freshenSession } from './sessions.ts'

/** What the door works with. */
export interface Door {
  db: Database
  keys: Keys
}

/** Where a request comes from: its address is only ever kept as a keyed hash; origin and host as the browser names them. */
export interface Where {
  address: string
  origin: string
  host: string
}

/** Somebody the given name and passphrase may be meant for; without a person, a hotline that stands for nobody's. */
interface Attempt {
  hotlineId: string
  gates: Gate[]
  waitMs: number
  person: { personId: string; passphraseHash: string; demo: boolean } | null
  /** Whether failures count for the account: not where the same name is another hotline's account as well. */
  counts: boolean
}

/**
 * Begins a log-in: returns the new session's token and what it still needs. `session.wrongName` does not say which of the
 * two was wrong; `session.locked` says how long to wait, growing with every failure of the account or the address.
 */
export async function logIn(
  door: Door,
  given: { name: string; passphrase: string; address: string; agent: string; now: Date; demo: boolean },
): Promise<{ token: string; entered: Entered }> {
  const { passphrase, now } = given
  const attempts = await attemptsFor(door, given)
  const open = attempts.filter((one) => one.waitMs <= 0)
  if (attempts.length > 0 && open.length === 0)
    throw new Problem('session.locked', { retryAfterMs: Math.min(...attempts.map((one) => one.waitMs)) })
  for (const attempt of open) {
    const { person } = attempt
    if (!(await fits(person?.passphraseHash ?? null, passphrase)) || !person) continue
    if (passphrase === demoPassphrase && !(person.demo && given.demo))
      throw new Problem('person.weakPassphrase', { demo: true })
    return enter(door.db, attempt, person, { now, device: deviceOf(given.agent) })
  }
  if (open.length === 0) await fits(null, passphrase)
  for (const attempt of open) await refused(door.db, attempt, now)
  throw new Problem('session.wrongName')
}

async function attemptsFor(
  door: Door,
  given: { name: string; address: string; now: Date },
): Promise<Attempt[]> {
  const { db, keys } = door
  const { name, address, now } = given
  const { rows } = await outside(() =>
    sql<{ hotline_id: string }>`select hotline_id from hotline_of_person_name(${name})`.execute(db.doors),
  )
  const known = rows.map((row) => row.hotline_id)
  const hotlines = known.length > 0 ? known : await standIn(door, name)
  return Promise.all(
    hotlines.map((hotlineId) =>
      inHotline(db, hotlineId, async (tx) => {
        const person = known.length > 0 ? await accountOf(tx, name) : null
        const shared = known.length > 1
        const gates = [addressGate(keys, hotlineId, address)]
        if (shared) gates.push(nameGate(keys, hotlineId, `${name} ${address}`))
        else if (!person) gates.push(nameGate(keys, hotlineId, name))
        const lockedMs = shared ? 0 : (person?.lockedUntil?.getTime() ?? 0) - now.getTime()
        const waitMs = Math.max(lockedMs, await waitAt(tx, gates, now))
        return { hotlineId, gates, waitMs, person, counts: !shared }
      }),
    ),
  )
}

/** A name nobody has is treated as one of some hotline's, always the same one: nothing tells it from a real one. */
async function standIn({ db, keys }: Door, name: string): Promise<string[]> {
  const all = await allHotlines(db)
  const [first] = all
  const chosen =
    first === undefined ? undefined : all[keys.keyedHash(first, 'name', name).readUInt32BE() % all.length]
  return chosen === undefined ? [] : [chosen]
}

async function accountOf(
  tx: Tx,
  name: string,
): Promise<{ personId: string; passphraseHash: string; demo: boolean; lockedUntil: Date | null } | null> {
  const row = await tx
    .selectFrom('person')
    .innerJoin('hotline', 'hotline.hotline_id', 'person.hotline_id')
    .select(['person_id', 'passphrase_hash', 'locked_until', 'demo'])
    .where('person.name', '=', name)
    .where('disabled_at', 'is', null)
    .executeTakeFirst()
  if (!row) return null
  const { person_id: personId, passphrase_hash: passphraseHash, locked_until: lockedUntil, demo } = row
  return { personId, passphraseHash, demo, lockedUntil }
}

async function enter(
  db: Database,
  { hotlineId, gates }: Attempt,
  person: { personId: string; demo: boolean },
  given: { now: Date; device: string },
): Promise<{ token: string; entered: Entered }> {
  const { personId, demo } = person
  return inHotline(db, hotlineId, async (tx) => {
    const factors = await factorKindsOf(tx, personId)
    const stage = stageAfterPassphrase({ factors: factors.length, demo })
    // Failures are forgotten once somebody is in: a passphrase alone must not buy more guesses at the second factor.
    if (stage === 'in') {
      await clearAt(tx, gates)
      await clearAccount(tx, personId)
    }
    const token = await beginSession(tx, { hotlineId, personId }, { ...given, isIn: stage === 'in' })
    if (stage !== 'in') return { token, entered: stage === 'prove' ? { stage, factors } : { stage } }
    const me = await readMe(tx, personId)
    await appendAudit(tx, { at: given.now, actor: personId, action: 'session.opened' })
    return { token, entered: { stage, ...me } }
  })
}

async function refused(db: Database, attempt: Attempt, now: Date): Promise<void> {
  const { hotlineId, gates, person, counts } = attempt
  await inHotline(db, hotlineId, async (tx) => {
    await countAt(tx, hotlineId, gates, now)
    if (person && counts) await countAccount(tx, person.personId, now)
  })
}

/** Completes a log-in with the second factor: the session's new token and who it is. `session.wrongCode`, `session.locked`. */
export async function proveLogIn(
  door: Door,
  person: SessionPerson,
  proof: Proof,
  where: Where,
  now: Date,
): Promise<{ token: string; me: Me }> {
  // Who is in already has nothing to complete.
  if (person.isIn) throw new Problem('session.needed')
  await demandFactor(door, person, proof, where, now)
  return inHotline(door.db, person.hotlineId, (tx) => getIn(door, tx, person, where, { now, by: proof.kind }))
}

/** Completes the session, forgets failures and writes down by what somebody came in. */
export async function getIn(
  { keys }: Door,
  tx: Tx,
  { hotlineId, personId, session }: SessionPerson,
  where: Where,
  given: { now: Date; by: string },
): Promise<{ token: string; me: Me }> {
  await clearAt(tx, [addressGate(keys, hotlineId, where.address)])
  await clearAccount(tx, personId)
  const token = await completeSession(tx, session, given.now)
  const me = await readMe(tx, personId)
  await appendAudit(tx, { at: given.now, actor: personId, action: 'session.opened', data: { by: given.by } })
  return { token, me }
}

/** Shows again who one is: passphrase, and the second factor where there is one. */
export async function refreshSession(
  door: Door,
  person: SessionPerson,
  given: { passphrase: string; proof?: Proof | undefined },
  where: Where,
  now: Date,
): Promise<void> {
  const { hotlineId, personId, session } = person
  await refuseLocked(door.db, person, now)
  const { passphraseHash, factors } = await inHotline(door.db, hotlineId, async (tx) => ({
    passphraseHash: (await accountOf(tx, person.name))?.passphraseHash ?? null,
    factors: await factorKindsOf(tx, personId),
  }))
  if (!(await fits(passphraseHash, given.passphrase))) {
    await countPerson(door, person, where, now)
    throw new Problem('session.wrongName')
  }
  if (factors.length > 0) {
    if (!given.proof) throw new Problem('session.wrongCode')
    await demandFactor(door, person, given.proof, where, now)
  }
  await inHotline(door.db, hotlineId, async (tx) => {
    await clearAccount(tx, personId)
    await freshenSession(tx, session, now)
    await appendAudit(tx, { at: now, actor: personId, action: 'session.proven' })
  })
}

/** Throws `session.wrongCode` unless the second factor is shown; counts the failure of account and address. */
async function demandFactor(
  door: Door,
  person: SessionPerson,
  proof: Proof,
  where: Where,
  now: Date,
): Promise<void> {
  await refuseLocked(door.db, person, now)
  if (await factorShown(door, person, proof, where, now)) return
  await countPerson(door, person, where, now)
  throw new Problem('session.wrongCode')
}

async function refuseLocked(db: Database, person: SessionPerson, now: Date): Promise<void> {
  const account = await inHotline(db, person.hotlineId, (tx) => accountOf(tx, person.name))
  const waitMs = (account?.lockedUntil?.getTime() ?? 0) - now.getTime()
  if (waitMs > 0) throw new Problem('session.locked', { retryAfterMs: waitMs })
}

async function countPerson(
  { db, keys }: Door,
  person: SessionPerson,
  where: Where,
  now: Date,
): Promise<void> {
  const { hotlineId, personId } = person
  await inHotline(db, hotlineId, async (tx) => {
    await countAt(tx, hotlineId, [addressGate(keys, hotlineId, where.address)], now)
    await countAccount(tx, personId, now)
  })
}
