/* Contacts: who may see which, the form saved as typed, finishing a record, entering one by hand. */
import type { z } from 'zod'
import type {
  ContactRow,
  enterContact,
  readBlankForm,
  readContact,
  readForm,
  saveForm,
} from '../../api/contacts.ts'
import { initialAnswers } from '../../domain/answers.ts'
import { missingForClosing } from '../../domain/form.ts'
import { allows, may } from '../../domain/permission.ts'
import { Problem } from '../../domain/problem.ts'
import { toResponse } from '../../domain/response.ts'
import { owedBy } from '../crisis/crisis.ts'
import { appendEvent } from '../db/contact-event.ts'
import type { Tx } from '../db/database.ts'
import { newId } from '../db/id.ts'
import { reach, reaches, reachOf, type Asker } from '../db/reach.ts'
import { effectiveForm, formOfContact } from '../forms/forms.ts'
import type { ContactSealing } from '../records/answers.ts'
import { findKeptWords } from '../records/kept-words.ts'
import { planAfter } from '../tasks/tasks.ts'
import { sameAnswers, sentAnswers, storedAnswers, writeAnswers, type Written } from './answering.ts'
import {
  findAccesses,
  findContact,
  findContacts,
  findTimeline,
  findVoices,
  fixVersions,
  insertByHand,
  isLine,
  findRecordings,
  lockContact,
  markClosed,
  type ListQuery,
  type StoredContact,
  type StoredRow,
} from './queries.ts'

export type { Asker } from '../db/reach.ts'

/** Enough of a number to recognise it, never the whole. */
const masked = (number: string): string => `••••${number.slice(-4)}`

const iso = (date: Date | null): string | null => date?.toISOString() ?? null

const shown = (row: StoredRow, numbers: ContactSealing['numbers']): ContactRow => ({
  contactId: row.contact_id,
  number: row.number,
  lineName: row.line_name,
  channel: row.channel,
  state: row.state,
  outcome: row.outcome,
  risk: row.risk,
  class: row.class,
  consent: row.consent,
  startedAt: row.started_at.toISOString(),
  answeredAt: iso(row.answered_at),
  endedAt: iso(row.ended_at),
  counsellor: row.counsellor,
  recorded: row.recorded,
  callerNumber: row.caller_number_sealed ? masked(numbers.open(row.caller_number_sealed)) : null,
})

/** One page of the contacts that the rules of the asker's roles let them see: supervisors all, counsellors their own. */
export async function list(
  tx: Tx,
  hotlineId: string,
  asker: Asker,
  query: ListQuery,
  { numbers, answers }: ContactSealing,
): Promise<{ rows: ContactRow[]; next: string | null }> {
  if (query.suffix !== undefined && !may(asker.roles, 'contact.number'))
    throw new Problem('permission.denied')
  const suffixKey = query.suffix === undefined ? null : numbers.suffixKey(query.suffix)
  const conditions = [reachOf(asker, 'contact.list')]
  if (query.mine) conditions.push(reach('own', asker))
  // Who may not see a number must not find it by guessing either.
  if (suffixKey) conditions.push(reachOf(asker, 'contact.number'))
  const words = query.text === undefined ? null : answers.searchWords(query.text)
  const found = await findContacts(tx, hotlineId, asker, query, conditions, { suffixKey, words })
  const rows = found.slice(0, query.limit).map((row) => shown(row, numbers))
  const last = rows.at(-1)
  return { rows, next: found.length > query.limit && last ? String(last.number) : null }
}

/**
 * The contact if the asker holds the right over it; `contact.notFound` otherwise, so that its existence is not told
 * either.
 */
export async function visible(
  tx: Tx,
  asker: Asker,
  contactId: string,
  right: 'contact.read' | 'contact.notes' = 'contact.read',
): Promise<StoredContact> {
  const contact = await findContact(tx, asker, contactId)
  if (!contact || !(await reaches(tx, asker, right, contact))) throw new Problem('contact.notFound')
  return contact
}

/** Who handed a contact over writes down their part of it as long as their own wrap-up lasts; finishing it is not theirs. */
const mayWrite = async (tx: Tx, contact: StoredContact, asker: Asker): Promise<boolean> =>
  contact.state !== 'closed' && (await reaches(tx, asker, 'contact.write', contact))

const mayEdit = (contact: StoredContact, asker: Asker): boolean =>
  contact.state !== 'closed' &&
  allows(asker.roles, 'contact.close', { own: contact.person_id === asker.personId })

