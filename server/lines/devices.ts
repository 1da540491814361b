/* Hands changed seats and trunks to whichever server process controls the switchboard. */
import type { z } from 'zod'
import type { trunk } from '../../api/administration.ts'
import { SwitchboardError } from '../../telephony/switchboard-error.ts'
import type { SeatSpec, Switchboard, TrunkSpec } from '../../telephony/switchboard.ts'
import { inHotline, type Database } from '../db/database.ts'
import { allHotlines } from '../db/hotlines.ts'
import type { Keys } from '../records/keys.ts'
import { seatSpecs } from './seats.ts'
import { trunkSpecs } from './trunks.ts'

/** What routes tell of seats and trunks once a change of them is written. */
export interface Devices {
  seatChanged(hotlineId: string, sipUser: string): Promise<void>
  trunkChanged(hotlineId: string, name: string): Promise<void>
  /** Whether a device is registered under the SIP user name, as far as this process knows. */
  online(sipUser: string): boolean
  /** Whether a trunk can be reached, as the switchboard told this process; `unknown` before it has. */
  trunkState(name: string): TrunkState
}

/** How a trunk stands; `refusing`: it answers, and did not take the latest calls. */
export type TrunkState = z.infer<typeof trunk>['state']

const channel = 'hearthline_devices'

type Place = Pick<Switchboard, 'putSeat' | 'dropSeat' | 'putTrunk' | 'dropTrunk'>

/** Starts passing changes on; `switchboard` is null in a process that does not control it. */
export function startDevices(deps: {
  db: Database
  keys: Keys
  switchboard: () => Place | null
  online: (sipUser: string) => boolean
  /** What the switchboard said of a trunk; undefined when it has not. */
  trunkOnline: (name: string) => boolean | undefined
  trunkRefuses: (name: string) => boolean
  log: (message: string, fields?: Record<string, string>) => void
}): Devices & { stop: () => void } {
  const { db, keys } = deps
  const stop = db.listen(channel, (payload) => {
    const [kind, hotlineId = '', name = ''] = payload.split(' ')
    const place = deps.switchboard()
    if (!place) return
    const work =
      kind === 'seat'
        ? giveSeat(db, keys, place, hotlineId, name)
        : giveTrunk(db, keys, place, hotlineId, name)
    work.catch((error: unknown) => {
      // What the switchboard did not take now it is given again when its link returns.
      const code = error instanceof SwitchboardError ? error.code : 'unknown'
      deps.log('the switchboard did not take a change of devices', { code })
    })
  })
  return {
    seatChanged: (hotlineId, sipUser) => db.notify(channel, `seat ${hotlineId} ${sipUser}`),
    trunkChanged: (hotlineId, name) => db.notify(channel, `trunk ${hotlineId} ${name}`),
    online: deps.online,
    trunkState(name) {
      const online = deps.trunkOnline(name)
      if (online === undefined) return 'unknown'
      if (!online) return 'down'
      return deps.trunkRefuses(name) ? 'refusing' : 'up'
    },
    stop,
  }
}

async function giveSeat(
  db: Database,
  keys: Keys,
  place: Place,
  hotlineId: string,
  sipUser: string,
): Promise<void> {
  const specs = await inHotline(db, hotlineId, (tx) => seatSpecs(tx, keys, hotlineId))
  const spec = specs.find((one) => one.seat === sipUser)
  await (spec ? place.putSeat(spec) : place.dropSeat(sipUser))
}

async function giveTrunk(
  db: Database,
  keys: Keys,
  place: Place,
  hotlineId: string,
  name: string,
): Promise<void> {
  const specs = await inHotline(db, hotlineId, (tx) => trunkSpecs(tx, keys, hotlineId))
  const spec = specs.find((one) => one.trunk === name)
  await (spec ? place.putTrunk(spec) : place.dropTrunk(name))
}

/** Every seat and trunk of every hotline, for a link that begins. */
export async function allDevices(
  db: Database,
  keys: Keys,
): Promise<{ seats: SeatSpec[]; trunks: TrunkSpec[] }> {
  const found: { seats: SeatSpec[]; trunks: TrunkSpec[] } = { seats: [], trunks: [] }
  for (const hotlineId of await allHotlines(db))
    await inHotline(db, hotlineId, async (tx) => {
      found.seats.push(...(await seatSpecs(tx, keys, hotlineId)))
      found.trunks.push(...(await trunkSpecs(tx, keys, hotlineId)))
    })
  return found
}
