/* How long a change takes from its commit to the wallboards of twenty supervisors, with a large hotline behind it. */
import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { sql } from 'kysely'
import { WebSocket } from 'ws'
import { newCall, step } from '../domain/call.ts'
import type { Call } from '../domain/call-state.ts'
import { startDatabase } from '../launcher/database.ts'
import { startCalls, type Calls } from '../server/calls/calls.ts'
import { commandCall } from '../server/calls/commands.ts'
import { reloadSeats, remember } from '../server/calls/memory.ts'
import { startScreens } from '../server/calls/screens.ts'
import { inHotline, jsonb, openDatabase, type Database, type Tx } from '../server/db/database.ts'
import { newId } from '../server/db/id.ts'
import { migrate } from '../server/db/migrate.ts'
import { startLive, type Live } from '../server/http/live.ts'
import { findPerson } from '../server/identity/identity.ts'
import { openKeys } from '../server/records/keys.ts'
import { placesOf } from '../server/records/records.ts'
import { startRounds } from '../server/rounds.ts'
import { deafSwitchboard } from './deaf-switchboard.ts'
import { percentile, report } from './figure.ts'

const talkingCount = 200
const waitingCount = 500
/** Calls of the same day that are over: the figures of today count them. */
const overCount = 5000
const supervisorCount = 20
const hotlineId = newId()
const lineId = newId()
const token = randomBytes(32).toString('base64url')

interface Desk {
  person: string
  seat: string
  call: Call
}

/** A call that has said no to recording and stands in the queue. */
const inQueue = (index: number, leg: string): Call => {
  const at = Date.now() - 60_000 - index * 100
  let call = newCall({
    contact: newId(at),
    line: lineId,
    callerLeg: leg,
    canCallBack: true,
    ringsAgain: false,
    arrivedAt: at,
  })
  call = step(call, { type: 'arrived' }, at).call
  call = step(call, { type: 'digit', digit: '2' }, at).call
  for (let turns = 0; call.state !== 'waiting' && turns < 5; turns += 1)
    call = step(call, { type: 'playEnded', play: call.play ?? '' }, at).call
  if (call.state !== 'waiting') throw new Error('the call did not reach the queue')
  return { ...call, deadline: { kind: 'news', at: Date.now() + 3_600_000 } }
}

const talking = (index: number, seat: string): Call => {
  const offered = step(inQueue(index, `talker-${index}`), { type: 'offered', seat }, Date.now() - 30_000).call
  const { call } = step(offered, { type: 'legUp', leg: offered.offer?.leg ?? '' }, Date.now() - 20_000)
  if (call.state !== 'talking') throw new Error('the call was not answered')
  return { ...call, deadline: null }
}

async function furnish(db: Database): Promise<{ desks: Desk[]; queue: Call[] }> {
  const desks = Array.from({ length: talkingCount }, (_, index): Desk => {
    const seat = newId()
    return { person: newId(), seat, call: talking(index, seat) }
  })
  const queue = Array.from({ length: waitingCount }, (_, index) => inQueue(index, `caller-${index}`))
  await inHotline(db, hotlineId, async (tx) => {
    await sql`insert into hotline (hotline_id, name) values (${hotlineId}, 'bench')`.execute(tx)
    await sql`insert into audit_chain (hotline_id) values (${hotlineId})`.execute(tx)
    await sql`insert into line (line_id, hotline_id, name, number, kind) values (${lineId}, ${hotlineId}, 'bench', '1001', 'general')`.execute(
      tx,
    )
    for (const [index, desk] of desks.entries()) {
      await sql`insert into person (person_id, hotline_id, name, display_name, passphrase_hash, roles)
        values (${desk.person}, ${hotlineId}, ${`p${index}`}, ${`p${index}`}, '-', '{counsellor,supervisor}')`.execute(
        tx,
      )
      await sql`insert into person_line (hotline_id, person_id, line_id) values (${hotlineId}, ${desk.person}, ${lineId})`.execute(
        tx,
      )
      await sql`insert into seat (seat_id, hotline_id, name, kind, sip_user)
        values (${desk.seat}, ${hotlineId}, ${`s${index}`}, 'browser', ${`seat-${index}`})`.execute(tx)
      await sql`insert into duty (duty_id, hotline_id, person_id, seat_id, state, contact_id, since, idle_since, started_at)
        values (${newId()}, ${hotlineId}, ${desk.person}, ${desk.seat}, 'paused', null, now(), now(), now())`.execute(
        tx,
      )
    }
    await sql`insert into contact (contact_id, hotline_id, number, line_id, channel, state, outcome, started_at, queued_at,
        answered_at, ended_at, closed_at)
      select gen_random_uuid(), ${hotlineId}, 1000000 + n, ${lineId}, 'phone', 'closed', 'answered', at, at,
        at + interval '9 seconds', at + interval '20 minutes', at + interval '25 minutes'
      from generate_series(1, ${overCount}::int) n, lateral (select now() - n * interval '5 seconds' as at) t`.execute(
      tx,
    )
    const hash = createHash('sha256').update(token).digest()
    await sql`insert into session (token_hash, hotline_id, person_id, expires_at, proved_at)
      values (${hash}, ${hotlineId}, ${desks[0]?.person}, now() + interval '1 hour', now())`.execute(tx)
  })
  return { desks, queue }
}

