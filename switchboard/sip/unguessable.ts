import { randomFillSync } from 'node:crypto'

const store = Buffer.alloc(4096)
let used = store.length

/** Random bytes in hex that nobody can foresee; fetched from the system some hundred at a time, each used once. */
export function unguessable(bytes: number): string {
  if (used + bytes > store.length) {
    randomFillSync(store)
    used = 0
  }
  used += bytes
  return store.toString('hex', used - bytes, used)
}
