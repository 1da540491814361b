/** The register of disclosures: receivers, requests, the second person, packages and receipts (G24-6.2.2c, G24-7.5c). */
import { z } from 'zod'
import {
  disclosureBases,
  disclosureFacts,
  disclosurePurposes,
  disclosureStates,
} from '../domain/disclosure.ts'
import { done, endpoint, id, instant, page } from './endpoint.ts'

/** Contacts of one disclosure at most: more than these are asked for one after the other. */
const mostContacts = 50

const disclosureId = z.object({ disclosureId: id })
const words = z.string().trim().min(1).max(2000)
const keyed = {
  after: z.string().max(40).optional(),
  limit: z.coerce.number().int().min(1).max(100).default(20),
  text: z.string().trim().max(60).optional(),
}

/** Who may be given something, and the public key of their packages. */
export const receiverRow = z.object({
  receiverId: id,
  name: z.string(),
  /** Public key in the age format, `age1...`. */
  recipient: z.string(),
  checked: z.string(),
  addedBy: z.string(),
  addedAt: instant,
})
/** Who may be given something. */
export type Receiver = z.infer<typeof receiverRow>

/** Receivers by name; those taken away are not among them. */
export const listReceivers = endpoint({
  method: 'GET',
  path: '/api/v1/receivers',
  needs: 'disclosure.see',
  summary: 'Receivers of packages',
  query: z.strictObject(keyed),
  reply: page(receiverRow),
})

/** Adds a receiver; `receiver.badKey` when the key is none. `checked` says how it was made sure that it is theirs. */
export const addReceiver = endpoint({
  method: 'POST',
  path: '/api/v1/receivers',
  needs: 'disclosure.ask',
  summary: 'Add a receiver of packages',
  fresh: true,
  body: z.strictObject({
    name: z.string().trim().min(1).max(120),
    recipient: z.string().trim().max(200),
    checked: z.string().trim().min(1).max(300),
  }),
  reply: receiverRow,
})

/** Takes a receiver away; what was disclosed to it stays on record. Again is success. */
export const removeReceiver = endpoint({
  method: 'DELETE',
  path: '/api/v1/receivers/:receiverId',
  needs: 'disclosure.ask',
  summary: 'Take a receiver of packages away',
  fresh: true,
  params: z.object({ receiverId: id }),
  reply: done,
})

/** A question that can be chosen. */
const disclosableQuestion = z.object({
  linkId: z.string(),
  zh: z.string(),
  en: z.string(),
  /** Its answer may tell who somebody is. */
  identifying: z.boolean(),
  /** Of how many of the contacts it is answered. */
  answered: z.number().int(),
})

/**
 * What could be disclosed of contacts, named by their numbers: which of their questions are answered (never the answers),
 * whether they are recorded and consent stands. `contact.notFound` names the numbers that are none; looking is audited.
 */
export const lookAtContents = endpoint({
  method: 'POST',
  path: '/api/v1/disclosures/contents',
  needs: 'disclosure.ask',
  summary: 'What could be disclosed of some contacts',
  body: z.strictObject({
    contactNumbers: z.array(z.number().int().min(1)).min(1).max(mostContacts),
    purpose: z.enum(disclosurePurposes),
  }),
  reply: z.object({
    contacts: z.array(
      z.object({
        number: z.number().int(),
        startedAt: instant,
        recordings: z.number().int(),
        consent: z.enum(['given', 'refused', 'withdrawn']).nullable(),
      }),
    ),
    questions: z.array(disclosableQuestion),
  }),
})

const wish = {
  receiverId: id,
  purpose: z.enum(disclosurePurposes),
  basis: z.enum(disclosureBases),
  document: z.string().trim().max(200).default(''),
  contactNumbers: z.array(z.number().int().min(1)).min(1).max(mostContacts),
  facts: z.array(z.enum(disclosureFacts)).max(disclosureFacts.length),
  questions: z.array(z.string().max(64)).max(400),
  sound: z.boolean(),
  /** Why just this, for the second person and for the register. */
  words,
}

const entryKinds = [
  'asked',
  'approved',
  'refused',
  'withdrawn',
  'packaged',
  'downloaded',
  'handed-over',
  'received',
] as const

/** A disclosure in the register; nothing of its contents. */
export const disclosureRow = z.object({
  disclosureId: id,
  number: z.number().int(),
  state: z.enum(disclosureStates),
  receiver: z.string(),
  purpose: z.enum(disclosurePurposes),
  basis: z.enum(disclosureBases),
  contacts: z.number().int(),
  askedAt: instant,
  askedBy: z.string(),
  decidedBy: z.string().nullable(),
  lastAt: instant,
})
/** A disclosure in the register. */
export type DisclosureRow = z.infer<typeof disclosureRow>

