/* Registers with deadlines: breaches, impact assessments, persons' requests; steps are only ever added (PIPL 44-47, 55-57). */
import type { z } from 'zod'
import type {
  addRegisterStep,
  listRegisters,
  openRegisterEntry,
  readRegisterEntry,
  RegisterRow,
} from '../../api/registers.ts'
import { Problem } from '../../domain/problem.ts'
import { isStepOf, missingSteps, registerYearsKept, timeFor } from '../../domain/register.ts'
import { dayOf, monthsAfter } from '../../domain/zone.ts'
import type { Tx } from '../db/database.ts'
import { newId } from '../db/id.ts'
import type { WordSealing } from '../records/word-search.ts'
import {
  findContactId,
  findEntries,
  findEntry,
  findSteps,
  insertEntry,
  insertStep,
  markClosed,
  type StoredEntry,
} from './queries.ts'

/** Who does it and when. */
export interface Doer {
  hotlineId: string
  personId: string
  now: Date
  /** Seals what is typed. */
  sealing: WordSealing
}

const shown = (row: StoredEntry, { words }: WordSealing): RegisterRow => ({
  entryId: row.entry_id,
  kind: row.kind,
  number: row.number,
  title: words.open(row.title),
  request: row.request,
  contactNumber: row.contact_number,
  openedAt: row.opened_at.toISOString(),
  openedBy: row.opener,
  dueAt: row.due_at.toISOString(),
  closedAt: row.closed_at?.toISOString() ?? null,
  keepUntil: row.keep_until,
  missing: row.closed_at ? [] : missingSteps(row.kind, row.steps).map((group) => [...group]),
})

/** One page of entries: open ones by their deadline, or the newest first. */
export async function list(
  tx: Tx,
  hotlineId: string,
  query: z.output<(typeof listRegisters)['query']>,
  now: Date,
  sealing: WordSealing,
): Promise<{ rows: RegisterRow[]; next: string | null }> {
  const found = await findEntries(tx, hotlineId, query, now, sealing)
  const rows = found.slice(0, query.limit).map((row) => shown(row, sealing))
  const last = rows.at(-1)
  const key = last && (query.sort === 'due' ? `${last.dueAt}|${last.entryId}` : last.entryId)
  return { rows, next: found.length > query.limit && key ? key : null }
}

async function entryOf(tx: Tx, entryId: string, lock?: 'lock'): Promise<StoredEntry> {
  const row = await findEntry(tx, entryId, lock)
  if (!row) throw new Problem('register.notFound')
  return row
}

/** One entry with all its steps. */
export async function read(
  tx: Tx,
  entryId: string,
  sealing: WordSealing,
): Promise<z.output<(typeof readRegisterEntry)['reply']>> {
  const row = await entryOf(tx, entryId)
  const steps = await findSteps(tx, entryId)
  const shownSteps = steps.map((step) => ({
    ...step,
    words: sealing.words.open(step.words),
    at: step.at.toISOString(),
  }))
  return { ...shown(row, sealing), steps: shownSteps }
}

/** Opens an entry; its deadline counts from now. `contact.notFound` when no contact has the number. */
export async function open(
  tx: Tx,
  doer: Doer,
  given: z.output<(typeof openRegisterEntry)['body']>,
): Promise<RegisterRow> {
  const { hotlineId, personId, now, sealing } = doer
  const request = given.kind === 'request' ? given.request : null
  const number = given.kind === 'request' ? given.contactNumber : undefined
  const contactId = number === undefined ? null : await findContactId(tx, hotlineId, number)
  if (number !== undefined && contactId === null) throw new Problem('contact.notFound')
  const { kind, title } = given
  const entryId = newId(now.getTime())
  const dueAt = new Date(now.getTime() + timeFor[kind])
  const entry = { entryId, hotlineId, kind, title, request, contactId, personId, at: now, dueAt }
  await insertEntry(tx, entry, sealing)
  await insertStep(tx, { hotlineId, entryId, personId, at: now }, 'opened', given.words, sealing)
  return shown(await entryOf(tx, entryId), doer.sealing)
}

/** Adds a step to an open entry; who opened an assessment does not approve it. */
export async function add(
  tx: Tx,
  doer: Doer,
  entryId: string,
  given: z.output<(typeof addRegisterStep)['body']>,
): Promise<RegisterRow> {
  const row = await entryOf(tx, entryId, 'lock')
  if (row.closed_at) throw new Problem('register.closed')
  if (!isStepOf(row.kind, given.kind)) throw new Problem('request.malformed', { fields: ['kind'] })
  if (given.kind === 'approved' && row.opened_by === doer.personId) throw new Problem('register.needsAnother')
  await insertStep(tx, { ...doer, entryId, at: doer.now }, given.kind, given.words, doer.sealing)
  return shown(await entryOf(tx, entryId), doer.sealing)
}

/** Closes an entry that has all its steps, and fixes the day until which it is kept; closed already is success. */
export async function close(tx: Tx, doer: Doer, entryId: string, words: string): Promise<RegisterRow> {
  const row = await entryOf(tx, entryId, 'lock')
  if (row.closed_at) return shown(row, doer.sealing)
  const missing = missingSteps(row.kind, row.steps)
  if (missing.length > 0) throw new Problem('register.incomplete', { missing: missing.flat() })
  await insertStep(tx, { ...doer, entryId, at: doer.now }, 'closed', words, doer.sealing)
  const keepUntil = monthsAfter(dayOf(doer.now.getTime(), row.time_zone), registerYearsKept * 12)
  await markClosed(tx, entryId, doer.now, keepUntil)
  return shown(await entryOf(tx, entryId), doer.sealing)
}
