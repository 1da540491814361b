/** Tasks: what was promised to callers or is owed to them, who does it, by when, and what came of it (G24-5.3.5). */
import { z } from 'zod'
import { done, endpoint, id, instant, page } from './endpoint.ts'

/** What a task is about. */
export const taskKinds = [
  'dropped-high-risk',
  'call-back',
  'follow-up',
  'listen-to-message',
  'lost-call',
] as const

/** Something promised to a caller: a call-back, a message to listen to. */
export const task = z.object({
  taskId: id,
  kind: z.enum(taskKinds),
  contactId: id,
  contactNumber: z.number().int(),
  lineName: z.string(),
  dueAt: instant,
  placeSince: instant,
  owner: z.string().nullable(),
  ownerIsMe: z.boolean(),
  doneAt: instant.nullable(),
  result: z.enum(['reached', 'not-reached', 'not-needed']).nullable(),
  /** Only for the one who owns the task, so that they can dial. */
  callerNumber: z.string().nullable(),
})

/** Tasks, due ones first. */
export const listTasks = endpoint({
  method: 'GET',
  path: '/api/v1/tasks',
  needs: 'task.work',
  summary: 'Call-backs and messages to work on',
  query: z.strictObject({
    after: z.string().max(80).optional(),
    limit: z.coerce.number().int().min(1).max(100).default(50),
    open: z.enum(['yes', 'no']).default('yes'),
    text: z.string().max(40).optional(),
  }),
  reply: page(task),
})

/** Takes a task; `task.alreadyOwned` when somebody else has it. */
export const takeTask = endpoint({
  method: 'POST',
  path: '/api/v1/tasks/:taskId/take',
  needs: 'task.work',
  summary: 'Take a task',
  params: z.object({ taskId: id }),
  reply: task,
})

/** Calls the caller back from the own seat: rings the seat, then the caller, on a new leg of the same contact. */
export const dialTask = endpoint({
  method: 'POST',
  path: '/api/v1/tasks/:taskId/dial',
  needs: 'task.work',
  summary: 'Call back from the own seat',
  params: z.object({ taskId: id }),
  reply: done,
})

/** Finishes a task with its result. */
export const finishTask = endpoint({
  method: 'POST',
  path: '/api/v1/tasks/:taskId/finish',
  needs: 'task.work',
  summary: 'Finish a task',
  params: z.object({ taskId: id }),
  body: z.strictObject({ result: z.enum(['reached', 'not-reached', 'not-needed']) }),
  reply: done,
})
