/** The counsellor's desk: duty, the live call and its commands. */
import { z } from 'zod'
import { superviseModes } from '../domain/call-state.ts'
import { pauseReasons } from '../domain/duty.ts'
import { stages } from '../domain/stage.ts'
import { endpoint, id, instant } from './endpoint.ts'

/** States of a contact; the names are a stable door (design.md). */
export const contactStates = [
  'greeting',
  'waiting',
  'offered',
  'talking',
  'survey',
  'wrap-up',
  'closed',
  'failed',
] as const
/** Outcomes of a contact. */
export const outcomes = ['answered', 'left-in-menu', 'abandoned', 'call-back', 'message', 'failed'] as const
/** Risk of a contact; `danger-key` means that only the caller's key said so, nobody has assessed yet. */
export const risks = ['danger-key', 'none', 'low', 'moderate', 'high', 'acute'] as const
/** Consent to recording. */
export const consents = ['given', 'refused', 'silent', 'withdrawn'] as const
/** Ways a contact came. */
export const channels = ['phone', 'web-call', 'chat', 'by-hand'] as const
/** A person's present duty, or null when off duty. */
export const duty = z.object({
  seatId: id,
  seatName: z.string(),
  seatKind: z.enum(['browser', 'phone']),
  state: z.enum(['free', 'offered', 'busy', 'wrap-up', 'paused']),
  reason: z.enum(pauseReasons).nullable(),
  since: instant,
  connected: z.boolean(),
})

/**
 * Short-lived SIP account of a browser seat. `sipAddresses` are paths of this web address where WebSockets for SIP open, one
 * for each switchboard: a seat registers at every one, because a call rings it by the switchboard the caller is at.
 */
export const softphone = z.object({
  sipUser: z.string(),
  sipPassword: z.string(),
  sipDomain: z.string(),
  sipAddresses: z.array(z.string()).min(1),
  expiresAt: instant,
})

/** Who is in the room with the caller. */
export const member = z.object({
  kind: z.enum(['caller', 'counsellor', 'supervisor', 'outside']),
  name: z.string(),
  joined: z.boolean(),
  muted: z.boolean(),
  /** How a supervisor takes part; null for everybody else. */
  mode: z.enum(superviseModes).nullable(),
})

/** The live call at the counsellor's seat, as the desk shows it. */
export const deskCall = z.object({
  contactId: id,
  number: z.number().int(),
  state: z.enum(contactStates),
  line: z.object({ lineId: id, name: z.string(), kind: z.enum(['general', 'event']), number: z.string() }),
  channel: z.enum(channels),
  dangerKey: z.boolean(),
  consent: z.enum(consents).nullable(),
  recording: z.boolean(),
  earlierContacts: z.number().int(),
  numberShown: z.string().nullable(),
  startedAt: instant,
  queuedAt: instant.nullable(),
  offeredAt: instant.nullable(),
  offerEndsAt: instant.nullable(),
  answeredAt: instant.nullable(),
  onHold: z.boolean(),
  muted: z.boolean(),
  callerPresent: z.boolean(),
  members: z.array(member),
  /** How I supervise this call; null when it is mine, or I am consulted. */
  supervising: z.enum(superviseModes).nullable(),
  transfer: z
    .object({
      kind: z.enum(['blind', 'attended']),
      to: z.string(),
      state: z.enum(['dialling', 'ringing', 'talking']),
    })
    .nullable(),
  wrapUpEndsAt: instant.nullable(),
  endedBy: z.enum(['caller', 'counsellor', 'system']).nullable(),
})

/** The live call at one's own seat. */
export type DeskCall = z.infer<typeof deskCall>

/** Everything the desk shows besides the form: pushed whole by `desk` live events whenever it changes. */
export const desk = z.object({
  duty: duty.nullable(),
  call: deskCall.nullable(),
  toFinish: z.array(
    z.object({ contactId: id, number: z.number().int(), startedAt: instant, line: z.string() }),
  ),
})

/** The desk of the logged-in person. */
export type Desk = z.infer<typeof desk>

/** The desk as it is now. */
export const readDesk = endpoint({
  method: 'GET',
  path: '/api/v1/desk',
  needs: 'duty.own',
  summary: 'The own desk',
  reply: desk,
})

