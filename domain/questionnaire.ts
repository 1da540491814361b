/**
 * A form: the subset of FHIR R4 Questionnaire that Hearthline reads and writes (docs/forms.md lists it; G24-4.4.1).
 * Everything beyond plain FHIR elements is an extension with an address of its own, so that other software may skip it.
 */
import { z } from 'zod'
import { stages, type Stage } from './stage.ts'

/** Addresses of the extensions in use. The `urn:` ones are our own. */
export const extensions = {
  translation: 'http://hl7.org/fhir/StructureDefinition/translation',
  minValue: 'http://hl7.org/fhir/StructureDefinition/minValue',
  maxValue: 'http://hl7.org/fhir/StructureDefinition/maxValue',
  ordinal: 'http://hl7.org/fhir/StructureDefinition/ordinalValue',
  absent: 'http://hl7.org/fhir/StructureDefinition/data-absent-reason',
  /** `valueString`: link ids, separated by spaces, whose numbers are added up (calculated score). */
  score: 'urn:hearthline:fhir:score',
  /** `valueCode`: which of the five stages a group belongs to. */
  stage: 'urn:hearthline:fhir:stage',
  /** `valueString`: what an answer is needed for (G24-7.5b: purpose-bound). */
  purpose: 'urn:hearthline:fhir:purpose',
  /** `valueBoolean`: the answer can tell who somebody is. */
  identifying: 'urn:hearthline:fhir:identifying',
  /** `valueBoolean`: the record itself needs this question; a form may move and reword it, never drop it. */
  core: 'urn:hearthline:fhir:core',
  /** `valueBoolean` false: "unknown, not asked, declined" is not an answer (the danger question). */
  mayBeAbsent: 'urn:hearthline:fhir:may-be-absent',
} as const

const language = z.enum(['zh-CN', 'en'])
/** A language of the screens and of what callers read. */
export type Language = z.infer<typeof language>

/** One translation of a text element, as FHIR writes it. */
const translated = z.object({
  extension: z.array(
    z.object({
      url: z.literal(extensions.translation),
      extension: z.tuple([
        z.object({ url: z.literal('lang'), valueCode: language }),
        z.object({ url: z.literal('content'), valueString: z.string().max(4000) }),
      ]),
    }),
  ),
})

const extension = z.object({
  url: z.string().max(200),
  valueString: z.string().max(2000).optional(),
  valueCode: z.string().max(80).optional(),
  valueBoolean: z.boolean().optional(),
  valueInteger: z.number().int().optional(),
  valueDecimal: z.number().optional(),
})

/** Never a name that every object has: answers are kept by link id. */
const linkId = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/)
  .refine((name) => !(name in {}))
const code = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/)

/** A choice; `ordinal` (extension) is its weight in a score. */
const coding = z.object({
  system: z.string().max(200).optional(),
  code,
  display: z.string().max(400),
  _display: translated.optional(),
  extension: z.array(extension).max(5).optional(),
})

const condition = z.object({
  question: linkId,
  operator: z.enum(['exists', '=', '!=', '>', '<', '>=', '<=']),
  answerBoolean: z.boolean().optional(),
  answerInteger: z.number().int().optional(),
  answerDecimal: z.number().optional(),
  answerString: z.string().max(400).optional(),
  answerDate: z.iso.date().optional(),
  answerCoding: z.object({ system: z.string().max(200).optional(), code }).optional(),
})
/** When an item is shown: one condition of `enableWhen`. */
export type Condition = z.infer<typeof condition>

/** Kinds of items in the subset. */
export const itemTypes = [
  'group',
  'display',
  'string',
  'text',
  'integer',
  'decimal',
  'boolean',
  'date',
  'dateTime',
  'choice',
  'open-choice',
] as const

const initial = z.object({
  valueBoolean: z.boolean().optional(),
  valueInteger: z.number().int().optional(),
  valueDecimal: z.number().optional(),
  valueString: z.string().max(2000).optional(),
  valueDate: z.iso.date().optional(),
  valueDateTime: z.iso.datetime({ offset: true }).optional(),
  valueCoding: z.object({ system: z.string().max(200).optional(), code }).optional(),
})

const ownFields = {
  linkId,
  text: z.string().max(2000).optional(),
  _text: translated.optional(),
  type: z.enum(itemTypes),
  required: z.boolean().optional(),
  /** Questions only: several answers. Groups do not repeat in this subset. */
  repeats: z.boolean().optional(),
  readOnly: z.boolean().optional(),
  maxLength: z.number().int().min(1).max(20_000).optional(),
  enableWhen: z.array(condition).max(10).optional(),
  enableBehavior: z.enum(['all', 'any']).optional(),
  answerOption: z
    .array(z.object({ valueCoding: coding }))
    .max(300)
    .optional(),
  initial: z.array(initial).max(20).optional(),
  extension: z.array(extension).max(12).optional(),
}

/** One item of a form; groups hold items, five deep at most. */
export interface Item extends z.infer<z.ZodObject<typeof ownFields>> {
  item?: Item[] | undefined
}
const item: z.ZodType<Item> = z.lazy(() =>
  z.object({ ...ownFields, item: z.array(item).max(200).optional() }),
)

