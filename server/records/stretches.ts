/* Reading at offsets from what is far away: few and long requests in place of many short ones. */

/** Bytes of a file and where they begin. */
export interface Stretch {
  from: number
  bytes: Buffer
}

/** The head of a sealed file and its first chunk of sound. */
export const firstBytes = 80 * 1024
/** At least the last chunk of a sealed file, by which its end is known. */
export const lastBytes = 65 * 1024
/** A player reads on: what comes next is fetched with what it asks for, half a minute of sound at a time. */
const aheadBytes = 256 * 1024

/** Reads a file of `size` bytes of which some stretches are known, and fetches others as they are needed. */
export function readerOf(
  size: number,
  known: readonly Stretch[],
  fetch: (from: number, length: number) => Promise<Buffer>,
): (from: number, length: number) => Promise<Buffer> {
  let ahead: Stretch = { from: 0, bytes: Buffer.alloc(0) }
  return async (from, length) => {
    const wanted = Math.max(0, Math.min(length, size - from))
    if (wanted === 0) return Buffer.alloc(0)
    const found = [...known, ahead].find(
      (one) => from >= one.from && from + wanted <= one.from + one.bytes.length,
    )
    if (found) return found.bytes.subarray(from - found.from, from - found.from + wanted)
    const bytes = await fetch(from, Math.max(wanted, Math.min(aheadBytes, size - from)))
    ahead = { from, bytes }
    return bytes.subarray(0, wanted)
  }
}
