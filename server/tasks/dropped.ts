/* Calls in danger that broke off: told at once, and again whenever nobody has them any more. */
import { sql } from 'kysely'
import { callBackDroppedWithin } from '../../domain/dropped.ts'
import { inHotline, type Database, type Tx } from '../db/database.ts'
import type { Live } from '../http/live.ts'

/** Tells its owner and the supervisors of a dropped high-risk call; without an owner everybody who works on tasks, with alarm. */
export async function tellDropped(
  db: Database,
  live: Pick<Live, 'publish'>,
  hotlineId: string,
  taskId: string,
): Promise<void> {
  const row = await inHotline(db, hotlineId, async (tx) => {
    const { rows } = await sql<{ contact_id: string; number: number; line: string; owner_id: string | null }>`
      select t.contact_id, c.number, l.name as line, t.owner_id from task t
      join contact c on c.contact_id = t.contact_id join line l on l.line_id = t.line_id
      where t.task_id = ${taskId} and t.done_at is null`.execute(tx)
    return rows[0]
  })
  if (!row) return
  const { contact_id: contactId, number, line, owner_id: ownerId } = row
  const event = { type: 'dropped', taskId, contactId, number, line, owned: ownerId !== null } as const
  if (ownerId === null) live.publish(hotlineId, { right: 'task.work' }, event)
  else {
    live.publish(hotlineId, { personId: ownerId }, event)
    live.publish(hotlineId, { right: 'board.see' }, event)
  }
  live.publish(hotlineId, { right: 'task.work' }, { type: 'changed', what: 'tasks' })
}

/**
 * Gives dropped high-risk calls back to everybody whose owner has gone off duty, or let the time pass without having tried:
 * they are never silently nobody's. Gives the tasks to tell of.
 */
export async function freeForsaken(tx: Tx, hotlineId: string, now: Date): Promise<string[]> {
  const takenBefore = new Date(now.getTime() - callBackDroppedWithin)
  const { rows } = await sql<{ task_id: string }>`
    update task t set owner_id = null
    where t.hotline_id = ${hotlineId} and t.kind = 'dropped-high-risk' and t.done_at is null and t.owner_id is not null
      and ((t.taken_at is null and not exists (select from duty d where d.person_id = t.owner_id))
        or (t.due_at < ${now} and t.attempts = 0 and (t.taken_at is null or t.taken_at < ${takenBefore})))
    returning t.task_id`.execute(tx)
  return rows.map((row) => row.task_id)
}
