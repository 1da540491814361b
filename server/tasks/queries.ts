import { sql } from 'kysely'
import type { Tx } from '../db/database.ts'

/** A task with what its contact says; the number is still sealed. */
export interface TaskRow {
  task_id: string
  kind: 'call-back' | 'listen-to-message' | 'lost-call'
  contact_id: string
  number: number
  line_name: string
  line_id: string
  due_at: Date
  keeps_place_since: Date
  owner_id: string | null
  owner: string | null
  done_at: Date | null
  result: 'reached' | 'not-reached' | 'not-needed' | null
  caller_number_sealed: Buffer | null
}

const from = sql`select t.task_id, t.kind, t.contact_id, c.number, l.name as line_name, t.line_id, t.due_at,
  t.keeps_place_since, t.owner_id, p.display_name as owner, t.done_at, t.result, c.caller_number_sealed
  from task t join contact c on c.contact_id = t.contact_id join line l on l.line_id = t.line_id
  left join person p on p.person_id = t.owner_id`

/** One page: open ones by the time they are due, done ones latest first; `after` is the last row's time and id. */
export async function findTasks(
  tx: Tx,
  hotlineId: string,
  given: { open: boolean; after: { at: Date; id: string } | null; text: string; limit: number },
): Promise<TaskRow[]> {
  const { after } = given
  const key = given.open ? sql`(t.due_at, t.task_id)` : sql`(t.done_at, t.task_id)`
  const wanted = [
    sql`t.hotline_id = ${hotlineId}`,
    given.open ? sql`t.done_at is null` : sql`t.done_at is not null`,
  ]
  if (given.text)
    wanted.push(
      sql`(c.number::text = ${given.text} or l.name ilike ${`%${given.text.replace(/[%_\\]/g, '\\$&')}%`})`,
    )
  if (after)
    wanted.push(
      given.open
        ? sql`${key} > (${after.at}, ${after.id}::uuid)`
        : sql`${key} < (${after.at}, ${after.id}::uuid)`,
    )
  const order = given.open ? sql`t.due_at, t.task_id` : sql`t.done_at desc, t.task_id desc`
  const { rows } =
    await sql<TaskRow>`${from} where ${sql.join(wanted, sql` and `)} order by ${order} limit ${given.limit + 1}`.execute(
      tx,
    )
  return rows
}

/** One task, locked until the transaction ends; undefined when it is not there. */
export async function lockTask(tx: Tx, taskId: string): Promise<TaskRow | undefined> {
  const { rows } = await sql<TaskRow>`${from} where t.task_id = ${taskId} for update of t`.execute(tx)
  return rows[0]
}

/** Gives the task to a person. */
export async function saveOwner(tx: Tx, taskId: string, personId: string): Promise<void> {
  await sql`update task set owner_id = ${personId} where task_id = ${taskId}`.execute(tx)
}

/** Ends the task with its result. */
export async function saveResult(tx: Tx, taskId: string, result: string, at: Date): Promise<void> {
  await sql`update task set done_at = ${at}, result = ${result} where task_id = ${taskId}`.execute(tx)
}
