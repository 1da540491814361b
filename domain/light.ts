/** Traffic lights of the board: which figure each looks at and from where on it is amber or red (G24-5.3.6). */
import { z } from 'zod'

/** What has a light, in the order in which the board shows them. */
export const lightKinds = [
  'reports',
  'dropped',
  'steps',
  'longest-wait',
  'service-now',
  'seats',
  'call-backs',
  'follow-ups',
  'unreachable',
  'voice',
  'loss',
  'system',
] as const

/** One of the lights. */
export type LightKind = (typeof lightKinds)[number]

/** From good to bad. Each colour also has a shape and a word wherever it is shown. */
export const colours = ['green', 'amber', 'red'] as const

/** One colour. */
export type Colour = (typeof colours)[number]

/**
 * The rule behind a light. Where `worse` is higher, the light is amber from `amber` on and red from `red` on; where it is
 * lower, it is amber below `amber` and red below `red`. `ms` are milliseconds, `share` 0 to 1, `opinion` 1 (bad) to 4.5.
 */
export interface LightRule {
  unit: 'ms' | 'count' | 'share' | 'opinion'
  worse: 'higher' | 'lower'
  amber: number
  red: number
}

/** The rules of a hotline that changed none. */
export const defaultLights: Record<LightKind, LightRule> = {
  /** Age of the oldest report nobody acknowledged. */
  reports: { unit: 'ms', worse: 'higher', amber: 0, red: 60_000 },
  /** Age of the oldest dropped high-risk call that is not done. */
  dropped: { unit: 'ms', worse: 'higher', amber: 0, red: 300_000 },
  /** How long the longest overdue protocol step is overdue. */
  steps: { unit: 'ms', worse: 'higher', amber: 0, red: 120_000 },
  /** Of those waiting now. */
  'longest-wait': { unit: 'ms', worse: 'higher', amber: 20_000, red: 60_000 },
  /** SL-B of the last 30 minutes. */
  'service-now': { unit: 'share', worse: 'lower', amber: 0.8, red: 0.6 },
  /** Staffed seats of the least staffed open line, as a share of its least. */
  seats: { unit: 'share', worse: 'lower', amber: 1, red: 0.5 },
  /** How long the longest overdue call-back is overdue. */
  'call-backs': { unit: 'ms', worse: 'higher', amber: 0, red: 900_000 },
  /** How long the longest overdue follow-up is overdue. */
  'follow-ups': { unit: 'ms', worse: 'higher', amber: 0, red: 86_400_000 },
  /** Staffed seats that cannot be reached, or talk and send no sound. */
  unreachable: { unit: 'count', worse: 'higher', amber: 1, red: 3 },
  /** The worst heard talk of the last ten seconds, by the E-model (G24-3.2.2b). */
  voice: { unit: 'opinion', worse: 'lower', amber: 3.6, red: 3.1 },
  /** Packets lost in the talk that loses most, over the last ten seconds. */
  loss: { unit: 'share', worse: 'higher', amber: 0.03, red: 0.05 },
  /** 1 for a trouble that can wait, 2 for one that stops calls or loses what was said. */
  system: { unit: 'count', worse: 'higher', amber: 1, red: 2 },
}

const threshold = z.object({ amber: z.number(), red: z.number() }).partial().optional().catch(undefined)
const settings = z
  .object({ lights: z.partialRecord(z.enum(lightKinds), threshold).catch({}).default({}) })
  .catch({ lights: {} })

/** The rules of a hotline: its own thresholds over the defaults. Settings nobody can read change nothing. */
export function lightsOf(hotlineSettings: unknown): Record<LightKind, LightRule> {
  const { lights } = settings.parse(hotlineSettings ?? {})
  const rules = { ...defaultLights }
  for (const kind of lightKinds) {
    const own = lights[kind]
    if (own)
      rules[kind] = { ...rules[kind], amber: own.amber ?? rules[kind].amber, red: own.red ?? rules[kind].red }
  }
  return rules
}

/** The colour of a figure; null, nothing to judge, is green. */
export function colourOf(rule: LightRule, value: number | null): Colour {
  if (value === null) return 'green'
  const reached = (limit: number): boolean => (rule.worse === 'higher' ? value >= limit : value < limit)
  if (reached(rule.red)) return 'red'
  return reached(rule.amber) ? 'amber' : 'green'
}

/** How grave a trouble of the system is, for the light `system`. */
export const graveness = {
  'switchboard-away': 2,
  'switchboard-part-away': 1,
  'switchboard-lost': 1,
  'database-away': 2,
  'trunk-down': 2,
  'trunk-refusing': 2,
  'trunk-poor': 1,
  'recorder-away': 2,
  'store-away': 1,
  'disk-full': 2,
  'disk-low': 1,
  'outbound-limit': 1,
} as const
