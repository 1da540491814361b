import type { FastifyInstance } from 'fastify'
import {
  addEntry,
  closeIncident,
  decideCluster,
  listClusters,
  listEntries,
  listIncidents,
  openIncident,
  readIncident,
  reopenIncident,
} from '../../api/incidents.ts'
import { serve, type Context } from '../http/serve.ts'
import type { WordSealing } from '../records/word-search.ts'
import { decide, listed } from './clusters.ts'
import { add, entries, list, open, read, turn } from './incidents.ts'

/** What the routes of incidents are given. */
export interface IncidentsDeps {
  /** Told when lists must be read again. */
  changed: (hotlineId: string) => void
  /** How a hotline's words are sealed and found. */
  sealingOf: (hotlineId: string) => WordSealing
}

const doerOf = (context: Context, { sealingOf }: IncidentsDeps) => ({
  sealing: sealingOf(context.hotlineId),
  hotlineId: context.hotlineId,
  personId: context.person.personId,
  now: context.now(),
})

/** Serves api/incidents.ts. Reading a log and every change are audited. */
export function incidentsRoutes(app: FastifyInstance, deps: IncidentsDeps): void {
  const { sealingOf } = deps
  serve(app, listIncidents, (context, { query }) =>
    context.tx((tx) => list(tx, context.hotlineId, query, sealingOf(context.hotlineId))),
  )
  serve(app, readIncident, (context, { params }) =>
    context.tx(async (tx) => {
      const incident = await read(tx, params.incidentId, sealingOf(context.hotlineId))
      await context.audit(tx, 'incident.read', params.incidentId)
      return incident
    }),
  )
  serve(app, listEntries, (context, { params, query }) =>
    context.tx((tx) => entries(tx, params.incidentId, query, sealingOf(context.hotlineId))),
  )
  serve(app, listClusters, (context, { query }) =>
    context.tx((tx) => listed(tx, context.hotlineId, query, sealingOf(context.hotlineId).words)),
  )
  changes(app, deps)
}

function changes(app: FastifyInstance, deps: IncidentsDeps): void {
  const { changed } = deps
  serve(app, openIncident, async (context, { body }) => {
    const incident = await context.tx(async (tx) => {
      const opened = await open(tx, doerOf(context, deps), body)
      await context.audit(tx, 'incident.opened', opened.incidentId, null, { kind: body.kind })
      return opened
    })
    changed(context.hotlineId)
    return incident
  })
  serve(app, addEntry, async (context, { params, body }) => {
    const incident = await context.tx(async (tx) => {
      const grown = await add(tx, doerOf(context, deps), params.incidentId, body)
      await context.audit(tx, 'incident.added', params.incidentId, null, { kind: body.kind })
      return grown
    })
    changed(context.hotlineId)
    return incident
  })
  for (const [endpoint, kind] of [
    [closeIncident, 'closed'],
    [reopenIncident, 'reopened'],
  ] as const)
    serve(app, endpoint, async (context, { params, body }) => {
      const incident = await context.tx(async (tx) => {
        const turned = await turn(tx, doerOf(context, deps), params.incidentId, kind, body.words)
        await context.audit(tx, `incident.${kind}`, params.incidentId)
        return turned
      })
      changed(context.hotlineId)
      return incident
    })
  serve(app, decideCluster, async (context, { params, body }) => {
    const cluster = await context.tx(async (tx) => {
      const judged = await decide(tx, doerOf(context, deps), params.clusterId, body)
      await context.audit(tx, 'cluster.judged', params.clusterId, null, { decision: body.decision })
      return judged
    })
    changed(context.hotlineId)
    return cluster
  })
}
