import { bothWords, freeLinkId, type EditedOption } from '../../../domain/form-editing.ts'
import { ordinalOf, type Item } from '../../../domain/questionnaire.ts'
import { useWords } from '../../ui/words.ts'

/** The choices of a question as an editor shows them. */
const optionsOf = (item: Item): EditedOption[] =>
  (item.answerOption ?? []).map(({ valueCoding }) => ({
    code: valueCoding.code,
    ...bothWords(valueCoding.display, valueCoding._display, 'zh-CN'),
    ordinal: ordinalOf(valueCoding),
  }))

interface Props {
  item: Item
  /** The record itself needs these choices: words and order are free, their number is not. */
  fixed: boolean
  onChange: (options: EditedOption[], key: string) => void
}

/** The choices of a question: words in both languages, weight, order. */
export function OptionList({ item, fixed, onChange }: Props) {
  const { say } = useWords()
  const options = optionsOf(item)
  const set = (code: string, change: Partial<EditedOption>): void =>
    onChange(
      options.map((each) => (each.code === code ? { ...each, ...change } : each)),
      `option ${code}`,
    )
  const swap = (at: number, to: number): void => {
    const next = [...options]
    const [moved] = next.splice(at, 1)
    if (moved) onChange([...next.slice(0, to), moved, ...next.slice(to)], `order ${at} ${to}`)
  }
  return (
    <fieldset className="field stack">
      <legend>{say('forms.options')}</legend>
      {options.map((option, at) => (
        <div key={option.code} className="option">
          <input
            className="box"
            aria-label={say('forms.optionZh', { n: at + 1 })}
            placeholder={say('forms.wordsZh')}
            value={option.zh}
            maxLength={400}
            onChange={(event) => set(option.code, { zh: event.target.value })}
          />
          <input
            className="box"
            aria-label={say('forms.optionEn', { n: at + 1 })}
            placeholder={say('forms.wordsEn')}
            value={option.en}
            maxLength={400}
            onChange={(event) => set(option.code, { en: event.target.value })}
          />
          <input
            className="box option-weight"
            type="number"
            step="any"
            aria-label={say('forms.optionWeight', { n: at + 1 })}
            title={say('forms.optionWeight', { n: at + 1 })}
            disabled={fixed}
            value={option.ordinal ?? ''}
            onChange={(event) =>
              set(option.code, { ordinal: event.target.value === '' ? null : Number(event.target.value) })
            }
          />
          <span className="option-order">
            <button
              type="button"
              className="quiet-button"
              disabled={at === 0}
              aria-label={say('forms.optionUp', { n: at + 1 })}
              onClick={() => swap(at, at - 1)}
            >
              ↑
            </button>
            <button
              type="button"
              className="quiet-button"
              disabled={at === options.length - 1}
              aria-label={say('forms.optionDown', { n: at + 1 })}
              onClick={() => swap(at, at + 1)}
            >
              ↓
            </button>
            <button
              type="button"
              className="quiet-button"
              disabled={fixed}
              aria-label={say('forms.optionRemove', { n: at + 1 })}
              onClick={() =>
                onChange(
                  options.filter((each) => each !== option),
                  `remove ${option.code}`,
                )
              }
            >
              ✕
            </button>
          </span>
        </div>
      ))}
      <div>
        <button
          type="button"
          className="plain"
          disabled={fixed}
          onClick={() => {
            const code = freeLinkId(
              options.map((each) => each.code),
              'c',
            )
            onChange([...options, { code, zh: '', en: '', ordinal: null }], `add ${code}`)
          }}
        >
          {say('forms.addOption')}
        </button>
      </div>
    </fieldset>
  )
}
