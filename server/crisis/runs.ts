/* Protocols on a contact: opened, worked through step by step, ended. */
import type { z } from 'zod'
import type { ProtocolRun, saveStep } from '../../api/crisis.ts'
import type { Role } from '../../domain/permission.ts'
import { Problem } from '../../domain/problem.ts'
import {
  dueAt,
  filledHelp,
  gradeOf,
  maySkip,
  missingItems,
  protocolNamed,
  stepsAt,
  stepsInTheWay,
  wrongItems,
  type OpenedFrom,
  type Protocol,
  type ProtocolStep,
  type StepRecord,
} from '../../domain/protocol.ts'
import type { RiskLevel } from '../../domain/risk.ts'
import { appendEvent } from '../db/contact-event.ts'
import type { Tx } from '../db/database.ts'
import { newId } from '../db/id.ts'
import type { Words } from '../records/keys.ts'
import { protocols } from './protocols.ts'
import {
  endRun,
  findRun,
  findRuns,
  findSteps,
  insertRun,
  insertStep,
  raiseRun,
  saveStepRow,
  type RunRow,
  type StepRow,
} from './run-queries.ts'

/** What opens a protocol, and on which contact. */
export interface RunOpening {
  hotlineId: string
  contactId: string
  personId: string | null
  now: Date
  /** A protocol's name or that of one of its grades; `protocol.notFound` when there is none. */
  protocol: string
  from: OpenedFrom
  level: RiskLevel | null
}

/**
 * Opens a protocol on a contact, or goes on with the one that runs there: a higher grade adds its steps, also to one that was
 * ended; nothing takes steps away. `fresh` tells whether anything changed.
 */
export async function openRun(tx: Tx, given: RunOpening): Promise<{ protocol: Protocol; fresh: boolean }> {
  const { hotlineId, contactId, personId, now, from, level } = given
  const found = protocolNamed(protocols, given.protocol)
  if (!found) throw new Problem('protocol.notFound')
  const id = found.protocol.protocol
  const run = (await findRuns(tx, contactId)).find((one) => one.protocol === id)
  const protocol = run?.data ?? found.protocol
  const grade = gradeOf(protocol, { was: run?.grade ?? null, named: found.grade, from, level })
  if (run && run.grade === grade) return { protocol, fresh: false }
  const runId = run?.run_id ?? newId(now.getTime())
  if (run) await raiseRun(tx, runId, grade)
  else await insertRun(tx, { runId, hotlineId, contactId, protocol, grade, from, personId, now })
  const known = new Set((await findSteps(tx, runId)).map((step) => step.step))
  for (const step of stepsAt(protocol, grade).filter((one) => !known.has(one.step))) {
    const due = dueAt(step, now.getTime())
    await insertStep(tx, { runId, hotlineId, step: step.step, due: due === null ? null : new Date(due) })
  }
  const kind = run ? 'protocol.raised' : 'protocol.opened'
  await appendEvent(tx, contactId, now, kind, personId, { protocol: id, grade, from })
  return { protocol, fresh: true }
}

/** The protocols on a contact, the first opened first, with their steps in the order in which they are done. */
export async function runsOf(tx: Tx, contactId: string, words?: Words): Promise<ProtocolRun[]> {
  const runs = await findRuns(tx, contactId)
  return Promise.all(runs.map(async (run) => shownRun(run, await findSteps(tx, run.run_id, words))))
}

function shownRun(run: RunRow, rows: readonly StepRow[]): ProtocolRun {
  const records: StepRecord = Object.assign({}, ...rows.map((row) => row.record))
  const gradeWords = run.data.grades.find((one) => one.grade === run.grade)?.words
  const steps = stepsAt(run.data, run.grade).flatMap((step) => {
    const row = rows.find((one) => one.step === step.step)
    if (!row) return []
    return [
      {
        step: step.step,
        words: step.words,
        help: filledHelp(run.data, step, records),
        who: step.who,
        must: step.must,
        dueAt: row.due_at?.toISOString() ?? null,
        items: step.items,
        record: row.record,
        revision: row.revision,
        doneAt: row.done_at?.toISOString() ?? null,
        doneBy: row.done_by_name,
        skipped: row.skipped,
      },
    ]
  })
  return {
    runId: run.run_id,
    protocol: run.protocol,
    version: run.version,
    words: gradeWords
      ? {
          'zh-CN': `${run.data.words['zh-CN']}：${gradeWords['zh-CN']}`,
          en: `${run.data.words.en}: ${gradeWords.en}`,
        }
      : run.data.words,
    openedAt: run.opened_at.toISOString(),
    openedFrom: run.opened_from,
    closedAt: run.closed_at?.toISOString() ?? null,
    steps,
  }
}

/** Who works on a protocol. */
export interface StepWorker {
  personId: string
  roles: readonly Role[]
  /** Seals and opens what was recorded. */
  words: Words
}

/**
 * Records a step on top of its revision; the caller holds the contact's row lock. `protocol.changedElsewhere` when somebody
 * else saved in between, unless it was the same; `contact.incomplete` with the items that must be recorded before it is done;
 * `permission.denied` for a supervisor's step.
 */
