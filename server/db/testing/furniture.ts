/* Puts one row into every table of a hotline that has none yet, from what the schema says of its columns. */
import { randomBytes } from 'node:crypto'
import type { TestDatabase } from '../../../test/database.ts'
import { newId } from '../id.ts'

interface Column {
  table: string
  name: string
  type: string
  /** Table and column that a foreign key names. */
  target: string | null
  target_column: string | null
  /** What the column's checks say, to find an allowed value in. */
  checks: string | null
}

const columnsOf = (owner: TestDatabase['owner']): Promise<Column[]> =>
  owner<Column & Record<string, unknown>>(`
    select c.relname as table, a.attname as name, format_type(a.atttypid, null) as type,
      fk.confrelid::regclass::text as target, ta.attname as target_column,
      (select string_agg(pg_get_constraintdef(k.oid), ' ') from pg_constraint k
        where k.conrelid = c.oid and k.contype = 'c' and k.conkey = array[a.attnum]) as checks
    from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
    left join pg_constraint fk on fk.conrelid = c.oid and fk.contype = 'f' and fk.conkey = array[a.attnum]
    left join pg_attribute ta on ta.attrelid = fk.confrelid and ta.attnum = fk.confkey[1]
    where c.relkind = 'r' and c.relnamespace = 'public'::regnamespace and a.attnotnull and not a.atthasdef
      and a.attidentity = '' order by c.relname, a.attnum`)

/** Columns whose rule cannot be read off the schema. */
const special: Readonly<Record<string, unknown>> = {
  region: '110000',
  caller_told: true,
  recipient: `age1${'q'.repeat(58)}`,
}

const byType = (column: Column): unknown => {
  const later = /expires/.test(column.name) ? 86_400_000 : 0
  switch (column.type) {
    case 'uuid':
      return newId()
    case 'bytea':
      return randomBytes(16)
    case 'jsonb':
      return '{}'
    case 'boolean':
      return true
    case 'date':
      return '2026-11-21'
    case 'text[]':
    case 'uuid[]':
      return []
    case 'timestamp with time zone':
      return new Date(Date.now() + later)
    case 'text':
      return `x-${randomBytes(6).toString('hex')}`
    default:
      return 1
  }
}

/** Fills every empty table of the hotline; throws naming the tables for which no row could be made. */
export async function fillEmptyTables(
  owner: TestDatabase['owner'],
  hotlineId: string,
  tables: readonly string[],
): Promise<void> {
  const columns = await columnsOf(owner)
  let empty = [...tables]
  for (let before = -1; empty.length > 0 && empty.length !== before;) {
    before = empty.length
    const left: string[] = []
    for (const table of empty) {
      const own = columns.filter((column) => column.table === table)
      if (!(await fill(owner, hotlineId, table, own))) left.push(table)
    }
    empty = left
  }
  if (empty.length > 0) throw new Error(`no row could be made for ${empty.join(', ')}`)
}

async function fill(
  owner: TestDatabase['owner'],
  hotlineId: string,
  table: string,
  columns: readonly Column[],
): Promise<boolean> {
  const there = await owner(`select from ${table} where hotline_id = $1 limit 1`, [hotlineId])
  if (there.length > 0) return true
  const values: unknown[] = []
  for (const column of columns) {
    const value = await valueOf(owner, hotlineId, column)
    if (value === undefined) return false
    values.push(value)
  }
  const names = columns.map((column) => column.name).join(', ')
  const places = columns.map((_, index) => `$${index + 1}`).join(', ')
  await owner(`insert into ${table} (${names}) values (${places})`, values)
  return true
}

/** A value that fits; undefined while the row it would point to is not there. */
async function valueOf(owner: TestDatabase['owner'], hotlineId: string, column: Column): Promise<unknown> {
  if (column.name === 'hotline_id') return hotlineId
  if (column.target !== null) {
    const [row] = await owner<{ value: unknown }>(
      `select ${column.target_column} as value from ${column.target} where hotline_id = $1 limit 1`,
      [hotlineId],
    )
    return row?.value
  }
  const allowed = /'([^']+)'::text/.exec(column.checks ?? '')?.[1]
  if (allowed !== undefined && /ANY/.test(column.checks ?? '')) return allowed
  return column.name in special ? special[column.name] : byType(column)
}