/** A contact's page. The caller of this writes the access into the audit chain. */
export async function read(
  tx: Tx,
  asker: Asker,
  contactId: string,
  { numbers, answers }: ContactSealing,
): Promise<z.input<(typeof readContact)['reply']>> {
  const contact = await visible(tx, asker, contactId)
  const listen = may(asker.roles, 'recording.listen')
  const timeline = await findTimeline(tx, contactId)
  const reasons = timeline.map(({ data }) => data['reason'])
  const kept = await findKeptWords(tx, reasons, answers.words)
  const recordings = await findRecordings(tx, contactId)
  const { form } = await formOfContact(tx, contact)
  return {
    ...shown(contact, numbers),
    dangerKey: contact.danger_key,
    queuedAt: iso(contact.queued_at),
    closedAt: iso(contact.closed_at),
    endedBy: contact.ended_by,
    satisfaction: may(asker.roles, 'contact.all') ? contact.satisfaction : null,
    earlierContacts: contact.earlier,
    mayEdit: mayEdit(contact, asker),
    missing: missingForClosing(form, storedAnswers(form, contact, answers)),
    timeline: timeline.map((event) => ({
      seq: event.seq,
      at: event.at.toISOString(),
      kind: event.kind,
      actor: event.person,
      data: kept.has(event.data['reason'])
        ? { ...event.data, ...kept.get(event.data['reason']) }
        : event.data,
    })),
    recordings: recordings.map((recording) => ({
      recordingId: recording.recording_id,
      kind: recording.kind,
      startedAt: recording.started_at.toISOString(),
      durationMs: recording.duration_ms,
      state: recording.state,
      sealed: recording.sealed_at !== null,
      mayListen:
        listen &&
        (recording.state === 'kept' || recording.state === 'truncated') &&
        recording.sealed_at === null,
    })),
    accesses: may(asker.roles, 'contact.all')
      ? (await findAccesses(tx, contactId)).map((access) => ({ ...access, at: access.at.toISOString() }))
      : [],
    voices: may(asker.roles, 'contact.all') ? await voicesOf(tx, contactId) : [],
  }
}

async function voicesOf(
  tx: Tx,
  contactId: string,
): Promise<z.input<(typeof readContact)['reply']>['voices']> {
  return (await findVoices(tx, contactId)).map((row) => ({
    side: row.side,
    seat: row.seat,
    trunk: row.trunk,
    startedAt: row.started_at.toISOString(),
    endedAt: iso(row.ended_at),
    lossPercent: row.loss_percent,
    jitterMs: row.jitter_ms,
    rttMs: row.rtt_ms,
    opinion: row.opinion,
    leastOpinion: row.least_opinion,
  }))
}

/**
 * The form as saved, in the versions the contact was opened with: the first opening by its counsellor fixes them. Who may
 * read it, and for which purpose, is the rule of 'contact.notes' (G24-7.5b).
 */
export async function readSaved(
  tx: Tx,
  asker: Asker,
  contactId: string,
  sealing: ContactSealing,
): Promise<z.input<(typeof readForm)['reply']>> {
  const contact = await visible(tx, asker, contactId, 'contact.notes')
  const effective = await formOfContact(tx, contact)
  const { form } = effective
  if (contact.base_version_id === null && mayEdit(contact, asker)) await fixVersions(tx, contactId, effective)
  const answers = storedAnswers(form, contact, sealing.answers)
  return {
    questionnaire: form,
    response: toResponse(form, answers),
    stage: contact.stage,
    stageMs: contact.stage_ms,
    revision: contact.form_revision,
    savedAt: iso(contact.form_saved_at),
    missing: missingForClosing(form, answers),
  }
}

/** The form of a line as nobody has answered it yet; `line.notFound`. */
export async function readBlank(
  tx: Tx,
  hotlineId: string,
  lineId: string,
): Promise<z.input<(typeof readBlankForm)['reply']>> {
  if (!(await isLine(tx, lineId))) throw new Problem('line.notFound')
  const { form } = await effectiveForm(tx, hotlineId, lineId)
  return { questionnaire: form, response: toResponse(form, initialAnswers(form)) }
}

/** What a save comes back with; the level when it was about danger; whether lists and boards show something new. */
export interface Saved {
  saved: z.input<(typeof saveForm)['reply']>
  heard: Written['heard']
  shown: boolean
}

/**
 * Saves what was typed on top of `revision`. `contact.changedElsewhere` when another tab saved in between (its detail
 * has the newer revision), unless the answers are the same; `contact.alreadyClosed` once the record is finished;
 * `answers.invalid` names the questions that cannot be answered so.
 */
