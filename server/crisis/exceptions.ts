/* Exceptions to confidentiality: who was told what without consent, on which legal basis, and which supervisor saw it. */
import { sql } from 'kysely'
import type { z } from 'zod'
import type { exceptionRow, listExceptions, recordException } from '../../api/crisis.ts'
import { Problem } from '../../domain/problem.ts'
import { appendEvent } from '../db/contact-event.ts'
import type { Tx } from '../db/database.ts'
import { newId } from '../db/id.ts'
import type { Words } from '../records/keys.ts'
import { hasWords, searchIndex, type WordSealing } from '../records/word-search.ts'

type ExceptionRow = z.infer<typeof exceptionRow>

interface Stored {
  exception_id: string
  contact_id: string
  number: number
  at: Date
  code: ExceptionRow['code']
  basis: string
  recipient: string
  data: string[]
  words: string
  decided_by: string
  decided_by_name: string
  supervisor: string | null
  supervisor_saw_at: Date | null
  caller_told: boolean
  not_told_because: string
}

const columns = sql`e.exception_id, e.contact_id, c.number, e.at, e.code, e.basis, e.recipient, e.data, e.words, e.decided_by,
  p.display_name as decided_by_name, s.display_name as supervisor, e.supervisor_saw_at, e.caller_told, e.not_told_because
  from confidentiality_exception e join contact c on c.contact_id = e.contact_id
  join person p on p.person_id = e.decided_by left join person s on s.person_id = e.supervisor_id`

const shown = (row: Stored, sealed: Words): ExceptionRow => ({
  exceptionId: row.exception_id,
  contactId: row.contact_id,
  contactNumber: row.number,
  at: row.at.toISOString(),
  code: row.code,
  basis: sealed.open(row.basis),
  recipient: sealed.open(row.recipient),
  data: row.data,
  words: sealed.open(row.words),
  decidedBy: row.decided_by_name,
  supervisor: row.supervisor,
  supervisorSawAt: row.supervisor_saw_at?.toISOString() ?? null,
  callerTold: row.caller_told,
  notToldBecause: sealed.open(row.not_told_because),
})

/** The exceptions of a contact, the first first. */
export async function exceptionsOf(tx: Tx, contactId: string, sealed: Words): Promise<ExceptionRow[]> {
  const { rows } = await sql<Stored>`
    select ${columns} where e.contact_id = ${contactId} order by e.exception_id`.execute(tx)
  return rows.map((row) => shown(row, sealed))
}

/** One page of exceptions, newest first. */
export async function listedExceptions(
  tx: Tx,
  hotlineId: string,
  query: z.output<(typeof listExceptions)['query']>,
  sealing: WordSealing,
): Promise<z.output<(typeof listExceptions)['reply']>> {
  const wanted = [sql`e.hotline_id = ${hotlineId}`]
  if (query.code) wanted.push(sql`e.code = ${query.code}`)
  if (query.unseen) wanted.push(sql`e.supervisor_saw_at is null`)
  if (query.after && /^[0-9a-f-]{36}$/.test(query.after))
    wanted.push(sql`e.exception_id < ${query.after}::uuid`)
  if (query.text) {
    const like = `%${query.text.replace(/[%_\\]/g, '\\$&')}%`
    wanted.push(
      sql`(c.number::text = ${query.text} or ${hasWords('e.search', query.text, sealing)} or p.display_name ilike ${like}
        or e.recipient ilike ${like} and e.search is null)`,
    )
  }
  const { rows } = await sql<Stored>`
    select ${columns} where ${sql.join(wanted, sql` and `)}
    order by e.exception_id desc limit ${query.limit + 1}`.execute(tx)
  const kept = rows.slice(0, query.limit)
  return {
    rows: kept.map((row) => shown(row, sealing.words)),
    next: rows.length > query.limit ? (kept.at(-1)?.exception_id ?? null) : null,
  }
}

/** Records an exception; `request.malformed` when the caller was not told and nobody says why. Gives its id. */
export async function insertException(
  tx: Tx,
  of: { hotlineId: string; contactId: string; personId: string; now: Date },
  given: z.output<(typeof recordException)['body']>,
  sealing: WordSealing,
): Promise<string> {
  if (!given.callerTold && given.notToldBecause.trim() === '')
    throw new Problem('request.malformed', { fields: ['notToldBecause'] })
  const exceptionId = newId(of.now.getTime())
  const { words: sealed } = sealing
  await sql`
    insert into confidentiality_exception (exception_id, hotline_id, contact_id, at, code, basis, recipient, data, words,
      decided_by, caller_told, not_told_because, search)
    values (${exceptionId}, ${of.hotlineId}, ${of.contactId}, ${of.now}, ${given.code}, ${sealed.seal(given.basis)},
      ${sealed.seal(given.recipient)}, ${given.data}::text[], ${sealed.seal(given.words)}, ${of.personId}, ${given.callerTold},
      ${given.callerTold ? '' : sealed.seal(given.notToldBecause)},
      ${searchIndex([given.basis, given.recipient], sealing)})`.execute(tx)
  await appendEvent(tx, of.contactId, of.now, 'exception.recorded', of.personId, {
    exceptionId,
    code: given.code,
    data: given.data,
    callerTold: given.callerTold,
  })
  return exceptionId
}

/** A supervisor has seen it: `risk.needsAnother` for one's own decision; seen already is success. */
export async function see(tx: Tx, exceptionId: string, personId: string, now: Date): Promise<string> {
  const { rows } =
    await sql<Stored>`select ${columns} where e.exception_id = ${exceptionId} for update of e`.execute(tx)
  const [row] = rows
  if (!row) throw new Problem('exception.notFound')
  if (row.decided_by === personId) throw new Problem('risk.needsAnother')
  if (row.supervisor_saw_at) return row.contact_id
  await sql`
    update confidentiality_exception set supervisor_id = ${personId}, supervisor_saw_at = ${now}
    where exception_id = ${exceptionId}`.execute(tx)
  await appendEvent(tx, row.contact_id, now, 'exception.seen', personId, { exceptionId })
  return row.contact_id
}
