/* One event of one call: lock, step, write, and only then do. */
import { setTimeout as sleep } from 'node:timers/promises'
import { step } from '../../domain/call.ts'
import type { Call, CallEvent, Effect } from '../../domain/call-state.ts'
import type { DutyEvent } from '../../domain/duty.ts'
import { Problem } from '../../domain/problem.ts'
import { inHotline, type Tx } from '../db/database.ts'
import { recordCallConsent } from '../retention/retention.ts'
import { findStaffed, happenAtSeat, type StaffedSeat } from '../roster/roster.ts'
import { carry } from './carrying.ts'
import { openByKey } from './danger.ts'
import { appendHappenings, lockCall, saveCall, startRecording, type LockedCall } from './queries.ts'
import { keepPromises, promiseOf } from './promises.ts'
import { inLane, memoryOf, type Shell } from './shell.ts'
import { withSounds } from './sounds.ts'
import { happeningsOf } from './timeline.ts'
import { remember, rememberSeat } from './memory.ts'

/** An event, or what makes one from the call as it stands under its lock; null changes nothing. */
export type Wanted = CallEvent | ((call: Call) => CallEvent | null)

/** What a step did, or that it was refused. */
export interface Outcome {
  refused: boolean
  call: Call
}

const callBackWithin = 30 * 60_000
const messageHeardWithin = 60 * 60_000

/**
 * Tells a call what happened. In one transaction the row is locked, the core asked, state, timeline and seats written;
 * after the commit the effects are carried out. Null when there is no such call. Throws what the database throws, and
 * `seat.busy` when the step wants a seat that is not free (nothing is changed then).
 */
export async function happen(
  shell: Shell,
  hotlineId: string,
  contactId: string,
  wanted: Wanted,
  actor: string | null = null,
  at?: number,
): Promise<Outcome | null> {
  const written = await inHotline(shell.db, hotlineId, (tx) =>
    write(shell, tx, { hotlineId, contactId, wanted, actor, now: at ?? shell.now() }),
  )
  if (!written) return null
  if (written.refused) return { refused: true, call: written.after }
  settle(shell, hotlineId, written)
  if (shell.switchboard) await carryOut(shell, hotlineId, written.after, written.language, written.effects)
  else await shell.db.notify('hearthline_calls', `${hotlineId} ${contactId}`)
  return { refused: false, call: written.after }
}

/** Carries out effects; what cannot be done is told to the call as what it means for it. */
export async function carryOut(
  shell: Shell,
  hotlineId: string,
  call: Call,
  language: 'zh-CN' | 'en',
  effects: readonly Effect[],
): Promise<void> {
  const ready = await withSounds(shell, hotlineId, call, language, effects)
  for (const event of await carry(shell, hotlineId, call, ready)) {
    void inLane(shell, call.contact, async () => {
      await happenSurely(shell, hotlineId, call.contact, event)
    })
  }
}

/** Like happen(), but waits for a database that is away: what telephony told must not be lost. */
export async function happenSurely(
  shell: Shell,
  hotlineId: string,
  contactId: string,
  wanted: Wanted,
  at?: number,
): Promise<Outcome | null> {
  for (;;) {
    try {
      return await happen(shell, hotlineId, contactId, wanted, null, at)
    } catch (error) {
      const away = error instanceof Problem && (error.code === 'database.away' || error.code === 'disk.full')
      if (!away || shell.stopped) throw error
      await sleep(500)
    }
  }
}

interface Given {
  hotlineId: string
  contactId: string
  wanted: Wanted
  actor: string | null
  now: number
}

interface Written {
  refused: boolean
  before: Call
  after: Call
  language: 'zh-CN' | 'en'
  /** How many words heard were written with this step. */
  heard: number
  seats: StaffedSeat[]
  effects: Effect[]
  /** The task to call a high-risk caller back, when this step dropped the call. */
  dropped: string | null
}

async function write(shell: Shell, tx: Tx, given: Given): Promise<Written | null> {
  const locked = await lockCall(tx, given.contactId)
  if (!locked) return null
  const before = locked.call
  const event = typeof given.wanted === 'function' ? given.wanted(before) : given.wanted
  const result = event ? step(before, event, given.now) : null
  if (!event || !result || result.refused) {
    return {
      refused: true,
      before,
      after: before,
      language: locked.language,
      seats: [],
      effects: [],
      heard: 0,
      dropped: null,
    }
  }
  const { call, effects } = result
  const seats = await applySeats(tx, given, effects)
  await applyRecords(tx, given, call, effects)
  const heard = shell.heard.get(given.contactId) ?? []
  const happenings = [...heard, ...happeningsOf(before, call, event, effects)]
  const person = await personOf(tx, locked, call, seats)
  await saveCall(tx, call, effects, person)
  const dropped = await keepPromises(tx, given.hotlineId, before, call, person.personId, given.now)
  if (dropped) happenings.push({ kind: 'dropped-high-risk', data: {} })
  await appendHappenings(tx, given.contactId, given.now, given.actor, happenings)
  await keepConsent(tx, given, event, before, call)
  await openByKey(tx, given, before, call)
  return {
    refused: false,
    before,
    after: call,
    language: locked.language,
    seats,
    effects,
    heard: heard.length,
    dropped,
  }
}

