/** Administration: hotline, lines, seats, staff, prompts, trunks. Every list: search, sort, paging by key. */
import { z } from 'zod'
import { hoursShape } from '../domain/hours.ts'
import { leastLength, mostLength } from '../domain/passphrase.ts'
import { roles } from '../domain/permission.ts'
import { done, endpoint, id, instant, page } from './endpoint.ts'

const listQuery = z.strictObject({
  after: z.string().max(120).optional(),
  limit: z.coerce.number().int().min(1).max(100).default(50),
  text: z.string().trim().max(60).optional(),
  sort: z.enum(['name', 'newest']).default('name'),
})

/** A hotline's own settings. */
export const hotline = z.object({
  name: z.string().trim().min(1).max(80),
  department: z.string().trim().max(80),
  timeZone: z.string().max(60),
  language: z.enum(['zh-CN', 'en']),
  serviceLevelMs: z.number().int().min(1000).max(600_000),
})
/** Reads the hotline's settings. */
export const readHotline = endpoint({
  method: 'GET',
  path: '/api/v1/hotline',
  needs: 'session.own',
  summary: 'The hotline',
  reply: hotline,
})
/** Changes the hotline's settings. */
export const changeHotline = endpoint({
  method: 'PUT',
  path: '/api/v1/hotline',
  needs: 'hotline.change',
  summary: 'Change the hotline',
  body: hotline,
  reply: hotline,
})

/** Service hours of a line, in the hotline's zone. */
export const hours = hoursShape

