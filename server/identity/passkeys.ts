/* Passkeys as second factors (WebAuthn level 3, by @simplewebauthn): made, challenged, shown. */
import {
  generateAuthenticationOptions,
  generateRegistrationOptions,
  verifyAuthenticationResponse,
  verifyRegistrationResponse,
  type AuthenticationResponseJSON,
  type RegistrationResponseJSON,
} from '@simplewebauthn/server'
import { z } from 'zod'
import type { passkeyAnswer } from '../../api/session.ts'
import { Problem } from '../../domain/problem.ts'
import { challengeMs } from '../../domain/session-limit.ts'
import { inHotline, type Database, type Tx } from '../db/database.ts'
import { newId } from '../db/id.ts'
import type { SessionPerson } from '../http/serve.ts'
import type { Keys } from '../records/keys.ts'
import { keepChallenge, takeChallenge } from './sessions.ts'

/** The page a passkey is used on: its origin, and the host that is the relying party's id. */
export interface Site {
  origin: string
  host: string
}

interface Door {
  db: Database
  keys: Keys
}

const credential = z.strictObject({
  personId: z.uuid(),
  id: z.string(),
  publicKey: z.base64(),
  transports: z.array(z.string()),
  host: z.string(),
})
type Credential = z.infer<typeof credential>
type Answer = z.output<typeof passkeyAnswer>

interface Kept extends Credential {
  factorId: string
  counter: number
}

async function passkeysOf(keys: Keys, tx: Tx, { hotlineId, personId }: SessionPerson): Promise<Kept[]> {
  const rows = await tx
    .selectFrom('factor')
    .select(['factor_id', 'secret_sealed', 'counter'])
    .where('person_id', '=', personId)
    .where('kind', '=', 'passkey')
    .execute()
  return rows
    .map((row) => ({
      factorId: row.factor_id,
      counter: row.counter,
      ...credential.parse(JSON.parse(keys.open(hotlineId, row.secret_sealed))),
    }))
    .filter((kept) => kept.personId === personId)
}

/** What the browser is to make a passkey of; not on a device that holds one already. */
export async function beginPasskey(
  { keys }: Door,
  tx: Tx,
  person: SessionPerson,
  site: Site,
  now: Date,
): Promise<{ challenge: string }> {
  const { name: hotline } = await tx.selectFrom('hotline').select('name').executeTakeFirstOrThrow()
  const known = await passkeysOf(keys, tx, person)
  const options = await generateRegistrationOptions({
    rpName: hotline,
    rpID: site.host,
    userID: new Uint8Array(Buffer.from(person.personId.replaceAll('-', ''), 'hex')),
    userName: person.name,
    userDisplayName: person.displayName,
    attestationType: 'none',
    excludeCredentials: known.map(({ id }) => ({ id })),
    // A second factor beside the passphrase: the name is known already, and a touch is enough.
    authenticatorSelection: { residentKey: 'discouraged', userVerification: 'preferred' },
  })
  await keepChallenge(tx, person.session, options.challenge, now)
  return { ...options }
}

/** The credential the browser made for this session's challenge; `session.wrongCode`. The challenge is used up. */
export async function madePasskey(
  { db }: Door,
  person: SessionPerson,
  answer: Answer,
  site: Site,
  now: Date,
): Promise<{ sealable: string; counter: number }> {
  const expectedChallenge = await takeOwnChallenge(db, person, now)
  const made = await verifyRegistrationResponse({
    response: answer as unknown as RegistrationResponseJSON,
    expectedChallenge,
    expectedOrigin: site.origin,
    expectedRPID: site.host,
    requireUserVerification: false,
  }).catch(() => null)
  if (!made?.verified) throw new Problem('session.wrongCode')
  const { id, publicKey, counter, transports = [] } = made.registrationInfo.credential
  const kept: Credential = {
    personId: person.personId,
    id,
    publicKey: Buffer.from(publicKey).toString('base64'),
    transports,
    host: site.host,
  }
  return { sealable: JSON.stringify(kept), counter }
}

/** Keeps a passkey the browser made. */
export async function keepPasskey(
  { keys }: Door,
  tx: Tx,
  { hotlineId, personId }: SessionPerson,
  made: { sealable: string; counter: number; name: string },
  now: Date,
): Promise<void> {
  await tx
    .insertInto('factor')
    .values({
      factor_id: newId(),
      hotline_id: hotlineId,
      person_id: personId,
      kind: 'passkey',
      name: made.name,
      secret_sealed: keys.seal(hotlineId, made.sealable, 'devices'),
      counter: made.counter,
      created_at: now,
      confirmed_at: now,
    })
    .execute()
}

/** A challenge for the person's passkeys of this host, to be answered once. */
export async function challengePasskey(
  { keys }: Door,
  tx: Tx,
  person: SessionPerson,
  site: Site,
  now: Date,
): Promise<{ challenge: string }> {
  const known = (await passkeysOf(keys, tx, person)).filter(({ host }) => host === site.host)
  if (known.length === 0) throw new Problem('factor.notFound')
  const options = await generateAuthenticationOptions({
    rpID: site.host,
    allowCredentials: known.map(({ id, transports }) => ({ id, transports })),
    userVerification: 'preferred',
  })
  await keepChallenge(tx, person.session, options.challenge, now)
  return { ...options }
}

/** Whether the answer is one of the person's passkeys over this session's challenge, which is used up by the try. */
export async function passkeyShown(
  door: Door,
  person: SessionPerson,
  answer: Answer,
  site: Site,
  now: Date,
): Promise<boolean> {
  const { db, keys } = door
  const expectedChallenge = await takeOwnChallenge(db, person, now)
  const known = await inHotline(db, person.hotlineId, (tx) => passkeysOf(keys, tx, person))
  const kept = known.find(({ id }) => id === answer.id)
  if (!kept) return false
  const shown = await verifyAuthenticationResponse({
    response: answer as unknown as AuthenticationResponseJSON,
    expectedChallenge,
    expectedOrigin: site.origin,
    expectedRPID: kept.host,
    credential: {
      id: kept.id,
      publicKey: new Uint8Array(Buffer.from(kept.publicKey, 'base64')),
      counter: kept.counter,
      transports: kept.transports,
    },
    requireUserVerification: false,
  }).catch(() => null)
  if (!shown?.verified) return false
  const { newCounter } = shown.authenticationInfo
  await inHotline(db, person.hotlineId, (tx) =>
    tx
      .updateTable('factor')
      .set({ counter: newCounter, used_at: now })
      .where('factor_id', '=', kept.factorId)
      .execute(),
  )
  return true
}

async function takeOwnChallenge(db: Database, person: SessionPerson, now: Date): Promise<string> {
  const since = new Date(now.getTime() - challengeMs)
  const challenge = await inHotline(db, person.hotlineId, (tx) => takeChallenge(tx, person.session, since))
  if (challenge === null) throw new Problem('session.wrongCode')
  return challenge
}
