/**
 * Registers that the law asks a keeper of personal data for: breaches (PIPL 57), impact assessments (PIPL 55, 56) and
 * requests of the persons themselves (PIPL 44-47). An entry has a deadline and steps that are only ever added.
 */

/** The registers. */
export const registerKinds = ['breach', 'assessment', 'request'] as const

/** One of the registers. */
export type RegisterKind = (typeof registerKinds)[number]

/** What a person can ask for. */
export const requestKinds = ['access', 'correction', 'erasure'] as const

/** What can be done with an open entry, by register. `opened` and `closed` come with those commands. */
export const stepsOf = {
  breach: ['note', 'measure', 'told-authority', 'told-persons', 'harm-averted'],
  assessment: ['note', 'measure', 'approved'],
  request: ['note', 'identity-checked', 'granted', 'granted-in-part', 'refused'],
} as const satisfies Record<RegisterKind, readonly string[]>

/** One step of an entry. */
export type RegisterStep = (typeof stepsOf)[RegisterKind][number] | 'opened' | 'closed'

const dayMs = 86_400_000

/**
 * How long an entry may take, ms from its opening. Persons are answered within 30 days (GB/T 35273-2020 8.7); a breach is told
 * "at once" (PIPL 57), for which this house gives a day; an assessment precedes what it assesses, so it gets 30 days.
 */
export const timeFor: Readonly<Record<RegisterKind, number>> = {
  breach: dayMs,
  assessment: 30 * dayMs,
  request: 30 * dayMs,
}

/** Years an entry is kept after it was closed (PIPL 56: impact assessments at least three). */
export const registerYearsKept = 3

/** Of each group one step must have been taken before an entry can be closed. */
const needed: Readonly<Record<RegisterKind, readonly (readonly RegisterStep[])[]>> = {
  breach: [['measure'], ['told-authority'], ['told-persons', 'harm-averted']],
  assessment: [['measure'], ['approved']],
  request: [['identity-checked'], ['granted', 'granted-in-part', 'refused']],
}

/** The groups of steps of which none was taken yet; an entry is closed when there is none left. */
export const missingSteps = (
  kind: RegisterKind,
  taken: readonly RegisterStep[],
): (readonly RegisterStep[])[] => needed[kind].filter((group) => !group.some((step) => taken.includes(step)))

/** Whether the step belongs to the register. */
export const isStepOf = (kind: RegisterKind, step: string): step is RegisterStep =>
  (stepsOf[kind] as readonly string[]).includes(step)
