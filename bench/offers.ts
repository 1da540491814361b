/* How long it takes from a seat becoming free to its ringing, with a large hotline behind it, on a real database. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { sql } from 'kysely'
import { newCall, step } from '../domain/call.ts'
import type { Call } from '../domain/call-state.ts'
import { startDatabase } from '../launcher/database.ts'
import { startCalls, type Calls } from '../server/calls/calls.ts'
import { commandCall } from '../server/calls/commands.ts'
import { remember } from '../server/calls/memory.ts'
import { inHotline, jsonb, openDatabase, type Database } from '../server/db/database.ts'
import { newId } from '../server/db/id.ts'
import { migrate } from '../server/db/migrate.ts'
import { openKeys } from '../server/records/keys.ts'
import { deafSwitchboard } from './deaf-switchboard.ts'
import { percentile, report } from './figure.ts'

const seatCount = 1000
const waitingCount = 5000
const hotlineId = newId()
const lineId = newId()

/** A call that has said no to recording and stands in the queue. */
const inQueue = (index: number): Call => {
  const at = Date.now() - (waitingCount - index) * 10
  const leg = `caller-${index}`
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

const furnish = async (db: Database): Promise<string[]> => {
  const people = Array.from({ length: seatCount }, () => newId())
  await inHotline(db, hotlineId, async (tx) => {
    await sql`insert into hotline (hotline_id, name) values (${hotlineId}, 'bench')`.execute(tx)
    await sql`insert into audit_chain (hotline_id) values (${hotlineId})`.execute(tx)
    await sql`insert into line (line_id, hotline_id, name, number, kind) values (${lineId}, ${hotlineId}, 'bench', '1001', 'general')`.execute(
      tx,
    )
    for (const [index, person] of people.entries()) {
      const seat = newId()
      await sql`insert into person (person_id, hotline_id, name, display_name, passphrase_hash, roles)
        values (${person}, ${hotlineId}, ${`p${index}`}, ${`p${index}`}, '-', '{counsellor}')`.execute(tx)
      await sql`insert into person_line (hotline_id, person_id, line_id) values (${hotlineId}, ${person}, ${lineId})`.execute(
        tx,
      )
      await sql`insert into seat (seat_id, hotline_id, name, kind, sip_user) values (${seat}, ${hotlineId}, ${`s${index}`}, 'browser', ${`seat-${index}`})`.execute(
        tx,
      )
      await sql`insert into duty (duty_id, hotline_id, person_id, seat_id, state, since, idle_since, started_at, until)
        values (${newId()}, ${hotlineId}, ${person}, ${seat}, 'wrap-up', now(), now(), now(), now() + interval '1 hour')`.execute(
        tx,
      )
    }
  })
  return people
}

/** Puts the callers into the queue, in the database and in the running process, as if they had come one by one. */
const fillQueue = async (db: Database, running: Calls): Promise<void> => {
  const calls = Array.from({ length: waitingCount }, (_, index) => inQueue(index))
  await inHotline(db, hotlineId, async (tx) => {
    for (const call of calls) {
      const at = new Date(call.arrivedAt)
      await sql`select create_contact(${call.contact}, ${lineId}, 'phone', 'waiting', ${at}, ${call.callerLeg}, null, null, null,
        true, ${jsonb(call)}, ${new Date(call.deadline?.at ?? 0)}, null, '{}')`.execute(tx)
      await sql`update contact set queued_at = ${at} where contact_id = ${call.contact}`.execute(tx)
    }
  })
  for (const call of calls) {
    running.shell.legs.set(call.callerLeg, { contactId: call.contact, hotlineId })
    remember(running.shell, hotlineId, call)
  }
}

const measure = async (db: Database, folder: string, times: number): Promise<number[]> => {
  const people = await furnish(db)
  let rung: () => void = () => undefined
  const running = startCalls({
    db,
    keys: openKeys(folder, null),
    sounds: { promptFiles: async () => ({ versions: ['0'], files: ['/calm.wav'] }) },
    dataFolder: folder,
    now: () => Date.now(),
    log: () => undefined,
    connect: async (on) =>
      deafSwitchboard(
        on,

        people.map((_, index) => `seat-${index}`),
        () => rung(),
      ),
    switchboardName: 'bench',
    trunkFor: async () => null,
    changed: () => undefined,
  })
  while ((running.shell.hotlines.get(hotlineId)?.seats.size ?? 0) < seatCount) await sleep(200)
  await fillQueue(db, running)
  while (running.shell.lanes.size > 0) await sleep(200)
  const taken: number[] = []
  for (const person of people.slice(0, times)) {
    const start = performance.now()
    const ringing = new Promise<void>((resolve) => (rung = resolve))
    await commandCall(running.shell, hotlineId, person, newId(), { command: 'finish-wrap-up' })
    await ringing
    taken.push(performance.now() - start)
    await sleep(5)
  }
  await running.stop()
  return taken
}

/** offer_p99_ms and offer_p50_ms: seat free to ring, 1,000 seats, 5,000 waiting; goal < 50. */
export const offers = async (quick: boolean): Promise<void> => {
  const folder = mkdtempSync(join(tmpdir(), 'hearthline-bench-'))
  const database = await startDatabase({ folder })
  try {
    await migrate(database.ownerUrl, database.url)
    const db = openDatabase({ url: database.url })
    const times = quick ? 200 : 900
    const taken = await measure(db, folder, times)
    report({
      bench: 'offers',
      figure: 'offer_p50_ms',
      value: percentile(taken, 0.5),
      unit: 'ms',
      rounds: times,
    })
    report({
      bench: 'offers',
      figure: 'offer_p99_ms',
      value: percentile(taken, 0.99),
      unit: 'ms',
      rounds: times,
    })
    await db.close()
  } finally {
    await database.stop()
    rmSync(folder, { recursive: true, force: true })
  }
}
