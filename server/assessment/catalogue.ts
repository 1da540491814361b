/* The instruments of this installation: one file each, those that ship and those of the operator's own. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { faultsOf } from '../../domain/instrument-check.ts'
import { instrument, type Instrument } from '../../domain/instrument.ts'

/** Instruments by id, by their place in the list. */
export type Catalogue = ReadonlyMap<string, Instrument>

/** A file that is not used, and why; the rest is. */
export interface Refused {
  file: string
  faults: string[]
}

/** Where the files that ship are. */
export const shippedFolder = join(import.meta.dirname, '..', '..', 'clinical', 'instruments')

/**
 * Reads every `*.json` of the folders, later ones replacing earlier ones of the same id. A folder that is not there holds
 * nothing; a file that is unsound, or whose own worked examples come out otherwise, is left out and named.
 */
export function readCatalogue(folders: readonly string[]): { catalogue: Catalogue; refused: Refused[] } {
  const catalogue = new Map<string, Instrument>()
  const refused: Refused[] = []
  for (const file of folders.flatMap(filesOf)) {
    const found = readOne(file)
    if ('faults' in found) refused.push({ file, faults: found.faults })
    else catalogue.set(found.id, found)
  }
  const inOrder = [...catalogue.values()].toSorted((a, b) => a.place - b.place)
  return { catalogue: new Map(inOrder.map((of) => [of.id, of])), refused }
}

function filesOf(folder: string): string[] {
  try {
    return readdirSync(folder)
      .filter((name) => name.endsWith('.json'))
      .sort()
      .map((name) => join(folder, name))
  } catch {
    return []
  }
}

function readOne(file: string): Instrument | { faults: string[] } {
  try {
    const parsed = instrument.safeParse(JSON.parse(readFileSync(file, 'utf8')))
    if (!parsed.success)
      return { faults: parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`) }
    const faults = faultsOf(parsed.data)
    return faults.length > 0 ? { faults } : parsed.data
  } catch {
    return { faults: ['not readable as JSON'] }
  }
}
