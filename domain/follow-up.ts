/** When a caller is called again after a contact: a plan per risk level, counted in the hotline's zone from the contact's end. */
import { z } from 'zod'
import type { RiskLevel } from './risk.ts'
import { atClock, clockOf, dayAfter, dayOf, monthsAfter } from './zone.ts'

const clock = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/)
const plan = z.strictObject({
  /** Of the contacts of this level, how many get the plan: 1 all, 0 none. */
  share: z.number().min(0).max(1),
  steps: z.array(
    z.strictObject({
      step: z.string().regex(/^[a-z0-9-]{2,40}$/),
      days: z.number().int().min(0).default(0),
      months: z.number().int().min(0).default(0),
    }),
  ),
})

/** The rule as it stands in clinical/rules/follow-up.json (G24-1.1; its source stands beside it). */
export const followUpRule = z.strictObject({
  rule: z.literal('follow-up'),
  version: z.number().int(),
  source: z.strictObject({ id: z.string(), title: z.string(), note: z.string() }),
  /** Nobody is called at night: what falls outside is moved to the nearest of these times of the same day. */
  callBetween: z.strictObject({ from: clock, to: clock }),
  plans: z.strictObject({ acute: plan, high: plan, moderate: plan, low: plan }),
})

/** The rule of follow-ups. */
export type FollowUpRule = z.infer<typeof followUpRule>

/** One call to make, and by when (ms since 1970). */
export interface FollowUp {
  step: string
  dueAt: number
}

/** A place in 0..1 that a contact always has: the random end of its UUIDv7, so that a sample is drawn without a memory. */
export const placeInSample = (contactId: string): number =>
  Number.parseInt(contactId.slice(-8), 16) / 0x1_0000_0000

/**
 * The follow-ups of a contact that ended at `endedAt`, in order. Days and months are those of the calendar: the 31st plus a
 * month is the month's last day, 29 February plus a year the 28th. No level, or `none`, plans nothing.
 */
export function followUpsOf(
  rule: FollowUpRule,
  given: { level: RiskLevel | null; contactId: string; endedAt: number; zone: string },
): FollowUp[] {
  if (given.level === null || given.level === 'none') return []
  const { share, steps } = rule.plans[given.level]
  if (placeInSample(given.contactId) >= share) return []
  const ended = dayOf(given.endedAt, given.zone)
  const { from, to } = rule.callBetween
  const clock = clockOf(given.endedAt, given.zone)
  const kindly = clock < from ? from : clock > to ? to : clock
  return steps.map(({ step, days, months }) => ({
    step,
    dueAt: atClock(dayAfter(monthsAfter(ended, months), days), kindly, given.zone),
  }))
}
