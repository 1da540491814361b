/* What is looked after again and again: recordings to settle, space on the disk, wallboards to send. */
import { statfs } from 'node:fs/promises'
import { sweepCallRecords } from './calls/call-records.ts'
import { isOutsideFull } from './calls/outside.ts'
import { inHotline, type Database, type Tx } from './db/database.ts'
import { allHotlines } from './db/hotlines.ts'
import { helpRound } from './help/help.ts'
import type { Live } from './http/live.ts'
import { proposeClusters } from './incidents/clusters.ts'
import type { TrunkState } from './lines/devices.ts'
import { answersOf } from './records/answers.ts'
import type { Keys } from './records/keys.ts'
import { settleRecordings, type Places } from './records/records.ts'
import { finishDisposals } from './retention/disposals.ts'
import { endForsaken } from './roster/roster.ts'
import { watchBoards } from './supervision/board-watch.ts'
import { readBoardNow } from './supervision/supervision.ts'
import { findPoorTrunks, findTrunkNames, noteTroubles, type Trouble } from './supervision/troubles.ts'
import { makeCheckpoint, type Signing } from './verify/verify.ts'
import { freeForsaken, tellDropped } from './tasks/dropped.ts'

const everyMs = 2000
/** Clusters change slowly, and reading ten weeks of answers is not free; checkpoints of the audit chain as often. */
const hourlyMs = 3_600_000
const lowBytes = 2 * 1024 ** 3
const fullBytes = 200 * 1024 ** 2

type DiskState = 'disk-full' | 'disk-low' | null

/** How the data folder's disk stands; `full` means that recordings and records can no longer be kept. */
async function diskState(folder: string): Promise<DiskState> {
  const { bavail, bsize } = await statfs(folder)
  const free = bavail * bsize
  if (free < fullBytes) return 'disk-full'
  return free < lowBytes ? 'disk-low' : null
}

/** What the rounds go by. */
export interface RoundsDeps {
  db: Database
  /** Open what clusters are made of. */
  keys: Keys
  live: Pick<Live, 'publish' | 'publishHere' | 'watchedBy'>
  dataFolder: string
  /** Where recordings lie. */
  places: Places
  now: () => Date
  failed: (error: unknown) => void
  /** Recorder and trunks; without it nothing is said of them. */
  around?: Around
  /** The keys that checkpoints of the audit chain are signed with; without them none are made. */
  signing?: Signing
  /** How the disk stands; a test says otherwise. */
  disk?: (folder: string) => Promise<DiskState>
}

/** Starts the rounds; `poke` says that a board may have changed. */
export function startRounds(deps: RoundsDeps): { poke: () => void; stop: () => Promise<void> } {
  const { db, now, dataFolder, places } = deps
  const boards = watchBoards({
    hotlines: async () => deps.live.watchedBy('board.see'),
    read: (hotlineId) => inHotline(db, hotlineId, (tx) => readBoardNow(tx, hotlineId, now())),
    publish: (hotlineId, event) => deps.live.publishHere(hotlineId, { right: 'board.see' }, event),
    failed: deps.failed,
  })
  let underway: Promise<void> = Promise.resolve()
  let busy = false
  let hourlyAt = 0
  const timer = setInterval(() => {
    if (busy) return
    busy = true
    underway = (deps.disk ?? diskState)(dataFolder)
      .then(async (disk) => goRound(deps, disk, (await deps.around?.recorderAway()) ?? 'unknown'))
      .then(() => helpRound(db, deps.live, now()))
      .then(async () => {
        if (now().getTime() - hourlyAt < hourlyMs) return
        hourlyAt = now().getTime()
        await lookForClusters(deps, now())
        for (const each of await allHotlines(db)) await finishDisposals(db, each, places, now())
        await sweepCallRecords(dataFolder, now())
        for (const each of await allHotlines(db)) await endForsakenDuties(db, each, now())
        if (deps.signing)
          for (const each of await allHotlines(db)) await makeCheckpoint(db, deps.signing, each, now())
      })
      .catch(deps.failed)
      .finally(() => (busy = false))
  }, everyMs)
  return {
    poke: boards.poke,
    async stop() {
      clearInterval(timer)
      boards.stop()
      await underway
    },
  }
}

