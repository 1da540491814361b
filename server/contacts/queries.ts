import { sql, type RawBuilder } from 'kysely'
import type { z } from 'zod'
import type { enterContact, listContacts } from '../../api/contacts.ts'
import type { ContactClass } from '../../domain/form.ts'
import type { QuestionnaireResponse } from '../../domain/questionnaire.ts'
import type { Stage } from '../../domain/stage.ts'
import { jsonb, type Tx } from '../db/database.ts'
import { reachOf, type Asker } from '../db/reach.ts'
import { tsqueryOf } from '../records/word-search.ts'

/** The filters of the list, parsed. */
export type ListQuery = z.output<(typeof listContacts)['query']>

/** A row of the list as stored; the number is still sealed, and null for whom it is not meant. */
export interface StoredRow {
  contact_id: string
  number: number
  line_name: string
  channel: 'phone' | 'web-call' | 'chat' | 'by-hand'
  state: 'greeting' | 'waiting' | 'offered' | 'talking' | 'survey' | 'wrap-up' | 'closed' | 'failed'
  outcome: 'answered' | 'left-in-menu' | 'abandoned' | 'call-back' | 'message' | 'failed' | null
  risk: 'danger-key' | 'none' | 'low' | 'moderate' | 'high' | 'acute' | null
  class: ContactClass | null
  consent: 'given' | 'refused' | 'silent' | 'withdrawn' | null
  started_at: Date
  answered_at: Date | null
  ended_at: Date | null
  counsellor: string | null
  recorded: boolean
  caller_number_sealed: Buffer | null
}

/** The columns of a row as the asker may have them: a number that they may not see does not leave the database. */
const rowColumns = (
  asker: Asker,
) => sql`c.contact_id, c.number, l.name as line_name, c.channel, c.state, c.outcome, c.risk, c.class, c.consent,
  c.started_at, c.answered_at, c.ended_at, p.display_name as counsellor,
  case when ${reachOf(asker, 'contact.number')} then c.caller_number_sealed end as caller_number_sealed,
  exists (select from recording r where r.contact_id = c.contact_id and r.state <> 'lost') as recorded`

/** Only these conditions may be set, each by its own name. */
const filters = (query: ListQuery, suffixKey: Buffer | null): RawBuilder<unknown>[] => {
  const found: RawBuilder<unknown>[] = []
  const equal = (column: string, value: string | undefined): void => {
    if (value !== undefined) found.push(sql`${sql.ref(column)} = ${value}`)
  }
  equal('c.line_id', query.lineId)
  equal('c.state', query.state)
  equal('c.outcome', query.outcome)
  equal('c.risk', query.risk)
  equal('c.class', query.class)
  equal('c.consent', query.consent)
  equal('c.channel', query.channel)
  equal('c.person_id', query.personId)
  if (query.from) found.push(sql`c.started_at >= ${query.from}`)
  if (query.to) found.push(sql`c.started_at < ${query.to}`)
  if (query.unfinished) found.push(sql`c.state = 'wrap-up'`)
  if (suffixKey) found.push(sql`c.caller_suffix_key = ${suffixKey}`)
  return found
}

/** So many contacts that match a text are looked at in one go. */
const batch = 500

/** Where a page starts: beyond this number. */
const startOf = (query: ListQuery): number => {
  const key = Number.parseInt(query.after ?? '', 10)
  if (Number.isSafeInteger(key)) return key
  return query.sort === 'newest' ? Number.MAX_SAFE_INTEGER : 0
}

/** The next numbers whose words match, beyond `from`. */
async function matching(tx: Tx, words: string[][], from: number, newest: boolean): Promise<number[]> {
  const { rows } = await sql<{ number: number }>`
    select matching_numbers(${tsqueryOf(words)}::tsquery, ${from}, ${newest}, ${batch}) as number`.execute(tx)
  return rows.map((row) => row.number)
}

/**
 * One page of the list and one row more, by contact number. `reached` are the conditions under which the asker sees a
 * contact. A text is looked up batch by batch, so that a common word with a rare filter costs no more than it must.
 */
