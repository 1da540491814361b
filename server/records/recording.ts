import { createHash } from 'node:crypto'
import { mkdir, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { generateX25519Identity, identityToRecipient } from 'age-encryption'
import { z } from 'zod'
import { Problem } from '../../domain/problem.ts'
import { openAgeFile, type AgeFile } from './age-file.ts'
import type { Place } from './place.ts'

const rate = 8000
const wavHeaderBytes = 44
const frameBytes = 4
const blockSamples = rate
const longestAbout = 4096

const about = z.object({
  v: z.literal(1),
  recording: z.string(),
  side: z.enum(['caller', 'seat']),
  segment: z.number(),
  startedAt: z.iso.datetime(),
  format: z.literal('ulaw'),
  rate: z.literal(rate),
})
type About = z.infer<typeof about>

const summary = z.object({
  recording: z.string(),
  side: z.enum(['caller', 'seat']),
  segment: z.number(),
  samples: z.number(),
  sha256: z.string(),
  startedAt: z.iso.datetime(),
  endedAt: z.iso.datetime(),
  clean: z.boolean(),
})

/** What the recorder says beside a file that ended properly; `sha256` is of the plain µ-law sound. */
export type RecordingSummary = z.infer<typeof summary>

/** A hotline's keys: the recipient is public and goes to the recorder, the identity reads and is kept apart. */
export async function makeRecordingKeys(): Promise<{ identity: string; recipient: string }> {
  const identity = await generateX25519Identity()
  return { identity, recipient: await identityToRecipient(identity) }
}

/** Puts the public key where the recorder looks for it; until then it refuses the hotline's streams. */
export async function publishRecordingKey(data: string, hotline: string, recipient: string): Promise<void> {
  const folder = join(data, 'keys')
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const path = join(folder, `${hotline}.recording.pub`)
  await writeFile(`${path}.new`, `${recipient}\n`, { mode: 0o644 })
  await rename(`${path}.new`, path)
}

/** A recording's files by name: sound (`.age`, or `.age.part` when the recorder was killed) and the summaries beside it. */
export interface RecordingFiles {
  sound: string[]
  summaries: string[]
}

/** The names of all files of a recording, in the months (UTC) between its start and end. */
export async function listRecording(
  place: Place,
  hotline: string,
  recording: string,
  startedAt: Date,
  endedAt: Date = new Date(),
): Promise<string[]> {
  const folders = monthsBetween(startedAt, endedAt).map(([year, month]) => `${hotline}/${year}/${month}`)
  return (await Promise.all(folders.map((folder) => place.list(`${folder}/${recording}.`)))).flat()
}

/** Finds a recording's sound and summaries, as {@link listRecording} does; both lists are empty when there are none. */
export async function findRecording(...where: Parameters<typeof listRecording>): Promise<RecordingFiles> {
  const names = await listRecording(...where)
  return {
    // A piece that was moved while its recorder still lived is there under both names; the finished one counts.
    sound: names.filter(
      (name) => name.endsWith('.age') || (name.endsWith('.age.part') && !names.includes(name.slice(0, -5))),
    ),
    summaries: names.filter((name) => name.endsWith('.json')),
  }
}

function monthsBetween(from: Date, to: Date): [string, string][] {
  const months: [string, string][] = []
  const first = from.getUTCFullYear() * 12 + from.getUTCMonth()
  const last = Math.max(first, to.getUTCFullYear() * 12 + to.getUTCMonth())
  for (let at = first; at <= last; at += 1) {
    months.push([String(Math.floor(at / 12)), String((at % 12) + 1).padStart(2, '0')])
  }
  return months
}

/** Reads a summary's text; throws Problem `recording.unreadable` when it is none. */
export function readSummary(text: string): RecordingSummary {
  const parsed = summary.safeParse(parseJson(text))
  if (!parsed.success) throw new Problem('recording.unreadable')
  return parsed.data
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

/** A recording laid out as stereo WAV, 8 kHz 16 bit: left is the caller, right the counsellor. */
export interface OpenRecording {
  /** Length of the whole WAV in bytes. */
  bytes: number
  durationMs: number
  startedAt: Date
  /** Sound is missing at an end because the recorder was killed or a file was cut. */
  truncated: boolean
  /** The WAV from byte `start` up to `end` (exclusive), the whole of it by default. Fails with `recording.unreadable`. */
  read(start?: number, end?: number): Readable
  close(): Promise<void>
}

/** One file laid on the time line; all in samples. */
interface Piece {
  file: AgeFile
  about: About
  /** Bytes before the sound. */
  skip: number
  from: number
  to: number
}

/**
 * Opens the files of one recording, in any order. Throws Problem `recording.notFound` when nothing can be heard,
 * `recording.unreadable` when the key does not fit or a file is not ours, `recording.away` when its place is.
 */
export async function openRecording(place: Place, names: string[], identity: string): Promise<OpenRecording> {
  const opened = await Promise.allSettled(names.map((name) => openPiece(place, name, identity)))
  const pieces = opened.flatMap((one) => (one.status === 'fulfilled' && one.value ? [one.value] : []))
  const broken = names.length - pieces.length
  const failed = opened.find((one) => one.status === 'rejected')
  if (failed) {
    await closeAll(pieces)
    throw unreadable(failed.reason)
  }
  if (pieces.length === 0) throw new Problem('recording.notFound')
  const startedAt = layOut(pieces)
  const samples = Math.max(...pieces.map((piece) => piece.to))
  const bytes = wavHeaderBytes + samples * frameBytes
  return {
    bytes,
    durationMs: (samples / rate) * 1000,
    startedAt,
    truncated: broken > 0 || pieces.some((piece) => piece.file.truncated),
    read: (start = 0, end = bytes) => Readable.from(wav(pieces, samples, start, Math.min(end, bytes))),
    close: () => closeAll(pieces),
  }
}

/**
 * The name (`side.segment`) of a file's piece and the SHA-256 of its plain sound, to be compared with its summary; `sha256`
 * is null when a part of it cannot be opened, `name` empty when not even its head can. Null when there is no sound in it. Throws
 * Problem `recording.away`.
 */
export async function pieceDigest(
  place: Place,
  file: string,
  identity: string,
): Promise<{ name: string; sha256: string | null } | null> {
  const piece = await openPiece(place, file, identity).catch((error: unknown) => {
    if (isAway(error)) throw error
    return 'unreadable' as const
  })
  if (piece === 'unreadable') return { name: '', sha256: null }
  if (!piece) return null
  const name = `${piece.about.side}.${piece.about.segment}`
  const digest = createHash('sha256')
  try {
    for (let at = 0; at < piece.to; at += blockSamples) {
      digest.update(await soundOf(piece, at, Math.min(piece.to, at + blockSamples)))
    }
    return { name, sha256: digest.digest('hex') }
  } catch (error) {
    if (isAway(error)) throw error
    return { name, sha256: null }
  } finally {
    await piece.file.close()
  }
}

async function closeAll(pieces: Piece[]): Promise<void> {
  await Promise.all(pieces.map((piece) => piece.file.close()))
}

/** Whether something failed because a place cannot be reached. */
export const isAway = (error: unknown): boolean => error instanceof Problem && error.code === 'recording.away'

/** Why sound cannot be had: its place is away, or it is not what it should be. */
const unreadable = (error: unknown): Problem =>
  error instanceof Problem ? error : new Problem('recording.unreadable')

async function openPiece(place: Place, name: string, identity: string): Promise<Piece | null> {
  const file = await openAgeFile(await place.open(name), identity)
  if (!file) return null
  try {
    const start = await file.read(0, longestAbout)
    const line = start.indexOf('\n')
    if (line < 0 && file.truncated) {
      await file.close()
      return null
    }
    const read = about.parse(JSON.parse(start.toString('utf8', 0, line)))
    return { file, about: read, skip: line + 1, from: 0, to: file.size - line - 1 }
  } catch (error) {
    await file.close()
    throw error
  }
}

/** Puts each piece where its clock says, never over an earlier one of its side. */
function layOut(pieces: Piece[]): Date {
  pieces.sort((a, b) => Date.parse(a.about.startedAt) - Date.parse(b.about.startedAt))
  const zero = Date.parse(pieces[0]?.about.startedAt ?? '')
  const ends = { caller: 0, seat: 0 }
  for (const piece of pieces) {
    const length = piece.to
    const meant = Math.round(((Date.parse(piece.about.startedAt) - zero) * rate) / 1000)
    piece.from = Math.max(meant, ends[piece.about.side])
    piece.to = piece.from + length
    ends[piece.about.side] = piece.to
  }
  return new Date(zero)
}

async function* wav(pieces: Piece[], samples: number, start: number, end: number): AsyncGenerator<Buffer> {
  if (start < wavHeaderBytes) yield wavHeader(samples).subarray(start, end)
  const first = Math.max(0, Math.floor((start - wavHeaderBytes) / frameBytes))
  for (let at = first; wavHeaderBytes + at * frameBytes < end; at += blockSamples) {
    const block = await stereo(pieces, at, Math.min(samples, at + blockSamples))
    const offset = wavHeaderBytes + at * frameBytes
    yield block.subarray(Math.max(0, start - offset), Math.max(0, end - offset))
  }
}

async function stereo(pieces: Piece[], from: number, to: number): Promise<Buffer> {
  // Little-endian like WAV, as are all machines that this runs on.
  const block = new Int16Array((to - from) * 2)
  const heard = pieces.filter((piece) => piece.to > from && piece.from < to)
  const lay = async (piece: Piece): Promise<void> => {
    const start = Math.max(from, piece.from)
    const sound = await soundOf(piece, start - piece.from, Math.min(to, piece.to) - piece.from)
    let at = (start - from) * 2 + (piece.about.side === 'caller' ? 0 : 1)
    // Every sample of every playback comes through here: no iterator, no copy.
    for (let index = 0; index < sound.length; index += 1) {
      block[at] = linear[sound[index] ?? 0] ?? 0
      at += 2
    }
  }
  await Promise.all(heard.map(lay))
  return Buffer.from(block.buffer)
}

async function soundOf(piece: Piece, from: number, to: number): Promise<Buffer> {
  try {
    return await piece.file.read(piece.skip + from, piece.skip + to)
  } catch (error) {
    throw unreadable(error)
  }
}

function wavHeader(samples: number): Buffer {
  const header = Buffer.alloc(wavHeaderBytes)
  const dataBytes = samples * frameBytes
  header.write('RIFF', 0, 'latin1')
  header.writeUInt32LE(36 + dataBytes, 4)
  header.write('WAVEfmt ', 8, 'latin1')
  header.writeUInt32LE(16, 16)
  header.writeUInt16LE(1, 20)
  header.writeUInt16LE(2, 22)
  header.writeUInt32LE(rate, 24)
  header.writeUInt32LE(rate * frameBytes, 28)
  header.writeUInt16LE(frameBytes, 32)
  header.writeUInt16LE(16, 34)
  header.write('data', 36, 'latin1')
  header.writeUInt32LE(dataBytes, 40)
  return header
}

// ITU-T G.711 table 2a: sign, three bits of segment, four of step, all inverted on the line.
const linear = Int16Array.from({ length: 256 }, (_, byte) => {
  const code = ~byte & 0xff
  const magnitude = (((code & 0x0f) << 3) + 0x84) << ((code & 0x70) >> 4)
  return code & 0x80 ? 0x84 - magnitude : magnitude - 0x84
})
