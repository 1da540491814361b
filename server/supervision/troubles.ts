/* Troubles that last, told on the board from the round that finds them to the round that does not (G24-5.3.6). */
import { sql } from 'kysely'
import type { Board } from '../../api/board.ts'
import { colourOf, lightsOf } from '../../domain/light.ts'
import { jsonb, type Tx } from '../db/database.ts'
import { newId } from '../db/id.ts'

type Kind = Board['notices'][number]['kind']

/** A trouble as a round finds it; `trunk` where it is a single trunk's. */
export interface Trouble {
  kind: Kind
  trunk?: string
}

/** Makes the open notices among these kinds exactly those that are present. */
export async function noteTroubles(
  tx: Tx,
  hotlineId: string,
  among: readonly Kind[],
  present: readonly Trouble[],
  now: Date,
): Promise<void> {
  const { rows } = await sql<{ notice_id: string; kind: string; trunk: string | null }>`
    select notice_id, kind, data->>'trunk' as trunk from notice where hotline_id = ${hotlineId} and ended_at is null
      and kind = any(${among}::text[])`.execute(tx)
  const same = (row: (typeof rows)[number], each: Trouble): boolean =>
    row.kind === each.kind && row.trunk === (each.trunk ?? null)
  const over = rows.filter((row) => !present.some((each) => same(row, each))).map((row) => row.notice_id)
  if (over.length > 0)
    await sql`update notice set ended_at = ${now} where notice_id = any(${over}::uuid[])`.execute(tx)
  for (const each of present.filter((one) => !rows.some((row) => same(row, one))))
    await sql`insert into notice (notice_id, hotline_id, kind, data, at) values (${newId()}, ${hotlineId}, ${each.kind},
      ${jsonb(each.trunk === undefined ? {} : { trunk: each.trunk })}, ${now})`.execute(tx)
}

/** The names of the hotline's trunks. */
export async function findTrunkNames(tx: Tx, hotlineId: string): Promise<string[]> {
  const { rows } = await sql<{ name: string }>`
    select name from trunk where hotline_id = ${hotlineId} and removed_at is null order by name`.execute(tx)
  return rows.map((row) => row.name)
}

/** A trunk is judged by its calls of this long, and by no fewer than these. */
const heardOver = 1_800_000
const heardLeast = 3

/** The trunks whose calls of the last half hour sound as bad, on average, as turns the board's lights (G24-3.2.2b). */
export async function findPoorTrunks(tx: Tx, hotlineId: string, now: Date): Promise<string[]> {
  const { rows } = await sql<{ name: string; opinion: number; loss: number | null; settings: unknown }>`
    select t.name, avg(v.opinion) as opinion, avg(v.loss_percent) as loss, h.settings
    from trunk t join hotline h using (hotline_id)
    join voice_quality v on v.hotline_id = t.hotline_id and v.trunk = t.name and v.opinion is not null
      and v.measured_at > ${new Date(now.getTime() - heardOver)}
    where t.hotline_id = ${hotlineId} and t.removed_at is null
    group by t.name, h.settings having count(*) >= ${heardLeast} order by t.name`.execute(tx)
  return rows.flatMap(({ name, opinion, loss, settings }) => {
    const rules = lightsOf(settings)
    const found = [colourOf(rules.voice, opinion), colourOf(rules.loss, loss === null ? null : loss / 100)]
    return found.every((colour) => colour === 'green') ? [] : [name]
  })
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
