/** Contacts: list, one contact, its form, its closing, hand entry, recordings. */
import { z } from 'zod'
import { formAnswers } from '../domain/form.ts'
import { channels, consents, contactStates, outcomes, risks, savedForm } from './desk.ts'
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
  needs: 'contact.list',
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
        state: z.enum(['running', 'kept', 'truncated', 'lost']),
        mayListen: z.boolean(),
      }),
    ),
    accesses: z.array(z.object({ at: instant, person: z.string(), action: z.string() })),
  }),
})

/** The saved form. */
export const readForm = endpoint({
  method: 'GET',
  path: '/api/v1/contacts/:contactId/form',
  needs: 'contact.own',
  summary: 'The form as saved',
  params: contactId,
  reply: savedForm,
})

/**
 * Saves the form as typed. `revision` is the one the changes were made on; `contact.changedElsewhere` (with the newer
 * revision) when another tab saved in between.
 */
export const saveForm = endpoint({
  method: 'PUT',
  path: '/api/v1/contacts/:contactId/form',
  needs: 'contact.own',
  summary: 'Save the form as typed',
  params: contactId,
  body: z.strictObject({ form: formAnswers, revision: z.number().int().min(0) }),
  reply: savedForm,
})

/** Closes the record; `contact.incomplete` names what is missing. */
export const closeContact = endpoint({
  method: 'POST',
  path: '/api/v1/contacts/:contactId/close',
  needs: 'contact.own',
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
    form: formAnswers,
  }),
  reply: z.object({ contactId: id, number: z.number().int() }),
})

/** GET of the sound itself: audio/wav, two channels, ranges allowed; each first range is logged. Not JSON, so only its path is here. */
export const recordingSoundPath = (recordingId: string): string => `/api/v1/recordings/${recordingId}/sound`
