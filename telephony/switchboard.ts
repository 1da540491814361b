import { startLink } from './ari/link.ts'
import { startSeveral } from './several.ts'

/** One party's connection. For legs we dial the caller of the function chooses it; ids of calls that come in are the switchboard's. */
export type LegId = string
/** A place where legs hear each other or music; chosen by us. */
export type RoomId = string
/** A seat's SIP user name, which is also its device's name in the switchboard. */
export type SeatId = string
/** A trunk's short name (letters, digits, `-`). */
export type TrunkId = string
/** One act of playing, chosen by us. */
export type PlayId = string
/** One recording (a UUID), chosen by us. */
export type RecId = string

/** How a leg ended. `hangup`: it was up and was put down, by whom says `by`; `unreachable` of a leg that was up: it broke. */
export type EndCause =
  'hangup' | 'busy' | 'no-answer' | 'declined' | 'offline' | 'unreachable' | 'cancelled' | 'error'

/**
 * Who is on the other end of a leg. `caller` came in from outside: `number` is null when withheld, `trusted` says that the
 * trunk vouches for it, `trunk` is the name of the trunk or of the device it came by (`web` callers: `web: true`).
 */
export type Party =
  | { kind: 'caller'; number: string | null; dialled: string; trunk: TrunkId; trusted: boolean; web: boolean }
  | { kind: 'seat'; seat: SeatId; dialled: string | null }
  | { kind: 'number'; number: string; trunk: TrunkId }

/** Notes kept inside the switchboard on a leg or room, so that they survive a restart of the server. Keep them short, name nobody. */
export type Tags = Readonly<Record<string, string>>

export interface Leg {
  id: LegId
  dir: 'in' | 'out'
  party: Party
  state: 'offered' | 'dialling' | 'ringing' | 'up'
  room: RoomId | null
  held: boolean
  /** When it came, ms since 1970 by the switchboard's clock; null for legs of our own making. */
  since: number | null
  tags: Tags
}

/** `talk`: all hear each other. `wait`: each hears music (or what is played to them) and nobody else. */
export interface Room {
  id: RoomId
  kind: 'talk' | 'wait'
  legs: LegId[]
  tags: Tags
}

/** A recording under way: of which leg, and its how manieth piece. */
export interface Recording {
  rec: RecId
  leg: LegId
  segment: number
}

/**
 * What the switchboard counted on a leg since it began, in packets; `peer` is what the far end says of our stream (RFC 3550
 * §6.4). Null where the switchboard cannot tell.
 */
export interface Quality {
  received: number
  lost: number | null
  sent: number | null
  peerLost: number | null
  jitterMs: number | null
  peerJitterMs: number | null
  rttMs: number | null
}

/** Everything alive at one moment: whatever the server believes and is not here has ended while the link was down. */
export interface Snapshot {
  legs: Leg[]
  rooms: Room[]
  recordings: Recording[]
  /** Seats put by `putSeat`, and whether a device is registered. */
  seats: { seat: SeatId; online: boolean }[]
  /** Trunks put by `putTrunk`, and whether the far end answers (or took our registration). */
  trunks: { trunk: TrunkId; online: boolean }[]
}

/** One of several switchboards: whether it is there, and then its rooms. */
export interface PartState {
  node: string
  up: boolean
  rooms: RoomId[]
}

/**
 * Facts, in the order in which they happened. `at` is our clock, milliseconds since 1970.
 * A leg that came in is told of once per link: in `node.up` (then it has no tags of ours yet, and may already be `up`
 * because the switchboard held the caller while we were away) or by `call.offered` (`offered`, or `up` likewise).
 */
