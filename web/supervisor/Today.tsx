import type { ReactNode } from 'react'
import { Link } from '@tanstack/react-router'
import type { Board } from '../../api/board.ts'
import { Length } from '../ui/When.tsx'
import { useWords } from '../ui/words.ts'

function Figure({ label, children, hint }: { label: string; children: ReactNode; hint?: string }) {
  return (
    <div className="figure">
      <dt>{label}</dt>
      <dd className="number">{children}</dd>
      {hint && <dd className="figure-hint quiet">{hint}</dd>}
    </div>
  )
}

/** Today's figures; the service level says by which formula (facts: five are in use and differ by tens of per cent). */
export function Today({ board }: { board: Board }) {
  const { say } = useWords()
  const { today, lately, owed } = board
  const level = today.serviceLevel
  return (
    <section className="card board-today">
      <h2>{say('board.today')}</h2>
      <dl className="figures">
        <Figure
          label={say('board.serviceLevel')}
          hint={
            level === null
              ? say('board.serviceLevelNone')
              : say(`board.formula.${today.formula}`, { s: Math.round(today.thresholdMs / 1000) })
          }
        >
          {level === null ? say('time.none') : `${(level * 100).toFixed(1)} %`}
        </Figure>
        <Figure label={say('board.offeredCount')}>{today.offered}</Figure>
        <Figure label={say('board.answeredCount')}>{today.answered}</Figure>
        <Figure label={say('board.abandonedCount')}>
          <Link to="/contacts" search={{ outcome: 'abandoned' }}>
            {today.abandoned}
          </Link>
        </Figure>
        <Figure
          label={say('board.callBacks')}
          hint={owed.callBacksOverdue > 0 ? say('board.callBacksOverdue', { n: owed.callBacksOverdue }) : ''}
        >
          <Link to="/tasks">{today.callBacksOpen}</Link>
        </Figure>
        <Figure label={say('board.followUps')} hint={say('board.followUpsOpen', { n: owed.followUps })}>
          <Link to="/tasks" search={{ kind: 'follow-up', overdue: 'yes' }}>
            {owed.followUpsOverdue}
          </Link>
        </Figure>
        <Figure label={say('board.lately')} hint={lately.offered === 0 ? say('board.latelyNone') : ''}>
          {lately.serviceLevel === null ? say('time.none') : `${(lately.serviceLevel * 100).toFixed(1)} %`}
        </Figure>
        <Figure label={say('board.leftInMenu')}>{today.leftInMenu}</Figure>
        <Figure label={say('board.longestWait')}>
          <Length ms={today.longestWaitMs} />
        </Figure>
        <Figure label={say('board.meanWait')}>
          <Length ms={today.meanWaitMs} />
        </Figure>
      </dl>
    </section>
  )
}
