/** When a call in danger broke off, somebody must call back at once (G24-4.3.5; facts: "Traps found", 13). */
import type { Call, CallState } from './call-state.ts'
import { riskRank } from './risk.ts'

/** By when a high-risk caller whose call broke off is called back, in milliseconds. */
export const callBackDroppedWithin = 5 * 60_000

const live = new Set<CallState>(['greeting', 'waiting', 'offered', 'talking'])

/** Whether the caller's line ended in this step, in another way than by the counsellor's ending it. */
export const brokeOff = (before: Call, after: Call): boolean => {
  if (!live.has(before.state) || live.has(after.state)) return false
  // A call-back that was not answered is an attempt, and who was handed to somebody outside is with them.
  if (before.phase === 'calling-back' || before.phase === 'calling' || before.phase === 'outside')
    return false
  return after.endedBy !== 'counsellor' && after.outcome !== 'call-back'
}

/** Whether somebody is in danger as far as anybody knows: 0 was pressed and nobody assessed, a high level, a protocol that runs. */
const inDanger = (call: Call, protocolRuns: boolean): boolean =>
  protocolRuns || (call.danger && call.risk === null) || riskRank(call.risk) >= riskRank('high')

/**
 * Whether this step dropped a high-risk call: the caller, a broken leg or our own failure ended it without an agreed
 * ending. A counsellor's hanging up and a call-back agreed on are endings; leaving the queue after pressing 0 is not.
 */
export const isDropped = (before: Call, after: Call, protocolRuns: boolean): boolean =>
  brokeOff(before, after) && inDanger(after, protocolRuns)
