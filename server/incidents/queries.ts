import { sql } from 'kysely'
import type { z } from 'zod'
import type { entryKinds, IncidentRow, listIncidents } from '../../api/incidents.ts'
import { jsonb, type Tx } from '../db/database.ts'
import { hasWords, type WordSealing } from '../records/word-search.ts'
import type { Link } from './chain.ts'

/** An incident as stored, its title sealed. */
export interface StoredIncident {
  incident_id: string
  number: number
  kind: IncidentRow['kind']
  title: string
  state: 'open' | 'closed'
  opened_at: Date
  opened_by: string | null
  entry_count: number
  entry_hash: Buffer
  last_at: Date
}

/** The first entry is always there, so is the last. */
const from = sql`select i.incident_id, i.number, i.kind, i.title, i.state, i.opened_at, p.display_name as opened_by,
  i.entry_count, i.entry_hash, l.at as last_at
  from incident i
  join incident_entry f on f.incident_id = i.incident_id and f.seq = 1
  join incident_entry l on l.incident_id = i.incident_id and l.seq = i.entry_count
  left join person p on p.person_id = f.person_id`

const within = (text: string): string => `%${text.replace(/[%_\\]/g, '\\$&')}%`

/** One page of incidents by number and one row more. */
export async function findIncidents(
  tx: Tx,
  hotlineId: string,
  query: z.output<(typeof listIncidents)['query']>,
  sealing: WordSealing,
): Promise<StoredIncident[]> {
  const wanted = [sql`i.hotline_id = ${hotlineId}`]
  if (query.kind) wanted.push(sql`i.kind = ${query.kind}`)
  if (query.state) wanted.push(sql`i.state = ${query.state}`)
  if (query.text)
    wanted.push(sql`(i.number::text = ${query.text} or exists (select from kept_words w
      where w.incident_id = i.incident_id and (${hasWords('w.search', query.text, sealing)}
        or w.search is null and w.words ilike ${within(query.text)})))`)
  const key = Number.parseInt(query.after ?? '', 10)
  const newest = query.sort === 'newest'
  if (Number.isSafeInteger(key)) wanted.push(newest ? sql`i.number < ${key}` : sql`i.number > ${key}`)
  const { rows } = await sql<StoredIncident>`${from} where ${sql.join(wanted, sql` and `)}
    order by i.number ${newest ? sql`desc` : sql`asc`} limit ${query.limit + 1}`.execute(tx)
  return rows
}

/** One incident, or undefined. */
export async function findIncident(tx: Tx, incidentId: string): Promise<StoredIncident | undefined> {
  const { rows } = await sql<StoredIncident>`${from} where i.incident_id = ${incidentId}`.execute(tx)
  return rows[0]
}

/**
 * One incident, kept to ourselves until the transaction ends; undefined when it is not there. By an advisory lock, because
 * the product's role may not lock a row that it may not change.
 */
export async function lockIncident(tx: Tx, incidentId: string): Promise<StoredIncident | undefined> {
  await sql`select pg_advisory_xact_lock(hashtextextended(${`incident ${incidentId}`}, 0))`.execute(tx)
  return findIncident(tx, incidentId)
}

/** Whether the log names the contact already. */
export async function namesContact(tx: Tx, incidentId: string, contactId: string): Promise<boolean> {
  const { rows } = await sql`select from incident_entry
    where incident_id = ${incidentId} and kind = 'contact' and data->>'contactId' = ${contactId} limit 1`.execute(
    tx,
  )
  return rows.length > 0
}

/** Inserts an incident with the hotline's next number; its log is still empty. */
export async function insertIncident(
  tx: Tx,
  hotlineId: string,
  given: { incidentId: string; kind: string; title: string; at: Date },
): Promise<void> {
  // Two at once would take the same number: one waits for the other.
  await sql`select pg_advisory_xact_lock(hashtextextended(${`incident ${hotlineId}`}, 0))`.execute(tx)
  await sql`insert into incident (incident_id, hotline_id, number, kind, title, opened_at)
    values (${given.incidentId}, ${hotlineId},
      (select coalesce(max(number), 0) + 1 from incident where hotline_id = ${hotlineId}),
      ${given.kind}, ${given.title}, ${given.at})`.execute(tx)
}

