import { sql } from 'kysely'
import { protocolFile, type OpenedFrom, type Protocol, type StepRecord } from '../../domain/protocol.ts'
import { jsonb, type Tx } from '../db/database.ts'
import type { Words } from '../records/keys.ts'

/** A protocol on a contact, with the data of the version it was opened with. */
export interface RunRow {
  run_id: string
  contact_id: string
  protocol: string
  version: number
  grade: string
  opened_at: Date
  opened_from: OpenedFrom
  closed_at: Date | null
  data: Protocol
}

const runColumns = sql`r.run_id, r.contact_id, r.protocol, r.version, r.grade, r.opened_at, r.opened_from, r.closed_at, v.data
  from protocol_run r join protocol_version v
    on v.hotline_id = r.hotline_id and v.protocol = r.protocol and v.version = r.version`

const parsed = (row: Omit<RunRow, 'data'> & { data: unknown }): RunRow => ({
  ...row,
  data: protocolFile.parse(row.data),
})

/** The protocols on a contact, the first opened first. */
export async function findRuns(tx: Tx, contactId: string): Promise<RunRow[]> {
  const { rows } = await sql<RunRow>`
    select ${runColumns} where r.contact_id = ${contactId} order by r.opened_at, r.run_id`.execute(tx)
  return rows.map(parsed)
}

/** One protocol on a contact; undefined when it is not there. */
export async function findRun(tx: Tx, runId: string): Promise<RunRow | undefined> {
  const { rows } = await sql<RunRow>`select ${runColumns} where r.run_id = ${runId}`.execute(tx)
  return rows[0] && parsed(rows[0])
}

/** Opens a protocol on a contact, keeping the protocol as it is now. */
export async function insertRun(
  tx: Tx,
  run: {
    runId: string
    hotlineId: string
    contactId: string
    protocol: Protocol
    grade: string
    from: OpenedFrom
    personId: string | null
    now: Date
  },
): Promise<void> {
  const { protocol, version } = run.protocol
  await sql`
    insert into protocol_version (hotline_id, protocol, version, data)
    values (${run.hotlineId}, ${protocol}, ${version}, ${jsonb(run.protocol)}) on conflict do nothing`.execute(
    tx,
  )
  await sql`
    insert into protocol_run (run_id, hotline_id, contact_id, protocol, version, grade, opened_at, opened_from, opened_by)
    values (${run.runId}, ${run.hotlineId}, ${run.contactId}, ${protocol}, ${version}, ${run.grade}, ${run.now},
      ${run.from}, ${run.personId})`.execute(tx)
}

/** Raises the grade; one that was ended goes on. */
export async function raiseRun(tx: Tx, runId: string, grade: string): Promise<void> {
  await sql`
    update protocol_run set grade = ${grade}, closed_at = null, closed_by = null where run_id = ${runId}`.execute(
    tx,
  )
}

/** Ends a protocol. */
export async function endRun(tx: Tx, runId: string, personId: string, at: Date): Promise<void> {
  await sql`update protocol_run set closed_at = ${at}, closed_by = ${personId} where run_id = ${runId}`.execute(
    tx,
  )
}

/** A step as stored. */
export interface StepRow {
  step: string
  due_at: Date | null
  record: StepRecord
  revision: number
  done_at: Date | null
  done_by: string | null
  done_by_name: string | null
  skipped: string | null
}

/** A record as it stands in the database: sealed, or from before records were. */
const openedRecord = (stored: StepRecord, words: Words): StepRecord =>
  typeof stored['sealed'] === 'string' ? JSON.parse(words.open(stored['sealed'])) : stored

/** The steps that apply to a run so far; what was recorded stays sealed where nothing opens it. */
export async function findSteps(tx: Tx, runId: string, words?: Words): Promise<StepRow[]> {
  const { rows } = await sql<StepRow>`
    select s.step, s.due_at, s.record, s.revision, s.done_at, s.done_by, p.display_name as done_by_name, s.skipped
    from protocol_step s left join person p on p.person_id = s.done_by where s.run_id = ${runId}`.execute(tx)
  if (!words) return rows
  return rows.map((row) => ({
    ...row,
    record: openedRecord(row.record, words),
    skipped: row.skipped === null ? null : words.open(row.skipped),
  }))
}

/** Lets a step apply from now on. */
export async function insertStep(
  tx: Tx,
  step: { runId: string; hotlineId: string; step: string; due: Date | null },
): Promise<void> {
  await sql`
    insert into protocol_step (run_id, step, hotline_id, due_at)
    values (${step.runId}, ${step.step}, ${step.hotlineId}, ${step.due})`.execute(tx)
}

/** Writes a step as its next revision. */
export async function saveStepRow(
  tx: Tx,
  runId: string,
  step: string,
  given: { record: StepRecord; doneAt: Date | null; doneBy: string | null; skipped: string | null },
  words: Words,
): Promise<void> {
  const record = { sealed: words.seal(JSON.stringify(given.record)) }
  const skipped = given.skipped === null ? null : words.seal(given.skipped)
  await sql`
    update protocol_step set record = ${jsonb(record)}, revision = revision + 1, done_at = ${given.doneAt},
      done_by = ${given.doneBy}, skipped = ${skipped} where run_id = ${runId} and step = ${step}`.execute(tx)
}