/** One disclosure with all that was chosen and all that happened. */
export const disclosure = disclosureRow.extend({
  recipient: z.string(),
  document: z.string(),
  contactNumbers: z.array(z.number().int()),
  facts: z.array(z.enum(disclosureFacts)),
  questions: z.array(z.object({ linkId: z.string(), zh: z.string(), en: z.string() })),
  sound: z.boolean(),
  words: z.string(),
  /** The asker is who reads this. */
  mine: z.boolean(),
  /** The package is being made. */
  making: z.boolean(),
  /** The package, once there is one: SHA-256 of the file and its length. */
  package: z
    .object({ sha256: z.string(), bytes: z.number(), entries: z.number().int(), kept: z.boolean() })
    .nullable(),
  /** Public key that the hotline signs with, base64url: the receiver compares it. */
  signer: z.string(),
  /** First entry of the log that was changed, null when none was. */
  brokenAt: z.number().int().nullable(),
  log: z.array(
    z.object({
      seq: z.number().int(),
      at: instant,
      kind: z.enum(entryKinds),
      person: z.string(),
      words: z.string(),
    }),
  ),
})
/** One disclosure with all that was chosen and all that happened. */
export type Disclosure = z.infer<typeof disclosure>

/** The register, newest first; `text` is looked for in receivers, papers, reasons, and numbers of disclosures and contacts. */
export const listDisclosures = endpoint({
  method: 'GET',
  path: '/api/v1/disclosures',
  needs: 'disclosure.see',
  summary: 'The register of disclosures',
  query: z.strictObject({
    ...keyed,
    state: z.enum(disclosureStates).optional(),
    purpose: z.enum(disclosurePurposes).optional(),
    sort: z.enum(['newest', 'oldest']).default('newest'),
  }),
  reply: page(disclosureRow),
})

/** One disclosure, its log verified; reading it is audited. */
export const readDisclosure = endpoint({
  method: 'GET',
  path: '/api/v1/disclosures/:disclosureId',
  needs: 'disclosure.see',
  summary: 'One disclosure',
  params: disclosureId,
  reply: disclosure,
})

/** Asks for a disclosure; `disclosure.notAllowed` names in `reasons` what stands against it. */
export const askDisclosure = endpoint({
  method: 'POST',
  path: '/api/v1/disclosures',
  needs: 'disclosure.ask',
  summary: 'Ask for a disclosure',
  fresh: true,
  body: z.strictObject(wish),
  reply: disclosure,
})

/** The second person decides: `disclosure.needsAnother` for one's own request. */
export const decideDisclosure = endpoint({
  method: 'POST',
  path: '/api/v1/disclosures/:disclosureId/decision',
  needs: 'disclosure.approve',
  summary: 'Approve or refuse a disclosure',
  fresh: true,
  params: disclosureId,
  body: z.strictObject({ decision: z.enum(['approve', 'refuse']), words }),
  reply: disclosure,
})

/** Takes back a request or what was approved, before anything was handed over. */
export const withdrawDisclosure = endpoint({
  method: 'POST',
  path: '/api/v1/disclosures/:disclosureId/withdrawal',
  needs: 'disclosure.ask',
  summary: 'Withdraw a disclosure',
  params: disclosureId,
  body: z.strictObject({ words }),
  reply: disclosure,
})

/**
 * Makes the package; what takes longer than a few seconds goes on after the answer (`making`). The wish is judged again:
 * `disclosure.notAllowed` when consent was taken back meanwhile, `contact.notFound` when a contact was sealed.
 */
export const makePackage = endpoint({
  method: 'POST',
  path: '/api/v1/disclosures/:disclosureId/package',
  needs: 'disclosure.ask',
  summary: 'Make the package of an approved disclosure',
  fresh: true,
  params: disclosureId,
  reply: disclosure,
})

/** Writes down that the package was handed over, and how. */
export const handOver = endpoint({
  method: 'POST',
  path: '/api/v1/disclosures/:disclosureId/hand-over',
  needs: 'disclosure.ask',
  summary: 'Write down that a package was handed over',
  params: disclosureId,
  body: z.strictObject({ words }),
  reply: disclosure,
})

/** Enters the receipt of the receiver's own check; `disclosure.wrongReceipt` when it is not this package's. */
export const enterReceipt = endpoint({
  method: 'POST',
  path: '/api/v1/disclosures/:disclosureId/receipt',
  needs: 'disclosure.ask',
  summary: 'Enter the receiver’s receipt',
  params: disclosureId,
  body: z.strictObject({ receipt: z.string().trim().min(1).max(60) }),
  reply: disclosure,
})

/** GET of the package file itself, for who is fresh; not JSON, so only its path is here. Each download is in the log. */
export const packagePath = (of: string): string => `/api/v1/disclosures/${of}/package`