/** Seats one may take, with who sits there. */
export const freeSeats = endpoint({
  method: 'GET',
  path: '/api/v1/desk/seats',
  needs: 'duty.own',
  summary: 'Seats to go on duty at',
  reply: z.array(
    z.object({
      seatId: id,
      name: z.string(),
      kind: z.enum(['browser', 'phone']),
      takenBy: z.string().nullable(),
      online: z.boolean(),
      own: z.boolean(),
    }),
  ),
})

/**
 * Goes on duty at a browser seat. `seat.taken` by the same person in another tab: repeat with `takeOver: true`.
 * Starts paused with reason `technical` until the softphone has registered.
 */
export const goOnDuty = endpoint({
  method: 'POST',
  path: '/api/v1/desk/duty',
  needs: 'duty.own',
  summary: 'Go on duty',
  body: z.strictObject({ seatId: id.optional(), takeOver: z.boolean().default(false) }),
  reply: z.object({ desk, softphone: softphone.nullable() }),
})

/** A fresh softphone account for the seat one is on duty at (after a reload or when the old one ends). */
export const renewSoftphone = endpoint({
  method: 'POST',
  path: '/api/v1/desk/softphone',
  needs: 'duty.own',
  summary: 'Renew the softphone account',
  body: z.strictObject({ takeOver: z.boolean().default(false) }).prefault({}),
  reply: softphone,
})

/** Pauses, resumes. */
export const setDuty = endpoint({
  method: 'PUT',
  path: '/api/v1/desk/duty',
  needs: 'duty.own',
  summary: 'Pause or resume',
  body: z.discriminatedUnion('state', [
    z.strictObject({ state: z.literal('free') }),
    z.strictObject({ state: z.literal('paused'), reason: z.enum(pauseReasons) }),
  ]),
  reply: desk,
})

/** Goes off duty; refused with `duty.inCall` while a call is up. */
export const goOffDuty = endpoint({
  method: 'DELETE',
  path: '/api/v1/desk/duty',
  needs: 'duty.own',
  summary: 'Go off duty',
  reply: desk,
})

/** Where a call can go. */
export const target = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('seat'), seatId: id }),
  z.strictObject({ kind: z.literal('line'), lineId: id }),
  z.strictObject({ kind: z.literal('number'), number: z.string().regex(/^[0-9+*#]{2,20}$/) }),
])

/** A place a call can be sent to. */
export type TransferTarget = z.infer<typeof target>

/** Commands of the counsellor at the live call. `answer` and `decline` are for offers answered in the app (the browser's own SIP answer counts as well). */
export const callCommand = z.discriminatedUnion('command', [
  z.strictObject({ command: z.literal('decline') }),
  z.strictObject({ command: z.literal('hang-up') }),
  z.strictObject({ command: z.literal('hold') }),
  z.strictObject({ command: z.literal('unhold') }),
  z.strictObject({ command: z.literal('mute'), on: z.boolean() }),
  z.strictObject({ command: z.literal('transfer'), mode: z.enum(['blind', 'attended']), to: target }),
  z.strictObject({ command: z.literal('complete-transfer') }),
  z.strictObject({ command: z.literal('cancel-transfer') }),
  z.strictObject({ command: z.literal('invite'), seatId: id }),
  z.strictObject({ command: z.literal('dismiss'), seatId: id }),
  z.strictObject({ command: z.literal('withdraw-consent') }),
  z.strictObject({ command: z.literal('give-consent') }),
  z.strictObject({ command: z.literal('extend-wrap-up') }),
  z.strictObject({ command: z.literal('finish-wrap-up') }),
])

/** A command at the live call. */
export type CallCommand = z.infer<typeof callCommand>

/** Gives a command to the live call at the own seat. */
export const commandCall = endpoint({
  method: 'POST',
  path: '/api/v1/desk/call/:contactId',
  needs: 'call.own',
  summary: 'Hold, mute, transfer, hang up ...',
  params: z.object({ contactId: id }),
  body: callCommand,
  reply: desk,
})

/** Where a call can be transferred to or who can be invited now. */
export const transferTargets = endpoint({
  method: 'GET',
  path: '/api/v1/desk/targets',
  needs: 'call.own',
  summary: 'Seats and lines a call can go to',
  reply: z.object({
    seats: z.array(
      z.object({
        seatId: id,
        name: z.string(),
        person: z.string().nullable(),
        supervisor: z.boolean(),
        state: z.enum(['free', 'busy', 'paused', 'off']),
      }),
    ),
    lines: z.array(z.object({ lineId: id, name: z.string() })),
    outside: z.boolean(),
  }),
})

/** The stages again, for the rail. */
export const stageNames = stages
