/* What was promised to callers or is owed to them: taken by one person, tried, done with a result. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import type { listTasks, task } from '../../api/tasks.ts'
import { followUpRule, followUpsOf } from '../../domain/follow-up.ts'
import { Problem } from '../../domain/problem.ts'
import type { RiskLevel } from '../../domain/risk.ts'
import type { Tx } from '../db/database.ts'
import {
  findPlanned,
  findTasks,
  insertTask,
  lockTask,
  type NewTask,
  saveOwner,
  saveResult,
  type TaskRow,
} from './queries.ts'

const shippedRule = followUpRule.parse(
  JSON.parse(
    readFileSync(join(import.meta.dirname, '..', '..', 'clinical', 'rules', 'follow-up.json'), 'utf8'),
  ),
)
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

/** Opens a sealed caller's number of the hotline. */
export type OpenNumber = (sealed: Buffer) => string

const shown = (row: TaskRow, personId: string, open: OpenNumber): z.output<typeof task> => ({
  taskId: row.task_id,
  kind: row.kind,
  contactId: row.contact_id,
  contactNumber: row.number,
  lineName: row.line_name,
  dueAt: row.due_at.toISOString(),
  placeSince: row.keeps_place_since.toISOString(),
  owner: row.owner,
  ownerIsMe: row.owner_id === personId,
  doneAt: row.done_at?.toISOString() ?? null,
  result: row.result,
  callerNumber:
    row.owner_id === personId && row.done_at === null && row.caller_number_sealed
      ? open(row.caller_number_sealed)
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
  personId: string,
  query: z.output<(typeof listTasks)['query']>,
  open: OpenNumber,
): Promise<z.output<(typeof listTasks)['reply']>> {
  const found = await findTasks(tx, hotlineId, {
    open: query.open === 'yes',
    after: keyOf(query.after),
    text: query.text ?? '',
    limit: query.limit,
  })
  const rows = found.slice(0, query.limit)
  const last = rows.at(-1)
  const at = query.open === 'yes' ? last?.due_at : last?.done_at
  return {
    rows: rows.map((row) => shown(row, personId, open)),
    next: found.length > query.limit && last && at ? `${at.toISOString()}_${last.task_id}` : null,
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
  personId: string,
  taskId: string,
  open: OpenNumber,
): Promise<z.output<typeof task>> {
  const row = await openTask(tx, taskId)
  if (row.owner_id && row.owner_id !== personId) throw new Problem('task.alreadyOwned')
  await saveOwner(tx, taskId, personId)
  const fresh = await openTask(tx, taskId)
  return shown(fresh, personId, open)
}

/** The task if it is this person's own and open; to dial its caller. */
export async function ownTask(tx: Tx, personId: string, taskId: string): Promise<TaskRow> {
  const row = await openTask(tx, taskId)
  if (row.owner_id !== personId) throw new Problem('task.alreadyOwned')
  return row
}

/** Ends one's own task. */
export async function finish(
  tx: Tx,
  personId: string,
  taskId: string,
  result: 'reached' | 'not-reached' | 'not-needed',
  now: Date,
): Promise<TaskRow> {
  const row = await ownTask(tx, personId, taskId)
  await saveResult(tx, taskId, result, now)
  return row
}
