/* What was promised to callers or is owed to them: taken by one person, tried, done with a result. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import type { finishTask, listTasks, planFollowUp, readTask, recordAttempt, task } from '../../api/tasks.ts'
import { followUpRule, followUpsOf } from '../../domain/follow-up.ts'
import { may, type Role } from '../../domain/permission.ts'
import { Problem } from '../../domain/problem.ts'
import { riskLevels, type RiskLevel } from '../../domain/risk.ts'
import type { Tx } from '../db/database.ts'
import type { Words } from '../records/keys.ts'
import {
  endFollowUps,
  findAttempts,
  findDialled,
  findPlanned,
  findTask,
  findTasks,
  insertAttempt,
  insertTask,
  lockTask,
  type NewTask,
  saveDialled,
  saveOwner,
  saveResult,
  type TaskRow,
} from './queries.ts'

/** Who works on tasks. */
export interface Worker {
  personId: string
  roles: readonly Role[]
}

/** Opens and seals what the hotline's tasks hold: callers' numbers, and what was typed. */
export interface TaskSealing {
  openNumber: (sealed: Buffer) => string
  words: Words
}

const shippedRule = followUpRule.parse(
  JSON.parse(
    readFileSync(join(import.meta.dirname, '..', '..', 'clinical', 'rules', 'follow-up.json'), 'utf8'),
  ),
)
/** The plan step that says: the caller does not want to be called again. */
const declined = 'declined' as const
const share = z.number().min(0).max(1).optional()
/** What a hotline may set of follow-ups: which share of moderate and low contacts is called again. */
const followUpSettings = z.object({
  followUp: z.object({ moderateShare: share, lowShare: share }).catch({}).default({}),
})

/** Promises something to a caller: one open task of a kind and plan step per contact; gives its id, also when it was there. */
export const promise = (tx: Tx, task: NewTask): Promise<string> => insertTask(tx, task)

/**
 * Plans the follow-ups that the contact's level asks for, counted from its end in the hotline's zone (G24-1.1). A step the
 * contact ever had is not planned again, so a second closing or a higher level adds only what is new. Gives how many.
 */
export async function planFollowUps(
  tx: Tx,
  given: {
    hotlineId: string
    contactId: string
    level: RiskLevel | null
    endedAt: Date
    createdBy: string | null
    now: Date
  },
): Promise<number> {
  const contact = await findPlanned(tx, given.contactId)
  if (!contact) throw new Problem('contact.notFound')
  if (contact.steps.includes(declined)) return 0
  const { followUp } = followUpSettings.parse(contact.settings)
  const { plans } = shippedRule
  const rule = {
    ...shippedRule,
    plans: {
      ...plans,
      moderate: { ...plans.moderate, share: followUp.moderateShare ?? plans.moderate.share },
      low: { ...plans.low, share: followUp.lowShare ?? plans.low.share },
    },
  }
  const plan = followUpsOf(rule, {
    level: given.level,
    contactId: given.contactId,
    endedAt: given.endedAt.getTime(),
    zone: contact.time_zone,
  }).filter(({ step }) => !contact.steps.includes(step))
  for (const { step, dueAt } of plan)
    await promise(tx, {
      hotlineId: given.hotlineId,
      contactId: given.contactId,
      lineId: contact.line_id,
      kind: 'follow-up',
      dueAt: new Date(dueAt),
      ownerId: contact.person_id,
      planStep: step,
      createdBy: given.createdBy,
      now: given.now,
    })
  return plan.length
}

/** Plans the follow-ups of a contact whose record is finished, by the level it has now; again adds nothing. */
export async function planAfter(
  tx: Tx,
  given: { hotlineId: string; contactId: string; createdBy: string | null; now: Date },
): Promise<void> {
  const contact = await findPlanned(tx, given.contactId)
  const level = riskLevels.find((each) => each === contact?.risk) ?? null
  if (contact) await planFollowUps(tx, { ...given, level, endedAt: contact.ended_at })
}

