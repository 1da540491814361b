/** Forms made without code (G24-4.4.1): the base form, a line's own questions on top of it, drafts, versions, what changed. */
import { z } from 'zod'
import { faultCodes } from '../domain/form-judgement.ts'
import { questionnaire } from '../domain/questionnaire.ts'
import { done, endpoint, id, instant, page } from './endpoint.ts'

const formId = z.object({ formId: id })

/** One fault of a form, at an item; `about` is the other item or the choice it is about. */
export const formFault = z.object({
  linkId: z.string(),
  code: z.enum(faultCodes),
  about: z.string().optional(),
})

/** A form in the list: the hotline's base, or what a line adds to it; `formId` null while a line adds nothing. */
export const formRow = z.object({
  formId: id.nullable(),
  kind: z.enum(['base', 'overlay']),
  line: z.object({ lineId: id, name: z.string(), number: z.string() }).nullable(),
  /** Newest published version; 0 when there is none. */
  version: z.number().int(),
  questions: z.number().int(),
  publishedAt: instant.nullable(),
  publishedBy: z.string().nullable(),
  note: z.string(),
  draftAt: instant.nullable(),
  draftBy: z.string().nullable(),
})
/** A form in the list. */
export type FormRow = z.infer<typeof formRow>

/** Lists what each line adds, with the base they all stand on. */
export const listForms = endpoint({
  method: 'GET',
  path: '/api/v1/forms',
  needs: 'form.change',
  summary: 'The base form and what each line adds to it',
  query: z.strictObject({
    after: z.string().max(120).optional(),
    limit: z.coerce.number().int().min(1).max(100).default(50),
    text: z.string().trim().max(60).optional(),
    sort: z.enum(['name', 'newest']).default('name'),
  }),
  reply: page(formRow).extend({ base: formRow }),
})

/** Starts what a line adds to the base form; asked again it gives the same. `line.notFound`. */
export const startOverlay = endpoint({
  method: 'POST',
  path: '/api/v1/forms',
  needs: 'form.change',
  summary: "Start a line's own questions",
  body: z.strictObject({ lineId: id }),
  reply: formId,
})

/** Who published a version, when and why. */
export const versionRow = z.object({
  formVersionId: id,
  version: z.number().int(),
  note: z.string(),
  publishedBy: z.string().nullable(),
  publishedAt: instant,
  /** Of the canonical JSON, in hex. */
  sha256: z.string(),
  /** Contacts that are answered in this version: those still open, and all. */
  openContacts: z.number().int(),
  contacts: z.number().int(),
})
/** Who published a version, when and why. */
export type VersionRow = z.infer<typeof versionRow>

/**
 * What an editor works with: the draft (or the newest version while there is none), what is published, the base under an
 * overlay, the shipped form whose core questions must stay, and how many lines it is for.
 */
export const readDraft = endpoint({
  method: 'GET',
  path: '/api/v1/forms/:formId/draft',
  needs: 'form.change',
  summary: 'The draft of a form',
  params: formId,
  reply: formRow.extend({
    formId: id,
    questionnaire,
    revision: z.number().int(),
    published: questionnaire.nullable(),
    base: questionnaire.nullable(),
    core: questionnaire,
    lines: z.number().int(),
    openContacts: z.number().int(),
    faults: z.array(formFault),
  }),
})
/** What an editor works with. */
export type FormDraft = z.infer<(typeof readDraft)['reply']>

/** Saves the draft as it is, faults and all; `form.changedElsewhere` when somebody saved since `revision`. */
export const saveDraft = endpoint({
  method: 'PUT',
  path: '/api/v1/forms/:formId/draft',
  needs: 'form.change',
  summary: 'Save the draft of a form',
  params: formId,
  body: z.strictObject({ questionnaire, revision: z.number().int().min(0) }),
  reply: z.object({
    revision: z.number().int(),
    draftAt: instant,
    draftBy: z.string(),
    faults: z.array(formFault),
  }),
})

/** Throws the draft away: the newest version is what there is. `form.changedElsewhere`. */
export const discardDraft = endpoint({
  method: 'DELETE',
  path: '/api/v1/forms/:formId/draft',
  needs: 'form.change',
  summary: 'Discard the draft of a form',
  params: formId,
  query: z.strictObject({ revision: z.coerce.number().int().min(0) }),
  reply: done,
})

/**
 * Publishes the draft as a new version for contacts that begin from now on; `form.invalid` and `form.coreMissing` with
 * `faults` ("link id, code, about"), `form.nothingToPublish`, `form.changedElsewhere`.
 */
export const publishForm = endpoint({
  method: 'POST',
  path: '/api/v1/forms/:formId/versions',
  needs: 'form.change',
  summary: 'Publish the draft as a new version',
  params: formId,
  body: z.strictObject({ revision: z.number().int().min(0), note: z.string().trim().max(400) }),
  reply: versionRow,
})

/** Every version, newest first. */
export const listVersions = endpoint({
  method: 'GET',
  path: '/api/v1/forms/:formId/versions',
  needs: 'form.change',
  summary: 'The versions of a form',
  params: formId,
  query: z.strictObject({
    after: z.string().max(20).optional(),
    limit: z.coerce.number().int().min(1).max(100).default(50),
  }),
  reply: page(versionRow),
})

const versionOf = z.object({ formId: id, version: z.coerce.number().int().min(1) })

/** One version as published; its file is a FHIR R4 Questionnaire. */
export const readVersion = endpoint({
  method: 'GET',
  path: '/api/v1/forms/:formId/versions/:version',
  needs: 'form.change',
  summary: 'One version of a form',
  params: versionOf,
  reply: versionRow.extend({ questionnaire }),
})

const change = z.object({
  kind: z.enum(['added', 'removed', 'moved', 'changed']),
  linkId: z.string(),
  from: z.string().nullable().optional(),
  to: z.string().nullable().optional(),
  fields: z
    .array(z.object({ field: z.string(), before: z.unknown().optional(), after: z.unknown().optional() }))
    .optional(),
})

/** What changed between two versions of a form; `form.notFound`. */
export const compareForms = endpoint({
  method: 'GET',
  path: '/api/v1/forms/:formId/comparison',
  needs: 'form.change',
  summary: 'What changed between two versions of a form',
  params: formId,
  query: z.strictObject({ from: z.coerce.number().int().min(1), to: z.coerce.number().int().min(1) }),
  reply: z.object({ changes: z.array(change) }),
})
