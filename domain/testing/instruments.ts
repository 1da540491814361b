/** The instruments that ship, for tests of their scoring. */
import { readdirSync, readFileSync } from 'node:fs'
import { answersOf } from '../instrument-check.ts'
import { score, type InstrumentResult } from '../instrument-score.ts'
import { instrument, type Instrument, type ItemAnswers } from '../instrument.ts'

const folder = new URL('../../clinical/instruments/', import.meta.url)
/** Names of the files that ship. */
export const files = readdirSync(folder).filter((name) => name.endsWith('.json'))
/** Every instrument that ships, by id. */
export const all = new Map<string, Instrument>(
  files.map((name) => {
    const read = instrument.parse(JSON.parse(readFileSync(new URL(name, folder), 'utf8')))
    return [read.id, read]
  }),
)
/** One instrument that ships. */
export const the = (id: string): Instrument => {
  const found = all.get(id)
  if (!found) throw new Error(`no instrument ${id}`)
  return found
}

/** Answers in the order of the questions. */
export const given = (of: Instrument, answers: readonly (number | null)[]): ItemAnswers =>
  answersOf(of, { answers: [...answers], expect: {} })
/** The result of answers in the order of the questions. */
export const scored = (id: string, answers: readonly (number | null)[], variant?: string): InstrumentResult =>
  score(the(id), given(the(id), answers), { variant })
/** Whether a cut-off is reached. */
export const positive = (result: InstrumentResult, id: string): boolean | undefined =>
  result.cutOffs.find((one) => one.id === id)?.positive
/** Whether a counting rule is met. */
export const met = (result: InstrumentResult, id: string): boolean | undefined =>
  result.algorithms.find((one) => one.id === id)?.met
/** The value of a subscale. */
export const subscale = (result: InstrumentResult, id: string): number | undefined =>
  result.subscales.find((one) => one.id === id)?.value
/** The codes of the prompts. */
export const prompts = (result: InstrumentResult): string[] => result.prompts.map(({ code }) => code)

/** The same answer so many times. */
export const rep = (value: number, times: number): number[] => Array<number>(times).fill(value)
