import { sql } from 'kysely'
import { outside, type Database } from './database.ts'

/** The ids of all hotlines of this database, oldest first. */
export async function allHotlines(db: Database): Promise<string[]> {
  const { rows } = await outside(() =>
    sql<{ hotline_id: string }>`select hotline_id from all_hotlines()`.execute(db.doors),
  )
  return rows.map((row) => row.hotline_id)
}