/** Adds one entry to the log. The incident's row stays locked until the transaction ends. */
export async function appendEntry(
  tx: Tx,
  incidentId: string,
  entry: { at: Date; personId: string | null; kind: (typeof entryKinds)[number]; data: object },
): Promise<void> {
  await sql`select append_incident(${incidentId}, ${entry.at}, ${entry.personId}, ${entry.kind}, ${jsonb(entry.data)})`.execute(
    tx,
  )
}

/** An entry as stored; `data` holds what its kind has, and where its words are kept; in a log that was found changed they stand there. */
export interface StoredEntry {
  seq: number
  at: Date
  kind: (typeof entryKinds)[number]
  person: string | null
  data: { kept?: string; words?: string; to?: string; contactId?: string; number?: number; corrects?: number }
  corrected_by: number | null
  /** Whether the named contact's record is still open. */
  contact_open: boolean
}

/** One page of the log, latest first, and one row more; `before` is the last seq of the page before. */
export async function findEntries(
  tx: Tx,
  incidentId: string,
  before: number | null,
  limit: number,
): Promise<StoredEntry[]> {
  const { rows } = await sql<StoredEntry>`
    select e.seq, e.at, e.kind, p.display_name as person, e.data,
      (select min(c.seq) from incident_entry c where c.incident_id = e.incident_id and c.kind = 'correction'
        and (c.data->>'corrects')::int = e.seq) as corrected_by,
      exists (select from contact t where t.contact_id = (e.data->>'contactId')::uuid
        and t.state not in ('closed', 'failed')) as contact_open
    from incident_entry e left join person p on p.person_id = e.person_id
    where e.incident_id = ${incidentId} and (${before}::int is null or e.seq < ${before}::int)
    order by e.seq desc limit ${limit + 1}`.execute(tx)
  return rows
}

/** An entry as it is verified, with the reference to its words. */
export interface KeptLink extends Link {
  kept: string | null
}

/** The whole log as it is verified, in order. */
export async function findLinks(tx: Tx, incidentId: string): Promise<KeptLink[]> {
  const { rows } = await sql<KeptLink>`
    select seq, hash, concat_ws('|', incident_id, seq, extract(epoch from at), kind, coalesce(person_id::text, ''),
      data::text) as hashed, data->>'kept' as kept
    from incident_entry where incident_id = ${incidentId} order by seq`.execute(tx)
  return rows
}

/** What the first entry says the incident is, so that a changed one is noticed. */
export async function findOpening(
  tx: Tx,
  incidentId: string,
): Promise<{ kind: unknown; title: unknown; kept: unknown }> {
  const { rows } = await sql<{ kind: unknown; title: unknown; kept: unknown }>`
    select data->>'kind' as kind, data->>'title' as title, data->>'kept' as kept from incident_entry
    where incident_id = ${incidentId} and seq = 1`.execute(tx)
  return rows[0] ?? { kind: null, title: null, kept: null }
}

/** The contact of a number, or undefined. */
export async function findByNumber(
  tx: Tx,
  hotlineId: string,
  number: number,
): Promise<{ contact_id: string; number: number } | undefined> {
  const { rows } = await sql<{ contact_id: string; number: number }>`
    select contact_id, number from contact where hotline_id = ${hotlineId} and number = ${number}`.execute(tx)
  return rows[0]
}

/** Says on the contact's own chain that an incident names it. */
export async function noteOnContact(
  tx: Tx,
  contactId: string,
  at: Date,
  personId: string | null,
  incidentNumber: number,
): Promise<void> {
  await sql`select append_contact_event(${contactId}, ${at}, 'incident-linked', ${personId}, ${jsonb({ incident: incidentNumber })})`.execute(
    tx,
  )
}
