/* The parts of the wallboard, made from rows. Nothing here identifies a caller. */
import { type Board, noticeKinds } from '../../api/board.ts'
import { contactStates, risks } from '../../api/desk.ts'
import { pauseReasons } from '../../domain/duty.ts'
import { type Hours, isOpenNow } from '../../domain/hours.ts'
import {
  colourOf,
  colours,
  graveness,
  lightKinds,
  type LightKind,
  type LightRule,
} from '../../domain/light.ts'
import { serviceLevelsOf } from '../../domain/measure.ts'
import { before, type Waiting } from '../../domain/queue.ts'
import { urgency } from '../../domain/risk.ts'
import { stages } from '../../domain/stage.ts'
import type { BoardFacts } from '../crisis/crisis.ts'
import type { countOwed, DroppedRow, Figures, findOpenLines, findWhose, LiveRow, SeatRow } from './queries.ts'

/** A seat is staffed while its counsellor is there to answer or answering; a pause is not. */
export const staffedStates: ReadonlySet<string> = new Set(['free', 'offered', 'busy', 'wrap-up'])

const known = <T extends string>(all: readonly T[], value: string | null): T | null =>
  all.find((one) => one === value) ?? null

const iso = (at: number): string => new Date(at).toISOString()

const queued = (row: LiveRow): Waiting => ({
  contact: row.contact_id,
  line: row.line,
  since: (row.queued_at ?? row.started_at).getTime(),
  danger: row.danger_key,
  risk: row.risk === 'danger-key' ? null : row.risk,
  ringsAgain: row.rings_again,
  skills: [],
  passed: [],
})

/** Who has not been answered: those in the queue in their order, then those still in the greeting. */
export const waitingOf = (live: readonly LiveRow[]): Board['waiting'] => {
  const order = live
    .filter((row) => row.state !== 'talking')
    .sort(
      (a, b) =>
        Number(a.state === 'greeting') - Number(b.state === 'greeting') || before(queued(a), queued(b)),
    )
  const perLine = new Map<string, number>()
  return order.map((row) => {
    const position = (perLine.get(row.line) ?? 0) + 1
    perLine.set(row.line, position)
    return {
      contactId: row.contact_id,
      number: row.number,
      line: row.line,
      since: (row.queued_at ?? row.started_at).toISOString(),
      risk: row.risk,
      dangerKey: row.danger_key,
      position,
      state: row.state,
      ringsAgain: row.rings_again,
    }
  })
}

const othersOf = (row: LiveRow, seats: readonly SeatRow[]): Board['talking'][number]['others'] =>
  (row.guests ?? []).map((guest) => {
    if (!('seat' in guest.to)) return { name: '', how: 'outside', joined: guest.up }
    const { seat } = guest.to
    const at = seats.find((each) => each.seat_id === seat)
    const how = guest.role === 'supervisor' ? (guest.supervision?.mode ?? 'barge') : 'transfer'
    return { name: at?.counsellor ?? at?.name ?? '', how, joined: guest.up }
  })

/** How a talk is heard; null while nothing was measured for long enough. */
function voiceOf(row: LiveRow, rules: Record<LightKind, LightRule>): Board['talking'][number]['voice'] {
  const { opinion, loss_percent: percent, silent_since: silentSince } = row
  if (opinion === null && silentSince === null) return null
  const lossShare = percent === null ? null : Math.round(percent * 10) / 1000
  const found = [colourOf(rules.voice, opinion), colourOf(rules.loss, lossShare)]
  return {
    opinion: opinion === null ? null : Math.round(opinion * 10) / 10,
    lossShare,
    colour: colours.findLast((colour) => found.includes(colour)) ?? 'green',
    silentSince: silentSince?.toISOString() ?? null,
  }
}

