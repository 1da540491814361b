import type { Headers } from './headers.ts'
import { parseParams } from './headers.ts'
import { SipParseError } from './parse-error.ts'

/** Status to Q.850 cause, after RFC 3398 §8.2.6.1 and what Asterisk's users expect. */
const causes: Readonly<Record<number, number>> = {
  400: 41,
  401: 21,
  402: 21,
  403: 21,
  404: 1,
  405: 63,
  406: 79,
  407: 21,
  408: 18,
  410: 22,
  413: 127,
  414: 127,
  415: 79,
  416: 127,
  420: 127,
  480: 18,
  481: 41,
  482: 25,
  483: 25,
  484: 28,
  485: 1,
  486: 17,
  487: 16,
  488: 58,
  500: 41,
  502: 38,
  503: 34,
  504: 102,
  600: 17,
  603: 21,
  604: 1,
  606: 58,
}

/** Q.850 cause of a final SIP status; 127 (interworking) when nothing fits. */
export const causeOfStatus = (status: number): number => causes[status] ?? 127

/** Q.850 cause to the status of a refusal, after RFC 3398 §7.2.4.1. */
const statuses: Readonly<Record<number, number>> = {
  1: 404,
  2: 404,
  3: 404,
  17: 486,
  18: 480,
  19: 480,
  20: 480,
  21: 403,
  22: 410,
  27: 502,
  28: 484,
  31: 480,
  34: 503,
  38: 503,
  41: 503,
  42: 503,
  44: 503,
  58: 488,
  65: 488,
  79: 488,
  102: 504,
}

/** Status by which a call is refused for a Q.850 cause; 603 when nothing fits. */
export const statusOfCause = (cause: number): number => statuses[cause] ?? 603

/** The Q.850 cause in the Reason headers (RFC 3326), or null. */
export function reasonCause(headers: Headers): number | null {
  for (const value of headers.list('reason')) {
    if (!/^q\.850\b/i.test(value)) continue
    try {
      const cause = Number(parseParams(value.replace(/^[^;]*;?/, '')).get('cause'))
      if (Number.isInteger(cause) && cause > 0 && cause < 128) return cause
    } catch (error) {
      if (!(error instanceof SipParseError)) throw error
    }
  }
  return null
}