/** A form in one version. */
export const questionnaire = z.object({
  resourceType: z.literal('Questionnaire'),
  url: z.string().max(200),
  version: z.string().max(40),
  name: z.string().max(80).optional(),
  title: z.string().max(200),
  _title: translated.optional(),
  status: z.enum(['draft', 'active', 'retired']),
  date: z.string().max(40).optional(),
  copyright: z.string().max(2000).optional(),
  description: z.string().max(4000).optional(),
  language: language.optional(),
  extension: z.array(extension).max(12).optional(),
  item: z.array(item).max(200),
})
/** A form in one version. */
export type Questionnaire = z.infer<typeof questionnaire>

/** Why an answer is not there; all but the danger question may be answered so. */
export const absences = ['unknown', 'not-asked', 'declined'] as const
/** Why an answer is not there. */
export type Absence = (typeof absences)[number]

/** One given value: a code, a text, a number, a date as text, or of an open choice the caller's own words. */
export type Value = string | number | boolean | { other: string }
/** The answer to one question: values (several where it repeats), or why there is none. */
export type Answer = { values: Value[] } | { absent: Absence }
/** All answers by link id; a question that is missing has not been answered yet. */
export type Answers = Readonly<Record<string, Answer>>

/** What was given to one question, as FHIR writes it. */
export const responseAnswer = z
  .array(
    z.object({
      valueBoolean: z.boolean().optional(),
      valueInteger: z.number().int().optional(),
      valueDecimal: z.number().optional(),
      valueString: z.string().max(20_000).optional(),
      valueDate: z.iso.date().optional(),
      valueDateTime: z.iso.datetime({ offset: true }).optional(),
      valueCoding: z
        .object({ system: z.string().max(200).optional(), code, display: z.string().max(400).optional() })
        .optional(),
      /** `data-absent-reason` on the missing value. */
      extension: z.array(extension).max(2).optional(),
    }),
  )
  .max(100)

const answerItem = z.object({
  linkId,
  text: z.string().max(2000).optional(),
  answer: responseAnswer.optional(),
})
/** One item of the answers; groups nest as in the form. */
export interface ResponseItem extends z.infer<typeof answerItem> {
  item?: ResponseItem[] | undefined
}
const responseItem: z.ZodType<ResponseItem> = z.lazy(() =>
  answerItem.extend({ item: z.array(responseItem).max(300).optional() }),
)

/** Answers as FHIR writes them: stored with the contact and sent between server and screen. */
export const questionnaireResponse = z.object({
  resourceType: z.literal('QuestionnaireResponse'),
  /** `url|version` of the form they were given to. */
  questionnaire: z.string().max(260),
  status: z.enum(['in-progress', 'completed', 'amended']),
  authored: z.string().max(40).optional(),
  item: z.array(responseItem).max(300).optional(),
})
/** Answers as FHIR writes them. */
export type QuestionnaireResponse = z.infer<typeof questionnaireResponse>

type Extended = { extension?: readonly z.infer<typeof extension>[] | undefined }
const found = (of: Extended, url: string) => of.extension?.find((each) => each.url === url)

/** A text in a language; the element's own text where there is no translation. */
export const textIn = (
  text: string | undefined,
  translations: z.infer<typeof translated> | undefined,
  wanted: Language,
): string =>
  translations?.extension.find((each) => each.extension[0].valueCode === wanted)?.extension[1].valueString ??
  text ??
  ''

/** An item's words in a language. */
export const wordsOf = (of: Item, wanted: Language): string => textIn(of.text, of._text, wanted)

/** A text element with its English beside it, for writing forms: spread it into an item. */
export const bothTexts = (zh: string, en: string) => ({
  text: zh,
  _text: {
    extension: [
      {
        url: extensions.translation,
        extension: [
          { url: 'lang' as const, valueCode: 'en' as const },
          { url: 'content' as const, valueString: en },
        ] as [{ url: 'lang'; valueCode: 'en' }, { url: 'content'; valueString: string }],
      },
    ],
  } satisfies z.infer<typeof translated>,
})

/** The stage a group belongs to, or null. */
export const stageOf = (of: Item): Stage | null =>
  stages.find((stage) => stage === found(of, extensions.stage)?.valueCode) ?? null

/** Whether the record itself needs this question. */
export const isCore = (of: Item): boolean => found(of, extensions.core)?.valueBoolean === true
/** Whether the answer can tell who somebody is. */
export const isIdentifying = (of: Item): boolean => found(of, extensions.identifying)?.valueBoolean === true
/** What the answer is needed for, or an empty text. */
export const purposeOf = (of: Item): string => found(of, extensions.purpose)?.valueString ?? ''
/** Whether "unknown, not asked, declined" is an answer. */
export const mayBeAbsent = (of: Item): boolean => found(of, extensions.mayBeAbsent)?.valueBoolean !== false
/** The link ids whose numbers a calculated score adds up; null when the item is not calculated. */
export const scoreOf = (of: Item): string[] | null =>
  found(of, extensions.score)?.valueString?.split(' ').filter(Boolean) ?? null
/** Least and greatest value allowed, null where there is no limit. */
export const limitsOf = (of: Item): { least: number | null; most: number | null } => {
  const least = found(of, extensions.minValue)
  const most = found(of, extensions.maxValue)
  return {
    least: least?.valueInteger ?? least?.valueDecimal ?? null,
    most: most?.valueInteger ?? most?.valueDecimal ?? null,
  }
}
/** The weight of a choice in a score, or null. */
export const ordinalOf = (of: Extended): number | null => found(of, extensions.ordinal)?.valueDecimal ?? null

/** Every item of a form in reading order, groups before what they hold. */
export const allItems = (items: readonly Item[]): Item[] =>
  items.flatMap((each) => [each, ...allItems(each.item ?? [])])
