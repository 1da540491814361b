import { sql } from 'kysely'
import type { ContactClass } from '../../domain/form.ts'
import { openCustody } from '../db/custody.ts'
import type { Tx } from '../db/database.ts'
import type { StoredAnswers } from '../records/answers.ts'

/** One link of a chain: `text` is what its hash was made of besides the hash before it. */
export interface Link {
  chain: string
  seq: number
  text: string
  hash: Buffer
}

/** A reader of the chains in one table: `chain` is the column that names a chain, `actor` who wrote a link. */
const linksOf =
  (table: string, chain: string, actor: string) =>
  async (tx: Tx, after: { chain: string; seq: number }, limit: number): Promise<Link[]> => {
    const [from, of, by] = [sql.table(table), sql.ref(chain), sql.ref(actor)]
    const { rows } = await sql<Link>`
      select ${of} as chain, seq, hash, concat_ws('|', ${of}, seq, extract(epoch from at), kind,
        coalesce(${by}::text, ''), data::text) as text
      from ${from} where (${of}, seq) > (${after.chain}::uuid, ${after.seq}) order by ${of}, seq limit ${limit}`.execute(
      tx,
    )
    return rows
  }

/** Chains of contacts' events after a place, in order, at most `limit` links. */
export const contactLinks = linksOf('contact_event', 'contact_id', 'actor')

/** Chains of incidents after a place, in order, at most `limit` links. */
export const incidentLinks = linksOf('incident_entry', 'incident_id', 'person_id')

/** Logs of disclosures after a place, in order. */
export const disclosureLinks = linksOf('disclosure_entry', 'disclosure_id', 'person_id')

/** The hotline's audit chain after a place. */
export async function auditLinks(
  tx: Tx,
  after: { chain: string; seq: number },
  limit: number,
): Promise<Link[]> {
  const { rows } = await sql<Link>`
    select 'audit' as chain, seq, hash, concat_ws('|', seq, extract(epoch from at), coalesce(actor::text, ''), action,
      subject, coalesce(contact_id::text, ''), data::text) as text
    from audit_event where hotline_id = current_hotline() and seq > ${after.seq} order by seq limit ${limit}`.execute(
    tx,
  )
  return rows
}

/** Chains whose last link is not what their head says: links cut off at the end, or a head that was changed. */
export async function wrongHeads(
  tx: Tx,
): Promise<{ kind: 'contact' | 'audit' | 'incident' | 'disclosure'; chain: string }[]> {
  await openCustody(tx)
  const { rows } = await sql<{ kind: 'contact' | 'audit' | 'incident' | 'disclosure'; chain: string }>`
    select 'contact' as kind, c.contact_id::text as chain from contact c
      left join lateral (select seq, hash from contact_event e where e.contact_id = c.contact_id order by seq desc limit 1) e on true
      where c.event_count <> coalesce(e.seq, 0) or c.event_hash <> coalesce(e.hash, '\\x')
    union all
    select 'incident', i.incident_id::text from incident i
      left join lateral (select seq, hash from incident_entry e where e.incident_id = i.incident_id order by seq desc limit 1) e on true
      where i.entry_count <> coalesce(e.seq, 0) or i.entry_hash <> coalesce(e.hash, '\\x')
    union all
    select 'disclosure', d.disclosure_id::text from disclosure d
      left join lateral (select seq, hash from disclosure_entry e where e.disclosure_id = d.disclosure_id order by seq desc limit 1) e on true
      where d.entry_count <> coalesce(e.seq, 0) or d.entry_hash <> coalesce(e.hash, '\\x')
    union all
    select 'audit', 'audit' from audit_chain a
      left join lateral (select seq, hash from audit_event e where e.hotline_id = a.hotline_id order by seq desc limit 1) e on true
      where a.seq <> coalesce(e.seq, 0) or a.hash <> coalesce(e.hash, '\\x')
    limit 1000`.execute(tx)
  return rows
}

