/* Reports that nobody has acknowledged, looked after every second: who is asked next stands in the row, not in a timer. */
import { sql } from 'kysely'
import { escalate, type OpenReport } from '../../domain/escalation.ts'
import type { LiveEvent } from '../../api/events.ts'
import { Problem } from '../../domain/problem.ts'
import { appendEvent } from '../db/contact-event.ts'
import { appendAudit } from '../db/audit.ts'
import { inHotline, outside, type Database, type Tx } from '../db/database.ts'
import type { Live } from '../http/live.ts'
import type { Keys } from '../records/keys.ts'
import {
  findColleagues,
  findPhones,
  findReport,
  saveAsking,
  saveRing,
  tryLockContactOf,
  type StoredReport,
} from './report-queries.ts'
import { acknowledge, shownReport } from './reports.ts'
import { escalationOf } from './on-call.ts'

/** How a phone is rung: server/calls/alarms.ts. */
export interface AlarmBell {
  /** Whether this process controls the switchboard, so that it is the one to ring phones. */
  controls(): boolean
  alarmCall(given: {
    hotlineId: string
    alarmId: string
    to: { number: string }
    prompt: string
    onDigit: (digit: string) => Promise<void>
  }): Promise<void>
}

/** What looking after reports stands on. */
export interface ReportsDeps {
  db: Database
  live: Pick<Live, 'publish'>
  keys: Pick<Keys, 'open' | 'wordsOf'>
  /** Null where there is no switchboard: no phones ring then. */
  bell: () => AlarmBell | null
  now: () => Date
  /** Told when a board may have changed. */
  poke: () => void
  failed: (error: unknown) => void
}

const everyMs = 1000
const channel = 'hearthline_reports'
const prompt = 'report-alarm'
/** A switchboard that is away is tried again so soon. */
const phoneAgainMs = 5000

/** Looks at once when a report was opened, by any server, and every second. */
export function watchReports(deps: ReportsDeps): { stop: () => Promise<void> } {
  let underway: Promise<void> | null = null
  let again = false
  const look = (): void => {
    if (underway) {
      again = true
      return
    }
    underway = lookAfterReports(deps)
      .catch(deps.failed)
      .finally(() => {
        underway = null
        if (again) {
          again = false
          look()
        }
      })
  }
  const timer = setInterval(look, everyMs)
  const stopListening = deps.db.listen(channel, look, look)
  return {
    async stop() {
      clearInterval(timer)
      stopListening()
      again = false
      await underway
    },
  }
}

/** Does everything that is due now, each report in a transaction of its own. */
export async function lookAfterReports(deps: ReportsDeps): Promise<void> {
  const phones = deps.bell()?.controls() ?? false
  const due = await outside(() =>
    sql<{ hotline_id: string; report_id: string }>`
      select hotline_id, report_id from due_reports(${deps.now()}, ${phones})`.execute(deps.db.doors),
  )
  for (const { hotline_id, report_id } of due.rows) {
    // One report that fails keeps no other waiting.
    await lookAfter(deps, hotline_id, report_id, phones).catch(deps.failed)
  }
}

async function lookAfter(
  deps: ReportsDeps,
  hotlineId: string,
  reportId: string,
  phones: boolean,
): Promise<void> {
  const asked = await withReport(deps, hotlineId, reportId, async (tx, row, now) => {
    if (row.next_at && row.next_at <= now) await ask(deps, tx, hotlineId, row, now)
  })
  const rung = phones && (await ring(deps, hotlineId, reportId))
  const row = rung || asked
  if (row) tellOfReport(deps, hotlineId, row)
}

/** Works on an open report with its contact's row locked; null when it is over, or another server or the desk is at it. */
const withReport = async (
  deps: ReportsDeps,
  hotlineId: string,
  reportId: string,
  work: (tx: Tx, row: StoredReport, now: Date) => Promise<void>,
): Promise<StoredReport | null> =>
  inHotline(deps.db, hotlineId, async (tx) => {
    // What is locked just now is tried again within a second.
    if (!(await tryLockContactOf(tx, reportId))) return null
    const row = await findReport(tx, reportId)
    if (!row || row.acknowledged_at) return null
    await work(tx, row, deps.now())
    return row
  })

/** To the contact's counsellor and to those who see the board: its danger changed. */
export function tellOfCrisis(
  deps: Pick<ReportsDeps, 'live' | 'poke'>,
  hotlineId: string,
  contact: { contactId: string; counsellorId: string | null },
): void {
  const { contactId, counsellorId } = contact
  const event = { type: 'crisis', contactId } as const
  if (counsellorId !== null) deps.live.publish(hotlineId, { personId: counsellorId }, event)
  deps.live.publish(hotlineId, { right: 'board.see' }, event)
  deps.poke()
}

function tellOfReport(
  deps: Pick<ReportsDeps, 'live' | 'poke'>,
  hotlineId: string,
  row: Pick<StoredReport, 'contact_id' | 'counsellor_id'>,
): void {
  tellOfCrisis(deps, hotlineId, { contactId: row.contact_id, counsellorId: row.counsellor_id })
  deps.live.publish(hotlineId, { right: 'report.acknowledge' }, { type: 'changed', what: 'reports' })
}

