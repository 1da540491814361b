import type { FastifyInstance } from 'fastify'
import { dialTask, finishTask, listTasks, takeTask } from '../../api/tasks.ts'
import { serve } from '../http/serve.ts'
import { finish, list, ownTask, take } from './tasks.ts'

/** What the routes of tasks are given. */
export interface TasksDeps {
  openNumber: (hotlineId: string, sealed: Buffer) => string
  /** Rings the person's own seat, then the caller of the task's contact. */
  callBack: (hotlineId: string, personId: string, contactId: string) => Promise<void>
  /** Told when a task changed hands or ended. */
  changed: (hotlineId: string) => void
}

/** Serves the tasks of api/board.ts; whoever sees a caller's number by taking one is in the audit chain. */
export function tasksRoutes(app: FastifyInstance, deps: TasksDeps): void {
  serve(app, listTasks, (context, { query }) =>
    context.tx((tx) =>
      list(tx, context.hotlineId, context.person.personId, query, (sealed) =>
        deps.openNumber(context.hotlineId, sealed),
      ),
    ),
  )
  serve(app, takeTask, async (context, { params }) => {
    const taken = await context.tx(async (tx) => {
      const row = await take(tx, context.person.personId, params.taskId, (sealed) =>
        deps.openNumber(context.hotlineId, sealed),
      )
      await context.audit(tx, 'task.taken', params.taskId, row.contactId)
      return row
    })
    deps.changed(context.hotlineId)
    return taken
  })
  serve(app, dialTask, async (context, { params }) => {
    const row = await context.tx((tx) => ownTask(tx, context.person.personId, params.taskId))
    await deps.callBack(context.hotlineId, context.person.personId, row.contact_id)
    return { done: true as const }
  })
  serve(app, finishTask, async (context, { params, body }) => {
    await context.tx(async (tx) => {
      const row = await finish(tx, context.person.personId, params.taskId, body.result, context.now())
      await context.audit(tx, 'task.finished', params.taskId, row.contact_id, { result: body.result })
    })
    deps.changed(context.hotlineId)
    return { done: true as const }
  })
}
