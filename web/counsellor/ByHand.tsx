import { useMutation, useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useEffect, useState } from 'react'
import { listLines } from '../../api/administration.ts'
import { enterContact, readBlankForm } from '../../api/contacts.ts'
import { fittingAnswers } from '../../domain/answers.ts'
import { missingForClosing } from '../../domain/form.ts'
import type { Answer, Answers, Questionnaire } from '../../domain/questionnaire.ts'
import { fromResponse, toResponse } from '../../domain/response.ts'
import { hotlineNow } from '../ui/clock.ts'
import { FailedPart, Failure, Notice } from '../ui/Notice.tsx'
import { request } from '../ui/request.ts'
import { useZone } from '../ui/session.ts'
import { dayOf, instantOf, timeOfDay } from '../ui/time.ts'
import { useWords, type WordKey } from '../ui/words.ts'
import { jumpTo } from './form-places.ts'
import { FormItems } from '../ui/form/FormItems.tsx'

interface Times {
  day: string
  start: string
  end: string
}

const timesNow = (zone: string): Times => {
  const time = timeOfDay(hotlineNow(), zone).slice(0, 5)
  return { day: dayOf(hotlineNow(), zone), start: time, end: time }
}

/** Start and end as instants; an end before the start belongs to the next day (calls run past midnight). */
function instants({ day, start, end }: Times, zone: string): { start: number; end: number } {
  const first = instantOf(day, start, zone)
  const last = instantOf(day, end, zone)
  return { start: first, end: last < first ? last + 86_400_000 : last }
}

/** What is still wrong with the entry, or null. */
function faultOf(lineId: string, times: Times, zone: string): WordKey | null {
  if (lineId === '') return 'byHand.chooseLine'
  const { start, end } = instants(times, zone)
  if (!(end > start)) return 'byHand.endBeforeStart'
  return end > hotlineNow() + 60_000 ? 'byHand.future' : null
}

function useEntry(onSaved: () => void) {
  const zone = useZone()
  return useMutation({
    mutationFn: (entry: {
      lineId: string
      caller: string
      times: Times
      form: Questionnaire
      answers: Answers
    }) => {
      const { start, end } = instants(entry.times, zone)
      const startedAt = new Date(start).toISOString()
      return request(enterContact, {
        body: {
          lineId: entry.lineId,
          ...(entry.caller === '' ? {} : { callerNumber: entry.caller }),
          startedAt,
          answeredAt: startedAt,
          endedAt: new Date(end).toISOString(),
          response: toResponse(entry.form, fittingAnswers(entry.form, entry.answers)),
        },
      })
    },
    onSuccess: onSaved,
  })
}

type Typed = Readonly<Record<string, Answer | null>>

const put = (started: Answers, typed: Typed): Answers =>
  Object.fromEntries(
    Object.entries({ ...started, ...typed }).filter((one): one is [string, Answer] => one[1] !== null),
  )

/** The form of the chosen line with what was typed so far; what a second line asks too stays typed. */
function useBlankForm(lineId: string) {
  const [typed, setTyped] = useState<Typed>({})
  const blank = useQuery({
    queryKey: ['forms', 'blank', lineId],
    queryFn: () => request(readBlankForm, { params: { lineId } }),
    enabled: lineId !== '',
  })
  const form = blank.data?.questionnaire
  const started = blank.data ? fromResponse(blank.data.questionnaire, blank.data.response) : {}
  return {
    form,
    error: blank.error,
    retry: () => void blank.refetch(),
    answers: put(started, typed),
    change: (linkId: string, answer: Answer | null) =>
      setTyped((before) => ({ ...before, [linkId]: answer })),
    clear: () => setTyped({}),
    typed: Object.keys(typed).length > 0,
  }
}

/** A contact entered by hand, through the same form (G24-3.2.2b). */
export function ByHand() {
  const { say, language } = useWords()
  const zone = useZone()
  const lines = useQuery({
    queryKey: ['lines', 'all'],
    queryFn: () => request(listLines, { query: { limit: 100 } }),
  })
  const [lineId, setLineId] = useState('')
  const [caller, setCaller] = useState('')
  const [times, setTimes] = useState(() => timesNow(zone))
  const [fault, setFault] = useState<WordKey | null>(null)
  const [checked, setChecked] = useState(false)
  const blank = useBlankForm(lineId)
  const { form, answers, typed } = blank
  const missing = checked && form ? missingForClosing(form, answers) : []
  const entry = useEntry(() => {
    blank.clear()
    setChecked(false)
  })
  useEffect(() => {
    if (!typed) return undefined
    const warn = (event: BeforeUnloadEvent): void => event.preventDefault()
    window.addEventListener('beforeunload', warn)
    return () => window.removeEventListener('beforeunload', warn)
  }, [typed])
  const save = (): void => {
    const found = faultOf(lineId, times, zone)
    setFault(found)
    setChecked(true)
    if (found !== null || !form) return
    const [first] = missingForClosing(form, answers)
    if (first === undefined) entry.mutate({ lineId, caller, times, form, answers })
    else jumpTo(first)
  }
  const another = (): void => {
    entry.reset()
    setCaller('')
    setTimes(timesNow(zone))
  }
  if (entry.data)
    return (
      <div className="stack by-hand">
        <Notice tone="good">{say('byHand.saved', { number: entry.data.number })}</Notice>
        <div className="row">
          <Link to="/contacts/$id" params={{ id: entry.data.contactId }}>
            {say('byHand.open')}
          </Link>
          <button type="button" className="plain" onClick={another}>
            {say('byHand.another')}
          </button>
        </div>
      </div>
    )
  return (
    <div className="stack by-hand">
      <h1>{say('byHand.title')}</h1>
      <p className="quiet">{say('byHand.why')}</p>
      <section className="card by-hand-head">
        <label>
          {say('byHand.line')}
          <select className="box" value={lineId} onChange={(event) => setLineId(event.target.value)}>
            <option value="" />
            {lines.data?.rows.map((line) => (
              <option key={line.lineId} value={line.lineId}>
                {line.name}
              </option>
            ))}
          </select>
        </label>
        <label>
          {say('byHand.caller')}
          <input
            className="box"
            inputMode="tel"
            autoComplete="off"
            maxLength={20}
            value={caller}
            onChange={(event) => setCaller(event.target.value.replace(/[^\d+*#]/g, ''))}
          />
        </label>
        {(['day', 'start', 'end'] as const).map((part) => (
          <label key={part}>
            {say(`byHand.${part}`)}
            <input
              className="box"
              type={part === 'day' ? 'date' : 'time'}
              value={times[part]}
              onChange={(event) => setTimes({ ...times, [part]: event.target.value })}
            />
          </label>
        ))}
      </section>
      <section className="card form-card">
        {lineId === '' && <p className="quiet">{say('byHand.lineFirst')}</p>}
        {blank.error && <FailedPart of={blank.error} retry={blank.retry} />}
        {form && (
          <div className="form-all">
            <FormItems
              questionnaire={form}
              answers={answers}
              change={blank.change}
              language={language}
              missing={missing}
            />
          </div>
        )}
        {fault && <Notice tone="soon">{say(fault)}</Notice>}
        {missing.length > 0 && <Notice tone="soon">{say('form.missing', { count: missing.length })}</Notice>}
        <Failure of={entry.error} />
        <div className="spread">
          <span className="quiet">{say('byHand.notStored')}</span>
          <button type="button" className="main-button" disabled={entry.isPending} onClick={save}>
            {say('byHand.submit')}
          </button>
        </div>
      </section>
    </div>
  )
}
