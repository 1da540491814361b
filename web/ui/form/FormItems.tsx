import { useMemo } from 'react'
import { isAnswerTo, scoreFor, visibleItems, type Form } from '../../../domain/answers.ts'
import {
  mayBeAbsent,
  scoreOf,
  wordsOf,
  type Answer,
  type Answers,
  type Item,
} from '../../../domain/questionnaire.ts'
import { useZone } from '../session.ts'
import type { Language } from '../time.ts'
import { useWords } from '../words.ts'
import { AbsenceChoice } from './AbsenceChoice.tsx'
import { answerWords } from './answer-words.ts'
import { Field } from './Fields.tsx'
import { Question } from './Question.tsx'

/** What a form on the screen is given. `change` with null takes an answer back. */
export interface FormItemsProps {
  /** The whole form: what is shown may depend on any of its questions. */
  questionnaire: Form
  /** The part to show; the whole form without it. */
  items?: readonly Item[]
  answers: Answers
  change: (linkId: string, answer: Answer | null) => void
  language: Language
  /** Questions to mark as still required; empty until the end of the call. */
  missing?: readonly string[]
}

type OneProps = Omit<FormItemsProps, 'items' | 'missing'> & {
  item: Item
  missing: readonly string[]
  shown: ReadonlySet<string>
  depth: number
}

function Asked({ item, answers, change, language, missing }: OneProps) {
  const { say } = useWords()
  const answer = answers[item.linkId]
  const label = wordsOf(item, language)
  const fits = answer === undefined || isAnswerTo(item, answer)
  return (
    <Field
      name={item.linkId}
      label={label}
      missing={missing.includes(item.linkId)}
      aside={
        mayBeAbsent(item) && (
          <AbsenceChoice
            label={label}
            value={answer && 'absent' in answer ? answer.absent : null}
            onChange={(absent) => change(item.linkId, absent === null ? null : { absent })}
          />
        )
      }
    >
      <Question
        item={item}
        label={label}
        language={language}
        answer={answer}
        onChange={(next) => change(item.linkId, next)}
      />
      {!fits && (
        <p className="field-fault" role="alert">
          {say('form.doesNotFit')}
        </p>
      )}
    </Field>
  )
}

function Calculated({ questionnaire, item, answers, language }: OneProps) {
  const { say } = useWords()
  const score = scoreFor(questionnaire, answers, item)
  return (
    <p className="field-score" id={`q-${item.linkId}`}>
      <span>{wordsOf(item, language)}</span>{' '}
      <output className="number strong">{score ?? say('form.incomplete')}</output>
    </p>
  )
}

/** Whether a group says no more than its only question does. */
const isOnly = ({ item = [] }: Item, words: string, language: Language): boolean =>
  item.length === 1 && item.every((one) => wordsOf(one, language) === words)

function One(props: OneProps) {
  const { item, shown, depth, language, answers } = props
  const { say } = useWords()
  const zone = useZone()
  if (!shown.has(item.linkId)) return null
  const words = wordsOf(item, language)
  if (item.type === 'display') return <p className="quiet field-help">{words}</p>
  if (scoreOf(item) !== null) return <Calculated {...props} />
  if (item.type === 'group') {
    const Heading = depth === 0 ? 'h3' : 'h4'
    return (
      <section className="form-group" id={`q-${item.linkId}`}>
        {words !== '' && !isOnly(item, words, language) && <Heading>{words}</Heading>}
        {item.item?.map((each) => (
          <One key={each.linkId} {...props} item={each} depth={depth + 1} />
        ))}
      </section>
    )
  }
  if (item.readOnly === true)
    return (
      <Field name={item.linkId} label={words}>
        <p>{answerWords(item, answers[item.linkId], language, say, zone)}</p>
      </Field>
    )
  return <Asked {...props} />
}

/**
 * A form, or a part of one, as its questionnaire says: shows what its conditions allow, one column, labels above. The desk
 * and the preview of the form editor both show forms with this.
 */
export function FormItems({ items, missing = [], ...props }: FormItemsProps) {
  const { questionnaire, answers } = props
  const shown = useMemo(() => visibleItems(questionnaire, answers), [questionnaire, answers])
  return (items ?? questionnaire.item).map((item) => (
    <One key={item.linkId} {...props} item={item} shown={shown} missing={missing} depth={0} />
  ))
}
