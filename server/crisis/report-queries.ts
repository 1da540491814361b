import { sql } from 'kysely'
import type { Colleague, ReportKind } from '../../domain/escalation.ts'
import type { Role } from '../../domain/permission.ts'
import type { RiskLevel } from '../../domain/risk.ts'
import type { Tx } from '../db/database.ts'

/** Why a report was opened. */
export type ReportReason = 'high-risk' | 'danger-to-others' | 'protocol' | 'counsellor-asked'

/** A report with what its contact says. */
export interface StoredReport {
  report_id: string
  contact_id: string
  number: number
  contact_state: 'greeting' | 'waiting' | 'offered' | 'talking' | 'survey' | 'wrap-up' | 'closed' | 'failed'
  line_name: string
  counsellor_id: string | null
  counsellor: string | null
  kind: ReportKind
  reason: ReportReason
  level: RiskLevel | null
  opened_at: Date
  stage: number
  next_at: Date | null
  ring_at: Date | null
  asked: string[]
  asked_names: string[]
  acknowledged_at: Date | null
  acknowledged_by: string | null
  acknowledged_name: string | null
  note: string
}

const reportColumns = sql`r.report_id, r.contact_id, c.number, c.state as contact_state, l.name as line_name,
  c.person_id as counsellor_id, p.display_name as counsellor, r.kind, r.reason, r.level, r.opened_at, r.stage, r.next_at,
  r.ring_at, r.asked::text[] as asked, r.acknowledged_at, r.acknowledged_by, a.display_name as acknowledged_name, r.note,
  array(select q.display_name from person q where q.person_id = any(r.asked) order by array_position(r.asked, q.person_id))
    as asked_names
  from report r join contact c on c.contact_id = r.contact_id join line l on l.line_id = c.line_id
  left join person p on p.person_id = c.person_id left join person a on a.person_id = r.acknowledged_by`

/** The reports of a contact, the first opened first. */
export async function findReportsOf(tx: Tx, contactId: string): Promise<StoredReport[]> {
  const { rows } = await sql<StoredReport>`
    select ${reportColumns} where r.contact_id = ${contactId} order by r.opened_at, r.kind`.execute(tx)
  return rows
}

/** One report; undefined when it is not there. */
export async function findReport(tx: Tx, reportId: string): Promise<StoredReport | undefined> {
  const { rows } = await sql<StoredReport>`select ${reportColumns} where r.report_id = ${reportId}`.execute(
    tx,
  )
  return rows[0]
}

/** The open reports that asked a person, the first opened first. */
export async function findAsking(tx: Tx, personId: string): Promise<StoredReport[]> {
  const { rows } = await sql<StoredReport>`
    select ${reportColumns} where r.acknowledged_at is null and ${personId}::uuid = any(r.asked)
    order by r.opened_at, r.kind limit 50`.execute(tx)
  return rows
}

/** One page and one row more: open ones by the time they opened, acknowledged ones the latest first. */
export async function findReports(
  tx: Tx,
  hotlineId: string,
  given: { open: boolean; after: { at: Date; id: string } | null; text: string; limit: number },
): Promise<StoredReport[]> {
  const key = given.open ? sql`(r.opened_at, r.report_id)` : sql`(r.acknowledged_at, r.report_id)`
  const wanted = [
    sql`r.hotline_id = ${hotlineId}`,
    given.open ? sql`r.acknowledged_at is null` : sql`r.acknowledged_at is not null`,
  ]
  if (given.text) {
    const like = `%${given.text.replace(/[%_\\]/g, '\\$&')}%`
    wanted.push(sql`(c.number::text = ${given.text} or l.name ilike ${like} or p.display_name ilike ${like})`)
  }
  if (given.after)
    wanted.push(sql`${key} ${given.open ? sql`>` : sql`<`} (${given.after.at}, ${given.after.id}::uuid)`)
  const order = given.open ? sql`r.opened_at, r.report_id` : sql`r.acknowledged_at desc, r.report_id desc`
  const { rows } = await sql<StoredReport>`
    select ${reportColumns} where ${sql.join(wanted, sql` and `)} order by ${order} limit ${given.limit + 1}`.execute(
    tx,
  )
  return rows
}

/** The open report of a kind on a contact. */
export async function findOpenReport(
  tx: Tx,
  contactId: string,
  kind: ReportKind,
): Promise<{ report_id: string; level: RiskLevel | null } | undefined> {
  const { rows } = await sql<{ report_id: string; level: RiskLevel | null }>`
    select report_id, level from report
    where contact_id = ${contactId} and kind = ${kind} and acknowledged_at is null`.execute(tx)
  return rows[0]
}

