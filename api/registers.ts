/** Registers with deadlines: breaches, impact assessments, persons' requests (PIPL 44-47, 55-57). */
import { z } from 'zod'
import { registerKinds, requestKinds, stepsOf } from '../domain/register.ts'
import { endpoint, id, instant, page } from './endpoint.ts'

const stepKinds = ['opened', ...new Set(Object.values(stepsOf).flat()), 'closed'] as const
const words = z.string().trim().min(1).max(4000)
const entryId = z.object({ entryId: id })

/** One entry of a register. */
export const registerRow = z.object({
  entryId: id,
  kind: z.enum(registerKinds),
  /** Counts the entries of its register. */
  number: z.number().int(),
  title: z.string(),
  request: z.enum(requestKinds).nullable(),
  contactNumber: z.number().int().nullable(),
  openedAt: instant,
  openedBy: z.string(),
  dueAt: instant,
  closedAt: instant.nullable(),
  keepUntil: z.iso.date().nullable(),
  /** Groups of steps of which one each must still be taken. */
  missing: z.array(z.array(z.enum(stepKinds))),
})

/** One entry of a register. */
export type RegisterRow = z.infer<typeof registerRow>

const registerStep = z.object({
  seq: z.number().int(),
  at: instant,
  person: z.string(),
  kind: z.enum(stepKinds),
  words: z.string(),
})

/** Entries of one register or of all: open ones by their deadline, or the newest first. */
export const listRegisters = endpoint({
  method: 'GET',
  path: '/api/v1/registers',
  needs: 'register.see',
  summary: 'Breaches, impact assessments, persons’ requests',
  query: z.strictObject({
    after: z.string().max(80).optional(),
    limit: z.coerce.number().int().min(1).max(100).default(50),
    kind: z.enum(registerKinds).optional(),
    state: z.enum(['open', 'overdue', 'closed']).optional(),
    text: z.string().trim().max(60).optional(),
    sort: z.enum(['due', 'newest']).default('due'),
  }),
  reply: page(registerRow),
})

/** One entry with its steps, oldest first; `register.notFound`. */
export const readRegisterEntry = endpoint({
  method: 'GET',
  path: '/api/v1/registers/:entryId',
  needs: 'register.see',
  summary: 'One entry of a register',
  params: entryId,
  reply: registerRow.extend({ steps: z.array(registerStep) }),
})

/** Opens an entry; a request says what is asked for and may name the contact it is about (`contact.notFound`). */
export const openRegisterEntry = endpoint({
  method: 'POST',
  path: '/api/v1/registers',
  needs: 'register.work',
  summary: 'Open an entry of a register',
  body: z.discriminatedUnion('kind', [
    z.strictObject({
      kind: z.enum(['breach', 'assessment']),
      title: z.string().trim().min(1).max(120),
      words,
    }),
    z.strictObject({
      kind: z.literal('request'),
      request: z.enum(requestKinds),
      title: z.string().trim().min(1).max(120),
      contactNumber: z.number().int().min(1).max(Number.MAX_SAFE_INTEGER).optional(),
      words,
    }),
  ]),
  reply: registerRow,
})

/**
 * Adds a step to an open entry: `register.closed`, `register.needsAnother` (who opened an assessment does not approve it),
 * `request.malformed` when the register has no such step.
 */
export const addRegisterStep = endpoint({
  method: 'POST',
  path: '/api/v1/registers/:entryId/steps',
  needs: 'register.work',
  summary: 'Add a step to an entry',
  params: entryId,
  body: z.strictObject({ kind: z.enum(stepKinds).exclude(['opened', 'closed']), words }),
  reply: registerRow,
})

/** Closes an entry, saying how it ended; `register.incomplete`. Again is success. */
export const closeRegisterEntry = endpoint({
  method: 'POST',
  path: '/api/v1/registers/:entryId/close',
  needs: 'register.work',
  summary: 'Close an entry',
  params: entryId,
  body: z.strictObject({ words }),
  reply: registerRow,
})
