/* The board against the tables: whatever happened, it shows what a plain look at the rows says. */
import fc from 'fast-check'
import { sql } from 'kysely'
import { expect, test } from 'vitest'
import type { Board } from '../../api/board.ts'
import { aHotline, aLine, aPerson, aSeat, freshDatabase } from '../../test/database.ts'
import { heard } from '../crisis/crisis.ts'
import { inHotline, jsonb, type Tx } from '../db/database.ts'
import { newId } from '../db/id.ts'
import { promise } from '../tasks/tasks.ts'
import { readBoardNow } from './supervision.ts'

const { db, owner } = await freshDatabase()
const start = Date.parse('2026-11-21T04:00:00Z')

/** A hotline with two lines, four people at four seats, and the clock of the story. */
interface World {
  hotlineId: string
  lines: string[]
  people: string[]
  seats: string[]
  /** Supervisor and administrator, who has no calls and so acknowledges every report. */
  boss: string
  contacts: string[]
  now: number
}

const makeWorld = async (): Promise<World> => {
  const hotlineId = await aHotline(db)
  const lines = [(await aLine(db, hotlineId)).lineId, (await aLine(db, hotlineId)).lineId]
  const [people, seats]: [string[], string[]] = [[], []]
  for (let n = 0; n < 4; n += 1) {
    people.push((await aPerson(db, hotlineId, { lines: n < 3 ? lines : lines.slice(1) })).personId)
    seats.push((await aSeat(db, hotlineId)).seatId)
  }
  const { personId: boss } = await aPerson(db, hotlineId, { roles: ['supervisor', 'administrator'] })
  return { hotlineId, lines, people, seats, boss, contacts: [], now: start }
}

type Op = (world: World, tx: Tx) => Promise<void>
const at = (world: World): Date => new Date(world.now)
const pick = <T>(all: readonly T[], n: number): T | undefined => all[n % Math.max(1, all.length)]
const nth = fc.nat(30)

const arrives = fc
  .tuple(nth, fc.boolean(), fc.boolean())
  .map(([line, danger, queued]): Op => async (world, tx) => {
    const contactId = newId()
    const lineId = pick(world.lines, line)
    const call = { phase: 'queue', ringsAgain: line % 3 === 0 }
    await sql`select create_contact(${contactId}, ${lineId}, 'phone', ${queued ? 'waiting' : 'greeting'}, ${at(world)}, null, null,
    null, null, true, ${jsonb(call)}, null, null, '{}')`.execute(tx)
    await sql`update contact set queued_at = ${queued ? at(world) : null}, danger_key = ${danger},
    risk = ${danger ? 'danger-key' : null} where contact_id = ${contactId}`.execute(tx)
    world.contacts.push(contactId)
  })
const onContact = (change: (world: World, tx: Tx, contactId: string, n: number) => Promise<unknown>) =>
  fc.tuple(nth, nth).map(([which, n]): Op => async (world, tx) => {
    const contactId = pick(world.contacts, which)
    if (contactId !== undefined) await change(world, tx, contactId, n)
  })
