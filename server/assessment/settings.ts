/* How a hotline uses its instruments: which, in whose wording, by which cut-off. */
import { z } from 'zod'
import type { InstrumentRow, InstrumentSettings, Sheet } from '../../api/assessment.ts'
import {
  optionsOf,
  questionsOf,
  shippedText,
  unfitting,
  type Instrument,
  type InstrumentText,
} from '../../domain/instrument.ts'
import { Problem } from '../../domain/problem.ts'
import { textIn, type Item, type Language } from '../../domain/questionnaire.ts'
import type { Tx } from '../db/database.ts'
import type { Catalogue } from './catalogue.ts'
import { findHotline, findTexts, saveChoice, saveText, type StoredText } from './queries.ts'

const languages = ['zh-CN', 'en'] as const

const choice = z.object({
  enabled: z.boolean().default(true),
  variant: z.string().nullable().default(null),
  cutOff: z.string().nullable().default(null),
})
const settings = z.object({ instruments: z.record(z.string(), choice.catch(choice.parse({}))).default({}) })

/** What the hotline chose for one instrument; null stands for the file's first. */
export type Choice = z.infer<typeof choice>

/** An instrument with what the hotline made of it. */
export interface Used {
  of: Instrument
  choice: Choice
  /** Loaded wording by language. */
  loaded: Partial<Record<Language, StoredText>>
}

/** Every instrument with the hotline's choices, in the order of the catalogue. */
export async function usedOf(tx: Tx, catalogue: Catalogue): Promise<Used[]> {
  const chosen = settings.catch({ instruments: {} }).parse((await findHotline(tx)).settings)
  const texts = await findTexts(tx)
  return [...catalogue.values()].map((of) => ({
    of,
    choice: chosen.instruments[of.id] ?? choice.parse({}),
    loaded: Object.fromEntries(
      texts.filter((text) => text.instrument === of.id).map((text) => [text.language, text]),
    ),
  }))
}

/** One instrument with the hotline's choices; `instrument.notFound`. */
export async function oneUsed(tx: Tx, catalogue: Catalogue, instrument: string): Promise<Used> {
  const found = (await usedOf(tx, catalogue)).find(({ of }) => of.id === instrument)
  if (!found) throw new Problem('instrument.notFound')
  return found
}

/** What may be loaded over: nothing that the rights holder worded, and the wording must fit the questions as they are now. */
const mayLoad = (of: Instrument, language: Language): boolean => of.text[language] !== 'official'

/** The wording in use and where it comes from; loaded wording comes before our own translation. */
export function wordingOf(
  { of, loaded }: Used,
  language: Language,
): { text: InstrumentText | null; origin: Sheet['origin'] } {
  const own = loaded[language]
  if (own && mayLoad(of, language) && unfitting(of, own.items).length === 0)
    return { text: own.items, origin: 'operator' }
  return { text: shippedText(of, language), origin: of.text[language] }
}

const languagesOf = (used: Used): Language[] =>
  languages.filter((language) => wordingOf(used, language).text !== null)

/** An instrument as the desk chooses it. */
export const rowOf = (used: Used): InstrumentRow => {
  const { of } = used
  const { tag, credit, standing, source } = of.licence
  return {
    instrument: of.id,
    short: of.short,
    name: of.name,
    about: of.about,
    version: of.questionnaire.version,
    questions: questionsOf(of).length,
    ways: of.ways,
    languages: languagesOf(used),
    licence: { tag, credit, standing, source },
  }
}

/** An instrument as the administrator sees it. */
export const settingsOf = (used: Used): InstrumentSettings => {
  const { of, choice: chosen, loaded } = used
  return {
    ...rowOf(used),
    ...chosen,
    notes: of.notes,
    variants: of.scoring.variants.map(({ id, words, source, standing }) => ({ id, words, source, standing })),
    cutOffs: of.scoring.cutOffs.map(({ variant, ...cutOff }) => ({ ...cutOff, variant: variant ?? null })),
    noDerivatives: of.licence.noDerivatives,
    texts: languages.map((language) => ({
      language,
      origin: wordingOf(used, language).origin,
      mayLoad: mayLoad(of, language),
      source: loaded[language]?.source ?? null,
      confirmedBy: loaded[language]?.confirmed_by ?? null,
      confirmedAt: loaded[language]?.confirmed_at.toISOString() ?? null,
    })),
  }
}

