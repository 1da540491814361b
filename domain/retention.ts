/**
 * How long a contact is kept (G24-6.2.2b): calendar years from its end, in the hotline's zone; longer when filed as a
 * medical record (精神卫生法 47); without end under a legal hold. Days are written YYYY-MM-DD.
 */
import { dayOf, monthsAfter, nextDay, startOfDay } from './zone.ts'

/** Classes of retention; there is none shorter than `usual`. */
export const retentionClasses = ['usual', 'medical-record'] as const

/** One of the classes. */
export type RetentionClass = (typeof retentionClasses)[number]

/** Calendar years each class is kept. */
export const yearsKept: Readonly<Record<RetentionClass, number>> = { usual: 3, 'medical-record': 30 }

/** The last day kept: the corresponding day, or that month's last where it has none (29 February + 3 years: the 28th). */
export const lastDayKept = (endedAt: number, kept: RetentionClass, zone: string): string =>
  monthsAfter(dayOf(endedAt, zone), yearsKept[kept] * 12)

/** The first instant at which a contact may be destroyed: 00:00 of the day after its last. */
export const disposableFrom = (endedAt: number, kept: RetentionClass, zone: string): number =>
  startOfDay(nextDay(lastDayKept(endedAt, kept, zone)), zone)

/** What can be decided about a contact's keeping; each with a reason, none of them shortens it. */
export const retentionDecisions = [
  'medical-record',
  'hold',
  'hold-ended',
  'restrict',
  'restrict-ended',
] as const

/** One of the decisions. */
export type RetentionDecision = (typeof retentionDecisions)[number]

/** How a contact is kept. */
export interface Keeping {
  class: RetentionClass
  held: boolean
  /** Sealed after a request for erasure inside the period (PIPL 47): nobody uses it, nothing of it is shown. */
  restricted: boolean
  disposed: boolean
}

/** How a contact is kept after a decision; null when the decision changes nothing, or nothing is left. */
export function keepingAfter(keeping: Keeping, decision: RetentionDecision): Keeping | null {
  if (keeping.disposed) return null
  const after: Keeping = {
    disposed: false,
    class: decision === 'medical-record' ? 'medical-record' : keeping.class,
    held: decision === 'hold' || (keeping.held && decision !== 'hold-ended'),
    restricted: decision === 'restrict' || (keeping.restricted && decision !== 'restrict-ended'),
  }
  const same =
    after.class === keeping.class && after.held === keeping.held && after.restricted === keeping.restricted
  return same ? null : after
}

/** Whether a contact that is over may be put on a list for disposal at an instant. */
export const isDue = (keeping: Keeping, endedAt: number, zone: string, now: number): boolean =>
  !keeping.disposed && !keeping.held && now >= disposableFrom(endedAt, keeping.class, zone)

/** One person's answer to a proposed disposal. */
export interface Approval {
  personId: string
  granted: boolean
}

/** How a disposal stands: two people other than its proposer approve it, one refusal ends it. */
export type DisposalState = 'open' | 'approved' | 'refused'

/** How a disposal stands by its answers. */
export function disposalState(proposedBy: string, approvals: readonly Approval[]): DisposalState {
  if (approvals.some((each) => !each.granted)) return 'refused'
  const others = new Set(approvals.map((each) => each.personId).filter((person) => person !== proposedBy))
  return others.size >= 2 ? 'approved' : 'open'
}

/** Whether a person may answer: not to their own proposal, not twice, not when it is settled. */
export const mayAnswer = (proposedBy: string, approvals: readonly Approval[], personId: string): boolean =>
  disposalState(proposedBy, approvals) === 'open' &&
  personId !== proposedBy &&
  approvals.every((each) => each.personId !== personId)
