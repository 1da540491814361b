/* Where sealed things stand: what the re-sealing goes through, and what keeps an old key from being destroyed. */
import { sql, type RawBuilder } from 'kysely'
import type { Tx } from '../db/database.ts'
import { answersOf } from './answers.ts'
import { textsOf } from './kept-words.ts'
import { textHeader, type Keys } from './keys.ts'
import { headerOf, type SealingClass } from './ring.ts'
import { searchIndex } from './word-search.ts'

/** A column that holds sealed bytes, or sealed words in a text column (with words from before sealing among them). */
export interface SealedColumn {
  table: string
  /** Columns that together are unique among the hotline's rows. */
  id: readonly string[]
  column: string
  holds: 'bytes' | 'words'
  of: SealingClass
  /** What of its words is in the row's search column as well. */
  searched?: (text: string) => string[]
}

const bytes = (table: string, id: string, column: string, of: SealingClass): SealedColumn => ({
  table,
  id: [id],
  column,
  holds: 'bytes',
  of,
})
const words = (table: string, id: string, ...columns: string[]): SealedColumn[] =>
  columns.map((column) => ({ table, id: id.split(' '), column, holds: 'words', of: 'notes' }))

/** All of them but the contacts' answers (server/records/resealing.ts). A test finds the one that is forgotten here. */
export const sealedColumns: readonly SealedColumn[] = [
  bytes('contact', 'contact_id', 'caller_number_sealed', 'identifying'),
  bytes('person', 'person_id', 'phone_sealed', 'identifying'),
  bytes('seat', 'seat_id', 'sip_secret_sealed', 'devices'),
  bytes('trunk', 'trunk_id', 'secret_sealed', 'devices'),
  bytes('factor', 'factor_id', 'secret_sealed', 'devices'),
  ...words('risk_entry', 'seq', 'reason'),
  ...words('risk_lowering', 'lowering_id', 'reason'),
  ...words('confidentiality_exception', 'exception_id', 'words', 'not_told_because'),
  ...words('confidentiality_exception', 'exception_id', 'basis', 'recipient').map((column) => ({
    ...column,
    searched: (text: string) => [text],
  })),
  ...words('task', 'task_id', 'words', 'result_words'),
  ...words('task_attempt', 'task_id seq', 'words'),
  ...words('hint', 'hint_id', 'words'),
  ...words('report', 'report_id', 'note'),
  ...words('caller_alert', 'alert_id', 'words', 'reason', 'times'),
  ...words('incident', 'incident_id', 'title'),
  ...words('cluster', 'cluster_id', 'reason'),
  ...words('retention_decision', 'decision_id', 'reason'),
  ...words('disposal_approval', 'disposal_id person_id', 'reason'),
  ...words('disclosure', 'disclosure_id', 'words', 'document'),
  ...words('break_glass', 'break_glass_id', 'reason', 'review_words'),
  ...words('register_entry', 'entry_id', 'title'),
  ...words('register_step', 'entry_id seq', 'words'),
  ...words('kept_words', 'words_id', 'words').map((column) => ({ ...column, searched: textsOf })),
]

const idOf = ({ id }: SealedColumn): RawBuilder<unknown> => sql.join(id.map((part) => sql.ref(part)))
const among = (id: string): RawBuilder<unknown> => sql.join(id.split(' '))

/** The column's rows beyond one that are not sealed with this key, by id (its parts between blanks), locked. */
export async function findOtherwise(
  tx: Tx,
  column: SealedColumn,
  keyId: string,
  beyond: string | null,
  limit: number,
): Promise<{ id: string; value: Buffer | string }[]> {
  const value = sql.ref(column.column)
  const after = beyond === null ? sql`true` : sql`(${idOf(column)}) > (${among(beyond)})`
  const { rows } = await sql<{ id: string; value: Buffer | string }>`
    select concat_ws(' ', ${idOf(column)}) as id, ${value} as value from ${sql.table(column.table)}
    where ${value} is not null and not (${sealedWith(column, [keyId])}) and ${after}
    order by ${idOf(column)} limit ${limit} for update`.execute(tx)
  return rows
}

/** Whether a row is sealed with one of the keys; an empty text needs no sealing. */
function sealedWith(column: SealedColumn, keyIds: readonly string[]): RawBuilder<boolean> {
  const value = sql.ref(column.column)
  if (column.holds === 'bytes')
    return sql<boolean>`substring(${value} from 1 for 18) = any(${keyIds.map(headerOf)}::bytea[])`
  const heads = keyIds.map((keyId) => textHeader(headerOf(keyId)))
  return sql<boolean>`(${value} = '' or left(${value}, 31) = any(${heads}::text[]))`
}

/** The column's rows beyond one that are sealed, by id (its parts between blanks). */
export async function findSealed(
  tx: Tx,
  column: SealedColumn,
  beyond: string | null,
  limit: number,
): Promise<{ id: string; value: Buffer | string }[]> {
  const value = sql.ref(column.column)
  const after = beyond === null ? sql`true` : sql`(${idOf(column)}) > (${among(beyond)})`
  const { rows } = await sql<{ id: string; value: Buffer | string }>`
    select concat_ws(' ', ${idOf(column)}) as id, ${value} as value from ${sql.table(column.table)}
    where ${value} is not null and ${after} order by ${idOf(column)} limit ${limit}`.execute(tx)
  return rows
}

/** Whether any row of the column is sealed with this key. */
export async function isUsed(tx: Tx, column: SealedColumn, keyId: string): Promise<boolean> {
  const value = sql.ref(column.column)
  const { rows } = await sql`
    select from ${sql.table(column.table)} where ${value} is not null
      and ${column.holds === 'words' ? sql`${value} <> ''` : sql`true`} and ${sealedWith(column, [keyId])} limit 1`.execute(
    tx,
  )
  return rows.length > 0
}

/** Seals one row's value with the key of today. */
export async function sealAnew(
  tx: Tx,
  keys: Keys,
  hotlineId: string,
  column: SealedColumn,
  row: { id: string; value: Buffer | string },
): Promise<void> {
  const { value } = row
  const sealing = answersOf(keys, hotlineId)
  const text = Buffer.isBuffer(value) ? keys.open(hotlineId, value) : sealing.words.open(value)
  const fresh = Buffer.isBuffer(value) ? keys.seal(hotlineId, text, column.of) : sealing.words.seal(text)
  // What was in plain until now is in no index yet, and what an older version indexed may have been cut otherwise.
  const index = column.searched
    ? sql`, search = coalesce(search, '') || ${searchIndex(column.searched(text), sealing)}`
    : sql``
  await sql`update ${sql.table(column.table)} set ${sql.ref(column.column)} = ${fresh}${index}
    where (${idOf(column)}) = (${among(row.id)})`.execute(tx)
}
