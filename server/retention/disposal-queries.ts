import { sql, type RawBuilder } from 'kysely'
import type { DisposalState } from '../../domain/retention.ts'
import type { Tx } from '../db/database.ts'
import type { KeptRow } from './queries.ts'

/** A list for disposal as stored. */
export interface DisposalRow {
  disposal_id: string
  proposed_by: string
  proposer: string
  proposed_at: Date
  contacts: number
  destroyed: number
  answers: { personId: string; person: string; granted: boolean; reason: string; at: string }[]
}

const columns = sql`d.disposal_id, d.proposed_by, p.display_name as proposer, d.proposed_at,
  (select count(*) from disposal_item i where i.disposal_id = d.disposal_id) as contacts,
  (select count(*) from disposal_certificate k where k.disposal_id = d.disposal_id) as destroyed,
  coalesce((select jsonb_agg(jsonb_build_object('personId', a.person_id, 'person', m.display_name, 'granted', a.granted,
      'reason', a.reason, 'at', to_char(a.at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')) order by a.at)
    from disposal_approval a join person m on m.person_id = a.person_id where a.disposal_id = d.disposal_id), '[]') as answers
  from disposal d join person p on p.person_id = d.proposed_by`

/** One list, or undefined. */
export async function findDisposal(tx: Tx, disposalId: string): Promise<DisposalRow | undefined> {
  const { rows } = await sql<DisposalRow>`select ${columns} where d.disposal_id = ${disposalId}`.execute(tx)
  return rows[0]
}

const refused = sql`exists (select from disposal_approval a where a.disposal_id = d.disposal_id and not a.granted)`
const inState: Readonly<Record<DisposalState, RawBuilder<unknown>>> = {
  refused,
  approved: sql`disposal_approved(d.disposal_id)`,
  open: sql`not ${refused} and not disposal_approved(d.disposal_id)`,
}

/** A page of lists and one more, newest first. */
export async function findDisposals(
  tx: Tx,
  query: { after?: string | undefined; limit: number; state?: DisposalState | undefined },
): Promise<DisposalRow[]> {
  const conditions = [sql`d.hotline_id = current_hotline()`]
  if (query.state) conditions.push(inState[query.state])
  if (query.after && /^[0-9a-f-]{36}$/.test(query.after))
    conditions.push(sql`d.disposal_id < ${query.after}::uuid`)
  const { rows } = await sql<DisposalRow>`
    select ${columns} where ${sql.join(conditions, sql` and `)}
    order by d.disposal_id desc limit ${query.limit + 1}`.execute(tx)
  return rows
}

/** Makes a list. */
export async function insertDisposal(
  tx: Tx,
  given: { disposalId: string; hotlineId: string; personId: string; now: Date },
  items: readonly { contactId: string; lastDay: string }[],
): Promise<void> {
  await sql`insert into disposal (disposal_id, hotline_id, proposed_by, proposed_at)
    values (${given.disposalId}, ${given.hotlineId}, ${given.personId}, ${given.now})`.execute(tx)
  for (const { contactId, lastDay } of items)
    await sql`insert into disposal_item (disposal_id, contact_id, hotline_id, last_day)
      values (${given.disposalId}, ${contactId}, ${given.hotlineId}, ${lastDay}::date)`.execute(tx)
}

/** Lets one answer at a time be given to a list: nobody may update it, so it has no row lock. */
export async function lockDisposal(tx: Tx, disposalId: string): Promise<void> {
  await sql`select pg_advisory_xact_lock(hashtext('disposal ' || ${disposalId}::text))`.execute(tx)
}

/** Writes one person's answer. */
export async function insertAnswer(
  tx: Tx,
  given: {
    disposalId: string
    hotlineId: string
    personId: string
    granted: boolean
    reason: string
    now: Date
  },
): Promise<void> {
  await sql`insert into disposal_approval (disposal_id, person_id, hotline_id, granted, reason, at)
    values (${given.disposalId}, ${given.personId}, ${given.hotlineId}, ${given.granted}, ${given.reason}, ${given.now})`.execute(
    tx,
  )
}

