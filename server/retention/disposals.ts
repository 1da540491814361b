/* What is due is destroyed (G24-6.2.2b): proposed by one person, approved by two others, done once, with a certificate. */
import type { z } from 'zod'
import type { Disposal, KeptContact, listCertificates } from '../../api/retention.ts'
import { Problem } from '../../domain/problem.ts'
import { disposalState, isDue, lastDayKept, mayAnswer, type DisposalState } from '../../domain/retention.ts'
import { appendAudit } from '../db/audit.ts'
import { openCustody } from '../db/custody.ts'
import { inHotline, type Database, type Tx } from '../db/database.ts'
import { newId } from '../db/id.ts'
import { pageFrom } from '../db/paging.ts'
import type { Words } from '../records/keys.ts'
import { destroySound, type Places } from '../records/records.ts'
import {
  destroyContact,
  findCertificates,
  findDisposal,
  findDisposals,
  findDoomed,
  findListContacts,
  findToDestroy,
  insertAnswer,
  insertDisposal,
  lockDisposal,
  saveGone,
  type DisposalRow,
} from './disposal-queries.ts'
import { keepingOf, shownKept } from './keeping.ts'
import { findZone, lockKept } from './queries.ts'

/** Who reads lists, and what opens the reasons of their answers. */
interface Reader {
  personId: string
  words: Words
}

const shown = (row: DisposalRow, { personId, words }: Reader): Disposal => ({
  disposalId: row.disposal_id,
  proposedBy: row.proposer,
  proposedAt: row.proposed_at.toISOString(),
  state: disposalState(row.proposed_by, row.answers),
  contacts: row.contacts,
  destroyed: row.destroyed,
  answers: row.answers.map(({ person, granted, reason, at }) => ({
    person,
    granted,
    reason: words.open(reason),
    at,
  })),
  mayAnswer: mayAnswer(row.proposed_by, row.answers, personId),
})

/** One page of lists, newest first. */
export async function listedDisposals(
  tx: Tx,
  query: { after?: string | undefined; limit: number; state?: DisposalState | undefined },
  reader: Reader,
): Promise<{ rows: Disposal[]; next: string | null }> {
  const { rows, next } = pageFrom(await findDisposals(tx, query), query.limit, (row) => row.disposal_id)
  return { rows: rows.map((row) => shown(row, reader)), next }
}

/** Who does it, where, when. */
interface Doer extends Reader {
  hotlineId: string
  now: Date
}

/** Proposes contacts for disposal; `retention.notDue` unless each is due and on no other list. */
export async function propose(tx: Tx, doer: Doer, contactIds: readonly string[]): Promise<Disposal> {
  await openCustody(tx)
  const zone = await findZone(tx)
  const wanted = new Set(contactIds)
  const rows = await lockKept(tx, [...wanted])
  const now = doer.now.getTime()
  const due = rows.filter(
    (row) =>
      row.is_over && row.disposal_id === null && isDue(keepingOf(row), row.over_at.getTime(), zone, now),
  )
  if (due.length < wanted.size) throw new Problem('retention.notDue')
  const disposalId = newId(now)
  const items = due.map((row) => ({
    contactId: row.contact_id,
    lastDay: lastDayKept(row.over_at.getTime(), row.retention_class, zone),
  }))
  await insertDisposal(tx, { disposalId, ...doer }, items)
  return oneShown(tx, disposalId, doer)
}

async function oneShown(tx: Tx, disposalId: string, reader: Reader): Promise<Disposal> {
  const row = await findDisposal(tx, disposalId)
  if (!row) throw new Problem('disposal.notFound')
  return shown(row, reader)
}

