/* The link to the switchboard is up (again): nothing was told meanwhile, so everything is compared with what lives. */
import type { Call, Effect } from '../../domain/call-state.ts'
import type { Leg, PartState, Snapshot, SwitchboardEvent } from '../../telephony/switchboard.ts'
import { inHotline } from '../db/database.ts'
import { hearAlarm } from './alarms.ts'
import { addMissed, arrive } from './intake.ts'
import { readCallRecords, type CallRecord } from './call-records.ts'
import { reloadSeats, remember } from './memory.ts'
import { deviceSeen, reloadDevices } from './presence.ts'
import {
  allHotlines,
  endNotice,
  findLiveCalls,
  type LockedCall,
  raiseNotice,
  recordingId,
} from './queries.ts'
import { inLane, isOurs, memoryOf, type Shell } from './shell.ts'
import { carryOut, happenSurely } from './stepping.ts'

type EventOf<T extends SwitchboardEvent['type']> = Extract<SwitchboardEvent, { type: T }>

/** A room nobody is ever in: when it is gone, the switchboard has died since we were last here, and all calls with it. */
const markerRoom = 'hearthline-alive'

/** The link is lost: sound goes on; the boards say so. */
export async function linkLost(shell: Shell): Promise<void> {
  shell.lostAt ??= shell.now()
  for (const hotlineId of shell.hotlines.keys()) {
    await inHotline(shell.db, hotlineId, (tx) =>
      raiseNotice(tx, hotlineId, 'switchboard-away', {}, shell.now()),
    )
    shell.changed(hotlineId, { people: [], danger: null })
  }
}

/** What was lost of what lived: all that was at one switchboard, or nothing; of several perhaps some, nobody knows what. */
type Loss = 'nothing' | 'some' | 'all'

function lossOf({ rooms, parts }: Pick<EventOf<'node.up'>, 'rooms' | 'parts'>): Loss {
  const states = parts ?? [{ up: true, rooms: rooms.map((room) => room.id) }]
  const dead = states.filter((part) => !part.up || !part.rooms.includes(markerRoom))
  if (dead.length === 0) return 'nothing'
  return dead.length === states.length ? 'all' : 'some'
}

/** What is known of the time in which nothing was told. */
interface Past {
  loss: Loss
  /** Who hung up, by the leg. */
  records: ReadonlyMap<string, CallRecord>
  /** Since when nothing was told, where that is known. */
  since: number | null
}

/**
 * A caller who is nowhere was lost with the switchboard, or hung up: of several switchboards of which one was lost the
 * call-detail records tell which, and who is not in them is not said to have hung up.
 */
const isLost = (call: Call, legs: ReadonlySet<string>, { loss, records }: Past): boolean =>
  !legs.has(call.callerLeg) && (loss === 'all' || (loss === 'some' && !records.has(call.callerLeg)))

interface LiveCall {
  hotlineId: string
  locked: LockedCall
}

/** Compares every call we believe in with what lives, ends what ended, and takes in who came meanwhile. */
export async function reconcile(shell: Shell, found: EventOf<'node.up'>): Promise<void> {
  const records = await readCallRecords(shell.dataFolder)
  const past = { loss: lossOf(found), records, since: shell.lostAt }
  shell.online = new Set(found.seats.filter((seat) => seat.online).map((seat) => seat.seat))
  const live: LiveCall[] = []
  for (const hotlineId of await allHotlines(shell.db)) {
    await reloadDevices(shell, hotlineId)
    await reloadSeats(shell, hotlineId)
    const calls = await inHotline(shell.db, hotlineId, findLiveCalls)
    live.push(...calls.map((locked) => ({ hotlineId, locked })))
    await inHotline(shell.db, hotlineId, async (tx) => {
      await endNotice(tx, 'switchboard-away', shell.now())
      await endNotice(tx, 'switchboard-lost', shell.now())
    })
    await noteLoss(shell, hotlineId, calls, found, past)
  }
  for (const { hotlineId, locked } of live) {
    const owner = { contactId: locked.contactId, hotlineId }
    shell.contacts.set(locked.contactId, owner)
    shell.legs.set(locked.call.callerLeg, owner)
  }
  for (const [sipUser, seat] of shell.devices) {
    const online = shell.online.has(sipUser)
    if (online || memoryOf(shell, seat.hotlineId).seats.has(seat.seatId)) deviceSeen(shell, sipUser, online)
  }
  await mendAll(shell, live, found, past)
  shell.lostAt = null
  await settle(shell, live, found)
}

