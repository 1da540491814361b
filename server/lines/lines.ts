/* The front of lines: the hotline's settings, its lines, and what callers hear on them. */
import { sql } from 'kysely'
import type { z } from 'zod'
import { hours as hoursShape, type hotline, type Line, type lineSettings } from '../../api/administration.ts'
import { isOpenNow } from '../../domain/hours.ts'
import { nextWay, type TrunkUse } from '../../domain/outbound.ts'
import { Problem } from '../../domain/problem.ts'
import { inHotline, jsonb, type Database, type Tx } from '../db/database.ts'
import { newId } from '../db/id.ts'
import { pageClauses, pageFrom, type ListQuery } from '../db/paging.ts'
import { promptFiles, type Language } from './prompts.ts'

type Hotline = z.infer<typeof hotline>
type LineSettings = z.infer<typeof lineSettings>

/** The hotline's settings. */
export async function readHotline(tx: Tx): Promise<Hotline> {
  const row = await tx.selectFrom('hotline').selectAll().executeTakeFirstOrThrow()
  return {
    name: row.name,
    department: row.department,
    timeZone: row.time_zone,
    language: row.language === 'en' ? 'en' : 'zh-CN',
    serviceLevelMs: row.service_level_ms,
  }
}

/** Changes the hotline's settings; a time zone nobody knows is `request.malformed`. */
export async function changeHotline(tx: Tx, given: Hotline): Promise<Hotline> {
  if (!isZone(given.timeZone)) throw new Problem('request.malformed', { fields: ['timeZone'] })
  await tx
    .updateTable('hotline')
    .set({
      name: given.name,
      department: given.department,
      time_zone: given.timeZone,
      language: given.language,
      service_level_ms: given.serviceLevelMs,
    })
    .execute()
  return readHotline(tx)
}

function isZone(zone: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: zone }).resolvedOptions().timeZone !== ''
  } catch {
    return false
  }
}

interface Row {
  line_id: string
  name: string
  number: string
  kind: 'general' | 'event'
  language: Language
  hours: unknown
  least_seats: number
  offer_timeout_ms: number
  wrap_up_ms: number
  tell_of_supervision: boolean
  opened_at: Date
  closed_at: Date | null
  people: number
}

const columns = sql`t.line_id, t.name, t.number, t.kind, t.language, t.hours, t.least_seats, t.offer_timeout_ms,
  t.wrap_up_ms, t.tell_of_supervision, t.opened_at, t.closed_at, (select count(*) from person_line pl join person p using (person_id)
    where pl.line_id = t.line_id and p.disabled_at is null) as people`

const shown = (row: Row): Line => ({
  lineId: row.line_id,
  name: row.name,
  number: row.number,
  kind: row.kind,
  language: row.language,
  hours: hoursShape.parse(row.hours),
  leastSeats: row.least_seats,
  offerTimeoutMs: row.offer_timeout_ms,
  wrapUpMs: row.wrap_up_ms,
  tellOfSupervision: row.tell_of_supervision,
  openedAt: row.opened_at.toISOString(),
  closedAt: row.closed_at?.toISOString() ?? null,
  people: row.people,
})

/** One page of the hotline's lines, open ones first. */
export async function listLines(tx: Tx, query: ListQuery): Promise<{ rows: Line[]; next: string | null }> {
  const listed = {
    table: 'line',
    id: 'line_id',
    name: `(t.name || ' ' || t.number)`,
    first: '(t.closed_at is not null)',
  }
  const { rows } = await sql<Row>`select ${columns} from line t ${pageClauses(query, listed)}`.execute(tx)
  return pageFrom(rows.map(shown), query.limit, (line) => line.lineId)
}

/** One line; `line.notFound`. */
async function readLine(tx: Tx, lineId: string): Promise<Line> {
  const { rows } = await sql<Row>`select ${columns} from line t where t.line_id = ${lineId}`.execute(tx)
  const [row] = rows
  if (!row) throw new Problem('line.notFound')
  return shown(row)
}

/** Name, number and kind of a line, and what else is not to be as usual. */
export type NewLine = Pick<LineSettings, 'name' | 'number' | 'kind'> & {
  [K in keyof LineSettings]?: LineSettings[K] | undefined
} & { everybody: boolean }

/**
 * Opens a line; what is not said is as usual, so that an event line is ready with name and number (G24-3.1.4).
 * `everybody` certifies all counsellors and supervisors for it. `line.numberTaken`.
 */
