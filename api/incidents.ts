/** Incidents of a person, a group or society with their log (G24-7.3), and clusters proposed as a possible group crisis. */
import { z } from 'zod'
import { endpoint, id, instant, page } from './endpoint.ts'

/** Whom an incident touches. */
export const incidentKinds = ['person', 'group', 'society'] as const

/** What an entry of the log is; `opened`, `closed` and `reopened` come with those commands. */
export const entryKinds = [
  'opened',
  'note',
  'measure',
  'told',
  'contact',
  'correction',
  'closed',
  'reopened',
] as const

const incidentId = z.object({ incidentId: id })
const words = z.string().trim().min(1).max(4000)
const linkedContact = z.object({ contactId: id, number: z.number().int() })

/** One incident. */
export const incidentRow = z.object({
  incidentId: id,
  number: z.number().int(),
  kind: z.enum(incidentKinds),
  title: z.string(),
  state: z.enum(['open', 'closed']),
  openedAt: instant,
  openedBy: z.string().nullable(),
  entries: z.number().int(),
  lastAt: instant,
})

/** One incident. */
export type IncidentRow = z.infer<typeof incidentRow>

/** One entry of an incident's log; nobody can change or remove it, a later `correction` names it. */
export const incidentEntry = z.object({
  seq: z.number().int(),
  at: instant,
  kind: z.enum(entryKinds),
  person: z.string().nullable(),
  words: z.string(),
  /** Who was told. */
  to: z.string().nullable(),
  /** `open` while the contact's record is not finished: only then a protocol can be opened on it. */
  contact: linkedContact.extend({ open: z.boolean() }).nullable(),
  /** The entry this one corrects, and the first one that corrects this. */
  corrects: z.number().int().nullable(),
  correctedBy: z.number().int().nullable(),
})

/** One entry of an incident's log. */
export type IncidentEntry = z.infer<typeof incidentEntry>

/** Incidents, newest first; `text` is looked for in titles and logs. */
export const listIncidents = endpoint({
  method: 'GET',
  path: '/api/v1/incidents',
  needs: 'incident.work',
  summary: 'Incidents',
  query: z.strictObject({
    after: z.string().max(20).optional(),
    limit: z.coerce.number().int().min(1).max(100).default(50),
    text: z.string().trim().max(60).optional(),
    kind: z.enum(incidentKinds).optional(),
    state: z.enum(['open', 'closed']).optional(),
    sort: z.enum(['newest', 'oldest']).default('newest'),
  }),
  reply: page(incidentRow),
})

/** Opens an incident with its first entry. */
export const openIncident = endpoint({
  method: 'POST',
  path: '/api/v1/incidents',
  needs: 'incident.work',
  summary: 'Open an incident',
  body: z.strictObject({
    kind: z.enum(incidentKinds),
    title: z.string().trim().min(1).max(120),
    words,
  }),
  reply: incidentRow,
})

/** One incident; its whole log is verified while it is read: `brokenAt` is the first entry that does not fit, null when all do. */
export const readIncident = endpoint({
  method: 'GET',
  path: '/api/v1/incidents/:incidentId',
  needs: 'incident.work',
  summary: 'One incident, its log verified',
  params: incidentId,
  reply: incidentRow.extend({ brokenAt: z.number().int().nullable() }),
})

/** The log of an incident, latest entry first. */
export const listEntries = endpoint({
  method: 'GET',
  path: '/api/v1/incidents/:incidentId/entries',
  needs: 'incident.work',
  summary: 'The log of an incident',
  params: incidentId,
  query: z.strictObject({
    after: z.string().max(20).optional(),
    limit: z.coerce.number().int().min(1).max(100).default(50),
  }),
  reply: page(incidentEntry),
})

/** Adds to the log of an open incident; `incident.closed` otherwise. A contact is named by its number. */
export const addEntry = endpoint({
  method: 'POST',
  path: '/api/v1/incidents/:incidentId/entries',
  needs: 'incident.work',
  summary: 'Add to the log of an incident',
  params: incidentId,
  body: z.discriminatedUnion('kind', [
    z.strictObject({ kind: z.enum(['note', 'measure']), words }),
    z.strictObject({ kind: z.literal('told'), words, to: z.string().trim().min(1).max(120) }),
    z.strictObject({
      kind: z.literal('contact'),
      contactNumber: z.number().int().min(1),
      words: z.string().trim().max(4000).default(''),
    }),
    z.strictObject({ kind: z.literal('correction'), words, corrects: z.number().int().min(1) }),
  ]),
  reply: incidentRow,
})

/** Closes an incident, saying how it ended. Again is success. */
export const closeIncident = endpoint({
  method: 'POST',
  path: '/api/v1/incidents/:incidentId/close',
  needs: 'incident.work',
  summary: 'Close an incident',
  params: incidentId,
  body: z.strictObject({ words }),
  reply: incidentRow,
})

/** Opens a closed incident again, saying why. Again is success. */
export const reopenIncident = endpoint({
  method: 'POST',
  path: '/api/v1/incidents/:incidentId/reopen',
  needs: 'incident.work',
  summary: 'Open a closed incident again',
  params: incidentId,
  body: z.strictObject({ words }),
  reply: incidentRow,
})

/** What a person made of a cluster. */
export const clusterDecisions = ['group-crisis', 'watch', 'not-one'] as const

/** Similar contacts of one area, topic and week, more than usual; the rule stands in domain/cluster.ts. */
export const clusterRow = z.object({
  clusterId: id,
  area: z.string(),
  /** A code of the problem types. */
  topic: z.string(),
  /** Monday of the week. */
  week: z.iso.date(),
  /** Callers, each once. */
  count: z.number().int(),
  expected: z.number(),
  contacts: z.array(linkedContact),
  proposedAt: instant,
  decision: z.enum(clusterDecisions).nullable(),
  decidedAt: instant.nullable(),
  decidedBy: z.string().nullable(),
  reason: z.string(),
  incidentId: id.nullable(),
})

/** Similar contacts, more than usual. */
export type ClusterRow = z.infer<typeof clusterRow>

/** Clusters, newest first: those a person still has to judge or watches, or the others. */
export const listClusters = endpoint({
  method: 'GET',
  path: '/api/v1/clusters',
  needs: 'incident.work',
  summary: 'Possible group crises',
  query: z.strictObject({
    after: id.optional(),
    limit: z.coerce.number().int().min(1).max(100).default(20),
    open: z.enum(['yes', 'no']).default('yes'),
  }),
  reply: page(clusterRow),
})

/**
 * Judges a cluster: a group crisis opens an incident that holds its contacts. A watched one may be judged again; the same
 * decision again is success, another one `cluster.alreadyDecided`.
 */
export const decideCluster = endpoint({
  method: 'POST',
  path: '/api/v1/clusters/:clusterId',
  needs: 'incident.work',
  summary: 'Judge a possible group crisis',
  params: z.object({ clusterId: id }),
  body: z.strictObject({ decision: z.enum(clusterDecisions), reason: z.string().trim().min(1).max(1000) }),
  reply: clusterRow,
})
