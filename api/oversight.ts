/** Who did and saw what: the audit chain, the access report of a contact, access in an emergency (G24-6.2.2a, 7.3, 7.5c). */
import { z } from 'zod'
import { endpoint, id, instant, page } from './endpoint.ts'

/** One entry of the audit chain; `data` holds codes, counts and hashes. */
export const auditRow = z.object({
  seq: z.number().int(),
  at: instant,
  personId: id.nullable(),
  person: z.string().nullable(),
  action: z.string(),
  subject: z.string(),
  contactId: id.nullable(),
  contactNumber: z.number().int().nullable(),
  data: z.record(z.string(), z.unknown()),
})

/** One entry of the audit chain. */
export type AuditRow = z.infer<typeof auditRow>

/** The audit chain, newest first; `text` is looked for in actions, subjects and names of staff. The reading is audited. */
export const listAudit = endpoint({
  method: 'GET',
  path: '/api/v1/audit',
  needs: 'audit.see',
  summary: 'The audit chain',
  query: z.strictObject({
    after: z.coerce.number().int().min(1).optional(),
    limit: z.coerce.number().int().min(1).max(100).default(50),
    text: z.string().trim().max(60).optional(),
    personId: id.optional(),
    /** An action, or the beginning of several: `session.`. */
    action: z
      .string()
      .regex(/^[a-zA-Z.-]{1,60}$/)
      .optional(),
    contactNumber: z.coerce.number().int().min(1).optional(),
    from: instant.optional(),
    to: instant.optional(),
    sort: z.enum(['newest', 'oldest']).default('newest'),
  }),
  reply: page(auditRow),
})

/** What one person did with a contact without a longer pause. */
export const visitRow = z.object({
  personId: id,
  person: z.string(),
  from: instant,
  to: instant,
  purposes: z.array(z.string()),
  /** The contact was this person's own. */
  own: z.boolean(),
  /** Why, when they had no right to it and opened it in an emergency. */
  emergency: z.string().nullable(),
  actions: z.array(z.object({ action: z.string(), wrote: z.boolean(), times: z.number().int() })),
})

/** One visit. */
export type VisitRow = z.infer<typeof visitRow>

/** Who saw a contact, when and why, the latest visit first; `contact.notFound`. The reading is audited. */
export const readAccess = endpoint({
  method: 'GET',
  path: '/api/v1/access/:contactNumber',
  needs: 'access.see',
  summary: 'Who saw a contact',
  params: z.object({ contactNumber: z.coerce.number().int().min(1).max(Number.MAX_SAFE_INTEGER) }),
  query: z.strictObject({
    after: z.string().max(80).optional(),
    limit: z.coerce.number().int().min(1).max(100).default(50),
    text: z.string().trim().max(60).optional(),
    /** Only visits of others than the contact's own counsellor. */
    others: z.enum(['yes']).optional(),
  }),
  reply: page(visitRow).extend({
    contactId: id,
    number: z.number().int(),
    startedAt: instant,
    counsellor: z.string().nullable(),
  }),
})

/** How an emergency access was judged. */
export const glassFindings = ['justified', 'not-justified'] as const

/** One access in an emergency. */
export const glassRow = z.object({
  breakGlassId: id,
  contactId: id,
  number: z.number().int(),
  personId: id,
  person: z.string(),
  reason: z.string(),
  at: instant,
  until: instant,
  reviewedAt: instant.nullable(),
  reviewedBy: z.string().nullable(),
  finding: z.enum(glassFindings).nullable(),
  words: z.string(),
})

/** One access in an emergency. */
export type GlassRow = z.infer<typeof glassRow>

/**
 * Opens a contact to somebody who has no right to it, for three hours: `contact.notFound`, `glass.notNeeded` (its detail
 * names the contact). While it is open already it is given again.
 */
export const breakGlass = endpoint({
  method: 'POST',
  path: '/api/v1/break-glass',
  needs: 'glass.break',
  summary: 'Open a contact in an emergency',
  body: z.strictObject({
    contactNumber: z.number().int().min(1).max(Number.MAX_SAFE_INTEGER),
    reason: z.string().trim().min(5).max(1000),
  }),
  reply: z.object({ breakGlassId: id, contactId: id, number: z.number().int(), until: instant }),
})

/** Accesses in emergencies, newest first: those to be reviewed, or those that were. */
export const listGlass = endpoint({
  method: 'GET',
  path: '/api/v1/break-glass',
  needs: 'glass.review',
  summary: 'Accesses in emergencies',
  query: z.strictObject({
    after: id.optional(),
    limit: z.coerce.number().int().min(1).max(100).default(20),
    open: z.enum(['yes', 'no']).default('yes'),
    text: z.string().trim().max(60).optional(),
  }),
  reply: page(glassRow),
})

/** Judges an access afterwards: `glass.needsAnother` for one's own, `glass.alreadyReviewed`; the same again is success. */
export const reviewGlass = endpoint({
  method: 'POST',
  path: '/api/v1/break-glass/:breakGlassId/review',
  needs: 'glass.review',
  summary: 'Review an access in an emergency',
  params: z.object({ breakGlassId: id }),
  body: z.strictObject({ finding: z.enum(glassFindings), words: z.string().trim().min(1).max(1000) }),
  reply: glassRow,
})
