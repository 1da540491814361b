/** Instruments: which there are, asking one aloud, sending one by a link, what came out (G24-4.3.4). Screening hints only. */
import { z } from 'zod'
import { bilingual, instrumentText } from '../domain/instrument.ts'
import { instrumentResult } from '../domain/instrument-score.ts'
import { done, endpoint, id, instant } from './endpoint.ts'

const language = z.enum(['zh-CN', 'en'])
const contactId = z.object({ contactId: id })
const code = z.string().regex(/^[a-z0-9][a-z0-9.-]{0,39}$/)
const standing = z.enum(['sourced', 'unverified'])

/** The number of the chosen option by link id; null is not answered. */
const itemAnswers = z
  .record(z.string().max(64), z.number().nullable())
  .refine((answers) => Object.keys(answers).length <= 100)

/** Where the wording of a language comes from: the rights holder, our own translation, the operator, or nowhere yet. */
const origin = z.enum(['official', 'unofficial', 'operator', 'missing'])

/** An instrument as the desk chooses it; `languages` are those it can be asked in now, none means: no wording yet. */
export const instrumentRow = z.object({
  instrument: code,
  short: z.string(),
  name: bilingual,
  about: bilingual,
  version: z.string(),
  questions: z.number().int(),
  ways: z.array(z.enum(['aloud', 'link'])),
  languages: z.array(language),
  licence: z.object({ tag: z.string(), credit: bilingual, standing, source: z.string() }),
})
/** An instrument as the desk chooses it. */
export type InstrumentRow = z.infer<typeof instrumentRow>

/** Instruments that the hotline uses, those without wording included so that the reason is seen. */
export const listInstruments = endpoint({
  method: 'GET',
  path: '/api/v1/instruments',
  needs: 'assessment.ask',
  summary: 'Instruments that can be asked',
  reply: z.array(instrumentRow),
})

/** An instrument in one language, ready to be asked. */
const sheet = z.object({
  instrument: code,
  short: z.string(),
  name: bilingual,
  version: z.string(),
  language,
  origin,
  credit: bilingual,
  intro: z.string(),
  questions: z.array(
    z.object({
      item: z.string(),
      text: z.string(),
      options: z.array(z.object({ value: z.number(), words: z.string() })),
      required: z.boolean(),
      /** Asked only when these questions were answered so. */
      when: z.array(z.object({ item: z.string(), value: z.number() })),
      /** From this answer on it alerts at once. */
      critical: z.number().nullable(),
    }),
  ),
})
/** An instrument in one language, ready to be asked. */
export type Sheet = z.infer<typeof sheet>

/** One instrument's questions; `instrument.noText` when its wording is not loaded or it is switched off. */
export const readInstrument = endpoint({
  method: 'GET',
  path: '/api/v1/instruments/:instrument/questions/:language',
  needs: 'assessment.ask',
  summary: 'The questions of an instrument',
  params: z.object({ instrument: code, language }),
  reply: sheet,
})

/** A result on a contact. */
const assessmentRow = z.object({
  assessmentId: id,
  instrument: code,
  short: z.string(),
  name: bilingual,
  version: z.string(),
  language,
  licence: z.string(),
  at: instant,
  /** Null when the caller filled it in through a link. */
  askedBy: z.string().nullable(),
  byLink: z.boolean(),
  result: instrumentResult,
})
/** A result on a contact. */
export type AssessmentRow = z.infer<typeof assessmentRow>

/** A link that was made for a caller; the token itself is shown only when it is made. */
const linkRow = z.object({
  linkId: id,
  instrument: code,
  short: z.string(),
  language,
  madeBy: z.string().nullable(),
  madeAt: instant,
  expiresAt: instant,
  openedAt: instant.nullable(),
  state: z.enum(['open', 'used', 'expired', 'revoked']),
})
/** A link that was made for a caller. */
export type LinkRow = z.infer<typeof linkRow>

/** Results, oldest first, and links of a contact, for whoever may see it. */
export const listAssessments = endpoint({
  method: 'GET',
  path: '/api/v1/contacts/:contactId/assessments',
  needs: 'contact.list',
  summary: 'Instruments filled in on a contact',
  params: contactId,
  reply: z.object({ results: z.array(assessmentRow), links: z.array(linkRow) }),
})

const saved = z.strictObject({
  /** Made by the screen, so that sending again is success. */
  assessmentId: id,
  instrument: code,
  language,
  answers: itemAnswers,
})

/** Saves an instrument asked aloud, complete or not; `answers.invalid`, `instrument.noText`. */
export const saveAssessment = endpoint({
  method: 'POST',
  path: '/api/v1/contacts/:contactId/assessments',
  needs: 'assessment.ask',
  summary: 'Save an instrument asked aloud',
  params: contactId,
  body: saved,
  reply: assessmentRow,
})

/** Says a critical answer at once, before the instrument is finished. */
export const noteCritical = endpoint({
  method: 'POST',
  path: '/api/v1/contacts/:contactId/assessments/critical',
  needs: 'assessment.ask',
  summary: 'Note a critical answer at once',
  params: contactId,
  body: z.strictObject({ instrument: code, answers: itemAnswers }),
  reply: done,
})

