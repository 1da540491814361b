/* Recordings on the record: what became of each stream, and its sound for those who may hear it (G24-6.2.2a). */
import type { Readable } from 'node:stream'
import { readFile } from 'node:fs/promises'
import { Problem } from '../../domain/problem.ts'
import type { Tx } from '../db/database.ts'
import type { Place, Places } from './place.ts'
import {
  findRecording,
  isAway,
  listRecording,
  openRecording,
  pieceDigest,
  readSummary,
  type RecordingFiles,
} from './recording.ts'
import { findEnded, findRow, lockFiles, settle } from './queries.ts'

export { placesOf, type Places } from './place.ts'
export { openPlaces } from './store.ts'
export { startMoving } from './moving.ts'

/** Where the sound lies and how it is opened. */
export interface Vault {
  places: Places
  /** The private half of a hotline's recording key. */
  identityOf: (hotlineId: string) => string
}

/** A stretch of a recording's WAV. */
export interface Sound {
  contactId: string
  bytes: number
  start: number
  /** Exclusive. */
  end: number
  stream: Readable
}

/** A recording as its row tells of it. */
interface Recorded {
  recordingId: string
  startedAt: Date
  endedAt: Date | null
  /** When all of it was found in the store; null: it is in the recorder's folder. */
  storedAt: Date | null
}

/** The place to read a recording from; `recording.away` when it is in a store that is not set up here. */
function placeToRead({ folder, store }: Places, storedAt: Date | null): Place {
  if (storedAt === null) return folder
  if (!store) throw new Problem('recording.away')
  return store
}

/** What an HTTP Range asks for of `bytes` (RFC 9110 §14.1.2, one range); null when it cannot be given. */
export function wantedRange(
  header: string | undefined,
  bytes: number,
): { start: number; end: number } | null {
  if (header === undefined) return { start: 0, end: bytes }
  const match = /^bytes=(\d*)-(\d*)$/.exec(header.trim())
  if (!match || (match[1] === '' && match[2] === '')) return null
  const last = match[2] === '' ? bytes - 1 : Number(match[2])
  const start = match[1] === '' ? Math.max(0, bytes - last) : Number(match[1])
  const end = match[1] === '' ? bytes : Math.min(bytes, last + 1)
  return start < end ? { start, end } : null
}

/**
 * Opens a stretch of a recording's sound; `recording.notFound` when it is not there (or another hotline's), while it runs,
 * or when the range lies outside; `recording.sealed` once consent was taken back; `recording.away` when its store is. The
 * stream closes the files behind it.
 */
export async function soundOf(
  tx: Tx,
  vault: Vault,
  hotlineId: string,
  recordingId: string,
  range: string | undefined,
): Promise<Sound> {
  const row = await findRow(tx, recordingId)
  if (!row || (row.state !== 'kept' && row.state !== 'truncated')) throw new Problem('recording.notFound')
  if (row.sealed_at) throw new Problem('recording.sealed')
  const place = placeToRead(vault.places, row.stored_at)
  const ended = row.ended_at ?? undefined
  const files = await findRecording(place, hotlineId, recordingId, row.started_at, ended)
  const opened = await openRecording(place, files.sound, vault.identityOf(hotlineId))
  const wanted = wantedRange(range, opened.bytes)
  if (!wanted) {
    await opened.close()
    throw new Problem('recording.notFound')
  }
  const stream = opened.read(wanted.start, wanted.end)
  stream.once('close', () => void opened.close())
  return { contactId: row.contact_id, bytes: opened.bytes, ...wanted, stream }
}

/** A recorder that has said nothing this long after the talk ended will not say anything any more. */
const patienceMs = 15_000

interface Settled {
  state: 'kept' | 'truncated' | 'lost'
  durationMs: number | null
  digests: Record<string, string>
}

/** What became of a recording by its files: all clean is kept, some sound is truncated, none is lost; null: wait. */
async function judge(places: Places, files: RecordingFiles, patient: boolean): Promise<Settled | null> {
  const summaries = await Promise.all(
    files.summaries.map(async (name) => readSummary(await readFile(places.pathOf(name), 'utf8'))),
  )
  const complete = files.summaries.length > 0 && files.sound.length === files.summaries.length
  if (!complete && patient) return null
  if (files.sound.length === 0) return { state: 'lost', durationMs: null, digests: {} }
  const clean = complete && summaries.every((one) => one.clean)
  const starts = summaries.map((one) => Date.parse(one.startedAt))
  const ends = summaries.map((one) => Date.parse(one.startedAt) + one.samples / 8)
  const digests = Object.fromEntries(summaries.map((one) => [`${one.side}.${one.segment}`, one.sha256]))
  const durationMs = starts.length > 0 ? Math.round(Math.max(...ends) - Math.min(...starts)) : null
  return { state: clean ? 'kept' : 'truncated', durationMs, digests }
}

/** Settles recordings whose talk is over: length and hashes from the recorder's summaries. Returns how many. */
export async function settleRecordings(
  tx: Tx,
  places: Places,
  hotlineId: string,
  now: Date,
): Promise<number> {
  let settled = 0
  for (const row of await findEnded(tx, hotlineId)) {
    const files = await findRecording(places.folder, hotlineId, row.recording_id, row.started_at, row.over_at)
    const result = await judge(places, files, now.getTime() - row.over_at.getTime() < patienceMs)
    if (!result) continue
    await settle(tx, row.recording_id, row.over_at, result.state, result.durationMs, result.digests)
    settled += 1
  }
  return settled
}

/**
 * The SHA-256 of each piece of a recording as it lies in the vault now, by `side.segment` like the record's own digests;
 * null when a part of it cannot be opened. A file of which not even the head opens has the empty name. Throws Problem
 * `recording.away` when its store cannot be reached.
 */
export async function findRecordedSound(
  vault: { places: Places; identity: string },
  hotlineId: string,
  given: Recorded,
): Promise<Map<string, string | null>> {
  const { recordingId, startedAt, endedAt, storedAt } = given
  const place = placeToRead(vault.places, storedAt)
  const files = await findRecording(place, hotlineId, recordingId, startedAt, endedAt ?? undefined)
  const found = new Map<string, string | null>()
  for (const name of files.sound) {
    const piece = await pieceDigest(place, name, vault.identity)
    if (piece) found.set(piece.name, piece.sha256)
  }
  return found
}

/**
 * Destroys a recording's files wherever they may be; done already is success. False when another round must come for it:
 * it is just being moved, or it may be in a store that cannot be reached.
 */
export async function destroySound(
  tx: Tx,
  { folder, store }: Places,
  hotlineId: string,
  given: Recorded,
): Promise<boolean> {
  const { recordingId, startedAt, endedAt, storedAt } = given
  if (!(await lockFiles(tx, recordingId)) || (storedAt && !store)) return false
  try {
    for (const place of store ? [folder, store] : [folder])
      for (const name of await listRecording(place, hotlineId, recordingId, startedAt, endedAt ?? undefined))
        await place.remove(name)
    return true
  } catch (error) {
    if (isAway(error)) return false
    throw error
  }
}
