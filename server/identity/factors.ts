/* Second factors of a person: one-time codes, recovery codes, and what they share with passkeys (G24-7.5c). */
import { randomInt } from 'node:crypto'
import { generateSecret, generateURI, verify } from 'otplib'
import { z } from 'zod'
import type { Factor } from '../../api/account.ts'
import { factorKinds, type Proof } from '../../api/session.ts'
import { Problem } from '../../domain/problem.ts'
import { challengeMs } from '../../domain/session-limit.ts'
import { appendAudit } from '../db/audit.ts'
import { inHotline, type Database, type Tx } from '../db/database.ts'
import { newId } from '../db/id.ts'
import type { SessionPerson } from '../http/serve.ts'
import type { Keys } from '../records/keys.ts'
import { fits, hashPassphrase } from './passphrase.ts'
import { passkeyShown, type Site } from './passkeys.ts'
import { closeSessionsOf } from './sessions.ts'

type Kind = Factor['kind']
interface Door {
  db: Database
  keys: Keys
}

const mostFactors = 10
/** One step of time before and after the present one: RFC 6238 5.2 for clocks that differ. */
const skewSeconds = 30
const issuer = 'Hearthline'

const totpSecret = z.strictObject({ personId: z.uuid(), secret: z.string() })

/** The kinds of the person's confirmed second factors. */
export async function factorKindsOf(tx: Tx, personId: string): Promise<Kind[]> {
  const rows = await tx
    .selectFrom('factor')
    .select('kind')
    .distinct()
    .where('person_id', '=', personId)
    .where('confirmed_at', 'is not', null)
    .execute()
  return factorKinds.filter((kind) => rows.some((row) => row.kind === kind))
}

/** The person's confirmed second factors, the oldest first, and how many recovery codes are left. */
export async function readFactors(
  tx: Tx,
  personId: string,
): Promise<{ factors: Factor[]; recoveryCodesLeft: number }> {
  const rows = await tx
    .selectFrom('factor')
    .select(['factor_id', 'kind', 'name', 'created_at', 'used_at'])
    .where('person_id', '=', personId)
    .where('confirmed_at', 'is not', null)
    .orderBy('created_at')
    .execute()
  const left = await tx
    .selectFrom('recovery_code')
    .select('code_id')
    .where('person_id', '=', personId)
    .where('used_at', 'is', null)
    .execute()
  const factors = rows.map((row) => ({
    factorId: row.factor_id,
    kind: row.kind === 'passkey' ? ('passkey' as const) : ('totp' as const),
    name: row.name,
    createdAt: row.created_at.toISOString(),
    usedAt: row.used_at?.toISOString() ?? null,
  }))
  return { factors, recoveryCodesLeft: left.length }
}

/**
 * Locks the person and throws unless they may add a factor: `permission.denied` for a log-in that has one to show (the
 * passphrase alone must not add another), `factor.tooMany`. Returns whether it is their first.
 */
export async function lockForFactor(tx: Tx, person: SessionPerson): Promise<boolean> {
  const { personId } = person
  await tx.selectFrom('person').select('person_id').where('person_id', '=', personId).forUpdate().execute()
  const { factors } = await readFactors(tx, personId)
  if (!person.isIn && factors.length > 0) throw new Problem('permission.denied')
  if (factors.length >= mostFactors) throw new Problem('factor.tooMany', { most: mostFactors })
  return factors.length === 0
}

/** Begins one-time codes: a secret for the app, kept sealed until its first code confirms it. */
export async function beginTotp(
  { keys }: Door,
  tx: Tx,
  person: SessionPerson,
  now: Date,
): Promise<{ secret: string; uri: string }> {
  const { hotlineId, personId, name } = person
  await lockForFactor(tx, person)
  const secret = generateSecret()
  await tx.deleteFrom('factor').where('person_id', '=', personId).where('confirmed_at', 'is', null).execute()
  await tx
    .insertInto('factor')
    .values({
      factor_id: newId(),
      hotline_id: hotlineId,
      person_id: personId,
      kind: 'totp',
      secret_sealed: keys.seal(hotlineId, JSON.stringify({ personId, secret }), 'devices'),
      created_at: now,
    })
    .execute()
  return { secret, uri: generateURI({ issuer, label: name, secret }) }
}

/** Confirms one-time codes by the app's first code; `session.wrongCode`. Returns whether it is the person's first factor. */
export async function confirmTotp(
  { keys }: Door,
  tx: Tx,
  person: SessionPerson,
  given: { code: string; name: string },
  now: Date,
): Promise<boolean> {
  const { hotlineId, personId } = person
  const isFirst = await lockForFactor(tx, person)
  const row = await tx
    .selectFrom('factor')
    .select(['factor_id', 'secret_sealed'])
    .where('person_id', '=', personId)
    .where('kind', '=', 'totp')
    .where('confirmed_at', 'is', null)
    .where('created_at', '>', new Date(now.getTime() - challengeMs))
    .executeTakeFirst()
  const step = row
    ? await stepOf(openedSecret(keys, hotlineId, personId, row.secret_sealed), given.code, now)
    : null
  if (!row || step === null) throw new Problem('session.wrongCode')
  await tx
    .updateTable('factor')
    .set({ confirmed_at: now, used_at: now, name: given.name, counter: step })
    .where('factor_id', '=', row.factor_id)
    .execute()
  return isFirst
}

/** A sealed secret is bound to its person as well: copied to another's row it opens nothing. */
function openedSecret(keys: Keys, hotlineId: string, personId: string, sealed: Buffer): string {
  const opened = totpSecret.parse(JSON.parse(keys.open(hotlineId, sealed)))
  if (opened.personId !== personId) throw new Error('a second factor lies with another person')
  return opened.secret
}

