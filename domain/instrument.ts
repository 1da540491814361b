/**
 * An instrument: a FHIR Questionnaire with its scoring as data, one file each in clinical/instruments (G24-4.3.4).
 * Whatever it finds is a screening hint, never a diagnosis; docs/instruments.md explains the file.
 */
import { z } from 'zod'
import {
  allItems,
  ordinalOf,
  questionnaire,
  textIn,
  wordsOf,
  type Item,
  type Language,
} from './questionnaire.ts'
import { riskLevels } from './risk.ts'

const code = z.string().regex(/^[a-z0-9][a-z0-9.-]{0,39}$/)
const linkId = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/)

/** Words in both languages. */
export const bilingual = z.strictObject({
  'zh-CN': z.string().min(1).max(800),
  en: z.string().min(1).max(800),
})

/** Whether a figure or licence was read in its source, or is from memory and must be checked before it is relied on. */
const standing = z.enum(['sourced', 'unverified'])

/** How the raw sum becomes the total: as it is, as a mean, times a factor, or as an index of whole numbers (Zung: int(raw x 1.25)). */
const totalRule = z.discriminatedUnion('rule', [
  z.strictObject({ rule: z.literal('sum') }),
  z.strictObject({ rule: z.literal('mean') }),
  z.strictObject({ rule: z.literal('multiply'), by: z.number().positive() }),
  z.strictObject({
    rule: z.literal('index'),
    by: z.number().positive(),
    rounding: z.enum(['down', 'nearest']),
  }),
])

/** A band begins at `from` (inclusive) and ends before the next one; `risk` only where a hotline decided that it gives a level. */
const band = z.strictObject({ code, from: z.number(), words: bilingual, risk: z.enum(riskLevels).optional() })

/** One published way of making a total and naming it; the first in the file is the default. */
const variant = z.strictObject({
  id: code,
  words: bilingual,
  source: z.string().min(1).max(300),
  standing,
  total: totalRule,
  bands: z.array(band).max(12),
})

const subscale = z.strictObject({ id: code, words: bilingual, items: z.array(linkId).min(1) })

/** A published threshold for a population; of several for the same figure the first is the default. */
const cutOff = z.strictObject({
  id: code,
  population: bilingual,
  /** `total`, `raw` or a subscale. */
  of: code,
  at: z.number(),
  side: z.enum(['at-least', 'at-most']),
  source: z.string().min(1).max(300),
  standing,
  /** Holds for this variant only. */
  variant: code.optional(),
})

/** An answer that alerts by itself, whatever the total and even when others are missing. */
const critical = z.strictObject({ item: linkId, at: z.number(), words: bilingual })

/** A rule that counts symptoms: met when every count lies between `least` and `most`. */
const algorithm = z.strictObject({
  id: code,
  words: bilingual,
  counts: z
    .array(
      z.strictObject({
        items: z.array(linkId).min(1),
        /** From this answer on an item counts as a symptom; `except` gives single items another threshold. */
        at: z.number(),
        except: z.record(linkId, z.number()).default({}),
        least: z.number().int().min(0),
        most: z.number().int().optional(),
      }),
    )
    .min(1),
  source: z.string().min(1).max(300),
})

/** Levels from the most serious down; the first with any of its items answered yes is the result (C-SSRS screener). */
const triage = z.strictObject({
  levels: z.array(z.strictObject({ level: z.enum(riskLevels), anyOf: z.array(linkId).min(1) })).min(1),
  source: z.string().min(1).max(300),
})

const scoring = z.strictObject({
  /** The scored items in order; others of the questionnaire are asked but not scored. */
  items: z.array(linkId).min(1),
  reversed: z.array(linkId).default([]),
  /** Empty where there is no total (a triage). */
  variants: z.array(variant).max(8).default([]),
  subscales: z.array(subscale).default([]),
  /** The subscales hold every scored item exactly once. */
  partition: z.boolean().default(false),
  cutOffs: z.array(cutOff).default([]),
  critical: z.array(critical).default([]),
  algorithms: z.array(algorithm).default([]),
  triage: triage.optional(),
  /** It has no question about suicide although it screens mood: the counsellor is reminded to ask. */
  askOrally: z.boolean().default(false),
})

