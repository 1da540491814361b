/* Troubles that last, told on the board from the round that finds them to the round that does not (G24-5.3.6). */
import { sql } from 'kysely'
import type { Board } from '../../api/board.ts'
import type { Tx } from '../db/database.ts'
import { newId } from '../db/id.ts'

type Kind = Board['notices'][number]['kind']

/** Makes the open notices among these kinds exactly those that are present. */
export async function noteTroubles(
  tx: Tx,
  hotlineId: string,
  among: readonly Kind[],
  present: readonly Kind[],
  now: Date,
): Promise<void> {
  const { rows } = await sql<{ notice_id: string; kind: string }>`
    select notice_id, kind from notice where hotline_id = ${hotlineId} and ended_at is null
      and kind = any(${among}::text[])`.execute(tx)
  const over = rows.filter((row) => !present.some((kind) => kind === row.kind)).map((row) => row.notice_id)
  if (over.length > 0)
    await sql`update notice set ended_at = ${now} where notice_id = any(${over}::uuid[])`.execute(tx)
  for (const kind of present.filter((each) => !rows.some((row) => row.kind === each)))
    await sql`insert into notice (notice_id, hotline_id, kind, at)
      values (${newId()}, ${hotlineId}, ${kind}, ${now})`.execute(tx)
}

/** The names of the hotline's trunks. */
export async function findTrunkNames(tx: Tx, hotlineId: string): Promise<string[]> {
  const { rows } = await sql<{ name: string }>`
    select name from trunk where hotline_id = ${hotlineId} and removed_at is null`.execute(tx)
  return rows.map((row) => row.name)
}

/** Asks the recorder how it is; true when it does not answer within a second. */
export async function recorderAway(url: string): Promise<boolean> {
  try {
    const answer = await fetch(new URL('/status', url.replace(/^ws/, 'http')), {
      signal: AbortSignal.timeout(1000),
      redirect: 'error',
    })
    await answer.arrayBuffer()
    return !answer.ok
  } catch {
    return true
  }
}
