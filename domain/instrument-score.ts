/**
 * What the answers to an instrument say (G24-4.3.4; facts "Open definitions": invalid or incomplete form, contradictory
 * C-SSRS answers, CORE-10, SDS and SAS). A missing answer makes no score and no band, but a critical one alerts all the same.
 */
import { z } from 'zod'
import {
  bilingual,
  optionsOf,
  questionsOf,
  type Instrument,
  type ItemAnswers,
  type Variant,
} from './instrument.ts'
import { Problem } from './problem.ts'
import type { Item } from './questionnaire.ts'
import { riskLevels } from './risk.ts'

/** What to do now; `items` are the questions it is about. */
const promptCodes = [
  'danger-question',
  'critical-unanswered',
  'contradiction',
  'finish',
  'straight-lined',
  'ask-orally',
] as const

/** The outcome of scoring, with the words and sources it was given by, so that an old result stays readable. */
export const instrumentResult = z.strictObject({
  complete: z.boolean(),
  missing: z.array(z.string()),
  variant: z.strictObject({ id: z.string(), words: bilingual, source: z.string() }).nullable(),
  /** The sum after reversing; null when incomplete or where there is no total. */
  raw: z.number().nullable(),
  total: z.number().nullable(),
  range: z.strictObject({ least: z.number(), most: z.number() }).nullable(),
  band: z
    .strictObject({ code: z.string(), words: bilingual, risk: z.enum(riskLevels).nullable() })
    .nullable(),
  subscales: z.array(
    z.strictObject({ id: z.string(), words: bilingual, value: z.number(), most: z.number() }),
  ),
  cutOffs: z.array(
    z.strictObject({
      id: z.string(),
      population: bilingual,
      of: z.string(),
      at: z.number(),
      side: z.enum(['at-least', 'at-most']),
      source: z.string(),
      standing: z.enum(['sourced', 'unverified']),
      positive: z.boolean(),
      /** The one this hotline goes by. */
      chosen: z.boolean(),
    }),
  ),
  algorithms: z.array(
    z.strictObject({ id: z.string(), words: bilingual, met: z.boolean(), source: z.string() }),
  ),
  critical: z.array(z.strictObject({ item: z.string(), value: z.number(), words: bilingual })),
  /** The level of a triage; null where there is none, or when nothing serious was said and questions are still open. */
  triage: z.enum(riskLevels).nullable(),
  straightLined: z.boolean(),
  prompts: z.array(z.strictObject({ code: z.enum(promptCodes), items: z.array(z.string()) })),
})
/** The outcome of scoring. */
export type InstrumentResult = z.infer<typeof instrumentResult>

/** What a hotline chose for an instrument; what is not chosen, or not there any more, is the file's first. */
export interface ScoreOptions {
  variant?: string | undefined
  cutOff?: string | undefined
}

/** Everything of one scoring: the answers with what follows from the questions' conditions. */
interface Sheet {
  of: Instrument
  questions: Map<string, Item>
  given: Map<string, number>
}

/** Scores the answers; `answers.invalid` names what is not an option of its question or no question at all. */
export function score(of: Instrument, answers: ItemAnswers, options: ScoreOptions = {}): InstrumentResult {
  const sheet = sheetOf(of, answers)
  const missing = missingOf(sheet)
  const complete = missing.length === 0
  const { variants, triage } = of.scoring
  const variant = variants.find((one) => one.id === options.variant) ?? variants[0]
  const critical = criticalOf(sheet)
  const straightLined = complete && isStraight(sheet)
  return {
    complete,
    missing,
    variant: variant ? { id: variant.id, words: variant.words, source: variant.source } : null,
    range: variant ? totalRangeOf(sheet, variant) : null,
    ...(complete ? figuresOf(sheet, variant, options) : noFigures),
    critical,
    triage: triage ? levelOf(sheet, complete) : null,
    straightLined,
    prompts: promptsOf(sheet, { missing, critical, straightLined }),
  }
}

type Figures = Pick<InstrumentResult, 'raw' | 'total' | 'band' | 'subscales' | 'cutOffs' | 'algorithms'>
const noFigures: Figures = { raw: null, total: null, band: null, subscales: [], cutOffs: [], algorithms: [] }

