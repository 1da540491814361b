import { createHash } from 'node:crypto'
import { sql } from 'kysely'
import type { Call, Effect } from '../../domain/call-state.ts'
import { riskLevels, shownRisk, type RiskLevel } from '../../domain/risk.ts'
import { jsonb, outside, type Database, type Tx } from '../db/database.ts'
import { newId } from '../db/id.ts'

/** A contact's call with its row locked: the core's state, and what the shell needs beside it. */
export interface LockedCall {
  contactId: string
  number: number
  call: Call
  pending: Effect[]
  language: 'zh-CN' | 'en'
  personId: string | null
  seatId: string | null
}

interface CallRow {
  contact_id: string
  number: number
  state: Call['state']
  risk: string | null
  call: unknown
  pending: unknown
  language: 'zh-CN' | 'en'
  person_id: string | null
  seat_id: string | null
}

const isLevel = (risk: string | null): risk is RiskLevel =>
  (riskLevels as readonly (string | null)[]).includes(risk)

/** What other slices write (an assessment, a finished record) stands in columns; it is laid over the core's state. */
const callOf = (row: CallRow): LockedCall => {
  // Written by saveCall() alone, so its shape is trusted here like any other column's.
  const call = row.call as Call
  return {
    contactId: row.contact_id,
    number: row.number,
    call: { ...call, state: row.state, risk: isLevel(row.risk) ? row.risk : call.risk },
    pending: row.pending as Effect[],
    language: row.language,
    personId: row.person_id,
    seatId: row.seat_id,
  }
}

const callColumns = sql`c.contact_id, c.number, c.state, c.risk, c.call, c.pending, l.language, c.person_id, c.seat_id`

/** Locks a contact's row until the transaction ends; null when there is no such call. */
export async function lockCall(tx: Tx, contactId: string): Promise<LockedCall | null> {
  const { rows } = await sql<CallRow>`
    select ${callColumns} from contact c join line l on l.line_id = c.line_id
    where c.contact_id = ${contactId} and c.call is not null for update of c`.execute(tx)
  return rows[0] ? callOf(rows[0]) : null
}

/** Every call whose caller may still be there, oldest first. */
export async function findLiveCalls(tx: Tx): Promise<LockedCall[]> {
  const { rows } = await sql<CallRow>`
    select ${callColumns} from contact c join line l on l.line_id = c.line_id
    where c.call is not null and c.state in ('greeting', 'waiting', 'offered', 'talking', 'survey')
    order by c.number`.execute(tx)
  return rows.map(callOf)
}

const instant = (at: number | null): Date | null => (at === null ? null : new Date(at))

/** Writes the core's state, the columns that others read, and the effects still to be done. */
export async function saveCall(
  tx: Tx,
  call: Call,
  pending: readonly Effect[],
  person: { seatId: string | null; personId: string | null },
): Promise<void> {
  await sql`
    update contact set state = ${call.state}, line_id = ${call.line}, outcome = ${call.outcome},
      risk = ${shownRisk(call.danger, call.risk)}, consent = ${call.consent}, danger_key = ${call.danger},
      queued_at = ${instant(call.queuedAt)}, answered_at = ${instant(call.answeredAt)},
      talk_ended_at = ${instant(call.talkEndedAt)}, ended_at = ${instant(call.endedAt)},
      closed_at = ${call.state === 'closed' ? instant(call.endedAt) : null},
      ended_by = ${call.endedBy}, satisfaction = ${call.satisfaction}, seat_id = ${person.seatId},
      person_id = ${person.personId}, call = ${jsonb(call)}, pending = ${jsonb(pending)},
      deadline_at = ${instant(call.deadline?.at ?? null)}
    where contact_id = ${call.contact}`.execute(tx)
}

/** One thing that happened, for the contact's timeline. */
export interface Happening {
  kind: string
  data: Record<string, unknown>
  /** Who did it, where that is not whoever gave the command. */
  actor?: string | null
}

/** Appends to the contact's chain in order; `actor` is the person who did it, null for callers and the hotline itself. */
export async function appendHappenings(
  tx: Tx,
  contactId: string,
  at: number,
  actor: string | null,
  happenings: readonly Happening[],
): Promise<void> {
  for (const { kind, data, actor: own } of happenings) {
    await sql`select append_contact_event(${contactId}, ${new Date(at)}, ${kind}, ${own ?? actor}, ${jsonb(data)})`.execute(
      tx,
    )
  }
}

