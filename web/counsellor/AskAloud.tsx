import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import { noteCritical, readInstrument, saveAssessment, type Sheet } from '../../api/assessment.ts'
import type { Language } from '../../domain/questionnaire.ts'
import { useKeys } from '../ui/keys.ts'
import { FailedPart, Failure, Notice, Skeleton } from '../ui/Notice.tsx'
import { request } from '../ui/request.ts'
import { useWords } from '../ui/words.ts'
import { askedOf, assessmentsQuery, criticalOf, isAboutDanger, newAssessmentId } from './instruments.ts'
import { ToDanger } from './ToDanger.tsx'

type Given = Readonly<Record<string, number>>

/** The wording's origin where it matters, and the credit line its licence asks for. */
function Credit({ sheet }: { sheet: Sheet }) {
  const { say, language } = useWords()
  return (
    <p className="quiet hint-line">
      {sheet.origin === 'unofficial' && <span className="tag">{say('assess.unofficial')}</span>}{' '}
      {sheet.origin === 'operator' && <span className="tag">{say('assess.operatorText')}</span>}{' '}
      {sheet.credit[language]}
    </p>
  )
}

function Question({
  question,
  language,
  value,
  onChoose,
}: {
  question: Sheet['questions'][number]
  language: Language
  value: number | undefined
  onChoose: (value: number) => void
}) {
  return (
    <fieldset className="instrument-question" lang={language}>
      <legend>{question.text}</legend>
      {question.options.map((option, place) => (
        <button
          key={option.value}
          type="button"
          className="plain instrument-option"
          aria-pressed={value === option.value}
          onClick={() => onChoose(option.value)}
        >
          <kbd>{place + 1}</kbd> {option.words}
        </button>
      ))}
    </fieldset>
  )
}

/** What stands at the end: what is missing, and saving. */
function End({
  open,
  askAgain,
  pending,
  onSave,
}: {
  open: number
  /** Critical questions without an answer: asked again before saving. */
  askAgain: { item: string; go: () => void }[]
  pending: boolean
  onSave: () => void
}) {
  const { say } = useWords()
  return (
    <div className="stack">
      <p>{open === 0 ? say('assess.doneAll') : say('assess.doneSome', { n: open })}</p>
      {askAgain.map(({ item, go }) => (
        <Notice key={item} tone="soon">
          <p>{say('assess.prompt.critical-unanswered', { items: item })}</p>
          <button type="button" className="plain" onClick={go}>
            {say('assess.askAgain')}
          </button>
        </Notice>
      ))}
      <div className="row">
        <button type="button" className="main-button" disabled={pending} onClick={onSave} autoFocus>
          {say('assess.save')}
        </button>
      </div>
    </div>
  )
}

/** What was answered so far, where the asking stands, and saving it. */
function useAsking(contactId: string, sheet: Sheet, onDone: () => void) {
  const cache = useQueryClient()
  const [assessmentId] = useState(newAssessmentId)
  const [answers, setAnswers] = useState<Given>({})
  const [place, setPlace] = useState(0)
  const { instrument, language } = sheet
  const saving = useMutation({
    mutationFn: () =>
      request(saveAssessment, {
        params: { contactId },
        body: { assessmentId, instrument, language, answers },
      }),
    onSuccess: async () => {
      await cache.invalidateQueries({ queryKey: assessmentsQuery(contactId).queryKey })
      onDone()
    },
  })
  const noting = useMutation({
    mutationFn: (given: Given) =>
      request(noteCritical, { params: { contactId }, body: { instrument, answers: given } }),
  })
  const questions = askedOf(sheet, answers)
  const question = questions[place]
  const choose = (value: number): void => {
    if (!question) return
    const given = { ...answers, [question.item]: value }
    setAnswers(given)
    const critical = criticalOf(sheet, given).includes(question.item)
    if (critical) noting.mutate(given)
    // After a critical answer the next question waits.
    if (!critical || isAboutDanger(sheet)) setPlace(place + 1)
  }
  return { answers, place, setPlace, questions, question, choose, saving, noting }
}

function Asking({ contactId, sheet, onDone }: { contactId: string; sheet: Sheet; onDone: () => void }) {
  const { say } = useWords()
  const { answers, place, setPlace, questions, question, choose, saving, noting } = useAsking(
    contactId,
    sheet,
    onDone,
  )
  const critical = criticalOf(sheet, answers)
  const askAgain = questions.flatMap(({ item, critical: at }, where) =>
    at !== null && answers[item] === undefined ? [{ item, go: () => setPlace(where) }] : [],
  )
  const open = questions.filter((one) => one.required && answers[one.item] === undefined).length
  useKeys([
    {
      key: '1..9',
      words: 'keys.instrumentAnswer',
      group: 'keys.groupForm',
      run: (pressed) => {
        const option = question?.options[Number(pressed.at(-1)) - 1]
        if (option) choose(option.value)
      },
    },
    {
      key: 'Backspace',
      words: 'keys.instrumentBack',
      group: 'keys.groupForm',
      run: () => setPlace(Math.max(0, place - 1)),
    },
  ])
  return (
    <div className="stack instrument-asking">
      {sheet.intro !== '' && <p lang={sheet.language}>{sheet.intro}</p>}
      {question && (
        <>
          <p className="quiet number" role="status">
            {say('assess.progress', { n: place + 1, of: questions.length })}
          </p>
          <Question
            question={question}
            language={sheet.language}
            value={answers[question.item]}
            onChoose={choose}
          />
        </>
      )}
      {critical.length > 0 && !isAboutDanger(sheet) && (
        <Notice tone="danger">
          <p>{say('assess.criticalNow')}</p>
          <ToDanger />
        </Notice>
      )}
      {!question && (
        <End open={open} askAgain={askAgain} pending={saving.isPending} onSave={() => saving.mutate()} />
      )}
      <Failure of={saving.error ?? noting.error} />
      <div className="row">
        <button type="button" className="plain" disabled={place === 0} onClick={() => setPlace(place - 1)}>
          {say('assess.back')}
        </button>
        {question && (
          <button type="button" className="plain" onClick={() => setPlace(place + 1)}>
            {say(answers[question.item] === undefined ? 'assess.skip' : 'assess.next')}
          </button>
        )}
        {question && Object.keys(answers).length > 0 && (
          <button type="button" className="plain" disabled={saving.isPending} onClick={() => saving.mutate()}>
            {say('assess.saveNow')}
          </button>
        )}
        <button type="button" className="quiet-button" onClick={onDone}>
          {say('assess.stop')}
        </button>
      </div>
      <p className="quiet hint-line">{say('assess.digits')}</p>
      <Credit sheet={sheet} />
    </div>
  )
}

/** Asks an instrument question by question; a critical answer is noted at once and says to ask the danger question. */
export function AskAloud({
  contactId,
  instrument,
  language,
  onDone,
}: {
  contactId: string
  instrument: string
  language: Language
  onDone: () => void
}) {
  const { data, error, refetch } = useQuery({
    queryKey: ['instruments', instrument, language],
    queryFn: () => request(readInstrument, { params: { instrument, language } }),
  })
  useEffect(() => {
    document.querySelector<HTMLElement>('.instrument-asking button')?.focus()
  }, [data])
  if (!data) return error ? <FailedPart of={error} retry={() => void refetch()} /> : <Skeleton lines={5} />
  return <Asking contactId={contactId} sheet={data} onDone={onDone} />
}