const answered = onContact((world, tx, contactId, n) => {
  const guest = {
    leg: 'g',
    role: 'supervisor',
    to: { seat: world.seats[(n + 1) % 4] },
    up: n % 2 === 0,
    supervision: { mode: 'whisper' },
  }
  const call = { phase: n % 4 === 0 ? 'held' : 'together', talk: { guests: n % 3 === 0 ? [guest] : [] } }
  return sql`update contact set state = 'talking', answered_at = coalesce(answered_at, ${at(world)}),
    seat_id = ${pick(world.seats, n)}, person_id = ${pick(world.people, n)}, stage = ${n % 2 ? 'rapport' : 'clarify'},
    call = ${jsonb(call)} where contact_id = ${contactId} and state in ('waiting', 'offered')`.execute(tx)
})
const ended = onContact((world, tx, contactId) =>
  sql`update contact set state = case when answered_at is null then 'closed' else 'wrap-up' end, ended_at = ${at(world)},
    outcome = case when queued_at is null then 'left-in-menu' when answered_at is null then 'abandoned' else 'answered' end
    where contact_id = ${contactId} and state in ('greeting', 'waiting', 'offered', 'talking')`.execute(tx),
)
const closed = onContact((world, tx, contactId) =>
  sql`update contact set state = 'closed', closed_at = ${at(world)} where contact_id = ${contactId} and state = 'wrap-up'`.execute(
    tx,
  ),
)
const assessed = onContact((world, tx, contactId, n) =>
  heard(tx, {
    hotlineId: world.hotlineId,
    contactId,
    personId: pick(world.people, n) ?? null,
    now: at(world),
    findings: [
      {
        source: 'judgement',
        level: pick(['low', 'moderate', 'high', 'acute'] as const, n) ?? 'low',
        code: 'test',
      },
    ],
    ...(n % 5 === 0 ? { dangerToOthers: true } : {}),
    ...(n % 3 === 0 ? { open: [{ protocol: 'suicide', from: 'button' as const }] } : {}),
  }),
)
const acknowledged = onContact((world, tx, contactId, n) =>
  sql`update report set acknowledged_at = ${at(world)}, acknowledged_by = ${world.boss}
    where contact_id = ${contactId} and acknowledged_at is null and kind = ${n % 2 ? 'consult' : 'administration'}`.execute(
    tx,
  ),
)
const stepDue = onContact((world, tx, contactId, n) =>
  sql`with run as (
        insert into protocol_run (run_id, hotline_id, contact_id, protocol, version, opened_at, opened_from)
        values (${newId()}, ${world.hotlineId}, ${contactId}, 'medical', 1, ${at(world)}, 'button')
        on conflict (contact_id, protocol) do nothing returning run_id, hotline_id)
      insert into protocol_step (run_id, step, hotline_id, due_at)
      select run_id, 'step', hotline_id, ${new Date(world.now + (n - 20) * 60_000)} from run`.execute(tx),
)
const stepDone = onContact((world, tx, contactId) =>
  sql`update protocol_step set done_at = ${at(world)} where run_id in (select run_id from protocol_run
    where contact_id = ${contactId}) and done_at is null and due_at is not null`.execute(tx),
)
const protocolClosed = onContact((world, tx, contactId) =>
  sql`update protocol_run set closed_at = ${at(world)} where contact_id = ${contactId} and closed_at is null`.execute(
    tx,
  ),
)
const promised = onContact((world, tx, contactId, n) =>
  promise(tx, {
    hotlineId: world.hotlineId,
    contactId,
    lineId: world.lines[0] ?? '',
    kind: pick(['call-back', 'follow-up', 'dropped-high-risk', 'lost-call'] as const, n) ?? 'call-back',
    dueAt: new Date(world.now + (n - 12) * 60_000),
    ownerId: n % 2 ? (pick(world.people, n) ?? null) : null,
    planStep: n % 4 === 1 ? `step-${n}` : null,
    now: at(world),
  }),
)
const taskDone = onContact((world, tx, contactId) =>
  sql`update task set done_at = ${at(world)}, result = 'reached' where task_id = (select task_id from task
    where contact_id = ${contactId} and done_at is null order by task_id limit 1)`.execute(tx),
)
const seatMoves = fc
  .tuple(nth, fc.constantFrom('free', 'offered', 'busy', 'wrap-up', 'paused', 'off'), fc.boolean())
  .map(([which, state, connected]): Op => async (world, tx) => {
    const seatId = pick(world.seats, which)
    await sql`delete from duty where seat_id = ${seatId}`.execute(tx)
    if (state === 'off') return
    await sql`insert into duty (duty_id, hotline_id, person_id, seat_id, state, since, idle_since, started_at, connected)
        values (${newId()}, ${world.hotlineId}, ${pick(world.people, which)}, ${seatId}, ${state}, ${at(world)}, ${at(world)},
          ${at(world)}, ${connected})`.execute(tx)
  })
const trouble = fc
  .tuple(fc.boolean(), fc.constantFrom('trunk-down', 'disk-low', 'recorder-away'))
  .map(([on, kind]): Op => async (world, tx) => {
    await sql`update notice set ended_at = ${at(world)} where kind = ${kind} and ended_at is null`.execute(tx)
    if (on)
      await sql`insert into notice (notice_id, hotline_id, kind, at) values (${newId()}, ${world.hotlineId}, ${kind}, ${at(world)})`.execute(
        tx,
      )
  })
const timePasses = fc.integer({ min: 500, max: 900_000 }).map((ms): Op => async (world) => {
  world.now += ms
})

/** By their words, so that only what is there counts and not the order. */
const byWords = (one: unknown, other: unknown): number =>
  JSON.stringify(one) < JSON.stringify(other) ? -1 : 1

/** Rows as they stand, past every query of the product. */
const rows = async (table: string, hotlineId: string): Promise<Record<string, unknown>[]> =>
  owner(`select * from ${table} where hotline_id = $1`, [hotlineId])
const ms = (value: unknown): number | null => (value instanceof Date ? value.getTime() : null)
const grades = ['none', 'low', 'moderate', 'high', 'acute']

