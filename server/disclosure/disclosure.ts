/* The front of disclosures: asked for, decided by a second person, handed over, received (G24-6.2.2c, G24-7.5c). */
import { createHash } from 'node:crypto'
import type { z } from 'zod'
import type {
  askDisclosure,
  Disclosure,
  DisclosureRow,
  listDisclosures,
  lookAtContents,
} from '../../api/disclosure.ts'
import {
  afterStep,
  consentFor,
  faultsOf,
  mayIdentify,
  soundOfLeaves,
  type DisclosureState,
  type DisclosureStep,
  type DisclosureWish,
} from '../../domain/disclosure.ts'
import { Problem } from '../../domain/problem.ts'
import { allItems, wordsOf, type Item } from '../../domain/questionnaire.ts'
import type { Asker } from '../contacts/contacts.ts'
import type { Tx } from '../db/database.ts'
import { newId } from '../db/id.ts'
import { formOfContact } from '../forms/forms.ts'
import type { ContactSealing } from '../records/answers.ts'
import { findKeptWords, keepWords } from '../records/kept-words.ts'
import type { Words } from '../records/keys.ts'
import type { WordSealing } from '../records/word-search.ts'
import { readContacts, type ReadContact } from './contents.ts'
import {
  appendEntry,
  findContacts,
  findDisclosure,
  findDisclosures,
  findEntries,
  findNumbers,
  insertDisclosure,
  lockDisclosure,
  type DisclosedRow,
  type EntryKind,
  type StoredDisclosure,
  type StoredEntry,
} from './queries.ts'
import { plainReceipt } from './package.ts'
import { receiverOf } from './receivers.ts'

export { checkPackage, makeIdentity, PackageRefused } from './package.ts'

/** Who does it, of which hotline, and what opens its records. */
export interface Doer {
  hotlineId: string
  asker: Asker & { now: Date }
  sealing: ContactSealing
}

const rowOf = (row: StoredDisclosure): DisclosureRow => ({
  disclosureId: row.disclosure_id,
  number: row.number,
  state: row.state,
  receiver: row.receiver,
  purpose: row.purpose,
  basis: row.basis,
  contacts: row.contacts,
  askedAt: row.asked_at.toISOString(),
  askedBy: row.asked_by_name,
  decidedBy: row.decided_by_name,
  lastAt: row.last_at.toISOString(),
})

/** One page of the register. */
export async function list(
  tx: Tx,
  hotlineId: string,
  query: z.output<(typeof listDisclosures)['query']>,
  sealing: WordSealing,
): Promise<{ rows: DisclosureRow[]; next: string | null }> {
  const found = await findDisclosures(tx, hotlineId, query, sealing)
  const rows = found.slice(0, query.limit).map(rowOf)
  const last = rows.at(-1)
  return { rows, next: found.length > query.limit && last ? String(last.number) : null }
}

/** The first entry that is not made of the one before it, or what the end misses; null when the log is whole. */
function firstBreak(entries: readonly StoredEntry[], head: { count: number; hash: Buffer }): number | null {
  let before: Buffer = Buffer.alloc(0)
  for (const [place, { seq, text, hash }] of entries.entries()) {
    if (seq !== place + 1) return place + 1
    if (!createHash('sha256').update(before).update(text).digest().equals(hash)) return seq
    before = hash
  }
  return entries.length === head.count && before.equals(head.hash) ? null : entries.length + 1
}

/** What a disclosure's page shows besides the record itself: what lies on the disk, what is being made, the signer. */
export interface Around {
  making: boolean
  kept: boolean
  signer: string
  /** Opens what was typed. */
  words: Words
}

async function itemsOf(tx: Tx, rows: readonly DisclosedRow[]): Promise<Map<string, Item>> {
  const items = new Map<string, Item>()
  for (const row of rows)
    for (const item of allItems((await formOfContact(tx, row)).form.item))
      if (!items.has(item.linkId)) items.set(item.linkId, item)
  return items
}

const wishOf = (row: StoredDisclosure, sealed: Words): DisclosureWish => ({
  purpose: row.purpose,
  basis: row.basis,
  document: sealed.open(row.document),
  facts: row.facts,
  questions: row.questions,
  sound: row.sound,
})

/** While the package can be downloaded. */
const isHad = (state: DisclosureState): boolean => state === 'packaged' || state === 'handed-over'