/** What is kept of who called, and what the first event says. */
export interface NewContact {
  channel: 'phone' | 'web-call'
  sealed: Buffer | null
  numberKey: Buffer | null
  suffixKey: Buffer | null
  trusted: boolean
  data: Record<string, unknown>
}

const contactValues = (call: Call, given: NewContact) => sql`${call.contact}, ${call.line}, ${given.channel},
  ${call.state}, ${new Date(call.arrivedAt)}, ${call.callerLeg}, ${given.sealed}, ${given.numberKey},
  ${given.suffixKey}, ${given.trusted}, ${jsonb(call)}, ${instant(call.deadline?.at ?? null)}`

/** Opens a contact with the hotline's next number, within a transaction. */
export async function createContact(tx: Tx, call: Call, given: NewContact): Promise<void> {
  await sql`select create_contact(${contactValues(call, given)}, null, ${jsonb(given.data)})`.execute(tx)
}

/**
 * Opens a contact with the hotline's next number, as a transaction of its own in one message; false when the caller's leg has
 * one already. Call it for one contact of a hotline after the other: a crowd at the lock is slower than a line before it.
 */
export async function openContact(
  db: Database,
  hotlineId: string,
  call: Call,
  given: NewContact,
): Promise<boolean> {
  const { rows } = await outside(() =>
    sql<{ number: string | null }>`
      select open_contact(${hotlineId}, ${contactValues(call, given)}, ${jsonb(given.data)}) as number`.execute(
      db.doors,
    ),
  )
  return rows[0]?.number !== null
}

/** Whether a contact was already opened for this caller's leg; until the transaction ends nobody else opens one. */
export async function hasContact(tx: Tx, leg: string): Promise<boolean> {
  await sql`select pg_advisory_xact_lock(hashtextextended(${`leg ${leg}`}, 0))`.execute(tx)
  const { rows } = await sql`
    select from contact where hotline_id = current_hotline() and caller_leg = ${leg} limit 1`.execute(tx)
  return rows.length > 0
}

/** Which of these callers' legs have a contact. */
export async function findCallerLegs(tx: Tx, legs: readonly string[]): Promise<string[]> {
  const { rows } = await sql<{ caller_leg: string }>`
    select caller_leg from contact where caller_leg = any(${legs}::text[])`.execute(tx)
  return rows.map((row) => row.caller_leg)
}

/** The line a number belongs to, over all hotlines; null when nobody has it. */
export async function lineOfNumber(
  db: Database,
  number: string,
): Promise<{ hotlineId: string; lineId: string } | null> {
  const { rows } = await outside(() =>
    sql<{ hotline_id: string; line_id: string }>`select * from line_of_number(${number})`.execute(db.doors),
  )
  return rows[0] ? { hotlineId: rows[0].hotline_id, lineId: rows[0].line_id } : null
}

/** Every hotline of this database. */
export async function allHotlines(db: Database): Promise<string[]> {
  const { rows } = await outside(() =>
    sql<{ hotline_id: string }>`select hotline_id from all_hotlines()`.execute(db.doors),
  )
  return rows.map((row) => row.hotline_id)
}

/** Contacts with something due. */
export async function dueContacts(
  db: Database,
  now: number,
): Promise<{ hotlineId: string; contactId: string }[]> {
  const { rows } = await outside(() =>
    sql<{ hotline_id: string; contact_id: string }>`select * from due_contacts(${new Date(now)})`.execute(
      db.doors,
    ),
  )
  return rows.map((row) => ({ hotlineId: row.hotline_id, contactId: row.contact_id }))
}

/** What a call takes over from its line when it arrives. */
export interface LineRow {
  line_id: string
  kind: 'general' | 'event'
  language: 'zh-CN' | 'en'
  offer_timeout_ms: number
  wrap_up_ms: number
  tell_of_supervision: boolean
}

/** One line, or null. */
export async function findLine(tx: Tx, lineId: string): Promise<LineRow | null> {
  const { rows } = await sql<LineRow>`
    select line_id, kind, language, offer_timeout_ms, wrap_up_ms, tell_of_supervision from line where line_id = ${lineId}`.execute(
    tx,
  )
  return rows[0] ?? null
}

