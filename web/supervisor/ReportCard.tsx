import { useMutation, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { acknowledgeReport, type ReportRow } from '../../api/crisis.ts'
import { Level } from '../ui/Level.tsx'
import { Failure } from '../ui/Notice.tsx'
import { ReportState } from '../ui/ReportState.tsx'
import { request } from '../ui/request.ts'
import { useWords } from '../ui/words.ts'

/** Acknowledging one report, with a note if there is something to say. */
function Acknowledge({ report, onDone }: { report: ReportRow; onDone: (() => void) | undefined }) {
  const { say } = useWords()
  const cache = useQueryClient()
  const [note, setNote] = useState('')
  const acknowledging = useMutation({
    mutationFn: () =>
      request(acknowledgeReport, { params: { reportId: report.reportId }, body: { note: note.trim() } }),
    onSettled: async () => {
      await cache.invalidateQueries({ queryKey: ['reports'] })
      onDone?.()
    },
  })
  return (
    <form
      className="stack"
      onSubmit={(event) => {
        event.preventDefault()
        acknowledging.mutate()
      }}
    >
      <div className="row report-do">
        <input
          className="box"
          maxLength={1000}
          value={note}
          aria-label={say('report.note')}
          placeholder={say('report.note')}
          onChange={(event) => setNote(event.target.value)}
        />
        <button type="submit" className="main-button" disabled={acknowledging.isPending} data-acknowledge>
          {say('report.acknowledge')}
        </button>
      </div>
      <Failure of={acknowledging.error} />
    </form>
  )
}

/** One report: what for, where, since when, how far it went, and its acknowledgement; `onDone` after that. */
export function ReportCard({ report, onDone }: { report: ReportRow; onDone?: () => void }) {
  const { say } = useWords()
  const open = report.acknowledgedAt === null
  return (
    <li className={`card report ${open ? 'report-open' : ''}`}>
      <div className="stack report-words">
        <div className="row">
          <span className="strong">{say(`report.kind.${report.kind}`)}</span>
          <span>{say(`report.reason.${report.reason}`)}</span>
          {report.level !== null && <Level of={report.level} />}
        </div>
        <div className="quiet">
          <Link to="/contacts/$id" params={{ id: report.contactId }}>
            {say('report.where', { line: report.line, number: report.contactNumber })}
          </Link>{' '}
          · {report.counsellor ?? say('tasks.nobody')} · {say(`contactState.${report.contactState}`)}
        </div>
        <ReportState report={report} />
      </div>
      {open && report.mine && <Acknowledge report={report} onDone={onDone} />}
      {open && !report.mine && <span className="quiet">{say('report.notMine')}</span>}
    </li>
  )
}
