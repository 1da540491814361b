/**
 * What the record itself reads from the answers, whatever the hotline made of its form: the core questions (marked so in
 * clinical/forms/base.json), what they say of danger, and what a record needs before it may be closed (G24-4.3.1a, 4.3.4).
 */
import { missingRequired, valuesOf, type Form } from './answers.ts'
import type { Answers, QuestionnaireResponse } from './questionnaire.ts'
import { fromResponse } from './response.ts'
import { riskLevels, type RiskFinding, type RiskLevel } from './risk.ts'

/** What the danger question can be answered with; "unknown" is not among them (facts: ask every caller). */
export const dangerAnswers = ['none', 'ideation', 'plan', 'within-week', 'within-72h', 'in-progress'] as const

/** What kind of contact it is; only the first is counselling, all stay in every denominator. */
export const contactClasses = [
  'counselling',
  'silent',
  'wrong-number',
  'prank',
  'test',
  'information',
] as const

/** What kind of contact it is. */
export type ContactClass = (typeof contactClasses)[number]

/** Age groups of the form; the first two are minors. */
export const ageGroups = ['under-14', '14-17', '18-29', '30-44', '45-59', '60-plus'] as const

/** How a contact ended for the caller. */
export const formOutcomes = [
  'counselled',
  'information-only',
  'referred',
  'emergency',
  'caller-left',
  'not-counselling',
] as const

const others = ['no', 'yes', 'immediate'] as const
const attempts = ['none', 'past', 'recent'] as const
const harms = ['no', 'past', 'by-family', 'by-other'] as const
const orientations = ['clear', 'confused', 'voices'] as const
const yesNo = ['no', 'yes'] as const

/** The core answers. Null: not answered, "unknown, not asked, declined", or a code that only this hotline's form has. */
export interface Core {
  class: ContactClass | null
  danger: (typeof dangerAnswers)[number] | null
  dangerToOthers: (typeof others)[number] | null
  attempts: (typeof attempts)[number] | null
  beingHarmed: (typeof harms)[number] | null
  medical: (typeof yesNo)[number] | null
  orientation: (typeof orientations)[number] | null
  /** The counsellor's judgement and why. */
  risk: RiskLevel | null
  riskReason: string
  problems: string[]
  groups: string[]
  levels: string[]
  ageGroup: (typeof ageGroups)[number] | null
  gender: string | null
  speaksFor: string | null
  region: string
  given: string[]
  outcome: (typeof formOutcomes)[number] | null
  notes: string
}

const oneOf = <T extends string>(answers: Answers, linkId: string, codes: readonly T[]): T | null =>
  codes.find((code) => code === valuesOf(answers[linkId])[0]) ?? null

const textOf = (answers: Answers, linkId: string): string => {
  const value = valuesOf(answers[linkId])[0]
  return typeof value === 'string' ? value : ''
}

const codesOf = (answers: Answers, linkId: string): string[] =>
  valuesOf(answers[linkId]).filter((value) => typeof value === 'string')

/** Reads the core answers. */
export const coreOf = (answers: Answers): Core => ({
  class: oneOf(answers, 'class', contactClasses),
  danger: oneOf(answers, 'danger', dangerAnswers),
  dangerToOthers: oneOf(answers, 'dangerToOthers', others),
  attempts: oneOf(answers, 'attempts', attempts),
  beingHarmed: oneOf(answers, 'beingHarmed', harms),
  medical: oneOf(answers, 'medical', yesNo),
  orientation: oneOf(answers, 'orientation', orientations),
  risk: oneOf(answers, 'risk', riskLevels),
  riskReason: textOf(answers, 'riskReason'),
  problems: codesOf(answers, 'problems'),
  groups: codesOf(answers, 'groups'),
  levels: codesOf(answers, 'levels'),
  ageGroup: oneOf(answers, 'ageGroup', ageGroups),
  gender: textOf(answers, 'gender') || null,
  speaksFor: textOf(answers, 'speaksFor') || null,
  region: textOf(answers, 'region'),
  given: codesOf(answers, 'given'),
  outcome: oneOf(answers, 'outcome', formOutcomes),
  notes: textOf(answers, 'notes'),
})

/** Reads the core answers of a stored response; the form it was given to is not needed for them. */
export const coreOfResponse = (response: QuestionnaireResponse): Core =>
  coreOf(fromResponse({ item: [] }, response))