/** Makes a link for the caller's own browser. Its address is shown this once: only its hash is kept. */
export const makeLink = endpoint({
  method: 'POST',
  path: '/api/v1/contacts/:contactId/assessment-links',
  needs: 'assessment.ask',
  summary: 'Make a link for the caller',
  params: contactId,
  body: z.strictObject({ instrument: code, language, hours: z.number().int().min(1).max(168).default(24) }),
  reply: z.object({ linkId: id, path: z.string(), expiresAt: instant }),
})

/** Takes a link back; one that is used or over stays as it is. */
export const revokeLink = endpoint({
  method: 'POST',
  path: '/api/v1/contacts/:contactId/assessment-links/:linkId/revoke',
  needs: 'assessment.ask',
  summary: 'Take a link back',
  params: z.object({ contactId: id, linkId: id }),
  reply: done,
})

/** An instrument as the administrator sees it: what may be chosen, what is chosen, what wording is there. */
export const instrumentSettings = instrumentRow.extend({
  enabled: z.boolean(),
  notes: z.array(bilingual),
  variants: z.array(z.object({ id: z.string(), words: bilingual, source: z.string(), standing })),
  variant: z.string().nullable(),
  cutOffs: z.array(
    z.object({
      id: z.string(),
      population: bilingual,
      of: z.string(),
      at: z.number(),
      side: z.enum(['at-least', 'at-most']),
      source: z.string(),
      standing,
      variant: z.string().nullable(),
    }),
  ),
  cutOff: z.string().nullable(),
  noDerivatives: z.boolean(),
  texts: z.array(
    z.object({
      language,
      origin,
      mayLoad: z.boolean(),
      source: z.string().nullable(),
      confirmedBy: z.string().nullable(),
      confirmedAt: instant.nullable(),
    }),
  ),
})
/** An instrument as the administrator sees it. */
export type InstrumentSettings = z.infer<typeof instrumentSettings>

/** Every instrument with its settings. */
export const listInstrumentSettings = endpoint({
  method: 'GET',
  path: '/api/v1/instruments/settings',
  needs: 'instrument.change',
  summary: 'Instruments with their settings',
  reply: z.array(instrumentSettings),
})

/** Switches an instrument on or off, and chooses its variant and the cut-off the hotline goes by (null: the file's first). */
export const changeInstrument = endpoint({
  method: 'PUT',
  path: '/api/v1/instruments/:instrument',
  needs: 'instrument.change',
  summary: 'Change how an instrument is used',
  params: z.object({ instrument: code }),
  body: z.strictObject({ enabled: z.boolean(), variant: code.nullable(), cutOff: code.nullable() }),
  reply: instrumentSettings,
})

/** What an operator loads for a language, with the questions it is for (own numbers only). */
export const readText = endpoint({
  method: 'GET',
  path: '/api/v1/instruments/:instrument/text/:language',
  needs: 'instrument.change',
  summary: 'The wording loaded for an instrument',
  params: z.object({ instrument: code, language }),
  reply: z.object({
    questions: z.array(z.object({ item: z.string(), label: bilingual, options: z.array(z.number()) })),
    text: instrumentText.nullable(),
    source: z.string().nullable(),
  }),
})

/**
 * Loads wording that does not ship. `instrument.licenceNeeded` without the confirmation that the hotline may use it and the
 * source it comes from; `answers.invalid` names questions whose wording does not fit.
 */
export const loadText = endpoint({
  method: 'PUT',
  path: '/api/v1/instruments/:instrument/text/:language',
  needs: 'instrument.change',
  summary: 'Load the wording of an instrument',
  params: z.object({ instrument: code, language }),
  body: z.strictObject({
    text: instrumentText,
    source: z.string().trim().max(400),
    licenceConfirmed: z.boolean(),
  }),
  reply: instrumentSettings,
})

const token = z.string().min(20).max(100)

/** What the caller's page shows; the token travels in the body, never in an address. */
export const openLink = endpoint({
  method: 'POST',
  path: '/api/v1/public/questions',
  needs: 'anyone',
  summary: 'The questions behind a link',
  body: z.strictObject({ token, language: language.optional() }),
  reply: sheet.extend({
    hotline: z.string(),
    numbers: z.array(z.object({ name: z.string(), number: z.string() })),
    languages: z.array(language),
    expiresAt: instant,
  }),
})

/** Tells the hotline of a critical answer at once, even if the rest is never sent. */
export const noteByLink = endpoint({
  method: 'POST',
  path: '/api/v1/public/questions/critical',
  needs: 'anyone',
  summary: 'Note a critical answer at once',
  body: z.strictObject({ token, answers: itemAnswers }),
  reply: done,
})

/** Sends the answers; the link works this once. The answer holds no score. */
export const sendByLink = endpoint({
  method: 'POST',
  path: '/api/v1/public/questions/answers',
  needs: 'anyone',
  summary: 'Send the answers of a link',
  body: z.strictObject({ token, language, answers: itemAnswers }),
  reply: done,
})