/** Who talks: danger first, then risk, then the longest talk. */
export const talkingOf = (
  live: readonly LiveRow[],
  seats: readonly SeatRow[],
  overdue: BoardFacts['overdue'],
  rules: Record<LightKind, LightRule>,
): Board['talking'] => {
  const steps = new Map(overdue.map((step) => [step.contactId, step]))
  const rank = (row: LiveRow): number => urgency(row.danger_key, row.risk === 'danger-key' ? null : row.risk)
  const since = (row: LiveRow): number => (row.answered_at ?? row.started_at).getTime()
  return live
    .filter((row) => row.state === 'talking')
    .sort((a, b) => rank(b) - rank(a) || since(a) - since(b) || a.number - b.number)
    .map((row) => {
      const step = steps.get(row.contact_id)
      return {
        contactId: row.contact_id,
        number: row.number,
        line: row.line,
        seat: row.seat ?? '',
        counsellor: row.counsellor ?? '',
        since: iso(since(row)),
        stage: known(stages, row.stage),
        risk: row.risk,
        dangerKey: row.danger_key,
        onHold: row.phase === 'held' || row.phase === 'consulting' || row.phase === 'handing',
        callerPresent: row.phase !== 'none',
        others: othersOf(row, seats),
        overdueStep: step ? { protocol: step.protocol, step: step.step, dueAt: iso(step.dueAt) } : null,
        voice: voiceOf(row, rules),
      }
    })
}

/** Every seat. */
export const seatsOf = (rows: readonly SeatRow[]): Board['seats'] =>
  rows.map((row) => ({
    seatId: row.seat_id,
    name: row.name,
    kind: row.kind,
    counsellor: row.counsellor,
    state: row.state ?? 'off',
    reason: known(pauseReasons, row.reason),
    since: row.since?.toISOString() ?? null,
    connected: row.connected ?? false,
  }))

/** Lines in service at this instant with their staffed seats. */
export const linesOf = (
  lines: Awaited<ReturnType<typeof findOpenLines>>,
  seats: readonly SeatRow[],
  zone: string,
  now: Date,
): Board['lines'] =>
  lines
    // Written by the slice of lines alone, which parsed it.
    .filter((line) => isOpenNow(line.hours as Hours, zone, now))
    .map((line) => ({
      name: line.name,
      staffed: seats.filter(
        (seat) => staffedStates.has(seat.state ?? 'off') && seat.line_ids.includes(line.line_id),
      ).length,
      least: line.least_seats,
    }))

const levelOf = (figures: Figures): number | null =>
  serviceLevelsOf({
    offered: figures.offered,
    answered: figures.answered,
    inTime: figures.in_time,
    goneEarly: figures.gone_early,
    goneAtOnce: figures.gone_at_once,
  })['SL-B']

/** Over so long a time the present service level is taken. */
export const latelyMs = 30 * 60_000

/**
 * Today's figures. Whoever still waits counts as not answered once the threshold has passed, and not at all before:
 * nobody knows yet how it will end.
 */
export const todayOf = (figures: Figures, thresholdMs: number, callBacksOpen: number): Board['today'] => ({
  offered: figures.entered,
  answered: figures.answered,
  abandoned: figures.abandoned,
  leftInMenu: figures.left_in_menu,
  callBacksOpen,
  serviceLevel: levelOf(figures),
  formula: 'SL-B',
  thresholdMs,
  longestWaitMs: figures.longest === null ? null : Math.max(0, Math.round(figures.longest)),
  meanWaitMs: figures.mean_answered === null ? null : Math.round(figures.mean_answered),
})

/** The service level of the last half hour. */
export const latelyOf = (figures: Figures): Board['lately'] => ({
  serviceLevel: levelOf(figures),
  offered: figures.entered,
  spanMs: latelyMs,
})

type Whose = Awaited<ReturnType<typeof findWhose>>

