import type { Leg, Party, Room, RoomId, SeatSpec, Snapshot, Tags, TrunkSpec } from '../switchboard.ts'
import { endCause } from './causes.ts'
import type { Channel } from './model.ts'
import { deviceOf, sides, type Side } from './names.ts'

/** A leg with what only this side of the house needs. */
export interface BoardLeg extends Leg {
  /** We asked for its end. */
  endedByUs: boolean
  /** When an unanswered dial is over, by our clock. */
  ringsUntil: number | null
  /** Q.850 cause of the hang-up request seen last. */
  cause: number
  /** It lived before this link did: a former server's commands may still be at work on it. */
  found: boolean
}

/** A recording segment and the sides still streaming. */
export interface BoardRecording {
  rec: string
  segment: number
  leg: string
  streaming: Set<Side>
  stopping: boolean
}

/** All that is alive in the switchboard as far as we know, and all that we want to be there. */
export interface Board {
  legs: Map<string, BoardLeg>
  rooms: Map<RoomId, Room>
  /** By `rec.segment`. */
  recordings: Map<string, BoardRecording>
  /** Plays asked for by this link that have not ended, and whether we stopped them. */
  plays: Map<string, 'playing' | 'stopped'>
  /** Supervisors' legs that hear another leg. */
  listeners: Set<string>
  /** Seats and trunks by name: one name space, as they are endpoints alike. */
  online: Map<string, boolean>
  seats: Map<string, SeatSpec>
  trunks: Map<string, TrunkSpec>
}

/** A board on which nothing is. */
export function emptyBoard(): Board {
  return {
    legs: new Map(),
    rooms: new Map(),
    recordings: new Map(),
    plays: new Map(),
    listeners: new Set(),
    online: new Map(),
    seats: new Map(),
    trunks: new Map(),
  }
}

/** Forget what is alive, keep what we want: before a new snapshot. */
export function wipe(board: Board): void {
  board.legs.clear()
  board.rooms.clear()
  board.recordings.clear()
  board.plays.clear()
  board.listeners.clear()
  board.online.clear()
}

/** The key under which one piece of a recording stands on the board. */
export const recordingKey = (rec: string, segment: number): string => `${rec}.${segment}`

/** Puts a recording on the board with both sides streaming. */
export function putRecording(board: Board, rec: string, segment: number, leg: string): BoardRecording {
  const one = { rec, segment, leg, streaming: new Set(sides), stopping: false }
  board.recordings.set(recordingKey(rec, segment), one)
  return one
}

/** Who rings: read from the channel's device, its account code (`seat`, `web`, `trunk`) and what we have put. */
function partyOf(board: Board, channel: Channel, dialled: string): Party {
  const device = deviceOf(channel.name)
  const seat = board.seats.get(device)
  const role = seat ? (seat.role ?? 'seat') : channel.accountcode
  if (role === 'seat') return { kind: 'seat', seat: device, dialled }
  const number = channel.caller.number
  return {
    kind: 'caller',
    number: number === '' || /^anonymous$/i.test(number) ? null : number,
    dialled,
    trunk: device,
    trusted: isTrusted(board, device, channel),
    web: role === 'web',
  }
}

/** The switchboard's own word on this call where it gives one, else what we know of the trunk. */
function isTrusted(board: Board, device: string, channel: Channel): boolean {
  const said = channel.channelvars?.['NUMBER_TRUSTED']
  return said === undefined ? (board.trunks.get(device)?.trusted ?? false) : said === '1'
}

/** A leg that came in, for a channel seen for the first time. */
export function incomingLeg(board: Board, channel: Channel, dialled: string, tags: Tags = {}): BoardLeg {
  const party = partyOf(board, channel, dialled)
  const state = channel.state === 'Up' ? 'up' : 'offered'
  const since = Date.parse(channel.creationtime ?? '')
  return newLeg({
    id: channel.id,
    dir: 'in',
    party,
    state,
    room: null,
    held: false,
    since: Number.isNaN(since) ? null : since,
    tags,
  })
}

/** A leg of which nothing has happened yet. */
export function newLeg(leg: Leg, ringsUntil: number | null = null): BoardLeg {
  return { ...leg, endedByUs: false, ringsUntil, cause: 0, found: false }
}

/** The leg as others may see it. */
export function plainLeg(leg: BoardLeg): Leg {
  const { id, dir, party, state, room, held, since, tags } = leg
  return { id, dir, party, state, room, held, since, tags }
}

/** A copy of all that is alive. */
export function snapshotOf(board: Board): Snapshot {
  const legs = [...board.legs.values()].map(plainLeg)
  return {
    legs,
    rooms: [...board.rooms.values()].map((room) => ({
      ...room,
      legs: legs.filter((leg) => leg.room === room.id).map((leg) => leg.id),
    })),
    recordings: [...board.recordings.values()].map(({ rec, leg, segment }) => ({ rec, leg, segment })),
    seats: [...board.seats.values()]
      .filter((spec) => spec.role !== 'web')
      .map(({ seat }) => ({ seat, online: board.online.get(seat) ?? false })),
    trunks: [...board.trunks.keys()].map((trunk) => ({ trunk, online: board.online.get(trunk) ?? false })),
  }
}

/** Takes a leg off the board; null when it was not there. */
export function endLeg(board: Board, id: string, now: number, cause?: number, sip?: number) {
  const leg = board.legs.get(id)
  if (!leg) return null
  board.legs.delete(id)
  const finalSip = sip !== undefined && sip >= 300 ? sip : null
  const ending = endCause({
    dir: leg.dir,
    wasUp: leg.state === 'up',
    byUs: leg.endedByUs,
    rangOut: leg.state !== 'up' && leg.ringsUntil !== null && now >= leg.ringsUntil - 250,
    cause: cause ?? leg.cause,
    sip: finalSip,
  })
  return { type: 'leg.ended' as const, leg: id, ...ending, sip: finalSip }
}
