/* Turning keys over while the hotline works: new data keys, then every sealed row sealed anew, batch by batch. */
import { sql } from 'kysely'
import { typedIn } from '../../domain/answers.ts'
import { fromResponse } from '../../domain/response.ts'
import { formOfContact } from '../forms/forms.ts'
import { inHotline, jsonb, type Database, type Tx } from '../db/database.ts'
import { answersOf, hashMark, type StoredAnswers } from './answers.ts'
import { findKeys, makeWaiting, sealingKeyOf, turnOver } from './data-keys.ts'
import { textHeader, type Keys } from './keys.ts'
import { headerOf, type SealingClass } from './ring.ts'
import { findOtherwise, isUsed, sealAnew, sealedColumns, type SealedColumn } from './sealed-columns.ts'

/** Rows of one transaction: long enough to be quick, short enough that nobody waits for its locks. */
const batch = 200

/** The name under which the contacts' answers are re-sealed. */
const answersTarget = 'contact.answers_sealed'
const nameOf = (column: SealedColumn): string => `${column.table}.${column.column}`

/** One thing to be gone through. */
interface Target {
  name: string
  of: SealingClass
  /** Seals the next rows beyond one; gives the last one's id and how many there were. */
  next: (tx: Tx, keyId: string, beyond: string | null) => Promise<{ last: string | null; count: number }>
}

const targetsOf = (keys: Keys, hotlineId: string): Target[] => [
  { name: answersTarget, of: 'notes', next: (...where) => nextAnswers(keys, hotlineId, ...where) },
  { name: 'protocol_step', of: 'notes', next: (...where) => nextSteps(keys, hotlineId, ...where) },
  ...sealedColumns.map((column) => ({
    name: nameOf(column),
    of: column.of,
    next: async (tx: Tx, keyId: string, beyond: string | null) => {
      const rows = await findOtherwise(tx, column, keyId, beyond, batch)
      for (const row of rows) await sealAnew(tx, keys, hotlineId, column, row)
      return { last: rows.at(-1)?.id ?? null, count: rows.length }
    },
  })),
]

/**
 * Makes new data keys, waits until every server can have read them, seals with them from then on, and seals all that was
 * sealed before anew. Interrupted, it goes on where it was when it is called again. Returns how many rows were sealed.
 */
export async function rotateKeys(
  db: Database,
  keys: Keys,
  hotlineId: string,
  settleMs: number,
): Promise<number> {
  if (!(await isUnderway(db, hotlineId))) {
    await makeWaiting(db, keys, hotlineId)
    await inHotline(db, hotlineId, (tx) => begin(tx, keys, hotlineId, 'waiting'))
  }
  await new Promise((resolve) => setTimeout(resolve, settleMs))
  await turnOver(db, keys, hotlineId)
  return goOn(db, keys, hotlineId)
}

/** Seals with the keys of today what is not sealed with them: records from before sealing, and what an old key sealed. */
export async function resealAll(db: Database, keys: Keys, hotlineId: string): Promise<number> {
  if (!(await isUnderway(db, hotlineId)))
    await inHotline(db, hotlineId, (tx) => begin(tx, keys, hotlineId, 'sealing'))
  await turnOver(db, keys, hotlineId)
  return goOn(db, keys, hotlineId)
}

/**
 * Once in a hotline's life, also when it was interrupted: seals what was written before things were sealed, so that an upgrade
 * leaves nothing in plain. A turning over of keys is left to whoever began it. Returns how many rows it sealed.
 */
export async function sealWhatIsPlain(db: Database, keys: Keys, hotlineId: string): Promise<number> {
  const due = await inHotline(db, hotlineId, async (tx) => {
    const progress = await findProgress(tx)
    const turning = (await findKeys(tx, hotlineId)).some(({ state }) => state === 'waiting')
    return !turning && (progress.length === 0 || progress.some(({ finished_at }) => finished_at === null))
  })
  return due ? resealAll(db, keys, hotlineId) : 0
}

