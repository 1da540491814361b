/* The front of calls: the shell round domain/call.ts. One process controls the switchboard; any may give commands. */
import { setTimeout as sleep } from 'node:timers/promises'
import { sql } from 'kysely'
import { isRefusing } from '../../domain/outbound.ts'
import { Problem } from '../../domain/problem.ts'
import type { RiskLevel } from '../../domain/risk.ts'
import type { SeatSpec, SwitchboardEvent } from '../../telephony/switchboard.ts'
import { alarmCall, type AlarmCall, endAlarms, hearAlarm } from './alarms.ts'
import { askedByPhone, assessed, callBack, recordClosed } from './commands.ts'
import { fellOver } from './falling-over.ts'
import { hear, seatSilent } from './hearing.ts'
import { reloadSeats, rememberSeat } from './memory.ts'
import type { StaffedSeat } from '../roster/roster.ts'
import { carryPending } from './pending.ts'
import { deviceSeen, reloadDevices } from './presence.ts'
import { allHotlines } from './queries.ts'
import { addLate, linkLost, reconcile, reconcilePart } from './repair.ts'
import { type CallsOptions, inLane, type Shell, toldOf } from './shell.ts'
import { supervise, type Wish } from './supervising.ts'
import { endWrapUp, fire, keepLooking, look } from './turns.ts'
import { keepListening } from './voice.ts'

/** Longer than any switchboard gathers call-detail records before it writes them. */
const lateRecordsAfter = 3_000

/** The running calls. */
export interface Calls {
  /** True while this process controls the switchboard and the link is up. */
  controls(): boolean
  /** Whether a seat's device is registered, by its SIP user. */
  isOnline(sipUser: string): boolean
  /** Seats, staff or lines of a hotline were changed by somebody: read them again. */
  reload(hotlineId: string): void
  /** Gives a seat's device to the switchboard; while its link is down that is done when it returns. */
  putSeat(spec: SeatSpec): Promise<void>
  /** Takes such a device away again. */
  dropSeat(sipUser: string): Promise<void>
  /** A seat's duty was written by a route; null when nobody is on duty there any more. */
  seatChanged(hotlineId: string, seatId: string, seat: StaffedSeat | null, personId: string): void
  /** A record was finished: the seat that was in wrap-up for it is free. */
  recordClosed(hotlineId: string, contactId: string): Promise<void>
  /** A contact's risk was written on its row: the queue and the question after the talk go by it from now on. */
  assessed(hotlineId: string, contactId: string, risk: RiskLevel): Promise<void>
  /** Calls a contact's caller back from the person's own seat; see callBack() in commands.ts. */
  callBack(hotlineId: string, personId: string, contactId: string): Promise<void>
  /** Joins a supervisor's own seat to a talk, or lets it leave; see supervise() in supervising.ts. */
  supervise(hotlineId: string, personId: string, contactId: string, wish: Wish): Promise<void>
  /** Rings somebody of an alarm, only in the process that controls the switchboard; see alarmCall() in alarms.ts. */
  alarmCall(given: AlarmCall): Promise<void>
  /** Whether a trunk did not take the latest calls out; see isRefusing() in domain/outbound.ts. */
  trunkRefuses(trunk: string): boolean
  /** Lets go of the switchboard; calls go on there. */
  stop(): Promise<void>
  readonly shell: Shell
}

function newShell(options: CallsOptions): Shell {
  const shell: Shell = {
    ...options,
    switchboard: null,
    hotlines: new Map(),
    legs: new Map(),
    contacts: new Map(),
    timers: new Map(),
    lanes: new Map(),
    openings: new Map(),
    heard: new Map(),
    prompts: new Map(),
    online: new Set(),
    devices: new Map(),
    alarms: new Map(),
    outward: new Map(),
    refusals: new Map(),
    voices: new Map(),
    lostAt: null,
    comparing: Promise.resolve(),
    stopped: false,
    deadline: (hotlineId, contactId, at) => fire(shell, hotlineId, contactId, at),
    wrapUpOver: (hotlineId, seatId) => void endWrapUp(shell, hotlineId, seatId),
    seatSilent: (...seat) => seatSilent(shell, ...seat),
    look: (memory) => look(shell, memory),
  }
  return shell
}

