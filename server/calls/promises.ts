/* What a call leaves to be done: call-backs, messages to hear, calls that broke. */
import type { Call } from '../../domain/call-state.ts'
import { brokeOff, callBackDroppedWithin, isDropped } from '../../domain/dropped.ts'
import type { Tx } from '../db/database.ts'
import { findDanger } from './queries.ts'
import { noteCallBack, promise } from '../tasks/tasks.ts'

/** Promises something for a call, due `within` ms; the caller keeps the place in the queue. */
export async function promiseOf(
  tx: Tx,
  hotlineId: string,
  call: Call,
  kind: 'call-back' | 'listen-to-message' | 'lost-call',
  now: number,
  within: number,
): Promise<void> {
  await promise(tx, {
    hotlineId,
    contactId: call.contact,
    lineId: call.line,
    kind,
    dueAt: new Date(now + within),
    placeSince: new Date(call.queuedAt ?? call.arrivedAt),
    now: new Date(now),
  })
}

/**
 * Writes how a call-back went, and promises to call a high-risk caller back at once when this step dropped the call (G24-4.3.5): it is the counsellor's who
 * had it while on duty, else everybody's. Gives the task, or null when nothing was dropped.
 */
export async function keepPromises(
  tx: Tx,
  hotlineId: string,
  before: Call,
  after: Call,
  personId: string | null,
  now: number,
): Promise<string | null> {
  if (before.phase === 'calling' && after.phase !== 'calling')
    await noteCallBack(tx, after.contact, after.phase === 'together', new Date(now))
  if (!brokeOff(before, after)) return null
  const facts = await findDanger(tx, after.contact, personId)
  if (!isDropped(before, after, facts.protocolRuns)) return null
  return promise(tx, {
    hotlineId,
    contactId: after.contact,
    lineId: after.line,
    kind: 'dropped-high-risk',
    dueAt: new Date(now + callBackDroppedWithin),
    placeSince: new Date(after.queuedAt ?? after.arrivedAt),
    ownerId: facts.onDuty ? personId : null,
    now: new Date(now),
  })
}
