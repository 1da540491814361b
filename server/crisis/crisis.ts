/* The front of crisis: what is heard of a contact's danger, what keeps it open, what the board must show. */
import { sql } from 'kysely'
import {
  levelOf,
  mustBeReported,
  newsIn,
  riskRank,
  type RiskFinding,
  type RiskLevel,
} from '../../domain/risk.ts'
import type { ReportKind } from '../../domain/escalation.ts'
import type { OpenedFrom } from '../../domain/protocol.ts'
import type { Tx } from '../db/database.ts'
import {
  appendEvent,
  findEntries,
  findOwed,
  insertEntry,
  lapseLowering,
  lockCrisis,
  saveDanger,
  saveReason,
} from './queries.ts'
import type { ReportReason } from './report-queries.ts'
import { openReports } from './reports.ts'
import { findRuns } from './run-queries.ts'
import { openRun } from './runs.ts'

/** Something was heard of a contact's danger; the caller of heard() holds the contact's row lock or takes it first. */
export interface Heard {
  hotlineId: string
  contactId: string
  /** Who said it; null for the caller's key and an instrument sent by link. */
  personId: string | null
  now: Date
  findings: readonly RiskFinding[]
  /** Heads of codes (`danger`) of which `findings` are all that is said now: what is taken back and said again is news. */
  whole?: readonly string[]
  /** True when another person is in danger; false changes nothing. */
  dangerToOthers?: boolean
  /** Protocols to open: `suicide`, `suicide-72h`, ...; one that runs already goes on. */
  open?: readonly { protocol: string; from: OpenedFrom }[]
}

/**
 * Writes down what the findings say that is new, computes the contact's level, opens protocols and, from `high` on or when
 * others are in danger, the report to the administration group and the supervisor's consultation (G24-4.3.1b, 4.3.5).
 * Saying the same again changes nothing. Does nothing for a contact that is not there.
 */
export async function heard(tx: Tx, given: Heard): Promise<{ level: RiskLevel | null; raised: boolean }> {
  const { contactId, personId, now } = given
  const contact = await lockCrisis(tx, contactId)
  if (!contact) return { level: null, raised: false }
  const before = await findEntries(tx, contactId)
  const news = newsIn(before, given.findings, given.whole)
  for (const entry of news) await insertEntry(tx, { ...given, at: now }, entry)
  for (const finding of given.findings) {
    const same = before.findLast((entry) => entry.source === finding.source && entry.code === finding.code)
    const typed =
      finding.reason !== undefined && same?.level === finding.level && same.reason !== finding.reason
    if (typed && same && finding.reason !== undefined) await saveReason(tx, same.seq, finding.reason)
  }
  const was = levelOf(before)
  const level = levelOf([...before, ...news])
  const raised = level !== null && (was === null || riskRank(level) > riskRank(was))
  const toOthers = given.dangerToOthers === true && !contact.danger_to_others
  if (raised || toOthers || contact.risk !== (level ?? contact.risk))
    await saveDanger(tx, contactId, level, contact.danger_to_others || toOthers)
  if (raised) {
    await lapseLowering(tx, contactId, now)
    const because = news
      .filter((entry) => entry.level === level)
      .map(({ source, code }) => ({ source, code }))
    await appendEvent(tx, contactId, now, 'risk.raised', personId, { from: was, level, because })
  }
  if (toOthers) await appendEvent(tx, contactId, now, 'risk.others', personId, {})
  const asked = await openProtocols(tx, { ...given, level, raised, toOthers })
  if (raised && mustBeReported(level)) await openReports(tx, { ...given, reason: 'high-risk', level })
  else if (toOthers) await openReports(tx, { ...given, reason: 'danger-to-others', level })
  else if (asked) await openReports(tx, { ...given, reason: 'protocol', level })
  return { level, raised }
}

/**
 * Opens what was asked for, `danger-to-others` when others are in danger, and for a contact that became high the protocol for
 * suicide, or its higher grade, unless another one runs. Gives whether one of them asks for the reports by itself.
 */
