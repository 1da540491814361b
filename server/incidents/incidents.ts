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
import { findKeptWords, keepWords, type Said } from '../records/kept-words.ts'
import type { WordSealing } from '../records/word-search.ts'
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
  /** Seals what is typed. */
  sealing: WordSealing
}

const shown = (row: StoredIncident, { words }: WordSealing): IncidentRow => ({
  incidentId: row.incident_id,
  number: row.number,
  kind: row.kind,
  title: words.open(row.title),
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
  sealing: WordSealing,
): Promise<{ rows: IncidentRow[]; next: string | null }> {
  const found = await findIncidents(tx, hotlineId, query, sealing)
  const rows = found.slice(0, query.limit).map((row) => shown(row, sealing))
  const last = rows.at(-1)
  return { rows, next: found.length > query.limit && last ? String(last.number) : null }
}

async function incidentOf(tx: Tx, incidentId: string, find = findIncident): Promise<StoredIncident> {
  const row = await find(tx, incidentId)
  if (!row) throw new Problem('incident.notFound')
  return row
}

/** Adds an entry; what was typed is kept beside the chain, which refers to it. */
async function append(
  tx: Tx,
  { hotlineId, personId, now, sealing }: Doer,
  incidentId: string,
  entry: { kind: StoredEntry['kind']; data: object; words: Said },
): Promise<void> {
  const typed = Object.values(entry.words).some((text) => text !== '')
  const kept = typed && (await keepWords(tx, { hotlineId, incidentId }, entry.words, sealing, 'search'))
  const data = kept ? { ...entry.data, kept } : entry.data
  await appendEntry(tx, incidentId, { at: now, personId, kind: entry.kind, data })
}

/** Opens an incident with its first entry, which also says what it was called. */
export async function open(
  tx: Tx,
  doer: Doer,
  given: z.output<(typeof openIncident)['body']>,
): Promise<IncidentRow> {
  const incidentId = newId(doer.now.getTime())
  const { kind, ...words } = given
  const title = doer.sealing.words.seal(given.title)
  await insertIncident(tx, doer.hotlineId, { incidentId, kind, title, at: doer.now })
  await append(tx, doer, incidentId, { kind: 'opened', data: { kind }, words })
  return shown(await incidentOf(tx, incidentId), doer.sealing)
}

/** One incident, its whole log verified. */
export async function read(
  tx: Tx,
  incidentId: string,
  sealing: WordSealing,
): Promise<z.output<(typeof readIncident)['reply']>> {
  const row = await incidentOf(tx, incidentId)
  const links = await findLinks(tx, incidentId)
  const opening = await findOpening(tx, incidentId)
  const kept = links.map((link) => link.kept).filter((one) => one !== null)
  const words = await findKeptWords(tx, kept, sealing.words)
  const incident = shown(row, sealing)
  const renamed =
    opening.kind !== row.kind || (words.get(opening.kept)?.['title'] ?? opening.title) !== incident.title
  const breaks = [
    firstBreak(links, { count: row.entry_count, hash: row.entry_hash }),
    links.find((link) => link.kept !== null && !words.has(link.kept))?.seq,
    renamed ? 1 : null,
  ].filter((seq) => typeof seq === 'number')
  return { ...incident, brokenAt: breaks.length > 0 ? Math.min(...breaks) : null }
}

const shownEntry = (row: StoredEntry, words: Said | undefined): IncidentEntry => ({
  seq: row.seq,
  at: row.at.toISOString(),
  kind: row.kind,
  person: row.person,
  words: words?.['words'] ?? row.data.words ?? '',
  to: words?.['to'] ?? row.data.to ?? null,
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
  sealing: WordSealing,
): Promise<{ rows: IncidentEntry[]; next: string | null }> {
  await incidentOf(tx, incidentId)
  const key = Number.parseInt(query.after ?? '', 10)
  const found = await findEntries(tx, incidentId, Number.isSafeInteger(key) ? key : null, query.limit)
  const references = found.map((row) => row.data.kept)
  const words = await findKeptWords(tx, references, sealing.words)
  const rows = found.slice(0, query.limit).map((row) => shownEntry(row, words.get(row.data.kept)))
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
  const { words, ...data } = contact
  await append(tx, doer, incident.incidentId, { kind: 'contact', data, words: { words } })
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
    const data = given.kind === 'correction' ? { corrects: given.corrects } : {}
    const words = { words: given.words, ...(given.kind === 'told' ? { to: given.to } : {}) }
    await append(tx, doer, incidentId, { kind: given.kind, data, words })
  }
  return shown(await incidentOf(tx, incidentId), doer.sealing)
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
  if (already) return shown(row, doer.sealing)
  await append(tx, doer, incidentId, { kind, data: {}, words: { words } })
  return shown(await incidentOf(tx, incidentId), doer.sealing)
}