/** One disclosure, its log verified; `disclosure.notFound`. */
export async function read(
  tx: Tx,
  hotlineId: string,
  personId: string,
  disclosureId: string,
  around: Around,
): Promise<Disclosure> {
  const row = await findDisclosure(tx, disclosureId)
  if (!row) throw new Problem('disclosure.notFound')
  const numbers = await findNumbers(tx, disclosureId)
  const items = await itemsOf(tx, await findContacts(tx, hotlineId, numbers, []))
  const entries = await findEntries(tx, disclosureId)
  const made = entries.find(({ kind }) => kind === 'packaged')?.data
  const references = entries.flatMap(({ data }) => data.kept ?? [])
  const said = await findKeptWords(tx, references, around.words)
  return {
    ...rowOf(row),
    ...wishOf(row, around.words),
    facts: row.facts,
    recipient: row.recipient,
    contactNumbers: numbers,
    questions: row.questions.map((linkId) => {
      const item = items.get(linkId)
      return { linkId, zh: item ? wordsOf(item, 'zh-CN') : linkId, en: item ? wordsOf(item, 'en') : linkId }
    }),
    words: around.words.open(row.words),
    mine: row.asked_by === personId,
    making: around.making,
    package: made
      ? {
          sha256: made.sha256 ?? '',
          bytes: made.bytes ?? 0,
          entries: made.entries ?? 0,
          kept: around.kept && isHad(row.state),
        }
      : null,
    signer: around.signer,
    brokenAt:
      firstBreak(entries, { count: row.entry_count, hash: row.entry_hash }) ??
      entries.find(({ data }) => data.kept !== undefined && !said.has(data.kept))?.seq ??
      null,
    log: entries.map(({ seq, at, kind, person, data }) => ({
      seq,
      at: at.toISOString(),
      kind,
      person,
      words: said.get(data.kept)?.['words'] ?? '',
    })),
  }
}

/** Contacts by their numbers; `contact.notFound` names those that are none, restricted ones among them. */
async function contactsOf(
  tx: Tx,
  hotlineId: string,
  numbers: readonly number[],
  purpose: DisclosureWish['purpose'],
): Promise<DisclosedRow[]> {
  const wanted = [...new Set(numbers)]
  const rows = await findContacts(tx, hotlineId, wanted, consentFor(purpose))
  const missing = wanted.filter((number) => rows.every((row) => row.number !== number))
  if (missing.length > 0) throw new Problem('contact.notFound', { numbers: missing.map(String) })
  return rows
}

/** What could be disclosed of some contacts: which questions are answered, never how. */
export async function lookAt(
  tx: Tx,
  { hotlineId, asker, sealing }: Doer,
  given: z.output<(typeof lookAtContents)['body']>,
): Promise<z.output<(typeof lookAtContents)['reply']> & { contactIds: string[] }> {
  const rows = await contactsOf(tx, hotlineId, given.contactNumbers, given.purpose)
  const contacts = await readContacts(tx, asker, rows, sealing)
  const answered = new Map<string, { item: Item; count: number }>()
  for (const { form, answers } of contacts)
    for (const item of allItems(form.item)) {
      if (!(item.linkId in answers)) continue
      const count = (answered.get(item.linkId)?.count ?? 0) + 1
      answered.set(item.linkId, { item, count })
    }
  return {
    contactIds: rows.map((row) => row.contact_id),
    contacts: rows.map((row) => ({
      number: row.number,
      startedAt: row.started_at.toISOString(),
      recordings: soundOfLeaves({ ...formal, sound: true }, row) ? row.recordings.length : 0,
      consent: row.consent,
    })),
    questions: [...answered.values()].map(({ item, count }) => ({
      linkId: item.linkId,
      zh: wordsOf(item, 'zh-CN'),
      en: wordsOf(item, 'en'),
      identifying: mayIdentify(item),
      answered: count,
    })),
  }
}

/** A wish for which recordings may leave: asks of the recordings only whether the caller's consent stands. */
const formal = {
  purpose: 'formal-request',
  basis: 'formal-document',
  document: '',
  facts: [],
  questions: [],
} as const

/** `disclosure.notAllowed` names what stands against a wish. */
async function judge(tx: Tx, wish: DisclosureWish, rows: readonly DisclosedRow[]): Promise<void> {
  const items = await itemsOf(tx, rows)
  const unknown = wish.questions.filter((linkId) => !items.has(linkId))
  if (unknown.length > 0) throw new Problem('request.malformed', { fields: ['questions'] })
  const reasons = faultsOf(
    wish,
    wish.questions.flatMap((linkId) => items.get(linkId) ?? []),
    rows.map(({ number, recording, consent }) => ({ number, recording, disclosure: consent })),
  )
  if (reasons.length > 0) throw new Problem('disclosure.notAllowed', { reasons })
}

