/** Unacknowledged reports as every page shows them, and when the alarm sounds for them. */
import { queryOptions } from '@tanstack/react-query'
import { listLowerings, listReports, type ReportRow } from '../../api/crisis.ts'
import { request } from '../ui/request.ts'

/** The open reports, oldest first; read again whenever one opens, goes further or is acknowledged. */
export const openReportsQuery = queryOptions({
  queryKey: ['reports', 'open'],
  queryFn: () => request(listReports, { query: { open: 'yes', limit: 100 } }),
  // The live connection tells; this is for the case that it was lost without being noticed.
  refetchInterval: 20_000,
})

/** Requests to lower a level that wait; without a sound, because nobody is in more danger for them. */
export const loweringsQuery = queryOptions({
  queryKey: ['reports', 'lowerings'],
  queryFn: () => request(listLowerings, {}),
})

/** Which reports were silenced in this window, each at the stage it had then. */
export type Hushed = ReadonlyMap<string, number>

/**
 * The reports that sound: those I may acknowledge and am asked for, or that everybody is asked for, unless silenced here
 * since they last went further.
 */
export const soundingFor = (reports: readonly ReportRow[], me: string, hushed: Hushed): ReportRow[] =>
  reports.filter(
    (report) =>
      report.acknowledgedAt === null &&
      report.mine &&
      (report.asked.includes(me) || report.stage >= 2) &&
      (hushed.get(report.reportId) ?? -1) < report.stage,
  )

/** The reports in the order in which they want attention: mine first, then further on, then older. */
export const inOrder = (reports: readonly ReportRow[]): ReportRow[] =>
  reports.toSorted(
    (one, other) =>
      Number(other.mine) - Number(one.mine) ||
      other.stage - one.stage ||
      Date.parse(one.openedAt) - Date.parse(other.openedAt),
  )

/** Everything open is silenced at its present stage. */
export const hush = (reports: readonly ReportRow[]): Hushed =>
  new Map(reports.map((report) => [report.reportId, report.stage]))
