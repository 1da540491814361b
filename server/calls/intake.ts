/* A new call: its contact exists from the first moment on, with the hotline's next number. */
import { setTimeout as sleep } from 'node:timers/promises'
import { newCall, step } from '../../domain/call.ts'
import { defaultSettings } from '../../domain/call-state.ts'
import { Problem } from '../../domain/problem.ts'
import type { Leg } from '../../telephony/switchboard.ts'
import { inHotline } from '../db/database.ts'
import { newId } from '../db/id.ts'
import { remember } from './memory.ts'
import { createContact, findLine, hasContact, lastCallFailed, lineOfNumber } from './queries.ts'
import { inLane, type Shell } from './shell.ts'
import { carryOut } from './stepping.ts'

/** A number whose last call broke within this time goes first. */
const ringsAgainWithin = 30 * 60_000

/** A leg came in. A caller gets a contact; everything told of the leg from now on waits until it is written. */
export function arrive(shell: Shell, leg: Leg, at: number): void {
  if (shell.legs.has(leg.id)) return
  if (leg.party.kind !== 'caller') {
    // A seat's phone that dials by itself: nothing is behind it. Its own calls are made by the desk's commands.
    void shell.switchboard?.hangup(leg.id, 'declined').catch(() => undefined)
    return
  }
  const contactId = newId(at)
  const owner = { contactId, hotlineId: null }
  shell.legs.set(leg.id, owner)
  shell.contacts.set(contactId, owner)
  void inLane(shell, contactId, () => take(shell, leg, contactId, at))
}

async function take(shell: Shell, leg: Leg, contactId: string, at: number): Promise<void> {
  let calmed = false
  while (!shell.stopped) {
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
}

async function calm(shell: Shell, leg: string): Promise<void> {
  await shell.switchboard?.answer(leg).catch(() => undefined)
  await shell.switchboard?.music({ leg }, 'default').catch(() => undefined)
}

async function open(shell: Shell, leg: Leg, contactId: string, at: number): Promise<void> {
  const { party } = leg
  if (party.kind !== 'caller') return
  const found = await lineOfNumber(shell.db, party.dialled)
  if (!found) {
    shell.legs.delete(leg.id)
    shell.contacts.delete(contactId)
    await shell.switchboard?.hangup(leg.id, 'unreachable')
    return
  }
  const { hotlineId, lineId } = found
  const number = party.web ? null : party.number
  // A caller's name without digits is no number: such callers must not be taken for one and the same.
  const numberKey = number !== null && /\d{3}/.test(number) ? shell.keys.numberKey(hotlineId, number) : null
  const written = await inHotline(shell.db, hotlineId, async (tx) => {
    if (await hasContact(tx, leg.id)) return null
    const line = await findLine(tx, lineId)
    if (!line) return null
    const fresh = newCall({
      contact: contactId,
      line: lineId,
      callerLeg: leg.id,
      canCallBack: number !== null,
      ringsAgain: numberKey !== null && (await lastCallFailed(tx, numberKey, at - ringsAgainWithin)),
      arrivedAt: at,
      settings: {
        ...defaultSettings,
        eventLine: line.kind === 'event',
        ringFor: line.offer_timeout_ms,
        wrapUpFor: line.wrap_up_ms,
      },
    })
    const { call, effects } = step(fresh, { type: 'arrived' }, shell.now())
    await createContact(tx, call, {
      channel: party.web ? 'web-call' : 'phone',
      sealed: number === null ? null : shell.keys.seal(hotlineId, number),
      numberKey,
      suffixKey: number === null ? null : shell.keys.suffixKey(hotlineId, number),
      trusted: party.trusted,
      data: { line: lineId },
    })
    return { call, effects, language: line.language }
  })
  if (!written) return
  const owner = shell.legs.get(leg.id)
  if (owner) owner.hotlineId = hotlineId
  remember(shell, hotlineId, written.call)
  shell.changed(hotlineId, { people: [], danger: null })
  await carryOut(shell, hotlineId, written.call, written.language, written.effects)
}
