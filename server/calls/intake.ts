/* A new call: its contact exists from the first moment on, with the hotline's next number. */
import { setTimeout as sleep } from 'node:timers/promises'
import { newCall, step } from '../../domain/call.ts'
import { defaultSettings } from '../../domain/call-state.ts'
import { Problem } from '../../domain/problem.ts'
import type { Leg } from '../../telephony/switchboard.ts'
import { inHotline } from '../db/database.ts'
import { newId } from '../db/id.ts'
import { remember } from './memory.ts'
import type { CallRecord } from './call-records.ts'
import {
  allHotlines,
  appendHappenings,
  createContact,
  findCallerLegs,
  findLine,
  findLiveCalls,
  hasContact,
  lastCallFailed,
  lineOfNumber,
  lockCall,
  openContact,
  saveCall,
} from './queries.ts'
import { promiseOf } from './promises.ts'
import { inLane, isOurs, type Shell } from './shell.ts'
import { carryOut, happenSurely } from './stepping.ts'

/** A number whose last call broke within this time goes first. */
const ringsAgainWithin = 30 * 60_000

/** A leg came in. A caller gets a contact; everything told of the leg from now on waits until it is written. */
export function arrive(shell: Shell, leg: Leg, at: number): void {
  if (shell.legs.has(leg.id)) return
  if (dialledOf(leg) === null) {
    void shell.switchboard?.hangup(leg.id, 'declined').catch(() => undefined)
    return
  }
  const contactId = newId(at)
  const owner = { contactId, hotlineId: null }
  shell.legs.set(leg.id, owner)
  shell.contacts.set(contactId, owner)
  void inLane(shell, contactId, () => take(shell, leg, contactId, at))
}

/** What the leg wants to reach: a seat's phone that dials a line by itself is a caller like any other. */
const dialledOf = ({ party }: Leg): string | null => (party.kind === 'number' ? null : party.dialled)

async function take(shell: Shell, leg: Leg, contactId: string, at: number): Promise<void> {
  let calmed = false
  // Who has control in our place takes the caller in.
  while (!shell.stopped && shell.switchboard) {
    try {
      return await open(shell, leg, contactId, at)
    } catch (error) {
      const away = error instanceof Problem && (error.code === 'database.away' || error.code === 'disk.full')
      if (!away) throw error
      // Nothing is decided that cannot be written: the caller waits with calm audio until the database is back.
      if (!calmed) await calm(shell, leg.id)
      calmed = true
      await sleep(500)
    }
  }
  shell.legs.delete(leg.id)
  shell.contacts.delete(contactId)
}

async function calm(shell: Shell, leg: string): Promise<void> {
  await shell.switchboard?.answer(leg).catch(() => undefined)
  await shell.switchboard?.music({ leg }, 'default').catch(() => undefined)
}

/** What a contact needs to know of who called. */
interface Caller {
  number: string | null
  web: boolean
  trusted: boolean
}

const callerOf = ({ party }: Leg): Caller =>
  party.kind === 'caller'
    ? { number: party.web ? null : party.number, web: party.web, trusted: party.trusted }
    : { number: null, web: false, trusted: false }

/** How a number is kept: sealed, and found again by a keyed hash. */
function keptNumber(shell: Shell, hotlineId: string, number: string | null) {
  if (number === null) return { sealed: null, numberKey: null, suffixKey: null }
  // A caller's name without digits is no number: such callers must not be taken for one and the same.
  const isNumber = /\d{3}/.test(number)
  return {
    sealed: shell.keys.seal(hotlineId, number),
    numberKey: isNumber ? shell.keys.numberKey(hotlineId, number) : null,
    suffixKey: isNumber ? shell.keys.suffixKey(hotlineId, number) : null,
  }
}

/** Contacts of one hotline are opened in a line before its lock; whoever fails does not hold up the next. */
function oneByOne(shell: Shell, hotlineId: string, work: () => Promise<boolean>): Promise<boolean> {
  const mine = (shell.openings.get(hotlineId) ?? Promise.resolve()).then(work)
  shell.openings.set(
    hotlineId,
    mine.then(
      () => undefined,
      () => undefined,
    ),
  )
  return mine
}