/** Everything that only complete answers give. */
function figuresOf(sheet: Sheet, variant: Variant | undefined, options: ScoreOptions): Figures {
  const { items, subscales } = sheet.of.scoring
  const scored = variant ? totalOf(sheet, variant, items) : null
  const values = subscales.map(({ id, words, items: own }) => ({
    id,
    words,
    value: sumOf(sheet, own),
    most: rangeOf(sheet, own).most,
  }))
  const figures = { ...scored, ...Object.fromEntries(values.map(({ id, value }) => [id, value])) }
  return {
    raw: scored?.raw ?? null,
    total: scored?.total ?? null,
    band: scored && variant ? bandOf(variant, scored.total) : null,
    subscales: values,
    cutOffs: cutOffsOf(sheet.of, figures, variant, options),
    algorithms: algorithmsOf(sheet),
  }
}

function sheetOf(of: Instrument, answers: ItemAnswers): Sheet {
  const questions = new Map(questionsOf(of).map((item) => [item.linkId, item]))
  const wrong = Object.entries(answers).filter(([id, value]) => {
    const item = questions.get(id)
    return !item || (value !== null && !optionsOf(item).includes(value))
  })
  if (wrong.length > 0) throw new Problem('answers.invalid', { items: wrong.map(([id]) => id.slice(0, 64)) })
  const given = new Map(
    Object.entries(answers).filter((entry): entry is [string, number] => entry[1] !== null),
  )
  return { of, questions, given }
}

/** Whether the questionnaire asks an item: its conditions hold (only "equals an option" is used by instruments). */
const asked = (sheet: Sheet, id: string): boolean =>
  (sheet.questions.get(id)?.enableWhen ?? []).every(
    ({ question, answerCoding }) => String(sheet.given.get(question)) === answerCoding?.code,
  )

/** The questions that must be answered and are not: scored ones that are asked, and those on which others hang. */
function missingOf(sheet: Sheet): string[] {
  const { items } = sheet.of.scoring
  const gates = items.flatMap((id) => (sheet.questions.get(id)?.enableWhen ?? []).map((one) => one.question))
  return [...sheet.questions.keys()].filter(
    (id) => (items.includes(id) || gates.includes(id)) && asked(sheet, id) && !sheet.given.has(id),
  )
}

const extremes = (item: Item | undefined): { least: number; most: number } => {
  const numbers = item ? optionsOf(item) : [0]
  return { least: Math.min(...numbers), most: Math.max(...numbers) }
}

/** An answer as it counts: reversed once where the file says so, and nothing for a question that is not asked. */
function valueOf(sheet: Sheet, id: string): number {
  const value = asked(sheet, id) ? sheet.given.get(id) : 0
  if (value === undefined) return 0
  if (!sheet.of.scoring.reversed.includes(id)) return value
  const { least, most } = extremes(sheet.questions.get(id))
  return least + most - value
}

const sumOf = (sheet: Sheet, ids: readonly string[]): number =>
  ids.reduce((sum, id) => sum + valueOf(sheet, id), 0)

const rangeOf = (sheet: Sheet, ids: readonly string[]): { least: number; most: number } => {
  const all = ids.map((id) => extremes(sheet.questions.get(id)))
  return {
    least: all.reduce((sum, one) => sum + one.least, 0),
    most: all.reduce((sum, one) => sum + one.most, 0),
  }
}

/** Free of the dust of binary fractions: 0.1 + 0.2 is 0.3. */
const clean = (value: number): number => Math.round(value * 1e6) / 1e6

function applied(rule: Variant['total'], raw: number, count: number): number {
  if (rule.rule === 'sum') return raw
  if (rule.rule === 'mean') return clean(raw / count)
  const times = clean(raw * rule.by)
  if (rule.rule === 'multiply') return times
  return rule.rounding === 'down' ? Math.floor(times) : Math.round(times)
}

const totalOf = (sheet: Sheet, variant: Variant, ids: readonly string[]): { raw: number; total: number } => {
  const raw = clean(sumOf(sheet, ids))
  return { raw, total: applied(variant.total, raw, ids.length) }
}

function totalRangeOf(sheet: Sheet, variant: Variant): { least: number; most: number } {
  const { items } = sheet.of.scoring
  const { least, most } = rangeOf(sheet, items)
  return {
    least: applied(variant.total, least, items.length),
    most: applied(variant.total, most, items.length),
  }
}

function bandOf(variant: Variant, total: number): InstrumentResult['band'] {
  const found = variant.bands.findLast((one) => one.from <= total)
  return found ? { code: found.code, words: found.words, risk: found.risk ?? null } : null
}

