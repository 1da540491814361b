/** Consent as a record of its own; how long a contact is kept, and what is destroyed after it. No endpoint carries a caller's data. */
import { z } from 'zod'
import { consentStates, consentWays, purposes } from '../domain/consent.ts'
import { retentionClasses, retentionDecisions } from '../domain/retention.ts'
import { channels } from './desk.ts'
import { done, endpoint, id, instant, page } from './endpoint.ts'

const contactId = z.object({ contactId: id })
const disposalId = z.object({ disposalId: id })
const day = z.iso.date()
const reason = z.string().trim().min(1).max(1000)
const listed = {
  after: z.string().max(40).optional(),
  limit: z.coerce.number().int().min(1).max(100).default(50),
}

/** What was said about a purpose: to which words (versions of prompts, or of the sentence read out), how, when. */
export const consentEntry = z.object({
  consentId: id,
  purpose: z.enum(purposes),
  state: z.enum(consentStates),
  givenBy: z.enum(['caller', 'guardian']),
  how: z.enum(consentWays),
  words: z.array(z.string()),
  at: instant,
  person: z.string().nullable(),
})

const standing = z.array(z.object({ purpose: z.enum(purposes), state: z.enum(consentStates).nullable() }))

/** What a contact's caller agreed to, refused and took back; `codeMadeAt` when they were given a code. */
export const readConsents = endpoint({
  method: 'GET',
  path: '/api/v1/contacts/:contactId/consents',
  needs: 'contact.read',
  summary: 'What the caller agreed to',
  params: contactId,
  reply: z.object({ standing, entries: z.array(consentEntry), codeMadeAt: instant.nullable() }),
})

/**
 * Writes down a yes or a no to one purpose. A no to recording after the call seals the sound; within the call it is the
 * desk's own command (`call.wrongState`).
 */
export const recordConsent = endpoint({
  method: 'POST',
  path: '/api/v1/contacts/:contactId/consents',
  needs: 'consent.record',
  summary: 'Write down what the caller said to a question for consent',
  params: contactId,
  body: z.strictObject({
    purpose: z.enum(purposes),
    yes: z.boolean(),
    givenBy: z.enum(['caller', 'guardian']).default('caller'),
    how: z.enum(['spoken', 'written']).default('spoken'),
  }),
  reply: readConsents.reply,
})

/** Makes the code by which the caller can take consent back later; an earlier one is void. It is shown this once. */
export const makeCallerCode = endpoint({
  method: 'POST',
  path: '/api/v1/contacts/:contactId/caller-code',
  needs: 'consent.record',
  summary: 'A code for the caller, to take consent back later',
  params: contactId,
  reply: z.object({ code: z.string() }),
})

const code = z.string().trim().min(9).max(40)

/** What stands for each purpose, by the caller's code; `code.invalid`, `code.locked`. */
export const openByCode = endpoint({
  method: 'POST',
  path: '/api/v1/public/consents',
  needs: 'anyone',
  summary: 'What was agreed to, by the caller’s code',
  body: z.strictObject({ code }),
  reply: z.object({ standing }),
})

/** Takes consent to one purpose back by the caller's code. */
export const withdrawByCode = endpoint({
  method: 'POST',
  path: '/api/v1/public/withdrawals',
  needs: 'anyone',
  summary: 'Take consent back by the caller’s code',
  body: z.strictObject({ code, purpose: z.enum(purposes) }),
  reply: openByCode.reply,
})

/** A contact as its custodian sees it: how it is kept, nothing of what was said. */
export const keptContact = z.object({
  contactId: id,
  number: z.number().int(),
  lineName: z.string(),
  channel: z.enum(channels),
  endedOn: day,
  class: z.enum(retentionClasses),
  held: z.boolean(),
  restricted: z.boolean(),
  lastDay: day,
  due: z.boolean(),
  recordings: z.number().int(),
  /** The list for disposal it is on, unless that was refused. */
  disposalId: id.nullable(),
  disposedAt: instant.nullable(),
})

/** A contact as its custodian sees it. */
export type KeptContact = z.infer<typeof keptContact>

/** Which contacts the custodian's list shows. */
export const keptFilters = ['due', 'soon', 'held', 'restricted', 'medical-record', 'disposed', 'all'] as const

/** Contacts by how they are kept: those due and due soon by their end, the others newest first. */
export const listKept = endpoint({
  method: 'GET',
  path: '/api/v1/custody/contacts',
  needs: 'custody.see',
  summary: 'Contacts by how they are kept',
  query: z.strictObject({
    ...listed,
    only: z.enum(keptFilters).default('due'),
    number: z.coerce.number().int().min(1).optional(),
    lineId: id.optional(),
  }),
  reply: page(keptContact),
})

