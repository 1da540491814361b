import { sql, type RawBuilder } from 'kysely'
import type { z } from 'zod'
import type { attemptOutcomes, listTasks, task, taskKinds, taskResults } from '../../api/tasks.ts'
import { type Tx } from '../db/database.ts'
import { newId } from '../db/id.ts'

/** What a task is about. */
export type TaskKind = (typeof taskKinds)[number]
/** How a task ended. */
export type TaskResult = (typeof taskResults)[number]
/** How one try ended. */
export type AttemptOutcome = (typeof attemptOutcomes)[number]

/** A task with what its contact says; the number and the words are still sealed. */
export interface TaskRow {
  task_id: string
  kind: TaskKind
  contact_id: string
  number: number
  risk: z.output<typeof task>['risk']
  /** Whose contact it is. */
  person_id: string | null
  line_name: string
  line_id: string
  plan_step: string | null
  words: string
  attempts: number
  last_attempt_at: Date | null
  due_at: Date
  keeps_place_since: Date
  owner_id: string | null
  owner: string | null
  done_at: Date | null
  result: z.output<typeof task>['result']
  result_words: string
  created_at: Date
  creator: string | null
  caller_number_sealed: Buffer | null
}

const from = sql`select t.task_id, t.kind, t.contact_id, c.number, c.risk, c.person_id, l.name as line_name, t.line_id,
  t.plan_step, t.words, t.attempts, t.last_attempt_at, t.due_at, t.keeps_place_since, t.owner_id, p.display_name as owner,
  t.done_at, t.result, t.result_words, t.created_at, m.display_name as creator, c.caller_number_sealed
  from task t join contact c on c.contact_id = t.contact_id join line l on l.line_id = t.line_id
  left join person p on p.person_id = t.owner_id left join person m on m.person_id = t.created_by`

/** The filters of a list of tasks. */
export type TaskQuery = z.output<(typeof listTasks)['query']>

const conditions = (
  query: TaskQuery,
  hotlineId: string,
  personId: string,
  now: Date,
): RawBuilder<unknown>[] => {
  const wanted = [
    sql`t.hotline_id = ${hotlineId}`,
    query.open === 'yes' ? sql`t.done_at is null` : sql`t.done_at is not null`,
  ]
  if (query.kind) wanted.push(sql`t.kind = ${query.kind}`)
  if (query.contactId) wanted.push(sql`t.contact_id = ${query.contactId}`)
  if (query.whose === 'mine') wanted.push(sql`t.owner_id = ${personId}`)
  if (query.whose === 'nobody') wanted.push(sql`t.owner_id is null`)
  if (query.overdue) wanted.push(sql`t.due_at < ${now}`)
  if (query.text) {
    const part = `%${query.text.replace(/[%_\\]/g, '\\$&')}%`
    wanted.push(sql`(c.number::text = ${query.text} or l.name ilike ${part} or p.display_name ilike ${part})`)
  }
  return wanted
}

/** One page and one row more; `after` is the last row's time and id. */
export async function findTasks(
  tx: Tx,
  hotlineId: string,
  personId: string,
  query: TaskQuery,
  after: { at: Date; id: string } | null,
  now: Date,
): Promise<TaskRow[]> {
  const wanted = conditions(query, hotlineId, personId, now)
  const time = query.open === 'yes' ? sql`t.due_at` : sql`t.done_at`
  const newest = (query.order ?? (query.open === 'yes' ? 'oldest' : 'newest')) === 'newest'
  const [than, direction] = newest ? [sql`<`, sql`desc`] : [sql`>`, sql`asc`]
  if (after) wanted.push(sql`(${time}, t.task_id) ${than} (${after.at}, ${after.id}::uuid)`)
  const { rows } = await sql<TaskRow>`
    ${from} where ${sql.join(wanted, sql` and `)}
    order by ${time} ${direction}, t.task_id ${direction} limit ${query.limit + 1}`.execute(tx)
  return rows
}

/** One task; undefined when it is not there. */
export async function findTask(tx: Tx, taskId: string): Promise<TaskRow | undefined> {
  const { rows } = await sql<TaskRow>`${from} where t.task_id = ${taskId}`.execute(tx)
  return rows[0]
}

/** One task, locked until the transaction ends; undefined when it is not there. */
export async function lockTask(tx: Tx, taskId: string): Promise<TaskRow | undefined> {
  const { rows } = await sql<TaskRow>`${from} where t.task_id = ${taskId} for update of t`.execute(tx)
  return rows[0]
}

