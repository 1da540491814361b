/* Links for a caller's own browser: no log-in, the token's hash alone is kept, good for a while and for one sending. */
import { createHash, randomBytes } from 'node:crypto'
import { sql } from 'kysely'
import type { Reply } from '../../api/endpoint.ts'
import type { openLink } from '../../api/assessment.ts'
import type { ItemAnswers } from '../../domain/instrument.ts'
import { Problem } from '../../domain/problem.ts'
import type { Language } from '../../domain/questionnaire.ts'
import { inHotline, outside, type Database, type Tx } from '../db/database.ts'
import { newId } from '../db/id.ts'
import { linkState, note, store, type Told } from './assessment.ts'
import type { Catalogue } from './catalogue.ts'
import {
  appendEvent,
  findCounsellor,
  findHotline,
  findNumbers,
  insertLink,
  lockLink,
  markOpened,
  markRevoked,
  markUsed,
  type StoredLink,
} from './queries.ts'
import { oneUsed, rowOf, sheetOf } from './settings.ts'

const hashOf = (token: string): Buffer => createHash('sha256').update(token).digest()

/** Makes a link; the address holds the token behind `#`, which a browser sends to nobody. `instrument.noText`. */
export async function makeLink(
  tx: Tx,
  catalogue: Catalogue,
  given: {
    hotlineId: string
    contactId: string
    instrument: string
    language: Language
    personId: string
    now: Date
    expiresAt: Date
  },
): Promise<{ linkId: string; path: string }> {
  const used = await oneUsed(tx, catalogue, given.instrument)
  sheetOf(used, given.language)
  if (!used.of.ways.includes('link')) throw new Problem('instrument.noText', { instrument: given.instrument })
  const token = randomBytes(24).toString('base64url')
  const linkId = newId(given.now.getTime())
  await insertLink(tx, { ...given, linkId, tokenHash: hashOf(token), madeBy: given.personId })
  const { contactId, now, personId } = given
  const data = { instrument: used.of.short }
  await appendEvent(tx, { contactId, at: now, kind: 'instrument-link', actor: personId, data })
  return { linkId, path: `/f/#${token}` }
}

/** Takes a link back; `link.invalid` when the contact has no such link. */
export async function revokeLink(tx: Tx, contactId: string, linkId: string, now: Date): Promise<void> {
  if (!(await markRevoked(tx, contactId, linkId, now))) throw new Problem('link.invalid')
}

/** Runs `work` on the open link of a token, in its hotline; `link.invalid`, `link.used`, `link.expired`. */
async function withLink<T>(
  db: Database,
  token: string,
  now: Date,
  work: (tx: Tx, link: StoredLink) => Promise<T>,
): Promise<T> {
  const tokenHash = hashOf(token)
  const { rows } = await outside(() =>
    sql<{ hotline_id: string | null }>`select hotline_of_link(${tokenHash}) as hotline_id`.execute(db.doors),
  )
  const hotlineId = rows[0]?.hotline_id
  if (!hotlineId) throw new Problem('link.invalid')
  return inHotline(db, hotlineId, async (tx) => {
    const link = await lockLink(tx, tokenHash)
    const state = link && linkState(link, now)
    if (!link || state === 'revoked') throw new Problem('link.invalid')
    if (state === 'used') throw new Problem('link.used')
    if (state === 'expired') throw new Problem('link.expired')
    return work(tx, link)
  })
}

/** Something a caller said through a link: whose hotline it is and what changed. */
export interface Heard {
  hotlineId: string
  told: Told
}

/** What the caller's page shows, in another language than the link's when the instrument has it; `heard` at its first opening. */
export const openByToken = (
  db: Database,
  catalogue: Catalogue,
  given: { token: string; language?: Language | undefined; now: Date },
): Promise<{ page: Reply<typeof openLink>; heard: Heard | null }> =>
  withLink(db, given.token, given.now, async (tx, link) => {
    const used = await oneUsed(tx, catalogue, link.instrument)
    const { languages } = rowOf(used)
    const wanted = given.language ?? link.language
    const { name } = await findHotline(tx)
    const page = {
      ...sheetOf(used, languages.includes(wanted) ? wanted : link.language),
      hotline: name,
      numbers: await findNumbers(tx),
      languages,
      expiresAt: link.expires_at.toISOString(),
    }
    const { hotline_id: hotlineId, contact_id: contactId } = link
    if (!(await markOpened(tx, link.link_id, given.now))) return { page, heard: null }
    const personId = await findCounsellor(tx, contactId)
    return { page, heard: { hotlineId, told: { contactId, personId, level: null, raised: false } } }
  })

const givenBy = (link: StoredLink, answers: ItemAnswers, now: Date) => ({
  hotlineId: link.hotline_id,
  contactId: link.contact_id,
  personId: null,
  instrument: link.instrument,
  answers,
  now,
})

/** Hears of a critical answer before the rest is sent. */
export const noteByToken = (
  db: Database,
  catalogue: Catalogue,
  given: { token: string; answers: ItemAnswers; now: Date },
): Promise<Heard> =>
  withLink(db, given.token, given.now, async (tx, link) => ({
    hotlineId: link.hotline_id,
    told: await note(tx, catalogue, givenBy(link, given.answers, given.now)),
  }))

/** Takes the answers; from then on the link is used. */
export const sendByToken = (
  db: Database,
  catalogue: Catalogue,
  given: { token: string; language: Language; answers: ItemAnswers; now: Date },
): Promise<Heard> =>
  withLink(db, given.token, given.now, async (tx, link) => {
    const assessmentId = newId(given.now.getTime())
    const told = await store(tx, catalogue, {
      ...givenBy(link, given.answers, given.now),
      language: given.language,
      assessmentId,
    })
    await markUsed(tx, link.link_id, assessmentId)
    return { hotlineId: link.hotline_id, told }
  })