/** The same for one of several switchboards that was lost, or is there again: what lives at the others goes on. */
export async function reconcilePart(shell: Shell, part: EventOf<'part.up' | 'part.lost'>): Promise<void> {
  const records = part.type === 'part.up' ? await readCallRecords(shell.dataFolder) : new Map()
  const past: Past = { loss: lossOf({ rooms: part.rooms }), records, since: part.at }
  const there = new Set(part.legs.map((leg) => leg.id))
  const theirs = new Set([...part.known, ...there])
  for (const leg of part.known) {
    if (there.has(leg)) continue
    shell.outward.delete(leg)
    hearAlarm(shell, { at: part.at, type: 'leg.ended', leg, cause: 'unreachable', by: 'them', sip: null })
  }
  const live: LiveCall[] = []
  for (const hotlineId of await allHotlines(shell.db)) {
    const calls = await inHotline(shell.db, hotlineId, findLiveCalls)
    live.push(...calls.map((locked) => ({ hotlineId, locked })))
    const concerned = calls.filter(({ call }) => theirs.has(call.callerLeg))
    await noteLoss(shell, hotlineId, concerned, part, past)
  }
  const concerned = live.filter(({ locked }) => legsOf(locked.call).some((leg) => theirs.has(leg)))
  await mendAll(shell, concerned, part, past)
  await settle(shell, live, part)
}

/** The board says how many calls were cut off, and that one of several switchboards is away. */
async function noteLoss(
  shell: Shell,
  hotlineId: string,
  calls: readonly LockedCall[],
  found: Snapshot & { parts?: PartState[] },
  past: Past,
): Promise<void> {
  const legs = new Set(found.legs.map((leg) => leg.id))
  const count = calls.filter(({ call }) => isLost(call, legs, past)).length
  const now = shell.now()
  await inHotline(shell.db, hotlineId, async (tx) => {
    if (count > 0) {
      await endNotice(tx, 'switchboard-lost', now)
      await raiseNotice(tx, hotlineId, 'switchboard-lost', { count }, now)
    }
    if (found.parts?.some((part) => !part.up))
      await raiseNotice(tx, hotlineId, 'switchboard-part-away', {}, now)
    else await endNotice(tx, 'switchboard-part-away', now)
  })
}

async function mendAll(
  shell: Shell,
  live: readonly LiveCall[],
  snapshot: Snapshot,
  past: Past,
): Promise<void> {
  const work = live.map(({ hotlineId, locked }) =>
    inLane(shell, locked.contactId, () => mend(shell, hotlineId, locked, snapshot, past)),
  )
  await Promise.all(work)
  await addMissed(shell, [...past.records.values()])
}

/** Those who had ended when we came, at `cameAt` by the clock, and were not on record then. */
export async function addLate(shell: Shell, cameAt: number): Promise<void> {
  const records = await readCallRecords(shell.dataFolder)
  await addMissed(
    shell,
    [...records.values()].filter(({ endedAt }) => endedAt <= cameAt),
  )
}

/** What belongs to no living call is put down, who called meanwhile is taken in, and screens follow. */
async function settle(shell: Shell, live: readonly LiveCall[], snapshot: Snapshot): Promise<void> {
  await clean(shell, snapshot, new Set(live.flatMap(({ locked }) => legsOf(locked.call))))
  takeIn(shell, snapshot)
  await shell.switchboard?.openRoom(markerRoom, 'wait')
  for (const hotlineId of shell.hotlines.keys()) shell.changed(hotlineId, { people: [], danger: null })
}