/** From which answer on a question alerts at once: a critical item, or any "yes" that a triage goes by. */
function alertsFrom(of: Instrument, item: Item): number | null {
  const critical = of.scoring.critical.find((one) => one.item === item.linkId)
  if (critical) return critical.at
  const counts = of.scoring.triage?.levels.some(({ anyOf }) => anyOf.includes(item.linkId)) ?? false
  return counts ? Math.max(...optionsOf(item)) : null
}

/** The questions in a language; `instrument.noText` when there is no wording or the hotline switched the instrument off. */
export function sheetOf(used: Used, language: Language): Sheet {
  const { of } = used
  const { text, origin } = wordingOf(used, language)
  if (!text || !used.choice.enabled) throw new Problem('instrument.noText', { instrument: of.id })
  return {
    instrument: of.id,
    short: of.short,
    name: of.name,
    version: of.questionnaire.version,
    language,
    origin,
    credit: of.licence.credit,
    intro: text.intro,
    questions: questionsOf(of).map((item) => ({
      item: item.linkId,
      text: text.items[item.linkId]?.text ?? '',
      options: optionsOf(item).map((value, place) => ({
        value,
        words: text.items[item.linkId]?.options[place] ?? '',
      })),
      required: item.required ?? false,
      when: (item.enableWhen ?? []).map(({ question, answerCoding }) => ({
        item: question,
        value: Number(answerCoding?.code),
      })),
      critical: alertsFrom(of, item),
    })),
  }
}

/** Changes how the hotline uses an instrument; a variant or cut-off it does not have is `request.malformed`. */
export async function choose(
  tx: Tx,
  catalogue: Catalogue,
  instrument: string,
  wanted: Choice,
): Promise<Used> {
  const { of } = await oneUsed(tx, catalogue, instrument)
  const { variants, cutOffs } = of.scoring
  if (wanted.variant !== null && !variants.some((one) => one.id === wanted.variant))
    throw new Problem('request.malformed', { fields: ['variant'] })
  if (wanted.cutOff !== null && !cutOffs.some((one) => one.id === wanted.cutOff))
    throw new Problem('request.malformed', { fields: ['cutOff'] })
  await saveChoice(tx, instrument, wanted)
  return oneUsed(tx, catalogue, instrument)
}

/** The wording loaded for a language, with the questions it must have. */
export async function readLoaded(tx: Tx, catalogue: Catalogue, instrument: string, language: Language) {
  const { of, loaded } = await oneUsed(tx, catalogue, instrument)
  return {
    questions: questionsOf(of).map((item) => ({
      item: item.linkId,
      label: {
        'zh-CN': textIn(item.text, item._text, 'zh-CN') || item.linkId,
        en: textIn(item.text, item._text, 'en') || item.linkId,
      },
      options: optionsOf(item),
    })),
    text: loaded[language]?.items ?? null,
    source: loaded[language]?.source ?? null,
  }
}

/** Loads wording; `instrument.licenceNeeded`, `answers.invalid`, and `request.malformed` where the rights holder's ships. */
export async function loadWording(
  tx: Tx,
  catalogue: Catalogue,
  given: {
    hotlineId: string
    instrument: string
    language: Language
    text: InstrumentText
    source: string
    licenceConfirmed: boolean
    personId: string
    now: Date
  },
): Promise<Used> {
  const { of } = await oneUsed(tx, catalogue, given.instrument)
  if (!mayLoad(of, given.language)) throw new Problem('request.malformed', { fields: ['language'] })
  if (!given.licenceConfirmed || given.source === '') throw new Problem('instrument.licenceNeeded')
  const wrong = unfitting(of, given.text)
  if (wrong.length > 0) throw new Problem('answers.invalid', { items: wrong })
  const known = new Set(questionsOf(of).map((item) => item.linkId))
  const items = Object.fromEntries(Object.entries(given.text.items).filter(([id]) => known.has(id)))
  await saveText(tx, { ...given, items: { intro: given.text.intro, items } })
  return oneUsed(tx, catalogue, given.instrument)
}