/** Reports and contacts in danger, with whose they are. */
export const crisisOf = (facts: BoardFacts, whose: Whose): Pick<Board, 'reports' | 'highRisk'> => {
  const byId = new Map(whose.map((row) => [row.contact_id, row]))
  const of = (contactId: string): { line: string; counsellor: string | null } => {
    const row = byId.get(contactId)
    return { line: row?.line ?? '', counsellor: row?.counsellor ?? null }
  }
  return {
    reports: facts.reports.map(({ openedAt, ...report }) => ({
      ...report,
      openedAt: iso(openedAt),
      ...of(report.contactId),
    })),
    highRisk: facts.open.map((contact) => ({
      contactId: contact.contactId,
      number: contact.number,
      state: known(contactStates, contact.state) ?? 'wrap-up',
      risk: known(risks, contact.level),
      owed: contact.owed,
      since: iso(contact.since),
      ...of(contact.contactId),
    })),
  }
}

/** Dropped high-risk calls. */
export const droppedOf = (rows: readonly DroppedRow[]): Board['dropped'] =>
  rows.map((row) => ({
    taskId: row.task_id,
    contactId: row.contact_id,
    number: row.number,
    line: row.line,
    since: row.created_at.toISOString(),
    dueAt: row.due_at.toISOString(),
    owner: row.owner,
    callable: row.callable,
  }))

/** What is owed to callers, counted. */
export const owedOf = (rows: Awaited<ReturnType<typeof countOwed>>): Board['owed'] => {
  const of = (kind: string) => rows.find((row) => row.kind === kind)
  const [calls, follows] = [of('call-back'), of('follow-up')]
  return {
    callBacks: calls?.open ?? 0,
    callBacksOverdue: calls?.overdue ?? 0,
    callBacksSince: calls?.since?.toISOString() ?? null,
    followUps: follows?.open ?? 0,
    followUpsOverdue: follows?.overdue ?? 0,
    followUpsSince: follows?.since?.toISOString() ?? null,
  }
}

/** Troubles that last. */
export const noticesOf = (
  rows: readonly { kind: string; at: Date; data: { count?: number; trunk?: string } }[],
): Board['notices'] =>
  rows.flatMap((notice) => {
    const kind = known(noticeKinds, notice.kind)
    const { count = null, trunk = null } = notice.data
    return kind ? [{ kind, since: notice.at.toISOString(), count, trunk }] : []
  })

const least = (values: readonly number[]): number | null => (values.length > 0 ? Math.min(...values) : null)
const most = (values: readonly number[]): number | null => (values.length > 0 ? Math.max(...values) : null)

/** The lights, each with its figure and rule. */
export function lightsOfBoard(
  board: Omit<Board, 'lights'>,
  rules: Record<LightKind, LightRule>,
  now: number,
): Board['lights'] {
  const ages = (instants: readonly (string | null)[]): number | null =>
    most(instants.flatMap((at) => (at === null ? [] : [Math.max(0, now - Date.parse(at))])))
  const values: Record<LightKind, number | null> = {
    reports: ages(board.reports.map((report) => report.openedAt)),
    dropped: ages(board.dropped.map((task) => task.since)),
    steps: ages(board.talking.map((call) => call.overdueStep?.dueAt ?? null)),
    'longest-wait': ages(board.waiting.filter((one) => one.state !== 'greeting').map((one) => one.since)),
    'service-now': board.lately.serviceLevel,
    seats: least(board.lines.map((line) => (line.least > 0 ? line.staffed / line.least : 1))),
    'call-backs': ages([board.owed.callBacksSince]),
    'follow-ups': ages([board.owed.followUpsSince]),
    unreachable:
      board.seats.filter((seat) => staffedStates.has(seat.state) && !seat.connected).length +
      board.talking.filter((call) => (call.voice?.silentSince ?? null) !== null).length,
    voice: least(board.talking.flatMap((call) => call.voice?.opinion ?? [])),
    loss: most(board.talking.flatMap((call) => call.voice?.lossShare ?? [])),
    system: most(board.notices.map((notice) => graveness[notice.kind])) ?? 0,
  }
  return lightKinds.map((kind) => ({
    kind,
    colour: colourOf(rules[kind], values[kind]),
    value: values[kind],
    unit: rules[kind].unit,
    worse: rules[kind].worse,
    amber: rules[kind].amber,
    red: rules[kind].red,
  }))
}