async function openProtocols(
  tx: Tx,
  given: Heard & { level: RiskLevel | null; raised: boolean; toOthers: boolean },
): Promise<boolean> {
  const { level } = given
  const had = new Set((await findRuns(tx, given.contactId)).map((run) => run.protocol))
  let reports = false
  const open = async (protocol: string, from: OpenedFrom): Promise<void> => {
    const { protocol: opened } = await openRun(tx, { ...given, protocol, from, level })
    if (opened.follows.report && !had.has(opened.protocol)) reports = true
    had.add(opened.protocol)
  }
  for (const { protocol, from } of given.open ?? []) await open(protocol, from)
  if (given.toOthers) await open('danger-to-others', 'form')
  const isHigh = given.raised && mustBeReported(level)
  if (isHigh && (had.size === 0 || had.has('suicide'))) await open('suicide', 'form')
  return reports
}

/** What still keeps the contact open: `report`, `consult`, `protocol:<id>`; empty when it may be closed. */
export const owedBy = (tx: Tx, contactId: string): Promise<string[]> => findOwed(tx, contactId)

/** What the board shows of danger; instants in ms since 1970. */
export interface BoardFacts {
  /** Unacknowledged reports, oldest first. */
  reports: {
    reportId: string
    contactId: string
    number: number
    kind: ReportKind
    reason: ReportReason
    openedAt: number
    stage: number
  }[]
  /** Contacts that owe something or are high and not yet closed, most serious first. */
  open: {
    contactId: string
    number: number
    state: string
    level: string | null
    owed: string[]
    since: number
  }[]
  /** The step of a running protocol that is longest overdue, by contact. */
  overdue: { contactId: string; protocol: string; step: string; dueAt: number }[]
}

interface OpenRow {
  contact_id: string
  number: number
  state: string
  risk: string | null
  owed: string[]
  since: Date
}

/** Unacknowledged reports, open dangerous contacts with what they owe, and overdue steps, of the transaction's hotline. */
export async function boardFacts(tx: Tx, hotlineId: string, now: Date): Promise<BoardFacts> {
  const reports = await sql<{
    report_id: string
    contact_id: string
    number: number
    kind: ReportKind
    reason: ReportReason
    opened_at: Date
    stage: number
  }>`
    select r.report_id, r.contact_id, c.number, r.kind, r.reason, r.opened_at, r.stage
    from report r join contact c on c.contact_id = r.contact_id
    where r.hotline_id = ${hotlineId} and r.acknowledged_at is null order by r.opened_at, r.report_id limit 200`.execute(
    tx,
  )
  const open = await sql<OpenRow>`
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
    select c.contact_id, c.number, c.state, c.risk, array_remove(array_agg(distinct o.owed), null) as owed,
      min(o.since) as since
    from owing o join contact c on c.contact_id = o.contact_id group by c.contact_id
    order by risk_rank(c.risk) desc, min(o.since), c.number limit 200`.execute(tx)
  const overdue = await sql<{ contact_id: string; protocol: string; step: string; due_at: Date }>`
    select distinct on (r.contact_id) r.contact_id, r.protocol, s.step, s.due_at
    from protocol_run r join protocol_step s on s.run_id = r.run_id
    where r.hotline_id = ${hotlineId} and r.closed_at is null and s.done_at is null and s.skipped is null
      and s.due_at < ${now} order by r.contact_id, s.due_at, s.step`.execute(tx)
  return {
    reports: reports.rows.map((row) => ({
      reportId: row.report_id,
      contactId: row.contact_id,
      number: row.number,
      kind: row.kind,
      reason: row.reason,
      openedAt: row.opened_at.getTime(),
      stage: row.stage,
    })),
    open: open.rows.map((row) => ({
      contactId: row.contact_id,
      number: row.number,
      state: row.state,
      level: row.risk,
      owed: row.owed,
      since: row.since.getTime(),
    })),
    overdue: overdue.rows.map((row) => ({
      contactId: row.contact_id,
      protocol: row.protocol,
      step: row.step,
      dueAt: row.due_at.getTime(),
    })),
  }
}
