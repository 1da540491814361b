/**
 * Every failure a person can meet, by its code, with the HTTP status it travels under.
 * The code is the wire code and the translation key (`problem.<code>` in web/ui/words).
 */
export const problems = {
  'request.malformed': 400,
  'request.tooLarge': 413,
  'request.tooMany': 429,
  'request.notFound': 404,
  'session.needed': 401,
  'session.wrongName': 401,
  'session.locked': 429,
  'permission.denied': 403,
  'setup.linkInvalid': 403,
  'setup.alreadyDone': 409,
  'call.notFound': 404,
  'call.wrongState': 409,
  'call.notYours': 403,
  'contact.notFound': 404,
  'contact.incomplete': 409,
  'contact.changedElsewhere': 409,
  'contact.alreadyClosed': 409,
  'duty.notOn': 409,
  'duty.seatTaken': 409,
  'duty.inCall': 409,
  'duty.wrongState': 409,
  'seat.notFound': 404,
  'seat.nameTaken': 409,
  'seat.offline': 409,
  'seat.busy': 409,
  'line.notFound': 404,
  'line.numberTaken': 409,
  'line.closed': 409,
  'person.notFound': 404,
  'person.nameTaken': 409,
  'person.weakPassphrase': 400,
  'person.lastAdministrator': 409,
  'prompt.notFound': 404,
  'prompt.notAudio': 400,
  'prompt.tooLong': 400,
  'trunk.notFound': 404,
  'trunk.nameTaken': 409,
  'task.notFound': 404,
  'task.alreadyOwned': 409,
  'recording.notFound': 404,
  'recording.unreadable': 409,
  'transfer.unreachable': 409,
  'number.notAllowed': 403,
  'switchboard.away': 503,
  'database.away': 503,
  'disk.full': 507,
  'server.failed': 500,
} as const

/** A catalogued code of {@link problems}. */
export type ProblemCode = keyof typeof problems

/**
 * The one throwable of domain, api and server. `detail` holds only what may be shown to the person who asked
 * (field names, limits, states): never a caller's data.
 */
export class Problem extends Error {
  readonly code: ProblemCode
  readonly detail: Readonly<Record<string, string | number | boolean | readonly string[]>>

  constructor(code: ProblemCode, detail: Problem['detail'] = {}) {
    super(code)
    this.name = 'Problem'
    this.code = code
    this.detail = detail
  }

  /** The HTTP status this problem travels under. */
  get status(): number {
    return problems[this.code]
  }
}