export type SwitchboardEvent = { at: number } &
  /** On connect and every reconnect, before any other event: reconcile against it, nothing is replayed. */
  (
    | ({ type: 'node.up'; node: string; parts?: PartState[] } & Snapshot)
    /**
     * One of several switchboards is there (again) while others were all the time: reconcile what was `known` to live there,
     * and only that, against the snapshot, which is of this one alone.
     */
    | ({ type: 'part.up'; node: string; parts: PartState[]; known: LegId[] } & Snapshot)
    /** One of several was lost at that time, with all that lived there, and the others go on: the snapshot is empty. */
    | ({ type: 'part.lost'; node: string; parts: PartState[]; known: LegId[] } & Snapshot)
    /** The link is lost; sound goes on. `replaced`: another server took our place, so this client stops trying. */
    | { type: 'node.down'; replaced: boolean }
    | { type: 'call.offered'; leg: Leg }
    | { type: 'leg.ringing' | 'leg.up' | 'leg.held' | 'leg.unheld'; leg: LegId }
    /** `by` us: after our hangup(), or because we cancelled. `sip` is the final SIP status where the switchboard tells it. */
    | { type: 'leg.ended'; leg: LegId; cause: EndCause; by: 'them' | 'us'; sip: number | null }
    | { type: 'leg.digit'; leg: LegId; digit: string }
    | { type: 'leg.talking'; leg: LegId; on: boolean }
    | { type: 'leg.moved'; leg: LegId; room: RoomId | null }
    | { type: 'room.closed'; room: RoomId }
    | { type: 'play.ended'; play: PlayId; outcome: 'done' | 'stopped' | 'failed' }
    /** `broken`: the stream ended though leg and server wanted it; start the next segment. */
    | { type: 'rec.ended'; rec: RecId; segment: number; leg: LegId; outcome: 'done' | 'broken' }
    /** A phone pressed its transfer key; nothing happens until we do it and say so with answerTransfer(). `replaces`: the leg it consulted. */
    | { type: 'transfer.asked'; leg: LegId; to: string; replaces: LegId | null }
    | { type: 'seat.state'; seat: SeatId; online: boolean }
    | { type: 'trunk.state'; trunk: TrunkId; online: boolean }
  )

/** A WAV file (8 kHz mono 16 bit) by absolute path with its extension; no comma in it. */
export interface Sound {
  file: string
}

/** Where something is heard: by one leg, or by everybody in a room. */
export type Target = { leg: LegId } | { room: RoomId }

export interface DialSpec {
  leg: LegId
  to: { seat: SeatId } | { number: string; trunk: TrunkId }
  /** Shown to the party rung. */
  from?: { name?: string; number?: string }
  /** Unanswered after this long it ends as `no-answer`; whole seconds, rounded up. */
  timeoutMs: number
  /** Ended (`unreachable`, SIP 408) after so many ms without any answer at all, not even 100; Asterisk waits 32 s all the same. */
  silenceMs?: number
  /** Extra SIP headers of the INVITE, for example the one by which a browser answers a re-join by itself. */
  headers?: Record<string, string>
  /** Channel variables, as the switchboard's own manual names them. */
  variables?: Record<string, string>
  tags?: Tags
  /** Of several switchboards the one where this leg lives: only there the two can hear each other. */
  beside?: LegId
}

/** A device's secret: plain, or the digest MD5(user:realm:password) in hex with its realm. */
export type Secret = { password: string } | { realm: string; ha1: string }

/** A device that may register. `seat`: a counsellor's; `web`: a caller on the public page, for one call. */
export interface SeatSpec {
  seat: SeatId
  kind: 'phone' | 'browser'
  secret: Secret
  /** Default `seat`. */
  role?: 'seat' | 'web'
}

/** A line to the outside. Calls come in from `from` addresses or over a registration; calls go out to `host`. */
export interface TrunkSpec {
  trunk: TrunkId
  host: string
  port: number
  transport: 'udp' | 'tcp' | 'tls'
  /** Addresses or networks (`192.0.2.0/24`) whose calls belong to this trunk. */
  from: string[]
  /** For digest when the far end asks. */
  login?: { user: string; password: string }
  /** Register there with `login` (else calls are only accepted from `from`). */
  register: boolean
  /** Whether the far end's word on the caller's number is believed. */
  trusted: boolean
  /** Asked by OPTIONS whether it is there, unless false; without that an address trunk always counts as there. */
  watched?: boolean
}

/**
 * The one way of the server to a switchboard (ours, or Asterisk 22). Every command may be repeated: what is already so is
 * success. Commands reject with SwitchboardError and, while the link is down, with its code `node-down`.
 */
export interface Switchboard {
  /** True between `node.up` and `node.down`. */
  up(): boolean
  /** Close the link for good. Calls go on in the switchboard. */
  close(): Promise<void>

