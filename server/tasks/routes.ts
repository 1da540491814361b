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
import { appendEvent } from '../db/contact-event.ts'
import { serve, type Context } from '../http/serve.ts'
import type { Keys } from '../records/keys.ts'
import { dialling, finish, list, planByHand, read, release, take, type TaskSealing, tried } from './tasks.ts'

/** What the routes of tasks are given. */
export interface TasksDeps {
  keys: Pick<Keys, 'open' | 'wordsOf'>
  /** Rings the person's own seat, then the caller of the task's contact. */
  callBack: (hotlineId: string, personId: string, contactId: string) => Promise<void>
  /** Told when a task changed hands, was tried or ended. */
  changed: (hotlineId: string) => void
}

const sealingOf = ({ keys }: TasksDeps, { hotlineId }: Context): TaskSealing => ({
  openNumber: (sealed) => keys.open(hotlineId, sealed),
  words: keys.wordsOf(hotlineId),
})

/** Serves api/tasks.ts; whoever sees a caller's number by taking one is in the audit chain. */
export function tasksRoutes(app: FastifyInstance, deps: TasksDeps): void {
  serve(app, listTasks, (context, { query }) =>
    context.tx((tx) =>
      list(tx, context.hotlineId, context.person, query, sealingOf(deps, context), context.now()),
    ),
  )
  serve(app, readTask, (context, { params }) =>
    context.tx((tx) => read(tx, context.person, params.taskId, sealingOf(deps, context))),
  )
  serve(app, takeTask, async (context, { params }) => {
    const taken = await context.tx(async (tx) => {
      const row = await take(tx, context.person, params.taskId, sealingOf(deps, context), context.now())
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
  endingRoutes(app, deps)
}

/** What is tried, what comes of it, and what is planned. */
function endingRoutes(app: FastifyInstance, deps: TasksDeps): void {
  serve(app, recordAttempt, async (context, { params, body }) => {
    const row = await context.tx(async (tx) => {
      const after = await tried(
        tx,
        context.person,
        params.taskId,
        body,
        sealingOf(deps, context),
        context.now(),
      )
      await context.audit(tx, 'task.tried', params.taskId, after.contactId, { outcome: body.outcome })
      return after
    })
    deps.changed(context.hotlineId)
    return row
  })
  serve(app, finishTask, async (context, { params, body }) => {
    await context.tx(async (tx) => {
      const row = await finish(
        tx,
        context.person.personId,
        params.taskId,
        body,
        sealingOf(deps, context).words,
        context.now(),
      )
      await context.audit(tx, 'task.finished', params.taskId, row.contact_id, { result: body.result })
      await appendEvent(tx, row.contact_id, context.now(), 'task-finished', context.person.personId, {
        task: row.kind,
        result: body.result,
      })
    })
    deps.changed(context.hotlineId)
    return { done: true as const }
  })
  serve(app, planFollowUp, async (context, { params, body }) => {
    const { person, hotlineId } = context
    const { words } = sealingOf(deps, context)
    await context.tx(async (tx) => {
      await planByHand(tx, hotlineId, person, params.contactId, body, words, context.now())
      await context.audit(tx, 'follow-up.planned', '', params.contactId, { plan: body.plan })
      await appendEvent(tx, params.contactId, context.now(), `follow-up-${body.plan}`, person.personId, {})
    })
    deps.changed(context.hotlineId)
    return { done: true as const }
  })
}
