import { sql, type RawBuilder } from 'kysely'
import type { z } from 'zod'
import type { Disclosure, listDisclosures } from '../../api/disclosure.ts'
import type { Consent } from '../../domain/consent.ts'
import type {
  DisclosureBasis,
  DisclosureFact,
  DisclosurePurpose,
  DisclosureState,
} from '../../domain/disclosure.ts'
import { jsonb, type Tx } from '../db/database.ts'
import { hasWords, searchIndex, type WordSealing } from '../records/word-search.ts'

const within = (text: string): string => `%${text.replace(/[%_\\]/g, '\\$&')}%`

/** A disclosure as stored, its words and its document sealed. */
export interface StoredDisclosure {
  disclosure_id: string
  number: number
  receiver: string
  recipient: string
  purpose: DisclosurePurpose
  basis: DisclosureBasis
  document: string
  facts: DisclosureFact[]
  questions: string[]
  sound: boolean
  words: string
  state: DisclosureState
  asked_by: string
  asked_by_name: string
  decided_by_name: string | null
  asked_at: Date
  last_at: Date
  contacts: number
  entry_count: number
  entry_hash: Buffer
}

/** The first and the last entry are always there. */
const from = sql`select d.disclosure_id, d.number, r.name as receiver, d.recipient, d.purpose, d.basis, d.document, d.facts,
    d.questions, d.sound, d.words, d.state, d.asked_by, a.display_name as asked_by_name, b.display_name as decided_by_name,
    d.asked_at, l.at as last_at, d.entry_count, d.entry_hash,
    (select count(*) from disclosure_contact c where c.disclosure_id = d.disclosure_id) as contacts
  from disclosure d join receiver r on r.receiver_id = d.receiver_id
  join disclosure_entry l on l.disclosure_id = d.disclosure_id and l.seq = d.entry_count
  join person a on a.person_id = d.asked_by left join person b on b.person_id = d.decided_by`

/** One page of the register by number, and one row more. */
export async function findDisclosures(
  tx: Tx,
  hotlineId: string,
  query: z.output<(typeof listDisclosures)['query']>,
  sealing: WordSealing,
): Promise<StoredDisclosure[]> {
  const wanted: RawBuilder<unknown>[] = [sql`d.hotline_id = ${hotlineId}`]
  if (query.state) wanted.push(sql`d.state = ${query.state}`)
  if (query.purpose) wanted.push(sql`d.purpose = ${query.purpose}`)
  if (query.text) {
    const like = within(query.text)
    wanted.push(sql`(r.name ilike ${like} or ${hasWords('d.search', query.text, sealing)}
      or a.display_name ilike ${like} or d.number::text = ${query.text}
      or exists (select from disclosure_contact c join contact o on o.contact_id = c.contact_id
        where c.disclosure_id = d.disclosure_id and o.number::text = ${query.text}))`)
  }
  const key = Number.parseInt(query.after ?? '', 10)
  const newest = query.sort === 'newest'
  if (Number.isSafeInteger(key)) wanted.push(newest ? sql`d.number < ${key}` : sql`d.number > ${key}`)
  const { rows } = await sql<StoredDisclosure>`${from} where ${sql.join(wanted, sql` and `)}
    order by d.number ${newest ? sql`desc` : sql`asc`} limit ${query.limit + 1}`.execute(tx)
  return rows
}

/** One disclosure, or undefined. */
export async function findDisclosure(tx: Tx, disclosureId: string): Promise<StoredDisclosure | undefined> {
  const { rows } = await sql<StoredDisclosure>`${from} where d.disclosure_id = ${disclosureId}`.execute(tx)
  return rows[0]
}

/** One disclosure kept to ourselves until the transaction ends (the product's role may not lock what it may not change). */
export async function lockDisclosure(tx: Tx, disclosureId: string): Promise<StoredDisclosure | undefined> {
  await sql`select pg_advisory_xact_lock(hashtextextended(${`disclosure ${disclosureId}`}, 0))`.execute(tx)
  return findDisclosure(tx, disclosureId)
}

/** What a request is stored with. */
export interface NewDisclosure {
  disclosureId: string
  receiverId: string
  recipient: string
  purpose: DisclosurePurpose
  basis: DisclosureBasis
  document: string
  facts: readonly DisclosureFact[]
  questions: readonly string[]
  sound: boolean
  words: string
  contactIds: readonly string[]
  personId: string
  at: Date
}

