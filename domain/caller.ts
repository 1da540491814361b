/**
 * A caller over time, known by a pseudonym. A keyed hash of the number proposes, a counsellor confirms: nothing is merged
 * by itself, because families and dormitories share telephones (facts §8, 12). Pure.
 */
import { z } from 'zod'
import { may, type Role } from './permission.ts'
import { riskRank, type RiskLevel } from './risk.ts'

/** The nth caller's pseudonym: C-0042. */
export const pseudonymOf = (n: number): string => `C-${String(n).padStart(4, '0')}`

/** What a counsellor said of whose contact it is. */
export const callerAnswers = ['same', 'other', 'unknown'] as const

/** What a counsellor said of whose contact it is. */
export type CallerAnswer = (typeof callerAnswers)[number]

/** Why nothing can be proposed: no number came, nobody vouches for it, or nobody called from it before. */
export type NoProposal = 'withheld' | 'untrusted' | 'first'

/** An earlier contact from the same number. */
export interface EarlierFromNumber {
  contactId: string
  number: number
  at: number
  risk: RiskLevel | null
  profileId: string | null
  answer: CallerAnswer | null
}

/** A caller who called from this number before, as a counsellor confirmed then. */
export interface ProposedProfile {
  profileId: string
  contacts: number
  lastAt: number
  highest: RiskLevel | null
}

/** What is proposed for a contact: callers known at this number, and contacts of which nobody has said whose they are. */
export interface Proposals {
  profiles: ProposedProfile[]
  unlinked: EarlierFromNumber[]
  none: NoProposal | null
}

const highestOf = (levels: readonly (RiskLevel | null)[]): RiskLevel | null =>
  levels.reduce<RiskLevel | null>(
    (top, each) => (top === null || riskRank(each) > riskRank(top) ? each : top),
    null,
  )

/**
 * Proposals for a contact from what came earlier from its number, latest first. A number nobody vouches for proposes
 * nothing: it can be set to somebody else's.
 */
export function proposalsOf(
  number: { known: boolean; trusted: boolean },
  earlier: readonly EarlierFromNumber[],
): Proposals {
  const nothing = (none: NoProposal): Proposals => ({ profiles: [], unlinked: [], none })
  if (!number.known) return nothing('withheld')
  if (!number.trusted) return nothing('untrusted')
  if (earlier.length === 0) return nothing('first')
  const ids = new Set(earlier.flatMap((each) => each.profileId ?? []))
  const profiles = [...ids].map((profileId) => {
    const own = earlier.filter((each) => each.profileId === profileId)
    return {
      profileId,
      contacts: own.length,
      lastAt: Math.max(...own.map((each) => each.at)),
      highest: highestOf(own.map((each) => each.risk)),
    }
  })
  const latest = (a: { at: number }, b: { at: number }): number => b.at - a.at
  return {
    profiles: profiles.toSorted((a, b) => b.lastAt - a.lastAt),
    unlinked: earlier.filter((each) => each.profileId === null).toSorted(latest),
    none: null,
  }
}

/** What an alert is about: what was agreed with the caller, safety, limits on contacts (G24-7.4), or something to know. */
export const alertKinds = ['agreed-plan', 'safety', 'limits', 'note'] as const

/** What an alert is about. */
export type AlertKind = (typeof alertKinds)[number]

const dayMs = 86_400_000

/** The longest an alert may last and go without review, in days. Limits are reviewed most often (G24-7.4). */
export const alertLongest: Readonly<Record<AlertKind, { expiryDays: number; reviewDays: number }>> = {
  'agreed-plan': { expiryDays: 365, reviewDays: 180 },
  safety: { expiryDays: 365, reviewDays: 180 },
  limits: { expiryDays: 180, reviewDays: 90 },
  note: { expiryDays: 365, reviewDays: 180 },
}

/** What a supervisor writes into an alert; `reason` says why, `words` what to do. */
export const alertFields = z.strictObject({
  kind: z.enum(alertKinds),
  words: z.string().trim().min(1).max(1000),
  reason: z.string().trim().min(1).max(1000),
  preferredPerson: z.uuid().nullable().default(null),
  times: z.string().trim().max(200).default(''),
  reviewAt: z.iso.datetime(),
  expiresAt: z.iso.datetime(),
})

/** What a supervisor writes into an alert. */
export type AlertFields = z.infer<typeof alertFields>

/** Which of its two instants are not allowed: in the past, review after the end, or later than the kind may last. */
export function wrongTimes(
  alert: Pick<AlertFields, 'kind'> & { reviewAt: number; expiresAt: number },
  now: number,
): ('reviewAt' | 'expiresAt')[] {
  const { expiryDays, reviewDays } = alertLongest[alert.kind]
  const wrong: ('reviewAt' | 'expiresAt')[] = []
  if (alert.reviewAt <= now || alert.reviewAt > alert.expiresAt || alert.reviewAt > now + reviewDays * dayMs)
    wrong.push('reviewAt')
  if (alert.expiresAt <= now || alert.expiresAt > now + expiryDays * dayMs) wrong.push('expiresAt')
  return wrong
}

/** How an alert stands: in force, in force and to be looked at again, over by its date, or ended by somebody. */
export type AlertStanding = 'active' | 'review' | 'expired' | 'ended'

/** How an alert stands at an instant; an expired one binds nobody even if nobody ended it. */
export function alertStanding(
  alert: { reviewAt: number; expiresAt: number; endedAt: number | null },
  now: number,
): AlertStanding {
  if (alert.endedAt !== null && alert.endedAt <= now) return 'ended'
  if (alert.expiresAt <= now) return 'expired'
  return alert.reviewAt <= now ? 'review' : 'active'
}

/** From how many contacts within how many days an agreed plan is offered. */
export interface FrequentRule {
  contacts: number
  days: number
}

/** The rule nobody has changed. */
export const usualFrequentRule: FrequentRule = { contacts: 5, days: 30 }

/** Whether so many recent contacts make an agreed plan worth proposing; a plan in force makes it needless. */
export const isFrequent = (recent: number, hasPlan: boolean, rule: FrequentRule): boolean =>
  recent >= rule.contacts && !hasPlan

/** The first instant whose contacts still count as recent. */
export const recentSince = (rule: FrequentRule, now: number): number => now - rule.days * dayMs

/** What somebody sees of an earlier contact of a caller. */
export interface EarlierView {
  /** Number, date, level, problems, what was given, how it ended. */
  outline: boolean
  /** What was written in the notes. */
  notes: boolean
  /** Its page may be opened. */
  open: boolean
}

/**
 * What somebody sees of an earlier contact while working with its caller: a counsellor the outline of all and the notes of
 * their own, a supervisor all. Another counsellor's notes were written for supervision and summary (G24-7.5b), so they
 * are asked for there. Everybody else sees nothing.
 */
export function earlierView(
  asker: { personId: string; roles: readonly Role[] },
  ownerId: string | null,
): EarlierView {
  if (!may(asker.roles, 'caller.see')) return { outline: false, notes: false, open: false }
  const whole = may(asker.roles, 'contact.all') || asker.personId === ownerId
  return { outline: true, notes: whole, open: whole }
}
