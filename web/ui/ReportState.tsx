import type { ReportRow } from '../../api/crisis.ts'
import { useZone } from './session.ts'
import { clockFace, lengthOf, timeOfDay } from './time.ts'
import { useNow } from './When.tsx'
import { useWords } from './words.ts'

/** How a report stands, in one line: waiting since when, who is asked, when it goes further; or who acknowledged it. */
export function ReportState({ report }: { report: ReportRow }) {
  const { say, language } = useWords()
  const zone = useZone()
  const now = useNow()
  if (report.acknowledgedAt !== null)
    return (
      <span className="report-state">
        <span className="tag tag-main">✓ {say('report.acknowledged')}</span>{' '}
        <span className="number">{timeOfDay(Date.parse(report.acknowledgedAt), zone)}</span>{' '}
        {report.acknowledgedBy ?? ''}
        {report.note !== '' && <span className="quiet"> · {report.note}</span>}
      </span>
    )
  const next = report.nextAt === null ? null : Date.parse(report.nextAt) - now
  return (
    <span className="report-state">
      <span className={`tag ${report.stage > 0 ? 'tag-danger' : 'tag-soon'}`}>
        {report.stage > 0 ? '▲ ' : '! '}
        {say('report.waiting', { length: lengthOf(now - Date.parse(report.openedAt), language) })}
      </span>{' '}
      <span className="quiet">
        {report.asked.length > 0 && say('report.asked', { people: report.asked.join(say('report.and')) })}
        {report.asked.length === 0 && say('report.askedNobody')}
        {report.stage > 0 && ` · ${say(report.stage === 1 ? 'report.stage1' : 'report.stage2')}`}
        {report.stage < 2 &&
          next !== null &&
          next > 0 &&
          ` · ${say('report.next', { time: clockFace(next) })}`}
      </span>
    </span>
  )
}
