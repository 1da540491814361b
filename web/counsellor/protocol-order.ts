/** Which protocol and which step come first on the screens. */
import type { ProtocolRun } from '../../api/crisis.ts'
import type { Step } from './step-keeper.ts'

/** The steps in the order of the protocol that still wait. */
export const openSteps = (run: ProtocolRun): Step[] =>
  run.steps.filter((step) => step.doneAt === null && step.skipped === null)

/** Whether a step's time is over. */
export const isOverdue = (step: Step, now: number): boolean =>
  step.dueAt !== null && step.doneAt === null && step.skipped === null && Date.parse(step.dueAt) < now

/** Running ones first, in the order in which they were opened. */
export const runsInOrder = (runs: readonly ProtocolRun[]): ProtocolRun[] =>
  runs.toSorted(
    (one, other) =>
      Number(one.closedAt !== null) - Number(other.closedAt !== null) ||
      Date.parse(one.openedAt) - Date.parse(other.openedAt),
  )

const dueOf = (step: Step): number => (step.dueAt === null ? Number.MAX_SAFE_INTEGER : Date.parse(step.dueAt))

/** The step that is due next in everything that runs; undefined when every step is dealt with. */
export const nextDue = (runs: readonly ProtocolRun[]): Step | undefined =>
  runs
    .filter((run) => run.closedAt === null)
    .flatMap(openSteps)
    .toSorted((one, other) => dueOf(one) - dueOf(other))[0]
