/** Risk levels from least to most; "not assessed" is none of them and is written as null. */
export const riskLevels = ['none', 'low', 'moderate', 'high', 'acute'] as const

/** One assessed level. */
export type RiskLevel = (typeof riskLevels)[number]

/** Place of a level in the order; not assessed counts as 0, like `none`. */
export const riskRank = (level: RiskLevel | null): number => (level === null ? 0 : riskLevels.indexOf(level))

/** Rank for going first: the caller's danger key goes with `acute` until a counsellor has assessed. */
export const urgency = (danger: boolean, level: RiskLevel | null): number =>
  Math.max(danger && level === null ? riskRank('acute') : 0, riskRank(level))

/** Where a level comes from: criteria and judgement and scales; the most serious counts (never an average). */
export interface RiskSource {
  from: 'criteria' | 'judgement' | 'triage' | 'scale' | 'critical-item'
  level: RiskLevel
}

/** The level of all sources together: the most serious one, or null when nobody has assessed anything. */
export function riskOf(sources: readonly RiskSource[]): RiskLevel | null {
  return sources.reduce<RiskLevel | null>(
    (worst, { level }) => (worst === null || riskRank(level) > riskRank(worst) ? level : worst),
    null,
  )
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

/** Whether the satisfaction question is left out: never after a crisis call. */
export const isCrisis = (danger: boolean, level: RiskLevel | null): boolean =>
  danger || riskRank(level) >= riskRank('high')