/** Inserts a request with the hotline's next number; its log is still empty. */
export async function insertDisclosure(
  tx: Tx,
  hotlineId: string,
  given: NewDisclosure,
  sealing: WordSealing,
): Promise<void> {
  const { words } = sealing
  // Two at once would take the same number: one waits for the other.
  await sql`select pg_advisory_xact_lock(hashtextextended(${`disclosure ${hotlineId}`}, 0))`.execute(tx)
  await sql`insert into disclosure (disclosure_id, hotline_id, number, receiver_id, recipient, purpose, basis, document,
      facts, questions, sound, words, asked_by, asked_at, search)
    values (${given.disclosureId}, ${hotlineId},
      (select coalesce(max(number), 0) + 1 from disclosure where hotline_id = ${hotlineId}),
      ${given.receiverId}, ${given.recipient}, ${given.purpose}, ${given.basis}, ${words.seal(given.document)},
      ${given.facts}::text[], ${given.questions}::text[], ${given.sound}, ${words.seal(given.words)}, ${given.personId}, ${given.at},
      ${searchIndex([given.words, given.document], sealing)})`.execute(tx)
  await sql`insert into disclosure_contact (disclosure_id, contact_id, hotline_id)
    select ${given.disclosureId}, unnest(${given.contactIds}::uuid[]), ${hotlineId}`.execute(tx)
}

/** What kinds of entries a log has. */
export type EntryKind = Disclosure['log'][number]['kind']

/** Adds an entry to a disclosure's log and moves its state on; the database refuses what the table of moves does not have. */
export async function appendEntry(
  tx: Tx,
  disclosureId: string,
  entry: { at: Date; personId: string; kind: EntryKind; data: object },
): Promise<void> {
  await sql`select append_disclosure(${disclosureId}, ${entry.at}, ${entry.personId}, ${entry.kind}, ${jsonb(entry.data)})`.execute(
    tx,
  )
}

/** An entry of a log, with what its hash was made of; its words are kept beside it. */
export interface StoredEntry {
  seq: number
  at: Date
  kind: EntryKind
  person: string
  data: { kept?: string; sha256?: string; bytes?: number; entries?: number; receipt?: string }
  text: string
  hash: Buffer
}

/** A disclosure's whole log, the first first. */
export async function findEntries(tx: Tx, disclosureId: string): Promise<StoredEntry[]> {
  const { rows } = await sql<StoredEntry>`
    select e.seq, e.at, e.kind, p.display_name as person, e.data, e.hash,
      concat_ws('|', e.disclosure_id, e.seq, extract(epoch from e.at), e.kind, e.person_id::text, e.data::text) as text
    from disclosure_entry e join person p on p.person_id = e.person_id
    where e.disclosure_id = ${disclosureId} order by e.seq`.execute(tx)
  return rows
}

/** A contact as far as its disclosure is judged by it, and where it lies. */
export interface DisclosedRow {
  contact_id: string
  number: number
  line_id: string
  hotline_id: string
  base_version_id: string | null
  overlay_version_id: string | null
  started_at: Date
  answered_at: Date | null
  ended_at: Date | null
  channel: string
  outcome: string | null
  class: string | null
  risk: string | null
  line_name: string
  counsellor: string | null
  caller_number_sealed: Buffer | null
  recording: Consent | null
  consent: 'given' | 'refused' | 'withdrawn' | null
  recordings: { recording_id: string; started_at: string }[]
}

/**
 * Contacts by number. `consent` is the latest word of the caller on any of the purposes; `recording` the consent to
 * recording as it stands; `recordings` what of the talk may be heard. A restricted contact is not there for anybody.
 */
