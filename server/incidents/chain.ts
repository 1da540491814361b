/* Whether an incident's log is still what was written (G24-7.3). */
import { createHash } from 'node:crypto'

/** An entry as it is verified: `hashed` is the text its hash was made of, after the hash before. */
export interface Link {
  seq: number
  hash: Buffer
  hashed: string
}

/**
 * The first entry that does not fit the one before, or is missing; null when the whole log is as it was written. `head` is
 * what the incident itself says of its log, so that entries cut off the end are missed too.
 */
export function firstBreak(entries: readonly Link[], head: { count: number; hash: Buffer }): number | null {
  let before: Buffer = Buffer.alloc(0)
  for (const [place, entry] of entries.entries()) {
    const hash = createHash('sha256').update(before).update(entry.hashed, 'utf8').digest()
    if (entry.seq !== place + 1 || !hash.equals(entry.hash)) return place + 1
    before = entry.hash
  }
  return entries.length === head.count && before.equals(head.hash) ? null : entries.length + 1
}
