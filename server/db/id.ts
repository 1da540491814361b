import { randomBytes } from 'node:crypto'

let lastMs = 0
let counter = 0

/**
 * A UUID of version 7 (RFC 9562 §5.7): sorts by time of making; ids made by this process within one millisecond keep
 * their order by a 12-bit counter, which borrows from the next millisecond when it overflows.
 */
export function newId(nowMs: number = Date.now()): string {
  counter = nowMs > lastMs ? 0 : counter + 1
  lastMs = Math.max(nowMs, lastMs)
  if (counter > 0xfff) {
    counter = 0
    lastMs += 1
  }
  const bytes = randomBytes(16)
  bytes.writeUIntBE(lastMs, 0, 6)
  bytes.writeUInt16BE(0x7000 | counter, 6)
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8)
  const hex = bytes.toString('hex')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
}