export async function findContacts(
  tx: Tx,
  hotlineId: string,
  asker: Asker,
  query: ListQuery,
  reached: RawBuilder<boolean>[],
  { suffixKey, words }: { suffixKey: Buffer | null; words: string[][] | null },
): Promise<StoredRow[]> {
  const conditions = [
    sql`c.hotline_id = ${hotlineId}`,
    sql`c.disposed_at is null`,
    ...reached,
    ...filters(query, suffixKey),
  ]
  const newest = query.sort === 'newest'
  const beyond = (number: number): RawBuilder<unknown> =>
    newest ? sql`c.number < ${number}` : sql`c.number > ${number}`
  // The page is cut before names are joined to it, so that no misjudged join makes the database read all that follows.
  const pageOf = async (limit: number, also: RawBuilder<unknown>): Promise<StoredRow[]> => {
    const order = newest ? sql`desc` : sql`asc`
    const { rows } = await sql<StoredRow>`
      select ${rowColumns(asker)} from (
        select c.* from contact c where ${sql.join([...conditions, also], sql` and `)}
        order by c.number ${order} limit ${limit}
      ) c join line l on l.line_id = c.line_id left join person p on p.person_id = c.person_id
      order by c.number ${order}`.execute(tx)
    return rows
  }
  if (words === null) return pageOf(query.limit + 1, beyond(startOf(query)))
  const found: StoredRow[] = []
  for (let from = startOf(query); words.length > 0;) {
    const numbers = await matching(tx, words, from, newest)
    const left = query.limit + 1 - found.length
    if (numbers.length > 0) found.push(...(await pageOf(left, sql`c.number = any(${numbers}::bigint[])`)))
    if (found.length > query.limit || numbers.length < batch) break
    from = numbers.at(-1) ?? from
  }
  return found
}

/** A contact's page as stored. */
export interface StoredContact extends StoredRow {
  hotline_id: string
  person_id: string | null
  line_id: string
  danger_key: boolean
  queued_at: Date | null
  closed_at: Date | null
  ended_by: 'caller' | 'counsellor' | 'system' | null
  satisfaction: number | null
  earlier: number
  form: unknown
  answers_sealed: Buffer | null
  form_revision: number
  form_saved_at: Date | null
  base_version_id: string | null
  overlay_version_id: string | null
  stage: Stage
  stage_ms: Partial<Record<Stage, number>>
}

const contactColumns = (
  asker: Asker,
) => sql`${rowColumns(asker)}, c.hotline_id, c.person_id, c.line_id, c.danger_key, c.queued_at, c.closed_at, c.ended_by,
  c.satisfaction, c.form, c.answers_sealed, c.form_revision, c.form_saved_at, c.base_version_id, c.overlay_version_id, c.stage, c.stage_ms,
  earlier_contacts(c) as earlier`

/** One contact, or undefined when it is not there (or another hotline's). */
export async function findContact(
  tx: Tx,
  asker: Asker,
  contactId: string,
): Promise<StoredContact | undefined> {
  const { rows } = await sql<StoredContact>`
    select ${contactColumns(asker)} from contact c
    join line l on l.line_id = c.line_id left join person p on p.person_id = c.person_id
    where c.contact_id = ${contactId} and c.disposed_at is null`.execute(tx)
  return rows[0]
}

/** Takes the row's lock, so that nothing else changes the contact until the transaction ends. */
export async function lockContact(tx: Tx, contactId: string): Promise<void> {
  await sql`select from contact where contact_id = ${contactId} for update`.execute(tx)
}

/** What happened, in order; `person` is the actor's display name. */
export async function findTimeline(
  tx: Tx,
  contactId: string,
): Promise<{ seq: number; at: Date; kind: string; person: string | null; data: Record<string, unknown> }[]> {
  const { rows } = await sql<{
    seq: number
    at: Date
    kind: string
    person: string | null
    data: Record<string, unknown>
  }>`
    select e.seq, e.at, e.kind, p.display_name as person, e.data from contact_event e
    left join person p on p.person_id = e.actor where e.contact_id = ${contactId} order by e.seq limit 500`.execute(
    tx,
  )
  return rows
}

/** The latest accesses to a contact's personal data. */
export async function findAccesses(
  tx: Tx,
  contactId: string,
): Promise<{ at: Date; person: string; action: string }[]> {
  const { rows } = await sql<{ at: Date; person: string; action: string }>`
    select a.at, p.display_name as person, a.action from audit_event a join person p on p.person_id = a.actor
    where a.contact_id = ${contactId} order by a.seq desc limit 50`.execute(tx)
  return rows
}

/** Fixes the versions a contact's answers are given to, at the first opening of its form. */
export async function fixVersions(
  tx: Tx,
  contactId: string,
  given: { baseVersionId: string; overlayVersionId: string | null },
): Promise<void> {
  await sql`
    update contact set base_version_id = ${given.baseVersionId}, overlay_version_id = ${given.overlayVersionId}
    where contact_id = ${contactId} and base_version_id is null`.execute(tx)
}

