/**
 * The registration form of a contact (G24-4.3.1a, 4.3.4, 4.4.1), first version: fixed questions, every one of which
 * can be answered "unknown", except the danger question. Forms made without code come later and keep these codes.
 */
import { z } from 'zod'
import { stages } from './stage.ts'

/** 0-100 rating spoken by the caller, or null when not asked. */
const rating = z.number().int().min(0).max(100).nullable()

const known = <T extends readonly [string, ...string[]]>(codes: T) =>
  z.enum([...codes, 'unknown', 'declined']).nullable()

/** What the danger question can be answered with; "unknown" is not among them (facts: ask every caller). */
export const dangerAnswers = ['none', 'ideation', 'plan', 'within-week', 'within-72h', 'in-progress'] as const

/** Answers of the form as stored; null means not yet answered. Unknown keys are refused. */
export const formAnswers = z.strictObject({
  stage: z.enum(stages).default('rapport'),
  stageMs: z.partialRecord(z.enum(stages), z.number().int().min(0)).default({}),
  caller: z
    .strictObject({
      gender: known(['female', 'male', 'other'] as const).default(null),
      ageGroup: known(['under-14', '14-17', '18-29', '30-44', '45-59', '60-plus'] as const).default(null),
      region: z.string().max(60).nullable().default(null),
      firstTime: known(['yes', 'no'] as const).default(null),
      speaksFor: known(['self', 'other'] as const).default(null),
    })
    .prefault({}),
  levels: z.array(z.string().max(40)).max(20).default([]),
  groups: z.array(z.string().max(40)).max(40).default([]),
  problems: z.array(z.string().max(40)).max(20).default([]),
  emotions: z
    .array(z.enum(['anxious', 'calm', 'afraid', 'sad', 'angry', 'other']))
    .max(6)
    .default([]),
  distressBefore: rating.default(null),
  distressAfter: rating.default(null),
  danger: z.enum(dangerAnswers).nullable().default(null),
  dangerToOthers: z.enum(['no', 'yes']).nullable().default(null),
  risk: z.enum(['none', 'low', 'moderate', 'high', 'acute']).nullable().default(null),
  riskReason: z.string().max(2000).nullable().default(null),
  notes: z.string().max(20_000).default(''),
  given: z
    .array(z.enum(['listened', 'information', 'coping', 'safety-plan', 'referral', 'emergency', 'follow-up']))
    .max(7)
    .default([]),
  givenNote: z.string().max(2000).default(''),
  outcome: z
    .enum(['counselled', 'information-only', 'referred', 'emergency', 'caller-left', 'not-counselling'])
    .nullable()
    .default(null),
})

/** Answers of the registration form. */
export type FormAnswers = z.infer<typeof formAnswers>

/** A form nobody has answered yet. */
export const emptyForm = (): FormAnswers => formAnswers.parse({})

/**
 * The questions that still keep the contact from being closed, in the order of the form. What is not counselling
 * (silent, wrong number, prank) needs only its outcome; a level above none needs its reason.
 */
export const missingForClosing = (form: FormAnswers): (keyof FormAnswers)[] => {
  if (form.outcome === 'not-counselling') return []
  const missing: (keyof FormAnswers)[] = []
  if (form.problems.length === 0) missing.push('problems')
  if (form.danger === null) missing.push('danger')
  if (form.dangerToOthers === null) missing.push('dangerToOthers')
  if (form.risk === null) missing.push('risk')
  if (form.risk !== null && form.risk !== 'none' && !form.riskReason?.trim()) missing.push('riskReason')
  if (form.outcome === null) missing.push('outcome')
  return missing
}
