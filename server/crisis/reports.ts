/* Reports to the administration group and consultations of a supervisor: opened, listed, acknowledged. */
import type { z } from 'zod'
import type { listReports, ReportRow } from '../../api/crisis.ts'
import { mayAcknowledge, reportKinds, type ReportKind } from '../../domain/escalation.ts'
import type { Role } from '../../domain/permission.ts'
import { Problem } from '../../domain/problem.ts'
import { riskRank, type RiskLevel } from '../../domain/risk.ts'
import { appendEvent } from '../db/contact-event.ts'
import type { Tx } from '../db/database.ts'
import { newId } from '../db/id.ts'
import type { Words } from '../records/keys.ts'
import { lockCrisis } from './queries.ts'
import {
  findOpenReport,
  findReport,
  findReports,
  insertReport,
  saveAcknowledged,
  saveReportLevel,
  wakeRounds,
  type ReportReason,
  type StoredReport,
} from './report-queries.ts'

/** What a report is opened for. */
export interface ReportOpening {
  hotlineId: string
  contactId: string
  personId: string | null
  now: Date
  reason: ReportReason
  level: RiskLevel | null
}

/**
 * Opens the reports that are not open already; one that is gets the higher level. Whom they ask is decided by the round
 * that wakes after the commit, and every second besides.
 */
export async function openReports(
  tx: Tx,
  given: ReportOpening,
  kinds: readonly ReportKind[] = reportKinds,
): Promise<void> {
  const { contactId, personId, now, reason, level } = given
  for (const kind of kinds) {
    const open = await findOpenReport(tx, contactId, kind)
    if (open && riskRank(level) > riskRank(open.level)) await saveReportLevel(tx, open.report_id, level)
    if (open) continue
    await insertReport(tx, { ...given, reportId: newId(now.getTime()), kind })
    await appendEvent(tx, contactId, now, 'report.opened', personId, { kind, reason, level })
  }
  await wakeRounds(tx, given.hotlineId)
}

/** Who reads or acknowledges reports. */
export interface Reader {
  personId: string
  roles: readonly Role[]
}

const openFor = (row: StoredReport, reader: Reader): boolean =>
  mayAcknowledge({ kind: row.kind, counsellor: row.counsellor_id }, reader)

/** A report as its reader sees it. */
export const shownReport = (row: StoredReport, reader: Reader, sealed: Words): ReportRow => ({
  reportId: row.report_id,
  contactId: row.contact_id,
  contactNumber: row.number,
  contactState: row.contact_state,
  line: row.line_name,
  counsellor: row.counsellor,
  kind: row.kind,
  reason: row.reason,
  level: row.level,
  openedAt: row.opened_at.toISOString(),
  stage: row.stage,
  nextAt: row.next_at?.toISOString() ?? null,
  asked: row.asked_names,
  acknowledgedAt: row.acknowledged_at?.toISOString() ?? null,
  acknowledgedBy: row.acknowledged_name,
  note: sealed.open(row.note),
  mine: row.acknowledged_at === null && openFor(row, reader),
})

const keyOf = (text: string | undefined): { at: Date; id: string } | null => {
  const [at = '', id = ''] = text?.split('_') ?? []
  const time = new Date(at)
  return /^[0-9a-f-]{36}$/.test(id) && !Number.isNaN(time.getTime()) ? { at: time, id } : null
}

/** One page of reports. */
export async function listed(
  tx: Tx,
  hotlineId: string,
  reader: Reader,
  query: z.output<(typeof listReports)['query']>,
  sealed: Words,
): Promise<z.output<(typeof listReports)['reply']>> {
  const open = query.open === 'yes'
  const { after, text = '', limit } = query
  const found = await findReports(tx, hotlineId, { open, after: keyOf(after), text, limit })
  const rows = found.slice(0, limit)
  const last = rows.at(-1)
  const at = open ? last?.opened_at : last?.acknowledged_at
  return {
    rows: rows.map((row) => shownReport(row, reader, sealed)),
    next: found.length > limit && last && at ? `${at.toISOString()}_${last.report_id}` : null,
  }
}

/**
 * Acknowledges a report: `report.notYours` for one's own contact or another group's report, `report.alreadyAcknowledged` when
 * somebody else did; again by oneself is success. The note is sealed. Gives the report and whom it had asked.
 */
export async function acknowledge(
  tx: Tx,
  reader: Reader,
  given: { reportId: string; note: string; by: 'screen' | 'phone'; now: Date },
): Promise<{ row: StoredReport; fresh: boolean }> {
  const known = await findReport(tx, given.reportId)
  if (!known) throw new Problem('report.notFound')
  // The contact first, then its report: the same order everywhere, so that nobody waits in a ring.
  await lockCrisis(tx, known.contact_id)
  const row = (await findReport(tx, given.reportId)) ?? known
  if (!openFor(row, reader)) throw new Problem('report.notYours')
  if (row.acknowledged_by === reader.personId) return { row, fresh: false }
  if (row.acknowledged_at) throw new Problem('report.alreadyAcknowledged')
  const { note, by, now } = given
  await saveAcknowledged(tx, given.reportId, { personId: reader.personId, note, at: now })
  await appendEvent(tx, row.contact_id, now, 'report.acknowledged', reader.personId, {
    kind: row.kind,
    by,
    afterMs: now.getTime() - row.opened_at.getTime(),
  })
  return { row: (await findReport(tx, given.reportId)) ?? row, fresh: true }
}
