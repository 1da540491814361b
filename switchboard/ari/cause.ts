/** Q.850 causes with the words Asterisk puts into `cause_txt`. */
const texts: Record<number, string> = {
  0: 'Unknown',
  1: 'Unallocated (unassigned) number',
  3: 'No route to destination',
  16: 'Normal Clearing',
  17: 'User busy',
  18: 'No user responding',
  19: 'User alerting, no answer',
  20: 'Subscriber absent',
  21: 'Call Rejected',
  26: 'Answered elsewhere',
  27: 'Destination out of order',
  28: 'Invalid number format',
  31: 'Normal, unspecified',
  34: 'Circuit/channel congestion',
  38: 'Network out of order',
  41: 'Temporary failure',
  42: 'Switching equipment congestion',
  58: 'Bearer capability not available',
  65: 'Bearer capability not implemented',
  88: 'Incompatible destination',
  102: 'Recover on timer expiry',
  111: 'Protocol error, unspecified',
  127: 'Interworking, unspecified',
}

/** The Q.850 causes this switchboard itself decides on. */
export const Cause = {
  normal: 16,
  busy: 17,
  noUser: 18,
  noAnswer: 19,
  absent: 20,
  rejected: 21,
  elsewhere: 26,
  congestion: 34,
  failure: 41,
  timerExpiry: 102,
  interworking: 127,
} as const

/** Words for a Q.850 cause, "Unknown" for one without. */
export const causeText = (cause: number): string => texts[cause] ?? 'Unknown'

const bySip: Record<number, number> = {
  401: 21,
  402: 21,
  403: 21,
  404: 1,
  405: 127,
  407: 21,
  408: 18,
  409: 41,
  410: 1,
  413: 127,
  414: 127,
  415: 58,
  420: 127,
  480: 19,
  481: 127,
  482: 127,
  483: 127,
  484: 28,
  485: 1,
  486: 17,
  487: 127,
  488: 58,
  500: 38,
  501: 127,
  502: 38,
  503: 34,
  504: 102,
  600: 17,
  603: 21,
  604: 1,
  606: 58,
}

/** The cause for a final SIP answer (RFC 3398 §8.2.6.1), as Asterisk maps it. */
export function causeOfSip(status: number): number {
  const known = bySip[status]
  if (known !== undefined) return known
  if (status >= 500) return Cause.congestion
  return status >= 400 ? Cause.interworking : Cause.normal
}

const byReason: Record<string, number> = {
  normal: 16,
  busy: 17,
  congestion: 34,
  no_answer: 19,
  timeout: 102,
  rejected: 21,
  unallocated: 1,
  normal_unspecified: 31,
  number_incomplete: 28,
  codec_mismatch: 58,
  interworking: 127,
  failure: 38,
  answered_elsewhere: 26,
}

/** The cause for the `reason` of `DELETE /channels/{id}`; undefined when ARI does not know the word. */
export const causeOfReason = (reason: string): number | undefined => byReason[reason]

/** `dialstatus` of a Dial event for a call that ended unanswered with this cause. */
export function dialStatusOf(cause: number): string {
  if (cause === Cause.busy) return 'BUSY'
  if (cause === Cause.noAnswer || cause === Cause.noUser || cause === Cause.timerExpiry) return 'NOANSWER'
  if (cause === Cause.normal || cause === Cause.elsewhere) return 'CANCEL'
  if (cause === Cause.rejected || cause === Cause.congestion) return 'CONGESTION'
  return 'CHANUNAVAIL'
}
