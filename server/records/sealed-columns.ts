/* Where sealed things stand: what the re-sealing goes through, and what keeps an old key from being destroyed. */
import { sql, type RawBuilder } from 'kysely'
import type { Tx } from '../db/database.ts'
import { textHeader, type Keys } from './keys.ts'
import { headerOf, type SealingClass } from './ring.ts'

/** A column that holds sealed bytes, or sealed words in a text column (with words from before sealing among them). */
export interface SealedColumn {
  table: string
  /** A column that is unique among the hotline's rows. */
  id: string
  idType: 'uuid' | 'bigint'
  column: string
  holds: 'bytes' | 'words'
  of: SealingClass
}

const bytes = (table: string, id: string, column: string, of: SealingClass): SealedColumn => ({
  table,
  id,
  idType: 'uuid',
  column,
  holds: 'bytes',
  of,
})
const words = (table: string, id: string, idType: 'uuid' | 'bigint', column: string): SealedColumn => ({
  table,
  id,
  idType,
  column,
  holds: 'words',
  of: 'notes',
})

/** All of them but the contacts' answers (server/records/resealing.ts). A test finds the one that is forgotten here. */
export const sealedColumns: readonly SealedColumn[] = [
  bytes('contact', 'contact_id', 'caller_number_sealed', 'identifying'),
  bytes('person', 'person_id', 'phone_sealed', 'identifying'),
  bytes('seat', 'seat_id', 'sip_secret_sealed', 'devices'),
  bytes('trunk', 'trunk_id', 'secret_sealed', 'devices'),
  bytes('factor', 'factor_id', 'secret_sealed', 'devices'),
  words('risk_entry', 'seq', 'bigint', 'reason'),
  words('risk_lowering', 'lowering_id', 'uuid', 'reason'),
  words('confidentiality_exception', 'exception_id', 'uuid', 'words'),
  words('confidentiality_exception', 'exception_id', 'uuid', 'not_told_because'),
]

/** The column's rows beyond one that are not sealed with this key, by id, locked. */
export async function findOtherwise(
  tx: Tx,
  column: SealedColumn,
  keyId: string,
  beyond: string | null,
  limit: number,
): Promise<{ id: string; value: Buffer | string }[]> {
  const [id, value] = [sql.ref(column.id), sql.ref(column.column)]
  const after = beyond === null ? sql`true` : sql`${id} > ${beyond}::${sql.raw(column.idType)}`
  const { rows } = await sql<{ id: string; value: Buffer | string }>`
    select ${id}::text as id, ${value} as value from ${sql.table(column.table)}
    where ${value} is not null and not (${sealedWith(column, [keyId])}) and ${after}
    order by ${id} limit ${limit} for update`.execute(tx)
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
  const fresh = Buffer.isBuffer(value)
    ? keys.seal(hotlineId, keys.open(hotlineId, value), column.of)
    : keys.wordsOf(hotlineId).seal(keys.wordsOf(hotlineId).open(value))
  await sql`update ${sql.table(column.table)} set ${sql.ref(column.column)} = ${fresh}
    where ${sql.ref(column.id)} = ${row.id}::${sql.raw(column.idType)}`.execute(tx)
}
