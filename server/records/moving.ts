/* Moves settled recordings from the recorder's folder into the store, and goes on wherever it was broken off. */
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { Problem } from '../../domain/problem.ts'
import { inHotline, type Database } from '../db/database.ts'
import { allHotlines } from '../db/hotlines.ts'
import type { FileMark, Places, Store } from './place.ts'
import { findMovable, isStillKept, lockFiles, saveMoved, type MovableRow } from './queries.ts'
import { isAway, listRecording } from './recording.ts'

/** Who found a recording in the folder may read it there for so long after it was moved. */
const lingersMs = 3_600_000
/** A recorder that was said to be dead may end a file as long as this after the talk. */
const cutWaitsMs = 3_600_000
const pageLength = 50
const noRecording = '00000000-0000-0000-0000-000000000000'

/** What moving goes by. */
export interface Moving {
  db: Database
  places: Places & { store: Store }
  now: () => Date
  /** Broken off: what is on its way is given up and done anew another time. */
  signal: AbortSignal
}

/** Moves what is due of every hotline; gives how many steps were taken. Throws Problem `recording.away`. */
export async function moveRecordings(moving: Moving): Promise<number> {
  let steps = 0
  for (const hotlineId of await allHotlines(moving.db)) {
    let after = noRecording
    for (;;) {
      const now = moving.now().getTime()
      const page = await inHotline(moving.db, hotlineId, (tx) =>
        findMovable(tx, hotlineId, {
          after,
          limit: pageLength,
          freeBefore: new Date(now - lingersMs),
          cutBefore: new Date(now - cutWaitsMs),
        }),
      )
      for (const row of page) if (await moveOne(moving, hotlineId, row)) steps += 1
      after = page.at(-1)?.recording_id ?? after
      if (page.length < pageLength) break
    }
  }
  return steps
}

/** Puts all of it into the store and writes that down, or, an hour later, frees the folder; false when it cannot be done now. */
async function moveOne(
  { db, places, now, signal }: Moving,
  hotlineId: string,
  row: MovableRow,
): Promise<boolean> {
  const { recording_id: recordingId, started_at: startedAt, ended_at: endedAt } = row
  return inHotline(db, hotlineId, async (tx) => {
    // A disposal that comes meanwhile waits for the files, so that nothing destroyed is put anywhere after it.
    if (!(await lockFiles(tx, recordingId)) || !(await isStillKept(tx, recordingId))) return false
    const list = (place: Places['folder']): Promise<string[]> =>
      listRecording(place, hotlineId, recordingId, startedAt, endedAt ?? undefined)
    const names = await list(places.folder)
    // Freed already by a server that was killed before it wrote so; or lost, which verify tells.
    if (names.length === 0 && (await list(places.store)).length === 0) return false
    for (const name of names) await bring(places, name, signal)
    if (row.stored_at === null) {
      await saveMoved(tx, recordingId, 'stored', now())
      return true
    }
    for (const name of names) await places.folder.remove(name)
    await saveMoved(tx, recordingId, 'freed', now())
    return true
  })
}

/** Sees to it that the store holds just this file. */
async function bring({ store, pathOf }: Moving['places'], name: string, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted()
  const path = pathOf(name)
  const mark = await markOf(path)
  if (await store.holds(name, mark)) return
  await store.put(name, path, mark, signal)
  if (!(await store.holds(name, mark))) throw new Problem('recording.away', { why: 'not what was sent' })
}

async function markOf(path: string): Promise<FileMark> {
  const digest = createHash('sha256')
  for await (const piece of createReadStream(path)) digest.update(piece as Buffer)
  return { size: (await stat(path)).size, sha256: digest.digest() }
}

const everyMs = 2000
const soonestMs = 5000
const latestMs = 600_000

/** The round that moves recordings, told how the store is. */
export interface MovingRound {
  /** The store could not be reached, or did not keep what it was given, when it was last tried. */
  isAway: () => boolean
  stop: () => Promise<void>
}

/** Starts moving, again and again; while the store is away it is tried ever more rarely, at last every ten minutes. */
export function startMoving(
  deps: Omit<Moving, 'signal'> & { failed: (error: unknown) => void },
): MovingRound {
  const stopping = new AbortController()
  let away = false
  let waitMs = soonestMs
  let nextAt = 0
  let underway: Promise<void> | null = null
  const round = async (): Promise<void> => {
    try {
      await moveRecordings({ ...deps, signal: stopping.signal })
      away = false
      waitMs = soonestMs
    } catch (error) {
      if (stopping.signal.aborted) return
      away = isAway(error)
      waitMs = Math.min(waitMs * 2, latestMs)
      if (!away) deps.failed(error)
    }
    nextAt = Date.now() + waitMs
  }
  const timer = setInterval(() => {
    if (Date.now() < nextAt) return
    underway ??= round().finally(() => (underway = null))
  }, everyMs)
  return {
    isAway: () => away,
    async stop() {
      clearInterval(timer)
      stopping.abort()
      await underway
    },
  }
}
