/* A contact as its custodian sees it: how it is kept, nothing of what was said. */
import type { KeptContact } from '../../api/retention.ts'
import { isDue, lastDayKept, type Keeping } from '../../domain/retention.ts'
import { dayOf } from '../../domain/zone.ts'
import type { KeptRow } from './queries.ts'

/** Where and when a list is read. */
interface Here {
  zone: string
  now: number
}

/** How a row says that its contact is kept. */
export const keepingOf = (row: KeptRow): Keeping => ({
  class: row.retention_class,
  held: row.held,
  restricted: row.restricted_at !== null,
  disposed: row.disposed_at !== null,
})

/** A row as the custodian sees it. */
export function shownKept(row: KeptRow, { zone, now }: Here): KeptContact {
  const over = row.over_at.getTime()
  return {
    contactId: row.contact_id,
    number: row.number,
    lineName: row.line_name,
    channel: row.channel,
    endedOn: dayOf(over, zone),
    class: row.retention_class,
    held: row.held,
    restricted: row.restricted_at !== null,
    lastDay: lastDayKept(over, row.retention_class, zone),
    due: row.is_over && isDue(keepingOf(row), over, zone, now),
    recordings: row.recordings,
    disposalId: row.disposal_id,
    disposedAt: row.disposed_at?.toISOString() ?? null,
  }
}