/** What is saved of a form: the answers, the stage, what the record itself reads from them. */
export interface SavedAnswers {
  /** What lists and statistics are made of. */
  open: QuestionnaireResponse
  /** What may tell who somebody is. */
  sealed: Buffer
  stage: Stage
  stageMs: Partial<Record<Stage, number>>
  class: ContactClass | null
  /** Of everything typed, as the index holds it. */
  words: readonly string[]
}

/** Saves the answers as the next revision, with what the index holds of their words. */
export async function saveAnswers(tx: Tx, contactId: string, given: SavedAnswers, at: Date): Promise<void> {
  // `search` is written only when its words changed: the index is the dear part of a save that comes every second.
  await sql`
    with fresh as (select array_to_tsvector(${given.words}::text[]) as words)
    update contact set form = ${jsonb(given.open)}, answers_sealed = ${given.sealed},
      form_revision = form_revision + 1, form_saved_at = ${at},
      stage = ${given.stage}, stage_ms = ${jsonb(given.stageMs)}, class = ${given.class},
      search = case when search is not distinct from fresh.words then search else fresh.words end
    from fresh where contact_id = ${contactId}`.execute(tx)
}

/** Marks the record as finished. */
export async function markClosed(tx: Tx, contactId: string, at: Date): Promise<void> {
  await sql`update contact set state = 'closed', closed_at = ${at}, deadline_at = null where contact_id = ${contactId}`.execute(
    tx,
  )
}

/** A recording as listed on the contact's page. */
export interface RecordingRow {
  recording_id: string
  kind: 'talk' | 'message'
  started_at: Date
  duration_ms: number | null
  state: 'running' | 'kept' | 'truncated' | 'lost' | 'destroyed'
  sealed_at: Date | null
}

/** The contact's recordings, oldest first. */
export async function findRecordings(tx: Tx, contactId: string): Promise<RecordingRow[]> {
  const { rows } = await sql<RecordingRow>`
    select recording_id, kind, started_at, duration_ms, state, sealed_at from recording
    where contact_id = ${contactId} order by started_at limit 100`.execute(tx)
  return rows
}

/** How a leg of a contact was heard. */
export interface VoiceRow {
  side: 'caller' | 'seat' | 'guest' | 'supervisor'
  seat: string | null
  trunk: string | null
  started_at: Date
  ended_at: Date | null
  loss_percent: number | null
  jitter_ms: number | null
  rtt_ms: number | null
  opinion: number | null
  least_opinion: number | null
}

/** How each leg of a contact was heard, in the order in which they began. */
export async function findVoices(tx: Tx, contactId: string): Promise<VoiceRow[]> {
  const { rows } = await sql<VoiceRow>`
    select v.side, s.name as seat, v.trunk, v.started_at, v.ended_at, v.loss_percent, v.jitter_ms, v.rtt_ms, v.opinion,
      v.least_opinion
    from voice_quality v left join seat s on s.seat_id = v.seat_id
    where v.contact_id = ${contactId} order by v.started_at, v.side, v.leg limit 50`.execute(tx)
  return rows
}

/** What sealing needs of a number. */
interface Sealing {
  seal(number: string): Buffer
  key(number: string): Buffer
  suffixKey(number: string): Buffer | null
}

/** Whether the line is one of this hotline's. */
export async function isLine(tx: Tx, lineId: string): Promise<boolean> {
  const { rows } = await sql`select from line where line_id = ${lineId}`.execute(tx)
  return rows.length > 0
}

/**
 * Inserts an ended contact entered by hand, its record still open. Returns its number. On the chains it stands at the moment
 * of entering: when the call was is what somebody says of it.
 */
export async function insertByHand(
  tx: Tx,
  contactId: string,
  given: z.output<(typeof enterContact)['body']>,
  by: { personId: string; now: Date },
  numbers: Sealing,
): Promise<number> {
  const caller = given.callerNumber
  const { personId, now } = by
  const { rows } = await sql<{ number: number }>`
    select create_contact(${contactId}, ${given.lineId}, 'by-hand', 'wrap-up', ${now}, null,
      ${caller ? numbers.seal(caller) : null}, ${caller ? numbers.key(caller) : null},
      ${caller ? numbers.suffixKey(caller) : null}, false, null, null, ${personId}, '{"byHand":true}') as number`.execute(
    tx,
  )
  await sql`update contact set person_id = ${personId}, started_at = ${given.startedAt},
    answered_at = ${given.answeredAt ?? given.startedAt},
    talk_ended_at = ${given.endedAt}, ended_at = ${given.endedAt}, outcome = 'answered' where contact_id = ${contactId}`.execute(
    tx,
  )
  return rows[0]?.number ?? 0
}