/** What an administrator sets of a line. */
export const lineSettings = z.strictObject({
  name: z.string().trim().min(1).max(80),
  number: z.string().regex(/^[0-9+*#]{2,20}$/),
  kind: z.enum(['general', 'event']),
  language: z.enum(['zh-CN', 'en']),
  hours,
  leastSeats: z.number().int().min(0).max(999),
  offerTimeoutMs: z.number().int().min(5000).max(120_000),
  wrapUpMs: z.number().int().min(0).max(3_600_000),
  /** Callers are told also of a supervisor who only listens or whispers; of one who speaks they always are. */
  tellOfSupervision: z.boolean().default(false),
})
/** A line of the hotline. */
export const line = lineSettings.extend({
  lineId: id,
  openedAt: instant,
  closedAt: instant.nullable(),
  people: z.number().int(),
})
/** A line of the hotline. */
export type Line = z.infer<typeof line>
/** Lists lines, open ones first. */
export const listLines = endpoint({
  method: 'GET',
  path: '/api/v1/lines',
  needs: 'session.own',
  summary: 'Lines',
  query: listQuery,
  reply: page(line),
})
/** Opens a line; an event line is ready with name and number alone (G24-3.1.4). */
export const openLine = endpoint({
  method: 'POST',
  path: '/api/v1/lines',
  needs: 'line.event',
  summary: 'Open a line',
  body: lineSettings
    .partial()
    .required({ name: true, number: true, kind: true })
    .extend({ everybody: z.boolean().default(true) }),
  reply: line,
})
/** Changes a line. */
export const changeLine = endpoint({
  method: 'PUT',
  path: '/api/v1/lines/:lineId',
  needs: 'line.change',
  summary: 'Change a line',
  params: z.object({ lineId: id }),
  body: lineSettings,
  reply: line,
})
/** Closes a line; who waits on it is still answered. */
export const closeLine = endpoint({
  method: 'POST',
  path: '/api/v1/lines/:lineId/close',
  needs: 'line.event',
  summary: 'Close a line',
  params: z.object({ lineId: id }),
  reply: line,
})

/** How the legs of the last hour were heard, on average; null when there were none (G24-3.2.2b). */
const heardLately = z
  .object({ legs: z.number().int(), opinion: z.number(), lossPercent: z.number().nullable() })
  .nullable()

/** A seat as an administrator sees it. */
export const seat = z.object({
  seatId: id,
  name: z.string(),
  kind: z.enum(['browser', 'phone']),
  sipUser: z.string(),
  ownerId: id.nullable(),
  owner: z.string().nullable(),
  online: z.boolean(),
  removedAt: instant.nullable(),
  heard: heardLately,
})
/** Lists seats. */
export const listSeats = endpoint({
  method: 'GET',
  path: '/api/v1/seats',
  needs: 'seat.change',
  summary: 'Seats',
  query: listQuery,
  reply: page(seat),
})
/** Adds a seat; for a desk phone the generated SIP password is shown this once. */
export const addSeat = endpoint({
  method: 'POST',
  path: '/api/v1/seats',
  needs: 'seat.change',
  summary: 'Add a seat',
  fresh: true,
  body: z.strictObject({
    name: z.string().trim().min(1).max(60),
    kind: z.enum(['browser', 'phone']),
    ownerId: id.nullable().default(null),
  }),
  reply: seat.extend({ sipPassword: z.string().nullable() }),
})
/** Changes a seat's name or owner. */
export const changeSeat = endpoint({
  method: 'PUT',
  path: '/api/v1/seats/:seatId',
  needs: 'seat.change',
  summary: 'Change a seat',
  params: z.object({ seatId: id }),
  body: z.strictObject({ name: z.string().trim().min(1).max(60), ownerId: id.nullable() }),
  reply: seat,
})
/** A new SIP password of a desk phone, shown this once. */
export const renewSeatPassword = endpoint({
  method: 'POST',
  path: '/api/v1/seats/:seatId/password',
  needs: 'seat.change',
  summary: 'New SIP password',
  fresh: true,
  params: z.object({ seatId: id }),
  reply: z.object({ sipUser: z.string(), sipPassword: z.string() }),
})
/** Removes a seat nobody is on duty at. */
export const removeSeat = endpoint({
  method: 'DELETE',
  path: '/api/v1/seats/:seatId',
  needs: 'seat.change',
  summary: 'Remove a seat',
  params: z.object({ seatId: id }),
  reply: done,
})

/** What an administrator sets of a member of staff. */
export const personSettings = z.strictObject({
  name: z.string().trim().min(1).max(60),
  displayName: z.string().trim().min(1).max(60),
  roles: z.array(z.enum(roles)).min(1),
  languages: z.array(z.string().max(20)).max(10),
  lineIds: z.array(id).max(200),
})
/** A member of staff. */
export const person = personSettings.extend({ personId: id, disabledAt: instant.nullable() })
/** A member of staff. */
export type Person = z.infer<typeof person>
/** Lists staff. */
export const listPeople = endpoint({
  method: 'GET',
  path: '/api/v1/people',
  needs: 'person.change',
  summary: 'Staff',
  query: listQuery,
  reply: page(person),
})
/** Adds a member of staff. */
export const addPerson = endpoint({
  method: 'POST',
  path: '/api/v1/people',
  needs: 'person.change',
  fresh: true,
  summary: 'Add a member of staff',
  body: personSettings.extend({ passphrase: z.string().min(leastLength).max(mostLength) }),
  reply: person,
})
/** Changes a member of staff; a new passphrase only when given. */
export const changePerson = endpoint({
  method: 'PUT',
  path: '/api/v1/people/:personId',
  needs: 'person.change',
  fresh: true,
  summary: 'Change a member of staff',
  params: z.object({ personId: id }),
  body: personSettings.extend({
    passphrase: z.string().min(leastLength).max(mostLength).optional(),
    disabled: z.boolean(),
  }),
  reply: person,
})

/** The key of a line's own greeting; while it has none, the hotline's greeting is heard. */
export const lineGreeting = (lineId: string): string => `greeting-${lineId}`

/** One prompt: what a caller hears, in its present version. */
export const prompt = z.object({
  key: z.string(),
  language: z.enum(['zh-CN', 'en']),
  part: z.number().int(),
  version: z.number().int(),
  words: z.string(),
  shipped: z.boolean(),
  changedAt: instant,
  changedBy: z.string().nullable(),
  durationMs: z.number().int(),
})
/** Lists prompts. */
export const listPrompts = endpoint({
  method: 'GET',
  path: '/api/v1/prompts',
  needs: 'prompt.change',
  summary: 'Prompts',
  query: listQuery,
  reply: page(prompt),
})
/**
 * Replaces a prompt by a WAV of any rate and width (sent as base64 of the file; the browser's own recording too);
 * stored as 8 kHz mono; a new version, the old one stays. `prompt.notAudio`, `prompt.tooLong`.
 */
export const replacePrompt = endpoint({
  method: 'POST',
  path: '/api/v1/prompts/:key/:language/:part',
  needs: 'prompt.change',
  summary: 'Replace a prompt',
  params: z.object({
    key: z.string().max(60),
    language: z.enum(['zh-CN', 'en']),
    part: z.coerce.number().int().min(0).max(9),
  }),
  body: z.strictObject({ words: z.string().trim().min(1).max(600), wavBase64: z.string().max(20_000_000) }),
  reply: prompt,
})
/** GET of a prompt's sound (audio/wav). */
export const promptSoundPath = (key: string, language: string, part: number, version: number): string =>
  `/api/v1/prompts/${key}/${language}/${part}/${version}/sound`

/** A trunk to the telephone network. */
export const trunkSettings = z.strictObject({
  name: z.string().regex(/^[a-z0-9-]{2,40}$/),
  kind: z.enum(['address', 'registration']),
  host: z.string().min(1).max(200),
  port: z.number().int().min(1).max(65535).default(5060),
  transport: z.enum(['udp', 'tcp', 'tls']).default('udp'),
  username: z.string().max(80).nullable().default(null),
  password: z.string().max(200).nullable().default(null),
  callerNumber: z
    .string()
    .regex(/^[0-9+*#]{2,20}$/)
    .nullable()
    .default(null),
  outboundPatterns: z
    .array(z.string().regex(/^[0-9+*#X]{1,30}$/))
    .max(50)
    .default([]),
  /** Trunks that may dial a number are tried in this order, the lowest first. */
  rank: z.number().int().min(1).max(99).default(1),
  /** Calls at once that we make by it, or null; further ones go by the next trunk. */
  mostCalls: z.number().int().min(1).max(10_000).nullable().default(null),
  /** Asked every 30 s by OPTIONS whether it is there; some far ends do not answer that. */
  watched: z.boolean().default(true),
})
/** A trunk as listed; the password is never sent back. `troubles` are those that the board tells of it, with since when. */
export const trunk = trunkSettings.omit({ password: true }).extend({
  trunkId: id,
  state: z.enum(['up', 'down', 'refusing', 'unknown']),
  heard: heardLately,
  troubles: z.array(
    z.object({ kind: z.enum(['trunk-down', 'trunk-refusing', 'trunk-poor']), since: instant }),
  ),
})
/** Lists trunks. */
export const listTrunks = endpoint({
  method: 'GET',
  path: '/api/v1/trunks',
  needs: 'trunk.change',
  summary: 'Trunks',
  query: listQuery,
  reply: page(trunk),
})
/** Adds a trunk. */
export const addTrunk = endpoint({
  method: 'POST',
  path: '/api/v1/trunks',
  needs: 'trunk.change',
  summary: 'Add a trunk',
  fresh: true,
  body: trunkSettings,
  reply: trunk,
})
/** Changes a trunk; a null password keeps the old one. */
export const changeTrunk = endpoint({
  method: 'PUT',
  path: '/api/v1/trunks/:trunkId',
  needs: 'trunk.change',
  summary: 'Change a trunk',
  fresh: true,
  params: z.object({ trunkId: id }),
  body: trunkSettings,
  reply: trunk,
})
/** Removes a trunk. */
export const removeTrunk = endpoint({
  method: 'DELETE',
  path: '/api/v1/trunks/:trunkId',
  needs: 'trunk.change',
  summary: 'Remove a trunk',
  params: z.object({ trunkId: id }),
  reply: done,
})