const isUnderway = (db: Database, hotlineId: string): Promise<boolean> =>
  inHotline(db, hotlineId, async (tx) => {
    const { rows } =
      await sql`select from resealing where hotline_id = ${hotlineId} and finished_at is null limit 1`.execute(
        tx,
      )
    return rows.length > 0
  })

/** Writes down what is to be gone through, and with which keys it will be sealed. */
async function begin(tx: Tx, keys: Keys, hotlineId: string, state: 'waiting' | 'sealing'): Promise<void> {
  const stored = await findKeys(tx, hotlineId)
  const keyOf = (of: SealingClass): string =>
    stored.find((row) => row.key_class === of && row.state === state)?.key_id ?? ''
  for (const { name, of } of targetsOf(keys, hotlineId))
    await sql`
      insert into resealing (hotline_id, target, key_id, started_at) values (${hotlineId}, ${name}, ${keyOf(of)}, ${new Date()})
      on conflict (hotline_id, target) do update
        set key_id = excluded.key_id, beyond = null, resealed = 0, started_at = excluded.started_at, finished_at = null`.execute(
      tx,
    )
}

/** How often what is left is looked for again: a server may have sealed with the old key until it heard of the new one. */
const passes = 3

async function goOn(db: Database, keys: Keys, hotlineId: string): Promise<number> {
  const count = { sealed: 0 }
  for (const target of targetsOf(keys, hotlineId)) {
    for (let pass = 0; pass < passes && (await onePass(db, hotlineId, target, count)); pass += 1);
    await inHotline(db, hotlineId, (tx) =>
      sql`update resealing set finished_at = ${new Date()} where target = ${target.name}`.execute(tx),
    )
  }
  keys.resealFiles(hotlineId)
  return count.sealed
}

/** Goes through a target from its cursor on, each batch with the cursor in one transaction. False when nothing was left. */
async function onePass(
  db: Database,
  hotlineId: string,
  target: Target,
  count: { sealed: number },
): Promise<boolean> {
  let found = false
  for (;;) {
    const done = await inHotline(db, hotlineId, async (tx) => {
      await seeRestricted(tx)
      const { rows } = await sql<{ beyond: string | null; finished_at: Date | null }>`
        select beyond, finished_at from resealing where hotline_id = ${hotlineId} and target = ${target.name}
        for update`.execute(tx)
      const row = rows[0]
      if (!row || row.finished_at) return { count: 0, last: null }
      const keyId = await sealingKeyOf(tx, hotlineId, target.of)
      const next = await target.next(tx, keyId, row.beyond)
      await sql`update resealing set beyond = ${next.count < batch ? null : next.last}, resealed = resealed + ${next.count}
        where hotline_id = ${hotlineId} and target = ${target.name}`.execute(tx)
      return next
    })
    count.sealed += done.count
    found = found || done.count > 0
    if (done.count < batch) return found
  }
}

/** Restricted contacts are hidden from everybody else, and sealed anew like all others. */
const seeRestricted = (tx: Tx): Promise<unknown> =>
  sql`select set_config('hearthline.custody', 'on', true)`.execute(tx)

/** A contact's row as it is re-sealed. */
interface AnswersRow extends StoredAnswers {
  hotline_id: string
  line_id: string
  base_version_id: string | null
  overlay_version_id: string | null
  words: string[] | null
}

async function nextAnswers(
  keys: Keys,
  hotlineId: string,
  tx: Tx,
  keyId: string,
  beyond: string | null,
): Promise<{ last: string | null; count: number }> {
  const { rows } = await sql<AnswersRow>`
    select contact_id, hotline_id, line_id, base_version_id, overlay_version_id, form, answers_sealed,
      tsvector_to_array(search) as words
    from contact
    where hotline_id = ${hotlineId} and form ? 'resourceType' and ${beyond === null ? sql`true` : sql`contact_id > ${beyond}::uuid`}
      and (answers_sealed is null or substring(answers_sealed from 1 for 18) <> ${headerOf(keyId)})
    order by contact_id limit ${batch} for update`.execute(tx)
  for (const row of rows) await sealAnswers(tx, keys, row)
  return { last: rows.at(-1)?.contact_id ?? null, count: rows.length }
}