/** Whether the words of a task may be read: by its owner, the contact's counsellor, and those who see all contacts. */
const mayRead = (row: TaskRow, worker: Worker): boolean =>
  row.owner_id === worker.personId || row.person_id === worker.personId || may(worker.roles, 'contact.all')

const shown = (row: TaskRow, worker: Worker, sealing: TaskSealing): z.output<typeof task> => ({
  taskId: row.task_id,
  kind: row.kind,
  contactId: row.contact_id,
  contactNumber: row.number,
  lineName: row.line_name,
  risk: row.risk,
  planStep: row.plan_step,
  dueAt: row.due_at.toISOString(),
  placeSince: row.keeps_place_since.toISOString(),
  owner: row.owner,
  ownerIsMe: row.owner_id === worker.personId,
  doneAt: row.done_at?.toISOString() ?? null,
  result: row.result,
  attempts: row.attempts,
  lastAttemptAt: row.last_attempt_at?.toISOString() ?? null,
  callable: row.caller_number_sealed !== null,
  words: mayRead(row, worker) ? sealing.words.open(row.words) : null,
  callerNumber:
    row.owner_id === worker.personId && row.done_at === null && row.caller_number_sealed
      ? sealing.openNumber(row.caller_number_sealed)
      : null,
})

const keyOf = (text: string | undefined): { at: Date; id: string } | null => {
  const [at = '', id = ''] = text?.split('_') ?? []
  const time = new Date(at)
  return /^[0-9a-f-]{36}$/.test(id) && !Number.isNaN(time.getTime()) ? { at: time, id } : null
}

/** One page of tasks. A caller's number is shown only to the one who owns the open task. */
export async function list(
  tx: Tx,
  hotlineId: string,
  worker: Worker,
  query: z.output<(typeof listTasks)['query']>,
  sealing: TaskSealing,
  now: Date,
): Promise<z.output<(typeof listTasks)['reply']>> {
  const found = await findTasks(tx, hotlineId, worker.personId, query, keyOf(query.after), now)
  const rows = found.slice(0, query.limit)
  const last = rows.at(-1)
  const at = query.open === 'yes' ? last?.due_at : last?.done_at
  return {
    rows: rows.map((row) => shown(row, worker, sealing)),
    next: found.length > query.limit && last && at ? `${at.toISOString()}_${last.task_id}` : null,
  }
}

/** A task with its history; what was noted at each try only for those who may see the contact, and the owner. */
export async function read(
  tx: Tx,
  worker: Worker,
  taskId: string,
  sealing: TaskSealing,
): Promise<z.output<(typeof readTask)['reply']>> {
  const row = await findTask(tx, taskId)
  if (!row) throw new Problem('task.notFound')
  const told = mayRead(row, worker)
  return {
    task: shown(row, worker, sealing),
    createdBy: row.creator,
    createdAt: row.created_at.toISOString(),
    resultWords: told ? sealing.words.open(row.result_words) : '',
    attempts: (await findAttempts(tx, taskId)).map((attempt) => ({
      ...attempt,
      at: attempt.at.toISOString(),
      words: told ? sealing.words.open(attempt.words) : '',
    })),
  }
}

async function openTask(tx: Tx, taskId: string): Promise<TaskRow> {
  const row = await lockTask(tx, taskId)
  if (!row || row.done_at) throw new Problem('task.notFound')
  return row
}

/** Takes an open task; `task.alreadyOwned` when somebody else has it. Taking one's own again is success. */
export async function take(
  tx: Tx,
  worker: Worker,
  taskId: string,
  sealing: TaskSealing,
  now: Date,
): Promise<z.output<typeof task>> {
  const row = await openTask(tx, taskId)
  if (row.owner_id && row.owner_id !== worker.personId) throw new Problem('task.alreadyOwned')
  await saveOwner(tx, taskId, worker.personId, now)
  return shown(await openTask(tx, taskId), worker, sealing)
}

/** Lets a task go so that anybody may take it; a supervisor may let go another's. Again is success. */
export async function release(tx: Tx, worker: Worker, taskId: string): Promise<TaskRow> {
  const row = await openTask(tx, taskId)
  if (row.owner_id !== null && row.owner_id !== worker.personId && !may(worker.roles, 'contact.all'))
    throw new Problem('task.alreadyOwned')
  await saveOwner(tx, taskId, null, null)
  return row
}

