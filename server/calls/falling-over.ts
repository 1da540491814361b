/* A trunk that does not carry a call: the next one is tried, and only when there is none is the call told. */
import { isTrunkFault } from '../../domain/outbound.ts'
import { SwitchboardError } from '../../telephony/switchboard-error.ts'
import type { SwitchboardEvent } from '../../telephony/switchboard.ts'
import { dialNext, noteTry, type OutwardCall } from './outside.ts'
import { inLane, ownerOf, type Shell, toldOf } from './shell.ts'
import { happen } from './stepping.ts'

/**
 * Whether a fact is the failure of a trunk for which the next one is tried instead; `otherwise` is told when there is none, or
 * nobody wants the call any more.
 */
export function fellOver(shell: Shell, event: SwitchboardEvent, otherwise: () => void): boolean {
  if (event.type !== 'leg.ended' && event.type !== 'leg.ringing' && event.type !== 'leg.up') return false
  const call = shell.outward.get(event.leg)
  shell.outward.delete(event.leg)
  if (!call || (event.type === 'leg.ended' && event.by === 'us')) return false
  const fault =
    event.type === 'leg.ended' && isTrunkFault({ cause: event.cause, sip: event.sip, rang: false })
  noteTry(shell, call, !fault)
  if (!fault) return false
  const owner = ownerOf(shell, call.leg)
  void inLane(shell, owner?.contactId ?? call.leg, async () => {
    if (!(await isWanted(shell, call))) return otherwise()
    try {
      shell.log('a trunk did not take a call: the next one is tried')
      await dialNext(shell, call)
    } catch (error) {
      if (!(error instanceof SwitchboardError)) shell.log('no other trunk could be asked', toldOf(error))
      otherwise()
    }
  })
  return true
}

async function isWanted(shell: Shell, { leg, hotlineId }: OutwardCall): Promise<boolean> {
  const owner = ownerOf(shell, leg)
  if (!owner) return shell.alarms.has(leg)
  const known = await happen(shell, hotlineId, owner.contactId, () => null)
  if (!known) return false
  const { callerLeg, phase, talk } = known.call
  return (
    (callerLeg === leg && phase === 'calling') || (talk?.guests.some((each) => each.leg === leg) ?? false)
  )
}
