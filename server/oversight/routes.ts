import type { FastifyInstance } from 'fastify'
import { breakGlass, listAudit, listGlass, readAccess, reviewGlass } from '../../api/oversight.ts'
import { purposeOf } from '../../domain/permission.ts'
import type { Live } from '../http/live.ts'
import { serve } from '../http/serve.ts'
import type { WordSealing } from '../records/word-search.ts'
import { accessOf, audited } from './access.ts'
import { listed, openInEmergency, review } from './glass.ts'

/** What the routes of oversight are given. */
export interface OversightDeps {
  live: Pick<Live, 'publish'>
  /** How a hotline's words are sealed and found. */
  sealingOf: (hotlineId: string) => WordSealing
}

/** Serves api/oversight.ts. Reading the audit chain or who saw a contact is audited like every other reading. */
export function oversightRoutes(app: FastifyInstance, deps: OversightDeps): void {
  const { sealingOf } = deps
  serve(app, listAudit, (context, { query }) =>
    context.tx(async (tx) => {
      const page = await audited(tx, context.hotlineId, query)
      // Once for a search, not for every page of it.
      if (query.after === undefined)
        await context.audit(tx, 'audit.read', query.personId ?? query.action ?? '', null, {
          found: page.rows.length,
        })
      return page
    }),
  )
  serve(app, readAccess, (context, { params, query }) =>
    context.tx(async (tx) => {
      const { words } = sealingOf(context.hotlineId)
      const report = await accessOf(tx, context.hotlineId, params.contactNumber, query, words)
      const purpose = purposeOf(context.person.roles, 'access.see')
      if (query.after === undefined) await context.audit(tx, 'access.read', '', report.contactId, { purpose })
      return report
    }),
  )
  glassRoutes(app, deps)
}

function glassRoutes(app: FastifyInstance, { live, sealingOf }: OversightDeps): void {
  const right = 'glass.review'
  const changed = (hotlineId: string): void =>
    live.publish(hotlineId, { right }, { type: 'changed', what: 'glass' })
  serve(
    app,
    breakGlass,
    async (context, { body }) => {
      const { hotlineId } = context
      const { personId, roles } = context.person
      const { glass, fresh } = await context.tx(async (tx) => {
        const asker = { personId, roles, now: context.now() }
        const opened = await openInEmergency(tx, hotlineId, asker, body, sealingOf(hotlineId))
        const { breakGlassId, contactId, until } = opened.glass
        if (opened.fresh) await context.audit(tx, 'glass.broken', breakGlassId, contactId, { until })
        return opened
      })
      const { breakGlassId, contactId, number, person, until } = glass
      if (fresh) {
        live.publish(context.hotlineId, { right }, { type: 'glass-broken', breakGlassId, number, person })
        changed(context.hotlineId)
      }
      return { breakGlassId, contactId, number, until }
    },
    { perMinute: 60 },
  )
  serve(app, listGlass, (context, { query }) =>
    context.tx((tx) => listed(tx, context.hotlineId, query, sealingOf(context.hotlineId))),
  )
  serve(app, reviewGlass, async (context, { params, body }) => {
    const by = { personId: context.person.personId, now: context.now() }
    const { glass, fresh } = await context.tx(async (tx) => {
      const judged = await review(tx, params.breakGlassId, by, body, sealingOf(context.hotlineId))
      const data = { finding: body.finding }
      if (judged.fresh)
        await context.audit(tx, 'glass.reviewed', params.breakGlassId, judged.glass.contactId, data)
      return judged
    })
    if (fresh) changed(context.hotlineId)
    return glass
  })
}