/** Gives the task to a person, or to nobody; `takenAt` null when it was not taken by hand. */
export async function saveOwner(
  tx: Tx,
  taskId: string,
  personId: string | null,
  takenAt: Date | null,
): Promise<void> {
  await sql`update task set owner_id = ${personId}, taken_at = ${takenAt} where task_id = ${taskId}`.execute(
    tx,
  )
}

/** Notes that the owner calls the caller now; what was dialled before on this contact is over. */
export async function saveDialled(tx: Tx, taskId: string, contactId: string, at: Date): Promise<void> {
  await sql`update task set dialled_at = case when task_id = ${taskId} then ${at}::timestamptz end
    where contact_id = ${contactId} and (task_id = ${taskId} or dialled_at is not null)`.execute(tx)
}

/** The task of a contact that is being dialled, with its owner; undefined when none is. */
export async function findDialled(
  tx: Tx,
  contactId: string,
): Promise<{ task_id: string; owner_id: string } | undefined> {
  const { rows } = await sql<{ task_id: string; owner_id: string }>`
    select task_id, owner_id from task where contact_id = ${contactId} and dialled_at is not null and done_at is null
      and owner_id is not null limit 1`.execute(tx)
  return rows[0]
}

/** Adds an attempt; the task's row must be locked or the only writer's. `dueAt` moves the task. */
export async function insertAttempt(
  tx: Tx,
  taskId: string,
  attempt: { personId: string; outcome: AttemptOutcome; words: string; at: Date; dueAt: Date | null },
): Promise<void> {
  await sql`
    with tried as (
      update task set attempts = attempts + 1, last_attempt_at = ${attempt.at}, dialled_at = null,
        due_at = coalesce(${attempt.dueAt}, due_at) where task_id = ${taskId} returning attempts, hotline_id
    )
    insert into task_attempt (task_id, seq, hotline_id, at, person_id, outcome, words)
    select ${taskId}, attempts, hotline_id, ${attempt.at}, ${attempt.personId}, ${attempt.outcome}, ${attempt.words}
    from tried`.execute(tx)
}

/** What was tried, in order. */
export async function findAttempts(
  tx: Tx,
  taskId: string,
): Promise<{ seq: number; at: Date; person: string; outcome: AttemptOutcome; words: string }[]> {
  const { rows } = await sql<{
    seq: number
    at: Date
    person: string
    outcome: AttemptOutcome
    words: string
  }>`
    select a.seq, a.at, p.display_name as person, a.outcome, a.words from task_attempt a
    join person p on p.person_id = a.person_id where a.task_id = ${taskId} order by a.seq`.execute(tx)
  return rows
}

/** Ends the task with its result. */
export async function saveResult(
  tx: Tx,
  taskId: string,
  result: TaskResult,
  words: string,
  at: Date,
): Promise<void> {
  await sql`update task set done_at = ${at}, result = ${result}, result_words = ${words}, dialled_at = null
    where task_id = ${taskId}`.execute(tx)
}

/** Ends every open follow-up of a contact. */
export async function endFollowUps(
  tx: Tx,
  contactId: string,
  result: TaskResult,
  words: string,
  at: Date,
): Promise<void> {
  await sql`update task set done_at = ${at}, result = ${result}, result_words = ${words}
    where contact_id = ${contactId} and kind = 'follow-up' and done_at is null`.execute(tx)
}

/** A task as it is made, its words sealed. */
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
  | undefined
  | {
      line_id: string
      person_id: string | null
      risk: string | null
      ended_at: Date
      time_zone: string
      settings: unknown
      steps: string[]
    }
> {
  const { rows } = await sql<{
    line_id: string
    person_id: string | null
    risk: string | null
    ended_at: Date
    time_zone: string
    settings: unknown
    steps: string[]
  }>`
    select c.risk, coalesce(c.ended_at, c.started_at) as ended_at, c.line_id, c.person_id, h.time_zone, h.settings, array(select t.plan_step from task t
      where t.contact_id = c.contact_id and t.kind = 'follow-up' and t.plan_step is not null) as steps
    from contact c join hotline h on h.hotline_id = c.hotline_id where c.contact_id = ${contactId}`.execute(
    tx,
  )
  return rows[0]
}
