import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import {
  addResource,
  applyImport,
  changeResource,
  checkImport,
  importBytes,
  listOffered,
  offerResource,
  readReminder,
  readResource,
  removeResource,
  resourceFiles,
  searchResources,
  verifyResource,
} from '../../api/referral.ts'
import { Problem } from '../../domain/problem.ts'
import { serve, serveFile, type Context } from '../http/serve.ts'
import { csvOf, workbookOf } from '../http/table-file.ts'
import { apply, check } from './importing.ts'
import type { Writer } from './queries.ts'
import { add, change, clockOf, offer, offeredOn, read, remove, reminder, search, verify } from './referral.ts'
import { tableOf, templateOf } from './table.ts'

/** What the routes of the directory are given. */
export interface ReferralDeps {
  /** Told after the directory changed, so that lists are read again. */
  changed: (hotlineId: string) => void
  /** Told after something was offered on a contact. */
  offered: (hotlineId: string, contactId: string) => void
}

const writerOf = (context: Context): Writer => ({ personId: context.person.personId, now: context.now() })

/** base64 is a third longer than the file, and the JSON around it is short. */
const bodyBytes = Math.ceil(importBytes / 3) * 4 + 1024

/** Serves api/referral.ts. Every change of the directory and every export is in the audit chain. */
export function referralRoutes(app: FastifyInstance, deps: ReferralDeps): void {
  serve(app, searchResources, (context, { query }) => context.tx((tx) => search(tx, query, context.now())))
  serve(app, readReminder, (context) => context.tx((tx) => reminder(tx, context.now())))
  serve(app, readResource, (context, { params }) =>
    context.tx((tx) => read(tx, params.resourceId, context.now())),
  )
  changeRoutes(app, deps)
  importRoutes(app, deps)
  fileRoute(app)
  offerRoutes(app, deps)
}

function changeRoutes(app: FastifyInstance, { changed }: ReferralDeps): void {
  serve(app, addResource, async (context, { body }) => {
    const made = await context.tx(async (tx) => {
      const entry = await add(tx, context.hotlineId, body, writerOf(context))
      await context.audit(tx, 'resource.added', entry.resourceId)
      return entry
    })
    changed(context.hotlineId)
    return made
  })
  serve(app, changeResource, async (context, { params, body }) => {
    const entry = await context.tx(async (tx) => {
      const after = await change(tx, context.hotlineId, params.resourceId, body, writerOf(context))
      await context.audit(tx, 'resource.changed', params.resourceId)
      return after
    })
    changed(context.hotlineId)
    return entry
  })
  serve(app, removeResource, async (context, { params }) => {
    await context.tx(async (tx) => {
      await remove(tx, params.resourceId, writerOf(context))
      await context.audit(tx, 'resource.removed', params.resourceId)
    })
    changed(context.hotlineId)
    return { done: true as const }
  })
  serve(app, verifyResource, async (context, { params, body }) => {
    const entry = await context.tx(async (tx) => {
      const after = await verify(tx, context.hotlineId, params.resourceId, body.verifyBy, writerOf(context))
      await context.audit(tx, 'resource.verified', params.resourceId)
      return after
    })
    changed(context.hotlineId)
    return entry
  })
}

function fileOf(base64: string): Buffer {
  const file = Buffer.from(base64, 'base64')
  if (file.length === 0) throw new Problem('import.unreadable')
  if (file.length > importBytes) throw new Problem('import.tooLarge', { bytes: importBytes })
  return file
}

function importRoutes(app: FastifyInstance, { changed }: ReferralDeps): void {
  serve(
    app,
    checkImport,
    (context, { body }) =>
      context.tx(async (tx) => check(tx, fileOf(body.base64), (await clockOf(tx, context.now())).today)),
    { bodyBytes },
  )
  serve(
    app,
    applyImport,
    async (context, { body }) => {
      const result = await context.tx(async (tx) => {
        const { today } = await clockOf(tx, context.now())
        const given = { file: fileOf(body.base64), skipBad: body.skipBad, today }
        const made = await apply(tx, context.hotlineId, given, writerOf(context))
        const { rows, added, changed: altered, bad } = made
        await context.audit(tx, 'resource.imported', '', null, { rows, added, changed: altered, bad })
        return made
      })
      changed(context.hotlineId)
      return result
    },
    { bodyBytes },
  )
}

const excel = 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet'

function fileRoute(app: FastifyInstance): void {
  const file = {
    path: '/api/v1/resource-files/:language/:name',
    needs: 'resource.change',
    summary: 'The directory, or an empty table to fill in, as CSV or Excel',
    params: z.object({ language: z.enum(['zh-CN', 'en']), name: z.enum(resourceFiles) }),
  } as const
  serveFile(app, file, async (context, { language, name }) => {
    const rows = name.startsWith('template')
      ? templateOf(language)
      : await context.tx(async (tx) => {
          const table = await tableOf(tx, language)
          await context.audit(tx, 'resource.exported', '', null, { rows: table.length - 1 })
          return table
        })
    const bytes = name.endsWith('.csv') ? csvOf(rows) : await workbookOf('resources', rows)
    await context.reply
      .type(name.endsWith('.csv') ? 'text/csv; charset=utf-8' : excel)
      .header('content-disposition', `attachment; filename="${name}"`)
      .header('cache-control', 'no-store')
      .send(bytes)
  })
}

function offerRoutes(app: FastifyInstance, { offered }: ReferralDeps): void {
  serve(app, listOffered, (context, { params }) =>
    context.tx((tx) => offeredOn(tx, context.person, params.contactId)),
  )
  serve(app, offerResource, async (context, { params, body }) => {
    const list = await context.tx((tx) =>
      offer(tx, context.hotlineId, context.person, {
        contactId: params.contactId,
        ...body,
        at: context.now(),
      }),
    )
    offered(context.hotlineId, params.contactId)
    return list
  })
}
