/* Who did what: one page of the audit chain, and who saw a contact, visit by visit (G24-6.2.2a). */
import type { z } from 'zod'
import type { AuditRow, listAudit, readAccess, VisitRow } from '../../api/oversight.ts'
import { Problem } from '../../domain/problem.ts'
import { isReading, visitsOf, type Visit } from '../../domain/visit.ts'
import type { Tx } from '../db/database.ts'
import type { Words } from '../records/keys.ts'
import {
  findAccesses,
  findAudit,
  findByNumber,
  findGlassesOf,
  type StoredAudit,
  type StoredGlass,
} from './queries.ts'

const shownAudit = (row: StoredAudit): AuditRow => ({
  seq: row.seq,
  at: row.at.toISOString(),
  personId: row.actor,
  person: row.person,
  action: row.action,
  subject: row.subject,
  contactId: row.contact_id,
  contactNumber: row.number,
  data: row.data,
})

/** One page of the audit chain. */
export async function audited(
  tx: Tx,
  hotlineId: string,
  query: z.output<(typeof listAudit)['query']>,
): Promise<{ rows: AuditRow[]; next: string | null }> {
  const found = await findAudit(tx, hotlineId, query)
  const rows = found.slice(0, query.limit).map(shownAudit)
  const last = rows.at(-1)
  return { rows, next: found.length > query.limit && last ? String(last.seq) : null }
}

/** Why a visit was an emergency: the reasons of the accesses it overlaps; null when it was none. */
function emergencyOf(visit: Visit, glasses: readonly StoredGlass[], sealed: Words): string | null {
  const reasons = glasses
    .filter(
      (glass) =>
        glass.person_id === visit.personId &&
        glass.at.getTime() <= visit.to &&
        glass.until.getTime() >= visit.from,
    )
    .map((glass) => sealed.open(glass.reason))
  return reasons.length > 0 ? reasons.join('; ') : null
}

const keyOf = (visit: VisitRow): string => `${visit.from}|${visit.personId}`

const matches = (visit: VisitRow, text: string): boolean =>
  [visit.person, visit.emergency ?? ''].some((each) => each.toLowerCase().includes(text.toLowerCase()))

/** One page of the visits to a contact, the latest first; `contact.notFound`. */
export async function accessOf(
  tx: Tx,
  hotlineId: string,
  number: number,
  query: z.output<(typeof readAccess)['query']>,
  sealed: Words,
): Promise<z.output<(typeof readAccess)['reply']>> {
  const contact = await findByNumber(tx, hotlineId, number)
  if (!contact) throw new Problem('contact.notFound')
  const stored = await findAccesses(tx, contact.contact_id)
  const glasses = await findGlassesOf(tx, contact.contact_id)
  const names = new Map(stored.map((one) => [one.actor, one.person]))
  const accesses = stored.map(({ at, actor, action, purpose }) => {
    return { at: at.getTime(), personId: actor, action, wrote: !isReading(action), purpose }
  })
  const visits = visitsOf(accesses).map((visit): VisitRow => ({
    ...visit,
    person: names.get(visit.personId) ?? '',
    from: new Date(visit.from).toISOString(),
    to: new Date(visit.to).toISOString(),
    own: visit.personId === contact.person_id,
    emergency: emergencyOf(visit, glasses, sealed),
  }))
  const wanted = visits.filter(
    (visit) => !(query.others && visit.own) && (query.text === undefined || matches(visit, query.text)),
  )
  const start = query.after === undefined ? 0 : wanted.findIndex((visit) => keyOf(visit) === query.after) + 1
  const rows = wanted.slice(start, start + query.limit)
  const last = rows.at(-1)
  return {
    contactId: contact.contact_id,
    number: contact.number,
    startedAt: contact.started_at.toISOString(),
    counsellor: contact.counsellor,
    rows,
    next: last && wanted.length > start + query.limit ? keyOf(last) : null,
  }
}
