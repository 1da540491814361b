import { renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** Writes files into a folder, each beside its place first: a program that starts meanwhile reads an old or a new one, never half. */
export function putFiles(folder: string, files: ReadonlyMap<string, string>, mode: number): void {
  for (const [name, text] of files) {
    const path = join(folder, name)
    writeFileSync(`${path}.new`, text, { mode })
    renameSync(`${path}.new`, path)
  }
}
