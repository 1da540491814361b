/** Risk levels from least to most; "not assessed" is none of them and is written as null. */
export const riskLevels = ['none', 'low', 'moderate', 'high', 'acute'] as const

/** One assessed level. */
export type RiskLevel = (typeof riskLevels)[number]

/** Place of a level in the order; not assessed counts as 0, like `none`. */
export const riskRank = (level: RiskLevel | null): number => (level === null ? 0 : riskLevels.indexOf(level))

/** Rank for going first: the caller's danger key goes with `acute` until a counsellor has assessed. */
export const urgency = (danger: boolean, level: RiskLevel | null): number =>
  Math.max(danger && level === null ? riskRank('acute') : 0, riskRank(level))

/** Where a level may come from. */
export const riskSources = ['criteria', 'judgement', 'triage', 'scale', 'critical-item'] as const

/** Something that says how dangerous it is: criteria, judgement, scale; `code` is a catalogued reason (`danger.within-72h`). */
export interface RiskFinding {
  source: (typeof riskSources)[number]
  level: RiskLevel
  code: string
  /** Somebody's own words. */
  reason?: string
}

/** One word on a contact's risk as it was written down: a finding, or a lowering that a supervisor granted. */
export interface RiskEntry {
  source: RiskFinding['source'] | 'lowering'
  level: RiskLevel
  code: string
  reason: string
}

/** The entries that count, in order: those since the last granted lowering, which itself says from where. */
export function countingEntries<E extends RiskEntry>(entries: readonly E[]): readonly E[] {
  const lowered = entries.findLastIndex((entry) => entry.source === 'lowering')
  return lowered === -1 ? entries : entries.slice(lowered)
}

/** The level of a contact: the highest since the last granted lowering, never an average; null when nobody has assessed. */
export const levelOf = (entries: readonly RiskEntry[]): RiskLevel | null =>
  countingEntries(entries).reduce<RiskLevel | null>(
    (worst, { level }) => (worst === null || riskRank(level) > riskRank(worst) ? level : worst),
    null,
  )

const sameThing = (one: RiskEntry, other: Pick<RiskEntry, 'source' | 'code'>): boolean =>
  one.source === other.source && one.code === other.code

/**
 * What the findings say that was not said before, to be written down. What was said and is said again is no news, also
 * after a lowering: it was known when the supervisor granted it. `whole` names topics (heads of codes) of which the findings are
 * all that is said now; of those, what is no longer said is written down as `none`, so that saying it again is news and raises.
 */
export function newsIn(
  entries: readonly RiskEntry[],
  findings: readonly RiskFinding[],
  whole: readonly string[] = [],
): RiskEntry[] {
  const last = (of: Pick<RiskEntry, 'source' | 'code'>): RiskEntry | undefined =>
    entries.findLast((entry) => sameThing(entry, of))
  const taken = entries.filter(
    (entry, index) =>
      entry.source !== 'lowering' &&
      entry.level !== 'none' &&
      whole.includes(entry.code.split('.', 1)[0] ?? '') &&
      entries.findLastIndex((other) => sameThing(other, entry)) === index &&
      !findings.some((finding) => sameThing(entry, finding)),
  )
  const said = [...findings]
    .sort((one, other) => riskRank(other.level) - riskRank(one.level))
    .filter((one, index, all) => all.findIndex((other) => sameThing({ ...other, reason: '' }, one)) === index)
    .filter((one) => last(one)?.level !== one.level)
  return [
    ...taken.map(({ source, code }) => ({ source, code, level: 'none' as const, reason: '' })),
    ...said.map(({ source, level, code, reason }) => ({ source, level, code, reason: reason ?? '' })),
  ]
}

/** What a change of level needs before it may be made. */
export type RiskChange =
  { allowed: true } | { allowed: false; needs: 'reason' | 'supervisor' | 'another-supervisor' }

/**
 * Judges a change of level: raising needs nothing, lowering needs a reason and a supervisor
 * who is not the person asking (facts: "Open definitions", lowering).
 */
export function judgeRiskChange(change: {
  from: RiskLevel | null
  to: RiskLevel
  reason: string
  asker: string
  supervisor: string | null
}): RiskChange {
  if (change.from === null || riskRank(change.to) >= riskRank(change.from)) return { allowed: true }
  if (change.reason.trim() === '') return { allowed: false, needs: 'reason' }
  if (change.supervisor === null) return { allowed: false, needs: 'supervisor' }
  if (change.supervisor === change.asker) return { allowed: false, needs: 'another-supervisor' }
  return { allowed: true }
}

/** What the doors show as risk: the assessed level, else `danger-key` when only the caller's key 0 says so. */
export const shownRisk = (danger: boolean, level: RiskLevel | null): RiskLevel | 'danger-key' | null =>
  level ?? (danger ? 'danger-key' : null)

/** Levels at which the administration group and a supervisor must know (G24-4.3.1b). */
export const mustBeReported = (level: RiskLevel | null): boolean => riskRank(level) >= riskRank('high')

/** Whether the satisfaction question is left out: never after a crisis call. */
export const isCrisis = (danger: boolean, level: RiskLevel | null): boolean => danger || mustBeReported(level)