/** The task if it is this person's own and open. */
async function ownTask(tx: Tx, personId: string, taskId: string): Promise<TaskRow> {
  const row = await openTask(tx, taskId)
  if (row.owner_id !== personId) throw new Problem('task.alreadyOwned')
  return row
}

/** Notes that the owner calls the task's caller now, so that the call itself tells how the attempt went. */
export async function dialling(tx: Tx, personId: string, taskId: string, now: Date): Promise<TaskRow> {
  const row = await ownTask(tx, personId, taskId)
  await saveDialled(tx, taskId, row.contact_id, now)
  return row
}

/** Writes the attempt of whichever task of the contact is being dialled; nothing when none is. */
export async function noteCallBack(tx: Tx, contactId: string, reached: boolean, now: Date): Promise<void> {
  const dialled = await findDialled(tx, contactId)
  if (!dialled) return
  await insertAttempt(tx, dialled.task_id, {
    personId: dialled.owner_id,
    outcome: reached ? 'reached' : 'no-answer',
    words: '',
    at: now,
    dueAt: null,
  })
}

/** Records a try of one's own task that did not go by the seat, or what was said in it. */
export async function tried(
  tx: Tx,
  worker: Worker,
  taskId: string,
  body: z.output<(typeof recordAttempt)['body']>,
  sealing: TaskSealing,
  now: Date,
): Promise<z.output<typeof task>> {
  await ownTask(tx, worker.personId, taskId)
  const { outcome } = body
  const words = sealing.words.seal(body.words)
  const dueAt = body.dueAt ? new Date(body.dueAt) : null
  await insertAttempt(tx, taskId, { personId: worker.personId, outcome, words, at: now, dueAt })
  return shown(await openTask(tx, taskId), worker, sealing)
}

/** Ends one's own task; a caller who declines, and `rest`, end the later follow-ups with it. */
export async function finish(
  tx: Tx,
  personId: string,
  taskId: string,
  body: z.output<(typeof finishTask)['body']>,
  sealed: Words,
  now: Date,
): Promise<TaskRow> {
  const row = await ownTask(tx, personId, taskId)
  const words = sealed.seal(body.words)
  await saveResult(tx, taskId, body.result, words, now)
  if (body.rest || body.result === 'declined') await endFollowUps(tx, row.contact_id, body.result, words, now)
  return row
}

/** Ends the open follow-ups of a caller who does not want them any more (their consent was taken back). */
export const declineFollowUps = (tx: Tx, contactId: string, now: Date): Promise<void> =>
  endFollowUps(tx, contactId, declined, '', now)

/** Plans or declines follow-ups of a contact by hand: its counsellor, or who sees all contacts; else `contact.notFound`. */
export async function planByHand(
  tx: Tx,
  hotlineId: string,
  worker: Worker,
  contactId: string,
  body: z.output<(typeof planFollowUp)['body']>,
  sealed: Words,
  now: Date,
): Promise<void> {
  const contact = await findPlanned(tx, contactId)
  if (!contact || (contact.person_id !== worker.personId && !may(worker.roles, 'contact.all')))
    throw new Problem('contact.notFound')
  const base = { hotlineId, contactId, lineId: contact.line_id, kind: 'follow-up', now } as const
  const made = { ownerId: contact.person_id ?? worker.personId, createdBy: worker.personId }
  if (body.plan === 'once') {
    await promise(tx, { ...base, ...made, dueAt: new Date(body.dueAt), words: sealed.seal(body.words) })
    return
  }
  if (body.plan === 'declined') {
    // The caller's word is kept as a task that is over, so that a later closing plans nothing either.
    if (!contact.steps.includes(declined))
      await promise(tx, { ...base, ...made, dueAt: now, planStep: declined })
    return endFollowUps(tx, contactId, 'declined', sealed.seal(body.words), now)
  }
  await planAfter(tx, { hotlineId, contactId, createdBy: worker.personId, now })
}