/** One contact with every decision about its keeping and its consents; reading it is logged. */
export const readKept = endpoint({
  method: 'GET',
  path: '/api/v1/custody/contacts/:contactId',
  needs: 'custody.work',
  summary: 'How one contact is kept, and why',
  params: contactId,
  reply: keptContact.extend({
    decisions: z.array(
      z.object({
        decisionId: id,
        kind: z.enum(retentionDecisions),
        reason: z.string(),
        decidedBy: z.string(),
        at: instant,
      }),
    ),
    consents: readConsents.reply,
  }),
})

/**
 * Decides about a contact's keeping: filed as a medical record (30 years), legal hold and its end, restricted after a request
 * for erasure and its end. `retention.unchanged` when it is so already; `call.wrongState` while the contact is open.
 */
export const decideKeeping = endpoint({
  method: 'POST',
  path: '/api/v1/custody/contacts/:contactId/decisions',
  needs: 'custody.work',
  summary: 'File as medical record, hold, restrict, or end it',
  params: contactId,
  body: z.strictObject({ kind: z.enum(retentionDecisions), reason }),
  reply: keptContact,
})

/** Takes consent back for a caller who asked the custodian to. */
export const withdrawForCaller = endpoint({
  method: 'POST',
  path: '/api/v1/custody/contacts/:contactId/withdrawals',
  needs: 'custody.work',
  summary: 'Take consent back at the caller’s request',
  params: contactId,
  body: z.strictObject({ purpose: z.enum(purposes) }),
  reply: done,
})

/** A list of contacts to be destroyed, and how it stands. */
export const disposalRow = z.object({
  disposalId: id,
  proposedBy: z.string(),
  proposedAt: instant,
  state: z.enum(['open', 'approved', 'refused']),
  contacts: z.number().int(),
  destroyed: z.number().int(),
  answers: z.array(z.object({ person: z.string(), granted: z.boolean(), reason: z.string(), at: instant })),
  mayAnswer: z.boolean(),
})

/** A list of contacts to be destroyed. */
export type Disposal = z.infer<typeof disposalRow>

/** Lists for disposal, newest first. */
export const listDisposals = endpoint({
  method: 'GET',
  path: '/api/v1/custody/disposals',
  needs: 'custody.see',
  summary: 'Lists of contacts to be destroyed',
  query: z.strictObject({ ...listed, state: z.enum(['open', 'approved', 'refused']).optional() }),
  reply: page(disposalRow),
})

/** Proposes contacts for disposal; `retention.notDue` when any is not due, held, or on another list. */
export const proposeDisposal = endpoint({
  method: 'POST',
  path: '/api/v1/custody/disposals',
  needs: 'custody.work',
  summary: 'Propose contacts for disposal',
  body: z.strictObject({ contactIds: z.array(id).min(1).max(200) }),
  reply: disposalRow,
})

/**
 * Approves or refuses a list. With the second approval by another person its contacts are destroyed; one that is held
 * meanwhile stays. `disposal.needsAnother` to its proposer and to whoever answered, `disposal.settled`.
 */
export const answerDisposal = endpoint({
  method: 'POST',
  path: '/api/v1/custody/disposals/:disposalId/answer',
  needs: 'disposal.approve',
  summary: 'Approve or refuse a disposal',
  fresh: true,
  params: disposalId,
  body: z.strictObject({ granted: z.boolean(), reason: z.string().trim().max(1000).default('') }),
  reply: disposalRow,
})

/** The contacts of a list. */
export const listDisposalContacts = endpoint({
  method: 'GET',
  path: '/api/v1/custody/disposals/:disposalId/contacts',
  needs: 'custody.see',
  summary: 'The contacts of a list for disposal',
  params: disposalId,
  query: z.strictObject(listed),
  reply: page(keptContact),
})

/** Certificates of what was destroyed, newest first; `data` holds hashes and counts, as they were hashed. */
export const listCertificates = endpoint({
  method: 'GET',
  path: '/api/v1/custody/certificates',
  needs: 'custody.see',
  summary: 'Certificates of disposal',
  query: z.strictObject({ ...listed, number: z.coerce.number().int().min(1).optional() }),
  reply: page(
    z.object({
      certificateId: id,
      contactId: id,
      number: z.number().int(),
      lastDay: day,
      at: instant,
      sha256: z.string(),
      data: z.record(z.string(), z.unknown()),
    }),
  ),
})
