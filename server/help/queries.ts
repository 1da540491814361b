import { sql } from 'kysely'
import type { HelpRow, Hint } from '../../api/supervise.ts'
import type { Helper } from '../../domain/help.ts'
import { outside, type Database, type Tx } from '../db/database.ts'
import { newId } from '../db/id.ts'
import type { Words } from '../records/keys.ts'

/** A call for help as it stands. */
export interface StoredHelp {
  helpId: string
  contactId: string
  personId: string
  at: Date
  asked: string[]
  answeredBy: string | null
}

interface HelpColumns {
  help_id: string
  contact_id: string
  person_id: string
  at: Date
  asked: string[]
  answered_by: string | null
}

const stored = (row: HelpColumns): StoredHelp => ({
  helpId: row.help_id,
  contactId: row.contact_id,
  personId: row.person_id,
  at: row.at,
  asked: row.asked,
  answeredBy: row.answered_by,
})

const helpColumns = sql`help_id, contact_id, person_id, at, asked, answered_by`

/** The open call for help of a contact with its row locked, or null. */
export async function lockOpen(tx: Tx, contactId: string): Promise<StoredHelp | null> {
  const { rows } = await sql<HelpColumns>`
    select ${helpColumns} from help_request where contact_id = ${contactId} and ended_at is null
    for update`.execute(tx)
  return rows[0] ? stored(rows[0]) : null
}

/** One open call for help with its row locked; null when it is over or another server has it. */
export async function lockHelp(tx: Tx, helpId: string): Promise<StoredHelp | null> {
  const { rows } = await sql<HelpColumns>`
    select ${helpColumns} from help_request where help_id = ${helpId} and ended_at is null
    for update skip locked`.execute(tx)
  return rows[0] ? stored(rows[0]) : null
}

/** Opens a call for help that rings nobody yet. */
export async function insertHelp(
  tx: Tx,
  given: { hotlineId: string; contactId: string; personId: string; at: Date },
): Promise<StoredHelp> {
  const helpId = newId(given.at.getTime())
  await sql`
    insert into help_request (help_id, hotline_id, contact_id, person_id, at)
    values (${helpId}, ${given.hotlineId}, ${given.contactId}, ${given.personId}, ${given.at})`.execute(tx)
  const { contactId, personId, at } = given
  return { helpId, contactId, personId, at, asked: [], answeredBy: null }
}

/** Notes who was rung and when the next round is. */
export async function saveRing(tx: Tx, helpId: string, asked: string[], nextAt: number): Promise<void> {
  await sql`
    update help_request set asked = ${asked}::uuid[], next_at = ${new Date(nextAt)}
    where help_id = ${helpId}`.execute(tx)
}

/** Somebody is coming. */
export async function saveAnswer(tx: Tx, helpId: string, personId: string, at: Date): Promise<void> {
  await sql`
    update help_request set answered_by = ${personId}, answered_at = ${at}, next_at = null
    where help_id = ${helpId}`.execute(tx)
}

/** It is over: withdrawn, asked anew, or the talk has ended. */
export async function saveEnd(tx: Tx, helpId: string, at: Date): Promise<void> {
  await sql`update help_request set ended_at = ${at}, next_at = null where help_id = ${helpId}`.execute(tx)
}

interface RowColumns extends HelpColumns {
  number: number
  counsellor: string
  line: string
  answered_at: Date | null
  since: number | null
  state: HelpRow['state']
  stage: HelpRow['stage']
  risk: HelpRow['risk']
  comes: string | null
}

const shown = (row: RowColumns): HelpRow => ({
  helpId: row.help_id,
  contactId: row.contact_id,
  number: row.number,
  counsellor: row.counsellor,
  line: row.line,
  at: row.at.toISOString(),
  talkingSince: row.since === null ? null : new Date(Number(row.since)).toISOString(),
  state: row.state,
  stage: row.stage,
  risk: row.risk,
  asked: row.asked.length,
  answeredBy: row.comes,
})

