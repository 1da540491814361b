/* The front of crisis: what is heard of a contact's danger, what keeps it open, what the board must show. */
import {
  levelOf,
  mustBeReported,
  newsIn,
  riskRank,
  type RiskEntry,
  type RiskFinding,
  type RiskLevel,
} from '../../domain/risk.ts'
import type { OpenedFrom } from '../../domain/protocol.ts'
import { appendEvent } from '../db/contact-event.ts'
import type { Tx } from '../db/database.ts'
import type { Words } from '../records/keys.ts'
import {
  findOpenContacts,
  findOpenReports,
  findOverdue,
  type OpenContactFact,
  type OpenReportFact,
  type OverdueFact,
} from './board-queries.ts'
import {
  findEntries,
  findOwed,
  insertEntry,
  lapseLowering,
  lockCrisis,
  saveDanger,
  saveReason,
} from './queries.ts'
import { openReports } from './reports.ts'
import type { ReportReason } from './report-queries.ts'
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
  /** Seals the words of findings; needed where they have any. */
  words?: Words
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
  const { was, level, news } = await writeDown(tx, given)
  const raised = level !== null && (was === null || riskRank(level) > riskRank(was))
  const toOthers = given.dangerToOthers === true && !contact.danger_to_others
  if (raised || toOthers || (level !== null && contact.risk !== level))
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
  const reason = reportReason(raised && mustBeReported(level), toOthers, asked)
  if (reason) await openReports(tx, { ...given, reason, level })
  return { level, raised }
}

const reportReason = (isHigh: boolean, toOthers: boolean, asked: boolean): ReportReason | null => {
  if (isHigh) return 'high-risk'
  if (toOthers) return 'danger-to-others'
  return asked ? 'protocol' : null
}

/** Writes the entries that say something new, and the words of the others as they are typed. */
async function writeDown(
  tx: Tx,
  given: Heard,
): Promise<{ was: RiskLevel | null; level: RiskLevel | null; news: RiskEntry[] }> {
  const before = await findEntries(tx, given.contactId, given.words)
  const news = newsIn(before, given.findings, given.whole)
  for (const entry of news) await insertEntry(tx, { ...given, at: given.now }, entry, given.words)
  for (const { source, code, level, reason } of given.findings) {
    const same = before.findLast((entry) => entry.source === source && entry.code === code)
    if (same?.level === level && reason !== undefined && same.reason !== reason)
      await saveReason(tx, same.seq, given.words?.seal(reason) ?? reason)
  }
  return { was: levelOf(before), level: levelOf([...before, ...news]), news }
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
  reports: OpenReportFact[]
  /** Contacts that owe something or are high and not yet closed, most serious first. */
  open: OpenContactFact[]
  /** The step of a running protocol that is longest overdue, by contact. */
  overdue: OverdueFact[]
}

/** Unacknowledged reports, open dangerous contacts with what they owe, and overdue steps, of the transaction's hotline. */
export const boardFacts = async (tx: Tx, hotlineId: string, now: Date): Promise<BoardFacts> => ({
  reports: await findOpenReports(tx, hotlineId),
  open: await findOpenContacts(tx, hotlineId),
  overdue: await findOverdue(tx, hotlineId, now),
})