/**
 * Stretches of contact numbers that are not there, up to the last one given out, which the hotline's row knows; and numbers
 * beyond it, which nobody gave out (`given` false).
 */
export async function wrongNumbers(tx: Tx): Promise<{ first: number; last: number; given: boolean }[]> {
  await openCustody(tx)
  const { rows } = await sql<{ first: number; last: number; given: boolean }>`
    with upto as (select last_contact_number as last from hotline where hotline_id = current_hotline()),
    numbers as (
      select number, lag(number, 1, 0::bigint) over (order by number) as before
      from contact where number <= (select last from upto)
      union all
      select last + 1, (select coalesce(max(number), 0) from contact where number <= last) from upto
    )
    select before + 1 as first, number - 1 as last, true as given from numbers where number <> before + 1
    union all
    select number, number, false from contact where number > (select last from upto)
    order by 1 limit 1000`.execute(tx)
  return rows
}

/** A recording whose files must still be what they were when the talk ended. */
export interface KeptRecording {
  recording_id: string
  started_at: Date
  ended_at: Date | null
  stored_at: Date | null
  sha256: Record<string, string>
}

/** Recordings that were settled, in pages by id. */
export async function keptRecordings(tx: Tx, after: string, limit: number): Promise<KeptRecording[]> {
  const { rows } = await sql<KeptRecording>`
    select recording_id, started_at, ended_at, stored_at, sha256 from recording
    where state in ('kept', 'truncated') and recording_id > ${after} order by recording_id limit ${limit}`.execute(
    tx,
  )
  return rows
}

/** A contact's answers as they lie. */
export interface KeptRecord extends StoredAnswers {
  class: ContactClass | null
}

/** Records with answers, in pages by id; restricted ones too. */
export async function keptRecords(tx: Tx, after: string | null, limit: number): Promise<KeptRecord[]> {
  await openCustody(tx)
  const { rows } = await sql<KeptRecord>`
    select contact_id, form, answers_sealed, class from contact
    where form ? 'resourceType' and ${after === null ? sql`true` : sql`contact_id > ${after}::uuid`}
    order by contact_id limit ${limit}`.execute(tx)
  return rows
}

/** Closed contacts whose level is not the last one that their chain says. */
export async function wrongLevels(tx: Tx): Promise<string[]> {
  await openCustody(tx)
  const { rows } = await sql<{ contact_id: string }>`
    select c.contact_id from contact c join lateral (
      select coalesce(e.data ->> 'level', e.data ->> 'to') as level from contact_event e
      where e.contact_id = c.contact_id and e.kind in ('risk.raised', 'risk.lowered') order by e.seq desc limit 1) e on true
    where c.state = 'closed' and c.disposed_at is null and c.risk is distinct from e.level limit 1000`.execute(
    tx,
  )
  return rows.map((row) => row.contact_id)
}

/** A link whose words are kept beside its chain. */
export interface ReferringLink {
  chain: string
  seq: number
  data: unknown
}

/** Links that refer to words kept beside their chain, in pages; those of contacts that were disposed of have none any more. */
export async function referringLinks(
  tx: Tx,
  from: 'contact_event' | 'incident_entry' | 'disclosure_entry',
  after: { chain: string; seq: number } | null,
  limit: number,
): Promise<ReferringLink[]> {
  await openCustody(tx)
  const chain = sql.ref(
    { contact_event: 'contact_id', incident_entry: 'incident_id', disclosure_entry: 'disclosure_id' }[from],
  )
  const gone =
    from === 'contact_event'
      ? sql`and not exists (select from contact c where c.contact_id = l.contact_id and c.disposed_at is not null)`
      : sql``
  const { rows } = await sql<ReferringLink>`
    select ${chain} as chain, seq, data from ${sql.table(from)} l
    where data::text like '%"kept:%' ${gone}
      and ${after === null ? sql`true` : sql`(${chain}, seq) > (${after.chain}::uuid, ${after.seq})`}
    order by 1, 2 limit ${limit}`.execute(tx)
  return rows
}