export async function save(
  tx: Tx,
  asker: Asker,
  contactId: string,
  given: z.output<(typeof saveForm)['body']>,
  sealing: ContactSealing,
  now: Date,
): Promise<Saved> {
  await lockContact(tx, contactId)
  const contact = await visible(tx, asker, contactId)
  if (contact.state === 'closed') throw new Problem('contact.alreadyClosed')
  if (!(await mayWrite(tx, contact, asker))) throw new Problem('call.notYours')
  const effective = await formOfContact(tx, contact)
  const { form } = effective
  const before = storedAnswers(form, contact, sealing.answers)
  const answers = sentAnswers(form, given.response)
  if (contact.form_revision !== given.revision) {
    if (!sameAnswers(form, before, answers))
      throw new Problem('contact.changedElsewhere', { revision: contact.form_revision })
    const missing = missingForClosing(form, answers)
    const saved = { revision: contact.form_revision, savedAt: iso(contact.form_saved_at), missing }
    return { saved, heard: null, shown: false }
  }
  if (contact.base_version_id === null) await fixVersions(tx, contactId, effective)
  const { stage, stageMs } = given
  const who = {
    hotlineId: contact.hotline_id,
    contactId,
    personId: asker.personId,
    now,
    sealing: sealing.answers,
  }
  const { missing, heard, classed } = await writeAnswers(tx, {
    ...who,
    form,
    before,
    answers,
    stage,
    stageMs,
  })
  const shown = heard !== null || classed || contact.stage !== stage
  return { saved: { revision: given.revision + 1, savedAt: now.toISOString(), missing }, heard, shown }
}

/**
 * Finishes a record: `contact.incomplete` with the names of what is missing and with what is still owed to a crisis (report,
 * consultation, protocol); `call.wrongState` while the call is up. Repeating it is success.
 */
export async function close(
  tx: Tx,
  asker: Asker,
  contactId: string,
  sealing: ContactSealing,
  now: Date,
): Promise<void> {
  await lockContact(tx, contactId)
  const contact = await visible(tx, asker, contactId)
  if (contact.state === 'closed') return
  if (!mayEdit(contact, asker)) throw new Problem('call.notYours')
  if (contact.state !== 'wrap-up' && contact.state !== 'survey' && contact.state !== 'failed')
    throw new Problem('call.wrongState', { state: contact.state })
  const { form } = await formOfContact(tx, contact)
  const missing = missingForClosing(form, storedAnswers(form, contact, sealing.answers))
  const owed = await owedBy(tx, contactId)
  if (missing.length > 0 || owed.length > 0) throw new Problem('contact.incomplete', { missing, owed })
  await finishRecord(tx, contact.hotline_id, contactId, asker.personId, now)
}

/** Closes a record that owes nothing, and plans the follow-ups that its risk asks for. */
async function finishRecord(
  tx: Tx,
  hotlineId: string,
  contactId: string,
  personId: string,
  now: Date,
): Promise<void> {
  await appendEvent(tx, contactId, now, 'closed', personId, {})
  await markClosed(tx, contactId, now)
  await planAfter(tx, { hotlineId, contactId, createdBy: personId, now })
}

/**
 * Enters a contact that came over a plain telephone (G24-3.2.2b): the same numbering, form and record. It is closed at
 * once unless its danger still owes a report or a protocol.
 */
export async function enter(
  tx: Tx,
  hotlineId: string,
  asker: Asker,
  given: z.output<(typeof enterContact)['body']>,
  { numbers, answers: sealing }: ContactSealing,
  now: Date,
): Promise<{ contactId: string; number: number; heard: Written['heard'] }> {
  const times = [given.startedAt, given.answeredAt ?? given.startedAt, given.endedAt].map((at) =>
    Date.parse(at),
  )
  const inOrder = times.every((at, index) => at <= now.getTime() + 60_000 && at >= (times[index - 1] ?? 0))
  if (!inOrder) throw new Problem('request.malformed', { fields: ['startedAt', 'answeredAt', 'endedAt'] })
  if (!(await isLine(tx, given.lineId))) throw new Problem('line.notFound')
  const effective = await effectiveForm(tx, hotlineId, given.lineId)
  const { form } = effective
  const answers = sentAnswers(form, given.response)
  const missing = missingForClosing(form, answers)
  if (missing.length > 0) throw new Problem('contact.incomplete', { missing })
  const contactId = newId(now.getTime())
  const number = await insertByHand(tx, contactId, given, { personId: asker.personId, now }, numbers)
  await fixVersions(tx, contactId, effective)
  const who = { hotlineId, contactId, personId: asker.personId, now, sealing }
  const before = initialAnswers(form)
  const { heard } = await writeAnswers(tx, { ...who, form, before, answers, stage: 'summary', stageMs: {} })
  if ((await owedBy(tx, contactId)).length === 0)
    await finishRecord(tx, hotlineId, contactId, asker.personId, now)
  return { contactId, number, heard }
}