export async function openLine(
  tx: Tx,
  hotlineId: string,
  given: NewLine,
  by: { personId: string | null; now: Date },
): Promise<Line> {
  const lineId = newId()
  const { language } = await tx.selectFrom('hotline').select('language').executeTakeFirstOrThrow()
  await tx
    .insertInto('line')
    .values({
      line_id: lineId,
      hotline_id: hotlineId,
      name: given.name,
      number: given.number,
      kind: given.kind,
      language: given.language ?? language,
      hours: jsonb(given.hours ?? { always: true }),
      least_seats: given.leastSeats ?? 2,
      offer_timeout_ms: given.offerTimeoutMs ?? 20_000,
      wrap_up_ms: given.wrapUpMs ?? 300_000,
      tell_of_supervision: given.tellOfSupervision ?? false,
      opened_at: by.now,
      opened_by: by.personId,
    })
    .execute()
  if (given.everybody)
    await sql`insert into person_line (hotline_id, person_id, line_id)
      select ${hotlineId}, person_id, ${lineId} from person
      where disabled_at is null and roles && array['counsellor', 'supervisor']`.execute(tx)
  return readLine(tx, lineId)
}

/** Changes an open line; `line.notFound`, `line.closed`, `line.numberTaken`. */
export async function changeLine(tx: Tx, lineId: string, given: LineSettings): Promise<Line> {
  await refuseClosed(tx, lineId)
  await tx
    .updateTable('line')
    .set({
      name: given.name,
      number: given.number,
      kind: given.kind,
      language: given.language,
      hours: jsonb(given.hours),
      least_seats: given.leastSeats,
      offer_timeout_ms: given.offerTimeoutMs,
      wrap_up_ms: given.wrapUpMs,
      tell_of_supervision: given.tellOfSupervision,
    })
    .where('line_id', '=', lineId)
    .execute()
  return readLine(tx, lineId)
}

/** Closes a line: new callers no longer reach it, who waits on it is still answered. `line.notFound`, `line.closed`. */
export async function closeLine(tx: Tx, lineId: string, by: { personId: string; now: Date }): Promise<Line> {
  await refuseClosed(tx, lineId)
  await tx
    .updateTable('line')
    .set({ closed_at: by.now, closed_by: by.personId })
    .where('line_id', '=', lineId)
    .execute()
  return readLine(tx, lineId)
}

async function refuseClosed(tx: Tx, lineId: string): Promise<void> {
  const line = await tx
    .selectFrom('line')
    .select('closed_at')
    .where('line_id', '=', lineId)
    .forNoKeyUpdate()
    .executeTakeFirst()
  if (!line) throw new Problem('line.notFound')
  if (line.closed_at) throw new Problem('line.closed')
}

/** The open lines with whether their hours have them serve now, for the public page and the calls. */
export async function openLines(tx: Tx, now: Date): Promise<(Line & { openNow: boolean })[]> {
  const { timeZone } = await readHotline(tx)
  const { rows } = await sql<Row>`
    select ${columns} from line t where t.closed_at is null order by t.kind desc, t.name, t.line_id`.execute(
    tx,
  )
  return rows.map(shown).map((line) => ({ ...line, openNow: isOpenNow(line.hours, timeZone, now) }))
}

/** The trunk by which an outside number is dialled, and the number shown there; null when none may. See nextWay(). */
export async function trunkFor(
  tx: Tx,
  number: string,
  use?: TrunkUse,
): Promise<{ trunk: string; from: string | null } | null> {
  const trunks = await tx
    .selectFrom('trunk')
    .select(['name', 'caller_number', 'outbound_patterns', 'rank', 'most_calls'])
    .where('removed_at', 'is', null)
    .execute()
  const ways = trunks.map((row) => ({
    trunk: row.name,
    from: row.caller_number,
    patterns: row.outbound_patterns,
    rank: row.rank,
    mostCalls: row.most_calls,
  }))
  const found = nextWay(ways, number, use)
  return found && { trunk: found.trunk, from: found.from }
}

/** The words of callers as files to play. */
export interface Sounds {
  /** The files that say a prompt with its values, and the versions chosen, for the record. */
  promptFiles(
    hotlineId: string,
    language: Language,
    key: string,
    values: { n?: number; m?: number },
  ): Promise<{ files: string[]; versions: string[] }>
}

/** Prompts of any hotline, each asked for in a transaction of its own. */
export function openSounds(db: Database, dataFolder: string): Sounds {
  return {
    promptFiles: (hotlineId, language, key, values) =>
      inHotline(db, hotlineId, (tx) => promptFiles(tx, dataFolder, language, key, values)),
  }
}