/** What the board should say, in the plainest way. */
async function naive(world: World) {
  const { hotlineId, now } = world
  const [contacts, tasks, reports, runs, steps, duties, notices] = await Promise.all(
    ['contact', 'task', 'report', 'protocol_run', 'protocol_step', 'duty', 'notice'].map((table) =>
      rows(table, hotlineId),
    ),
  )
  const people = await owner<{ person_id: string; line_id: string }>(
    'select person_id, line_id from person_line where hotline_id = $1',
    [hotlineId],
  )
  const rank = (c: Record<string, unknown>): number => {
    const level = grades.indexOf(String(c['risk']))
    return level < 0 ? (c['danger_key'] === true ? 4 : 0) : level
  }
  const again = (c: Record<string, unknown>): boolean =>
    (c['call'] as { ringsAgain?: boolean }).ringsAgain === true
  const since = (c: Record<string, unknown>): number => ms(c['queued_at']) ?? ms(c['started_at']) ?? 0
  const waiting = (contacts ?? [])
    .filter((c) => ['waiting', 'offered', 'greeting'].includes(String(c['state'])))
    .toSorted(
      (a, b) =>
        Number(a['state'] === 'greeting') - Number(b['state'] === 'greeting') ||
        rank(b) - rank(a) ||
        Number(again(b)) - Number(again(a)) ||
        since(a) - since(b) ||
        (String(a['contact_id']) < String(b['contact_id']) ? -1 : 1),
    )
  const late = (contactId: unknown): number | null => {
    const own = (runs ?? []).filter((run) => run['contact_id'] === contactId && run['closed_at'] === null)
    const due = (steps ?? [])
      .filter(
        (s) =>
          own.some((run) => run['run_id'] === s['run_id']) && s['done_at'] === null && s['skipped'] === null,
      )
      .flatMap((s) => ms(s['due_at']) ?? [])
      .filter((time) => time < now)
    return due.length > 0 ? Math.min(...due) : null
  }
  const open = (tasks ?? []).filter((t) => t['done_at'] === null)
  const overdue = open.filter((t) => (ms(t['due_at']) ?? 0) < now)
  const owes = (c: Record<string, unknown>): string[] =>
    [
      ...(reports ?? [])
        .filter((r) => r['contact_id'] === c['contact_id'] && r['acknowledged_at'] === null)
        .map((r) => (r['kind'] === 'administration' ? 'report' : 'consult')),
      ...(runs ?? [])
        .filter((r) => r['contact_id'] === c['contact_id'] && r['closed_at'] === null)
        .map((r) => `protocol:${String(r['protocol'])}`),
    ].toSorted(byWords)
  const dangerous = (contacts ?? []).filter(
    (c) =>
      owes(c).length > 0 ||
      (!['closed', 'failed'].includes(String(c['state'])) &&
        (['high', 'acute'].includes(String(c['risk'])) || c['danger_to_others'] === true)),
  )
  const calls = (contacts ?? []).filter((c) => c['queued_at'] !== null)
  const judged = calls
    .map((c) => ({
      in: since(c),
      answered: c['answered_at'] !== null,
      over: c['answered_at'] !== null || c['ended_at'] !== null,
      wait: (ms(c['answered_at']) ?? ms(c['ended_at']) ?? now) - since(c),
    }))
    .filter((c) => c.over || c.wait > 20_000)
  const inTime = (all: typeof judged): number | null =>
    all.length === 0 ? null : all.filter((c) => c.answered && c.wait <= 20_000).length / all.length
  return {
    waiting: waiting.map((c) => c['contact_id']),
    talking: (contacts ?? [])
      .filter((c) => c['state'] === 'talking')
      .map((c) => [c['contact_id'], c['risk'], c['stage'], late(c['contact_id'])])
      .toSorted(byWords),
    seats: (duties ?? []).map((d) => [d['seat_id'], d['state'], d['connected']]).toSorted(byWords),
    lines: world.lines.map(
      (line) =>
        (duties ?? []).filter(
          (d) =>
            d['state'] !== 'paused' &&
            people.some((p) => p.line_id === line && p.person_id === d['person_id']),
        ).length,
    ),
    reports: (reports ?? [])
      .filter((r) => r['acknowledged_at'] === null)
      .map((r) => r['report_id'])
      .toSorted(byWords),
    highRisk: dangerous.map((c) => [c['contact_id'], owes(c).join()]).toSorted(byWords),
    dropped: open
      .filter((t) => t['kind'] === 'dropped-high-risk')
      .map((t) => t['task_id'])
      .toSorted(byWords),
    owed: [
      open.filter((t) => t['kind'] !== 'follow-up').length,
      overdue.filter((t) => t['kind'] !== 'follow-up').length,
      open.filter((t) => t['kind'] === 'follow-up').length,
      overdue.filter((t) => t['kind'] === 'follow-up').length,
    ],
    today: [
      calls.length,
      judged.filter((c) => c.answered).length,
      (contacts ?? []).filter((c) => c['outcome'] === 'abandoned').length,
      (contacts ?? []).filter((c) => c['outcome'] === 'left-in-menu').length,
      inTime(judged),
    ],
    lately: inTime(judged.filter((c) => c.in >= now - 1_800_000)),
    notices: (notices ?? [])
      .filter((n) => n['ended_at'] === null)
      .map((n) => n['kind'])
      .toSorted(byWords),
    longest: Math.max(0, ...waiting.filter((c) => c['state'] !== 'greeting').map((c) => now - since(c))),
    staffedLost: (duties ?? []).filter((d) => d['state'] !== 'paused' && d['connected'] === false).length,
  }
}