/** Opens a report that asks somebody at once. */
export async function insertReport(
  tx: Tx,
  given: {
    reportId: string
    hotlineId: string
    contactId: string
    kind: ReportKind
    reason: ReportReason
    level: RiskLevel | null
    personId: string | null
    now: Date
  },
): Promise<void> {
  await sql`
    insert into report (report_id, hotline_id, contact_id, kind, reason, level, opened_at, opened_by, next_at)
    values (${given.reportId}, ${given.hotlineId}, ${given.contactId}, ${given.kind}, ${given.reason}, ${given.level},
      ${given.now}, ${given.personId}, ${given.now})`.execute(tx)
}

/** Gives an open report the level that was heard since. */
export async function saveReportLevel(tx: Tx, reportId: string, level: RiskLevel | null): Promise<void> {
  await sql`update report set level = ${level} where report_id = ${reportId}`.execute(tx)
}

/** Wakes the round of every server once this transaction is committed. */
export async function wakeRounds(tx: Tx, hotlineId: string): Promise<void> {
  await sql`select pg_notify('hearthline_reports', ${hotlineId})`.execute(tx)
}

/** Writes whom a report asked and when the next thing is due. */
export async function saveAsking(
  tx: Tx,
  reportId: string,
  given: { stage: number; asked: readonly string[]; nextAt: Date; ringAt: Date | null },
): Promise<void> {
  await sql`
    update report set stage = ${given.stage}, asked = ${given.asked}::uuid[], next_at = ${given.nextAt},
      ring_at = ${given.ringAt} where report_id = ${reportId}`.execute(tx)
}

/** Writes when the phones on call ring next for a report. */
export async function saveRing(tx: Tx, reportId: string, at: Date): Promise<void> {
  await sql`update report set ring_at = ${at} where report_id = ${reportId}`.execute(tx)
}

/** Acknowledges a report. */
export async function saveAcknowledged(
  tx: Tx,
  reportId: string,
  given: { personId: string; note: string; at: Date },
): Promise<void> {
  await sql`
    update report set acknowledged_at = ${given.at}, acknowledged_by = ${given.personId}, note = ${given.note},
      next_at = null, ring_at = null where report_id = ${reportId}`.execute(tx)
}

/** Locks the contact of an open report unless somebody else works on it just now; gives whether it is locked. */
export async function tryLockContactOf(tx: Tx, reportId: string): Promise<boolean> {
  const { rows } = await sql`
    select from contact c where c.contact_id = (select r.contact_id from report r where r.report_id = ${reportId})
    for update skip locked`.execute(tx)
  return rows.length > 0
}

interface ColleagueRow {
  person_id: string
  roles: Role[]
  state: string | null
  idle_since: Date | null
  online: boolean
  on_call: boolean
}

/** Somebody is at a screen when their session was seen within this. */
const onlineWithin = 150_000

/** Everybody who may be asked. */
export async function findColleagues(tx: Tx, hotlineId: string, now: Date): Promise<Colleague[]> {
  const seenSince = new Date(now.getTime() - onlineWithin)
  const { rows } = await sql<ColleagueRow>`
    select p.person_id, p.roles, d.state, d.idle_since, p.on_call and p.phone_sealed is not null as on_call,
      exists (select from session s where s.person_id = p.person_id and s.expires_at > ${now}
        and s.seen_at > ${seenSince}) as online
    from person p left join duty d on d.person_id = p.person_id
    where p.hotline_id = ${hotlineId} and p.disabled_at is null
      and p.roles && array['supervisor', 'administrator']::text[]`.execute(tx)
  return rows.map((row) => ({
    personId: row.person_id,
    roles: row.roles,
    duty: row.state === null ? null : row.state === 'free' ? 'free' : 'engaged',
    idleSince: row.state === 'free' ? (row.idle_since?.getTime() ?? null) : null,
    online: row.online,
    onCall: row.on_call,
  }))
}

/** The sealed phones of people. */
export async function findPhones(
  tx: Tx,
  personIds: readonly string[],
): Promise<{ personId: string; sealed: Buffer }[]> {
  const { rows } = await sql<{ person_id: string; phone_sealed: Buffer }>`
    select person_id, phone_sealed from person
    where person_id = any(${personIds}::uuid[]) and phone_sealed is not null`.execute(tx)
  return rows.map((row) => ({ personId: row.person_id, sealed: row.phone_sealed }))
}
