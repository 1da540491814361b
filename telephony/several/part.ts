import { SwitchboardError } from '../switchboard-error.ts'
import type { LegId, PartState, PlayId, RoomId, Snapshot, Switchboard } from '../switchboard.ts'

/** One of several switchboards. */
export interface Part {
  readonly node: string
  readonly link: Switchboard
  /** `away`: not there now, but its calls may live; `gone`: nothing that lived there is counted on any more. */
  state: 'up' | 'away' | 'gone'
  /** When its link was lost, and when it is gone unless it returns. */
  lostAt: number
  grace: NodeJS.Timeout | undefined
  /** Seats whose device is registered there, and trunks that can be reached from there. */
  seats: Set<string>
  trunks: Set<string>
}

/** What is where. */
export interface Places {
  readonly parts: readonly Part[]
  readonly legs: Map<LegId, Part>
  readonly rooms: Map<RoomId, Set<Part>>
  readonly plays: Map<PlayId, Set<Part>>
}

/** How each of them stands. */
export const statesOf = ({ parts }: Places): PartState[] =>
  parts.map(({ node, state, link }) => ({
    node,
    up: state === 'up',
    rooms: state === 'up' ? link.snapshot().rooms.map((room) => room.id) : [],
  }))

/** The switchboard of a leg; throws SwitchboardError `gone`. */
export function placeOf({ legs }: Places, leg: LegId): Part {
  const part = legs.get(leg)
  if (!part) throw new SwitchboardError('gone', 'no such leg')
  return part
}

/** Those that are there; throws SwitchboardError `node-down` when none is. */
export function partsUp({ parts }: Places): Part[] {
  const up = parts.filter((part) => part.state === 'up')
  if (up.length === 0) throw new SwitchboardError('node-down', 'no switchboard is there')
  return up
}

/** The legs that are, as far as we know, at this switchboard. */
export const legsAt = ({ legs }: Places, part: Part): LegId[] =>
  [...legs].flatMap(([leg, place]) => (place === part ? [leg] : []))

/** Forgets all that is at a switchboard. */
export function forget(places: Places, part: Part): void {
  for (const leg of legsAt(places, part)) places.legs.delete(leg)
  for (const held of [places.rooms, places.plays]) {
    for (const [id, parts] of held) if (parts.delete(part) && parts.size === 0) held.delete(id)
  }
  part.seats = new Set()
  part.trunks = new Set()
}

/** Takes over what a switchboard says is there, in the place of all that we believed. */
export function takeOver(places: Places, part: Part, found: Snapshot): void {
  forget(places, part)
  for (const leg of found.legs) places.legs.set(leg.id, part)
  for (const room of found.rooms) addTo(places.rooms, room.id, part)
  part.seats = new Set(found.seats.flatMap((one) => (one.online ? [one.seat] : [])))
  part.trunks = new Set(found.trunks.flatMap((one) => (one.online ? [one.trunk] : [])))
}

/** Notes that a room or play is also at this switchboard. */
export function addTo(held: Map<string, Set<Part>>, id: string, part: Part): void {
  held.set(id, (held.get(id) ?? new Set()).add(part))
}

/** Several snapshots as one: a room is where any of them has it, a device online where it is online for any. */
export function merged(snapshots: readonly Snapshot[]): Snapshot {
  const rooms = new Map<RoomId, Snapshot['rooms'][number]>()
  const seats = new Map<string, boolean>()
  const trunks = new Map<string, boolean>()
  for (const one of snapshots) {
    for (const room of one.rooms)
      rooms.set(room.id, { ...room, legs: [...(rooms.get(room.id)?.legs ?? []), ...room.legs] })
    for (const { seat, online } of one.seats) seats.set(seat, online || seats.get(seat) === true)
    for (const { trunk, online } of one.trunks) trunks.set(trunk, online || trunks.get(trunk) === true)
  }
  return {
    legs: snapshots.flatMap((one) => one.legs),
    rooms: [...rooms.values()],
    recordings: snapshots.flatMap((one) => one.recordings),
    seats: [...seats].map(([seat, online]) => ({ seat, online })),
    trunks: [...trunks].map(([trunk, online]) => ({ trunk, online })),
  }
}
