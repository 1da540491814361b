/* The caller's code: given in the call, and good for taking consent back later without saying who one is. */
import { randomInt } from 'node:crypto'
import { hash, verify } from '@node-rs/argon2'
import type { z } from 'zod'
import type { openByCode } from '../../api/retention.ts'
import type { Purpose } from '../../domain/consent.ts'
import { Problem } from '../../domain/problem.ts'
import { openCustody } from '../db/custody.ts'
import { inHotline, type Database, type Tx } from '../db/database.ts'
import { allHotlines } from '../db/hotlines.ts'
import { findConsents, findNumber, lockCode, saveCode, saveTries } from './consent-queries.ts'
import { recordConsent, standingOf } from './consents.ts'

const mostFailures = 5
const lockedForMs = 3_600_000
/** argon2id with 19 MiB and two rounds (OWASP's password storage sheet): eight digits alone are soon tried through. */
const cost = { memoryCost: 19_456, timeCost: 2, parallelism: 1 }

/** Makes a contact's code, in the place of an earlier one: its number and eight digits that can be said on a telephone. */
export async function makeCode(
  tx: Tx,
  given: { hotlineId: string; contactId: string; personId: string; now: Date },
): Promise<string> {
  const secret = String(randomInt(100_000_000)).padStart(8, '0')
  await saveCode(tx, { ...given, hash: await hash(secret, cost) })
  const number = await findNumber(tx, given.contactId)
  return `${number}-${secret.slice(0, 4)}-${secret.slice(4)}`
}

/** A code as typed: the contact's number and the eight digits, whatever stands between; null when it is none. */
function partsOf(code: string): { number: number; secret: string } | null {
  const digits = code.replace(/\D/g, '')
  const number = Number(digits.slice(0, -8))
  return digits.length > 8 && Number.isSafeInteger(number) ? { number, secret: digits.slice(-8) } : null
}

/** What a code opened: whose record, and what stands in it. */
export interface Opened {
  hotlineId: string
  contactId: string
  page: z.input<(typeof openByCode)['reply']>
}

/**
 * Opens a contact's consents by its caller's code and, when a purpose is named, takes that one back. `code.invalid`;
 * `code.locked` after five wrong tries, for an hour.
 */
export async function useCode(
  db: Database,
  code: string,
  withdraw: Purpose | null,
  now: Date,
): Promise<Opened> {
  const parts = partsOf(code)
  if (!parts) throw new Problem('code.invalid')
  let locked = false
  for (const hotlineId of await allHotlines(db)) {
    const found = await inHotline(db, hotlineId, (tx) => tryCode(tx, { hotlineId, ...parts, withdraw, now }))
    if (found === 'locked') locked = true
    else if (found) return found
  }
  throw new Problem(locked ? 'code.locked' : 'code.invalid')
}

/** One hotline's answer. It does not throw, so that a wrong try is counted. */
async function tryCode(
  tx: Tx,
  given: { hotlineId: string; number: number; secret: string; withdraw: Purpose | null; now: Date },
): Promise<Opened | 'locked' | null> {
  const { hotlineId, withdraw, now } = given
  await openCustody(tx)
  const stored = await lockCode(tx, hotlineId, given.number)
  if (stored?.locked_until && stored.locked_until > now) return 'locked'
  if (!stored) return null
  const right = await verify(stored.code_hash, given.secret)
  const { contact_id: contactId } = stored
  const failures = right ? 0 : stored.failures + 1
  const until = failures >= mostFailures ? new Date(now.getTime() + lockedForMs) : null
  await saveTries(tx, contactId, until ? 0 : failures, until)
  if (!right) return null
  if (withdraw) {
    const how = { how: 'code' as const, givenBy: 'caller' as const, personId: null }
    await recordConsent(tx, { hotlineId, contactId, purpose: withdraw, yes: false, ...how, now })
  }
  return { hotlineId, contactId, page: { standing: standingOf(await findConsents(tx, contactId)) } }
}
