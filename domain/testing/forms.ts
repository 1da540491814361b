/* Random forms and answers, so that properties speak of every kind of question, condition and absence. */
import fc from 'fast-check'
import { extensions, type Answer, type Answers, type Item, type Questionnaire } from '../questionnaire.ts'

/** A form of these items. */
export const aForm = (item: Item[], version = '1'): Questionnaire => ({
  resourceType: 'Questionnaire',
  url: 'urn:test:form',
  version,
  title: 'test',
  status: 'active',
  item,
})

const codes = ['a', 'b', 'c'] as const
const options = codes.map((code, place) => ({
  valueCoding: { code, display: code, extension: [{ url: extensions.ordinal, valueDecimal: place }] },
}))

const kinds = [
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

const linkIds = Array.from({ length: 8 }, (_, place) => `q${place}`)

const condition = fc.oneof(
  fc.record({
    question: fc.constantFrom(...linkIds, 'nowhere'),
    operator: fc.constant('exists' as const),
    answerBoolean: fc.boolean(),
  }),
  fc.record({
    question: fc.constantFrom(...linkIds),
    operator: fc.constantFrom('=' as const, '!=' as const),
    answerCoding: fc.record({ code: fc.constantFrom(...codes) }),
  }),
  fc.record({
    question: fc.constantFrom(...linkIds),
    operator: fc.constantFrom('>' as const, '<' as const, '>=' as const, '<=' as const),
    answerInteger: fc.integer({ min: 0, max: 10 }),
  }),
)

const conditions = fc.oneof(
  { weight: 2, arbitrary: fc.constant({}) },
  {
    weight: 1,
    arbitrary: fc.record({
      enableWhen: fc.array(condition, { minLength: 1, maxLength: 3 }),
      enableBehavior: fc.constantFrom('all' as const, 'any' as const),
    }),
  },
)

const question = (linkId: string): fc.Arbitrary<Item> =>
  fc
    .record({
      type: fc.constantFrom(...kinds),
      required: fc.boolean(),
      repeats: fc.boolean(),
      enabled: conditions,
      strict: fc.boolean(),
    })
    .map(({ type, required, repeats, enabled, strict }): Item => {
      const number = type === 'integer' || type === 'decimal'
      const extension = [
        ...(number ? [{ url: extensions.minValue, valueInteger: 0 }] : []),
        ...(number ? [{ url: extensions.maxValue, valueInteger: 10 }] : []),
        ...(strict ? [{ url: extensions.mayBeAbsent, valueBoolean: false }] : []),
      ]
      const choices = type === 'choice' || type === 'open-choice' ? { answerOption: options } : {}
      const length = type === 'string' || type === 'text' ? { maxLength: 20 } : {}
      return { linkId, text: linkId, type, required, repeats, extension, ...choices, ...length, ...enabled }
    })

/** Eight questions in nested groups, some of them shown only under conditions. */
export const anyForm: fc.Arbitrary<Questionnaire> = fc
  .record({
    questions: fc.tuple(...linkIds.map(question)),
    outer: conditions,
    inner: conditions,
  })
  .map(({ questions, outer, inner }) =>
    aForm([
      { linkId: 'first', type: 'group', item: questions.slice(0, 3) },
      {
        linkId: 'second',
        type: 'group',
        ...outer,
        item: [
          ...questions.slice(3, 5),
          { linkId: 'nested', type: 'group', ...inner, item: questions.slice(5) },
          { linkId: 'words', type: 'display', text: 'words' },
        ],
      },
    ]),
  )

const word = fc.stringMatching(/^[a-z一-九]{1,8}$/)

const valueFor: Record<
  (typeof kinds)[number],
  fc.Arbitrary<Extract<Answer, { values: unknown }>['values'][number]>
> = {
  string: word,
  text: word,
  integer: fc.integer({ min: 0, max: 10 }),
  decimal: fc.integer({ min: 0, max: 100 }).map((n) => n / 10),
  boolean: fc.boolean(),
  date: fc
    .integer({ min: 0, max: 20_000 })
    .map((day) => new Date(day * 86_400_000).toISOString().slice(0, 10)),
  dateTime: fc.integer({ min: 0, max: 2_000_000_000 }).map((s) => new Date(s * 1000).toISOString()),
  choice: fc.constantFrom(...codes),
  'open-choice': fc.oneof(
    fc.constantFrom(...codes),
    word.map((other) => ({ other })),
  ),
}

/** An answer that fits a question: values, or a reason why there are none. */
export const answerTo = (item: Item): fc.Arbitrary<Answer> => {
  const kind = kinds.find((one) => one === item.type) ?? 'string'
  const values = fc
    .uniqueArray(valueFor[kind], {
      minLength: 1,
      maxLength: item.repeats ? 3 : 1,
      selector: (value) => JSON.stringify(value),
    })
    .map((given) => ({ values: given }))
  const strict = item.extension?.some((one) => one.url === extensions.mayBeAbsent)
  const absent = fc.constantFrom('unknown' as const, 'not-asked' as const, 'declined' as const)
  return strict
    ? values
    : fc.oneof(
        { weight: 4, arbitrary: values },
        absent.map((why) => ({ absent: why })),
      )
}

const questionsOf = (items: readonly Item[]): Item[] =>
  items
    .flatMap((item) => (item.type === 'group' ? questionsOf(item.item ?? []) : [item]))
    .filter((item) => item.type !== 'display')

/** A form with fitting answers to some of its questions, hidden ones too. */
export const anyAnswered: fc.Arbitrary<{ form: Questionnaire; answers: Answers }> = anyForm.chain((form) =>
  fc
    .tuple(
      ...questionsOf(form.item).map((item) =>
        fc.option(answerTo(item).map((one) => [item.linkId, one] as const)),
      ),
    )
    .map((given) => ({ form, answers: Object.fromEntries(given.filter((one) => one !== null)) })),
)
