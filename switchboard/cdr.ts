import { appendFile, chmod, mkdir, rename, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Log } from './log.ts'

/** How long a record may wait for others, so that many are written at once. */
const gather = 250

/** One ended leg, in the columns of Asterisk's `cdr_csv`. Holds the caller's number: personal data. */
export interface CallRecord {
  accountcode: string
  src: string
  dst: string
  dcontext: string
  clid: string
  channel: string
  dstchannel: string
  lastapp: string
  lastdata: string
  start: Date
  answer: Date | null
  end: Date
  disposition: 'ANSWERED' | 'NO ANSWER' | 'BUSY' | 'FAILED'
  uniqueid: string
  userfield: string
}

/** `YYYY-MM-DD HH:MM:SS` in UTC (Asterisk's `usegmtime=yes`): an hour that comes twice a year must not make two calls one. */
const stamp = (at: Date | null): string => at?.toISOString().slice(0, 19).replace('T', ' ') ?? ''

/** A quoted field: quotes doubled, no line ends, and no formula for a spreadsheet to run. */
function quoted(value: string): string {
  const plain = value.replace(/[\r\n\0]+/g, ' ')
  const safe = /^[=+\-@\t]/.test(plain) && !/^\+?[\d ]+$/.test(plain) ? `'${plain}` : plain
  return `"${safe.replaceAll('"', '""')}"`
}

const seconds = (from: Date, to: Date) => Math.max(0, Math.round((to.getTime() - from.getTime()) / 1000))

/** One line of `Master.csv`, with its line end. */
export function cdrLine(record: CallRecord): string {
  const { start, answer, end } = record
  const texts = [
    record.accountcode,
    record.src,
    record.dst,
    record.dcontext,
    record.clid,
    record.channel,
    record.dstchannel,
    record.lastapp,
    record.lastdata,
    stamp(start),
    stamp(answer),
    stamp(end),
  ].map(quoted)
  const lengths = [seconds(start, end), answer ? seconds(answer, end) : 0]
  const rest = [record.disposition, 'DOCUMENTATION', record.uniqueid, record.userfield].map(quoted)
  return `${[...texts, ...lengths, ...rest].join(',')}\n`
}

/**
 * Appends call-detail records to `cdr/Master.csv` in the data folder, one line an ended leg, in order.
 * A file of an earlier day is set aside as `Master-YYYY-MM-DD.csv`. Mode 0600: it holds numbers of callers.
 */
export class CallRecords {
  private readonly folder: string
  private readonly log: Log
  private last: Promise<void> = Promise.resolve()
  private waiting: string[] = []
  private timer: NodeJS.Timeout | null = null

  constructor(dataFolder: string, log: Log) {
    this.folder = join(dataFolder, 'cdr')
    this.log = log
  }

  /** Writes a record soon; a full disk is told to the log and loses the record, never the call. */
  add(record: CallRecord): void {
    this.waiting.push(cdrLine(record))
    this.timer ??= setTimeout(() => void this.flush(), gather)
  }

  /** Resolves when all records so far are written. */
  async flush(): Promise<void> {
    if (this.timer) clearTimeout(this.timer)
    this.timer = null
    if (this.waiting.length > 0) this.last = this.last.then(() => this.write(new Date()))
    await this.last
  }

  private async write(now: Date): Promise<void> {
    const lines = this.waiting.join('')
    this.waiting = []
    const file = join(this.folder, 'Master.csv')
    try {
      await mkdir(this.folder, { recursive: true, mode: 0o700 })
      const fresh = await this.rotate(file, now)
      await appendFile(file, lines, { mode: 0o600 })
      if (fresh) await chmod(file, 0o600)
    } catch (error) {
      this.log.error({ err: error }, 'a call-detail record could not be written')
    }
  }

  private async rotate(file: string, now: Date): Promise<boolean> {
    const found = await stat(file).catch(() => null)
    if (!found) return true
    const day = stamp(found.mtime).slice(0, 10)
    if (day === stamp(now).slice(0, 10)) return false
    await rename(file, join(this.folder, `Master-${day}.csv`))
    return true
  }
}
