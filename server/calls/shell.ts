/* What the parts of the calls slice share: the ground they stand on and what is remembered between transactions. */
import type { TrunkRefusals, TrunkUse } from '../../domain/outbound.ts'
import type { Waiting } from '../../domain/queue.ts'
import type { Switchboard, SwitchboardEvent } from '../../telephony/switchboard.ts'
import type { Database } from '../db/database.ts'
import type { Keys } from '../records/keys.ts'
import type { Seat, StaffedSeat } from '../roster/roster.ts'
import type { Alarms } from './alarms.ts'
import type { OutwardCall } from './outside.ts'
import type { Happening } from './queries.ts'
import type { Voice } from './voice.ts'

/** Sound files for words, in the present version of each; made by server/lines. */
export interface Sounds {
  /** The files that together say the prompt with its values, and the versions that were chosen. */
  promptFiles(
    hotlineId: string,
    language: 'zh-CN' | 'en',
    key: string,
    values: { n?: number; m?: number },
  ): Promise<{ versions: string[]; files: string[] }>
}

/** What the slice is started with. */
export interface CallsOptions {
  db: Database
  keys: Keys
  sounds: Sounds
  /** The data folder, where the switchboard keeps its call-detail records. */
  dataFolder: string
  /** Milliseconds since 1970. */
  now: () => number
  /** Static words; never anything about a person. */
  log: (message: string, fields?: Record<string, string | number>) => void
  /** Opens the link once this process may control the switchboard. */
  connect: (on: (event: SwitchboardEvent) => void) => Promise<Switchboard>
  /** Name of the switchboard: one process at a time controls it. */
  switchboardName: string
  /** Trunk by which an outside number is dialled next, with the number shown there; null when there is none. */
  trunkFor: (
    hotlineId: string,
    number: string,
    use?: TrunkUse,
  ) => Promise<{ trunk: string; from: string | null } | null>
  /** Told after every change, so that screens follow. `people` are those whose desk changed. */
  changed: (hotlineId: string, what: Changed) => void
}

/** What changed, for the screens. */
export interface Changed {
  people: string[]
  /** The contact whose caller pressed 0 just now. */
  danger: string | null
  /** The task to call a high-risk caller back whose call broke off just now. */
  dropped?: string | null
}

/** A contact in the queue, and whether its caller was told that nobody is on duty. */
export interface Queued {
  waiting: Waiting
  callerLeg: string
  toldNobody: boolean
}

/** What the controlling process remembers of one hotline; all of it can be read again from the database. */
export interface HotlineMemory {
  hotlineId: string
  waiting: Map<string, Queued>
  seats: Map<string, StaffedSeat>
  /** Contacts and seats for which an offer is being written. */
  busy: Set<string>
  handling: Map<string, { at: number; times: number[] }>
  /** Language of each line: the skill its callers need. */
  languages: Map<string, string>
  /** Somebody is about to look whose turn it is. */
  looking: boolean
}

/** The contact a leg belongs to; the hotline is known once the number dialled was looked up. */
export interface LegOwner {
  contactId: string
  hotlineId: string | null
}

/** The shell's memory and its ground. */
export interface Shell extends CallsOptions {
  switchboard: Switchboard | null
  hotlines: Map<string, HotlineMemory>
  /** Contacts of callers' legs. */
  legs: Map<string, LegOwner>
  /** Contacts whose call lives, by their own id. */
  contacts: Map<string, LegOwner>
  timers: Map<string, NodeJS.Timeout>
  lanes: Map<string, Promise<void>>
  /** The latest opening of a contact, by hotline. */
  openings: Map<string, Promise<void>>
  /** Words heard that are not yet on the record; written with the contact's next step. */
  heard: Map<string, Happening[]>
  /** Files of prompts found a moment ago. */
  prompts: Map<string, { at: number; found: Promise<{ versions: string[]; files: string[] }> }>
  /** SIP users whose device is registered. */
  online: Set<string>
  /** Seats by the SIP user of their device. */
  devices: Map<string, Seat>
  /** Alarms being rung by this process. */
  alarms: Alarms
  /** Calls to the outside that have not rung yet, by their leg. */
  outward: Map<string, OutwardCall>
  /** Trunks that did not take the latest calls, as this process met them. */
  refusals: Map<string, TrunkRefusals>
  /** Legs of talks that are being listened to, by their contact. */
  voices: Map<string, Voice[]>
  /** Since when the link to the switchboard is lost, or null. */
  lostAt: number | null
  /** Done once everything was compared with what lives; what is told meanwhile waits for it. */
  comparing: Promise<void>
  stopped: boolean
  /** A call's deadline, or the end of a seat's wrap-up, has come. */
  deadline: (hotlineId: string, contactId: string, at: number) => void
  wrapUpOver: (hotlineId: string, seatId: string) => void
  /** Nothing was ever heard of a seat that answered. */
  seatSilent: (hotlineId: string, contactId: string, leg: string) => void
  /** Something changed: look whose turn it is. */
  look: (memory: HotlineMemory) => void
}

const plain = new Set(['Error', 'TypeError', 'RangeError', 'Problem', 'SwitchboardError'])

/** What may be logged of a failure: messages of the database and of parsers can quote what a person said. */
export function toldOf(error: unknown): Record<string, string> {
  if (!(error instanceof Error)) return { kind: typeof error }
  const where = (error.stack ?? '')
    .split('\n')
    .filter((line) => line.startsWith('    at '))
    .slice(0, 4)
    .join(' ')
  return { kind: error.name, where, ...(plain.has(error.name) ? { message: error.message } : {}) }
}

/** Runs work of one contact after all earlier work of it; a failure is logged and ends only that work. */
export function inLane(shell: Shell, contactId: string, work: () => Promise<void>): Promise<void> {
  const before = shell.lanes.get(contactId) ?? Promise.resolve()
  const after = before.then(work).catch((error: unknown) => {
    shell.log('work on a call failed', toldOf(error))
  })
  shell.lanes.set(contactId, after)
  void after.then(() => {
    if (shell.lanes.get(contactId) === after) shell.lanes.delete(contactId)
  })
  return after
}

/** The memory of a hotline, made when it is first spoken of. */
export function memoryOf(shell: Shell, hotlineId: string): HotlineMemory {
  const known = shell.hotlines.get(hotlineId)
  if (known) return known
  const fresh: HotlineMemory = {
    hotlineId,
    waiting: new Map(),
    seats: new Map(),
    busy: new Set(),
    handling: new Map(),
    languages: new Map(),
    looking: false,
  }
  shell.hotlines.set(hotlineId, fresh)
  return fresh
}

/** The contact of a caller's leg, or of a leg, play or room of ours: those ids begin with the contact's. */
export const ownerOf = (shell: Shell, id: string): LegOwner | undefined =>
  shell.legs.get(id) ?? shell.contacts.get(id.slice(0, 36))

/** Runs in the contact's lane, but lets the caller have the result or the failure. */
export async function inLaneNow<T>(shell: Shell, contactId: string, work: () => Promise<T>): Promise<T> {
  const { promise, resolve, reject } = Promise.withResolvers<T>()
  await inLane(shell, contactId, () => work().then(resolve, reject))
  return promise
}

/** How the ids of legs begin that tell somebody of an alarm: they belong to no contact. */
export const alarmLegPrefix = 'alarm-'

/** Whether an id was made by this product, for a leg or room of a contact or for an alarm. */
export const isOurs = (id: string): boolean =>
  id.startsWith(alarmLegPrefix) || /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}-[lr]\d+$/.test(id)
