/* The caller's danger key opens the crisis protocol for whoever answers. */
import { isLive } from '../../domain/call.ts'
import type { Call } from '../../domain/call-state.ts'
import type { Tx } from '../db/database.ts'
import { heard } from '../crisis/crisis.ts'

/** Opens the protocol once somebody is there to work through it: when the call is answered (G24-4.3.5). No level comes of it. */
export async function openByKey(
  tx: Tx,
  given: { hotlineId: string; now: number },
  before: Call,
  after: Call,
): Promise<void> {
  const answered = after.state === 'talking' && before.state !== 'talking' && isLive(before.state)
  if (!after.danger || !answered) return
  await heard(tx, {
    hotlineId: given.hotlineId,
    contactId: after.contact,
    personId: null,
    now: new Date(given.now),
    findings: [],
    open: [{ protocol: 'suicide', from: 'caller-key' }],
  })
}
