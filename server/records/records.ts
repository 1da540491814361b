/* Recordings on the record: what became of each stream, and its sound for those who may hear it (G24-6.2.2a). */
import type { Readable } from 'node:stream'
import { open, readFile, unlink } from 'node:fs/promises'
import { Problem } from '../../domain/problem.ts'
import type { Tx } from '../db/database.ts'
import { findRecording, openRecording, pieceDigest, readSummary, type RecordingFiles } from './recording.ts'
import { findEnded, findRow, settle } from './queries.ts'

/** Where the sound lies and how it is opened. */
export interface Vault {
  /** The data folder. */
  data: string
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
 * or when the range lies outside; `recording.sealed` once consent was taken back. The stream closes the files behind it.
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
  const files = await findRecording(
    vault.data,
    hotlineId,
    recordingId,
    row.started_at,
    row.ended_at ?? undefined,
  )
  const opened = await openRecording(files.sound, vault.identityOf(hotlineId))
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
async function judge(files: RecordingFiles, patient: boolean): Promise<Settled | null> {
  const summaries = await Promise.all(
    files.summaries.map(async (path) => readSummary(await readFile(path, 'utf8'))),
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
export async function settleRecordings(tx: Tx, data: string, hotlineId: string, now: Date): Promise<number> {
  let settled = 0
  for (const row of await findEnded(tx, hotlineId)) {
    const files = await findRecording(data, hotlineId, row.recording_id, row.started_at, row.over_at)
    const result = await judge(files, now.getTime() - row.over_at.getTime() < patienceMs)
    if (!result) continue
    await settle(tx, row.recording_id, row.over_at, result.state, result.durationMs, result.digests)
    settled += 1
  }
  return settled
}

/**
 * The SHA-256 of each piece of a recording as it lies in the vault now, by `side.segment` like the record's own digests;
 * null when a part of it cannot be opened. A file of which not even the head opens has the empty name.
 */
export async function findRecordedSound(
  vault: { data: string; identity: string },
  hotlineId: string,
  given: { recordingId: string; startedAt: Date; endedAt: Date | null },
): Promise<Map<string, string | null>> {
  const { recordingId, startedAt, endedAt } = given
  const files = await findRecording(vault.data, hotlineId, recordingId, startedAt, endedAt ?? undefined)
  const found = new Map<string, string | null>()
  for (const path of files.sound) {
    const piece = await pieceDigest(path, vault.identity)
    if (piece) found.set(piece.name, piece.sha256)
  }
  return found
}

/** The head of an age file holds the wrapped key of its sound: without it the rest is noise, wherever blocks of it linger. */
const headBytes = 4096

/** Destroys a recording's files: the head is overwritten and synced, then the file is removed. Done already is success. */
export async function destroySound(
  data: string,
  hotlineId: string,
  given: { recordingId: string; startedAt: Date; endedAt: Date | null },
): Promise<void> {
  const { recordingId, startedAt, endedAt } = given
  const files = await findRecording(data, hotlineId, recordingId, startedAt, endedAt ?? undefined)
  for (const path of [...files.sound, ...files.summaries]) {
    const file = await open(path, 'r+')
    try {
      const { size } = await file.stat()
      await file.write(Buffer.alloc(Math.min(size, headBytes)), 0, undefined, 0)
      await file.sync()
    } finally {
      await file.close()
    }
    await unlink(path)
  }
}
