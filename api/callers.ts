/** A caller over time: whose contact it is, earlier contacts, alerts. No endpoint here ever carries a number. */
import { z } from 'zod'
import { alertFields, alertKinds, callerAnswers } from '../domain/caller.ts'
import { riskLevels } from '../domain/risk.ts'
import { channels, risks } from './desk.ts'
import { done, endpoint, id, instant, page } from './endpoint.ts'

const level = z.enum(riskLevels).nullable()

/** An alert as shown; `possible` when nobody has confirmed yet that this contact is that caller's. */
export const callerAlert = z.object({
  alertId: id,
  profileId: id,
  pseudonym: z.string(),
  kind: z.enum(alertKinds),
  words: z.string(),
  reason: z.string(),
  preferredPerson: id.nullable(),
  preferred: z.string().nullable(),
  times: z.string(),
  reviewAt: instant,
  expiresAt: instant,
  standing: z.enum(['active', 'review', 'expired', 'ended']),
  createdBy: z.string(),
  createdAt: instant,
  reviewedBy: z.string().nullable(),
  reviewedAt: instant.nullable(),
  endedBy: z.string().nullable(),
  endedAt: instant.nullable(),
  possible: z.boolean(),
})

/** Something to know when this caller comes again. */
export type CallerAlert = z.infer<typeof callerAlert>

/** An earlier contact as the asker may see it: notes only of one's own, or for a supervisor. */
export const earlierContact = z.object({
  contactId: id,
  number: z.number().int(),
  startedAt: instant,
  lineName: z.string(),
  channel: z.enum(channels),
  risk: z.enum(risks).nullable(),
  counsellor: z.string().nullable(),
  mine: z.boolean(),
  problems: z.array(z.string()),
  given: z.array(z.string()),
  outcome: z.string().nullable(),
  /** The first 600 characters of the notes; null when they are not the asker's to read. */
  notes: z.string().nullable(),
  mayOpen: z.boolean(),
})

/** An earlier contact of the same caller. */
export type EarlierContact = z.infer<typeof earlierContact>

/** How often the caller came lately, when that makes an agreed plan worth proposing; null when not. */
const frequent = z.object({ contacts: z.number().int(), days: z.number().int() }).nullable()

const profile = z.object({
  profileId: id,
  pseudonym: z.string(),
  contacts: z.number().int(),
  lastAt: instant.nullable(),
  highest: level,
})

/** Whose contact it is, as far as anybody knows. */
export const contactCaller = z.object({
  mayAnswer: z.boolean(),
  answer: z.enum(callerAnswers).nullable(),
  answeredBy: z.string().nullable(),
  profile: profile.nullable(),
  frequent,
  alerts: z.array(callerAlert),
  proposals: z.array(profile),
  /** Earlier contacts from this number of which nobody has said whose they are: date and level only. */
  unlinked: z.array(
    z.object({
      contactId: id,
      number: z.number().int(),
      startedAt: instant,
      risk: level,
      answer: z.enum(callerAnswers).nullable(),
    }),
  ),
  none: z.enum(['withheld', 'untrusted', 'first']).nullable(),
  /** How many earlier contacts there are: from this number, and of this caller from others. */
  earlierCount: z.number().int(),
  /** The caller's earlier contacts, latest first (at most 100); empty until somebody confirmed who it is. */
  earlier: z.array(earlierContact),
})

/** Whose contact it is, as far as anybody knows. */
export type ContactCaller = z.infer<typeof contactCaller>

const contactParams = z.object({ contactId: id })
const profileParams = z.object({ profileId: id })
const alertParams = z.object({ alertId: id })

/** Proposals, alerts and earlier contacts for a contact at one's own desk, or any for a supervisor; reading it is logged. */
export const readContactCaller = endpoint({
  method: 'GET',
  path: '/api/v1/contacts/:contactId/caller',
  needs: 'caller.see',
  summary: 'Who is calling, and what came before',
  params: contactParams,
  reply: contactCaller,
})

