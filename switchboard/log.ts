import { pino } from 'pino'
import type { Logger } from 'pino'

/** The switchboard's log: JSON lines on standard output. Nothing about a caller may be written to it. */
export type Log = Logger

/** Makes the log; `level` as pino knows it (`silent` in tests). */
export const makeLog = (level: string): Log => pino({ name: 'switchboard', level })
