/** Supervision while it happens (G24-5.3.5): joining a call, the counsellor's call for help, and hints. */
import { z } from 'zod'
import { superviseModes } from '../domain/call-state.ts'
import { stages } from '../domain/stage.ts'
import { contactStates, risks } from './desk.ts'
import { endpoint, id, instant } from './endpoint.ts'

/** Why a supervisor joins; anything else is typed. The counsellor's call for help is one of them. */
export const superviseReasons = [
  'help-asked',
  'high-risk',
  'long-call',
  'training',
  'quality',
  'consult',
] as const

/** A reason from the list, or typed words. */
export const superviseReason = z.string().trim().min(1).max(200)

/**
 * Joins a talk at the own seat, changes the way on the same leg, or leaves (`off`; also when not there). `duty.notOn`,
 * `request.malformed` (a reason is needed to join),
 * `seat.busy` (the own seat is in a call or a wrap-up), `seat.offline`, `call.notFound`, `call.wrongState` (nobody talks, or it is one's own).
 */
export const superviseCall = endpoint({
  method: 'POST',
  path: '/api/v1/calls/:contactId/supervise',
  needs: 'call.supervise',
  summary: 'Listen to a call, whisper, barge in, take over, leave',
  params: z.object({ contactId: id }),
  body: z.discriminatedUnion('mode', [
    // Another way of who is there already is for the same reason unless a new one is given.
    z.strictObject({ mode: z.enum(superviseModes), reason: superviseReason.optional() }),
    z.strictObject({ mode: z.literal('off') }),
  ]),
  reply: z.object({ done: z.literal(true) }),
})

/** A counsellor's call for help, with what a supervisor needs to know before joining. */
export const helpRow = z.object({
  helpId: id,
  contactId: id,
  number: z.number().int(),
  counsellor: z.string(),
  line: z.string(),
  at: instant,
  /** Since when the two talk; null while nobody does. */
  talkingSince: instant.nullable(),
  state: z.enum(contactStates),
  stage: z.enum(stages).nullable(),
  risk: z.enum(risks).nullable(),
  /** How many supervisors were asked so far. */
  asked: z.number().int(),
  answeredBy: z.string().nullable(),
})

/** One call for help. */
export type HelpRow = z.infer<typeof helpRow>

/** Calls for help that ask the logged-in supervisor now. */
export const listHelp = endpoint({
  method: 'GET',
  path: '/api/v1/help',
  needs: 'call.supervise',
  summary: 'Calls for help that ask me',
  reply: z.array(helpRow),
})

/** Asks for help at the own call; asking again while it is open is success. `call.notYours`, `call.wrongState`. */
export const askHelp = endpoint({
  method: 'POST',
  path: '/api/v1/contacts/:contactId/help',
  needs: 'call.own',
  summary: 'Ask a supervisor for help',
  params: z.object({ contactId: id }),
  reply: helpRow,
})

/** The open call for help of a contact, or null. */
export const readHelp = endpoint({
  method: 'GET',
  path: '/api/v1/contacts/:contactId/help',
  needs: 'call.own',
  summary: 'Whether help is on its way',
  params: z.object({ contactId: id }),
  reply: helpRow.nullable(),
})

/** Takes the call for help back; none open is success. */
export const withdrawHelp = endpoint({
  method: 'DELETE',
  path: '/api/v1/contacts/:contactId/help',
  needs: 'call.own',
  summary: 'Withdraw the call for help',
  params: z.object({ contactId: id }),
  reply: z.object({ done: z.literal(true) }),
})

/** Says that one is coming without joining by sound (by a hint, or in person). `help.notFound` when it is over. */
export const answerHelp = endpoint({
  method: 'POST',
  path: '/api/v1/help/:helpId',
  needs: 'call.supervise',
  summary: 'Answer a call for help',
  params: z.object({ helpId: id }),
  reply: helpRow,
})

/** A supervisor's words to the counsellor. */
export const hint = z.object({
  hintId: id,
  from: z.string(),
  words: z.string(),
  at: instant,
  seenAt: instant.nullable(),
})

/** One hint. */
export type Hint = z.infer<typeof hint>

/** Hints given to a contact, oldest first. */
export const listHints = endpoint({
  method: 'GET',
  path: '/api/v1/contacts/:contactId/hints',
  needs: 'contact.list',
  summary: 'Hints of a contact',
  params: z.object({ contactId: id }),
  reply: z.array(hint),
})

/** Writes to the desk of a call, without a sound. `call.wrongState` when nobody talks any more. */
export const giveHint = endpoint({
  method: 'POST',
  path: '/api/v1/contacts/:contactId/hints',
  needs: 'call.supervise',
  summary: 'Write a hint to the counsellor',
  params: z.object({ contactId: id }),
  body: z.strictObject({ words: z.string().trim().min(1).max(500) }),
  reply: hint,
})

/** The counsellor has seen every hint of the own contact so far. */
export const seeHints = endpoint({
  method: 'POST',
  path: '/api/v1/contacts/:contactId/hints/seen',
  needs: 'contact.own',
  summary: 'Mark hints as seen',
  params: z.object({ contactId: id }),
  reply: z.object({ done: z.literal(true) }),
})
