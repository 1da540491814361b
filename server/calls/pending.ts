/* A call was changed by a process that does not control the switchboard: what it decided is carried out here. */
import { inHotline } from '../db/database.ts'
import { reloadSeats, remember } from './memory.ts'
import { lockCall } from './queries.ts'
import { inLane, type Shell } from './shell.ts'
import { carryOut } from './stepping.ts'

/** Reads a call as another process left it and does what is still to be done. */
export function carryPending(shell: Shell, hotlineId: string, contactId: string): void {
  void inLane(shell, contactId, async () => {
    const locked = await inHotline(shell.db, hotlineId, (tx) => lockCall(tx, contactId))
    if (!locked) return
    await reloadSeats(shell, hotlineId)
    remember(shell, hotlineId, locked.call)
    await carryOut(shell, hotlineId, locked.call, locked.language, locked.pending)
  })
}
