import pg from 'pg'
import { Problem, type ProblemCode } from '../../domain/problem.ts'

/** Which catalogued problem a broken constraint is, by its name; whatever is not here is our own mistake. */
const constraints: Readonly<Record<string, ProblemCode>> = {
  line_open_number: 'line.numberTaken',
  person_hotline_id_name_key: 'person.nameTaken',
  seat_name: 'seat.nameTaken',
  trunk_name: 'trunk.nameTaken',
  duty_seat_id_key: 'duty.seatTaken',
  duty_person_id_key: 'duty.seatTaken',
}

/** SQLSTATEs of a value that no column can hold: too large a number, a NUL or half a character in a text (appendix A). */
const unstorable = /^(22003|22008|22021|22P05)$/

/**
 * SQLSTATE classes and codes that mean "nobody is there just now" (PostgreSQL manual, appendix A). 25006: who is there only
 * reads, a standby that is about to become primary.
 */
const away = /^(08...|57P0[1235]|53300|53200|53400|25006)$/
const awayErrno =
  /^(ECONNREFUSED|ECONNRESET|EPIPE|ETIMEDOUT|ENOTFOUND|EAI_AGAIN|ENOENT|EHOSTUNREACH|ENETUNREACH)$/
/** The driver gives these no code, so here alone a message is read. */
const awayWords =
  /^(Connection terminated|timeout exceeded when trying to connect|Client has encountered a connection)/

/**
 * Translates what the database or its driver threw: lost or refused connections to `database.away`, a full disk to
 * `disk.full`, broken constraints to their own problems, what cannot be stored to `request.malformed`. Anything else comes back as it was.
 */
export function translated(error: unknown): unknown {
  if (!(error instanceof Error) || error instanceof Problem) return error
  const code = 'code' in error && typeof error.code === 'string' ? error.code : ''
  if (code === '53100') return new Problem('disk.full')
  if (error instanceof pg.DatabaseError) {
    if (away.test(code)) return new Problem('database.away')
    if (unstorable.test(code)) return new Problem('request.malformed')
    const known = error.constraint === undefined ? undefined : constraints[error.constraint]
    return known === undefined ? error : new Problem(known)
  }
  return awayErrno.test(code) || awayWords.test(error.message) ? new Problem('database.away') : error
}
