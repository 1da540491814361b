import type { FastifyInstance } from 'fastify'
import {
  dialTask,
  finishTask,
  listTasks,
  planFollowUp,
  readTask,
  recordAttempt,
  releaseTask,
  takeTask,
} from '../../api/tasks.ts'
import { serve, type Context } from '../http/serve.ts'
import { noteOnContact } from './queries.ts'
import { dialling, finish, list, type OpenNumber, planByHand, read, release, take, tried } from './tasks.ts'

/** What the routes of tasks are given. */
export interface TasksDeps {
  openNumber: (hotlineId: string, sealed: Buffer) => string
  /** Rings the person's own seat, then the caller of the task's contact. */
  callBack: (hotlineId: string, personId: string, contactId: string) => Promise<void>
  /** Told when a task changed hands, was tried or ended. */
  changed: (hotlineId: string) => void
}

/** Serves api/tasks.ts; whoever sees a caller's number by taking one is in the audit chain. */
export function tasksRoutes(app: FastifyInstance, deps: TasksDeps): void {
  const openOf =
    (context: Context): OpenNumber =>
    (sealed) =>
      deps.openNumber(context.hotlineId, sealed)
  serve(app, listTasks, (context, { query }) =>
    context.tx((tx) => list(tx, context.hotlineId, context.person, query, openOf(context), context.now())),
  )
  serve(app, readTask, (context, { params }) =>
    context.tx((tx) => read(tx, context.person, params.taskId, openOf(context))),
  )
  serve(app, takeTask, async (context, { params }) => {
    const taken = await context.tx(async (tx) => {
      const row = await take(tx, context.person, params.taskId, openOf(context), context.now())
      await context.audit(tx, 'task.taken', params.taskId, row.contactId)
      return row
    })
    deps.changed(context.hotlineId)
    return taken
  })
  serve(app, releaseTask, async (context, { params }) => {
    await context.tx(async (tx) => {
      const row = await release(tx, context.person, params.taskId)
      await context.audit(tx, 'task.released', params.taskId, row.contact_id)
    })
    deps.changed(context.hotlineId)
    return { done: true as const }
  })
  serve(app, dialTask, async (context, { params }) => {
    const { personId } = context.person
    const row = await context.tx((tx) => dialling(tx, personId, params.taskId, context.now()))
    await deps.callBack(context.hotlineId, personId, row.contact_id)
    return { done: true as const }
  })
  endingRoutes(app, deps, openOf)
}

/** What is tried, what comes of it, and what is planned. */
function endingRoutes(app: FastifyInstance, deps: TasksDeps, openOf: (context: Context) => OpenNumber): void {
  serve(app, recordAttempt, async (context, { params, body }) => {
    const row = await context.tx(async (tx) => {
      const after = await tried(tx, context.person, params.taskId, body, openOf(context), context.now())
      await context.audit(tx, 'task.tried', params.taskId, after.contactId, { outcome: body.outcome })
      return after
    })
    deps.changed(context.hotlineId)
    return row
  })
  serve(app, finishTask, async (context, { params, body }) => {
    await context.tx(async (tx) => {
      const row = await finish(tx, context.person.personId, params.taskId, body, context.now())
      await context.audit(tx, 'task.finished', params.taskId, row.contact_id, { result: body.result })
      await noteOnContact(tx, row.contact_id, context.now(), 'task-finished', context.person.personId, {
        task: row.kind,
        result: body.result,
      })
    })
    deps.changed(context.hotlineId)
    return { done: true as const }
  })
  serve(app, planFollowUp, async (context, { params, body }) => {
    const { person } = context
    await context.tx(async (tx) => {
      await planByHand(tx, context.hotlineId, person, params.contactId, body, context.now())
      await context.audit(tx, 'follow-up.planned', '', params.contactId, { plan: body.plan })
      await noteOnContact(tx, params.contactId, context.now(), `follow-up-${body.plan}`, person.personId, {})
    })
    deps.changed(context.hotlineId)
    return { done: true as const }
  })
}
