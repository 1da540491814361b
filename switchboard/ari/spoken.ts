/* Plain sound that staff speak into a phone: in memory where there is such a place, and never for long. */
import { createHash } from 'node:crypto'
import { chmodSync, existsSync, lstatSync, mkdirSync, readdirSync, rmSync, statfsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { Bridge, Channel } from './channel.ts'

/** Memory that looks like a folder, on Linux; on others there is none. */
const memory = '/dev/shm'
/** Its kind by statfs(2), TMPFS_MAGIC of linux/magic.h. */
const tmpfs = 0x01021994
/** After the call is over; ten seconds are promised, a slow machine included. */
const keptMs = 8000

/** Where plain sound lies, and whose it is. */
export interface Spoken {
  /** For its owner alone. */
  readonly folder: string
  /** Files by name, live and finished ones, with the channel or bridge whose end ends them. */
  readonly files: Map<string, Channel | Bridge>
}

/** Opens the folder of a data folder's switchboard, and takes out what one that was killed has left. */
export function openSpoken(data: string): Spoken {
  const folder = spokenFolder(data)
  // What an earlier version, or a day without memory for it, left on the disk goes as well.
  for (const place of new Set([folder, onDisk(data)])) sweep(place)
  return { folder, files: new Map() }
}

/** Where the plain sound of a data folder's switchboard lies; made when it is in memory. */
export const spokenFolder = (data: string, memoryFolder = memory): string =>
  inMemory(data, memoryFolder) ?? onDisk(data)

const onDisk = (data: string): string => join(resolve(data), 'recording')

/** A folder of our own in memory; null where there is no memory, or somebody else has a thing of that name there. */
function inMemory(data: string, memoryFolder: string): string | null {
  const name = createHash('sha256').update(resolve(data)).digest('hex').slice(0, 16)
  const folder = join(memoryFolder, `hearthline-${name}`)
  try {
    if (statfsSync(memoryFolder).type !== tmpfs) return null
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    const found = lstatSync(folder)
    if (!found.isDirectory() || found.uid !== process.getuid?.()) return null
    chmodSync(folder, 0o700)
    return folder
  } catch {
    return null
  }
}

/** Takes everything out, and the folder away: the switchboard stops. */
export const closeSpoken = ({ folder }: Spoken): void => rmSync(folder, { recursive: true, force: true })

function sweep(folder: string): void {
  if (!existsSync(folder)) return
  for (const name of readdirSync(folder)) rmSync(join(folder, name), { recursive: true, force: true })
}

/** The path a recording of this name has, or will have. */
export function pathOfSpoken({ folder }: Spoken, name: string): string {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  return join(folder, `${name}.wav`)
}

/** Removes a file at once. */
export function removeSpoken(spoken: Spoken, name: string): void {
  spoken.files.delete(name)
  rmSync(pathOfSpoken(spoken, name), { force: true })
}

/** A channel or bridge is over: what was spoken there can still be fetched for eight seconds. */
export function forgetSpokenOf(spoken: Spoken, target: Channel | Bridge): void {
  for (const [name, of] of spoken.files)
    if (of === target)
      setTimeout(() => {
        if (spoken.files.get(name) === target) removeSpoken(spoken, name)
      }, keptMs).unref()
}
