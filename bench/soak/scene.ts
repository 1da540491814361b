/** What a soak runs on: our switchboard as a process of its own, the application, a seat, and far ends to dial. */
import { connectSwitchboard } from '../../telephony/switchboard.ts'
import { Pairing } from '../pairing.ts'
import { descriptors, freePort } from '../processes.ts'
import { ask, seat, startOurs, startSeats, trunk, type Started } from '../switchboard/engines.ts'
import { pause } from './clock.ts'
import { openFarEnds, type FarEnds } from './far-ends.ts'
import { House } from './house.ts'
import { innardsOf, type Innards } from './inspector.ts'
import type { Lengths } from './kinds.ts'
import { patientHands } from './patience.ts'
import { standing } from './standing.ts'
import type { Tally } from './tally.ts'

const readyWithin = 20_000
/** Above what the kernel hands out by itself, and where no other bench is: for an hour nobody may be in the way. */
const rtpPorts = '61000-65533'

/** What is open in the switchboard, by its own word. */
export interface Counts {
  channels: number
  bridges: number
  parked: number
  sip: { transactions: number; dialogs: number; halfOpen: number }
  media: { legs: number; bridges: number; ports: number; playbacks: number; externals: number }
}

/** What the kernel and the debugger know of the switchboard's process. */
export type Look = Innards & { descriptors: number; udpSockets: number }

/** Everything that runs. */
export interface Scene {
  started: Started
  farEnds: FarEnds
  house: House
  pairing: Pairing
  counts: () => Promise<Counts>
  look: () => Promise<Look>
  stop: () => Promise<void>
}

async function until(what: string, holds: () => boolean): Promise<void> {
  for (const end = Date.now() + readyWithin; !holds(); await pause(50, new Promise(() => undefined)))
    if (Date.now() > end) throw new Error(`waited in vain: ${what}`)
}

/** Starts all of it. */
export async function openScene(random: () => number, lengths: Lengths, tally: Tally): Promise<Scene> {
  const inspector = await freePort()
  // Its address is not to be printed among the figures.
  const flags = [`--inspect=127.0.0.1:${inspector}`, '--inspect-publish-uid=http']
  const started = await startOurs({ execArgv: flags, logs: true, rtpPorts })
  const farEnds = await openFarEnds(random, lengths)
  let house: House | null = null
  const link = connectSwitchboard({
    url: started.ariUrl,
    app: 'hotline',
    on: (event) => house?.happened(event),
    trunks: [trunk('out', farEnds.port)],
    seats: [{ seat: seat.user, kind: 'browser', secret: { password: seat.password } }],
  })
  const pairing = new Pairing(patientHands(link))
  house = new House({ link, pairing, tally, lengths, standing })
  await until('the trunk is online', () => link.up() && link.snapshot().trunks.some(({ online }) => online))
  const seats = await startSeats(started.sipPort)
  await until('the seat is online', () => link.snapshot().seats.some(({ online }) => online))
  return {
    started,
    farEnds,
    house,
    pairing,
    counts: async () => {
      const { value } = await ask<{ value: string }>(started.ariUrl, 'asterisk/variable?variable=COUNTS')
      return JSON.parse(value) as Counts
    },
    look: async () => {
      const { all, udp } = descriptors(started.pid)
      return { ...(await innardsOf(inspector)), descriptors: all, udpSockets: udp }
    },
    stop: async () => {
      await link.close()
      seats.kill('SIGKILL')
      await Promise.all([farEnds.stop(), started.stop()])
    },
  }
}