export async function findContacts(
  tx: Tx,
  hotlineId: string,
  numbers: readonly number[],
  purposes: readonly string[],
): Promise<DisclosedRow[]> {
  const { rows } = await sql<DisclosedRow>`
    select c.contact_id, c.number, c.line_id, c.hotline_id, c.base_version_id, c.overlay_version_id, c.started_at,
      c.answered_at, c.ended_at, c.channel, c.outcome, c.class, c.risk, l.name as line_name, p.display_name as counsellor,
      c.caller_number_sealed, k.state as consent,
      case when c.consent = 'given' and w.state is distinct from 'given' and w.state is not null then 'withdrawn'
        else c.consent end as recording,
      coalesce((select jsonb_agg(jsonb_build_object('recording_id', s.recording_id, 'started_at', s.started_at)
          order by s.started_at, s.recording_id) from recording s
        where s.contact_id = c.contact_id and s.kind = 'talk' and s.state in ('kept', 'truncated') and s.sealed_at is null),
        '[]') as recordings
    from contact c join line l on l.line_id = c.line_id left join person p on p.person_id = c.person_id
    left join lateral (select r.state from consent_record r where r.contact_id = c.contact_id
      and r.purpose = any(${purposes}::text[]) order by r.consent_id desc limit 1) k on true
    left join lateral (select r.state from consent_record r where r.contact_id = c.contact_id
      and r.purpose = 'recording' order by r.consent_id desc limit 1) w on true
    where c.hotline_id = ${hotlineId} and c.number = any(${numbers}::bigint[]) order by c.number`.execute(tx)
  return rows
}

/** The numbers of the contacts of a disclosure; a restricted one is not among them. */
export async function findNumbers(tx: Tx, disclosureId: string): Promise<number[]> {
  const { rows } = await sql<{ number: number }>`
    select c.number from disclosure_contact d join contact c on c.contact_id = d.contact_id
    where d.disclosure_id = ${disclosureId} order by c.number`.execute(tx)
  return rows.map((row) => row.number)
}

/** Tells the contact's own chain that something of it left. */
export async function noteOnContact(
  tx: Tx,
  contactId: string,
  at: Date,
  personId: string,
  disclosure: { disclosureId: string; number: number },
): Promise<void> {
  await sql`select append_contact_event(${contactId}, ${at}, 'disclosed', ${personId}, ${jsonb(disclosure)})`.execute(
    tx,
  )
}

/** A receiver as stored. */
export interface StoredReceiver {
  receiver_id: string
  name: string
  recipient: string
  checked: string
  added_by: string
  added_at: Date
}

const receiverFrom = sql`select t.receiver_id, t.name, t.recipient, t.checked, p.display_name as added_by, t.added_at
  from receiver t join person p on p.person_id = t.added_by`

/** One page of receivers by name and one row more. */
export async function findReceivers(
  tx: Tx,
  query: { after?: string | undefined; limit: number; text?: string | undefined },
): Promise<StoredReceiver[]> {
  const wanted: RawBuilder<unknown>[] = [sql`t.removed_at is null`]
  if (query.text) wanted.push(sql`(t.name ilike ${within(query.text)} or t.recipient = ${query.text})`)
  if (query.after && /^[0-9a-f-]{36}$/.test(query.after))
    wanted.push(
      sql`(t.name, t.receiver_id) > (select x.name, x.receiver_id from receiver x where x.receiver_id = ${query.after}::uuid)`,
    )
  const { rows } = await sql<StoredReceiver>`${receiverFrom} where ${sql.join(wanted, sql` and `)}
    order by t.name, t.receiver_id limit ${query.limit + 1}`.execute(tx)
  return rows
}

/** One receiver that was not taken away, or undefined. */
export async function findReceiver(tx: Tx, receiverId: string): Promise<StoredReceiver | undefined> {
  const { rows } = await sql<StoredReceiver>`
    ${receiverFrom} where t.receiver_id = ${receiverId} and t.removed_at is null`.execute(tx)
  return rows[0]
}

/** Adds a receiver. */
export async function insertReceiver(
  tx: Tx,
  hotlineId: string,
  given: { receiverId: string; name: string; recipient: string; checked: string; personId: string; at: Date },
): Promise<void> {
  await sql`insert into receiver (receiver_id, hotline_id, name, recipient, checked, added_by, added_at)
    values (${given.receiverId}, ${hotlineId}, ${given.name}, ${given.recipient}, ${given.checked}, ${given.personId},
      ${given.at})`.execute(tx)
}

/** Takes a receiver away; false when there is none of the id. */
export async function markReceiverRemoved(tx: Tx, receiverId: string, at: Date): Promise<boolean> {
  const { rows } = await sql`
    update receiver set removed_at = coalesce(removed_at, ${at}) where receiver_id = ${receiverId} returning 1`.execute(
    tx,
  )
  return rows.length > 0
}
