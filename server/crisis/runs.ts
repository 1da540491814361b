/* Protocols on a contact: opened, worked through step by step, ended. */
import { sql } from 'kysely'
import type { RiskLevel } from '../../domain/risk.ts'
import type { Tx } from '../db/database.ts'
import { newId } from '../db/id.ts'
import { appendEvent } from './queries.ts'

/** What opened a protocol. */
export type OpenedFrom = 'caller-key' | 'form' | 'instrument' | 'button'

/** Opens a protocol on a contact, or goes on with the one that runs. */
export async function openRun(
  tx: Tx,
  given: {
    hotlineId: string
    contactId: string
    personId: string | null
    now: Date
    protocol: string
    from: OpenedFrom
    level: RiskLevel | null
  },
): Promise<void> {
  const runId = newId(given.now.getTime())
  const protocol = given.protocol.startsWith('suicide') ? 'suicide' : given.protocol
  const { rows } = await sql`
    insert into protocol_run (run_id, hotline_id, contact_id, protocol, version, opened_at, opened_from, opened_by)
    values (${runId}, ${given.hotlineId}, ${given.contactId}, ${protocol}, 1, ${given.now}, ${given.from},
      ${given.personId}) on conflict (contact_id, protocol) do nothing returning run_id`.execute(tx)
  if (rows.length > 0)
    await appendEvent(tx, given.contactId, given.now, 'protocol.opened', given.personId, {
      protocol,
      from: given.from,
    })
}