/** Whether it is counselling: also while nobody has said that it is not. */
export const isCounselling = (core: Pick<Core, 'class'>): boolean =>
  core.class === null || core.class === 'counselling'

/**
 * Levels of the danger answer. `criteria` are the operational criteria of high risk (facts §2.1: within a week, within 72
 * hours, an act just done or under way; §8b: they give high or acute, "within 72 h" whatever likelihood is stated).
 * Thoughts and a plan without a time are no such criterion: they count as `triage` in the order of the C-SSRS screener
 * (§2.3: thoughts low, a method moderate), so that a record with a plan is never without a level.
 */
const dangerLevels: Record<(typeof dangerAnswers)[number], Omit<RiskFinding, 'code'> | null> = {
  none: null,
  ideation: { source: 'triage', level: 'low' },
  plan: { source: 'triage', level: 'moderate' },
  'within-week': { source: 'criteria', level: 'high' },
  'within-72h': { source: 'criteria', level: 'high' },
  'in-progress': { source: 'criteria', level: 'acute' },
}

/** What the form alone speaks of, by the head of a finding's code: what the form no longer says is no longer said. */
export const formTopics = ['danger', 'attempts', 'danger-to-others', 'judgement'] as const

/**
 * What the answers say of risk; the most serious counts (domain/risk.ts). An attempt in the past two weeks is high (facts
 * §2.1 B), another person in immediate danger acute (§8b). What class the contact has makes no difference.
 */
export function findingsOf(core: Core): RiskFinding[] {
  const found: RiskFinding[] = []
  const danger = core.danger === null ? null : dangerLevels[core.danger]
  if (danger) found.push({ ...danger, code: `danger.${core.danger ?? ''}` })
  if (core.attempts === 'recent') found.push({ source: 'criteria', level: 'high', code: 'attempts.recent' })
  if (core.dangerToOthers === 'immediate')
    found.push({ source: 'criteria', level: 'acute', code: 'danger-to-others.immediate' })
  if (core.risk !== null)
    found.push({ source: 'judgement', level: core.risk, code: 'judgement', reason: core.riskReason })
  return found
}

/** Whether the answers say that somebody else is in danger (G24-4.3.1b). */
export const endangersOthers = (core: Pick<Core, 'dangerToOthers'>): boolean =>
  core.dangerToOthers === 'yes' || core.dangerToOthers === 'immediate'

const suicideProtocols: Record<(typeof dangerAnswers)[number], string | null> = {
  none: null,
  ideation: 'suicide-ideation',
  plan: 'suicide-ideation',
  'within-week': 'suicide-week',
  'within-72h': 'suicide-72h',
  'in-progress': 'suicide-in-progress',
}

const isMinor = (core: Core): boolean => core.ageGroup === 'under-14' || core.ageGroup === '14-17'

/** The protocol for somebody who is being harmed: a minor's by anybody, a grown-up's by family or partner. */
function harmProtocol(core: Core): string | null {
  const now = core.beingHarmed === 'by-family' || core.beingHarmed === 'by-other'
  if (now && isMinor(core)) return 'minor-abuse'
  return core.beingHarmed === 'by-family' ? 'domestic-violence' : null
}

/** The crisis protocols that the answers open (ids of clinical/protocols), the most urgent first. */
export function protocolsOf(core: Core): string[] {
  const byDanger = core.danger === null ? null : suicideProtocols[core.danger]
  // High by the attempt alone: what is done for the next days is done.
  const suicide =
    core.attempts === 'recent' && (byDanger === null || byDanger === 'suicide-ideation')
      ? 'suicide-week'
      : byDanger
  return [
    core.medical === 'yes' ? 'medical-emergency' : null,
    suicide,
    endangersOthers(core) ? 'danger-to-others' : null,
    harmProtocol(core),
    core.orientation === 'voices' ? 'psychosis' : null,
  ].filter((protocol) => protocol !== null)
}

/**
 * The questions that still keep the record open, in the order of the form; never the call. What is not counselling needs
 * nothing but its class.
 */
export function missingForClosing(form: Form, answers: Answers): string[] {
  const core = coreOf(answers)
  if (!isCounselling(core)) return []
  if (core.outcome === 'not-counselling') return ['class']
  return missingRequired(form, answers)
}
