import { sql, type RawBuilder } from 'kysely'
import type { z } from 'zod'
import type { listRegisters, RegisterRow } from '../../api/registers.ts'
import type { RegisterStep } from '../../domain/register.ts'
import type { Tx } from '../db/database.ts'
import { hasWords, searchIndex, type WordSealing } from '../records/word-search.ts'

/** An entry as stored, its title sealed, with the kinds of its steps. */
export interface StoredEntry {
  entry_id: string
  kind: RegisterRow['kind']
  number: number
  title: string
  request: RegisterRow['request']
  contact_number: number | null
  opened_at: Date
  opened_by: string
  opener: string
  due_at: Date
  closed_at: Date | null
  keep_until: string | null
  time_zone: string
  steps: RegisterStep[]
}

const entry = sql`select e.entry_id, e.kind, e.number, e.title, e.request, c.number as contact_number, e.opened_at, e.opened_by,
  p.display_name as opener, e.due_at, e.closed_at, e.keep_until::text, h.time_zone,
  array(select s.kind from register_step s where s.entry_id = e.entry_id order by s.seq) as steps
  from register_entry e join hotline h on h.hotline_id = e.hotline_id join person p on p.person_id = e.opened_by
  left join contact c on c.contact_id = e.contact_id`

/** What comes after the last row of a page; its key is "deadline|id" by deadline, the id by newest. */
function beyond(sort: 'due' | 'newest', after: string): RawBuilder<unknown> {
  const [due = '', entryId = ''] = sort === 'due' ? after.split('|') : ['', after]
  if (!/^[0-9a-f-]{36}$/.test(entryId)) return sql`true`
  if (sort === 'newest') return sql`e.entry_id < ${entryId}::uuid`
  if (Number.isNaN(Date.parse(due))) return sql`true`
  return sql`(e.due_at, e.entry_id) > (${due}::timestamptz, ${entryId}::uuid)`
}

/** One page of entries and one row more. */
export async function findEntries(
  tx: Tx,
  hotlineId: string,
  query: z.output<(typeof listRegisters)['query']>,
  now: Date,
  sealing: WordSealing,
): Promise<StoredEntry[]> {
  const wanted = [sql`e.hotline_id = ${hotlineId}`]
  if (query.kind) wanted.push(sql`e.kind = ${query.kind}`)
  if (query.state)
    wanted.push(query.state === 'closed' ? sql`e.closed_at is not null` : sql`e.closed_at is null`)
  if (query.state === 'overdue') wanted.push(sql`e.due_at < ${now}`)
  if (query.text) {
    const { text } = query
    wanted.push(sql`(c.number::text = ${text} or ${hasWords('e.search', text, sealing)} or exists (
      select from register_step s where s.entry_id = e.entry_id and ${hasWords('s.search', text, sealing)}))`)
  }
  if (query.after) wanted.push(beyond(query.sort, query.after))
  const order = query.sort === 'due' ? sql`e.due_at, e.entry_id` : sql`e.entry_id desc`
  const { rows } = await sql<StoredEntry>`${entry} where ${sql.join(wanted, sql` and `)}
    order by ${order} limit ${query.limit + 1}`.execute(tx)
  return rows
}

/** One entry, or undefined; `lock` makes others that change it wait until the transaction ends. */
export async function findEntry(tx: Tx, entryId: string, lock?: 'lock'): Promise<StoredEntry | undefined> {
  const { rows } = await sql<StoredEntry>`${entry} where e.entry_id = ${entryId}
    ${lock ? sql`for update of e` : sql``}`.execute(tx)
  return rows[0]
}

/** A step as stored, its words sealed. */
export interface StoredStep {
  seq: number
  at: Date
  person: string
  kind: RegisterStep
  words: string
}

/** All steps of an entry, oldest first. */
export async function findSteps(tx: Tx, entryId: string): Promise<StoredStep[]> {
  const { rows } = await sql<StoredStep>`
    select s.seq, s.at, p.display_name as person, s.kind, s.words
    from register_step s join person p on p.person_id = s.person_id
    where s.entry_id = ${entryId} order by s.seq`.execute(tx)
  return rows
}

/** The id of a contact's number, or null. */
export async function findContactId(tx: Tx, hotlineId: string, number: number): Promise<string | null> {
  const { rows } = await sql<{ contact_id: string }>`
    select contact_id from contact where hotline_id = ${hotlineId} and number = ${number}`.execute(tx)
  return rows[0]?.contact_id ?? null
}

/** Inserts an entry with its register's next number; it has no step yet. */
export async function insertEntry(
  tx: Tx,
  given: {
    entryId: string
    hotlineId: string
    kind: RegisterRow['kind']
    title: string
    request: string | null
    contactId: string | null
    personId: string
    at: Date
    dueAt: Date
  },
  sealing: WordSealing,
): Promise<void> {
  const { hotlineId, kind } = given
  // Two at once would take the same number: one waits for the other.
  await sql`select pg_advisory_xact_lock(hashtextextended(${`register ${hotlineId} ${kind}`}, 0))`.execute(tx)
  await sql`insert into register_entry (entry_id, hotline_id, kind, number, title, request, contact_id, opened_at, opened_by, due_at,
      search)
    values (${given.entryId}, ${hotlineId}, ${kind},
      (select coalesce(max(number), 0) + 1 from register_entry where hotline_id = ${hotlineId} and kind = ${kind}),
      ${sealing.words.seal(given.title)}, ${given.request}, ${given.contactId}, ${given.at}, ${given.personId}, ${given.dueAt},
      ${searchIndex([given.title], sealing)})`.execute(tx)
}

/** Adds a step. The caller keeps the entry's row. */
export async function insertStep(
  tx: Tx,
  of: { hotlineId: string; entryId: string; personId: string; at: Date },
  kind: RegisterStep,
  words: string,
  sealing: WordSealing,
): Promise<void> {
  await sql`insert into register_step (entry_id, seq, hotline_id, at, person_id, kind, words, search)
    values (${of.entryId}, (select coalesce(max(seq), 0) + 1 from register_step where entry_id = ${of.entryId}),
      ${of.hotlineId}, ${of.at}, ${of.personId}, ${kind}, ${sealing.words.seal(words)}, ${searchIndex([words], sealing)})`.execute(
    tx,
  )
}

/** Marks an entry as closed and until which day it must be kept. */
export async function markClosed(tx: Tx, entryId: string, at: Date, keepUntil: string): Promise<void> {
  await sql`update register_entry set closed_at = ${at}, keep_until = ${keepUntil} where entry_id = ${entryId}`.execute(
    tx,
  )
}
