/* Calls to the outside: the trunks in their order, and how many calls somebody may make. */
import { afterTry, isOverLimit, isRefusing, outboundLimitsOf, type TrunkUse } from '../../domain/outbound.ts'
import { Problem } from '../../domain/problem.ts'
import { SwitchboardError } from '../../telephony/switchboard-error.ts'
import type { DialSpec } from '../../telephony/switchboard.ts'
import { inHotline, type Tx } from '../db/database.ts'
import { addOutboundCall, countOutgoing, findOutgoing } from './outside-queries.ts'
import type { Shell } from './shell.ts'

const hourMs = 3_600_000

/** A number to be dialled under a leg's id, with what goes along; `from` where another number than the trunk's is shown. */
export interface Outward {
  hotlineId: string
  leg: string
  number: string
  timeoutMs: number
  from?: string
  tags?: DialSpec['tags']
  beside?: DialSpec['beside']
}

/** A call under way to the outside that has not rung yet. */
export interface OutwardCall extends Outward {
  tried: string[]
}

/** How the trunks stand, as the switchboard says now. */
function useOf({ switchboard, refusals, now }: Shell, tried: readonly string[]): TrunkUse {
  const { legs, trunks } = switchboard?.snapshot() ?? { legs: [], trunks: [] }
  const gone = new Set(trunks.flatMap((each) => (each.online ? [] : [each.trunk])))
  return {
    tried,
    online: (trunk) => !gone.has(trunk) && !isRefusing(refusals.get(trunk), now()),
    calls: (trunk) => legs.filter(({ party }) => party.kind !== 'seat' && party.trunk === trunk).length,
  }
}

/** Dials by the first trunk that takes it; rejects `offline` when none may or can, and as dial() does. */
export async function dialOutside(shell: Shell, given: Outward): Promise<void> {
  await dialNext(shell, { ...given, tried: [] })
}

/** A trunk of which nothing at all is heard for this long is given up where there is another: somebody is waiting. */
const silenceMs = 5_000

/** Dials by the next trunk that was not tried; see dialOutside(). */
export async function dialNext(shell: Shell, call: OutwardCall): Promise<void> {
  const { hotlineId, leg, number, timeoutMs, from: shown, tags = {}, beside } = call
  for (;;) {
    const way = await shell.trunkFor(hotlineId, number, useOf(shell, call.tried))
    if (!way || !shell.switchboard) throw new SwitchboardError('offline', 'no trunk for this number')
    call.tried.push(way.trunk)
    const isLast = !(await shell.trunkFor(hotlineId, number, useOf(shell, call.tried)))
    const from = shown ?? way.from
    // Known before it is dialled: its end may be told before the answer to the command comes.
    shell.outward.set(leg, call)
    try {
      const to = { number, trunk: way.trunk }
      return await shell.switchboard.dial({
        leg,
        to,
        timeoutMs,
        tags,
        ...(isLast ? {} : { silenceMs }),
        ...(beside === undefined ? {} : { beside }),
        ...(from === null ? {} : { from: { number: from } }),
      })
    } catch (error) {
      shell.outward.delete(leg)
      if (!(error instanceof SwitchboardError) || error.code !== 'refused') throw error
    }
  }
}

/** Remembers whether the trunk tried last took the call. */
export function noteTry(shell: Shell, { tried }: OutwardCall, took: boolean): void {
  const trunk = tried.at(-1)
  if (trunk === undefined) return
  const after = afterTry(shell.refusals.get(trunk), took, shell.now())
  if (after) shell.refusals.set(trunk, after)
  else shell.refusals.delete(trunk)
}

/** Who wants to call whom outside, for which contact. */
export interface OutsideWish {
  hotlineId: string
  personId: string | null
  contactId: string
  number: string
}

/** Refuses a number that no trunk may dial (`number.notAllowed`) and more calls than the limits allow (`number.tooMany`). */
export async function refuseOutside(shell: Shell, wish: OutsideWish): Promise<void> {
  const { hotlineId, personId, contactId, number } = wish
  if (!(await shell.trunkFor(hotlineId, number))) throw new Problem('number.notAllowed')
  const since = new Date(shell.now() - hourMs)
  const found = await inHotline(shell.db, hotlineId, (tx) =>
    findOutgoing(tx, { hotlineId, personId, contactId, since }),
  )
  if (isOverLimit({ ...found, number }, outboundLimitsOf(found.settings))) {
    shell.log('a call to the outside is over the limit')
    throw new Problem('number.tooMany')
  }
}

/** Calls to the outside of the last hour: of the whole hotline and of the person who made most; with the hotline's settings. */
export const outgoingLately = (tx: Tx, hotlineId: string, now: Date): ReturnType<typeof countOutgoing> =>
  countOutgoing(tx, hotlineId, new Date(now.getTime() - hourMs))

/** Whether somebody, or the whole hotline, has made as many calls to the outside within the hour as the limits allow. */
export async function isOutsideFull(tx: Tx, hotlineId: string, now: Date): Promise<boolean> {
  const { settings, ...made } = await outgoingLately(tx, hotlineId, now)
  return isOverLimit({ number: '', danger: false, risk: null, ...made }, outboundLimitsOf(settings))
}

/** Counts a call to the outside that is being made. */
export async function countOutside(
  shell: Shell,
  { hotlineId, personId }: OutsideWish,
  kind: 'call-back' | 'transfer',
): Promise<void> {
  const at = new Date(shell.now())
  await inHotline(shell.db, hotlineId, (tx) => addOutboundCall(tx, { hotlineId, personId, kind, at }))
}