/** Asks for a disclosure and gives its id; `receiver.notFound`, `contact.notFound`, `disclosure.notAllowed`. */
export async function ask(
  tx: Tx,
  { hotlineId, asker, sealing }: Doer,
  given: z.output<(typeof askDisclosure)['body']>,
): Promise<{ disclosureId: string; contactIds: string[] }> {
  const receiver = await receiverOf(tx, given.receiverId)
  const rows = await contactsOf(tx, hotlineId, given.contactNumbers, given.purpose)
  await judge(tx, given, rows)
  const disclosureId = newId(asker.now.getTime())
  const contactIds = rows.map((row) => row.contact_id)
  const { receiverId, purpose, basis, document, sound, words } = given
  const { recipient } = receiver
  const [facts, questions] = [[...new Set(given.facts)], [...new Set(given.questions)]]
  const stored = {
    receiverId,
    recipient,
    purpose,
    basis,
    document,
    facts,
    questions,
    sound,
    words,
    contactIds,
  }
  const by = { personId: asker.personId, at: asker.now }
  await insertDisclosure(tx, hotlineId, { ...stored, disclosureId, ...by }, sealing.answers)
  // The chain holds all that was agreed on, the words by reference, so that a changed row would be seen.
  const { words: _, document: __, ...codes } = stored
  const kept = await keepWords(tx, { hotlineId }, { words, document }, sealing.answers)
  const data = { ...codes, receiver: receiver.name, kept }
  await appendEntry(tx, disclosureId, { ...by, kind: 'asked', data })
  return { disclosureId, contactIds }
}

const kinds: Readonly<Record<Exclude<DisclosureState, 'asked'>, EntryKind>> = {
  approved: 'approved',
  packaged: 'packaged',
  'handed-over': 'handed-over',
  received: 'received',
  refused: 'refused',
  withdrawn: 'withdrawn',
}

/**
 * Moves a disclosure on: `disclosure.wrongState`, `disclosure.needsAnother` for who decides their own request,
 * `disclosure.notFound`. `data` goes into the log.
 */
export async function moveOn(
  tx: Tx,
  disclosureId: string,
  step: DisclosureStep,
  by: { personId: string; now: Date },
  data: object,
): Promise<void> {
  const row = await lockDisclosure(tx, disclosureId)
  if (!row) throw new Problem('disclosure.notFound')
  const next = afterStep({ state: row.state, askedBy: row.asked_by }, step, by.personId)
  if (next === 'asked') throw new Problem('disclosure.wrongState', { state: row.state })
  await appendEntry(tx, disclosureId, { at: by.now, personId: by.personId, kind: kinds[next], data })
}

/** Takes the receiver's receipt; `disclosure.wrongReceipt` when it does not follow from this very package. */
export async function receive(
  tx: Tx,
  disclosureId: string,
  typed: string,
  by: { personId: string; now: Date },
): Promise<void> {
  const entries = await findEntries(tx, disclosureId)
  const expected = entries.find(({ kind }) => kind === 'packaged')?.data.receipt
  const receipt = receiptHash(typed)
  if (expected !== undefined && receipt !== expected) throw new Problem('disclosure.wrongReceipt')
  await moveOn(tx, disclosureId, 'receive', by, { receipt })
}

/** What the register remembers of a receipt: enough to know it again, not enough to give it. */
export const receiptHash = (receipt: string): string =>
  createHash('sha256').update(plainReceipt(receipt)).digest('hex')

/** An approved disclosure with its contacts read, judged once more; `disclosure.notAllowed`, `contact.notFound`. */
export async function toBePackaged(
  tx: Tx,
  { hotlineId, asker, sealing }: Doer,
  disclosureId: string,
): Promise<{ row: StoredDisclosure; wish: DisclosureWish; contacts: ReadContact[] }> {
  const row = await findDisclosure(tx, disclosureId)
  if (!row) throw new Problem('disclosure.notFound')
  afterStep({ state: row.state, askedBy: row.asked_by }, 'package', asker.personId)
  const numbers = await findNumbers(tx, disclosureId)
  // One that was restricted meanwhile is not there any more; the rest of it was not what was agreed on.
  if (numbers.length !== row.contacts) throw new Problem('contact.notFound')
  const rows = await contactsOf(tx, hotlineId, numbers, row.purpose)
  const wish = wishOf(row, sealing.answers.words)
  await judge(tx, wish, rows)
  return { row, wish, contacts: await readContacts(tx, asker, rows, sealing) }
}

/** Writes a download into the log; `disclosure.wrongState` when there is no package to be had. */
export async function noteDownload(
  tx: Tx,
  disclosureId: string,
  by: { personId: string; now: Date },
): Promise<number> {
  const row = await lockDisclosure(tx, disclosureId)
  if (!row) throw new Problem('disclosure.notFound')
  if (!isHad(row.state)) throw new Problem('disclosure.wrongState', { state: row.state })
  await appendEntry(tx, disclosureId, { at: by.now, personId: by.personId, kind: 'downloaded', data: {} })
  return row.number
}