  /** Let the caller hear ringing before we answer. */
  ring(leg: LegId): Promise<void>
  answer(leg: LegId): Promise<void>
  /** Resolves also when already gone; `leg.ended` follows. `cause` is what the far end is told, normally nothing. */
  hangup(leg: LegId, cause?: 'busy' | 'declined' | 'unreachable'): Promise<void>
  /** Resolves when sent; then `leg.ringing`, `leg.up`, `leg.ended`. Rejects `offline` without ringing anybody. */
  dial(spec: DialSpec): Promise<void>

  /** Of several switchboards only at the one where `beside` lives, else at each. */
  openRoom(room: RoomId, kind: Room['kind'], tags?: Tags, beside?: LegId): Promise<void>
  /** Legs in it stay alive, outside of any room. */
  closeRoom(room: RoomId): Promise<void>
  /** Leaves the former room by itself. */
  join(leg: LegId, room: RoomId, options?: { mute?: boolean }): Promise<void>
  leave(leg: LegId): Promise<void>
  /** Nobody hears the leg while on. */
  mute(leg: LegId, on: boolean): Promise<void>

  /** Music of the class, endlessly; null stops it. */
  music(at: Target, cls: string | null): Promise<void>
  /** The sounds one after the other; one `play.ended` at the end of the last. */
  play(play: PlayId, at: Target, sounds: Sound[]): Promise<void>
  stopPlay(play: PlayId): Promise<void>
  sendDigits(leg: LegId, digits: string): Promise<void>

  /** `listen`: the supervisor hears both; `whisper`: and is heard by the target's party alone; barging in is join(). */
  supervise(supervisor: LegId, target: LegId, mode: 'listen' | 'whisper' | 'off'): Promise<void>

  /**
   * Sends both directions of a caller's leg, apart, to the recorder: what comes from it as side `caller`, what goes to it as
   * side `seat`. `hotline` chooses the key. Call only after consent (G24-7.5).
   */
  record(rec: RecId, leg: LegId, options: { hotline: string; segment: number }): Promise<void>
  /** `rec.ended` with `done` follows. */
  stopRecord(rec: RecId): Promise<void>

  /** Tell the phone that pressed transfer how it goes; after `answered` it hangs up by itself or we do. */
  answerTransfer(leg: LegId, result: 'ringing' | 'answered' | 'unreachable' | 'declined'): Promise<void>
  /** Adds to the tags; an empty value removes one. */
  tag(at: Target, tags: Tags): Promise<void>
  quality(leg: LegId): Promise<Quality | null>
  /** Legs and rooms as known now, without asking anybody. */
  snapshot(): Snapshot
  /** Of several switchboards the one where the leg lives, and those that are there and can ring the seat; else null and none. */
  nodeOf(leg: LegId): string | null
  nodesOf(seat: SeatId): string[]

  /** Remembered and sent again on every `node.up`; so it also resolves while the link is down. */
  putSeat(spec: SeatSpec): Promise<void>
  dropSeat(seat: SeatId): Promise<void>
  /** Remembered likewise. */
  putTrunk(spec: TrunkSpec): Promise<void>
  dropTrunk(trunk: TrunkId): Promise<void>
}

export interface SwitchboardOptions {
  /** `http://user:password@host:port`, with or without a path before `/ari`; of several switchboards all, with spaces between. */
  url: string
  /** Our name in the switchboard; a second link with the same name replaces the first. */
  app: string
  /** Facts come here, never before connectSwitchboard() has returned. It must not throw. */
  on: (event: SwitchboardEvent) => void
  /** Devices wanted from the start: who a caller is, is read from them, so give them here rather than by putSeat() later. */
  seats?: SeatSpec[]
  trunks?: TrunkSpec[]
  /** Static words about the link, for the log; nothing personal is ever in them. */
  log?: (message: string, fields?: Record<string, string | number>) => void
  /** Name of the switchboard's WebSocket connection to the recorder. Default `recorder`. */
  recorder?: string
  /** Dialplan context that seats' and trunks' own calls enter, for a real Asterisk. Default `hearthline`. */
  context?: string
}

/** Starts the link and returns at once; `node.up` tells when commands work. Retries for ever, after 100 ms to 2 s. */
export function connectSwitchboard(options: SwitchboardOptions): Switchboard {
  const urls = options.url.split(/\s+/).filter((url) => url !== '')
  return urls.length > 1 ? startSeveral(urls, options) : startLink(options)
}
