import { SwitchboardError } from '../switchboard-error.ts'
import type { Switchboard, SwitchboardOptions } from '../switchboard.ts'
import { emptyBoard, endLeg, snapshotOf } from './board.ts'
import type { Desk } from './desk.ts'
import { pushSeat, pushTrunk, removeSeat, removeTrunk } from './devices.ts'
import { deviceSeen, deviceToAsk, factsOf, type Fact } from './facts.ts'
import * as legs from './legs.ts'
import { record, removeStreams, stopRecord, supervise } from './listening.ts'
import { endpointSchema, readEvent, type AriEvent } from './model.ts'
import { legPath } from './paths.ts'
import * as rooms from './rooms.ts'
import { Socket } from './socket.ts'
import { survey } from './survey.ts'

const lookAfterEnd = 300
const surveyAgain = 1_000

/** One link to one switchboard: the board, the socket, and the order in which facts are told. */
class Link {
  private readonly options: SwitchboardOptions
  private readonly board = emptyBoard()
  private readonly socket: Socket
  readonly desk: Desk
  private state: 'down' | 'surveying' | 'up' | 'closed' = 'down'
  /** Events that came before the survey was done; they are told after it. */
  private early: AriEvent[] = []
  /** Counts the connections, so that a survey of a lost one ends in nothing. */
  private visit = 0

  constructor(options: SwitchboardOptions, refused: () => void) {
    this.options = options
    this.socket = new Socket(options.url, options.app, {
      opened: () => void this.opened(),
      closed: () => this.lost(false),
      refused,
      log: (message, fields) => this.log(message, fields),
      event: (message) => this.receive(message),
    })
    this.desk = {
      ask: this.socket.ask,
      board: this.board,
      app: options.app,
      recorder: options.recorder ?? 'recorder',
      context: options.context ?? 'hearthline',
      now: Date.now,
    }
    for (const seat of options.seats ?? []) this.board.seats.set(seat.seat, seat)
    for (const trunk of options.trunks ?? []) this.board.trunks.set(trunk.trunk, trunk)
  }

  start(): void {
    this.socket.connect()
  }

  isUp(): boolean {
    return this.state === 'up'
  }

  /** True while requests can be sent, also before the survey is done. */
  isOpen(): boolean {
    return this.socket.isOpen()
  }

  async close(): Promise<void> {
    this.state = 'closed'
    await this.socket.stop()
  }

  private log(message: string, fields?: Record<string, string | number>): void {
    this.options.log?.(message, fields)
  }

  private async opened(): Promise<void> {
    this.visit += 1
    const mine = this.visit
    const current = () => mine === this.visit && this.state === 'surveying'
    this.state = 'surveying'
    this.early = []
    try {
      await survey(this.desk)
    } catch (error) {
      if (!current()) return
      this.log('switchboard cannot be surveyed', {
        error: error instanceof Error ? error.message : 'unknown',
      })
      setTimeout(() => current() && void this.opened(), surveyAgain)
      return
    }
    if (!current()) return
    this.state = 'up'
    this.tell({ type: 'node.up', node: new URL(this.options.url).host, ...snapshotOf(this.board) })
    const waiting = this.early
    this.early = []
    for (const event of waiting) this.take(event)
  }

  private lost(replaced: boolean): void {
    this.visit += 1
    if (this.state === 'closed') return
    if (this.state === 'up') this.tell({ type: 'node.down', replaced })
    this.state = 'down'
  }

  private receive(message: unknown): void {
    const event = readEvent(message)
    if (event === null) return
    if ('unreadable' in event)
      return this.log('switchboard sent an unknown shape', { type: event.unreadable })
    if (event.type === 'ApplicationReplaced') {
      this.lost(true)
      void this.socket.stop()
    } else if (this.state === 'surveying') this.early.push(event)
    else if (this.state === 'up') this.take(event)
  }

  private take(event: AriEvent): void {
    for (const fact of factsOf(this.board, event, Date.now())) this.announce(fact)
    const device = deviceToAsk(this.board, event)
    if (device !== null) void this.askDevice(device)
    if (event.type === 'StasisEnd')
      setTimeout(() => void this.lookWhetherGone(event.channel.id), lookAfterEnd)
  }

  private tell(fact: Fact): void {
    this.options.on({ at: Date.now(), ...fact })
  }

  private announce(fact: Fact): void {
    this.tell(fact)
    if (fact.type === 'leg.ended') this.sweepAfter(fact.leg)
    if (fact.type === 'rec.ended') this.quietly(removeStreams(this.desk.ask, fact))
  }

  /** The leg is gone: its streams would wait for sound that never comes, and nobody listens in its spying room. */
  private sweepAfter(leg: string): void {
    for (const one of this.board.recordings.values()) {
      if (one.leg === leg) this.quietly(stopRecord(this.desk, one.rec))
    }
    if (this.board.listeners.has(leg)) this.quietly(supervise(this.desk, leg, leg, 'off'))
  }

  /** A switchboard may tell of the end of control only: look whether the channel is gone too. */
  private async lookWhetherGone(id: string): Promise<void> {
    if (this.state !== 'up' || !this.board.legs.has(id)) return
    try {
      await this.desk.ask('GET', legPath(id))
    } catch (error) {
      const gone = error instanceof SwitchboardError && error.code === 'gone'
      const ended = gone ? endLeg(this.board, id, Date.now()) : null
      if (ended) this.announce(ended)
    }
  }

