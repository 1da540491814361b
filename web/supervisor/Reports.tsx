import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { useState } from 'react'
import { listReports } from '../../api/crisis.ts'
import { FailedPart, Skeleton } from '../ui/Notice.tsx'
import { Pager } from '../ui/Pager.tsx'
import { request } from '../ui/request.ts'
import { useMay } from '../ui/session.ts'
import { useWords } from '../ui/words.ts'
import { Exceptions } from './Exceptions.tsx'
import { ReportCard } from './ReportCard.tsx'
import { SearchBox } from '../ui/SearchBox.tsx'

const parts = ['open', 'done', 'exceptions'] as const
type Part = (typeof parts)[number]

function ReportList({ open }: { open: boolean }) {
  const { say } = useWords()
  const [text, setText] = useState('')
  const [after, setAfter] = useState<string | undefined>(undefined)
  const { data, error, refetch } = useQuery({
    queryKey: ['reports', open ? 'yes' : 'no', text, after],
    queryFn: () =>
      request(listReports, {
        query: { open: open ? 'yes' : 'no', after, ...(text === '' ? {} : { text }) },
      }),
    placeholderData: keepPreviousData,
  })
  const empty =
    text === '' ? say(open ? 'report.empty' : 'report.emptyDone') : say('report.noneFound', { text })
  return (
    <div className="stack">
      <SearchBox
        label={say('report.search')}
        onSearch={(wanted) => {
          setText(wanted)
          setAfter(undefined)
        }}
      />
      {error && !data && <FailedPart of={error} retry={() => void refetch()} />}
      {!data && !error && <Skeleton lines={6} />}
      {data?.rows.length === 0 && <p className="empty card">{empty}</p>}
      <ul className="cards">
        {data?.rows.map((report) => (
          <ReportCard key={report.reportId} report={report} />
        ))}
      </ul>
      {data && <Pager after={after} next={data.next} go={setAfter} />}
    </div>
  )
}

function Head({ part }: { part: Part }) {
  const { say } = useWords()
  const navigate = useNavigate()
  const mayExceptions = useMay('exception.see')
  const mayReports = useMay('report.acknowledge')
  const mine = parts.filter((each) => (each === 'exceptions' ? mayExceptions : mayReports))
  const go = (each: Part): void =>
    void (each === 'exceptions'
      ? navigate({ to: '/exceptions' })
      : navigate({ to: '/reports', search: each === 'done' ? { part: 'done' } : {} }))
  return (
    <div className="spread">
      <h1>{say(mayReports ? 'report.title' : 'exception.title')}</h1>
      {mine.length > 1 && (
        <div className="row" role="group">
          {mine.map((each) => (
            <button
              key={each}
              type="button"
              className="plain toggle"
              aria-pressed={part === each}
              onClick={() => go(each)}
            >
              {say(each === 'exceptions' ? 'exception.title' : `report.${each}`)}
            </button>
          ))}
        </div>
      )}
    </div>
  )
}

/** Reports that wait and those acknowledged. */
export function Reports() {
  const search: { part?: unknown } = useSearch({ strict: false })
  const part = search.part === 'done' ? 'done' : 'open'
  return (
    <div className="stack tasks">
      <Head part={part} />
      <ReportList key={part} open={part === 'open'} />
    </div>
  )
}

/** The page of exceptions to confidentiality, beside the reports. */
export function ExceptionsPage() {
  return (
    <div className="stack tasks">
      <Head part="exceptions" />
      <Exceptions />
    </div>
  )
}