/** The time step (RFC 6238 4.2) whose code was given, within one step of now; null when it is no such code. */
async function stepOf(secret: string, code: string, now: Date): Promise<number | null> {
  const epoch = Math.floor(now.getTime() / 1000)
  const result = await verify({ secret, token: code, epoch, epochTolerance: skewSeconds })
  return result.valid && 'timeStep' in result ? result.timeStep : null
}

/** Whether the proof is one of the person's second factors; a code, a recovery code and a challenge are used up by it. */
export async function factorShown(
  door: Door,
  person: SessionPerson,
  proof: Proof,
  site: Site,
  now: Date,
): Promise<boolean> {
  if (proof.kind === 'passkey') return passkeyShown(door, person, proof.answer, site, now)
  if (proof.kind === 'recovery') return recoveryShown(door.db, person, proof.code, now)
  return codeShown(door, person, proof.code, now)
}

async function codeShown(
  { db, keys }: Door,
  person: SessionPerson,
  code: string,
  now: Date,
): Promise<boolean> {
  const { hotlineId, personId } = person
  return inHotline(db, hotlineId, async (tx) => {
    const rows = await tx
      .selectFrom('factor')
      .select(['factor_id', 'secret_sealed'])
      .where('person_id', '=', personId)
      .where('kind', '=', 'totp')
      .where('confirmed_at', 'is not', null)
      .execute()
    for (const row of rows) {
      const step = await stepOf(openedSecret(keys, hotlineId, personId, row.secret_sealed), code, now)
      if (step !== null && (await moveCounter(tx, row.factor_id, step, now))) return true
    }
    return false
  })
}

/** Takes a time step once (RFC 6238 5.2): false when this one or a later one was taken already, also by another server. */
async function moveCounter(tx: Tx, factorId: string, step: number, now: Date): Promise<boolean> {
  const moved = await tx
    .updateTable('factor')
    .set({ counter: step, used_at: now })
    .where('factor_id', '=', factorId)
    .where('counter', '<', step)
    .returning('factor_id')
    .execute()
  return moved.length === 1
}

async function recoveryShown(
  db: Database,
  person: SessionPerson,
  given: string,
  now: Date,
): Promise<boolean> {
  const { hotlineId, personId } = person
  const code = bareCode(given)
  const rows = await inHotline(db, hotlineId, (tx) =>
    tx
      .selectFrom('recovery_code')
      .select(['code_id', 'code_hash'])
      .where('person_id', '=', personId)
      .where('used_at', 'is', null)
      .execute(),
  )
  for (const { code_id: codeId, code_hash: codeHash } of rows) {
    if (!(await fits(codeHash, code))) continue
    const used = await inHotline(db, hotlineId, (tx) =>
      tx
        .updateTable('recovery_code')
        .set({ used_at: now })
        .where('code_id', '=', codeId)
        .where('used_at', 'is', null)
        .returning('code_id')
        .execute(),
    )
    return used.length === 1
  }
  return false
}

const codeSigns = 'abcdefghjkmnpqrstuvwxyz23456789'
const bareCode = (code: string): string => code.toLowerCase().replace(/[^a-z0-9]/g, '')

/** Ten recovery codes of about 50 bits and their hashes; made before the transaction, as hashing takes its time. */
export async function makeRecoveryCodes(): Promise<{ code: string; hash: string }[]> {
  const codes = Array.from({ length: 10 }, () =>
    Array.from({ length: 10 }, () => codeSigns[randomInt(codeSigns.length)] ?? '').join(''),
  )
  const hashes = await Promise.all(codes.map(hashPassphrase))
  return codes.map((code, at) => ({ code: `${code.slice(0, 5)}-${code.slice(5)}`, hash: hashes[at] ?? '' }))
}

/** Keeps new recovery codes instead of the old ones; returns them as they are shown, this once. */
export async function keepRecoveryCodes(
  tx: Tx,
  { hotlineId, personId }: SessionPerson,
  made: readonly { code: string; hash: string }[],
): Promise<string[]> {
  await tx.deleteFrom('recovery_code').where('person_id', '=', personId).execute()
  const rows = made.map(({ hash }) => ({
    code_id: newId(),
    hotline_id: hotlineId,
    person_id: personId,
    code_hash: hash,
  }))
  await tx.insertInto('recovery_code').values(rows).execute()
  return made.map(({ code }) => code)
}

/** Removes an own factor; `factor.notFound`, and `factor.last` while one is required. */
export async function removeFactor(
  tx: Tx,
  personId: string,
  factorId: string,
  required: boolean,
): Promise<void> {
  await tx.selectFrom('person').select('person_id').where('person_id', '=', personId).forUpdate().execute()
  const { factors } = await readFactors(tx, personId)
  if (!factors.some((factor) => factor.factorId === factorId)) throw new Problem('factor.notFound')
  if (required && factors.length === 1) throw new Problem('factor.last')
  await tx.deleteFrom('factor').where('factor_id', '=', factorId).execute()
}

/** Takes a person's second factors and recovery codes away and ends their sessions: they set up anew at the next log-in. */
export async function resetFactorsOf(
  tx: Tx,
  personId: string,
  by: { actor: string | null; now: Date; data?: object },
): Promise<void> {
  await closeSessionsOf(tx, personId, null)
  await tx.deleteFrom('factor').where('person_id', '=', personId).execute()
  await tx.deleteFrom('recovery_code').where('person_id', '=', personId).execute()
  const entry = { action: 'factor.reset', subject: personId, data: by.data ?? {} }
  await appendAudit(tx, { at: by.now, actor: by.actor, ...entry })
}
