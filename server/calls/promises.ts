/* What a call leaves to be done: call-backs, messages to hear, calls that broke. */
import type { Call } from '../../domain/call-state.ts'
import type { Tx } from '../db/database.ts'
import { promise } from '../tasks/tasks.ts'

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
