import { sql, type RawBuilder } from 'kysely'
import type { z } from 'zod'
import type { listKept } from '../../api/retention.ts'
import { yearsKept, type RetentionClass, type RetentionDecision } from '../../domain/retention.ts'
import { dayAfter, monthsAfter, startOfDay } from '../../domain/zone.ts'
import type { Tx } from '../db/database.ts'

/** How a contact is kept, as stored. */
export interface KeptRow {
  contact_id: string
  number: number
  line_name: string
  channel: 'phone' | 'web-call' | 'chat' | 'by-hand'
  is_over: boolean
  over_at: Date
  retention_class: RetentionClass
  held: boolean
  restricted_at: Date | null
  disposed_at: Date | null
  recordings: number
  disposal_id: string | null
}

/** Written as the index `contact_kept` has it. */
const overAt = sql`(case when c.ended_at is not null then c.ended_at when c.closed_at is not null then c.closed_at
  else c.started_at end)`
const isOver = sql`c.state in ('closed', 'failed')`

/** The list of a disposal that was not refused, for a contact `c`. */
const onList = sql`(select i.disposal_id from disposal_item i where i.contact_id = c.contact_id and not exists (
  select from disposal_approval a where a.disposal_id = i.disposal_id and not a.granted) limit 1)`

const columns = sql`c.contact_id, c.number, l.name as line_name, c.channel, ${isOver} as is_over, ${overAt} as over_at,
  c.retention_class, c.held, c.restricted_at, c.disposed_at, ${onList} as disposal_id,
  (select count(*) from recording r where r.contact_id = c.contact_id and r.state in ('kept', 'truncated')) as recordings`

/** The hotline's zone. */
export async function findZone(tx: Tx): Promise<string> {
  const { time_zone: zone } = await tx.selectFrom('hotline').select('time_zone').executeTakeFirstOrThrow()
  return zone
}

/** A list's query, parsed. */
export type KeptQuery = z.output<(typeof listKept)['query']>

/** Contacts that end soon are those within so many days of their last. */
const soonDays = 90

/** An instant a few days beside the end of a contact that is kept through `day`: wide enough for leap days and zones. */
const endedAbout = (zone: string, day: string, days: number): Date =>
  new Date(startOfDay(dayAfter(monthsAfter(day, -yearsKept.usual * 12), days), zone))

/**
 * Due by `day`. The first condition is a little too wide and uses the index, which under row-level security only a plain
 * comparison of instants can; the last day is exact.
 */
const dueBy = (zone: string, day: string): RawBuilder<unknown> => sql`
  ${overAt} < ${endedAbout(zone, day, 3)} and ${isOver}
  and not c.held and last_day_kept(${overAt}, c.retention_class, ${zone}) < ${day}::date and ${onList} is null`

/** Where and on which day a list is read. */
interface Today {
  zone: string
  today: string
}

const notDisposed = sql`c.disposed_at is null`

/** What each list shows. */
const lists: Readonly<Record<KeptQuery['only'], (at: Today) => RawBuilder<unknown>[]>> = {
  due: ({ zone, today }) => [notDisposed, dueBy(zone, today)],
  soon: ({ zone, today }) => [
    notDisposed,
    sql`${overAt} >= ${endedAbout(zone, today, -3)}`,
    dueBy(zone, dayAfter(today, soonDays)),
    sql`last_day_kept(${overAt}, c.retention_class, ${zone}) >= ${today}::date`,
  ],
  held: () => [notDisposed, sql`c.held`],
  restricted: () => [notDisposed, sql`c.restricted_at is not null`],
  'medical-record': () => [notDisposed, sql`c.retention_class <> 'usual'`],
  disposed: () => [sql`c.disposed_at is not null`],
  all: () => [],
}

/** Lists of what is due go by its end, the oldest first; the others by number, the newest first. */
export const goesByEnd = (only: KeptQuery['only']): boolean => only === 'due' || only === 'soon'

/** Beyond the last row of the page before; a key that is none begins anew. */
function beyond(byEnd: boolean, after: string): RawBuilder<unknown> {
  if (byEnd && /^[0-9a-f-]{36}$/.test(after))
    return sql`(${overAt}, c.contact_id) > (select ${overAt}, c.contact_id from contact c
      where c.contact_id = ${after}::uuid)`
  return !byEnd && /^\d{1,15}$/.test(after) ? sql`c.number < ${Number(after)}` : sql`true`
}

/** One page of contacts and one more. */
export async function findKept(tx: Tx, query: KeptQuery, at: Today): Promise<KeptRow[]> {
  const byEnd = goesByEnd(query.only)
  const conditions = [sql`c.hotline_id = current_hotline()`, ...lists[query.only](at)]
  if (query.number !== undefined) conditions.push(sql`c.number = ${query.number}`)
  if (query.lineId) conditions.push(sql`c.line_id = ${query.lineId}`)
  if (query.after) conditions.push(beyond(byEnd, query.after))
  const order = byEnd ? sql`${overAt}, c.contact_id` : sql`c.number desc`
  const { rows } = await sql<KeptRow>`
    select ${columns} from (
      select c.* from contact c where ${sql.join(conditions, sql` and `)} order by ${order} limit ${query.limit + 1}
    ) c join line l on l.line_id = c.line_id order by ${order}`.execute(tx)
  return rows
}

/** One contact, locked where it is to be decided about. */
export async function findOneKept(
  tx: Tx,
  contactId: string,
  lock: 'lock' | 'read',
): Promise<KeptRow | undefined> {
  const { rows } = await sql<KeptRow>`
    select ${columns} from contact c join line l on l.line_id = c.line_id
    where c.contact_id = ${contactId} ${lock === 'lock' ? sql`for update of c` : sql``}`.execute(tx)
  return rows[0]
}

/** Contacts by their ids, locked in the order of their numbers. */
export async function lockKept(tx: Tx, contactIds: readonly string[]): Promise<KeptRow[]> {
  const { rows } = await sql<KeptRow>`
    select ${columns} from contact c join line l on l.line_id = c.line_id
    where c.contact_id = any(${[...contactIds]}::uuid[]) order by c.number for update of c`.execute(tx)
  return rows
}

/** A decision about keeping, its reason sealed, with the name of whoever took it. */
export interface DecisionRow {
  decision_id: string
  kind: RetentionDecision
  reason: string
  decided_by: string
  at: Date
}

/** Every decision about a contact, oldest first. */
export async function findDecisions(tx: Tx, contactId: string): Promise<DecisionRow[]> {
  const { rows } = await sql<DecisionRow>`
    select d.decision_id, d.kind, d.reason, p.display_name as decided_by, d.at
    from retention_decision d join person p on p.person_id = d.decided_by
    where d.contact_id = ${contactId} order by d.decision_id limit 500`.execute(tx)
  return rows
}

/** Appends a decision, its reason sealed; the database applies it to the contact. */
export async function insertDecision(
  tx: Tx,
  given: {
    decisionId: string
    hotlineId: string
    contactId: string
    kind: RetentionDecision
    reason: string
    personId: string
    now: Date
  },
): Promise<void> {
  await sql`
    insert into retention_decision (decision_id, hotline_id, contact_id, kind, reason, decided_by, at)
    values (${given.decisionId}, ${given.hotlineId}, ${given.contactId}, ${given.kind}, ${given.reason}, ${given.personId},
      ${given.now})`.execute(tx)
}