/**
 * Says whose contact it is: the same person as a profile or as earlier contacts without one (a profile is then made),
 * somebody else, or not to be known; null takes the answer back. `caller.notFound` when the number proposes no such caller.
 */
export const answerCaller = endpoint({
  method: 'PUT',
  path: '/api/v1/contacts/:contactId/caller',
  needs: 'caller.see',
  summary: 'Say who is calling',
  params: contactParams,
  body: z.union([
    z.strictObject({ answer: z.literal('same'), profileId: id }),
    z.strictObject({ answer: z.literal('same'), contactIds: z.array(id).min(1).max(200) }),
    z.strictObject({ answer: z.enum(['other', 'unknown']).nullable() }),
  ]),
  reply: contactCaller,
})

/** A caller in the list of supervisors. */
export const callerRow = profile.extend({
  alerts: z.number().int(),
  reviewDue: z.number().int(),
  nextReview: instant.nullable(),
  frequent,
  hasPlan: z.boolean(),
})

/** A caller in the list of supervisors. */
export type CallerRow = z.infer<typeof callerRow>

/** Lists callers, those who came last first; `only` those with an alert to review, or frequent ones without a plan. */
export const listCallers = endpoint({
  method: 'GET',
  path: '/api/v1/callers',
  needs: 'caller.alert',
  summary: 'Callers',
  query: z.strictObject({
    after: id.optional(),
    limit: z.coerce.number().int().min(1).max(100).default(50),
    text: z.string().trim().max(20).optional(),
    only: z.enum(['review', 'frequent', 'alerts']).optional(),
  }),
  reply: page(callerRow).extend({ review: z.number().int() }),
})

/** A caller's page: contacts over time as the asker may see them, and every alert. A counsellor reads it of own callers. */
export const readCaller = endpoint({
  method: 'GET',
  path: '/api/v1/callers/:profileId',
  needs: 'caller.see',
  summary: 'One caller over time',
  params: profileParams,
  reply: profile.extend({ frequent, alerts: z.array(callerAlert), earlier: z.array(earlierContact) }),
})

/** Adds an alert with reason, review and expiry; `request.malformed` names times that are not allowed. */
export const addAlert = endpoint({
  method: 'POST',
  path: '/api/v1/callers/:profileId/alerts',
  needs: 'caller.alert',
  summary: 'Add an alert',
  params: profileParams,
  body: alertFields,
  reply: callerAlert,
})

/** Looked at again: kept, reworded or prolonged. `alert.notFound` once it is over. */
export const reviewAlert = endpoint({
  method: 'PUT',
  path: '/api/v1/caller-alerts/:alertId',
  needs: 'caller.alert',
  summary: 'Review an alert',
  params: alertParams,
  body: alertFields,
  reply: callerAlert,
})

/** Ends an alert; repeating it is success. */
export const endAlert = endpoint({
  method: 'POST',
  path: '/api/v1/caller-alerts/:alertId/end',
  needs: 'caller.alert',
  summary: 'End an alert',
  params: alertParams,
  reply: done,
})

const frequentRule = z.strictObject({
  contacts: z.number().int().min(2).max(1000),
  days: z.number().int().min(1).max(365),
})

/** When a caller counts as frequent. */
export const readFrequentRule = endpoint({
  method: 'GET',
  path: '/api/v1/caller-settings',
  needs: 'caller.alert',
  summary: 'When a caller counts as frequent',
  reply: frequentRule,
})

/** Changes when a caller counts as frequent. */
export const changeFrequentRule = endpoint({
  method: 'PUT',
  path: '/api/v1/caller-settings',
  needs: 'caller.alert',
  summary: 'Change when a caller counts as frequent',
  body: frequentRule,
  reply: frequentRule,
})

/** Counsellors an agreed plan may name. */
export const listCounsellors = endpoint({
  method: 'GET',
  path: '/api/v1/caller-counsellors',
  needs: 'caller.alert',
  summary: 'Counsellors an agreed plan may name',
  reply: z.array(z.object({ personId: id, name: z.string() })),
})
