import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import type { Board } from '../../api/board.ts'
import { lengthOf } from '../ui/time.ts'
import { Since, useNow } from '../ui/When.tsx'
import { useWords } from '../ui/words.ts'

/** So many of a kind are shown one by one; the rest is counted, so that the board stays on one screen. */
const most = 4

function Part({ title, count, children }: { title: string; count: number; children: ReactNode }) {
  const { say } = useWords()
  return (
    <section className="urgent">
      <h2>
        <span aria-hidden="true">▲ </span>
        {title} <span className="count number">{count}</span>
      </h2>
      <ul className="urgent-list">
        {children}
        {count > most && <li className="quiet">{say('board.more', { n: count - most })}</li>}
      </ul>
    </section>
  )
}

function Report({ report }: { report: Board['reports'][number] }) {
  const { say } = useWords()
  return (
    <li>
      <Link to="/reports">{say(`board.report.${report.kind}`)}</Link> · {say(`board.report.${report.reason}`)}{' '}
      · <span className="number">{say('call.number', { number: report.number })}</span> {report.line}
      {report.counsellor && ` · ${report.counsellor}`} · <Since at={report.openedAt} />
      {report.stage > 0 && <strong> · {say('board.report.stage', { n: report.stage })}</strong>}
    </li>
  )
}

function Dropped({ task }: { task: Board['dropped'][number] }) {
  const { say, language } = useWords()
  const left = Date.parse(task.dueAt) - useNow()
  return (
    <li>
      <Link to="/tasks" search={{ kind: 'dropped-high-risk' }}>
        <span className="number">{say('call.number', { number: task.number })}</span> {task.line}
      </Link>{' '}
      ·{' '}
      {left >= 0
        ? say('board.droppedDue', { length: lengthOf(left, language) })
        : say('board.droppedLate', { length: lengthOf(-left, language) })}{' '}
      ·{' '}
      {task.owner === null ? (
        <strong>{say('board.droppedNobody')}</strong>
      ) : (
        say('board.droppedOwner', { name: task.owner })
      )}
      {!task.callable && ` · ${say('board.droppedWithheld')}`}
    </li>
  )
}

/**
 * On top of everything: high-risk calls that broke off, and reports nobody acknowledged. On a wall all of them; at a desk
 * the bars of the page already show the reports and the calls that nobody has.
 */
export function Urgent({ board, wall }: { board: Board; wall: boolean }) {
  const { say } = useWords()
  const dropped = board.dropped.filter((task) => wall || task.owner !== null)
  const reports = wall ? board.reports : []
  return (
    <>
      {dropped.length > 0 && (
        <Part title={say('board.dropped')} count={dropped.length}>
          {dropped.slice(0, most).map((task) => (
            <Dropped key={task.taskId} task={task} />
          ))}
        </Part>
      )}
      {reports.length > 0 && (
        <Part title={say('board.reports')} count={reports.length}>
          {reports.slice(0, most).map((report) => (
            <Report key={report.reportId} report={report} />
          ))}
        </Part>
      )}
    </>
  )
}