async function putCall(tx: Tx, call: Call): Promise<void> {
  const at = new Date(call.arrivedAt)
  const due = call.deadline ? new Date(call.deadline.at) : null
  await sql`select create_contact(${call.contact}, ${lineId}, 'phone', ${call.state}, ${at}, ${call.callerLeg}, null, null,
    null, true, ${jsonb(call)}, ${due}, null, '{}')`.execute(tx)
  await sql`update contact set queued_at = ${at}, answered_at = ${call.answeredAt === null ? null : new Date(call.answeredAt)},
    seat_id = ${call.talk?.seat ?? null}, person_id = (select person_id from duty where seat_id = ${call.talk?.seat ?? null}),
    stage = 'clarify' where contact_id = ${call.contact}`.execute(tx)
}

/** The supervisors' sockets: each tells of every board that came. */
async function openBoards(live: Live, heard: (socket: number, text: string) => void): Promise<() => void> {
  const server = createServer()
  server.on('upgrade', (request, socket, head) => live.accept(request, socket, head))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (typeof address !== 'object' || address === null) throw new Error('no port')
  const sockets = Array.from({ length: supervisorCount }, (_, index) => {
    const socket = new WebSocket(`ws://127.0.0.1:${address.port}/api/v1/live`, {
      headers: { cookie: `hearthline_session=${token}` },
    })
    socket.on('message', (data: Buffer) => {
      if (data.subarray(0, 30).includes('"board"')) heard(index, data.toString())
    })
    return socket
  })
  await Promise.all(sockets.map((socket) => once(socket, 'open')))
  return () => {
    for (const socket of sockets) socket.terminate()
    server.close()
  }
}

/** One change: a counsellor holds the call, or takes it back; from the commit until every supervisor has the board. */
async function measure(running: Calls, desks: Desk[], times: number, wait: Waiting): Promise<number[]> {
  const taken: number[] = []
  for (let n = 0; n < times; n += 1) {
    const desk = desks[n % desks.length]
    if (!desk) throw new Error('no desk')
    const on = Math.floor(n / desks.length) % 2 === 0
    const arrived = wait.until(desk.call.contact, on)
    wait.committedAt = 0
    await commandCall(running.shell, hotlineId, desk.person, desk.call.contact, {
      command: on ? 'hold' : 'unhold',
    })
    const last = await arrived
    taken.push(last - wait.committedAt)
    await sleep(40 + Math.random() * 160)
  }
  return taken
}

/** Watches for the boards that show a change. */
class Waiting {
  committedAt = 0
  private wanted: { contactId: string; on: boolean; done: (at: number) => void } | null = null
  private left = new Set<number>()

  until(contactId: string, on: boolean): Promise<number> {
    return new Promise((done) => {
      this.wanted = { contactId, on, done }
      this.left = new Set(Array.from({ length: supervisorCount }, (_, index) => index))
    })
  }

