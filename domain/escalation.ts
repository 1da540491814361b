/**
 * Whom a report asks, and whom next while nobody has acknowledged it (G24-4.3.1b): the nearest first, then the next, then
 * all of its group and the phones on call, again and again.
 */
import type { Role } from './permission.ts'

/** How reports escalate, in ms: to the next person and to all after the opening, and how often everybody is asked again. */
export interface Escalation {
  nextMs: number
  allMs: number
  ringAgainMs: number
}

/** How reports escalate where nobody has changed it. */
export const defaultEscalation: Escalation = { nextMs: 60_000, allMs: 120_000, ringAgainMs: 120_000 }

/** The two kinds of report that a dangerous contact needs. */
export const reportKinds = ['administration', 'consult'] as const

/** One of the kinds. */
export type ReportKind = (typeof reportKinds)[number]

/** The role whose group acknowledges a kind of report. */
const groupOf = (kind: ReportKind): Role => (kind === 'consult' ? 'supervisor' : 'administrator')

/** Somebody who may be asked. */
export interface Colleague {
  personId: string
  roles: readonly Role[]
  /** How they stand on duty; null when they are not. */
  duty: 'free' | 'engaged' | null
  /** Since when they are free (ms since 1970); null when they are not. */
  idleSince: number | null
  /** Logged in: a screen can ring. */
  online: boolean
  /** On call, with a phone that can be rung. */
  onCall: boolean
}

/** A report that nobody has acknowledged. */
export interface OpenReport {
  kind: ReportKind
  /** The contact's own counsellor: never asked. */
  counsellor: string | null
  openedAt: number
  stage: number
  asked: readonly string[]
}

/** Whether a person belongs to the group of a report and is not the contact's own counsellor. */
export const mayAcknowledge = (
  report: Pick<OpenReport, 'kind' | 'counsellor'>,
  person: Pick<Colleague, 'personId' | 'roles'>,
): boolean => person.personId !== report.counsellor && person.roles.includes(groupOf(report.kind))

const nearness = (one: Colleague): number =>
  one.duty === 'free' ? 0 : one.online ? 1 : one.duty === 'engaged' ? 2 : 3

/** Those who may acknowledge, the nearest first: free on duty by longest idle, then at a screen, then on duty, then the rest. */
export const nearestFirst = (
  report: Pick<OpenReport, 'kind' | 'counsellor'>,
  colleagues: readonly Colleague[],
): Colleague[] =>
  colleagues
    .filter((one) => mayAcknowledge(report, one))
    .sort(
      (one, other) =>
        nearness(one) - nearness(other) ||
        (one.idleSince ?? Infinity) - (other.idleSince ?? Infinity) ||
        (one.personId < other.personId ? -1 : 1),
    )

/** What is done about an open report now, and when the next thing is due (ms since 1970). */
export interface Asking {
  stage: 0 | 1 | 2
  /** Whose screens ring now. */
  ask: string[]
  /** All who were asked so far. */
  asked: string[]
  /** Whose phones ring now. */
  ring: string[]
  nextAt: number
}

const last = 2

const stageNow = (
  report: OpenReport,
  ranked: readonly Colleague[],
  settings: Escalation,
  now: number,
): 0 | 1 | 2 => {
  const since = now - report.openedAt
  const nobodyThere = !ranked.some((one) => one.online || one.duty !== null)
  if (nobodyThere || since >= settings.allMs || report.stage >= last) return last
  return since >= settings.nextMs || report.stage >= 1 ? 1 : 0
}

/**
 * What is due for a report nobody has acknowledged. The stage goes by the time since the opening, so one that nobody looked
 * after (the server was away) goes straight to where it should be, and by nobody being there at all: then all at once.
 */
export function escalate(
  report: OpenReport,
  colleagues: readonly Colleague[],
  settings: Escalation,
  now: number,
): Asking {
  const ranked = nearestFirst(report, colleagues)
  const stage = stageNow(report, ranked, settings, now)
  const wanted = stage === last ? ranked.length : stage + 1
  const fresh = ranked.filter((one) => !report.asked.includes(one.personId))
  const more = fresh.slice(0, Math.max(0, wanted - report.asked.length)).map((one) => one.personId)
  const asked = [...report.asked, ...more]
  // Nobody new to ask: whoever was asked is reminded, as long as they may still acknowledge.
  const remind = stage === last || more.length === 0
  const ask = remind
    ? ranked.map((one) => one.personId).filter((id) => stage === last || asked.includes(id))
    : more
  const due = [
    report.openedAt + settings.nextMs,
    report.openedAt + settings.allMs,
    now + settings.ringAgainMs,
  ][stage]
  return {
    stage,
    ask,
    asked: stage === last ? [...new Set([...asked, ...ask])] : asked,
    ring: stage === last ? ranked.filter((one) => one.onCall).map((one) => one.personId) : [],
    nextAt: Math.max(due ?? now, now + 1000),
  }
}