/** Languages of the hotline's lines: the skill a counsellor needs for them. */
export async function findLineLanguages(tx: Tx): Promise<Map<string, string>> {
  const { rows } = await sql<{
    line_id: string
    language: string
  }>`select line_id, language from line`.execute(tx)
  return new Map(rows.map((row) => [row.line_id, row.language]))
}

/** Whether the last call of this number, not longer ago than `since`, broke by our fault. */
export async function lastCallFailed(tx: Tx, numberKey: Buffer, since: number): Promise<boolean> {
  const { rows } = await sql<{ state: string }>`
    select state from contact where hotline_id = current_hotline() and caller_number_key = ${numberKey}
      and started_at > ${new Date(since)} order by number desc limit 1`.execute(tx)
  return rows[0]?.state === 'failed'
}

/** Handling times (ms) of the line's latest answered contacts, for an honest expected wait. */
export async function recentHandling(tx: Tx, lineId: string): Promise<number[]> {
  const { rows } = await sql<{ ms: number }>`
    select extract(epoch from coalesce(closed_at, talk_ended_at) - answered_at)::float8 * 1000 as ms from (
      select answered_at, talk_ended_at, case when closed_at < talk_ended_at + interval '15 minutes' then closed_at end
        as closed_at from contact
      where hotline_id = current_hotline() and line_id = ${lineId} and talk_ended_at is not null
        and answered_at is not null order by number desc limit 30) recent`.execute(tx)
  return rows.map((row) => row.ms).filter((ms) => ms > 0)
}

/** The id of a contact's recording: always the same for a kind, so that starting it twice makes one. */
export function recordingId(contactId: string, kind: 'talk' | 'message'): string {
  const hex = createHash('sha256').update(`${contactId} ${kind}`).digest('hex')
  const variant = ((Number.parseInt(hex.slice(16, 17), 16) & 3) | 8).toString(16)
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20, 32)}`
}

/** Notes that a recording runs; the records slice settles it by the recorder's summaries once the talk is over. */
export async function startRecording(
  tx: Tx,
  hotlineId: string,
  contactId: string,
  kind: 'talk' | 'message',
  segment: number,
  now: number,
): Promise<void> {
  await sql`
    insert into recording (recording_id, hotline_id, contact_id, kind, segment, started_at)
    values (${recordingId(contactId, kind)}, ${hotlineId}, ${contactId}, ${kind}, ${segment}, ${new Date(now)})
    on conflict (recording_id) do update set segment = excluded.segment`.execute(tx)
}

/** The caller's number as sealed; null when it is not known. */
export async function findSealedNumber(tx: Tx, contactId: string): Promise<Buffer | null> {
  const { rows } = await sql<{ sealed: Buffer | null }>`
    select caller_number_sealed as sealed from contact where contact_id = ${contactId}`.execute(tx)
  return rows[0]?.sealed ?? null
}

/** Shows a lasting trouble on the board, once. */
export async function raiseNotice(
  tx: Tx,
  hotlineId: string,
  kind: string,
  data: object,
  now: number,
): Promise<void> {
  await sql`
    insert into notice (notice_id, hotline_id, kind, data, at)
    select ${newId()}, ${hotlineId}, ${kind}, ${jsonb(data)}, ${new Date(now)}
    where not exists (select from notice where kind = ${kind} and ended_at is null)`.execute(tx)
}

/** A trouble is over. */
export async function endNotice(tx: Tx, kind: string, now: number): Promise<void> {
  await sql`update notice set ended_at = ${new Date(now)} where kind = ${kind} and ended_at is null`.execute(
    tx,
  )
}

/** Lines a call can be handed to. */
export async function findOpenLines(tx: Tx): Promise<{ lineId: string; name: string }[]> {
  const { rows } = await sql<{ line_id: string; name: string }>`
    select line_id, name from line where closed_at is null order by name`.execute(tx)
  return rows.map((row) => ({ lineId: row.line_id, name: row.name }))
}

/** Whether a protocol runs on the contact, and whether the person is on duty now. */
export async function findDanger(
  tx: Tx,
  contactId: string,
  personId: string | null,
): Promise<{ protocolRuns: boolean; onDuty: boolean }> {
  const { rows } = await sql<{ protocolRuns: boolean; onDuty: boolean }>`
    select exists (select from protocol_run where contact_id = ${contactId} and closed_at is null) as "protocolRuns",
      exists (select from duty where person_id = ${personId}) as "onDuty"`.execute(tx)
  return rows[0] ?? { protocolRuns: false, onDuty: false }
}
