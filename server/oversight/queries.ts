import { sql } from 'kysely'
import type { z } from 'zod'
import type { GlassRow, listAudit, listGlass } from '../../api/oversight.ts'
import type { Tx } from '../db/database.ts'
import { hasWords, searchIndex, type WordSealing } from '../records/word-search.ts'

const within = (text: string): string => `%${text.replace(/[%_\\]/g, '\\$&')}%`

/** An entry of the audit chain as stored. */
export interface StoredAudit {
  seq: number
  at: Date
  actor: string | null
  person: string | null
  action: string
  subject: string
  contact_id: string | null
  number: number | null
  data: Record<string, unknown>
}

/** One page of the audit chain by seq and one row more. */
export async function findAudit(
  tx: Tx,
  hotlineId: string,
  query: z.output<(typeof listAudit)['query']>,
): Promise<StoredAudit[]> {
  const wanted = [sql`a.hotline_id = ${hotlineId}`]
  const newest = query.sort === 'newest'
  if (query.after !== undefined)
    wanted.push(newest ? sql`a.seq < ${query.after}` : sql`a.seq > ${query.after}`)
  if (query.personId) wanted.push(sql`a.actor = ${query.personId}`)
  if (query.action?.endsWith('.')) wanted.push(sql`starts_with(a.action, ${query.action})`)
  else if (query.action) wanted.push(sql`a.action = ${query.action}`)
  if (query.contactNumber !== undefined)
    wanted.push(
      sql`a.contact_id = (select contact_id from contact where hotline_id = ${hotlineId} and number = ${query.contactNumber})`,
    )
  if (query.from) wanted.push(sql`a.at >= ${query.from}`)
  if (query.to) wanted.push(sql`a.at < ${query.to}`)
  if (query.text) {
    const like = within(query.text)
    wanted.push(sql`(a.action ilike ${like} or a.subject = ${query.text} or a.actor = any(array(
      select person_id from person where display_name ilike ${like} or name ilike ${like})))`)
  }
  // The page is cut before names are joined to it.
  const order = newest ? sql`desc` : sql`asc`
  const { rows } = await sql<StoredAudit>`
    select a.seq, a.at, a.actor, p.display_name as person, a.action, a.subject, a.contact_id, c.number, a.data
    from (select a.* from audit_event a where ${sql.join(wanted, sql` and `)}
      order by a.seq ${order} limit ${query.limit + 1}) a
    left join person p on p.person_id = a.actor left join contact c on c.contact_id = a.contact_id
    order by a.seq ${order}`.execute(tx)
  return rows
}

/** A contact as the access report heads it. */
export interface ContactHead {
  contact_id: string
  number: number
  started_at: Date
  person_id: string | null
  counsellor: string | null
}

/** The contact of a number, or undefined. */
export async function findByNumber(
  tx: Tx,
  hotlineId: string,
  number: number,
): Promise<ContactHead | undefined> {
  const { rows } = await sql<ContactHead>`
    select c.contact_id, c.number, c.started_at, c.person_id, p.display_name as counsellor
    from contact c left join person p on p.person_id = c.person_id
    where c.hotline_id = ${hotlineId} and c.number = ${number}`.execute(tx)
  return rows[0]
}

/** Something a person did with a contact. */
export interface StoredAccess {
  at: Date
  actor: string
  person: string
  action: string
  purpose: string | null
}

/** More than this of one contact is not looked at: it would be a fault of ours, not work on a contact. */
const mostAccesses = 50_000

/**
 * What people did with a contact: from the audit chain, and from the contact's own what the audit chain does not say in the
 * same word at the same moment.
 */
export async function findAccesses(tx: Tx, contactId: string): Promise<StoredAccess[]> {
  const { rows } = await sql<StoredAccess>`
    with noted as (
      select at, actor, action, data->>'purpose' as purpose from audit_event
      where contact_id = ${contactId} and actor is not null
    ), happened as (
      select e.at, e.actor, 'event.' || e.kind as action, null::text as purpose from contact_event e
      where e.contact_id = ${contactId} and e.actor is not null and not exists (
        select from noted n where n.actor = e.actor and abs(extract(epoch from n.at - e.at)) < 2
          and split_part(n.action, '.', -1) = split_part(e.kind, '.', -1))
    )
    select a.at, a.actor, p.display_name as person, a.action, a.purpose
    from (select * from noted union all select * from happened) a join person p on p.person_id = a.actor
    order by a.at desc limit ${mostAccesses}`.execute(tx)
  return rows
}