export async function recordStep(
  tx: Tx,
  worker: StepWorker,
  run: RunRow,
  stepId: string,
  given: z.output<(typeof saveStep)['body']>,
  now: Date,
): Promise<void> {
  const { step, row } = await openStep(tx, worker, run, stepId)
  const wrong = wrongItems(step, given.record)
  if (wrong.length > 0) throw new Problem('request.malformed', { fields: wrong })
  if (row.revision !== given.revision) {
    if (isSaved(row, given)) return
    throw new Problem('protocol.changedElsewhere', { revision: row.revision })
  }
  const after = stepAfter(step, row, given, worker.personId, now)
  await saveStepRow(tx, run.run_id, stepId, after, worker.words)
  const outcome = after.doneAt ? 'done' : 'skipped'
  if ((after.doneAt !== null && !row.done_at) || (after.skipped !== null && row.skipped === null))
    await appendEvent(tx, run.contact_id, now, 'protocol.step', worker.personId, {
      protocol: run.protocol,
      step: stepId,
      outcome,
      late: row.due_at !== null && row.due_at < now,
    })
}

/** A step of a run that goes on; `protocol.notFound`, `permission.denied`. */
async function openStep(
  tx: Tx,
  worker: StepWorker,
  run: RunRow,
  stepId: string,
): Promise<{ step: ProtocolStep; row: StepRow }> {
  const step = stepsAt(run.data, run.grade).find((one) => one.step === stepId)
  const row = (await findSteps(tx, run.run_id, worker.words)).find((one) => one.step === stepId)
  if (!step || !row || run.closed_at) throw new Problem('protocol.notFound')
  if (step.who === 'supervisor' && !worker.roles.includes('supervisor'))
    throw new Problem('permission.denied')
  return { step, row }
}

type StepBody = z.output<(typeof saveStep)['body']>

/** Whether what is sent (again) is what is stored. */
const isSaved = (row: StepRow, given: StepBody): boolean => {
  const settled = given.done
    ? row.done_at !== null
    : given.skipped === undefined || row.skipped === given.skipped.trim()
  return settled && sameRecord(row.record, given.record)
}

/** How the step stands afterwards: what is done stays done, and doing it takes a skipping back. */
function stepAfter(
  step: ProtocolStep,
  row: StepRow,
  given: StepBody,
  personId: string,
  now: Date,
): { record: StepRecord; doneAt: Date | null; doneBy: string | null; skipped: string | null } {
  const { record } = given
  if (given.done || row.done_at) {
    const missing = missingItems(step, record)
    if (missing.length > 0) throw new Problem('contact.incomplete', { missing })
    return { record, doneAt: row.done_at ?? now, doneBy: row.done_by ?? personId, skipped: null }
  }
  if (given.skipped === undefined) return { record, doneAt: null, doneBy: null, skipped: row.skipped }
  if (!maySkip(step, given.skipped)) throw new Problem('protocol.stepOpen', { steps: [step.step] })
  return { record, doneAt: null, doneBy: null, skipped: given.skipped.trim() }
}

const sameRecord = (one: StepRecord, other: StepRecord): boolean => {
  const sorted = (record: StepRecord): string =>
    JSON.stringify(Object.entries(record).sort(([left], [right]) => (left < right ? -1 : 1)))
  return sorted(one) === sorted(other)
}

/** The run, when there is one; the caller then checks who may see its contact. */
export async function runOf(tx: Tx, runId: string): Promise<RunRow> {
  const run = await findRun(tx, runId)
  if (!run) throw new Problem('protocol.notFound')
  return run
}

/**
 * Ends a protocol whose steps are done or skipped: `protocol.stepOpen` with those that are not. Gives whether follow-ups are
 * to be planned now. The caller holds the contact's row lock; ending it again is success and changes nothing.
 */
export async function closeRun(
  tx: Tx,
  { personId, words }: StepWorker,
  run: RunRow,
  now: Date,
): Promise<{ closed: boolean; followUps: boolean }> {
  if (run.closed_at) return { closed: false, followUps: false }
  const rows = await findSteps(tx, run.run_id, words)
  const states = rows.map((row) => ({
    step: row.step,
    dueAt: row.due_at?.getTime() ?? null,
    doneAt: row.done_at?.getTime() ?? null,
    skipped: row.skipped,
  }))
  const steps = stepsInTheWay(run.data, run.grade, states)
  if (steps.length > 0) throw new Problem('protocol.stepOpen', { steps })
  await endRun(tx, run.run_id, personId, now)
  await appendEvent(tx, run.contact_id, now, 'protocol.closed', personId, {
    protocol: run.protocol,
    grade: run.grade,
    skipped: rows.filter((row) => row.skipped !== null).map((row) => row.step),
  })
  const wish = rows.find((row) => row.step === 'follow')?.record['follow-agreed']
  return { closed: true, followUps: run.data.follows.followUps && wish !== 'declined' }
}
