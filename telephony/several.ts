import { startLink } from './ari/link.ts'
import type { Fact } from './ari/facts.ts'
import { commands } from './several/commands.ts'
import { forget, legsAt, merged, statesOf, takeOver, type Part, type Places } from './several/part.ts'
import type { Snapshot, Switchboard, SwitchboardEvent, SwitchboardOptions } from './switchboard.ts'

/** How long the first switchboard that is there waits for the others before it is begun without them. */
const othersWithin = 5_000
/** How long one that was lost may take to return before its calls are given up; one that refuses us has none any more. */
const returnWithin = 8_000

type EventOf<T extends SwitchboardEvent['type']> = Extract<SwitchboardEvent, { type: T }>

/** Several switchboards that look like one: knows what lives where, and tells what it means when one is lost. */
class Several {
  readonly places: Places
  private readonly options: SwitchboardOptions
  /** `node.up` was told, and no `node.down` since. */
  private told = false
  private closed = false
  private patience: NodeJS.Timeout | undefined

  constructor(urls: readonly string[], options: SwitchboardOptions) {
    this.options = options
    const parts = urls.map((url) => this.startPart(url))
    this.places = { parts, legs: new Map(), rooms: new Map(), plays: new Map() }
  }

  isUp(): boolean {
    return this.told
  }

  /** Those that are gone count for nothing; of those that are away what was last known. */
  snapshot(): Snapshot {
    const there = this.places.parts.filter((part) => part.state !== 'gone')
    return merged(there.map((part) => part.link.snapshot()))
  }

  async close(): Promise<void> {
    this.closed = true
    this.told = false
    this.stopWaiting()
    await Promise.all(this.places.parts.map((part) => part.link.close()))
  }

  private startPart(url: string): Part {
    const node = new URL(url).host
    const { log } = this.options
    // Facts never come before startLink() has returned.
    const part: Part = {
      node,
      state: 'away',
      lostAt: Date.now(),
      grace: undefined,
      seats: new Set(),
      trunks: new Set(),
      link: startLink(
        {
          ...this.options,
          url,
          on: (event) => this.hear(part, event),
          ...(log && { log: (message, fields) => log(message, { ...fields, node }) }),
        },
        () => this.refused(part),
      ),
    }
    return part
  }

  private tell(fact: Fact): void {
    this.options.on({ at: Date.now(), ...fact })
  }

  private stopWaiting(): void {
    clearTimeout(this.patience)
    this.patience = undefined
    for (const part of this.places.parts) clearTimeout(part.grace)
  }

  private hear(part: Part, event: SwitchboardEvent): void {
    if (this.closed) return
    if (event.type === 'node.up') return this.came(part, event)
    if (event.type === 'node.down') return this.wentAway(part, event.replaced)
    if (event.type === 'seat.state') return this.deviceSeen(part, part.seats, event.seat, event)
    if (event.type === 'trunk.state') return this.deviceSeen(part, part.trunks, event.trunk, event)
    if (this.isNews(part, event) && this.told) this.options.on(event)
  }

  /** Keeps the places as the event says; false when it is to be told only once another switchboard says so too. */
  private isNews(part: Part, event: SwitchboardEvent): boolean {
    const { legs, rooms, plays } = this.places
    if (event.type === 'call.offered') legs.set(event.leg.id, part)
    else if (event.type === 'leg.ended') legs.delete(event.leg)
    else if (event.type === 'room.closed') return isLast(rooms, event.room, part)
    else if (event.type === 'play.ended') return isLast(plays, event.play, part)
    return true
  }

  /**
   * A seat is told to be online once more when one more switchboard has it, for then more callers can reach it; and offline
   * when the last one has lost it.
   */
  private deviceSeen(
    part: Part,
    here: Set<string>,
    name: string,
    event: EventOf<'seat.state' | 'trunk.state'>,
  ): void {
    const before = this.isOnline(event.type, name)
    if (event.online) here.add(name)
    else here.delete(name)
    const after = this.isOnline(event.type, name)
    const nearer = event.type === 'seat.state' && event.online && part.state === 'up'
    if (this.told && (before !== after || nearer)) this.options.on({ ...event, online: after })
  }

  private isOnline(type: 'seat.state' | 'trunk.state', name: string): boolean {
    return this.places.parts.some((part) => (type === 'seat.state' ? part.seats : part.trunks).has(name))
  }

