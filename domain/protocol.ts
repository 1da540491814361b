/**
 * Crisis protocols (G24-4.3.5): data that says what is done, in which order, by when and what is recorded. Here is what the
 * data may say, which steps apply, what is overdue, and when a protocol may be ended.
 */
import { z } from 'zod'
import type { RiskLevel } from './risk.ts'

const words = z.strictObject({ 'zh-CN': z.string().trim().min(1), en: z.string().trim().min(1) })
const code = z.string().regex(/^[a-z0-9-]{1,40}$/)

/** The same words in both languages. */
export type Words = z.infer<typeof words>

const itemShape = z.strictObject({
  id: code,
  words,
  /** `now` is an instant taken by a key, `time` one that is typed. */
  kind: z.enum(['text', 'choice', 'choices', 'yes-no', 'time', 'now']),
  options: z.array(z.strictObject({ code, words })).default([]),
  /** Whether the step cannot be done without it. */
  required: z.boolean().default(false),
})

const stepShape = z.strictObject({
  step: code,
  words,
  /** What to do, or a text to read aloud; `{item}` stands for what was recorded there. */
  help: words,
  who: z.enum(['counsellor', 'supervisor']).default('counsellor'),
  /** The lowest grade at which the step applies; all of them when it is not said. */
  from: code.optional(),
  /** Whether the protocol cannot be ended before it is done or skipped with a reason. */
  must: z.boolean().default(true),
  /** Steps that can always be done are never skipped. */
  skip: z.enum(['with-reason', 'never']).default('with-reason'),
  /** Time limit in ms from the moment the step began to apply; null for none. */
  withinMs: z.number().int().min(15_000).nullable().default(null),
  items: z.array(itemShape).default([]),
})

/** A step of a protocol. */
export type ProtocolStep = z.infer<typeof stepShape>

/** Whether every id occurs once and everything named exists. */
const holdsTogether = (file: {
  grades: { grade: string; code?: string | undefined }[]
  steps: ProtocolStep[]
}): boolean => {
  const grades = file.grades.map((one) => one.grade)
  const steps = file.steps.map((one) => one.step)
  const items = file.steps.flatMap((one) => one.items)
  const once = (ids: string[]): boolean => new Set(ids).size === ids.length
  const named = file.steps
    .flatMap((step) => Object.values(step.help))
    .flatMap((text) => [...text.matchAll(/\{([a-z0-9-]+)\}/g)].map((found) => found[1]))
  return (
    once(grades) &&
    once(steps) &&
    once(items.map((item) => item.id)) &&
    file.steps.every((step) => step.from === undefined || grades.includes(step.from)) &&
    items.every((item) => item.kind.startsWith('choice') === item.options.length > 0) &&
    named.every((name) => items.some((item) => item.id === name))
  )
}

/** A protocol's file in clinical/protocols/. Grades rise in their order; an `unclear` one waits for the danger question. */
export const protocolFile = z
  .strictObject({
    protocol: code,
    version: z.number().int().min(1),
    /** Its place in the list in which protocols are offered. */
    order: z.number().int(),
    words,
    /** On what it is modelled, where that is somebody's idea. */
    credit: z.string().optional(),
    grades: z
      .array(
        z.strictObject({
          grade: code,
          code: code.optional(),
          words,
          levels: z.array(z.string()).default([]),
        }),
      )
      .default([]),
    /** What follows when it is ended. */
    follows: z.strictObject({
      followUps: z.boolean().default(false),
      /** Opens the report to the administration group and the consultation, whatever the level. */
      report: z.boolean().default(false),
    }),
    steps: z.array(stepShape).min(1),
  })
  .refine(holdsTogether, 'ids must be unique, and grades, options and placeholders must exist')

/** A crisis protocol. */
export type Protocol = z.infer<typeof protocolFile>

/** What opened a protocol. */
export const openedFrom = ['caller-key', 'form', 'instrument', 'button'] as const

/** One of the ways in which a protocol is opened. */
export type OpenedFrom = (typeof openedFrom)[number]

/** Finds a protocol by its own name or by that of one of its grades (`suicide-72h`); null when there is none. */
export function protocolNamed(
  protocols: readonly Protocol[],
  name: string,
): { protocol: Protocol; grade: string | null } | null {
  for (const protocol of protocols) {
    if (protocol.protocol === name) return { protocol, grade: null }
    const grade = protocol.grades.find((one) => one.code === name)
    if (grade) return { protocol, grade: grade.grade }
  }
  return null
}

const rankOf = (protocol: Protocol, grade: string): number =>
  protocol.grades.findIndex((one) => one.grade === grade)

/**
 * The grade at which a protocol opens or goes on: never lower than it was. When none is named, what is known decides; a
 * caller's key or an instrument alone leaves it at the first grade, where the danger question is asked.
 */
