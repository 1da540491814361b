/* Access in an emergency by somebody without the right to a contact: a reason, three hours, a review by another. */
import type { z } from 'zod'
import type { breakGlass, GlassRow, listGlass, reviewGlass } from '../../api/oversight.ts'
import { Problem } from '../../domain/problem.ts'
import type { Tx } from '../db/database.ts'
import { newId } from '../db/id.ts'
import { reaches, type Asker } from '../db/reach.ts'
import type { WordSealing } from '../records/word-search.ts'
import {
  findByNumber,
  findGlass,
  findGlasses,
  findOpenGlass,
  insertGlass,
  saveReview,
  type StoredGlass,
} from './queries.ts'

/** How long a broken glass lets somebody in. */
const openMs = 3 * 3_600_000

const shown = (row: StoredGlass, { words }: WordSealing): GlassRow => ({
  breakGlassId: row.break_glass_id,
  contactId: row.contact_id,
  number: row.number,
  personId: row.person_id,
  person: row.person,
  reason: words.open(row.reason),
  at: row.at.toISOString(),
  until: row.until.toISOString(),
  reviewedAt: row.reviewed_at?.toISOString() ?? null,
  reviewedBy: row.reviewer,
  finding: row.finding,
  words: words.open(row.review_words),
})

/**
 * Opens a contact for three hours; `fresh` is false when it is open to the person already. That the contact is read from now
 * on is the rule `brokeGlass` of the roles (server/db/reach.ts).
 */
export async function openInEmergency(
  tx: Tx,
  hotlineId: string,
  asker: Asker & { now: Date },
  given: z.output<(typeof breakGlass)['body']>,
  sealing: WordSealing,
): Promise<{ glass: GlassRow; fresh: boolean }> {
  const contact = await findByNumber(tx, hotlineId, given.contactNumber)
  if (!contact) throw new Problem('contact.notFound')
  const of = { contactId: contact.contact_id, personId: asker.personId, now: asker.now }
  const open = await findOpenGlass(tx, of)
  if (open) return { glass: shown(open, sealing), fresh: false }
  if (await reaches(tx, asker, 'contact.read', contact))
    throw new Problem('glass.notNeeded', { contactId: contact.contact_id })
  const breakGlassId = newId(asker.now.getTime())
  const until = new Date(asker.now.getTime() + openMs)
  const glass = { ...of, breakGlassId, hotlineId, reason: given.reason, at: asker.now, until }
  await insertGlass(tx, glass, sealing)
  return { glass: await glassOf(tx, breakGlassId, sealing), fresh: true }
}

/** One page of accesses in emergencies. */
export async function listed(
  tx: Tx,
  hotlineId: string,
  query: z.output<(typeof listGlass)['query']>,
  sealing: WordSealing,
): Promise<{ rows: GlassRow[]; next: string | null }> {
  const found = await findGlasses(tx, hotlineId, query, sealing)
  const rows = found.slice(0, query.limit).map((row) => shown(row, sealing))
  return { rows, next: found.length > query.limit ? (rows.at(-1)?.breakGlassId ?? null) : null }
}

/** Judges an access: never by who broke the glass, and only once; the same judgement by the same person is success. */
export async function review(
  tx: Tx,
  breakGlassId: string,
  by: { personId: string; now: Date },
  given: z.output<(typeof reviewGlass)['body']>,
  sealing: WordSealing,
): Promise<{ glass: GlassRow; fresh: boolean }> {
  const row = await findGlass(tx, breakGlassId, 'lock')
  if (!row) throw new Problem('glass.notFound')
  if (row.person_id === by.personId) throw new Problem('glass.needsAnother')
  if (row.reviewed_at) {
    if (row.reviewed_by === by.personId && row.finding === given.finding)
      return { glass: shown(row, sealing), fresh: false }
    throw new Problem('glass.alreadyReviewed')
  }
  await saveReview(tx, breakGlassId, { ...by, ...given, words: sealing.words.seal(given.words) })
  return { glass: await glassOf(tx, breakGlassId, sealing), fresh: true }
}

async function glassOf(tx: Tx, breakGlassId: string, sealing: WordSealing): Promise<GlassRow> {
  const row = await findGlass(tx, breakGlassId)
  if (!row) throw new Problem('glass.notFound')
  return shown(row, sealing)
}
