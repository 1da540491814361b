import { SwitchboardError } from '../switchboard-error.ts'
import type { DialSpec, LegId, Switchboard, Target } from '../switchboard.ts'
import { addTo, type Part, partsUp, placeOf, type Places } from './part.ts'

/** What is asked of the switchboards, each command of the one or the ones that it is about. */
export function commands(
  places: Places,
): Omit<Switchboard, 'up' | 'close' | 'snapshot' | 'nodeOf' | 'nodesOf'> {
  return { ...aboutLegs(places), ...aboutRooms(places), ...aboutDevices(places) }
}

type LegCommand =
  | 'ring'
  | 'answer'
  | 'hangup'
  | 'dial'
  | 'leave'
  | 'mute'
  | 'sendDigits'
  | 'supervise'
  | 'record'
  | 'stopRecord'
  | 'answerTransfer'
  | 'quality'

function aboutLegs(places: Places): Pick<Switchboard, LegCommand> {
  const at = async <T>(leg: LegId, work: (link: Switchboard) => Promise<T>): Promise<T> =>
    work(placeOf(places, leg).link)
  return {
    ring: (leg) => at(leg, (link) => link.ring(leg)),
    answer: (leg) => at(leg, (link) => link.answer(leg)),
    hangup: async (leg, cause) => {
      const part = places.legs.get(leg)
      await atAll(part ? [part] : partsUp(places), (link) => link.hangup(leg, cause))
    },
    dial: (spec) => dial(places, spec),
    leave: (leg) => at(leg, (link) => link.leave(leg)),
    mute: (leg, on) => at(leg, (link) => link.mute(leg, on)),
    sendDigits: (leg, digits) => at(leg, (link) => link.sendDigits(leg, digits)),
    supervise: (supervisor, target, mode) =>
      at(mode === 'off' ? supervisor : target, (link) => link.supervise(supervisor, target, mode)),
    record: (rec, leg, how) => at(leg, (link) => link.record(rec, leg, how)),
    stopRecord: async (rec) => {
      const running = (part: Part) => part.link.snapshot().recordings.some((one) => one.rec === rec)
      await atAll(partsUp(places).filter(running), (link) => link.stopRecord(rec))
    },
    answerTransfer: (leg, result) => at(leg, (link) => link.answerTransfer(leg, result)),
    quality: (leg) => at(leg, (link) => link.quality(leg)),
  }
}

type RoomCommand = 'openRoom' | 'closeRoom' | 'join' | 'music' | 'tag' | 'play' | 'stopPlay'

function aboutRooms(places: Places): Pick<Switchboard, RoomCommand> {
  const hearing = (at: Target): Part[] => {
    const parts = 'leg' in at ? [placeOf(places, at.leg)] : [...(places.rooms.get(at.room) ?? [])]
    if (parts.length === 0) throw new SwitchboardError('gone', 'no such room')
    return parts
  }
  return {
    openRoom: async (room, kind, tags, beside) => {
      const place = beside === undefined ? undefined : places.legs.get(beside)
      const parts = place ? [place] : partsUp(places)
      for (const part of parts) addTo(places.rooms, room, part)
      await atAll(parts, (link) => link.openRoom(room, kind, tags))
    },
    closeRoom: async (room) =>
      atAll([...(places.rooms.get(room) ?? partsUp(places))], (link) => link.closeRoom(room)),
    join: async (leg, room, how) => placeOf(places, leg).link.join(leg, room, how),
    music: async (at, cls) => atAll(hearing(at), (link) => link.music(at, cls)),
    tag: async (at, tags) => atAll(hearing(at), (link) => link.tag(at, tags)),
    play: async (play, at, sounds) => {
      const parts = hearing(at)
      for (const part of parts) addTo(places.plays, play, part)
      await atAll(parts, (link) => link.play(play, at, sounds)).catch((error: unknown) => {
        places.plays.delete(play)
        throw error
      })
    },
    stopPlay: async (play) =>
      atAll([...(places.plays.get(play) ?? partsUp(places))], (link) => link.stopPlay(play)),
  }
}

function aboutDevices(places: Places): Pick<Switchboard, 'putSeat' | 'dropSeat' | 'putTrunk' | 'dropTrunk'> {
  const everywhere = (work: (link: Switchboard) => Promise<void>): Promise<void> =>
    whereItCan(places.parts, work)
  return {
    putSeat: (spec) => everywhere((link) => link.putSeat(spec)),
    dropSeat: (seat) => everywhere((link) => link.dropSeat(seat)),
    putTrunk: (spec) => everywhere((link) => link.putTrunk(spec)),
    dropTrunk: (trunk) => everywhere((link) => link.dropTrunk(trunk)),
  }
}

async function atAll(parts: readonly Part[], work: (link: Switchboard) => Promise<void>): Promise<void> {
  await Promise.all(parts.map((part) => work(part.link)))
}

/**
 * Every link remembers the device. One that did not take it now is given it when it returns, so it is enough that one did: a
 * switchboard that hangs must keep nobody from going on duty.
 */
async function whereItCan(parts: readonly Part[], work: (link: Switchboard) => Promise<void>): Promise<void> {
  const done = await Promise.allSettled(parts.map((part) => work(part.link)))
  const failed = done.flatMap((one) => (one.status === 'rejected' ? [one.reason as unknown] : []))
  if (failed.length === parts.length) throw failed[0]
}

async function dial(places: Places, spec: DialSpec): Promise<void> {
  const part = places.legs.get(spec.leg) ?? placeFor(places, spec)
  // Known before it is dialled: its end may be told before the answer to the command comes.
  places.legs.set(spec.leg, part)
  try {
    await part.link.dial(spec)
  } catch (error) {
    const unsure = error instanceof SwitchboardError && error.code === 'timeout'
    if (!unsure) places.legs.delete(spec.leg)
    throw error
  }
}

/** Beside the other leg, because only there they can hear each other; else where the device is, and fewest legs are. */
function placeFor(places: Places, { to, beside }: DialSpec): Part {
  const place = beside === undefined ? undefined : places.legs.get(beside)
  if (place) return place
  const up = partsUp(places)
  const having = up.filter((part) => ('seat' in to ? part.seats.has(to.seat) : part.trunks.has(to.trunk)))
  const load = new Map<Part, number>()
  for (const part of places.legs.values()) load.set(part, (load.get(part) ?? 0) + 1)
  const [first] = (having.length > 0 ? having : up).toSorted(
    (a, b) => (load.get(a) ?? 0) - (load.get(b) ?? 0),
  )
  if (!first) throw new SwitchboardError('node-down', 'no switchboard is there')
  return first
}
