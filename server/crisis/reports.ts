/* Reports to the administration group and consultations of a supervisor: opened, asked, escalated, acknowledged. */
import { sql } from 'kysely'
import { riskRank, type RiskLevel } from '../../domain/risk.ts'
import type { Tx } from '../db/database.ts'
import { newId } from '../db/id.ts'
import { appendEvent } from './queries.ts'

/** Both kinds that a high-risk contact needs. */
export const bothKinds = ['administration', 'consult'] as const

/** What a report is opened for. */
export interface Opening {
  hotlineId: string
  contactId: string
  personId: string | null
  now: Date
  reason: 'high-risk' | 'danger-to-others' | 'counsellor-asked'
  level: RiskLevel | null
}

/**
 * Opens the reports that are not open already; one that is gets the higher level. Whom they ask is decided by the round
 * that the notification wakes after the commit, and every second besides.
 */
export async function openReports(
  tx: Tx,
  given: Opening,
  kinds: readonly ('administration' | 'consult')[] = bothKinds,
): Promise<void> {
  for (const kind of kinds) {
    const { rows } = await sql<{ report_id: string; level: RiskLevel | null }>`
      select report_id, level from report
      where contact_id = ${given.contactId} and kind = ${kind} and acknowledged_at is null`.execute(tx)
    const open = rows[0]
    if (open) {
      if (riskRank(given.level) > riskRank(open.level))
        await sql`update report set level = ${given.level} where report_id = ${open.report_id}`.execute(tx)
      continue
    }
    const reportId = newId(given.now.getTime())
    await sql`
      insert into report (report_id, hotline_id, contact_id, kind, reason, level, opened_at, opened_by, next_at)
      values (${reportId}, ${given.hotlineId}, ${given.contactId}, ${kind}, ${given.reason}, ${given.level},
        ${given.now}, ${given.personId}, ${given.now})`.execute(tx)
    await appendEvent(tx, given.contactId, given.now, 'report.opened', given.personId, {
      kind,
      reason: given.reason,
      level: given.level,
    })
  }
  await sql`select pg_notify('hearthline_reports', ${given.hotlineId})`.execute(tx)
}
