/* Contacts: who may see which, the form saved as typed, finishing a record, entering one by hand. */
import type { z } from 'zod'
import type { ContactRow, enterContact, readContact } from '../../api/contacts.ts'
import { formAnswers, missingForClosing, type FormAnswers } from '../../domain/form.ts'
import { may, type Role } from '../../domain/permission.ts'
import { Problem } from '../../domain/problem.ts'
import type { Tx } from '../db/database.ts'
import { newId } from '../db/id.ts'
import {
  appendEvent,
  findAccesses,
  findContact,
  findContacts,
  findTimeline,
  insertByHand,
  findRecordings,
  lockContact,
  markClosed,
  saveAnswers,
  type ListQuery,
  type StoredContact,
  type StoredRow,
} from './queries.ts'

/** Who asks: a member of staff with their roles. */
export interface Asker {
  personId: string
  roles: readonly Role[]
}

/** How callers' numbers are sealed and found again; made by server/records/keys.ts for one hotline. */
export interface Numbers {
  seal(number: string): Buffer
  open(sealed: Buffer): string
  key(number: string): Buffer
  /** Of the last four digits; null when it has fewer. */
  suffixKey(number: string): Buffer | null
}

/** Enough of a number to recognise it, never the whole. */
const masked = (number: string): string => `••••${number.slice(-4)}`

const iso = (date: Date | null): string | null => date?.toISOString() ?? null

const shown = (row: StoredRow, asker: Asker, numbers: Numbers): ContactRow => ({
  contactId: row.contact_id,
  number: row.number,
  lineName: row.line_name,
  channel: row.channel,
  state: row.state,
  outcome: row.outcome,
  risk: row.risk,
  consent: row.consent,
  startedAt: row.started_at.toISOString(),
  answeredAt: iso(row.answered_at),
  endedAt: iso(row.ended_at),
  counsellor: row.counsellor,
  recorded: row.recorded,
  callerNumber:
    row.caller_number_sealed && may(asker.roles, 'contact.number')
      ? masked(numbers.open(row.caller_number_sealed))
      : null,
})

/** One page of contacts the asker may see: supervisors and custodians all, counsellors their own. */
export async function list(
  tx: Tx,
  hotlineId: string,
  asker: Asker,
  query: ListQuery,
  numbers: Numbers,
): Promise<{ rows: ContactRow[]; next: string | null }> {
  if (query.suffix !== undefined && !may(asker.roles, 'contact.number'))
    throw new Problem('permission.denied')
  const onlyOf = may(asker.roles, 'contact.all') && !query.mine ? null : asker.personId
  const suffixKey = query.suffix === undefined ? null : numbers.suffixKey(query.suffix)
  const found = await findContacts(tx, hotlineId, query, onlyOf, suffixKey)
  const rows = found.slice(0, query.limit).map((row) => shown(row, asker, numbers))
  const last = rows.at(-1)
  return { rows, next: found.length > query.limit && last ? String(last.number) : null }
}

/** The contact if the asker may see it; `contact.notFound` otherwise, so that its existence is not told either. */
export async function visible(tx: Tx, asker: Asker, contactId: string): Promise<StoredContact> {
  const contact = await findContact(tx, contactId)
  const allowed = contact && (may(asker.roles, 'contact.all') || contact.person_id === asker.personId)
  if (!allowed) throw new Problem('contact.notFound')
  return contact
}

const storedForm = (contact: StoredContact): FormAnswers => formAnswers.parse(contact.form)

const mayEdit = (contact: StoredContact, asker: Asker): boolean =>
  contact.person_id === asker.personId && contact.state !== 'closed' && may(asker.roles, 'contact.own')

/** A contact's page. The caller of this writes the access into the audit chain. */
export async function read(
  tx: Tx,
  asker: Asker,
  contactId: string,
  numbers: Numbers,
): Promise<z.input<(typeof readContact)['reply']>> {
  const contact = await visible(tx, asker, contactId)
  const listen = may(asker.roles, 'recording.listen')
  const timeline = await findTimeline(tx, contactId)
  const recordings = await findRecordings(tx, contactId)
  return {
    ...shown(contact, asker, numbers),
    dangerKey: contact.danger_key,
    queuedAt: iso(contact.queued_at),
    closedAt: iso(contact.closed_at),
    endedBy: contact.ended_by,
    satisfaction: may(asker.roles, 'contact.all') ? contact.satisfaction : null,
    earlierContacts: contact.earlier,
    mayEdit: mayEdit(contact, asker),
    missing: missingForClosing(storedForm(contact)),
    timeline: timeline.map((event) => ({
      seq: event.seq,
      at: event.at.toISOString(),
      kind: event.kind,
      actor: event.person,
      data: event.data,
    })),
    recordings: recordings.map((recording) => ({
      recordingId: recording.recording_id,
      kind: recording.kind,
      startedAt: recording.started_at.toISOString(),
      durationMs: recording.duration_ms,
      state: recording.state,
      mayListen: listen && recording.state !== 'running' && recording.state !== 'lost',
    })),
    accesses: may(asker.roles, 'contact.all')
      ? (await findAccesses(tx, contactId)).map((access) => ({ ...access, at: access.at.toISOString() }))
      : [],
  }
}