/** Contacts of approved lists that are still to be destroyed, with the list and whoever approved it last. */
export async function findToDestroy(
  tx: Tx,
  limit: number,
): Promise<{ disposal_id: string; contact_id: string; actor: string }[]> {
  const { rows } = await sql<{ disposal_id: string; contact_id: string; actor: string }>`
    select i.disposal_id, i.contact_id, (select a.person_id from disposal_approval a
      where a.disposal_id = i.disposal_id order by a.at desc limit 1) as actor
    from disposal_item i join contact c on c.contact_id = i.contact_id
    where i.hotline_id = current_hotline() and c.disposed_at is null and disposal_approved(i.disposal_id)
      and may_destroy(i.contact_id) order by i.disposal_id, i.contact_id limit ${limit}`.execute(tx)
  return rows
}

/** Destroys one contact; the certificate's SHA-256, or null when it may not be destroyed (any more). */
export async function destroyContact(
  tx: Tx,
  given: { disposalId: string; contactId: string; certificateId: string; actor: string; now: Date },
): Promise<Buffer | null> {
  const { rows } = await sql<{ sha256: Buffer | null }>`
    select dispose_contact(${given.disposalId}, ${given.contactId}, ${given.certificateId}, ${given.now}, ${given.actor})
      as sha256`.execute(tx)
  return rows[0]?.sha256 ?? null
}

/** A recording whose contact was destroyed and whose files may still be there. */
export interface DoomedRecording {
  recording_id: string
  started_at: Date
  ended_at: Date | null
  stored_at: Date | null
}

/** Recordings whose files are to be destroyed. */
export async function findDoomed(tx: Tx, limit: number): Promise<DoomedRecording[]> {
  const { rows } = await sql<DoomedRecording>`
    select recording_id, started_at, ended_at, stored_at from recording
    where hotline_id = current_hotline() and state = 'destroyed' and files_gone_at is null
    order by recording_id limit ${limit}`.execute(tx)
  return rows
}

/** Writes that a recording's files are gone. */
export async function saveGone(tx: Tx, recordingId: string, now: Date): Promise<void> {
  await sql`update recording set files_gone_at = ${now} where recording_id = ${recordingId}`.execute(tx)
}

/** The contacts of a list by number, and one more. */
export async function findListContacts(
  tx: Tx,
  disposalId: string,
  query: { after?: string | undefined; limit: number },
): Promise<KeptRow[]> {
  const beyond = /^\d{1,15}$/.test(query.after ?? '') ? Number(query.after) : 0
  const { rows } = await sql<KeptRow>`
    select c.contact_id, c.number, l.name as line_name, c.channel, c.state in ('closed', 'failed') as is_over,
      coalesce(c.ended_at, c.closed_at, c.started_at) as over_at, c.retention_class, c.held, c.restricted_at, c.disposed_at,
      i.disposal_id, (select count(*) from recording r where r.contact_id = c.contact_id
        and r.state in ('kept', 'truncated')) as recordings
    from disposal_item i join contact c on c.contact_id = i.contact_id join line l on l.line_id = c.line_id
    where i.disposal_id = ${disposalId} and c.number > ${beyond} order by c.number limit ${query.limit + 1}`.execute(
    tx,
  )
  return rows
}

/** A certificate as stored. */
export interface CertificateRow {
  certificate_id: string
  contact_id: string
  number: number
  last_day: string
  at: Date
  sha256: Buffer
  data: Record<string, unknown>
}

/** A page of certificates and one more, newest first. */
export async function findCertificates(
  tx: Tx,
  query: { after?: string | undefined; limit: number; number?: number | undefined },
): Promise<CertificateRow[]> {
  const conditions = [sql`k.hotline_id = current_hotline()`]
  if (query.number !== undefined) conditions.push(sql`c.number = ${query.number}`)
  if (query.after && /^[0-9a-f-]{36}$/.test(query.after))
    conditions.push(sql`k.certificate_id < ${query.after}::uuid`)
  const { rows } = await sql<CertificateRow>`
    select k.certificate_id, k.contact_id, c.number, k.last_day::text as last_day, k.at, k.sha256, k.data
    from disposal_certificate k join contact c on c.contact_id = k.contact_id
    where ${sql.join(conditions, sql` and `)} order by k.certificate_id desc limit ${query.limit + 1}`.execute(
    tx,
  )
  return rows
}
