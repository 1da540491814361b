/** Contacts: list, one contact, its form, its closing, hand entry, recordings. */
import { z } from 'zod'
import { contactClasses } from '../domain/form.ts'
import { questionnaire, questionnaireResponse } from '../domain/questionnaire.ts'
import { purposes } from '../domain/rule.ts'
import { stages } from '../domain/stage.ts'
import { channels, consents, contactStates, outcomes, risks } from './desk.ts'
import { done, endpoint, id, instant, page } from './endpoint.ts'

const contactId = z.object({ contactId: id })

/** One line of the list of contacts; nothing identifying but, for those who may, the caller's number masked to its end. */
export const contactRow = z.object({
  contactId: id,
  number: z.number().int(),
  lineName: z.string(),
  channel: z.enum(channels),
  state: z.enum(contactStates),
  outcome: z.enum(outcomes).nullable(),
  risk: z.enum(risks).nullable(),
  /** What kind of contact it is; null while nobody has opened its form. */
  class: z.enum(contactClasses).nullable(),
  consent: z.enum(consents).nullable(),
  startedAt: instant,
  answeredAt: instant.nullable(),
  endedAt: instant.nullable(),
  counsellor: z.string().nullable(),
  recorded: z.boolean(),
  callerNumber: z.string().nullable(),
})

/** One line of the list of contacts. */
export type ContactRow = z.infer<typeof contactRow>

/** Lists contacts, newest first, by key. `text` finds words in notes (two Chinese characters are enough); `suffix` the end of the caller's number. */
export const listContacts = endpoint({
  method: 'GET',
  path: '/api/v1/contacts',
  needs: 'contact.list',
  summary: 'List and search contacts',
  query: z.strictObject({
    after: z.string().max(40).optional(),
    limit: z.coerce.number().int().min(1).max(100).default(50),
    text: z.string().trim().max(60).optional(),
    suffix: z
      .string()
      .regex(/^[0-9]{4}$/)
      .optional(),
    lineId: id.optional(),
    state: z.enum(contactStates).optional(),
    outcome: z.enum(outcomes).optional(),
    risk: z.enum(risks).optional(),
    class: z.enum(contactClasses).optional(),
    consent: z.enum(consents).optional(),
    channel: z.enum(channels).optional(),
    personId: id.optional(),
    mine: z.coerce.boolean().optional(),
    unfinished: z.coerce.boolean().optional(),
    from: instant.optional(),
    to: instant.optional(),
    sort: z.enum(['newest', 'oldest']).default('newest'),
  }),
  reply: page(contactRow),
})

/** A contact's page: row, timeline, recordings; reading it is logged. */
export const readContact = endpoint({
  method: 'GET',
  path: '/api/v1/contacts/:contactId',
  needs: 'contact.read',
  summary: 'One contact with its timeline',
  params: contactId,
  reply: contactRow.extend({
    dangerKey: z.boolean(),
    queuedAt: instant.nullable(),
    closedAt: instant.nullable(),
    endedBy: z.enum(['caller', 'counsellor', 'system']).nullable(),
    satisfaction: z.number().int().nullable(),
    earlierContacts: z.number().int(),
    mayEdit: z.boolean(),
    missing: z.array(z.string()),
    timeline: z.array(
      z.object({
        seq: z.number().int(),
        at: instant,
        kind: z.string(),
        actor: z.string().nullable(),
        data: z.record(z.string(), z.unknown()),
      }),
    ),
    recordings: z.array(
      z.object({
        recordingId: id,
        kind: z.enum(['talk', 'message']),
        startedAt: instant,
        durationMs: z.number().nullable(),
        state: z.enum(['running', 'kept', 'truncated', 'lost', 'destroyed']),
        /** Consent was taken back: nobody may hear it. */
        sealed: z.boolean(),
        mayListen: z.boolean(),
      }),
    ),
    accesses: z.array(z.object({ at: instant, person: z.string(), action: z.string() })),
    /** How each leg was heard (G24-3.2.2b), for those who see all contacts; opinions by ITU-T G.107, 1 (bad) to 4.5. */
    voices: z.array(
      z.object({
        side: z.enum(['caller', 'seat', 'guest', 'supervisor']),
        seat: z.string().nullable(),
        trunk: z.string().nullable(),
        startedAt: instant,
        endedAt: instant.nullable(),
        lossPercent: z.number().nullable(),
        jitterMs: z.number().nullable(),
        rttMs: z.number().nullable(),
        opinion: z.number().nullable(),
        leastOpinion: z.number().nullable(),
      }),
    ),
  }),
})

/** Which stage is open and the time spent in each, in ms. */
const progress = {
  stage: z.enum(stages),
  stageMs: z.partialRecord(z.enum(stages), z.number().int().min(0).max(604_800_000)),
}

/** What a save comes back with; `missing` are the questions that still keep the record open. */
const saved = z.object({
  revision: z.number().int(),
  savedAt: instant.nullable(),
  missing: z.array(z.string()),
})

/**
 * The form of a contact in the version it was opened with, and what was answered so far. `purpose` states what it is read
 * for (G24-7.5b) where that is not the usual purpose of the person's role; it is written into the audit chain.
 */
export const readForm = endpoint({
  method: 'GET',
  path: '/api/v1/contacts/:contactId/form',
  needs: 'contact.notes',
  summary: 'The form as saved',
  params: contactId,
  query: z.strictObject({ purpose: z.enum(purposes).optional() }),
  reply: saved.extend({ ...progress, questionnaire, response: questionnaireResponse }),
})

/**
 * Saves the form as typed. `revision` is the one the changes were made on; `contact.changedElsewhere` (with the newer
 * revision) when another tab saved in between; `answers.invalid` names the questions that cannot be answered so.
 */
export const saveForm = endpoint({
  method: 'PUT',
  path: '/api/v1/contacts/:contactId/form',
  needs: 'contact.write',
  summary: 'Save the form as typed',
  params: contactId,
  body: z.strictObject({ ...progress, response: questionnaireResponse, revision: z.number().int().min(0) }),
  reply: saved,
})

/** An empty form of a line, for a contact entered by hand. */
export const readBlankForm = endpoint({
  method: 'GET',
  path: '/api/v1/lines/:lineId/blank-form',
  needs: 'contact.byHand',
  summary: 'The form of a line, not answered yet',
  params: z.object({ lineId: id }),
  reply: z.object({ questionnaire, response: questionnaireResponse }),
})

/** Closes the record; `contact.incomplete` names what is missing and, in `owed`, which report or protocol is still open. */
export const closeContact = endpoint({
  method: 'POST',
  path: '/api/v1/contacts/:contactId/close',
  needs: 'contact.close',
  summary: 'Finish the record',
  params: contactId,
  reply: done,
})

/** Enters a contact by hand (a hotline with plain telephones only, G24-3.2.2b). */
export const enterContact = endpoint({
  method: 'POST',
  path: '/api/v1/contacts',
  needs: 'contact.byHand',
  summary: 'Enter a contact by hand',
  body: z.strictObject({
    lineId: id,
    callerNumber: z
      .string()
      .regex(/^[0-9+*#]{2,20}$/)
      .optional(),
    startedAt: instant,
    answeredAt: instant.optional(),
    endedAt: instant,
    response: questionnaireResponse,
  }),
  reply: z.object({ contactId: id, number: z.number().int() }),
})

/** GET of the sound itself: audio/wav, two channels, ranges allowed; each first range is logged. Not JSON, so only its path is here. */
export const recordingSoundPath = (recordingId: string): string => `/api/v1/recordings/${recordingId}/sound`
