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
  'session.wrongCode': 401,
  'session.notFresh': 403,
  'session.notFound': 404,
  'factor.notFound': 404,
  'factor.last': 409,
  'factor.tooMany': 409,
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
  'role.apart': 409,
  'role.own': 409,
  'role.needsSecurity': 403,
  'prompt.notFound': 404,
  'prompt.notAudio': 400,
  'prompt.tooLong': 400,
  'trunk.notFound': 404,
  'trunk.nameTaken': 409,
  'task.notFound': 404,
  'task.alreadyOwned': 409,
  'recording.notFound': 404,
  'recording.unreadable': 409,
  'recording.sealed': 409,
  'recording.away': 503,
  'consent.tooLate': 409,
  'code.invalid': 404,
  'code.locked': 429,
  'retention.unchanged': 409,
  'retention.notDue': 409,
  'disposal.notFound': 404,
  'disposal.needsAnother': 409,
  'disposal.settled': 409,
  'transfer.unreachable': 409,
  'number.tooMany': 429,
  'number.notAllowed': 403,
  'form.notFound': 404,
  'form.invalid': 400,
  'form.coreMissing': 409,
  'form.changedElsewhere': 409,
  'form.nothingToPublish': 409,
  'answers.invalid': 400,
  'instrument.notFound': 404,
  'instrument.noText': 409,
  'instrument.licenceNeeded': 409,
  'link.invalid': 404,
  'link.expired': 410,
  'link.used': 409,
  'protocol.notFound': 404,
  'protocol.stepOpen': 409,
  'protocol.changedElsewhere': 409,
  'risk.needsReason': 409,
  'risk.needsSupervisor': 409,
  'risk.needsAnother': 409,
  'report.notFound': 404,
  'report.notYours': 403,
  'report.alreadyAcknowledged': 409,
  'exception.notFound': 404,
  'incident.notFound': 404,
  'incident.closed': 409,
  'cluster.notFound': 404,
  'cluster.alreadyDecided': 409,
  'help.notFound': 404,
  'caller.notFound': 404,
  'alert.notFound': 404,
  'resource.notFound': 404,
  'disclosure.notFound': 404,
  'disclosure.wrongState': 409,
  'disclosure.needsAnother': 409,
  'disclosure.notAllowed': 409,
  'disclosure.wrongReceipt': 409,
  'receiver.notFound': 404,
  'receiver.badKey': 400,
  'import.unreadable': 400,
  'import.tooLarge': 413,
  'glass.notFound': 404,
  'glass.notNeeded': 409,
  'glass.needsAnother': 403,
  'glass.alreadyReviewed': 409,
  'register.notFound': 404,
  'register.closed': 409,
  'register.incomplete': 409,
  'register.needsAnother': 403,
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
