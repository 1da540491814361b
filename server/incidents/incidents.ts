/* Incidents of a person, a group or society: a log that only grows (G24-7.3). */
import type { z } from 'zod'
import type {
  addEntry,
  IncidentEntry,
  IncidentRow,
  listEntries,
  listIncidents,
  openIncident,
  readIncident,
} from '../../api/incidents.ts'
import { Problem } from '../../domain/problem.ts'
import type { Tx } from '../db/database.ts'
import { newId } from '../db/id.ts'
import { firstBreak } from './chain.ts'
import {
  appendEntry,
  findByNumber,
  findEntries,
  findIncident,
  findIncidents,
  findLinks,
  findOpening,
  insertIncident,
  lockIncident,
  namesContact,
  noteOnContact,
  type StoredEntry,
  type StoredIncident,
} from './queries.ts'

/** Who does it and when. */
export interface Doer {
  hotlineId: string
  /** Null when the software does. */
  personId: string | null
  now: Date
}

const shown = (row: StoredIncident): IncidentRow => ({
  incidentId: row.incident_id,
  number: row.number,
  kind: row.kind,
  title: row.title,
  state: row.state,
  openedAt: row.opened_at.toISOString(),
  openedBy: row.opened_by,
  entries: row.entry_count,
  lastAt: row.last_at.toISOString(),
})

/** One page of incidents. */
export async function list(
  tx: Tx,
  hotlineId: string,
  query: z.output<(typeof listIncidents)['query']>,
): Promise<{ rows: IncidentRow[]; next: string | null }> {
  const found = await findIncidents(tx, hotlineId, query)
  const rows = found.slice(0, query.limit).map(shown)
  const last = rows.at(-1)
  return { rows, next: found.length > query.limit && last ? String(last.number) : null }
}

async function incidentOf(tx: Tx, incidentId: string, find = findIncident): Promise<StoredIncident> {
  const row = await find(tx, incidentId)
  if (!row) throw new Problem('incident.notFound')
  return row
}

/** Opens an incident with its first entry, which also says what it was called. */
export async function open(
  tx: Tx,
  doer: Doer,
  given: z.output<(typeof openIncident)['body']>,
): Promise<IncidentRow> {
  const incidentId = newId(doer.now.getTime())
  await insertIncident(tx, doer.hotlineId, { incidentId, kind: given.kind, title: given.title, at: doer.now })
  await appendEntry(tx, incidentId, { at: doer.now, personId: doer.personId, kind: 'opened', data: given })
  return shown(await incidentOf(tx, incidentId))
}

/** One incident, its whole log verified. */
export async function read(tx: Tx, incidentId: string): Promise<z.output<(typeof readIncident)['reply']>> {
  const row = await incidentOf(tx, incidentId)
  const links = await findLinks(tx, incidentId)
  const opening = await findOpening(tx, incidentId)
  const renamed = opening.kind !== row.kind || opening.title !== row.title
  const brokenAt = firstBreak(links, { count: row.entry_count, hash: row.entry_hash })
  return { ...shown(row), brokenAt: brokenAt ?? (renamed ? 1 : null) }
}

const shownEntry = (row: StoredEntry): IncidentEntry => ({
  seq: row.seq,
  at: row.at.toISOString(),
  kind: row.kind,
  person: row.person,
  words: row.data.words ?? '',
  to: row.data.to ?? null,
  contact:
    row.data.contactId !== undefined && row.data.number !== undefined
      ? { contactId: row.data.contactId, number: row.data.number, open: row.contact_open }
      : null,
  corrects: row.data.corrects ?? null,
  correctedBy: row.corrected_by,
})

/** One page of an incident's log, latest first. */
export async function entries(
  tx: Tx,
  incidentId: string,
  query: z.output<(typeof listEntries)['query']>,
): Promise<{ rows: IncidentEntry[]; next: string | null }> {
  await incidentOf(tx, incidentId)
  const key = Number.parseInt(query.after ?? '', 10)
  const found = await findEntries(tx, incidentId, Number.isSafeInteger(key) ? key : null, query.limit)
  const rows = found.slice(0, query.limit).map(shownEntry)
  const last = rows.at(-1)
  return { rows, next: found.length > query.limit && last ? String(last.seq) : null }
}

/** Links a contact to an incident, on both of them; once is enough. */
export async function link(
  tx: Tx,
  doer: Doer,
  incident: { incidentId: string; number: number },
  contact: { contactId: string; number: number; words: string },
): Promise<void> {
  if (await namesContact(tx, incident.incidentId, contact.contactId)) return
  await appendEntry(tx, incident.incidentId, {
    at: doer.now,
    personId: doer.personId,
    kind: 'contact',
    data: contact,
  })
  await noteOnContact(tx, contact.contactId, doer.now, doer.personId, incident.number)
}

/**
 * Adds to the log of an open incident: `incident.closed` when it is not, `contact.notFound` when no contact has the number,
 * `request.malformed` when a correction names an entry that is not there.
 */
export async function add(
  tx: Tx,
  doer: Doer,
  incidentId: string,
  given: z.output<(typeof addEntry)['body']>,
): Promise<IncidentRow> {
  const row = await incidentOf(tx, incidentId, lockIncident)
  if (row.state === 'closed') throw new Problem('incident.closed')
  if (given.kind === 'contact') {
    const contact = await findByNumber(tx, doer.hotlineId, given.contactNumber)
    if (!contact) throw new Problem('contact.notFound')
    await link(
      tx,
      doer,
      { incidentId, number: row.number },
      { contactId: contact.contact_id, number: contact.number, words: given.words },
    )
  } else {
    if (given.kind === 'correction' && given.corrects > row.entry_count)
      throw new Problem('request.malformed', { fields: ['corrects'] })
    const { kind, ...data } = given
    await appendEntry(tx, incidentId, { at: doer.now, personId: doer.personId, kind, data })
  }
  return shown(await incidentOf(tx, incidentId))
}

/** Closes an incident or opens it again, with the words why; being so already is success. */
export async function turn(
  tx: Tx,
  doer: Doer,
  incidentId: string,
  kind: 'closed' | 'reopened',
  words: string,
): Promise<IncidentRow> {
  const row = await incidentOf(tx, incidentId, lockIncident)
  const already = row.state === (kind === 'closed' ? 'closed' : 'open')
  if (already) return shown(row)
  await appendEntry(tx, incidentId, { at: doer.now, personId: doer.personId, kind, data: { words } })
  return shown(await incidentOf(tx, incidentId))
}