  private came(part: Part, event: EventOf<'node.up'>): void {
    clearTimeout(part.grace)
    const known = legsAt(this.places, part)
    const devices = { seats: part.seats, trunks: part.trunks }
    part.state = 'up'
    takeOver(this.places, part, event)
    if (!this.told) return this.beginIfReady()
    const { legs, rooms, recordings, seats, trunks } = event
    const found = { legs, rooms, recordings, seats, trunks }
    this.tell({ type: 'part.up', node: part.node, parts: statesOf(this.places), known, ...found })
    this.tellDevices(part, devices)
  }

  private beginIfReady(): void {
    const { parts } = this.places
    if (!parts.some((part) => part.state === 'up')) return
    if (parts.some((part) => part.state === 'away')) {
      this.patience ??= setTimeout(() => this.begin(), othersWithin)
    } else this.begin()
  }

  private begin(): void {
    this.stopWaiting()
    const { parts } = this.places
    for (const part of parts) {
      if (part.state === 'up') continue
      part.state = 'gone'
      forget(this.places, part)
    }
    this.told = true
    const here = parts.filter((part) => part.state === 'up')
    this.tell({
      type: 'node.up',
      node: here.map((part) => part.node).join(' '),
      parts: statesOf(this.places),
      ...merged(here.map((part) => part.link.snapshot())),
    })
  }

  private wentAway(part: Part, replaced: boolean): void {
    part.state = 'away'
    part.lostAt = Date.now()
    if (replaced) {
      const wasTold = this.told
      void this.close()
      if (wasTold) this.tell({ type: 'node.down', replaced })
    } else if (this.places.parts.some((each) => each.state === 'up')) {
      if (this.told) part.grace = setTimeout(() => this.giveUp(part), returnWithin)
    } else {
      this.stopWaiting()
      if (this.told) this.tell({ type: 'node.down', replaced })
      this.told = false
    }
  }

  /** Nobody listens at its door: its process is gone, and all its calls are. */
  private refused(part: Part): void {
    if (part.state !== 'away' || this.closed) return
    if (this.told) return this.giveUp(part)
    part.state = 'gone'
    this.beginIfReady()
  }

  private giveUp(part: Part): void {
    clearTimeout(part.grace)
    const known = legsAt(this.places, part)
    const devices = { seats: part.seats, trunks: part.trunks }
    part.state = 'gone'
    forget(this.places, part)
    const nothing = { legs: [], rooms: [], recordings: [], seats: [], trunks: [] }
    const lost = { node: part.node, parts: statesOf(this.places), known }
    this.options.on({ at: part.lostAt, type: 'part.lost', ...lost, ...nothing })
    this.tellDevices(part, devices)
  }

  /** What is another way now than when this switchboard had these devices. */
  private tellDevices(part: Part, before: Pick<Part, 'seats' | 'trunks'>): void {
    const others = this.places.parts.filter((each) => each !== part)
    for (const seat of new Set([...before.seats, ...part.seats])) {
      const online = part.seats.has(seat)
      const matters = online || !others.some((each) => each.seats.has(seat))
      if (online !== before.seats.has(seat) && matters) this.tell({ type: 'seat.state', seat, online })
    }
    for (const trunk of new Set([...before.trunks, ...part.trunks])) {
      const online = part.trunks.has(trunk)
      const matters = !others.some((each) => each.trunks.has(trunk))
      if (online !== before.trunks.has(trunk) && matters) this.tell({ type: 'trunk.state', trunk, online })
    }
  }
}

/** Takes the switchboard off the room or play; true when it was the last, or nobody knew of it. */
function isLast(held: Map<string, Set<Part>>, id: string, part: Part): boolean {
  const parts = held.get(id)
  parts?.delete(part)
  if (parts && parts.size > 0) return false
  held.delete(id)
  return true
}

/** Links to several switchboards, by their addresses, with the face of one. */
export function startSeveral(urls: readonly string[], options: SwitchboardOptions): Switchboard {
  const several = new Several(urls, options)
  return {
    up: () => several.isUp(),
    close: () => several.close(),
    snapshot: () => several.snapshot(),
    nodeOf: (leg) => several.places.legs.get(leg)?.node ?? null,
    nodesOf: (seat) =>
      several.places.parts.flatMap((part) =>
        part.state === 'up' && part.seats.has(seat) ? [part.node] : [],
      ),
    ...commands(several.places),
  }
}