/** Ends duties whose page never came back; who controls the switchboard is told. */
async function endForsakenDuties(db: Database, hotlineId: string, now: Date): Promise<void> {
  const ended = await inHotline(db, hotlineId, (tx) => endForsaken(tx, hotlineId, now.getTime()))
  if (ended > 0) await db.notify('hearthline_seats', hotlineId)
}

/** What may be wrong outside the database; `unknown` leaves what the board says. */
export interface Around {
  /** The store that recordings are moved to. */
  storeAway: () => boolean
  recorderAway: () => Promise<boolean | 'unknown'>
  trunkState: (name: string) => TrunkState
}

async function goRound(deps: RoundsDeps, disk: DiskState, recorder: boolean | 'unknown'): Promise<void> {
  const { db, places } = deps
  const now = deps.now()
  for (const hotlineId of await allHotlines(db)) {
    const forsaken = await inHotline(db, hotlineId, async (tx) => {
      await noteTroubles(tx, hotlineId, ['disk-full', 'disk-low'], disk ? [{ kind: disk }] : [], now)
      await noteAround(tx, hotlineId, recorder, deps.around, now)
      await noteTrunks(tx, hotlineId, deps.around, now)
      const full = await isOutsideFull(tx, hotlineId, now)
      await noteTroubles(tx, hotlineId, ['outbound-limit'], full ? [{ kind: 'outbound-limit' }] : [], now)
      await settleRecordings(tx, places, hotlineId, now)
      return freeForsaken(tx, hotlineId, now)
    })
    for (const taskId of forsaken) await tellDropped(db, deps.live, hotlineId, taskId)
  }
}

async function noteAround(
  tx: Tx,
  hotlineId: string,
  recorder: boolean | 'unknown',
  around: Around | undefined,
  now: Date,
): Promise<void> {
  const note = (kind: 'recorder-away' | 'store-away', is: boolean): Promise<void> =>
    noteTroubles(tx, hotlineId, [kind], is ? [{ kind }] : [], now)
  if (recorder !== 'unknown') await note('recorder-away', recorder)
  if (around) await note('store-away', around.storeAway())
}

/** Which trunks are gone, refuse calls or sound bad (G24-3.2.2b); what this process cannot know of them is left as it is. */
async function noteTrunks(tx: Tx, hotlineId: string, around: Around | undefined, now: Date): Promise<void> {
  const names = await findTrunkNames(tx, hotlineId)
  const poor = await findPoorTrunks(tx, hotlineId, now)
  await noteTroubles(
    tx,
    hotlineId,
    ['trunk-poor'],
    poor.map((trunk): Trouble => ({ kind: 'trunk-poor', trunk })),
    now,
  )
  const states = names.map((trunk) => ({ trunk, state: around?.trunkState(trunk) ?? 'unknown' }))
  if (states.some(({ state }) => state === 'unknown')) return
  const present = states.flatMap(({ trunk, state }): Trouble[] =>
    state === 'down' || state === 'refusing' ? [{ kind: `trunk-${state}`, trunk }] : [],
  )
  await noteTroubles(tx, hotlineId, ['trunk-down', 'trunk-refusing'], present, now)
}

async function lookForClusters({ db, live, keys }: RoundsDeps, now: Date): Promise<void> {
  for (const hotlineId of await allHotlines(db))
    if (
      await inHotline(db, hotlineId, (tx) => proposeClusters(tx, hotlineId, now, answersOf(keys, hotlineId)))
    )
      live.publish(hotlineId, { right: 'incident.work' }, { type: 'changed', what: 'incidents' })
}