/** Starts at once; takes control of the switchboard when no other process has it. */
export function startCalls(options: CallsOptions): Calls {
  const shell = newShell(options)
  const listening = keepListening(shell)
  const looking = keepLooking(shell)
  const stopListening = listen(shell)
  const controlling = control(shell)
  return {
    shell,
    controls: () => shell.switchboard?.up() ?? false,
    isOnline: (sipUser) => shell.online.has(sipUser),
    reload: (hotlineId) => void options.db.notify('hearthline_seats', hotlineId).catch(() => undefined),
    putSeat: async (spec) => shell.switchboard?.putSeat(spec),
    dropSeat: async (sipUser) => shell.switchboard?.dropSeat(sipUser),
    seatChanged(hotlineId, seatId, seat, personId) {
      if (shell.switchboard) rememberSeat(shell, hotlineId, seatId, seat)
      else options.db.notify('hearthline_seats', hotlineId).catch(() => undefined)
      shell.changed(hotlineId, { people: [personId], danger: null })
    },
    recordClosed: (hotlineId, contactId) => recordClosed(shell, hotlineId, contactId),
    assessed: (hotlineId, contactId, risk) => assessed(shell, hotlineId, contactId, risk),
    callBack: (hotlineId, personId, contactId) => callBack(shell, hotlineId, personId, contactId),
    supervise: (hotlineId, personId, contactId, wish) =>
      supervise(shell, hotlineId, personId, contactId, wish),
    alarmCall: (given) => alarmCall(shell, given),
    trunkRefuses: (trunk) => isRefusing(shell.refusals.get(trunk), shell.now()),
    async stop() {
      shell.stopped = true
      endAlarms(shell)
      clearInterval(looking)
      for (const timer of shell.timers.values()) clearTimeout(timer)
      await listening.stop()
      stopListening()
      await shell.switchboard?.close()
      await Promise.all(shell.lanes.values())
      await controlling
    },
  }
}

/** Other processes, and routes of this one, tell what they wrote. */
function listen(shell: Shell): () => void {
  const readAgain = (hotlineId: string): void => {
    if (!shell.switchboard) return
    void inLane(shell, hotlineId, async () => {
      await reloadDevices(shell, hotlineId)
      await reloadSeats(shell, hotlineId)
    })
  }
  const stops = [
    shell.db.listen('hearthline_seats', readAgain, () => [...shell.hotlines.keys()].forEach(readAgain)),
    shell.db.listen('hearthline_calls', (payload) => {
      const [hotlineId, contactId] = payload.split(' ')
      if (shell.switchboard && hotlineId && contactId) carryPending(shell, hotlineId, contactId)
    }),
  ]
  return () => stops.forEach((stop) => stop())
}

/**
 * Holds the advisory lock of the switchboard on a connection of its own as long as this process lives, and the link
 * with it. A lock that is lost with its connection is asked for again; until then another process may have it.
 */
async function control(shell: Shell): Promise<void> {
  while (!shell.stopped) {
    try {
      await shell.db.doors.connection().execute(async (connection) => {
        const { rows } = await sql<{ got: boolean }>`
          select pg_try_advisory_lock(hashtextextended(${`switchboard ${shell.switchboardName}`}, 0)) as got`.execute(
          connection,
        )
        if (!rows[0]?.got) return
        await openLink(shell)
        while (!shell.stopped) {
          await sleep(1000)
          await sql`select 1`.execute(connection)
        }
      })
    } catch (error) {
      if (!shell.stopped) shell.log('control of the switchboard is being asked for again', toldOf(error))
    }
    if (!shell.stopped) await sleep(500)
  }
}

async function openLink(shell: Shell): Promise<void> {
  if (shell.switchboard) return
  for (const hotlineId of await allHotlines(shell.db)) {
    await reloadDevices(shell, hotlineId)
    await reloadSeats(shell, hotlineId)
  }
  shell.switchboard = await shell.connect((event) => told(shell, event))
}

function told(shell: Shell, event: SwitchboardEvent): void {
  if (event.type === 'node.up') {
    shell.comparing = inLane(shell, 'node', () => surely(shell, () => reconcile(shell, event)))
    lookForLate(shell, event.at)
  } else if (event.type === 'part.up') {
    shell.comparing = inLane(shell, 'node', () => surely(shell, () => reconcilePart(shell, event)))
    lookForLate(shell, event.at)
  } else if (event.type === 'part.lost') {
    // Nothing more is told of what lived there, so what the others tell need not wait.
    void inLane(shell, 'node', () => surely(shell, () => reconcilePart(shell, event)))
  } else if (event.type === 'node.down') {
    if (event.replaced) shell.switchboard = null
    void inLane(shell, 'node', () => linkLost(shell))
  } else {
    void shell.comparing.then(() => pass(shell, event))
  }
}

/** Who hung up in the moment in which we came is on record only a little later. */
function lookForLate(shell: Shell, cameAt: number): void {
  const look = (): void => {
    if (shell.switchboard) void inLane(shell, 'node', () => surely(shell, () => addLate(shell, cameAt)))
  }
  setTimeout(look, lateRecordsAfter).unref()
}

function pass(shell: Shell, event: SwitchboardEvent): void {
  if (shell.stopped || fellOver(shell, event, () => passOn(shell, event))) return
  passOn(shell, event)
}

function passOn(shell: Shell, event: SwitchboardEvent): void {
  if (hearAlarm(shell, event)) return
  if (event.type === 'seat.state')
    deviceSeen(shell, event.seat, event.online, event.online && shell.online.has(event.seat))
  else if (event.type === 'transfer.asked') askedByPhone(shell, event)
  else hear(shell, event)
}

/** Waits for a database that is away. */
async function surely(shell: Shell, work: () => Promise<void>): Promise<void> {
  while (!shell.stopped) {
    try {
      return await work()
    } catch (error) {
      if (!(error instanceof Problem && error.code === 'database.away')) throw error
      await sleep(500)
    }
  }
}