/** Open calls for help as they are shown: of one contact, one by its id, or those that ask a person and nobody answered. */
export async function findHelp(
  tx: Tx,
  of: { contactId: string } | { helpId: string } | { asks: string },
): Promise<HelpRow[]> {
  const which =
    'contactId' in of
      ? sql`h.contact_id = ${of.contactId}`
      : 'helpId' in of
        ? sql`h.help_id = ${of.helpId}`
        : sql`${of.asks}::uuid = any(h.asked) and h.answered_at is null`
  const { rows } = await sql<RowColumns>`
    select h.help_id, h.contact_id, h.person_id, h.at, h.asked, h.answered_by, c.number::int, l.name as line,
      p.display_name as counsellor, h.answered_at, (c.call->'talk'->>'since')::float8 as since, c.state, c.stage,
      c.risk, a.display_name as comes
    from help_request h join contact c on c.contact_id = h.contact_id join line l on l.line_id = c.line_id
    join person p on p.person_id = h.person_id left join person a on a.person_id = h.answered_by
    where h.ended_at is null and ${which} order by h.at limit 50`.execute(tx)
  return rows.map(shown)
}

/** A session used within this time counts as somebody being there. */
const thereWithin = '5 minutes'

/** Supervisors who may come: on duty with a free seat, or logged in and at no call. */
export async function findHelpers(tx: Tx, now: Date): Promise<Helper[]> {
  const { rows } = await sql<{ person_id: string; state: string | null; idle_since: Date | null }>`
    select p.person_id, d.state, d.idle_since from person p left join duty d on d.person_id = p.person_id
    where p.hotline_id = current_hotline() and 'supervisor' = any(p.roles) and p.disabled_at is null
      and (d.state = 'free' or (coalesce(d.state, 'paused') in ('paused', 'wrap-up') and exists (
        select from session s where s.person_id = p.person_id and s.expires_at > ${now}
          and s.seen_at > ${now}::timestamptz - ${thereWithin}::interval)))`.execute(tx)
  return rows.map((row) => ({
    person: row.person_id,
    idleSince: row.state === 'free' ? (row.idle_since?.getTime() ?? 0) : null,
  }))
}

/** Calls for help whose next round has come, over all hotlines. */
export async function dueHelp(db: Database, now: Date): Promise<{ hotlineId: string; helpId: string }[]> {
  const { rows } = await outside(() =>
    sql<{ hotline_id: string; help_id: string }>`select * from due_help(${now})`.execute(db.doors),
  )
  return rows.map((row) => ({ hotlineId: row.hotline_id, helpId: row.help_id }))
}

/** Whose contact it is and how it stands; null when it is not there. */
export async function findStanding(
  tx: Tx,
  contactId: string,
): Promise<{ personId: string | null; state: string } | null> {
  const { rows } = await sql<{ person_id: string | null; state: string }>`
    select person_id, state from contact where contact_id = ${contactId}`.execute(tx)
  return rows[0] ? { personId: rows[0].person_id, state: rows[0].state } : null
}

/** Writes down a hint; its words are sealed. */
export async function insertHint(
  tx: Tx,
  given: { hotlineId: string; contactId: string; personId: string; words: string; at: Date },
): Promise<string> {
  const hintId = newId(given.at.getTime())
  await sql`
    insert into hint (hint_id, hotline_id, contact_id, person_id, words, at)
    values (${hintId}, ${given.hotlineId}, ${given.contactId}, ${given.personId}, ${given.words}, ${given.at})`.execute(
    tx,
  )
  return hintId
}

/** Hints of a contact, oldest first. */
export async function findHints(tx: Tx, contactId: string, sealed: Words): Promise<Hint[]> {
  const { rows } = await sql<{
    hint_id: string
    name: string
    words: string
    at: Date
    seen_at: Date | null
  }>`
    select h.hint_id, p.display_name as name, h.words, h.at, h.seen_at from hint h
    join person p on p.person_id = h.person_id where h.contact_id = ${contactId} order by h.at, h.hint_id limit 500`.execute(
    tx,
  )
  return rows.map((row) => ({
    hintId: row.hint_id,
    from: row.name,
    words: sealed.open(row.words),
    at: row.at.toISOString(),
    seenAt: row.seen_at?.toISOString() ?? null,
  }))
}

/** Every hint of the contact so far has been seen. */
export async function saveSeen(tx: Tx, contactId: string, at: Date): Promise<void> {
  await sql`update hint set seen_at = ${at} where contact_id = ${contactId} and seen_at is null`.execute(tx)
}