  /** A device put while the link is up may be there already, one that is busy may have lost its registration. */
  async askDevice(name: string): Promise<void> {
    if (this.state !== 'up') return
    const found = await this.desk.ask('GET', `endpoints/PJSIP/${encodeURIComponent(name)}`).catch(() => null)
    const endpoint = endpointSchema.safeParse(found)
    if (!endpoint.success || !this.isUp()) return
    for (const fact of deviceSeen(this.board, name, endpoint.data.state === 'online')) this.announce(fact)
  }

  /** Asterisk does not always tell the end of a room that nobody is in. */
  roomClosed(room: string): void {
    if (this.isUp() && this.board.rooms.delete(room)) this.announce({ type: 'room.closed', room })
  }

  private quietly(work: Promise<void>): void {
    work.catch((error: unknown) => {
      if (!(error instanceof SwitchboardError)) throw error
      if (error.code !== 'node-down') this.log(error.message)
    })
  }
}

/** Starts a link and gives it the face that the server sees; `refused` is told whenever nobody listens at its address. */
export function startLink(options: SwitchboardOptions, refused: () => void = () => undefined): Switchboard {
  const link = new Link(options, refused)
  link.start()
  return {
    up: () => link.isUp(),
    close: () => link.close(),
    snapshot: () => snapshotOf(link.desk.board),
    nodeOf: () => null,
    nodesOf: () => [],
    ...commands(link),
    ...devices(link),
  }
}

type Question = 'up' | 'close' | 'snapshot' | 'nodeOf' | 'nodesOf'
type DeviceCommand = 'putSeat' | 'dropSeat' | 'putTrunk' | 'dropTrunk'
type Command = Exclude<keyof Switchboard, DeviceCommand | Question>

/** The commands that are refused while the link is down. */
function commands(link: Link): Pick<Switchboard, Command> {
  const { desk } = link
  const whenUp = async <T>(work: () => Promise<T>): Promise<T> => {
    if (!link.isUp()) throw new SwitchboardError('node-down', 'no link')
    return work()
  }
  return {
    ring: (leg) => whenUp(() => legs.ring(desk, leg)),
    answer: (leg) => whenUp(() => legs.answer(desk, leg)),
    hangup: (leg, cause) => whenUp(() => legs.hangup(desk, leg, cause)),
    dial: (spec) => whenUp(() => legs.dial(desk, spec)),
    answerTransfer: (leg, result) => whenUp(() => legs.answerTransfer(desk, leg, result)),
    quality: (leg) => whenUp(() => legs.quality(desk, leg)),
    openRoom: (room, kind, tags) => whenUp(() => rooms.openRoom(desk, room, kind, tags)),
    closeRoom: (room) =>
      whenUp(async () => {
        await rooms.closeRoom(desk, room)
        link.roomClosed(room)
      }),
    join: (leg, room, how) => whenUp(() => rooms.join(desk, leg, room, how?.mute)),
    leave: (leg) => whenUp(() => rooms.leave(desk, leg)),
    mute: (leg, on) => whenUp(() => rooms.mute(desk, leg, on)),
    music: (at, cls) => whenUp(() => rooms.music(desk, at, cls)),
    play: (play, at, sounds) => whenUp(() => rooms.play(desk, play, at, sounds)),
    stopPlay: (play) => whenUp(() => rooms.stopPlay(desk, play)),
    sendDigits: (leg, digits) => whenUp(() => rooms.sendDigits(desk, leg, digits)),
    tag: (at, tags) => whenUp(() => rooms.tag(desk, at, tags)),
    supervise: (supervisor, target, mode) => whenUp(() => supervise(desk, supervisor, target, mode)),
    record: (rec, leg, how) => whenUp(() => record(desk, rec, leg, how)),
    stopRecord: (rec) => whenUp(() => stopRecord(desk, rec)),
  }
}

/** The devices we want: remembered at once, sent when there is a link, and again on every new one. */
function devices(link: Link): Pick<Switchboard, DeviceCommand> {
  const { desk } = link
  const { board } = desk
  const ifOpen = async (work: () => Promise<void>): Promise<void> => {
    if (!link.isOpen()) return
    await work().catch((error: unknown) => {
      if (!(error instanceof SwitchboardError && error.code === 'node-down')) throw error
    })
  }
  return {
    putSeat: (spec) => {
      board.seats.set(spec.seat, spec)
      return ifOpen(async () => {
        await pushSeat(desk, spec)
        await link.askDevice(spec.seat)
      })
    },
    dropSeat: (seat) => {
      board.seats.delete(seat)
      board.online.delete(seat)
      return ifOpen(() => removeSeat(desk, seat))
    },
    putTrunk: (spec) => {
      board.trunks.set(spec.trunk, spec)
      return ifOpen(async () => {
        await pushTrunk(desk, spec)
        await link.askDevice(spec.trunk)
      })
    },
    dropTrunk: (trunk) => {
      board.trunks.delete(trunk)
      board.online.delete(trunk)
      return ifOpen(() => removeTrunk(desk, trunk))
    },
  }
}
