/* Consent as a record of its own (G24-7.5a): what a caller said to which question, and what follows when it is taken back. */
import type { z } from 'zod'
import type { consentEntry, readConsents } from '../../api/retention.ts'
import {
  purposes,
  sentenceOf,
  standingConsent,
  whenDeclined,
  type ConsentWay,
  type Purpose,
} from '../../domain/consent.ts'
import { Problem } from '../../domain/problem.ts'
import { appendEvent } from '../db/contact-event.ts'
import type { Tx } from '../db/database.ts'
import { declineFollowUps } from '../tasks/tasks.ts'
import {
  findCode,
  findConsents,
  insertConsent,
  lockConsenting,
  saveRecordingConsent,
  sealRecordings,
  type ConsentRow,
} from './consent-queries.ts'

const shown = (row: ConsentRow): z.input<typeof consentEntry> => ({
  consentId: row.consent_id,
  purpose: row.purpose,
  state: row.state,
  givenBy: row.given_by,
  how: row.how,
  words: row.words,
  at: row.at.toISOString(),
  person: row.person,
})

/** What stands for each purpose of a contact. */
export const standingOf = (rows: readonly ConsentRow[]) =>
  purposes.map((purpose) => ({ purpose, state: standingConsent(rows, purpose) }))

/** The record of a contact, oldest first, what stands of it, and whether its caller has a code. */
export async function readConsentsOf(
  tx: Tx,
  contactId: string,
): Promise<z.input<(typeof readConsents)['reply']>> {
  const rows = await findConsents(tx, contactId)
  const code = await findCode(tx, contactId)
  return {
    standing: standingOf(rows),
    entries: rows.map(shown),
    codeMadeAt: code?.made_at.toISOString() ?? null,
  }
}

/** What somebody says about a purpose, and how it reached us. */
export interface Saying {
  hotlineId: string
  contactId: string
  purpose: Purpose
  yes: boolean
  givenBy: 'caller' | 'guardian'
  how: Exclude<ConsentWay, 'key' | 'silence'>
  /** Who wrote it down; null for the caller by their own code. */
  personId: string | null
  now: Date
}

/**
 * Writes down a yes or a no. A no to recording seals the sound of the talk, a no to follow-ups ends those that are planned.
 * `call.wrongState` about recording while the call is up: there the desk's own command stops it at once;
 * `consent.tooLate` for a yes to recording after the call.
 */
export async function recordConsent(tx: Tx, given: Saying): Promise<void> {
  const { contactId, purpose, yes, now, personId, how } = given
  const contact = await lockConsenting(tx, contactId)
  if (!contact || contact.disposed) throw new Problem('contact.notFound')
  if (purpose === 'recording' && contact.live) throw new Problem('call.wrongState')
  if (purpose === 'recording' && yes) throw new Problem('consent.tooLate')
  const standing = standingConsent(await findConsents(tx, contactId), purpose)
  const state = yes ? 'given' : whenDeclined(standing)
  await insertConsent(tx, { ...given, state, words: how === 'spoken' ? [sentenceOf(purpose)] : [] })
  await appendEvent(tx, contactId, now, 'consent.recorded', personId, { purpose, state, how })
  if (yes) return
  if (purpose === 'recording') {
    await sealRecordings(tx, contactId, now)
    if (state === 'withdrawn') await saveRecordingConsent(tx, contactId, state)
  }
  if (purpose === 'follow-up') await declineFollowUps(tx, contactId, now)
}
