/* The link to the switchboard is up (again): nothing was told meanwhile, so everything is compared with what lives. */
import type { Call, Effect } from '../../domain/call-state.ts'
import type { Leg, Snapshot } from '../../telephony/switchboard.ts'
import { inHotline } from '../db/database.ts'
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

/** Compares every call we believe in with what lives, ends what ended, and takes in who came meanwhile. */
export async function reconcile(shell: Shell, snapshot: Snapshot): Promise<void> {
  const died = !snapshot.rooms.some((room) => room.id === markerRoom)
  const legs = new Map(snapshot.legs.map((leg) => [leg.id, leg]))
  shell.online = new Set(snapshot.seats.filter((seat) => seat.online).map((seat) => seat.seat))
  const records = await readCallRecords(shell.dataFolder)
  const live: { hotlineId: string; locked: LockedCall }[] = []
  for (const hotlineId of await allHotlines(shell.db)) {
    await reloadDevices(shell, hotlineId)
    await reloadSeats(shell, hotlineId)
    const calls = await inHotline(shell.db, hotlineId, findLiveCalls)
    live.push(...calls.map((locked) => ({ hotlineId, locked })))
    const lost = died ? calls.filter((each) => !legs.has(each.call.callerLeg)).length : 0
    await inHotline(shell.db, hotlineId, async (tx) => {
      await endNotice(tx, 'switchboard-away', shell.now())
      await endNotice(tx, 'switchboard-lost', shell.now())
      if (lost > 0) await raiseNotice(tx, hotlineId, 'switchboard-lost', { count: lost }, shell.now())
    })
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
  const work = live.map(({ hotlineId, locked }) =>
    inLane(shell, locked.contactId, () => mend(shell, hotlineId, locked, snapshot, { died, records })),
  )
  await Promise.all(work)
  await addMissed(shell, [...records.values()])
  shell.lostAt = null
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
  past: { died: boolean; records: ReadonlyMap<string, CallRecord> },
): Promise<void> {
  remember(shell, hotlineId, call)
  const legs: Record<string, 'ringing' | 'up'> = {}
  for (const leg of snapshot.legs) legs[leg.id] = stateOf(leg)
  const present = legs[call.callerLeg]
  const callingBack = call.phase === 'calling-back' || call.phase === 'calling'
  if (!present && past.died) {
    await happenSurely(shell, hotlineId, contactId, { type: 'switchboardLost' }, shell.lostAt ?? undefined)
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
