/* The front of keeping: how long each contact is kept (G24-6.2.2b), what was decided about it, and what callers agreed to. */
import type { z } from 'zod'
import type { decideKeeping, KeptContact, readKept } from '../../api/retention.ts'
import { recordingEntry, sentenceOf, type Consent } from '../../domain/consent.ts'
import { Problem } from '../../domain/problem.ts'
import { keepingAfter } from '../../domain/retention.ts'
import { dayOf } from '../../domain/zone.ts'
import { appendEvent } from '../db/contact-event.ts'
import { openCustody } from '../db/custody.ts'
import type { Tx } from '../db/database.ts'
import { newId } from '../db/id.ts'
import type { Words } from '../records/keys.ts'
import { declineFollowUps } from '../tasks/tasks.ts'
import { findHeardQuestion, insertConsent, sealRecordings } from './consent-queries.ts'
import { readConsentsOf } from './consents.ts'
import { keepingOf, shownKept } from './keeping.ts'
import {
  findDecisions,
  findKept,
  findOneKept,
  findZone,
  goesByEnd,
  insertDecision,
  type KeptQuery,
} from './queries.ts'

/** One page of contacts by how they are kept. */
export async function listKeptContacts(
  tx: Tx,
  query: KeptQuery,
  now: Date,
): Promise<{ rows: KeptContact[]; next: string | null }> {
  await openCustody(tx)
  const zone = await findZone(tx)
  const found = await findKept(tx, query, { zone, today: dayOf(now.getTime(), zone) })
  const kept = found.slice(0, query.limit)
  const rows = kept.map((row) => shownKept(row, { zone, now: now.getTime() }))
  const last = found.length > query.limit ? rows.at(-1) : undefined
  const keyOf = (row: KeptContact): string => (goesByEnd(query.only) ? row.contactId : String(row.number))
  return { rows, next: last ? keyOf(last) : null }
}

/** One contact with what was decided about it and agreed to; `contact.notFound`. */
export async function readKeptContact(
  tx: Tx,
  contactId: string,
  now: Date,
  sealed: Words,
): Promise<z.input<(typeof readKept)['reply']>> {
  await openCustody(tx)
  const row = await findOneKept(tx, contactId, 'read')
  if (!row) throw new Problem('contact.notFound')
  const decisions = await findDecisions(tx, contactId)
  return {
    ...shownKept(row, { zone: await findZone(tx), now: now.getTime() }),
    decisions: decisions.map((decision) => ({
      decisionId: decision.decision_id,
      kind: decision.kind,
      reason: sealed.open(decision.reason),
      decidedBy: decision.decided_by,
      at: decision.at.toISOString(),
    })),
    consents: await readConsentsOf(tx, contactId),
  }
}

/**
 * Writes a decision down, which the database then applies; a restricted contact is used for nothing, so its follow-ups end.
 * `contact.notFound`, `call.wrongState` while it is open, `retention.unchanged`.
 */
export async function decide(
  tx: Tx,
  given: { hotlineId: string; contactId: string; personId: string; now: Date },
  body: z.output<(typeof decideKeeping)['body']>,
  sealed: Words,
): Promise<KeptContact> {
  const { contactId, personId, now } = given
  await openCustody(tx)
  const row = await findOneKept(tx, contactId, 'lock')
  if (!row) throw new Problem('contact.notFound')
  if (!row.is_over && body.kind === 'restrict') throw new Problem('call.wrongState')
  if (!keepingAfter(keepingOf(row), body.kind)) throw new Problem('retention.unchanged')
  await insertDecision(tx, {
    ...given,
    kind: body.kind,
    reason: sealed.seal(body.reason),
    decisionId: newId(now.getTime()),
  })
  await appendEvent(tx, contactId, now, 'retention.decided', personId, { decision: body.kind })
  if (body.kind === 'restrict') await declineFollowUps(tx, contactId, now)
  const after = await findOneKept(tx, contactId, 'read')
  return shownKept(after ?? row, { zone: await findZone(tx), now: now.getTime() })
}

/** A change of the consent to be recorded within a call, and who made it. */
export interface CallConsent {
  hotlineId: string
  contactId: string
  before: Consent | null
  after: Consent | null
  by: 'caller' | 'counsellor' | 'nobody'
  /** The counsellor's person, where the counsellor entered it. */
  actor: string | null
  now: Date
}

/**
 * Writes what a call heard about recording into the record, with the versions of the words the caller heard. A withdrawal
 * seals what was stored: the recording itself has stopped by then.
 */
export async function recordCallConsent(tx: Tx, given: CallConsent): Promise<void> {
  if (given.after === given.before) return
  const entry = recordingEntry(given.after, given.by)
  if (!entry) return
  const { hotlineId, contactId, now } = given
  const words = entry.how === 'spoken' ? [sentenceOf('recording')] : await findHeardQuestion(tx, contactId)
  const personId = entry.how === 'spoken' ? given.actor : null
  const whose = { hotlineId, contactId, personId, now, givenBy: 'caller' as const }
  await insertConsent(tx, { ...whose, ...entry, purpose: 'recording', words })
  if (entry.state === 'withdrawn') await sealRecordings(tx, contactId, now)
}
