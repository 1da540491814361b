/** Whether an instrument's file is sound: what a schema cannot say, and its own worked examples. */
import { optionsOf, questionsOf, type Example, type Instrument, type ItemAnswers } from './instrument.ts'
import { score, type InstrumentResult } from './instrument-score.ts'

/** What is wrong with the file, in plain words for whoever wrote it; empty when it may be used. */
export function faultsOf(of: Instrument): string[] {
  const faults = [...itemFaults(of), ...subscaleFaults(of), ...bandFaults(of), ...cutOffFaults(of)]
  if (faults.length > 0) return faults
  return of.examples.flatMap((example, place) =>
    exampleFaults(of, example).map((fault) => `example ${place + 1}: ${fault}`),
  )
}

const repeated = (ids: readonly string[]): string[] => ids.filter((id, place) => ids.indexOf(id) !== place)

function itemFaults(of: Instrument): string[] {
  const questions = questionsOf(of)
  const known = questions.map((item) => item.linkId)
  const { items, reversed, critical, algorithms, triage, subscales } = of.scoring
  const named = [
    ...items,
    ...reversed,
    ...critical.map((one) => one.item),
    ...algorithms.flatMap(({ counts }) =>
      counts.flatMap((count) => [...count.items, ...Object.keys(count.except)]),
    ),
    ...(triage?.levels ?? []).flatMap((one) => one.anyOf),
    ...subscales.flatMap((one) => one.items),
    ...questions.flatMap((item) => (item.enableWhen ?? []).map((one) => one.question)),
  ]
  return [
    ...named.filter((id) => !known.includes(id)).map((id) => `there is no question ${id}`),
    ...repeated(items).map((id) => `item ${id} is scored twice`),
    ...repeated(known).map((id) => `question ${id} is there twice`),
    ...reversed.filter((id) => !items.includes(id)).map((id) => `reversed item ${id} is not scored`),
    ...questions
      .filter(
        (item) => optionsOf(item).length < 2 || optionsOf(item).some((value) => !Number.isFinite(value)),
      )
      .map((item) => `question ${item.linkId} needs two options with numbers`),
    ...questions
      .flatMap((item) => item.enableWhen ?? [])
      .filter((when) => when.operator !== '=' || !when.answerCoding)
      .map((when) => `the condition on ${when.question} must compare with an option`),
  ]
}

function subscaleFaults(of: Instrument): string[] {
  const { subscales, partition, items } = of.scoring
  if (!partition) return []
  const held = subscales.flatMap((one) => one.items)
  return held.length === items.length && items.every((id) => held.includes(id))
    ? []
    : ['the subscales do not hold every item exactly once']
}

const bandFaults = (of: Instrument): string[] =>
  of.scoring.variants.flatMap(({ id, bands }) =>
    bands.some((band, place) => place > 0 && band.from <= (bands[place - 1]?.from ?? 0))
      ? [`the bands of ${id} do not rise`]
      : [],
  )

function cutOffFaults(of: Instrument): string[] {
  const { cutOffs, subscales, variants } = of.scoring
  const figures = ['total', 'raw', ...subscales.map((one) => one.id)]
  return [
    ...repeated(cutOffs.map((one) => one.id)).map((id) => `cut-off ${id} is there twice`),
    ...cutOffs.filter((one) => !figures.includes(one.of)).map((one) => `there is no figure ${one.of}`),
    ...cutOffs
      .filter(({ variant }) => variant !== undefined && !variants.some((one) => one.id === variant))
      .map((one) => `there is no variant ${one.variant ?? ''}`),
  ]
}

/** The answers of an example by link id. */
export const answersOf = (of: Instrument, example: Example): ItemAnswers =>
  Object.fromEntries(questionsOf(of).map((item, place) => [item.linkId, example.answers[place] ?? null]))

/** What a result says, in the form in which examples state it. */
const stated = (
  result: InstrumentResult,
): Required<Omit<Example['expect'], 'raw'>> & { raw: number | null } => ({
  raw: result.raw,
  total: result.total,
  band: result.band?.code ?? null,
  subscales: Object.fromEntries(result.subscales.map(({ id, value }) => [id, value])),
  cutOffs: Object.fromEntries(result.cutOffs.map(({ id, positive }) => [id, positive])),
  critical: result.critical.map(({ item }) => item),
  algorithms: Object.fromEntries(result.algorithms.map(({ id, met }) => [id, met])),
  triage: result.triage,
  missing: result.missing,
  straightLined: result.straightLined,
  prompts: result.prompts.map(({ code }) => code),
})

const sorted = (value: unknown): string =>
  JSON.stringify(value, (_key, part: unknown) =>
    part !== null && typeof part === 'object' && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  )

/** Where scoring says something else than the example. */
function exampleFaults(of: Instrument, example: Example): string[] {
  const found: Record<string, unknown> = stated(
    score(of, answersOf(of, example), { variant: example.variant }),
  )
  return Object.entries(example.expect)
    .filter(([name, wanted]) => sorted(found[name]) !== sorted(wanted))
    .map(([name, wanted]) => `${name} is ${sorted(found[name])}, not ${sorted(wanted)}`)
}