/**
 * Moves identifying answers out of `form`, or seals them anew. Words of the index that are not hashed yet are, and it gains
 * those that an older version cut otherwise.
 */
async function sealAnswers(tx: Tx, keys: Keys, row: AnswersRow): Promise<void> {
  const sealing = answersOf(keys, row.hotline_id)
  const response = sealing.open(row)
  if (response === null) return
  const { form } = await formOfContact(tx, row)
  const { open, sealed } = sealing.seal(form, row.contact_id, response)
  const known = (row.words ?? []).map((word) => (word.startsWith(hashMark) ? word : sealing.hashed(word)))
  const words = new Set([...known, ...sealing.indexWords(typedIn(form, fromResponse(form, response)))])
  await sql`update contact set form = ${jsonb(open)}, answers_sealed = ${sealed}, search = array_to_tsvector(${[...words]}::text[])
    where contact_id = ${row.contact_id}`.execute(tx)
}

/** The same with the records of protocols' steps, and why a step could not be done. */
async function nextSteps(
  keys: Keys,
  hotlineId: string,
  tx: Tx,
  keyId: string,
  beyond: string | null,
): Promise<{ last: string | null; count: number }> {
  const words = keys.wordsOf(hotlineId)
  const { rows } = await sql<{ id: string; record: Record<string, unknown>; skipped: string | null }>`
    select run_id || ' ' || step as id, record, skipped from protocol_step
    where hotline_id = ${hotlineId} and ${beyond === null ? sql`true` : sql`run_id || ' ' || step > ${beyond}`}
      and ((record <> '{}' and left(record ->> 'sealed', 31) is distinct from ${textHeader(headerOf(keyId))})
        or (skipped <> '' and left(skipped, 31) <> ${textHeader(headerOf(keyId))}))
    order by run_id || ' ' || step limit ${batch} for update`.execute(tx)
  for (const { id, record, skipped } of rows) {
    const { sealed } = record
    const text = typeof sealed === 'string' ? words.open(sealed) : JSON.stringify(record)
    await sql`update protocol_step set record = ${jsonb({ sealed: words.seal(text) })},
      skipped = ${skipped === null ? null : words.seal(words.open(skipped))}
      where run_id || ' ' || step = ${id}`.execute(tx)
  }
  return { last: rows.at(-1)?.id ?? null, count: rows.length }
}

/** How far each target has come. */
export interface Progress {
  target: string
  resealed: number
  started_at: Date
  finished_at: Date | null
}

/** What was last gone through, or is being gone through. */
export async function findProgress(tx: Tx): Promise<Progress[]> {
  const { rows } = await sql<Progress>`
    select target, resealed, started_at, finished_at from resealing order by target`.execute(tx)
  return rows
}

/** Whether anything of the hotline is still sealed with this key, so that it may not be destroyed. */
export const isKeyUsed = (db: Database, keys: Keys, hotlineId: string, keyId: string): Promise<boolean> =>
  inHotline(db, hotlineId, async (tx) => {
    await seeRestricted(tx)
    const { rows } = await sql`select from contact
      where substring(answers_sealed from 1 for 18) = ${headerOf(keyId)} limit 1`.execute(tx)
    const head = textHeader(headerOf(keyId))
    const steps = await sql`select from protocol_step
      where left(record ->> 'sealed', 31) = ${head} or left(skipped, 31) = ${head} limit 1`.execute(tx)
    if (rows.length + steps.rows.length > 0) return true
    for (const column of sealedColumns) if (await isUsed(tx, column, keyId)) return true
    return keys.filesUse(hotlineId, headerOf(keyId))
  })