/** The same of the board. */
const said = (board: Board) => ({
  waiting: board.waiting.map((one) => one.contactId),
  talking: board.talking
    .map((one) => [
      one.contactId,
      one.risk,
      one.stage,
      one.overdueStep ? Date.parse(one.overdueStep.dueAt) : null,
    ])
    .toSorted(byWords),
  seats: board.seats
    .filter((seat) => seat.state !== 'off')
    .map((seat) => [seat.seatId, seat.state, seat.connected])
    .toSorted(byWords),
  lines: board.lines.map((line) => line.staffed),
  reports: board.reports.map((one) => one.reportId).toSorted(byWords),
  highRisk: board.highRisk.map((one) => [one.contactId, one.owed.toSorted(byWords).join()]).toSorted(byWords),
  dropped: board.dropped.map((one) => one.taskId).toSorted(byWords),
  owed: [
    board.owed.callBacks,
    board.owed.callBacksOverdue,
    board.owed.followUps,
    board.owed.followUpsOverdue,
  ],
  today: [
    board.today.offered,
    board.today.answered,
    board.today.abandoned,
    board.today.leftInMenu,
    board.today.serviceLevel,
  ],
  lately: board.lately.serviceLevel,
  notices: board.notices.map((notice) => notice.kind).toSorted(byWords),
  longest: board.lights.find((light) => light.kind === 'longest-wait')?.value ?? 0,
  staffedLost: board.lights.find((light) => light.kind === 'unreachable')?.value,
})

test(
  'G24-5.3.5, 5.3.6: for any sequence of events the board equals what the tables say',
  { timeout: 120_000 },
  async () => {
    const op = fc.oneof(
      { weight: 6, arbitrary: arrives },
      { weight: 5, arbitrary: answered },
      { weight: 3, arbitrary: ended },
      { weight: 1, arbitrary: closed },
      { weight: 4, arbitrary: assessed },
      { weight: 2, arbitrary: acknowledged },
      { weight: 3, arbitrary: stepDue },
      { weight: 1, arbitrary: stepDone },
      { weight: 1, arbitrary: protocolClosed },
      { weight: 3, arbitrary: promised },
      { weight: 2, arbitrary: taskDone },
      { weight: 4, arbitrary: seatMoves },
      { weight: 1, arbitrary: trouble },
      { weight: 3, arbitrary: timePasses },
    )
    const reached = { waiting: 0, talking: 0, highRisk: 0, overdue: 0, dropped: 0, reports: 0 }
    await fc.assert(
      fc.asyncProperty(fc.array(op, { minLength: 5, maxLength: 40 }), async (script) => {
        const world = await makeWorld()
        for (const [index, each] of script.entries()) {
          await inHotline(db, world.hotlineId, (tx) => each(world, tx))
          if (index % 4 !== 0 && index !== script.length - 1) continue
          const board = await inHotline(db, world.hotlineId, (tx) =>
            readBoardNow(tx, world.hotlineId, at(world)),
          )
          expect(said(board)).toEqual(await naive(world))
          reached.waiting += board.waiting.length
          reached.talking += board.talking.length
          reached.highRisk += board.highRisk.length
          reached.overdue += board.talking.filter((call) => call.overdueStep).length
          reached.dropped += board.dropped.length
          reached.reports += board.reports.length
        }
      }),
      { numRuns: 40 },
    )
    // The property speaks of everything the board shows only if the stories got there.
    for (const [part, times] of Object.entries(reached)) expect(times, part).toBeGreaterThan(0)
  },
)
