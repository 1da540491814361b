/* How many calls to the outside were made; no number is kept here. */
import { sql } from 'kysely'
import type { RiskLevel } from '../../domain/risk.ts'
import type { Tx } from '../db/database.ts'
import { newId } from '../db/id.ts'

/** What the limits ask of a call before it is made. */
export async function findOutgoing(
  tx: Tx,
  given: { hotlineId: string; personId: string | null; contactId: string; since: Date },
): Promise<{
  danger: boolean
  risk: RiskLevel | null
  byPerson: number
  byHotline: number
  settings: unknown
}> {
  const { hotlineId, personId, contactId, since } = given
  const { rows } = await sql<{
    danger: boolean
    risk: RiskLevel | null
    byPerson: number
    byHotline: number
    settings: unknown
  }>`
    select c.danger_key as danger, nullif(c.risk, 'danger-key') as risk, h.settings,
      (select count(*)::int from outbound_call o where o.hotline_id = h.hotline_id and o.at > ${since}) as "byHotline",
      (select count(*)::int from outbound_call o where o.hotline_id = h.hotline_id and o.at > ${since}
        and o.person_id = ${personId}) as "byPerson"
    from hotline h join contact c on c.hotline_id = h.hotline_id
    where h.hotline_id = ${hotlineId} and c.contact_id = ${contactId}`.execute(tx)
  return rows[0] ?? { danger: false, risk: null, byPerson: 0, byHotline: 0, settings: {} }
}

/** The calls to the outside since then: of the person who made most, and of the hotline. */
export async function countOutgoing(
  tx: Tx,
  hotlineId: string,
  since: Date,
): Promise<{ byPerson: number; byHotline: number; settings: unknown }> {
  const { rows } = await sql<{ byPerson: number; byHotline: number; settings: unknown }>`
    select h.settings, coalesce(max(o.made), 0)::int as "byPerson", coalesce(sum(o.made), 0)::int as "byHotline"
    from hotline h left join (select person_id, count(*) as made from outbound_call
      where hotline_id = ${hotlineId} and at > ${since} group by person_id) o on true
    where h.hotline_id = ${hotlineId} group by h.hotline_id`.execute(tx)
  return rows[0] ?? { byPerson: 0, byHotline: 0, settings: {} }
}

/** Counts one call to the outside. */
export async function addOutboundCall(
  tx: Tx,
  given: { hotlineId: string; personId: string | null; kind: 'call-back' | 'transfer'; at: Date },
): Promise<void> {
  await tx
    .insertInto('outbound_call')
    .values({
      outbound_id: newId(),
      hotline_id: given.hotlineId,
      person_id: given.personId,
      kind: given.kind,
      at: given.at,
    })
    .execute()
}
