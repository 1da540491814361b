import { sql } from 'kysely'
import type { taskKinds } from '../../api/tasks.ts'
import type { Tx } from '../db/database.ts'
import { newId } from '../db/id.ts'

/** What a task is about. */
export type TaskKind = (typeof taskKinds)[number]

/** A task with what its contact says; the number is still sealed. */
export interface TaskRow {
  task_id: string
  kind: TaskKind
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

/** A task as it is made. */
export interface NewTask {
  hotlineId: string
  contactId: string
  lineId: string
  kind: TaskKind
  dueAt: Date
  /** Since when the caller has a place in the queue; the contact's own time when not given. */
  placeSince?: Date | undefined
  ownerId?: string | null | undefined
  planStep?: string | null | undefined
  words?: string | undefined
  createdBy?: string | null | undefined
  now: Date
}

/**
 * Writes a task unless the contact has an open one of this kind and plan step; gives the id of the open one. The contact's
 * row is locked for it, so that two writers make one task.
 */
export async function insertTask(tx: Tx, task: NewTask): Promise<string> {
  const step = task.planStep ?? null
  const contact = await sql<{ since: Date }>`
    select coalesce(queued_at, started_at) as since from contact where contact_id = ${task.contactId} for no key update`.execute(
    tx,
  )
  const open = await sql<{ task_id: string }>`
    select task_id from task where contact_id = ${task.contactId} and kind = ${task.kind}
      and plan_step is not distinct from ${step} and done_at is null`.execute(tx)
  const known = open.rows[0]?.task_id
  if (known) return known
  const taskId = newId()
  await sql`
    insert into task (task_id, hotline_id, contact_id, kind, line_id, keeps_place_since, due_at, owner_id, plan_step, words,
      created_by, created_at)
    values (${taskId}, ${task.hotlineId}, ${task.contactId}, ${task.kind}, ${task.lineId},
      ${task.placeSince ?? contact.rows[0]?.since ?? task.now}, ${task.dueAt}, ${task.ownerId ?? null}, ${step},
      ${task.words ?? ''}, ${task.createdBy ?? null}, ${task.now})`.execute(tx)
  return taskId
}

/** The contact's line, whose it is, its hotline's zone and settings, and the plan steps it ever had. */
export async function findPlanned(
  tx: Tx,
  contactId: string,
): Promise<
  | { line_id: string; person_id: string | null; time_zone: string; settings: unknown; steps: string[] }
  | undefined
> {
  const { rows } = await sql<{
    line_id: string
    person_id: string | null
    time_zone: string
    settings: unknown
    steps: string[]
  }>`
    select c.line_id, c.person_id, h.time_zone, h.settings, array(select t.plan_step from task t
      where t.contact_id = c.contact_id and t.kind = 'follow-up' and t.plan_step is not null) as steps
    from contact c join hotline h on h.hotline_id = c.hotline_id where c.contact_id = ${contactId}`.execute(
    tx,
  )
  return rows[0]
}
