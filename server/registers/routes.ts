import type { FastifyInstance } from 'fastify'
import {
  addRegisterStep,
  closeRegisterEntry,
  listRegisters,
  openRegisterEntry,
  readRegisterEntry,
} from '../../api/registers.ts'
import { serve, type Context } from '../http/serve.ts'
import type { WordSealing } from '../records/word-search.ts'
import { add, close, list, open, read } from './registers.ts'

/** What the routes of registers are given. */
export interface RegistersDeps {
  /** Told when lists must be read again. */
  changed: (hotlineId: string) => void
  /** How a hotline's words are sealed and found. */
  sealingOf: (hotlineId: string) => WordSealing
}

const doerOf = (context: Context, { sealingOf }: RegistersDeps) => ({
  sealing: sealingOf(context.hotlineId),
  hotlineId: context.hotlineId,
  personId: context.person.personId,
  now: context.now(),
})

/** Serves api/registers.ts. Reading an entry and every change are audited. */
export function registersRoutes(app: FastifyInstance, deps: RegistersDeps): void {
  const { sealingOf } = deps
  serve(app, listRegisters, (context, { query }) =>
    context.tx((tx) => list(tx, context.hotlineId, query, context.now(), sealingOf(context.hotlineId))),
  )
  serve(app, readRegisterEntry, (context, { params }) =>
    context.tx(async (tx) => {
      const entry = await read(tx, params.entryId, sealingOf(context.hotlineId))
      await context.audit(tx, 'register.read', params.entryId)
      return entry
    }),
  )
  serve(app, openRegisterEntry, async (context, { body }) => {
    const entry = await context.tx(async (tx) => {
      const opened = await open(tx, doerOf(context, deps), body)
      await context.audit(tx, 'register.opened', opened.entryId, null, { kind: body.kind })
      return opened
    })
    deps.changed(context.hotlineId)
    return entry
  })
  serve(app, addRegisterStep, async (context, { params, body }) => {
    const entry = await context.tx(async (tx) => {
      const grown = await add(tx, doerOf(context, deps), params.entryId, body)
      await context.audit(tx, 'register.added', params.entryId, null, { kind: body.kind })
      return grown
    })
    deps.changed(context.hotlineId)
    return entry
  })
  serve(app, closeRegisterEntry, async (context, { params, body }) => {
    const entry = await context.tx(async (tx) => {
      const closed = await close(tx, doerOf(context, deps), params.entryId, body.words)
      await context.audit(tx, 'register.closed', params.entryId)
      return closed
    })
    deps.changed(context.hotlineId)
    return entry
  })
}