function cutOffsOf(
  of: Instrument,
  figures: Readonly<Record<string, number>>,
  variant: Variant | undefined,
  options: ScoreOptions,
): InstrumentResult['cutOffs'] {
  const fitting = of.scoring.cutOffs.filter((one) => one.variant === undefined || one.variant === variant?.id)
  return fitting.flatMap((one) => {
    const figure = figures[one.of]
    if (figure === undefined) return []
    const rivals = fitting.filter((other) => other.of === one.of)
    const chosen = rivals.find((other) => other.id === options.cutOff) ?? rivals[0]
    const { id, population, of: what, at, side, source, standing } = one
    const positive = side === 'at-least' ? figure >= at : figure <= at
    return [{ id, population, of: what, at, side, source, standing, positive, chosen: chosen === one }]
  })
}

const algorithmsOf = (sheet: Sheet): InstrumentResult['algorithms'] =>
  sheet.of.scoring.algorithms.map(({ id, words, counts, source }) => ({
    id,
    words,
    source,
    met: counts.every(({ items, at, except, least, most }) => {
      const symptoms = items.filter((item) => valueOf(sheet, item) >= (except[item] ?? at)).length
      return symptoms >= least && symptoms <= (most ?? Number.POSITIVE_INFINITY)
    }),
  }))

/** As chosen, not as scored: what a person said counts, whether or not the rest was answered. */
const criticalOf = (sheet: Sheet): InstrumentResult['critical'] =>
  sheet.of.scoring.critical.flatMap(({ item, at, words }) => {
    const value = sheet.given.get(item)
    return value !== undefined && value >= at ? [{ item, value, words }] : []
  })

const saysYes = (sheet: Sheet, id: string): boolean =>
  (sheet.given.get(id) ?? 0) > extremes(sheet.questions.get(id)).least

/** The more serious answer stands even where another contradicts it; open questions never make it "none". */
function levelOf(sheet: Sheet, complete: boolean): InstrumentResult['triage'] {
  const found = sheet.of.scoring.triage?.levels.find(({ anyOf }) => anyOf.some((id) => saysYes(sheet, id)))
  return found?.level ?? (complete ? 'none' : null)
}

/** A question answered with yes although the one before it rules it out. */
const contradictionsOf = (sheet: Sheet): string[] =>
  [...sheet.questions.keys()].filter((id) => {
    const gates = (sheet.questions.get(id)?.enableWhen ?? []).map((one) => one.question)
    return gates.some((gate) => sheet.given.has(gate)) && !asked(sheet, id) && saysYes(sheet, id)
  })

/**
 * One answer all the way down: with reversed questions it contradicts itself; without, only the lowest answer
 * everywhere ("none of this at all") is taken as meant. Short scales are left alone.
 */
function isStraight(sheet: Sheet): boolean {
  const { items, reversed, triage } = sheet.of.scoring
  const first = sheet.given.get(items[0] ?? '')
  if (triage || items.length < 5 || first === undefined) return false
  if (!items.every((id) => sheet.given.get(id) === first)) return false
  return reversed.length > 0 || first !== extremes(sheet.questions.get(items[0] ?? '')).least
}

function promptsOf(
  sheet: Sheet,
  found: { missing: string[]; critical: InstrumentResult['critical']; straightLined: boolean },
): InstrumentResult['prompts'] {
  const { scoring } = sheet.of
  const { missing, critical, straightLined } = found
  const unanswered = scoring.critical.map((one) => one.item).filter((item) => missing.includes(item))
  const serious = (scoring.triage?.levels ?? []).flatMap(({ anyOf }) =>
    anyOf.filter((id) => saysYes(sheet, id)),
  )
  const all: InstrumentResult['prompts'] = [
    { code: 'danger-question', items: [...new Set([...critical.map((one) => one.item), ...serious])] },
    { code: 'critical-unanswered', items: unanswered },
    { code: 'contradiction', items: contradictionsOf(sheet) },
    { code: 'finish', items: missing.filter((item) => !unanswered.includes(item)) },
    { code: 'straight-lined', items: straightLined ? scoring.items : [] },
    { code: 'ask-orally', items: [] },
  ]
  return all.filter(({ code, items }) => (code === 'ask-orally' ? scoring.askOrally : items.length > 0))
}
