import type { FastifyInstance } from 'fastify'
import {
  addRegisterStep,
  closeRegisterEntry,
  listRegisters,
  openRegisterEntry,
  readRegisterEntry,
} from '../../api/registers.ts'
import { serve, type Context } from '../http/serve.ts'
import { add, close, list, open, read } from './registers.ts'

const doerOf = (context: Context) => ({
  hotlineId: context.hotlineId,
  personId: context.person.personId,
  now: context.now(),
})

/** Serves api/registers.ts; `changed` is told when lists must be read again. Reading an entry and every change are audited. */
export function registersRoutes(app: FastifyInstance, deps: { changed: (hotlineId: string) => void }): void {
  serve(app, listRegisters, (context, { query }) =>
    context.tx((tx) => list(tx, context.hotlineId, query, context.now())),
  )
  serve(app, readRegisterEntry, (context, { params }) =>
    context.tx(async (tx) => {
      const entry = await read(tx, params.entryId)
      await context.audit(tx, 'register.read', params.entryId)
      return entry
    }),
  )
  serve(app, openRegisterEntry, async (context, { body }) => {
    const entry = await context.tx(async (tx) => {
      const opened = await open(tx, doerOf(context), body)
      await context.audit(tx, 'register.opened', opened.entryId, null, { kind: body.kind })
      return opened
    })
    deps.changed(context.hotlineId)
    return entry
  })
  serve(app, addRegisterStep, async (context, { params, body }) => {
    const entry = await context.tx(async (tx) => {
      const grown = await add(tx, doerOf(context), params.entryId, body)
      await context.audit(tx, 'register.added', params.entryId, null, { kind: body.kind })
      return grown
    })
    deps.changed(context.hotlineId)
    return entry
  })
  serve(app, closeRegisterEntry, async (context, { params, body }) => {
    const entry = await context.tx(async (tx) => {
      const closed = await close(tx, doerOf(context), params.entryId, body.words)
      await context.audit(tx, 'register.closed', params.entryId)
      return closed
    })
    deps.changed(context.hotlineId)
    return entry
  })
}
