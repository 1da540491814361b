/**
 * Live updates: WebSocket `/api/v1/live` (session cookie, Origin checked). The server sends one JSON event a message;
 * the browser sends `{type:'alive'}` every 20 s. On (re)connect the server first sends `desk` and, for those who may see it, `board`.
 */
import { z } from 'zod'
import { board } from './board.ts'
import { reportRow } from './crisis.ts'
import { desk } from './desk.ts'

/** Something that changed; the web app patches or invalidates its cache with it. */
export const liveEvent = z.discriminatedUnion('type', [
  z.object({ type: z.literal('desk'), desk }),
  z.object({ type: z.literal('board'), board }),
  z.object({ type: z.literal('form'), contactId: z.uuid(), revision: z.number().int() }),
  z.object({
    type: z.literal('changed'),
    what: z.enum([
      'lines',
      'seats',
      'people',
      'prompts',
      'trunks',
      'tasks',
      'contacts',
      'hotline',
      'forms',
      'instruments',
      'reports',
      'incidents',
      'callers',
      'resources',
      'custody',
      'disclosures',
      'glass',
      'registers',
    ]),
  }),
  // A contact's risk, protocol, reports, assessments or hints changed: what shows them reads them again.
  z.object({ type: z.literal('crisis'), contactId: z.uuid() }),
  // To those whom a report asks now, again at every escalation: a panel and the alarm sound.
  z.object({ type: z.literal('report'), report: reportRow }),
  z.object({ type: z.literal('report-over'), reportId: z.uuid() }),
  // To the supervisor whom a counsellor's help key rings, and when that is over.
  z.object({
    type: z.literal('help'),
    helpId: z.uuid(),
    contactId: z.uuid(),
    number: z.number().int(),
    counsellor: z.string(),
    line: z.string(),
  }),
  z.object({ type: z.literal('help-over'), helpId: z.uuid() }),
  // To the counsellor at the call, without a sound.
  z.object({
    type: z.literal('hint'),
    hintId: z.uuid(),
    contactId: z.uuid(),
    from: z.string(),
    words: z.string(),
    at: z.iso.datetime(),
  }),
  z.object({ type: z.literal('danger'), contactId: z.uuid(), number: z.number().int(), line: z.string() }),
  // A high-risk call broke off: to whom it belongs and the supervisors, or to everybody while nobody has it.
  z.object({
    type: z.literal('dropped'),
    taskId: z.uuid(),
    contactId: z.uuid(),
    number: z.number().int(),
    line: z.string(),
    owned: z.boolean(),
  }),
  // Somebody without the right to a contact opened it in an emergency: to those who review that.
  z.object({
    type: z.literal('glass-broken'),
    breakGlassId: z.uuid(),
    number: z.number().int(),
    person: z.string(),
  }),
  z.object({ type: z.literal('taken-over') }),
  z.object({ type: z.literal('session-ended') }),
])

/** A live event. */
export type LiveEvent = z.infer<typeof liveEvent>
