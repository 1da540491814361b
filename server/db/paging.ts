import { sql, type RawBuilder } from 'kysely'
import { z } from 'zod'
import { Problem } from '../../domain/problem.ts'

/** What the lists of administration ask. `after` is the id of the last row of the page before. */
export interface ListQuery {
  after?: string | undefined
  limit: number
  text?: string | undefined
  sort: 'name' | 'newest'
}

/** How a table is listed; all are column names or expressions of our own, over the table's alias `t`. */
export interface Listed {
  table: string
  id: string
  name: string
  /** What stands before the name in the order, for example "closed ones last". */
  first?: string
}

/**
 * The end of a `select ... from <table> t`: search in the name, order, one row more than the page so that its end is
 * known. Order by name or by newest (our ids sort by time).
 */
export function pageClauses(
  query: ListQuery,
  listed: Listed,
  condition?: RawBuilder<unknown>,
): RawBuilder<unknown> {
  const { table, id, name, first } = listed
  const keys = query.sort === 'newest' ? `t.${id}` : [first, name, `t.${id}`].filter(Boolean).join(', ')
  const conditions = [condition ?? sql`true`]
  if (query.text) conditions.push(sql`position(lower(${query.text}) in lower(${sql.raw(name)})) > 0`)
  if (query.after !== undefined) {
    if (!z.uuid().safeParse(query.after).success)
      throw new Problem('request.malformed', { fields: ['after'] })
    const beyond = query.sort === 'newest' ? '<' : '>'
    conditions.push(
      sql`(${sql.raw(keys)}) ${sql.raw(beyond)} (select ${sql.raw(keys)} from ${sql.raw(table)} t where t.${sql.raw(id)} = ${query.after})`,
    )
  }
  const order = query.sort === 'newest' ? `t.${id} desc` : keys
  return sql`where ${sql.join(conditions, sql` and `)} order by ${sql.raw(order)} limit ${query.limit + 1}`
}

/** Cuts the row too many off, and names the last one for the next page. */
export function pageFrom<R>(
  rows: R[],
  limit: number,
  idOf: (row: R) => string,
): { rows: R[]; next: string | null } {
  const kept = rows.slice(0, limit)
  const last = kept.at(-1)
  return { rows: kept, next: rows.length > limit && last !== undefined ? idOf(last) : null }
}