/** An access in an emergency as stored, its words sealed. */
export interface StoredGlass {
  break_glass_id: string
  contact_id: string
  number: number
  person_id: string
  person: string
  reason: string
  at: Date
  until: Date
  reviewed_at: Date | null
  reviewed_by: string | null
  reviewer: string | null
  finding: GlassRow['finding']
  review_words: string
}

const glass = sql`select b.break_glass_id, b.contact_id, c.number, b.person_id, p.display_name as person, b.reason, b.at, b.until,
  b.reviewed_at, b.reviewed_by, r.display_name as reviewer, b.finding, b.review_words
  from break_glass b join contact c on c.contact_id = b.contact_id join person p on p.person_id = b.person_id
  left join person r on r.person_id = b.reviewed_by`

/** One page of accesses in emergencies, newest first, and one row more. */
export async function findGlasses(
  tx: Tx,
  hotlineId: string,
  query: z.output<(typeof listGlass)['query']>,
  sealing: WordSealing,
): Promise<StoredGlass[]> {
  const wanted = [sql`b.hotline_id = ${hotlineId}`]
  wanted.push(query.open === 'yes' ? sql`b.reviewed_at is null` : sql`b.reviewed_at is not null`)
  if (query.after) wanted.push(sql`b.break_glass_id < ${query.after}`)
  if (query.text) {
    const like = within(query.text)
    wanted.push(
      sql`(c.number::text = ${query.text} or ${hasWords('b.search', query.text, sealing)} or p.display_name ilike ${like})`,
    )
  }
  const { rows } = await sql<StoredGlass>`${glass} where ${sql.join(wanted, sql` and `)}
    order by b.break_glass_id desc limit ${query.limit + 1}`.execute(tx)
  return rows
}

/** All accesses in emergencies to one contact. */
export async function findGlassesOf(tx: Tx, contactId: string): Promise<StoredGlass[]> {
  const { rows } = await sql<StoredGlass>`${glass} where b.contact_id = ${contactId}`.execute(tx)
  return rows
}

/** One access, or undefined; `lock` keeps its row to ourselves until the transaction ends. */
export async function findGlass(
  tx: Tx,
  breakGlassId: string,
  lock?: 'lock',
): Promise<StoredGlass | undefined> {
  const { rows } = await sql<StoredGlass>`${glass} where b.break_glass_id = ${breakGlassId}
    ${lock ? sql`for update of b` : sql``}`.execute(tx)
  return rows[0]
}

/** The person's access to the contact that has not ended, or undefined. */
export async function findOpenGlass(
  tx: Tx,
  of: { contactId: string; personId: string; now: Date },
): Promise<StoredGlass | undefined> {
  const { rows } = await sql<StoredGlass>`${glass}
    where b.contact_id = ${of.contactId} and b.person_id = ${of.personId} and b.until > ${of.now}
    order by b.until desc limit 1`.execute(tx)
  return rows[0]
}

/** Writes down that somebody opened a contact in an emergency, here and on the contact's own chain. */
export async function insertGlass(
  tx: Tx,
  given: {
    breakGlassId: string
    hotlineId: string
    contactId: string
    personId: string
    reason: string
    at: Date
    until: Date
  },
  sealing: WordSealing,
): Promise<void> {
  const { breakGlassId, contactId, personId, at, until } = given
  await sql`insert into break_glass (break_glass_id, hotline_id, contact_id, person_id, reason, at, until, search)
    values (${breakGlassId}, ${given.hotlineId}, ${contactId}, ${personId}, ${sealing.words.seal(given.reason)}, ${at}, ${until},
      ${searchIndex([given.reason], sealing)})`.execute(tx)
  const data = JSON.stringify({ breakGlassId, until: until.toISOString() })
  await sql`select append_contact_event(${contactId}, ${at}, 'glass.broken', ${personId}, ${data}::jsonb)`.execute(
    tx,
  )
}

/** Writes a review's result, its words sealed. */
export async function saveReview(
  tx: Tx,
  breakGlassId: string,
  review: { personId: string; now: Date; finding: string; words: string },
): Promise<void> {
  await sql`update break_glass set reviewed_at = ${review.now}, reviewed_by = ${review.personId},
    finding = ${review.finding}, review_words = ${review.words} where break_glass_id = ${breakGlassId}`.execute(
    tx,
  )
}
