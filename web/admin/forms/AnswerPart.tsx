import { isChoice, isNumber, isQuestion, isWords, type ItemChange } from '../../../domain/form-editing.ts'
import { counts } from '../../../domain/form-judgement.ts'
import {
  allItems,
  isCore,
  limitsOf,
  mayBeAbsent,
  scoreOf,
  type Item,
  type Questionnaire,
} from '../../../domain/questionnaire.ts'
import { useWords } from '../../ui/words.ts'
import { OptionList } from './OptionList.tsx'
import { calledBy, optionWords } from './phrases.ts'

/** What a part of the properties is given; steps with the same key are undone together. */
export interface PartProps {
  form: Questionnaire
  item: Item
  change: (change: ItemChange, key?: string) => void
}

/** A tick with its words. */
export function Tick({
  words,
  on,
  disabled,
  onChange,
}: {
  words: string
  on: boolean
  disabled?: boolean
  onChange: (on: boolean) => void
}) {
  return (
    <label className="row tick">
      <input
        type="checkbox"
        checked={on}
        disabled={disabled}
        onChange={(event) => onChange(event.target.checked)}
      />
      <span>{words}</span>
    </label>
  )
}

function NumberBox({
  words,
  value,
  disabled,
  onChange,
}: {
  words: string
  value: number | null
  disabled?: boolean
  onChange: (value: number | null) => void
}) {
  return (
    <label className="item-field">
      <span>{words}</span>
      <input
        className="box"
        type="number"
        step="any"
        value={value ?? ''}
        disabled={disabled}
        onChange={(event) => onChange(event.target.value === '' ? null : Number(event.target.value))}
      />
    </label>
  )
}

/** Least and greatest number, greatest length. */
function Limits({ item, change }: PartProps) {
  const { say } = useWords()
  const core = isCore(item)
  const { least, most } = limitsOf(item)
  if (isNumber(item.type))
    return (
      <div className="item-pair">
        <NumberBox
          words={say('forms.least')}
          value={least}
          disabled={core}
          onChange={(value) => change({ least: value }, 'least')}
        />
        <NumberBox
          words={say('forms.most')}
          value={most}
          disabled={core}
          onChange={(value) => change({ most: value }, 'most')}
        />
      </div>
    )
  if (!isWords(item.type) && item.type !== 'open-choice') return null
  return (
    <NumberBox
      words={say('forms.maxLength')}
      value={item.maxLength ?? null}
      disabled={core}
      onChange={(value) => change({ maxLength: value }, 'maxLength')}
    />
  )
}

type Initial = NonNullable<Item['initial']>

const initialOf = (item: Item, text: string): Initial | null => {
  if (text === '') return null
  if (isChoice(item.type)) return [{ valueCoding: { code: text } }]
  if (item.type === 'boolean') return [{ valueBoolean: text === 'true' }]
  if (item.type === 'integer') return [{ valueInteger: Math.trunc(Number(text)) }]
  if (item.type === 'decimal') return [{ valueDecimal: Number(text) }]
  return item.type === 'date' ? [{ valueDate: text }] : [{ valueString: text }]
}

const initialText = ([first]: Initial = []): string =>
  first === undefined
    ? ''
    : String(
        first.valueCoding?.code ??
          first.valueBoolean ??
          first.valueInteger ??
          first.valueDecimal ??
          first.valueDate ??
          first.valueString ??
          '',
      )

/** The answer that stands there before anybody answers. */
function InitialAnswer({ item, change }: PartProps) {
  const speaker = useWords()
  const { say } = speaker
  if (item.type === 'dateTime' || scoreOf(item) !== null) return null
  const value = initialText(item.initial)
  const set = (text: string): void => change({ initial: initialOf(item, text) }, 'initial')
  const choices: [string, string][] | null = isChoice(item.type)
    ? (item.answerOption ?? []).map(({ valueCoding: { code } }) => [code, optionWords(item, code, speaker)])
    : item.type === 'boolean'
      ? [
          ['true', say('forms.yes')],
          ['false', say('forms.no')],
        ]
      : null
  const common = { className: 'box', value, disabled: isCore(item) }
  return (
    <label className="item-field">
      <span>{say('forms.initial')}</span>
      {choices ? (
        <select {...common} onChange={(event) => set(event.target.value)}>
          <option value="">{say('forms.initialNone')}</option>
          {choices.map(([code, words]) => (
            <option key={code} value={code}>
              {words}
            </option>
          ))}
        </select>
      ) : (
        <input
          {...common}
          type={item.type === 'date' ? 'date' : isNumber(item.type) ? 'number' : 'text'}
          onChange={(event) => set(event.target.value)}
        />
      )}
    </label>
  )
}

/** Which answers a number is added up from. */
function Score({ form, item, change }: PartProps) {
  const speaker = useWords()
  const { say } = speaker
  if (!isNumber(item.type) || isCore(item)) return null
  const score = scoreOf(item)
  const terms = allItems(form.item).filter((each) => each.linkId !== item.linkId && counts(each))
  return (
    <fieldset className="field stack">
      <legend>{say('forms.scoreOf')}</legend>
      {terms.length === 0 && <p className="quiet">{say('forms.scoreNone')}</p>}
      {terms.map((each) => (
        <Tick
          key={each.linkId}
          words={calledBy(each, speaker)}
          on={score?.includes(each.linkId) ?? false}
          onChange={(on) =>
            change({
              score: terms
                .map((term) => term.linkId)
                .filter((id) => (id === each.linkId ? on : (score?.includes(id) ?? false))),
            })
          }
        />
      ))}
    </fieldset>
  )
}

/** What answers a question can have. */
export function AnswerPart(props: PartProps) {
  const { item, change } = props
  const { say } = useWords()
  const core = isCore(item)
  if (!isQuestion(item.type)) return null
  return (
    <>
      {isChoice(item.type) && (
        <OptionList item={item} fixed={core} onChange={(options, key) => change({ options }, key)} />
      )}
      <div className="stack ticks">
        <Tick
          words={say('forms.required')}
          on={item.required === true}
          disabled={core && item.required === true}
          onChange={(required) => change({ required })}
        />
        <Tick
          words={say('forms.mayBeAbsent')}
          on={mayBeAbsent(item)}
          disabled={core}
          onChange={(on) => change({ mayBeAbsent: on })}
        />
        <Tick
          words={say('forms.repeats')}
          on={item.repeats === true}
          disabled={core}
          onChange={(repeats) => change({ repeats })}
        />
      </div>
      <Limits {...props} />
      <InitialAnswer {...props} />
      {isNumber(item.type) && !core && (
        <details open={scoreOf(item) !== null}>
          <summary>{say('forms.score')}</summary>
          <Score {...props} />
        </details>
      )}
    </>
  )
}