async function ask(
  deps: ReportsDeps,
  tx: Tx,
  hotlineId: string,
  row: StoredReport,
  now: Date,
): Promise<void> {
  const settings = await escalationOf(tx)
  const colleagues = await findColleagues(tx, hotlineId, now)
  const asking = escalate(openReportOf(row), colleagues, settings, now.getTime())
  const ringAt = asking.ring.length > 0 ? (row.ring_at ?? now) : null
  await saveAsking(tx, row.report_id, { ...asking, nextAt: new Date(asking.nextAt), ringAt })
  if (asking.asked.length > row.asked.length || asking.stage > row.stage) {
    const kind = row.asked.length === 0 ? 'report.asked' : 'report.escalated'
    const data = { kind: row.kind, stage: asking.stage, asked: asking.asked.length }
    await appendEvent(tx, row.contact_id, now, kind, null, data)
    await appendAudit(tx, {
      at: now,
      actor: null,
      action: kind,
      subject: row.report_id,
      contactId: row.contact_id,
      data,
    })
  }
  const fresh = await findReport(tx, row.report_id)
  // Before the commit: a process that dies in between leaves the row due, and another one asks (again).
  for (const personId of fresh ? asking.ask : []) {
    const reader = colleagues.find((one) => one.personId === personId)
    if (fresh && reader)
      publish(deps, hotlineId, personId, {
        type: 'report',
        report: shownReport(fresh, reader, deps.keys.wordsOf(hotlineId)),
      })
  }
}

const publish = (deps: ReportsDeps, hotlineId: string, personId: string, event: LiveEvent): void =>
  deps.live.publish(hotlineId, { personId }, event)

/**
 * Rings the phones that are due, with no row locked meanwhile. They are due again in seconds until they have rung, so a
 * process that dies in between leaves it to the next.
 */
async function ring(deps: ReportsDeps, hotlineId: string, reportId: string): Promise<StoredReport | null> {
  const bell = deps.bell()
  let phones: { personId: string; sealed: Buffer }[] = []
  const row = await withReport(deps, hotlineId, reportId, async (tx, found, now) => {
    if (!found.ring_at || found.ring_at > now) return
    const colleagues = await findColleagues(tx, hotlineId, now)
    const { ring: people } = escalate(openReportOf(found), colleagues, await escalationOf(tx), now.getTime())
    phones = await findPhones(tx, people)
    await saveRing(tx, reportId, new Date(now.getTime() + phoneAgainMs))
  })
  if (!row || !bell || phones.length === 0) return null
  const results = await Promise.allSettled(
    phones.map(({ personId, sealed }) =>
      bell.alarmCall({
        hotlineId,
        alarmId: reportId,
        to: { number: deps.keys.open(hotlineId, sealed) },
        prompt,
        onDigit: (digit) => pressed(deps, hotlineId, reportId, personId, digit),
      }),
    ),
  )
  const isAway = (reason: unknown): boolean => reason instanceof Problem && reason.code === 'switchboard.away'
  const away = results.some((one) => one.status === 'rejected' && isAway(one.reason))
  const rung = results.filter((one) => one.status === 'fulfilled').length
  await withReport(deps, hotlineId, reportId, async (tx, found, now) => {
    const { ringAgainMs } = await escalationOf(tx)
    await saveRing(tx, reportId, new Date(now.getTime() + (away ? phoneAgainMs : ringAgainMs)))
    const data = { kind: found.kind, phones: rung, failed: results.length - rung }
    // A switchboard that is away for an hour does not fill the record.
    if (rung > 0 || !away) await appendEvent(tx, found.contact_id, now, 'report.rung', null, data)
  })
  return row
}

const openReportOf = (row: StoredReport): OpenReport => ({
  kind: row.kind,
  counsellor: row.counsellor_id,
  openedAt: row.opened_at.getTime(),
  stage: row.stage,
  asked: row.asked,
})

/** Key 1 on a phone on call: that person has acknowledged. */
async function pressed(
  deps: ReportsDeps,
  hotlineId: string,
  reportId: string,
  personId: string,
  digit: string,
): Promise<void> {
  if (digit !== '1') return
  const done = await inHotline(deps.db, hotlineId, async (tx) => {
    const person = (await findColleagues(tx, hotlineId, deps.now())).find((one) => one.personId === personId)
    if (!person) return null
    const now = deps.now()
    const acknowledged = await acknowledge(tx, person, { reportId, note: '', by: 'phone', now })
    const { contact_id: contactId } = acknowledged.row
    const action = 'report.acknowledged'
    await appendAudit(tx, {
      at: now,
      actor: personId,
      action,
      subject: reportId,
      contactId,
      data: { by: 'phone' },
    })
    return acknowledged.row
  })
  if (done) reportOver(deps, hotlineId, done)
}

/** Tells everybody who was asked that it is over. */
export function reportOver(
  deps: Pick<ReportsDeps, 'live' | 'poke'>,
  hotlineId: string,
  row: Pick<StoredReport, 'report_id' | 'contact_id' | 'counsellor_id'>,
): void {
  const event = { type: 'report-over', reportId: row.report_id } as const
  deps.live.publish(hotlineId, { right: 'report.acknowledge' }, event)
  tellOfReport(deps, hotlineId, row)
}