  heard(socket: number, text: string): void {
    const { wanted } = this
    if (!wanted || !this.left.has(socket)) return
    const call = text.indexOf(`"contactId":"${wanted.contactId}"`)
    const mark = text.indexOf('"onHold":', call) + '"onHold":'.length
    if (call < 0 || text.startsWith('true', mark) !== wanted.on) return
    this.left.delete(socket)
    if (this.left.size > 0) return
    this.wanted = null
    wanted.done(performance.now())
  }
}

async function run(db: Database, folder: string, times: number): Promise<number[]> {
  const { desks, queue } = await furnish(db)
  const now = (): Date => new Date()
  const keys = openKeys(folder, null)
  const live = startLive({
    db,
    findPerson: (given) => findPerson(db, given, now()),
    seal: (text) => keys.seal('live', text).toString('base64'),
    unseal: (sealed) => keys.open('live', Buffer.from(sealed, 'base64')),
  })
  const failed = (error: unknown): void => void process.stderr.write(`${String(error)}\n`)
  const rounds = startRounds({ db, keys, live, dataFolder: folder, places: placesOf(folder), now, failed })
  const screens = startScreens({
    db,
    keys,
    live,
    poke: rounds.poke,
    tellDropped: async () => undefined,
    log: () => undefined,
  })
  const wait = new Waiting()
  const running = startCalls({
    db,
    keys,
    sounds: { promptFiles: async () => ({ versions: ['0'], files: ['/calm.wav'] }) },
    dataFolder: folder,
    now: () => Date.now(),
    log: () => undefined,
    connect: async (on) =>
      deafSwitchboard(
        on,
        desks.map((_, index) => `seat-${index}`),
        () => undefined,
      ),
    switchboardName: 'bench',
    trunkFor: async () => null,
    changed: (hotline, what) => {
      if (wait.committedAt === 0) wait.committedAt = performance.now()
      screens.tell(hotline, what)
    },
  })
  while ((running.shell.hotlines.get(hotlineId)?.seats.size ?? 0) < talkingCount) await sleep(200)
  await fill(db, running, desks, queue)
  const close = await openBoards(live, (socket, text) => wait.heard(socket, text))
  await sleep(2000)
  const taken = await measure(running, desks, times, wait)
  close()
  await running.stop()
  await rounds.stop()
  await live.close()
  return taken
}

/** Puts the calls into the database and the running process, once that controls the switchboard, as if they had come by it. */
async function fill(db: Database, running: Calls, desks: Desk[], queue: Call[]): Promise<void> {
  const calls = [...desks.map((desk) => desk.call), ...queue]
  await inHotline(db, hotlineId, async (tx) => {
    for (const { seat, call } of desks)
      await sql`update duty set state = 'busy', contact_id = ${call.contact} where seat_id = ${seat}`.execute(
        tx,
      )
    for (const call of calls) await putCall(tx, call)
  })
  await reloadSeats(running.shell, hotlineId)
  for (const call of calls) {
    running.shell.legs.set(call.callerLeg, { contactId: call.contact, hotlineId })
    remember(running.shell, hotlineId, call)
  }
}

/** board_p50_ms and board_p99_ms: a committed change to the boards of 20 supervisors; 200 talking, 500 waiting; goal < 300. */
export const board = async (quick: boolean): Promise<void> => {
  const folder = mkdtempSync(join(tmpdir(), 'hearthline-bench-'))
  const database = await startDatabase({ folder })
  try {
    await migrate(database.ownerUrl, database.url)
    const db = openDatabase({ url: database.url })
    const rounds = quick ? 200 : 1000
    const taken = await run(db, folder, rounds)
    const figure = (name: string, value: number): void =>
      report({ bench: 'board', figure: name, value, unit: 'ms', rounds })
    figure('board_p50_ms', percentile(taken, 0.5))
    figure('board_p99_ms', percentile(taken, 0.99))
    figure('board_max_ms', percentile(taken, 1))
    await db.close()
  } finally {
    await database.stop()
    rmSync(folder, { recursive: true, force: true })
  }
}
