/* Importing a table of resources: judged row by row, compared with the directory, written in one transaction. */
import type { ImportResult } from '../../api/referral.ts'
import { importRows } from '../../api/referral.ts'
import { Problem } from '../../domain/problem.ts'
import { dueDay, hoursCell, type ResourceFields } from '../../domain/resource.ts'
import {
  columnOf,
  judgeRow,
  resourceColumns,
  sameEntryKey,
  type ResourceColumn,
  type RowFault,
} from '../../domain/resource-row.ts'
import type { Tx } from '../db/database.ts'
import { newId } from '../db/id.ts'
import {
  entryOf,
  findAllResources,
  lockDirectory,
  saveResources,
  type Settled,
  type Writer,
} from './queries.ts'
import { readSheet, type SheetRow } from './sheet.ts'

/** An entry of the directory as far as rows are compared with it. */
type Known = ResourceFields & { resourceId: string; verifyBy: string }

/** What an import comes to: what is told, and what is written. */
interface Plan {
  result: ImportResult
  write: Settled[]
}

const shownBad = 500
const shownSample = 100

/** Reads the file's header and rows; `import.unreadable` when no column of ours stands there. */
function table(rows: SheetRow[]): {
  columns: (ResourceColumn | null)[]
  unknown: string[]
  rows: SheetRow[]
} {
  const [header, ...rest] = rows
  const headers = header?.cells ?? []
  const columns = headers.map(columnOf)
  if (!columns.includes('organisation')) throw new Problem('import.unreadable', { column: 'organisation' })
  const unknown = headers.filter((name, at) => columns[at] === null && name.trim() !== '')
  return { columns, unknown: unknown.slice(0, 20).map((name) => name.slice(0, 60)), rows: rest }
}

/** The columns in which a row says something else than the directory. */
function differences(
  before: Known,
  after: Settled,
  has: ReadonlySet<ResourceColumn | null>,
): ResourceColumn[] {
  return resourceColumns.flatMap(({ column }) =>
    column !== 'id' && has.has(column) && comparable(before, column) !== comparable(after, column)
      ? [column]
      : [],
  )
}

/** Hours are compared as they are written: the database keeps their parts in another order. */
const comparable = (entry: Known, column: Exclude<ResourceColumn, 'id'>): string =>
  column === 'hours' ? hoursCell(entry.hours) : JSON.stringify(entry[column])

/** A column that the file does not have, and days left empty, stay as they are. */
function settled(
  entry: ResourceFields,
  before: Known | undefined,
  has: ReadonlySet<ResourceColumn | null>,
  today: string,
): Settled {
  if (!before) return { ...entry, resourceId: newId(), verifyBy: dueDay(entry, today) }
  const kept = Object.fromEntries(
    Object.entries(before).filter(([name]) => !has.has(name as ResourceColumn)),
  ) as Partial<Known>
  const verifiedOn = entry.verifiedOn ?? before.verifiedOn
  const verifyBy =
    entry.verifyBy ?? (verifiedOn === before.verifiedOn ? before.verifyBy : dueDay(entry, today))
  return { ...entry, verifiedOn, verifyBy, ...kept, resourceId: before.resourceId }
}

/** Compares a file's rows with the directory; pure but for the ids of new entries. */
function planImport(rows: SheetRow[], known: readonly Known[], today: string): Plan {
  const { columns, unknown, rows: body } = table(rows)
  const has = new Set(columns)
  const byId = new Map(known.map((entry) => [entry.resourceId, entry]))
  const byKey = new Map(known.map((entry) => [sameEntryKey(entry), entry]))
  const seen = new Set<string>()
  const plan: Plan = {
    result: {
      rows: body.length,
      added: 0,
      changed: 0,
      unchanged: 0,
      bad: 0,
      unknownColumns: unknown,
      badRows: [],
      sample: [],
    },
    write: [],
  }
  const { result } = plan
  for (const { line, cells } of body) {
    const row = Object.fromEntries(columns.map((column, at) => [column ?? '', cells[at] ?? '']))
    const refuse = (faults: RowFault[]): void => {
      result.bad += 1
      const organisation = (row['organisation'] ?? '').slice(0, 60)
      if (result.badRows.length < shownBad) result.badRows.push({ line, organisation, faults })
    }
    const judged = judgeRow(row, today)
    if ('faults' in judged) {
      refuse(judged.faults)
      continue
    }
    const { entry, id } = judged
    if (id !== null && !byId.has(id)) {
      refuse([{ column: 'id', fault: 'unknownId', value: id }])
      continue
    }
    const before = id === null ? byKey.get(sameEntryKey(entry)) : byId.get(id)
    const mark = before?.resourceId ?? sameEntryKey(entry)
    if (seen.has(mark)) {
      refuse([{ column: 'organisation', fault: 'twice', value: entry.organisation.slice(0, 60) }])
      continue
    }
    seen.add(mark)
    add(plan, line, settled(entry, before, has, today), before, has)
  }
  return plan
}

function add(
  { result, write }: Plan,
  line: number,
  entry: Settled,
  before: Known | undefined,
  has: ReadonlySet<ResourceColumn | null>,
): void {
  const differing = before ? differences(before, entry, has) : []
  if (before && differing.length === 0) {
    result.unchanged += 1
    return
  }
  const what = before ? 'changed' : 'added'
  result[what] += 1
  write.push(entry)
  if (result.sample.length < shownSample)
    result.sample.push({
      line,
      organisation: entry.organisation,
      service: entry.service,
      what,
      columns: differing,
    })
}

async function planFor(tx: Tx, rows: SheetRow[], today: string): Promise<Plan> {
  const stored = await findAllResources(tx)
  const known = stored.map((row) => ({
    ...entryOf(row),
    resourceId: row.resource_id,
    verifyBy: row.verify_by,
  }))
  return planImport(rows, known, today)
}

/** What importing the file would do. */
export async function check(tx: Tx, file: Buffer, today: string): Promise<ImportResult> {
  return (await planFor(tx, await readSheet(file, importRows), today)).result
}

/** Imports the file's good rows; with bad ones `import.unreadable` unless they are to be skipped. */
export async function apply(
  tx: Tx,
  hotlineId: string,
  given: { file: Buffer; skipBad: boolean; today: string },
  by: Writer,
): Promise<ImportResult> {
  const rows = await readSheet(given.file, importRows)
  await lockDirectory(tx)
  const plan = await planFor(tx, rows, given.today)
  if (plan.result.bad > 0 && !given.skipBad) throw new Problem('import.unreadable', { bad: plan.result.bad })
  await saveResources(tx, hotlineId, plan.write, by)
  return plan.result
}
