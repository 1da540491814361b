import { sql } from 'kysely'
import type { ConsentState, ConsentWay, Purpose } from '../../domain/consent.ts'
import { type Tx } from '../db/database.ts'
import { newId } from '../db/id.ts'

/** An entry of the record of consent. */
export interface ConsentRow {
  consent_id: string
  purpose: Purpose
  state: ConsentState
  given_by: 'caller' | 'guardian'
  how: ConsentWay
  words: string[]
  at: Date
  person: string | null
}

/** A contact's entries, oldest first. */
export async function findConsents(tx: Tx, contactId: string): Promise<ConsentRow[]> {
  const { rows } = await sql<ConsentRow>`
    select r.consent_id, r.purpose, r.state, r.given_by, r.how, r.words, r.at, p.display_name as person
    from consent_record r left join person p on p.person_id = r.person_id
    where r.contact_id = ${contactId} order by r.at, r.consent_id limit 500`.execute(tx)
  return rows
}

/** An entry as it is made. */
export interface NewConsent {
  hotlineId: string
  contactId: string
  purpose: Purpose
  state: ConsentState
  givenBy: 'caller' | 'guardian'
  how: ConsentWay
  words: readonly string[]
  personId: string | null
  now: Date
}

/** Appends an entry. */
export async function insertConsent(tx: Tx, given: NewConsent): Promise<void> {
  await sql`
    insert into consent_record (consent_id, hotline_id, contact_id, purpose, state, given_by, how, words, at, person_id)
    values (${newId(given.now.getTime())}, ${given.hotlineId}, ${given.contactId}, ${given.purpose}, ${given.state},
      ${given.givenBy}, ${given.how}, ${[...given.words]}::text[], ${given.now}, ${given.personId})`.execute(
    tx,
  )
}

/**
 * The versions of the question for consent that the caller heard last; of what was heard last where the caller answered
 * before it was asked.
 */
export async function findHeardQuestion(tx: Tx, contactId: string): Promise<string[]> {
  const { rows } = await sql<{ versions: string[] | null }>`
    select data -> 'versions' as versions from contact_event
    where contact_id = ${contactId} and kind = 'heard'
    order by data -> 'words' ? 'consent' desc, seq desc limit 1`.execute(tx)
  return rows[0]?.versions ?? []
}

/** Seals the sound of a contact's talk: nobody may hear it any more. A message was left on purpose and stays. */
export async function sealRecordings(tx: Tx, contactId: string, at: Date): Promise<void> {
  await sql`update recording set sealed_at = ${at}
    where contact_id = ${contactId} and kind = 'talk' and sealed_at is null`.execute(tx)
}

/** Writes on the contact what its recording consent is now. */
export async function saveRecordingConsent(
  tx: Tx,
  contactId: string,
  consent: 'refused' | 'withdrawn',
): Promise<void> {
  await sql`update contact set consent = ${consent} where contact_id = ${contactId}`.execute(tx)
}

/** What became of a contact as far as consents ask, its row locked; undefined when it is not there. */
export async function lockConsenting(
  tx: Tx,
  contactId: string,
): Promise<{ live: boolean; disposed: boolean } | undefined> {
  const { rows } = await sql<{ live: boolean; disposed: boolean }>`
    select state in ('greeting', 'waiting', 'offered', 'talking', 'survey') as live, disposed_at is not null as disposed
    from contact where contact_id = ${contactId} for update`.execute(tx)
  return rows[0]
}

/** A caller's code as kept. */
export interface StoredCode {
  contact_id: string
  code_hash: string
  failures: number
  locked_until: Date | null
}

/** Whether the contact's caller was given a code, and when. */
export async function findCode(tx: Tx, contactId: string): Promise<{ made_at: Date } | undefined> {
  const { rows } = await sql<{ made_at: Date }>`
    select made_at from caller_code where contact_id = ${contactId}`.execute(tx)
  return rows[0]
}

/** Keeps a code's hash in the place of an earlier one. */
export async function saveCode(
  tx: Tx,
  given: { hotlineId: string; contactId: string; hash: string; personId: string; now: Date },
): Promise<void> {
  await sql`
    insert into caller_code (contact_id, hotline_id, code_hash, made_by, made_at)
    values (${given.contactId}, ${given.hotlineId}, ${given.hash}, ${given.personId}, ${given.now})
    on conflict (contact_id) do update set code_hash = excluded.code_hash, made_by = excluded.made_by,
      made_at = excluded.made_at, failures = 0, locked_until = null`.execute(tx)
}

/** The number of a contact. */
export async function findNumber(tx: Tx, contactId: string): Promise<number> {
  const { rows } = await sql<{ number: number }>`
    select number from contact where contact_id = ${contactId}`.execute(tx)
  return rows[0]?.number ?? 0
}

/** The code of the contact with this number, locked. */
export async function lockCode(tx: Tx, hotlineId: string, number: number): Promise<StoredCode | undefined> {
  const { rows } = await sql<StoredCode>`
    select k.contact_id, k.code_hash, k.failures, k.locked_until
    from caller_code k join contact c on c.contact_id = k.contact_id
    where c.hotline_id = ${hotlineId} and c.number = ${number} for update of k`.execute(tx)
  return rows[0]
}

/** Counts a wrong try, or begins anew after a right one. */
export async function saveTries(
  tx: Tx,
  contactId: string,
  failures: number,
  lockedUntil: Date | null,
): Promise<void> {
  await sql`update caller_code set failures = ${failures}, locked_until = ${lockedUntil}
    where contact_id = ${contactId}`.execute(tx)
}
