/** Tasks: what was promised to callers or is owed to them, who does it, by when, and what came of it (G24-5.3.5, 1.1). */
import { z } from 'zod'
import { risks } from './desk.ts'
import { done, endpoint, id, instant, page } from './endpoint.ts'

/** What a task is about. */
export const taskKinds = [
  'dropped-high-risk',
  'call-back',
  'follow-up',
  'listen-to-message',
  'lost-call',
] as const
/** How a task ended; `declined`: the caller does not want to be called. */
export const taskResults = ['reached', 'not-reached', 'not-needed', 'declined'] as const
/** How one try to reach the caller ended. */
export const attemptOutcomes = ['no-answer', 'busy', 'wrong-person', 'call-later', 'reached'] as const

const taskId = z.object({ taskId: id })
const words = z.string().trim().max(1000)

/** Something promised to a caller, or owed to them. */
export const task = z.object({
  taskId: id,
  kind: z.enum(taskKinds),
  contactId: id,
  contactNumber: z.number().int(),
  lineName: z.string(),
  risk: z.enum(risks).nullable(),
  /** Of a follow-up: its place in the plan (`next-day`, `1-week`); null when planned by hand. */
  planStep: z.string().nullable(),
  dueAt: instant,
  placeSince: instant,
  owner: z.string().nullable(),
  ownerIsMe: z.boolean(),
  doneAt: instant.nullable(),
  result: z.enum(taskResults).nullable(),
  attempts: z.number().int(),
  lastAttemptAt: instant.nullable(),
  /** False when the caller's number is withheld: no call-back is possible. */
  callable: z.boolean(),
  /** What to ask about; only for those who may see the contact, and the owner. */
  words: z.string().nullable(),
  /** Only for the one who owns the task, so that they can dial. */
  callerNumber: z.string().nullable(),
})

/** One page of tasks: open ones by the time they are due, done ones latest first. */
export const listTasks = endpoint({
  method: 'GET',
  path: '/api/v1/tasks',
  needs: 'task.work',
  summary: 'What was promised or is owed to callers',
  query: z.strictObject({
    after: z.string().max(80).optional(),
    limit: z.coerce.number().int().min(1).max(100).default(50),
    open: z.enum(['yes', 'no']).default('yes'),
    kind: z.enum(taskKinds).optional(),
    /** `mine` those I own, `nobody` those nobody has. */
    whose: z.enum(['mine', 'nobody']).optional(),
    /** Open ones whose time has passed. */
    overdue: z.enum(['yes']).optional(),
    /** A due time (or, for done ones, an end) of long ago first or last. */
    order: z.enum(['oldest', 'newest']).optional(),
    contactId: id.optional(),
    /** A contact's number, or part of a line's or an owner's name. */
    text: z.string().trim().max(40).optional(),
  }),
  reply: page(task),
})

/** A task with its history. */
export const readTask = endpoint({
  method: 'GET',
  path: '/api/v1/tasks/:taskId',
  needs: 'task.work',
  summary: 'A task and what was tried',
  params: taskId,
  reply: z.object({
    task,
    createdBy: z.string().nullable(),
    createdAt: instant,
    resultWords: z.string(),
    attempts: z.array(
      z.object({
        seq: z.number().int(),
        at: instant,
        person: z.string(),
        outcome: z.enum(attemptOutcomes),
        words: z.string(),
      }),
    ),
  }),
})

/** Takes a task; `task.alreadyOwned` when somebody else has it. */
export const takeTask = endpoint({
  method: 'POST',
  path: '/api/v1/tasks/:taskId/take',
  needs: 'task.work',
  summary: 'Take a task',
  params: taskId,
  reply: task,
})

/** Lets a task go, so that anybody can take it: its owner, or a supervisor. */
export const releaseTask = endpoint({
  method: 'POST',
  path: '/api/v1/tasks/:taskId/release',
  needs: 'task.work',
  summary: 'Let a task go',
  params: taskId,
  reply: done,
})

/** Calls the caller back from the own seat: rings the seat, then the caller, on a new leg of the same contact. */
export const dialTask = endpoint({
  method: 'POST',
  path: '/api/v1/tasks/:taskId/dial',
  needs: 'task.work',
  summary: 'Call back from the own seat',
  params: taskId,
  reply: done,
})

/** Records a try of the owner's; `dueAt` moves the task when the caller asked to be called later. */
export const recordAttempt = endpoint({
  method: 'POST',
  path: '/api/v1/tasks/:taskId/attempts',
  needs: 'task.work',
  summary: 'Record a try to reach the caller',
  params: taskId,
  body: z.strictObject({
    outcome: z.enum(attemptOutcomes),
    words: words.default(''),
    dueAt: instant.optional(),
  }),
  reply: task,
})

/** Finishes a task with its result; `rest` ends the later follow-ups of the same contact with it (`declined` always does). */
export const finishTask = endpoint({
  method: 'POST',
  path: '/api/v1/tasks/:taskId/finish',
  needs: 'task.work',
  summary: 'Finish a task',
  params: taskId,
  body: z.strictObject({
    result: z.enum(taskResults),
    words: words.default(''),
    rest: z.boolean().default(false),
  }),
  reply: done,
})

/**
 * Follow-ups of a contact by its counsellor's or a supervisor's hand: those its level asks for, one at a chosen time, or the
 * caller's word that they do not want any.
 */
export const planFollowUp = endpoint({
  method: 'POST',
  path: '/api/v1/contacts/:contactId/follow-ups',
  needs: 'task.work',
  summary: 'Plan follow-ups of a contact',
  params: z.object({ contactId: id }),
  body: z.discriminatedUnion('plan', [
    z.strictObject({ plan: z.literal('by-level') }),
    z.strictObject({ plan: z.literal('once'), dueAt: instant, words: words.default('') }),
    z.strictObject({ plan: z.literal('declined'), words: words.default('') }),
  ]),
  reply: done,
})