async function open(shell: Shell, leg: Leg, contactId: string, at: number): Promise<void> {
  const found = await lineOfNumber(shell.db, dialledOf(leg) ?? '')
  if (!found) return putDown(shell, leg.id, contactId, 'unreachable')
  const { hotlineId, lineId } = found
  const { number, web, trusted } = callerOf(leg)
  const kept = keptNumber(shell, hotlineId, number)
  const known = await inHotline(shell.db, hotlineId, async (tx) => {
    if (await hasContact(tx, leg.id)) return null
    const line = await findLine(tx, lineId)
    const { numberKey } = kept
    const ringsAgain = numberKey !== null && (await lastCallFailed(tx, numberKey, at - ringsAgainWithin))
    return line && { line, ringsAgain }
  })
  if (!known) return goOn(shell, hotlineId, leg, contactId)
  const { line, ringsAgain } = known
  const fresh = newCall({
    contact: contactId,
    line: lineId,
    callerLeg: leg.id,
    canCallBack: number !== null,
    ringsAgain,
    arrivedAt: at,
    settings: {
      ...defaultSettings,
      eventLine: line.kind === 'event',
      ringFor: line.offer_timeout_ms,
      wrapUpFor: line.wrap_up_ms,
      tellOfSupervision: line.tell_of_supervision,
    },
  })
  const { call, effects } = step(fresh, { type: 'arrived' }, shell.now())
  const channel = web ? 'web-call' : 'phone'
  const opened = await oneByOne(shell, hotlineId, () =>
    openContact(shell.db, hotlineId, call, { channel, ...kept, trusted, data: { line: lineId } }),
  )
  if (!opened) return goOn(shell, hotlineId, leg, contactId)
  const owner = shell.legs.get(leg.id)
  if (owner) owner.hotlineId = hotlineId
  remember(shell, hotlineId, call)
  shell.changed(hotlineId, { people: [], danger: null })
  await carryOut(shell, hotlineId, call, line.language, effects)
}

/** A record of an outage this long ago is no news any more. */
const missedWithin = 24 * 60 * 60_000

/**
 * Callers who came and went while no server listened: the call-detail records know them. Each gets its contact, failed
 * by our fault, so that whoever rings again goes first.
 */
export async function addMissed(shell: Shell, records: readonly CallRecord[]): Promise<void> {
  const since = shell.now() - missedWithin
  const came = records.filter(
    ({ leg, answered, endedAt }) => answered && endedAt >= since && !isOurs(leg) && !shell.legs.has(leg),
  )
  if (came.length === 0) return
  const known = new Set<string>()
  for (const hotlineId of await allHotlines(shell.db)) {
    const legs = came.map((record) => record.leg)
    const found = await inHotline(shell.db, hotlineId, (tx) => findCallerLegs(tx, legs))
    for (const leg of found) known.add(leg)
  }
  for (const record of came) {
    if (known.has(record.leg)) continue
    const line = await lineOfNumber(shell.db, record.dialled)
    if (line) await addMissedCall(shell, line, record)
  }
}

async function addMissedCall(
  shell: Shell,
  { hotlineId, lineId }: { hotlineId: string; lineId: string },
  record: CallRecord,
): Promise<void> {
  const number = record.from === '' ? null : record.from
  await inHotline(shell.db, hotlineId, async (tx) => {
    if (await hasContact(tx, record.leg)) return
    const fresh = newCall({
      contact: newId(record.startedAt),
      line: lineId,
      callerLeg: record.leg,
      canCallBack: number !== null,
      ringsAgain: false,
      arrivedAt: record.startedAt,
    })
    const { call } = step(fresh, { type: 'switchboardLost' }, record.endedAt)
    const kept = keptNumber(shell, hotlineId, number)
    const data = { line: lineId, fromCallRecords: true }
    await createContact(tx, fresh, { channel: 'phone', ...kept, trusted: false, data })
    await saveCall(tx, call, [], { seatId: null, personId: null })
    await appendHappenings(tx, call.contact, record.endedAt, null, [
      { kind: 'ended', data: { outcome: call.outcome, by: call.endedBy } },
    ])
    if (number !== null) await promiseOf(tx, hotlineId, call, 'lost-call', shell.now(), 0)
  })
}

/** A leg that is not, or no longer, a call. */
async function putDown(shell: Shell, leg: string, contactId: string, cause?: 'unreachable'): Promise<void> {
  shell.legs.delete(leg)
  shell.contacts.delete(contactId)
  await shell.switchboard?.hangup(leg, cause)
}

/**
 * The caller's contact is there already. Ours: it was written although we heard that the database was away. Another that
 * lives: of the server that had control before us. Another that is over: whoever ended it died before hanging up.
 */
async function goOn(shell: Shell, hotlineId: string, leg: Leg, contactId: string): Promise<void> {
  const locked = await inHotline(shell.db, hotlineId, (tx) => lockCall(tx, contactId))
  if (!locked) return adopt(shell, hotlineId, leg, contactId)
  const owner = shell.legs.get(leg.id)
  if (owner) owner.hotlineId = hotlineId
  remember(shell, hotlineId, locked.call)
  await carryOut(shell, hotlineId, locked.call, locked.language, locked.pending)
}

async function adopt(shell: Shell, hotlineId: string, leg: Leg, contactId: string): Promise<void> {
  const live = await inHotline(shell.db, hotlineId, findLiveCalls)
  const theirs = live.find(({ call }) => call.callerLeg === leg.id)
  if (!theirs) return putDown(shell, leg.id, contactId)
  const owner = { contactId: theirs.contactId, hotlineId }
  shell.contacts.delete(contactId)
  shell.contacts.set(owner.contactId, owner)
  shell.legs.set(leg.id, owner)
  remember(shell, hotlineId, theirs.call)
  const legs = { [leg.id]: leg.state === 'up' ? 'up' : 'ringing' } as const
  await inLane(shell, owner.contactId, async () => {
    await happenSurely(shell, hotlineId, owner.contactId, { type: 'reconciled', legs })
  })
}
