/**
 * When a right holds: always, under a condition, or any-of / all-of such rules. There is no "not": whoever is told more of
 * a contact can only gain, so a rule may be judged with what is known so far and asked again when more is known.
 */
import { z } from 'zod'

/** What somebody looks at a person's data for (G24-7.5b: records serve help, supervision and review, nothing else). */
export const purposes = [
  'care',
  'supervision',
  'custody',
  'disclosure',
  'request',
  'administration',
  'audit',
  'oversight',
] as const

/** A purpose of {@link purposes}. */
export type Purpose = (typeof purposes)[number]

/** Conditions without a measure, each about the person who asks and the contact (or the hotline) asked about. */
export const conditions = [
  /** The contact is this person's own. */
  'own',
  /** The person may answer the contact's line. */
  'sameLine',
  /** An open task of the contact (a call back, a follow-up) is this person's. */
  'assigned',
  /** The person's seat is with this contact, whoever has it: offered, talking, writing up. */
  'atSeat',
  /** The person's seat is in wrap-up for this contact, whoever has it now. */
  'writingUp',
  /** The person opened the contact in an emergency, saying why, and that has not ended. */
  'brokeGlass',
  /** Nobody is the hotline's security officer yet. */
  'noSecurityOfficer',
] as const

/** A condition of {@link conditions}. */
export type Condition = (typeof conditions)[number]

/** When a right holds. `withinHours` counts from the contact's end; while it goes on it holds. */
export type Rule =
  | 'always'
  | Condition
  | { withinHours: number }
  | { purpose: Purpose[] }
  | { anyOf: Rule[] }
  | { allOf: Rule[] }

/** A rule as a role's file writes it. */
export const rule: z.ZodType<Rule> = z.lazy(() =>
  z.union([
    z.literal('always'),
    z.enum(conditions),
    z.strictObject({ withinHours: z.number().positive() }),
    z.strictObject({ purpose: z.array(z.enum(purposes)).min(1) }),
    z.strictObject({ anyOf: z.array(rule) }),
    z.strictObject({ allOf: z.array(rule).min(1) }),
  ]),
)

/** The rule nobody meets. */
export const never: Rule = { anyOf: [] }

/** What is known of the person and the contact; what is left out does not hold. */
export type Facts = Partial<Record<Condition, boolean>> & {
  /** Hours since the contact's end; 0 while it goes on. */
  hoursSinceEnd?: number
  purpose?: Purpose
}

/** Whether the rule holds by these facts. */
export function met(wanted: Rule, facts: Facts): boolean {
  if (wanted === 'always') return true
  if (typeof wanted === 'string') return facts[wanted] === true
  if ('anyOf' in wanted) return wanted.anyOf.some((each) => met(each, facts))
  if ('allOf' in wanted) return wanted.allOf.every((each) => met(each, facts))
  if ('purpose' in wanted) return facts.purpose !== undefined && wanted.purpose.includes(facts.purpose)
  return facts.hoursSinceEnd !== undefined && facts.hoursSinceEnd <= wanted.withinHours
}

/** The rule with its purposes decided: what is left asks about the contact alone. */
export function forPurpose(wanted: Rule, purpose: Purpose | undefined): Rule {
  if (typeof wanted === 'string' || 'withinHours' in wanted) return wanted
  if ('purpose' in wanted) return met(wanted, purpose ? { purpose } : {}) ? 'always' : never
  if ('anyOf' in wanted) return { anyOf: wanted.anyOf.map((each) => forPurpose(each, purpose)) }
  return { allOf: wanted.allOf.map((each) => forPurpose(each, purpose)) }
}
