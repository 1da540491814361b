import { useMutation, useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useEffect, useState } from 'react'
import { listLines } from '../../api/administration.ts'
import { enterContact } from '../../api/contacts.ts'
import { emptyForm, type FormAnswers } from '../../domain/form.ts'
import { hotlineNow } from '../ui/clock.ts'
import { Failure, Notice } from '../ui/Notice.tsx'
import { request } from '../ui/request.ts'
import { useZone } from '../ui/session.ts'
import { dayOf, instantOf, timeOfDay } from '../ui/time.ts'
import { useWords, type WordKey } from '../ui/words.ts'
import { FormAll } from './FormAll.tsx'

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
    mutationFn: (entry: { lineId: string; caller: string; times: Times; form: FormAnswers }) => {
      const { start, end } = instants(entry.times, zone)
      const startedAt = new Date(start).toISOString()
      return request(enterContact, {
        body: {
          lineId: entry.lineId,
          ...(entry.caller === '' ? {} : { callerNumber: entry.caller }),
          startedAt,
          answeredAt: startedAt,
          endedAt: new Date(end).toISOString(),
          form: entry.form,
        },
      })
    },
    onSuccess: onSaved,
  })
}

/** A contact entered by hand, through the same form (G24-3.2.2b). */
export function ByHand() {
  const { say } = useWords()
  const zone = useZone()
  const lines = useQuery({
    queryKey: ['lines', 'all'],
    queryFn: () => request(listLines, { query: { limit: 100 } }),
  })
  const [form, setForm] = useState(emptyForm)
  const [lineId, setLineId] = useState('')
  const [caller, setCaller] = useState('')
  const [times, setTimes] = useState(() => timesNow(zone))
  const [fault, setFault] = useState<WordKey | null>(null)
  const [typed, setTyped] = useState(false)
  const entry = useEntry(() => setTyped(false))
  useEffect(() => {
    if (!typed) return undefined
    const warn = (event: BeforeUnloadEvent): void => event.preventDefault()
    window.addEventListener('beforeunload', warn)
    return () => window.removeEventListener('beforeunload', warn)
  }, [typed])
  const save = (): void => {
    const found = faultOf(lineId, times, zone)
    setFault(found)
    if (found === null) entry.mutate({ lineId, caller, times, form })
  }
  const another = (): void => {
    entry.reset()
    setForm(emptyForm())
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
        <FormAll
          form={form}
          change={(answers) => {
            setTyped(true)
            setForm({ ...form, ...answers })
          }}
        />
        {fault && <Notice tone="soon">{say(fault)}</Notice>}
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
