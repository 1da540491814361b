import { useQuery } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import type { ReportRow } from '../../api/crisis.ts'
import { useKeys } from '../ui/keys.ts'
import { useMay, useMe } from '../ui/session.ts'
import { maySound, playAlarm, readVolume } from '../ui/sound.ts'
import { lengthOf } from '../ui/time.ts'
import { useNow } from '../ui/When.tsx'
import { useWords } from '../ui/words.ts'
import { LoweringCard } from './LoweringCard.tsx'
import { ReportCard } from './ReportCard.tsx'
import { hush, inOrder, loweringsQuery, openReportsQuery, soundingFor, type Hushed } from './reports.ts'

const everyMs = 8000

/** Goes to the first report that can be acknowledged, once it is on the screen. */
const toFirst = (): void =>
  void setTimeout(() => document.querySelector<HTMLElement>('.report-bar [data-acknowledge]')?.focus(), 50)

/** Sounds the alarm, again and again, while something sounds; a title that blinks for who looks elsewhere. */
function useAlarm(sounding: number, title: string): void {
  useEffect(() => {
    if (sounding === 0) return undefined
    const sound = (): void => {
      if (readVolume('alarm') > 0) playAlarm()
    }
    sound()
    const before = document.title
    let on = false
    const blink = setInterval(() => {
      on = !on
      document.title = on ? `▲ ${title}` : before
    }, 1000)
    const timer = setInterval(sound, everyMs)
    return () => {
      clearInterval(timer)
      clearInterval(blink)
      document.title = before
    }
  }, [sounding, title])
}

/** What of the sound the person should know: switched off, or not allowed by the browser before a click. */
function SoundTrouble() {
  const { say } = useWords()
  useNow(2000)
  if (readVolume('alarm') === 0) return <span className="soon">{say('report.soundOff')}</span>
  return maySound() ? null : <span className="soon">{say('report.soundBlocked')}</span>
}

function Summary({ report }: { report: ReportRow }) {
  const { say, language } = useWords()
  const now = useNow()
  return (
    <span className="bar-summary">
      {say(`report.kind.${report.kind}`)} ·{' '}
      {say('report.where', { line: report.line, number: report.contactNumber })} ·{' '}
      {say('report.waiting', { length: lengthOf(now - Date.parse(report.openedAt), language) })}
      {report.stage > 0 && ` · ${say(report.stage === 1 ? 'report.stage1' : 'report.stage2')}`}
    </span>
  )
}

/** Requests to lower a level that I may decide: said on every page, without a sound. */
function LoweringBar() {
  const { say } = useWords()
  const { data } = useQuery(loweringsQuery)
  const [open, setOpen] = useState(false)
  const waiting = (data ?? []).filter((lowering) => !lowering.mine)
  if (waiting.length === 0) return null
  return (
    <section className="report-bar lowering-bar" aria-label={say('report.lowerings')}>
      <div className="spread">
        <span className="strong" role="status">
          <span aria-hidden="true">! </span>
          {waiting.length === 1
            ? say('report.loweringsOne')
            : say('report.loweringsMany', { n: waiting.length })}
        </span>
        <button type="button" className="plain" aria-expanded={open} onClick={() => setOpen(!open)}>
          {say(open ? 'report.closeBar' : 'report.openBar')}
        </button>
      </div>
      {open && (
        <ul className="cards">
          {waiting.map((lowering) => (
            <LoweringCard key={lowering.loweringId} lowering={lowering} />
          ))}
        </ul>
      )}
    </section>
  )
}

/** On every page: reports that wait to be acknowledged, and requests to lower a level that wait to be decided. */
export function ReportBar() {
  const mayDecide = useMay('risk.lower')
  return (
    <>
      <Waiting />
      {mayDecide && <LoweringBar />}
    </>
  )
}

/** While a report is not acknowledged: what, where, how long, how far; one key opens it. */
function Waiting() {
  const { say } = useWords()
  const me = useMe()
  const { data } = useQuery(openReportsQuery)
  const [open, setOpen] = useState(false)
  const [hushed, setHushed] = useState<Hushed>(new Map())
  const reports = inOrder(data?.rows ?? [])
  const sounding = soundingFor(reports, me.displayName, hushed)
  const words = reports.length === 1 ? say('report.barOne') : say('report.barMany', { n: reports.length })
  useAlarm(sounding.length, words)
  const present = reports.length > 0
  useKeys(
    present
      ? [
          {
            key: 'Alt+R',
            words: 'keys.report',
            group: 'keys.groupScreen',
            run: () => {
              setOpen(true)
              toFirst()
            },
          },
        ]
      : [],
  )
  const [first] = reports
  if (!first) return null
  return (
    <section className="report-bar" aria-label={say('report.title')}>
      <div className="spread">
        <span className="bar-words" role="alert">
          <strong>▲ {words}</strong>
        </span>
        {!open && <Summary report={first} />}
        <span className="row">
          <SoundTrouble />
          {sounding.length > 0 && (
            <button
              type="button"
              className="plain"
              title={say('report.hushHint')}
              onClick={() => setHushed(hush(reports))}
            >
              {say('report.hush')}
            </button>
          )}
          <button type="button" className="main-button" aria-expanded={open} onClick={() => setOpen(!open)}>
            {say(open ? 'report.closeBar' : 'report.openBar')} <kbd>Alt+R</kbd>
          </button>
        </span>
      </div>
      {open && (
        <ul className="cards">
          {reports.map((report) => (
            <ReportCard key={report.reportId} report={report} onDone={toFirst} />
          ))}
        </ul>
      )}
    </section>
  )
}