/** What the call heard about recording, into the record of consent: by a key, by the counsellor's entry, or by silence. */
async function keepConsent(tx: Tx, given: Given, event: CallEvent, before: Call, after: Call): Promise<void> {
  const { hotlineId, contactId, actor } = given
  const entered = event.type === 'consentGiven' || event.type === 'consentWithdrawn'
  const by = entered ? 'counsellor' : event.type === 'digit' ? 'caller' : 'nobody'
  const consents = { before: before.consent, after: after.consent }
  await recordCallConsent(tx, { hotlineId, contactId, actor, by, ...consents, now: new Date(given.now) })
}

/** The seat and person on the record: whoever talks now, else whoever talked last. */
async function personOf(
  tx: Tx,
  locked: LockedCall,
  call: Call,
  seats: readonly StaffedSeat[],
): Promise<{ seatId: string | null; personId: string | null }> {
  const seatId = call.talk?.seat ?? null
  if (seatId === null || seatId === locked.seatId) return { seatId: locked.seatId, personId: locked.personId }
  const known = seats.find((each) => each.seatId === seatId)
  const seat = known ?? (await findStaffed(tx, { seatId }))[0]
  return { seatId, personId: seat?.personId ?? null }
}

const takesSeat = new Set<DutyEvent['type']>(['offered', 'callsBack', 'supervises'])

/** What happens to seats; an offer to a seat that is not free undoes the whole step. */
async function applySeats(tx: Tx, given: Given, effects: readonly Effect[]): Promise<StaffedSeat[]> {
  const seats: StaffedSeat[] = []
  for (const effect of effects) {
    if (effect.do !== 'duty') continue
    const seat = await happenAtSeat(tx, given.hotlineId, effect.seat, effect.event, given.now)
    if (!seat && takesSeat.has(effect.event.type)) throw new Problem('seat.busy')
    if (seat) seats.push(seat)
  }
  return seats
}

async function applyRecords(tx: Tx, given: Given, call: Call, effects: readonly Effect[]): Promise<void> {
  const { hotlineId, contactId, now } = given
  for (const effect of effects) {
    if (effect.do === 'startRecording') {
      await startRecording(tx, hotlineId, contactId, effect.kind, effect.segment, now)
    } else if (effect.do === 'makeCallBack') {
      await promiseOf(tx, hotlineId, call, 'call-back', now, effect.danger ? 0 : callBackWithin)
    } else if (effect.do === 'notify' && effect.what === 'failed') {
      if (call.canCallBack) await promiseOf(tx, hotlineId, call, 'lost-call', now, 0)
    }
  }
  if (call.outcome === 'message' && call.state === 'closed') {
    await promiseOf(tx, hotlineId, call, 'listen-to-message', now, messageHeardWithin)
  }
}

/** Everybody in a talk sees who else is there and how: the counsellor, and each supervisor or colleague. */
const seatsAt = ({ talk }: Call): string[] => {
  const guests = (talk?.guests ?? []).flatMap(({ to }) => ('seat' in to ? [to.seat] : []))
  return talk?.seat ? [talk.seat, ...guests] : guests
}

/** After the commit: memory, timers, screens. */
function settle(shell: Shell, hotlineId: string, written: Written): void {
  const memory = memoryOf(shell, hotlineId)
  const { contact } = written.after
  const left = (shell.heard.get(contact) ?? []).slice(written.heard)
  if (left.length > 0) shell.heard.set(contact, left)
  else shell.heard.delete(contact)
  for (const seat of written.seats) rememberSeat(shell, hotlineId, seat.seatId, seat)
  remember(shell, hotlineId, written.after)
  const people = new Set(written.seats.map((seat) => seat.personId))
  for (const seat of [...seatsAt(written.before), ...seatsAt(written.after)]) {
    const at = memory.seats.get(seat)
    if (at) people.add(at.personId)
  }
  const danger = written.effects.some((each) => each.do === 'notify' && each.what === 'danger')
  shell.changed(hotlineId, {
    people: [...people],
    danger: danger ? contact : null,
    dropped: written.dropped,
  })
}