/** Who called while no server listened came when they came, in that order. */
function takeIn(shell: Shell, snapshot: Snapshot): void {
  const now = shell.now()
  const came = (leg: Leg): number => Math.min(leg.since ?? now, now)
  const callers = snapshot.legs.filter((leg) => leg.dir === 'in')
  for (const leg of callers.toSorted((a, b) => came(a) - came(b))) arrive(shell, leg, came(leg))
}

const legsOf = (call: Call): string[] => {
  const legs = [
    call.callerLeg,
    call.offer?.leg,
    call.talk?.leg,
    ...(call.talk?.guests ?? []).map((each) => each.leg),
  ]
  return legs.filter((leg) => typeof leg === 'string')
}

const stateOf = (leg: Leg): 'ringing' | 'up' => (leg.state === 'up' ? 'up' : 'ringing')

async function mend(
  shell: Shell,
  hotlineId: string,
  { call, contactId, language, pending }: LockedCall,
  snapshot: Snapshot,
  past: Past,
): Promise<void> {
  remember(shell, hotlineId, call)
  const legs: Record<string, 'ringing' | 'up'> = {}
  for (const leg of snapshot.legs) legs[leg.id] = stateOf(leg)
  const present = legs[call.callerLeg]
  const callingBack = call.phase === 'calling-back' || call.phase === 'calling'
  if (isLost(call, new Set(Object.keys(legs)), past)) {
    await happenSurely(shell, hotlineId, contactId, { type: 'switchboardLost' }, past.since ?? undefined)
    return
  }
  if (present === 'ringing' && !callingBack)
    await shell.switchboard?.answer(call.callerLeg).catch(() => undefined)
  // What was written but perhaps not done: seats and numbers that were to be rung, legs that were to be put down.
  const again = pending.filter((effect) => isToRepeat(effect, legs, present !== undefined, callingBack))
  await carryOut(shell, hotlineId, call, language, again)
  for (const effect of again) if ('leg' in effect && effect.do !== 'hangUp') legs[effect.leg] = 'ringing'
  const endedAt = present ? undefined : past.records.get(call.callerLeg)?.endedAt
  await happenSurely(shell, hotlineId, contactId, { type: 'reconciled', legs }, endedAt)
  await mendRecording(shell, hotlineId, contactId, snapshot)
}

function isToRepeat(
  effect: Effect,
  legs: Record<string, unknown>,
  callerPresent: boolean,
  isCallingBack: boolean,
): boolean {
  if (effect.do === 'hangUp') return legs[effect.leg] !== undefined
  const dials = effect.do === 'dialSeat' || effect.do === 'dialNumber' || effect.do === 'dialCaller'
  return dials && (callerPresent || isCallingBack) && legs[effect.leg] === undefined
}

/** A recording that should run and does not begins its next piece; one that runs and should not is stopped. */
async function mendRecording(
  shell: Shell,
  hotlineId: string,
  contactId: string,
  snapshot: Snapshot,
): Promise<void> {
  const rec = recordingId(contactId, 'talk')
  const running = snapshot.recordings.some((each) => each.rec === rec)
  const outcome = await happenSurely(shell, hotlineId, contactId, (call) =>
    call.recording > 0 && !running && call.state === 'talking'
      ? { type: 'recordingBroken', segment: call.recording }
      : null,
  )
  if (running && outcome && outcome.call.recording === 0) {
    await shell.switchboard?.stopRecord(rec).catch(() => undefined)
  }
}

/** Legs and rooms of ours that belong to no living call are put down, so that nothing is left over by a crash. */
async function clean(shell: Shell, snapshot: Snapshot, known: ReadonlySet<string>): Promise<void> {
  for (const leg of snapshot.legs) {
    if (isOurs(leg.id) && !known.has(leg.id)) await shell.switchboard?.hangup(leg.id).catch(() => undefined)
  }
  for (const room of snapshot.rooms) {
    const living = shell.contacts.has(room.id.slice(0, 36))
    if (isOurs(room.id) && !living) await shell.switchboard?.closeRoom(room.id).catch(() => undefined)
  }
}
