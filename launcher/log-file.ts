import { closeSync, existsSync, fstatSync, openSync, renameSync, writeSync } from 'node:fs'

export type LogFile = { write: (line: string) => void; close: () => void }

/**
 * Appends lines to a file readable by its owner only; at `limit` bytes it becomes FILE.1 and the older ones move on, of
 * which `kept` stay. A full disk loses log lines, never the process.
 */
export function openLog(file: string, limit = 10 * 1024 * 1024, kept = 4): LogFile {
  let handle = openSync(file, 'a', 0o600)
  let size = fstatSync(handle).size
  let closed = false
  const rotate = (): void => {
    closeSync(handle)
    for (let n = kept; n > 0; n--) {
      const from = n === 1 ? file : `${file}.${n - 1}`
      if (existsSync(from)) renameSync(from, `${file}.${n}`)
    }
    handle = openSync(file, 'a', 0o600)
    size = 0
  }
  return {
    write: (line) => {
      if (closed) return
      try {
        if (size > limit) rotate()
        size += writeSync(handle, `${line}\n`)
      } catch {
        // Nothing can be said about a log that cannot be written; doctor watches the disk.
      }
    },
    close: () => {
      if (!closed) closeSync(handle)
      closed = true
    },
  }
}
