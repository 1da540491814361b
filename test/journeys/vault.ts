/** What lies on the disk of a running product: its recordings opened with the hotline's own keys, and every file searched for a tone. */
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join, relative } from 'node:path'
import { openDatabase } from '../../server/db/database.ts'
import { keysOfDatabase } from '../../server/records/data-keys.ts'
import { openRecording } from '../../server/records/recording.ts'
import { placesOf } from '../../server/records/records.ts'
import { levelOf } from '../../switchboard/media/tone.ts'
import type { Product } from '../product.ts'
import { databaseOf } from './innards.ts'

const filesBelow = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => join(folder, name))
    .filter((path) => statSync(path, { throwIfNoEntry: false })?.isFile() === true)

/** The files of a recording, wherever they lie. */
export const filesOfRecording = (product: Product, recordingId: string): string[] =>
  filesBelow(join(product.data, 'recordings')).filter((path) => path.includes(recordingId))

/** A recording as whoever holds all the keys could hear it: per side the highest level of a tone in a tenth of a second. */
export interface Opened {
  seconds: number
  peak(hz: number): number
}

/** Opens sound files with the hotline's own identity, past every rule of the product. */
export const openWithKeys = async (product: Product, hotlineId: string, files: string[]): Promise<Opened> => {
  const db = openDatabase({ url: databaseOf(product), connections: 1 })
  try {
    const keys = await keysOfDatabase(db, product.data, 'aes-256-gcm')
    const sounds = files.filter((path) => /\.age(\.part)?$/.test(path))
    const names = sounds.map((path) => relative(join(product.data, 'recordings'), path))
    const { folder } = placesOf(product.data)
    const recording = await openRecording(folder, names, keys.recordingIdentity(hotlineId))
    const blocks: Buffer[] = []
    for await (const block of recording.read()) blocks.push(block as Buffer)
    await recording.close()
    const wav = Buffer.concat(blocks)
    const samples = Array.from({ length: (wav.length - 44) / 4 }, (_, at) => wav.readInt16LE(44 + at * 4))
    return { seconds: samples.length / 8000, peak: (hz) => peakOf(samples, hz) }
  } finally {
    await db.close()
  }
}

const peakOf = (samples: readonly number[], hz: number): number => {
  let peak = 0
  for (let at = 0; at + 800 <= samples.length; at += 800)
    peak = Math.max(peak, levelOf(samples.slice(at, at + 800), hz))
  return peak
}

// ITU-T G.711, table 2a.
const fromUlaw = (byte: number): number => {
  const code = ~byte & 0xff
  const magnitude = (((code & 0x0f) << 3) + 0x84) << ((code & 0x70) >> 4)
  return code & 0x80 ? 0x84 - magnitude : magnitude - 0x84
}

/** Files of the data folder, but for the database's own, in which a tone lies open, as µ-law or as 16-bit sound. */
export const filesWithTone = (product: Product, hz: number): string[] =>
  filesBelow(product.data).filter((path) => {
    if (/^(pg|cache)\//.test(path.slice(product.data.length + 1))) return false
    const bytes = readFileSync(path)
    const wide = Array.from({ length: Math.floor(bytes.length / 2) }, (_, at) => bytes.readInt16LE(at * 2))
    return peakOf([...bytes].map(fromUlaw), hz) > 6000 || peakOf(wide, hz) > 6000
  })
