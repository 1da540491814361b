import { sql } from 'kysely'
import type { ReportKind } from '../../domain/escalation.ts'
import type { Tx } from '../db/database.ts'
import type { ReportReason } from './report-queries.ts'

/** An unacknowledged report as the board shows it. */
export interface OpenReportFact {
  reportId: string
  contactId: string
  number: number
  kind: ReportKind
  reason: ReportReason
  openedAt: number
  stage: number
}

/** Unacknowledged reports, oldest first. */
export async function findOpenReports(tx: Tx, hotlineId: string): Promise<OpenReportFact[]> {
  const { rows } = await sql<Omit<OpenReportFact, 'openedAt'> & { openedAt: Date }>`
    select r.report_id as "reportId", r.contact_id as "contactId", c.number, r.kind, r.reason, r.opened_at as "openedAt",
      r.stage
    from report r join contact c on c.contact_id = r.contact_id
    where r.hotline_id = ${hotlineId} and r.acknowledged_at is null order by r.opened_at, r.report_id limit 200`.execute(
    tx,
  )
  return rows.map((row) => ({ ...row, openedAt: row.openedAt.getTime() }))
}

/** A contact that owes something, or is high or dangerous to others and not yet closed. */
export interface OpenContactFact {
  contactId: string
  number: number
  state: string
  level: string | null
  owed: string[]
  since: number
}

/** Open dangerous contacts, the most serious first, then the oldest. */
export async function findOpenContacts(tx: Tx, hotlineId: string): Promise<OpenContactFact[]> {
  const { rows } = await sql<Omit<OpenContactFact, 'since'> & { since: Date }>`
    with owing as (
      select contact_id, case kind when 'administration' then 'report' else 'consult' end as owed, opened_at as since
        from report where hotline_id = ${hotlineId} and acknowledged_at is null
      union all
      select contact_id, 'protocol:' || protocol, opened_at from protocol_run
        where hotline_id = ${hotlineId} and closed_at is null
      union all
      select contact_id, null, started_at from contact where hotline_id = ${hotlineId}
        and state not in ('closed', 'failed') and (risk in ('high', 'acute') or danger_to_others)
    )
    select c.contact_id as "contactId", c.number, c.state, c.risk as level,
      array_remove(array_agg(distinct o.owed), null) as owed, min(o.since) as since
    from owing o join contact c on c.contact_id = o.contact_id group by c.contact_id
    order by risk_rank(c.risk) desc, min(o.since), c.number limit 200`.execute(tx)
  return rows.map((row) => ({ ...row, since: row.since.getTime() }))
}

/** A step whose time has run out. */
export interface OverdueFact {
  contactId: string
  protocol: string
  step: string
  dueAt: number
}

/** The step that is longest overdue, by contact. */
export async function findOverdue(tx: Tx, hotlineId: string, now: Date): Promise<OverdueFact[]> {
  const { rows } = await sql<Omit<OverdueFact, 'dueAt'> & { dueAt: Date }>`
    select distinct on (r.contact_id) r.contact_id as "contactId", r.protocol, s.step, s.due_at as "dueAt"
    from protocol_run r join protocol_step s on s.run_id = r.run_id
    where r.hotline_id = ${hotlineId} and r.closed_at is null and s.done_at is null and s.skipped is null
      and s.due_at < ${now} order by r.contact_id, s.due_at, s.step`.execute(tx)
  return rows.map((row) => ({ ...row, dueAt: row.dueAt.getTime() }))
}
