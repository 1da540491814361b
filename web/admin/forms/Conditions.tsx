import { isChoice } from '../../../domain/form-editing.ts'
import { operatorsOf } from '../../../domain/form-judgement.ts'
import type { Condition, Item, Questionnaire } from '../../../domain/questionnaire.ts'
import { useWords } from '../../ui/words.ts'
import { calledBy, earlierQuestions, nameIn, optionWords } from './phrases.ts'

interface Props {
  form: Questionnaire
  item: Item
  onChange: (conditions: { of: readonly Condition[]; any: boolean }) => void
}

/** The first comparison a question offers: with its first answer. */
function firstFor(asked: Item): Condition {
  const question = asked.linkId
  const [option] = asked.answerOption ?? []
  if (isChoice(asked.type) && option)
    return { question, operator: '=', answerCoding: { code: option.valueCoding.code } }
  if (asked.type === 'boolean') return { question, operator: '=', answerBoolean: true }
  return { question, operator: 'exists', answerBoolean: true }
}

/** The comparison with another answer given as text. */
function withAnswer({ question, operator }: Condition, asked: Item, text: string): Condition {
  if (operator === 'exists' || asked.type === 'boolean')
    return { question, operator, answerBoolean: text === 'true' }
  if (isChoice(asked.type)) return { question, operator, answerCoding: { code: text } }
  if (asked.type === 'integer') return { question, operator, answerInteger: Math.trunc(Number(text) || 0) }
  if (asked.type === 'decimal') return { question, operator, answerDecimal: Number(text) || 0 }
  if (asked.type === 'date') return { question, operator, ...(text && { answerDate: text }) }
  return { question, operator, answerString: text }
}

const answerOf = (condition: Condition): string =>
  String(
    condition.answerCoding?.code ??
      condition.answerBoolean ??
      condition.answerInteger ??
      condition.answerDecimal ??
      condition.answerDate ??
      condition.answerString ??
      '',
  )

type AnswerProps = { n: number; condition: Condition; asked: Item; onChange: (condition: Condition) => void }

function AnswerInput({ n, condition, asked, onChange }: AnswerProps) {
  const speaker = useWords()
  const { say } = speaker
  const label = say('forms.conditionAnswer', { n })
  const set = (text: string): void => onChange(withAnswer(condition, asked, text))
  const choices: [string, string][] | null = isChoice(asked.type)
    ? (asked.answerOption ?? []).map(({ valueCoding: { code } }) => [code, optionWords(asked, code, speaker)])
    : asked.type === 'boolean'
      ? [
          ['true', say('forms.yes')],
          ['false', say('forms.no')],
        ]
      : null
  if (choices)
    return (
      <select
        className="box"
        aria-label={label}
        value={answerOf(condition)}
        onChange={(event) => set(event.target.value)}
      >
        {choices.every(([code]) => code !== answerOf(condition)) && <option value={answerOf(condition)} />}
        {choices.map(([code, words]) => (
          <option key={code} value={code}>
            {words}
          </option>
        ))}
      </select>
    )
  const kind =
    asked.type === 'date' ? 'date' : asked.type === 'string' || asked.type === 'text' ? 'text' : 'number'
  return (
    <input
      className="box"
      type={kind}
      step={asked.type === 'decimal' ? 'any' : undefined}
      aria-label={label}
      value={answerOf(condition)}
      maxLength={400}
      onChange={(event) => set(event.target.value)}
    />
  )
}

type RowProps = Omit<Props, 'onChange' | 'item'> & {
  n: number
  condition: Condition
  earlier: readonly Item[]
  onChange: (condition: Condition | null) => void
}

function ConditionRow({ n, form, condition, earlier, onChange }: RowProps) {
  const speaker = useWords()
  const { say } = speaker
  const asked = earlier.find((each) => each.linkId === condition.question)
  // In words there are two of "exists": is answered, is not answered.
  const shown =
    condition.operator === 'exists' && condition.answerBoolean === false ? 'missing' : condition.operator
  const operators = asked
    ? operatorsOf(asked.type).flatMap((each) => (each === 'exists' ? [each, 'missing' as const] : each))
    : []
  const compare = (operator: Condition['operator'] | 'missing'): void => {
    if (!asked) return
    if (operator === 'exists' || operator === 'missing')
      onChange({ question: asked.linkId, operator: 'exists', answerBoolean: operator === 'exists' })
    else {
      const before = condition.operator === 'exists' ? answerOf(firstFor(asked)) : answerOf(condition)
      onChange(withAnswer({ question: asked.linkId, operator }, asked, before))
    }
  }
  return (
    <div className="condition">
      <select
        className="box"
        aria-label={say('forms.conditionQuestion', { n })}
        value={condition.question}
        onChange={(event) => {
          const next = earlier.find((each) => each.linkId === event.target.value)
          if (next) onChange(firstFor(next))
        }}
      >
        {!asked && <option value={condition.question}>{nameIn(form, condition.question, speaker)}</option>}
        {earlier.map((each) => (
          <option key={each.linkId} value={each.linkId}>
            {calledBy(each, speaker)}
          </option>
        ))}
      </select>
      <select
        className="box"
        aria-label={say('forms.conditionOperator', { n })}
        value={shown}
        onChange={(event) => compare(event.target.value as Condition['operator'] | 'missing')}
      >
        {!asked && <option value={shown}>{say(`forms.operator.${shown}`)}</option>}
        {operators.map((each) => (
          <option key={each} value={each}>
            {say(`forms.operator.${each}`)}
          </option>
        ))}
      </select>
      {asked && condition.operator !== 'exists' && (
        <AnswerInput n={n} condition={condition} asked={asked} onChange={onChange} />
      )}
      <button
        type="button"
        className="quiet-button"
        aria-label={say('forms.conditionRemove', { n })}
        onClick={() => onChange(null)}
      >
        ✕
      </button>
    </div>
  )
}

/** When an item is asked: question, comparison and answer chosen in words; all of them or one. */
export function Conditions({ form, item, onChange }: Props) {
  const { say } = useWords()
  const earlier = earlierQuestions(form, item.linkId)
  const [first] = earlier
  const conditions = item.enableWhen ?? []
  const any = item.enableBehavior === 'any'
  const set = (of: readonly Condition[]): void => onChange({ of, any })
  return (
    <fieldset className="field stack">
      <legend>{say('forms.conditions')}</legend>
      {conditions.length === 0 && <p className="quiet">{say('forms.always')}</p>}
      {conditions.map((condition, at) => (
        <ConditionRow
          key={at}
          n={at + 1}
          form={form}
          condition={condition}
          earlier={earlier}
          onChange={(next) =>
            set(conditions.flatMap((each, place) => (place === at ? (next ? [next] : []) : [each])))
          }
        />
      ))}
      {conditions.length > 1 && (
        <select
          className="box"
          aria-label={say('forms.joined')}
          value={any ? 'any' : 'all'}
          onChange={(event) => onChange({ of: conditions, any: event.target.value === 'any' })}
        >
          <option value="all">{say('forms.all')}</option>
          <option value="any">{say('forms.any')}</option>
        </select>
      )}
      {first ? (
        <div>
          <button
            type="button"
            className="plain"
            disabled={conditions.length >= 10}
            onClick={() => set([...conditions, firstFor(earlier.at(-1) ?? first)])}
          >
            {say('forms.addCondition')}
          </button>
        </div>
      ) : (
        <p className="quiet">{say('forms.noEarlier')}</p>
      )}
    </fieldset>
  )
}