export function gradeOf(
  protocol: Protocol,
  given: { was: string | null; named: string | null; from: OpenedFrom; level: RiskLevel | null },
): string {
  if (protocol.grades.length === 0) return ''
  const known = protocol.grades.findIndex((one) => given.level !== null && one.levels.includes(given.level))
  const unsaid = given.from === 'form' || given.from === 'button' ? 1 : 0
  const wanted = given.named === null ? Math.max(known, unsaid) : rankOf(protocol, given.named)
  const rank = Math.max(wanted, given.was === null ? 0 : rankOf(protocol, given.was))
  return protocol.grades[Math.min(rank, protocol.grades.length - 1)]?.grade ?? ''
}

/** The steps that apply at a grade, in the order of the file. */
export const stepsAt = (protocol: Protocol, grade: string): ProtocolStep[] =>
  protocol.steps.filter(
    (step) => step.from === undefined || rankOf(protocol, step.from) <= rankOf(protocol, grade),
  )

/** When a step that begins to apply at `at` (ms since 1970) must be done; null when it has no limit. */
export const dueAt = (step: ProtocolStep, at: number): number | null =>
  step.withinMs === null ? null : at + step.withinMs

/** How a step of a running protocol stands; instants in ms since 1970. */
export interface StepState {
  step: string
  dueAt: number | null
  doneAt: number | null
  skipped: string | null
}

const isOpen = (state: StepState): boolean => state.doneAt === null && state.skipped === null

/** The open step that is overdue for the longest time; null when none is. */
export const overdueStep = (states: readonly StepState[], now: number): StepState | null =>
  states
    .filter((state) => isOpen(state) && state.dueAt !== null && state.dueAt < now)
    .sort((one, other) => (one.dueAt ?? 0) - (other.dueAt ?? 0))[0] ?? null

/** The steps that keep a protocol from being ended, in the order of the file. */
export const stepsInTheWay = (protocol: Protocol, grade: string, states: readonly StepState[]): string[] =>
  stepsAt(protocol, grade)
    .filter((step) => step.must)
    .map((step) => step.step)
    .filter((step) => !states.some((state) => state.step === step && !isOpen(state)))

/** What was recorded at a step, by item. */
export type StepRecord = Record<string, string | string[] | boolean>

const timeText = /^(\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,3})?)?(Z|[+-]\d\d:\d\d)?|([01]\d|2[0-3]):[0-5]\d)$/

const fits = (item: ProtocolStep['items'][number], value: StepRecord[string]): boolean => {
  const isOption = (one: string): boolean => item.options.some((option) => option.code === one)
  switch (item.kind) {
    case 'yes-no':
      return typeof value === 'boolean'
    case 'choices':
      return Array.isArray(value) && value.every(isOption)
    case 'choice':
      return typeof value === 'string' && (value === '' || isOption(value))
    case 'text':
      return typeof value === 'string'
    default:
      return typeof value === 'string' && (value === '' || timeText.test(value))
  }
}

const isEmpty = (value: StepRecord[string] | undefined): boolean =>
  value === undefined ||
  (typeof value === 'string' ? value.trim() === '' : Array.isArray(value) && value.length === 0)

/** The items of a record that the step does not know or that are not of their kind. */
export const wrongItems = (step: ProtocolStep, record: StepRecord): string[] =>
  Object.entries(record)
    .filter(([id, value]) => {
      const item = step.items.find((one) => one.id === id)
      return !item || !fits(item, value)
    })
    .map(([id]) => id)

/** The items that must be recorded before the step is done. */
export const missingItems = (step: ProtocolStep, record: StepRecord): string[] =>
  step.items.filter((item) => item.required && isEmpty(record[item.id])).map((item) => item.id)

/** Whether a step may be skipped for this reason: never in silence, and some steps not at all. */
export const maySkip = (step: ProtocolStep, reason: string): boolean =>
  reason.trim() !== '' && (!step.must || step.skip === 'with-reason')

const shownValue = (
  item: ProtocolStep['items'][number],
  value: StepRecord[string],
  language: keyof Words,
): string => {
  const wordsOf = (one: string): string =>
    item.options.find((option) => option.code === one)?.words[language] ?? one
  if (typeof value === 'boolean') return { 'zh-CN': value ? '是' : '否', en: value ? 'yes' : 'no' }[language]
  if (Array.isArray(value)) return value.map(wordsOf).join(language === 'en' ? ', ' : '、')
  return item.kind === 'choice' ? wordsOf(value) : value
}

/** A step's help with what was recorded in place of its placeholders; what nobody knows yet stays in brackets. */
export function filledHelp(protocol: Protocol, step: ProtocolStep, records: StepRecord): Words {
  const items = protocol.steps.flatMap((one) => one.items)
  const fill = (language: keyof Words): string =>
    step.help[language].replace(/\{([a-z0-9-]+)\}/g, (whole, id: string) => {
      const item = items.find((one) => one.id === id)
      if (!item) return whole
      const value = records[id]
      const shown = value === undefined || isEmpty(value) ? '' : shownValue(item, value, language)
      return shown || (language === 'en' ? `[${item.words.en}]` : `【${item.words['zh-CN']}】`)
    })
  return { 'zh-CN': fill('zh-CN'), en: fill('en') }
}