/** The saved form of a contact and its revision. */
export interface SavedForm {
  form: FormAnswers
  revision: number
  savedAt: string | null
}

/** The form as saved; a supervisor may read any, a counsellor their own. */
export async function readSaved(tx: Tx, asker: Asker, contactId: string): Promise<SavedForm> {
  const contact = await visible(tx, asker, contactId)
  return { form: storedForm(contact), revision: contact.form_revision, savedAt: iso(contact.form_saved_at) }
}

/**
 * Saves what was typed on top of `revision`. `contact.changedElsewhere` when another tab saved in between (its detail
 * has the newer revision), unless the answers are the same; `contact.alreadyClosed` once the record is finished.
 */
export async function save(
  tx: Tx,
  asker: Asker,
  contactId: string,
  form: FormAnswers,
  revision: number,
  now: Date,
): Promise<SavedForm> {
  await lockContact(tx, contactId)
  const contact = await visible(tx, asker, contactId)
  if (contact.state === 'closed') throw new Problem('contact.alreadyClosed')
  if (!mayEdit(contact, asker)) throw new Problem('call.notYours')
  if (contact.form_revision !== revision) {
    const same = JSON.stringify(storedForm(contact)) === JSON.stringify(form)
    if (!same) throw new Problem('contact.changedElsewhere', { revision: contact.form_revision })
    return { form, revision: contact.form_revision, savedAt: iso(contact.form_saved_at) }
  }
  await saveAnswers(tx, contactId, form, now)
  const before = storedForm(contact)
  if (before.risk !== form.risk || before.danger !== form.danger)
    await appendEvent(tx, contactId, now, 'assessed', asker.personId, {
      risk: form.risk,
      danger: form.danger,
      dangerToOthers: form.dangerToOthers,
    })
  return { form, revision: revision + 1, savedAt: now.toISOString() }
}

/**
 * Finishes a record: `contact.incomplete` with the names of what is missing; `call.wrongState` while the call is up.
 * Repeating it is success.
 */
export async function close(tx: Tx, asker: Asker, contactId: string, now: Date): Promise<void> {
  await lockContact(tx, contactId)
  const contact = await visible(tx, asker, contactId)
  if (contact.state === 'closed') return
  if (!mayEdit(contact, asker)) throw new Problem('call.notYours')
  if (contact.state !== 'wrap-up' && contact.state !== 'survey' && contact.state !== 'failed')
    throw new Problem('call.wrongState', { state: contact.state })
  const missing = missingForClosing(storedForm(contact))
  if (missing.length > 0) throw new Problem('contact.incomplete', { missing })
  await appendEvent(tx, contactId, now, 'closed', asker.personId, {})
  await markClosed(tx, contactId, now)
}

/** Enters a contact that came over a plain telephone (G24-3.2.2b): the same numbering, form and record. */
export async function enter(
  tx: Tx,
  asker: Asker,
  given: z.output<(typeof enterContact)['body']>,
  numbers: Numbers,
  now: Date,
): Promise<{ contactId: string; number: number }> {
  const times = [given.startedAt, given.answeredAt ?? given.startedAt, given.endedAt].map((at) =>
    Date.parse(at),
  )
  const inOrder = times.every((at, index) => at <= now.getTime() + 60_000 && at >= (times[index - 1] ?? 0))
  if (!inOrder) throw new Problem('request.malformed', { fields: ['startedAt', 'answeredAt', 'endedAt'] })
  const missing = missingForClosing(given.form)
  if (missing.length > 0) throw new Problem('contact.incomplete', { missing })
  const contactId = newId(now.getTime())
  const number = await insertByHand(tx, contactId, given, asker.personId, numbers, now)
  return { contactId, number }
}
