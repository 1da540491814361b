/* Proves what stands outside of chains: sealed answers and words are what was sealed, and figures what the chain says. */
import { coreOfResponse } from '../../domain/form.ts'
import { inHotline, type Database } from '../db/database.ts'
import { openCustody } from '../db/custody.ts'
import { answersOf, type AnswerSealing } from '../records/answers.ts'
import { findKeptWords, keptReferences } from '../records/kept-words.ts'
import { isSealedText, type Keys } from '../records/keys.ts'
import { findSealed, sealedColumns, type SealedColumn } from '../records/sealed-columns.ts'
import { keptRecords, referringLinks, wrongLevels, type KeptRecord, type ReferringLink } from './queries.ts'

/** What is wrong with something sealed: `plain` is what nobody sealed, or somebody put there instead. */
export interface SealedFault {
  of: 'record' | 'words'
  where: string
  what: 'changed' | 'missing' | 'plain'
}

const pageLength = 500

/**
 * Every sealed value of a hotline that does not open, or stands in plain; every record whose open answers or class are not
 * those that were sealed with the rest; every closed contact whose level is not the one its chain says (G24-6.2.1a).
 */
export async function* faultsOfSealed(
  db: Database,
  hotlineId: string,
  keys: Keys,
): AsyncGenerator<SealedFault> {
  yield* faultsOfRecords(db, hotlineId, answersOf(keys, hotlineId))
  for (const column of sealedColumns) yield* faultsOfColumn(db, hotlineId, keys, column)
  yield* faultsOfKeptWords(db, hotlineId, keys)
  for (const contactId of await inHotline(db, hotlineId, wrongLevels))
    yield { of: 'record', where: `${contactId} risk`, what: 'changed' }
}

/** Everything that a reader of pages gives, each page from where the last one ended. */
async function* eachOf<T>(read: (after: T | null, limit: number) => Promise<T[]>): AsyncGenerator<T> {
  let last: T | null = null
  for (;;) {
    const page: T[] = await read(last, pageLength)
    yield* page
    last = page.at(-1) ?? null
    if (page.length < pageLength) return
  }
}

async function* faultsOfRecords(
  db: Database,
  hotlineId: string,
  sealing: AnswerSealing,
): AsyncGenerator<SealedFault> {
  const records = eachOf<KeptRecord>((after, limit) =>
    inHotline(db, hotlineId, (tx) => keptRecords(tx, after?.contact_id ?? null, limit)),
  )
  for await (const record of records) {
    const what = faultOfRecord(record, sealing)
    if (what) yield { of: 'record', where: record.contact_id, what }
  }
}

function faultOfRecord(record: KeptRecord, sealing: AnswerSealing): SealedFault['what'] | null {
  if (record.answers_sealed === null) return 'plain'
  try {
    const response = sealing.open(record)
    const whole = response !== null && sealing.isWhole(record)
    return whole && coreOfResponse(response).class === record.class ? null : 'changed'
  } catch {
    return 'changed'
  }
}

async function* faultsOfColumn(
  db: Database,
  hotlineId: string,
  keys: Keys,
  column: SealedColumn,
): AsyncGenerator<SealedFault> {
  const rows = eachOf<{ id: string; value: Buffer | string }>((after, limit) =>
    inHotline(db, hotlineId, async (tx) => {
      await openCustody(tx)
      return findSealed(tx, column, after?.id ?? null, limit)
    }),
  )
  for await (const { id, value } of rows) {
    const what = faultOfValue(keys, hotlineId, value)
    if (what) yield { of: 'words', where: `${column.table}.${column.column} ${id}`, what }
  }
}

function faultOfValue(keys: Keys, hotlineId: string, value: Buffer | string): SealedFault['what'] | null {
  if (value === '') return null
  if (typeof value === 'string' && !isSealedText(value)) return 'plain'
  try {
    if (Buffer.isBuffer(value)) keys.open(hotlineId, value)
    else keys.wordsOf(hotlineId).open(value)
    return null
  } catch {
    return 'changed'
  }
}

/** Words beside a chain that are gone, or are not those which the chain is bound to. */
async function* faultsOfKeptWords(db: Database, hotlineId: string, keys: Keys): AsyncGenerator<SealedFault> {
  const words = keys.wordsOf(hotlineId)
  for (const table of ['contact_event', 'incident_entry', 'disclosure_entry'] as const) {
    const links = eachOf<ReferringLink>((after, limit) =>
      inHotline(db, hotlineId, (tx) => referringLinks(tx, table, after, limit)),
    )
    for await (const { chain, seq, data } of links) {
      const references = keptReferences(data)
      const kept = await inHotline(db, hotlineId, (tx) => findKeptWords(tx, references, words))
      if (references.some((reference) => !kept.has(reference)))
        yield { of: 'words', where: `${table} ${chain} ${seq}`, what: 'missing' }
    }
  }
}