/** A worked example: answers in the order of the questions (null: not answered) and what must come out. */
const example = z.strictObject({
  answers: z.array(z.number().nullable()),
  variant: code.optional(),
  expect: z.strictObject({
    raw: z.number().optional(),
    total: z.number().nullable().optional(),
    band: z.string().nullable().optional(),
    subscales: z.record(z.string(), z.number()).optional(),
    cutOffs: z.record(z.string(), z.boolean()).optional(),
    critical: z.array(linkId).optional(),
    algorithms: z.record(z.string(), z.boolean()).optional(),
    triage: z.enum(riskLevels).nullable().optional(),
    missing: z.array(linkId).optional(),
    straightLined: z.boolean().optional(),
    prompts: z.array(z.string()).optional(),
  }),
})

/** The file of an instrument. */
export const instrument = z.strictObject({
  id: code,
  short: z.string().min(1).max(40),
  /** Its place in the list from which one is chosen. */
  place: z.number().int().min(0).default(100),
  name: bilingual,
  about: bilingual,
  questionnaire,
  /** Whose wording ships: the rights holder's, our own translation, or none, so that an operator loads it. */
  text: z.strictObject({
    'zh-CN': z.enum(['official', 'unofficial', 'missing']),
    en: z.enum(['official', 'unofficial', 'missing']),
  }),
  licence: z.strictObject({
    tag: code,
    standing,
    credit: bilingual,
    source: z.string().min(1).max(400),
    /** The wording may not be changed, nor translated by anybody else. */
    noDerivatives: z.boolean().default(false),
  }),
  /** Asked aloud by a counsellor, or filled in by a caller alone through a link. */
  ways: z.array(z.enum(['aloud', 'link'])).min(1),
  notes: z.array(bilingual).default([]),
  scoring,
  examples: z.array(example).min(1),
})
/** The file of an instrument. */
export type Instrument = z.infer<typeof instrument>
/** One published way of making a total. */
export type Variant = z.infer<typeof variant>
/** A worked example of the file. */
export type Example = z.infer<typeof example>

/** What was answered: the number of the chosen option by link id; null or absent is not answered. */
export type ItemAnswers = Readonly<Record<string, number | null>>

/** The questions in reading order: everything but what is only displayed. */
export const questionsOf = (of: Instrument): Item[] =>
  allItems(of.questionnaire.item).filter((item) => item.type === 'choice')

/** The numbers a question can be answered with, in the order of its options. */
export const optionsOf = (item: Item): number[] =>
  (item.answerOption ?? []).map((option) => ordinalOf(option.valueCoding) ?? Number(option.valueCoding.code))

/** Wording of one question as an operator loads it or a screen shows it: text and one word for every option. */
const questionText = z.strictObject({
  text: z.string().trim().min(1).max(1000),
  options: z.array(z.string().trim().min(1).max(200)).min(2).max(12),
})
/** The wording of an instrument in one language: what is said first, and every question by its link id. */
export const instrumentText = z.strictObject({
  intro: z.string().trim().max(2000).default(''),
  items: z.record(linkId, questionText),
})
/** The wording of an instrument in one language. */
export type InstrumentText = z.infer<typeof instrumentText>

/** The wording that ships, or null where none does. */
export function shippedText(of: Instrument, language: Language): InstrumentText | null {
  if (of.text[language] === 'missing') return null
  const intro = allItems(of.questionnaire.item).find((item) => item.type === 'display')
  const items = questionsOf(of).map((item) => [
    item.linkId,
    {
      text: wordsOf(item, language),
      options: (item.answerOption ?? []).map(({ valueCoding }) =>
        textIn(valueCoding.display, valueCoding._display, language),
      ),
    },
  ])
  return { intro: intro ? wordsOf(intro, language) : '', items: Object.fromEntries(items) }
}

/** The questions whose loaded wording is missing or has another number of options than the questionnaire. */
export const unfitting = (of: Instrument, text: InstrumentText): string[] =>
  questionsOf(of)
    .filter((item) => text.items[item.linkId]?.options.length !== optionsOf(item).length)
    .map((item) => item.linkId)