/** Writes one person's answer: `disposal.notFound`, `disposal.settled`, `disposal.needsAnother`. */
export async function answer(
  tx: Tx,
  doer: Doer,
  disposalId: string,
  given: { granted: boolean; reason: string },
): Promise<Disposal> {
  await lockDisposal(tx, disposalId)
  const row = await findDisposal(tx, disposalId)
  if (!row) throw new Problem('disposal.notFound')
  if (disposalState(row.proposed_by, row.answers) !== 'open') throw new Problem('disposal.settled')
  if (!mayAnswer(row.proposed_by, row.answers, doer.personId)) throw new Problem('disposal.needsAnother')
  const reason = doer.words.seal(given.reason)
  await insertAnswer(tx, { disposalId, ...doer, granted: given.granted, reason })
  return oneShown(tx, disposalId, doer)
}

/** The list as it stands for this person; `disposal.notFound`. */
export const readDisposal = (tx: Tx, disposalId: string, reader: Reader): Promise<Disposal> =>
  oneShown(tx, disposalId, reader)

const atOnce = 500

/**
 * Destroys what approved lists still hold, each contact in a transaction of its own, then the files of its recordings. What
 * a crash left undone the next round does. Gives how many contacts were destroyed.
 */
export async function finishDisposals(
  db: Database,
  hotlineId: string,
  places: Places,
  now: Date,
): Promise<number> {
  const waiting = await inHotline(db, hotlineId, async (tx) => {
    await openCustody(tx)
    return findToDestroy(tx, atOnce)
  })
  let destroyed = 0
  for (const { disposal_id: disposalId, contact_id: contactId, actor } of waiting) {
    const done = await inHotline(db, hotlineId, async (tx) => {
      await openCustody(tx)
      const certificateId = newId(now.getTime())
      const sha256 = await destroyContact(tx, { disposalId, contactId, certificateId, actor, now })
      if (!sha256) return false
      const data = { sha256: sha256.toString('hex') }
      await appendAudit(tx, {
        at: now,
        actor,
        action: 'contact.disposed',
        subject: certificateId,
        contactId,
        data,
      })
      return true
    })
    if (done) destroyed += 1
  }
  await destroyFiles(db, hotlineId, places, now)
  return destroyed
}

/** The files go after the commit that decided it, and only then are they written down as gone: a crash repeats it. */
async function destroyFiles(db: Database, hotlineId: string, places: Places, now: Date): Promise<void> {
  for (const doomed of await inHotline(db, hotlineId, (tx) => findDoomed(tx, atOnce))) {
    const {
      recording_id: recordingId,
      started_at: startedAt,
      ended_at: endedAt,
      stored_at: storedAt,
    } = doomed
    await inHotline(db, hotlineId, async (tx) => {
      const isGone = await destroySound(tx, places, hotlineId, { recordingId, startedAt, endedAt, storedAt })
      if (isGone) await saveGone(tx, recordingId, now)
    })
  }
}

/** The contacts of a list, by number. */
export async function contactsOfList(
  tx: Tx,
  disposalId: string,
  query: { after?: string | undefined; limit: number },
  now: Date,
): Promise<{ rows: KeptContact[]; next: string | null }> {
  await openCustody(tx)
  const zone = await findZone(tx)
  const found = await findListContacts(tx, disposalId, query)
  const { rows, next } = pageFrom(found, query.limit, (row) => String(row.number))
  return { rows: rows.map((row) => shownKept(row, { zone, now: now.getTime() })), next }
}

/** One page of certificates, newest first. */
export async function certificates(
  tx: Tx,
  query: z.output<(typeof listCertificates)['query']>,
): Promise<z.input<(typeof listCertificates)['reply']>> {
  await openCustody(tx)
  const found = await findCertificates(tx, query)
  const { rows, next } = pageFrom(found, query.limit, (row) => row.certificate_id)
  const shownOnes = rows.map((row) => ({
    certificateId: row.certificate_id,
    contactId: row.contact_id,
    number: row.number,
    lastDay: row.last_day,
    at: row.at.toISOString(),
    sha256: row.sha256.toString('hex'),
    data: row.data,
  }))
  return { rows: shownOnes, next }
}
