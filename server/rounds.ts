/* What is looked after again and again: recordings to settle, space on the disk, wallboards to send. */
import { statfs } from 'node:fs/promises'
import { inHotline, type Database, type Tx } from './db/database.ts'
import { allHotlines } from './db/hotlines.ts'
import { newId } from './db/id.ts'
import type { Live } from './http/live.ts'
import { proposeClusters } from './incidents/clusters.ts'
import { settleRecordings } from './records/records.ts'
import { watchBoards } from './supervision/board-watch.ts'
import { readBoardNow } from './supervision/supervision.ts'

const everyMs = 2000
/** Clusters change slowly, and reading ten weeks of answers is not free. */
const clustersEveryMs = 3_600_000
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

/** Starts the rounds; `poke` says that a board may have changed. */
export function startRounds(deps: {
  db: Database
  live: Pick<Live, 'publish'>
  dataFolder: string
  now: () => Date
  failed: (error: unknown) => void
  /** How the disk stands; a test says otherwise. */
  disk?: (folder: string) => Promise<DiskState>
}): { poke: () => void; stop: () => Promise<void> } {
  const { db, now, dataFolder } = deps
  const boards = watchBoards({
    hotlines: () => allHotlines(db),
    read: (hotlineId) => inHotline(db, hotlineId, (tx) => readBoardNow(tx, hotlineId, now())),
    publish: (hotlineId, event) => deps.live.publish(hotlineId, { right: 'board.see' }, event),
    failed: deps.failed,
  })
  let underway: Promise<void> = Promise.resolve()
  let busy = false
  let clustersAt = 0
  const timer = setInterval(() => {
    if (busy) return
    busy = true
    underway = (deps.disk ?? diskState)(dataFolder)
      .then((disk) => goRound(db, dataFolder, disk, now()))
      .then(async () => {
        if (now().getTime() - clustersAt < clustersEveryMs) return
        clustersAt = now().getTime()
        await lookForClusters(db, deps.live, now())
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

async function goRound(db: Database, dataFolder: string, disk: DiskState, now: Date): Promise<void> {
  for (const hotlineId of await allHotlines(db))
    await inHotline(db, hotlineId, async (tx) => {
      await noteDisk(tx, hotlineId, disk, now)
      await settleRecordings(tx, dataFolder, hotlineId, now)
    })
}

async function lookForClusters(db: Database, live: Pick<Live, 'publish'>, now: Date): Promise<void> {
  for (const hotlineId of await allHotlines(db))
    if (await inHotline(db, hotlineId, (tx) => proposeClusters(tx, hotlineId, now)))
      live.publish(hotlineId, { right: 'incident.work' }, { type: 'changed', what: 'incidents' })
}

/** The board says that the disk is low or full as long as it is. */
async function noteDisk(tx: Tx, hotlineId: string, disk: string | null, now: Date): Promise<void> {
  const open = await tx
    .selectFrom('notice')
    .select(['notice_id', 'kind'])
    .where('kind', 'in', ['disk-full', 'disk-low'])
    .where('ended_at', 'is', null)
    .execute()
  const over = open.filter((one) => one.kind !== disk).map((one) => one.notice_id)
  if (over.length > 0)
    await tx.updateTable('notice').set({ ended_at: now }).where('notice_id', 'in', over).execute()
  if (disk !== null && !open.some((one) => one.kind === disk))
    await tx
      .insertInto('notice')
      .values({ notice_id: newId(), hotline_id: hotlineId, kind: disk, at: now })
      .execute()
}
