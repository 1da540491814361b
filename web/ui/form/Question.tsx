import Select from 'antd/es/select'
import { valuesOf } from '../../../domain/answers.ts'
import { isCore, limitsOf, type Answer, type Item, type Value } from '../../../domain/questionnaire.ts'
import type { Language } from '../time.ts'
import { useWords } from '../words.ts'
import { optionWords } from './answer-words.ts'
import { OneOf, Rating, SomeOf, Text, type Choice } from './Fields.tsx'
import { DateInput, InstantInput, NumberInput } from './Inputs.tsx'

/** What the control of one question is given. */
export interface QuestionProps {
  item: Item
  label: string
  language: Language
  answer: Answer | undefined
  onChange: (answer: Answer | null) => void
}

/** So many choices are chips; more are picked from a list that can be searched. */
const mostChips = 8

/** Danger is marked where the record itself asks for it, and only there: red is for danger to life. */
function toneOf(item: Item): ((code: string) => string) | undefined {
  if (!isCore(item) || !['danger', 'dangerToOthers', 'risk', 'attempts', 'medical'].includes(item.linkId))
    return undefined
  return (code) => {
    if (['within-72h', 'in-progress', 'acute', 'immediate'].includes(code)) return 'chip-danger'
    return ['plan', 'within-week', 'high', 'yes', 'recent'].includes(code) ? 'chip-soon' : ''
  }
}

const given = (values: Value[]): Answer | null => (values.length === 0 ? null : { values })

function Picker({
  choices,
  several,
  codes,
  label,
  onChange,
}: {
  choices: Choice[]
  several: boolean
  codes: string[]
  label: string
  onChange: (codes: string[]) => void
}) {
  const { say } = useWords()
  return (
    <Select<string[] | string | null>
      {...(several ? { mode: 'multiple' as const } : { allowClear: true })}
      className="full"
      aria-label={label}
      placeholder={say(several ? 'form.pick' : 'form.pickOne')}
      value={several ? codes : (codes[0] ?? null)}
      onChange={(chosen) => onChange(Array.isArray(chosen) ? chosen : chosen ? [chosen] : [])}
      showSearch={{ optionFilterProp: 'label' }}
      options={choices.map(({ code, words }) => ({ value: code, label: words }))}
    />
  )
}

function ChoiceQuestion({ item, label, language, answer, onChange }: QuestionProps) {
  const { say } = useWords()
  const values = valuesOf(answer)
  const codes = values.filter((value) => typeof value === 'string')
  const other = values.find((value) => typeof value === 'object')
  const choices = (item.answerOption ?? []).map(({ valueCoding: { code } }) => ({
    code,
    words: optionWords(item, code, language),
  }))
  const several = item.repeats === true
  const set = (next: string[]): void =>
    onChange(given(several && other !== undefined ? [...next, other] : next))
  const setOther = (text: string): void => {
    const kept = several ? codes : []
    onChange(given(text === '' ? kept : [...kept, { other: text }]))
  }
  return (
    <>
      {choices.length >= mostChips ? (
        <Picker choices={choices} several={several} codes={codes} label={label} onChange={set} />
      ) : several ? (
        <SomeOf choices={choices} value={codes} onChange={set} />
      ) : (
        <OneOf
          choices={choices}
          value={codes[0] ?? null}
          tone={toneOf(item)}
          onChange={(code) => set(code === null ? [] : [code])}
        />
      )}
      {item.type === 'open-choice' && (
        <input
          className="box other-words"
          value={other?.other ?? ''}
          maxLength={item.maxLength ?? 2000}
          placeholder={say('form.otherWords')}
          aria-label={`${label} ${say('form.otherWords')}`}
          onChange={(event) => setOther(event.target.value)}
        />
      )}
    </>
  )
}

function TextQuestion({ item, label, answer, onChange }: QuestionProps) {
  const { say } = useWords()
  const values = valuesOf(answer).filter((value) => typeof value === 'string')
  const several = item.repeats === true
  // Several texts are written one below the other.
  const text = values.join('\n')
  const set = (next: string): void =>
    onChange(given(next === '' ? [] : several ? [...new Set(next.split('\n'))] : [next]))
  if (item.type === 'text' || several)
    return (
      <Text
        label={label}
        value={text}
        rows={item.linkId === 'notes' ? 5 : 2}
        max={item.maxLength ?? 20_000}
        {...(several ? { hint: say('form.onePerLine') } : {})}
        onChange={set}
      />
    )
  return (
    <input
      className="box"
      value={text}
      maxLength={item.maxLength ?? 400}
      aria-label={label}
      onChange={(event) => set(event.target.value)}
    />
  )
}

function NumberQuestion({ item, label, answer, onChange }: QuestionProps) {
  const value = valuesOf(answer).find((one) => typeof one === 'number') ?? null
  const { least, most } = limitsOf(item)
  const set = (next: number | null): void => onChange(next === null ? null : { values: [next] })
  if (item.type === 'integer' && least === 0 && most === 100)
    return <Rating label={label} value={value} onChange={set} />
  return <NumberInput item={item} label={label} value={value} onChange={set} />
}

/** The control of one question: chips, picker, rating, text, number, date, by what the form says of it. */
export function Question(props: QuestionProps) {
  const { item, label, answer, onChange } = props
  const { say } = useWords()
  const [value] = valuesOf(answer)
  const set = (next: Value | null): void => onChange(next === null ? null : { values: [next] })
  if (item.type === 'choice' || item.type === 'open-choice') return <ChoiceQuestion {...props} />
  if (item.type === 'boolean')
    return (
      <OneOf
        choices={[
          { code: 'yes', words: say('form.yes') },
          { code: 'no', words: say('form.no') },
        ]}
        value={typeof value === 'boolean' ? (value ? 'yes' : 'no') : null}
        onChange={(code) => set(code === null ? null : code === 'yes')}
      />
    )
  if (item.type === 'integer' || item.type === 'decimal') return <NumberQuestion {...props} />
  const text = typeof value === 'string' ? value : ''
  if (item.type === 'date') return <DateInput label={label} value={text} onChange={set} />
  if (item.type === 'dateTime') return <InstantInput label={label} value={text} onChange={set} />
  return <TextQuestion {...props} />
}
