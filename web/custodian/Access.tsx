import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { Link, useNavigate, useSearch } from '@tanstack/react-router'
import { useState } from 'react'
import { readAccess, type VisitRow } from '../../api/oversight.ts'
import { sayOr } from '../ui/catalogue.ts'
import { FailedPart, Skeleton } from '../ui/Notice.tsx'
import { Pager } from '../ui/Pager.tsx'
import { request } from '../ui/request.ts'
import { SearchBox } from '../ui/SearchBox.tsx'
import { When } from '../ui/When.tsx'
import { useWords, type Say } from '../ui/words.ts'
import { OversightMenu } from './OversightMenu.tsx'
import { purposeWords } from './purpose.ts'

/** What was done, in words: audit entries by theirs, happenings on the contact by those of its timeline. */
function actionWords(say: Say, { action, times }: VisitRow['actions'][number]): string {
  const kind = action.startsWith('event.') ? `timeline.${action.slice(6)}` : `access.${action}`
  const what = sayOr(say, kind, action)
  return times > 1 ? say('report.access.times', { what, n: times }) : what
}

function Visit({ visit }: { visit: VisitRow }) {
  const { say } = useWords()
  const wrote = visit.actions.some((one) => one.wrote)
  return (
    <li className="card task">
      <div className="stack">
        <div className="row">
          <span className="strong">{visit.person}</span>
          {visit.own && <span className="quiet">{say('report.access.own')}</span>}
          {visit.emergency !== null && (
            <span className="tag tag-danger">▲ {say('report.access.emergency')}</span>
          )}
          <span className={wrote ? 'tag' : 'quiet'}>
            {say(wrote ? 'report.access.wrote' : 'report.access.read')}
          </span>
        </div>
        {visit.emergency !== null && <div>{visit.emergency}</div>}
        <div>{visit.actions.map((one) => actionWords(say, one)).join(' · ')}</div>
        <div className="quiet">
          <When at={visit.from} />
          {visit.to.slice(0, 16) !== visit.from.slice(0, 16) && (
            <>
              {' '}
              {say('report.access.until')} <When at={visit.to} />
            </>
          )}{' '}
          ·{' '}
          {visit.purposes.length > 0
            ? visit.purposes.map((each) => purposeWords(say, each)).join(' · ')
            : say('report.access.noPurpose')}
        </div>
      </div>
    </li>
  )
}

function Report({ number }: { number: number }) {
  const { say } = useWords()
  const [text, setText] = useState('')
  const [others, setOthers] = useState(false)
  const [after, setAfter] = useState<string | undefined>(undefined)
  const { data, error, refetch } = useQuery({
    queryKey: ['access', number, text, others, after],
    queryFn: () =>
      request(readAccess, {
        params: { contactNumber: number },
        query: {
          after,
          ...(others ? { others: 'yes' as const } : {}),
          ...(text === '' ? {} : { text }),
        },
      }),
    placeholderData: keepPreviousData,
    refetchOnWindowFocus: false,
    retry: false,
  })
  return (
    <>
      <div className="row">
        <SearchBox
          label={say('report.access.search')}
          onSearch={(wanted) => {
            setText(wanted)
            setAfter(undefined)
          }}
        />
        <label className="row">
          <input
            type="checkbox"
            checked={others}
            onChange={(event) => {
              setOthers(event.target.checked)
              setAfter(undefined)
            }}
          />
          {say('report.access.others')}
        </label>
      </div>
      {error && !data && <FailedPart of={error} retry={() => void refetch()} />}
      {!data && !error && <Skeleton lines={6} />}
      {data && (
        <h2>
          <Link to="/contacts/$id" params={{ id: data.contactId }}>
            {say('report.access.head', {
              number: data.number,
              counsellor: data.counsellor ?? say('time.none'),
            })}
          </Link>{' '}
          <span className="quiet">
            <When at={data.startedAt} />
          </span>
        </h2>
      )}
      {data?.rows.length === 0 && (
        <p className="empty card">
          {say(text !== '' || others ? 'report.access.emptyFiltered' : 'report.access.empty')}
        </p>
      )}
      <ul className="cards">
        {data?.rows.map((visit) => (
          <Visit key={`${visit.from} ${visit.personId}`} visit={visit} />
        ))}
      </ul>
      {data && <Pager after={after} next={data.next} go={setAfter} />}
    </>
  )
}

/** Who saw a contact, when, and why: one line a visit. The contact's number stands in the address. */
export function Access() {
  const { say } = useWords()
  const navigate = useNavigate()
  const search: { number?: unknown } = useSearch({ strict: false })
  const number = Number(search.number)
  const known = Number.isSafeInteger(number) && number > 0
  const [typed, setTyped] = useState(known ? String(number) : '')
  return (
    <div className="stack">
      <OversightMenu />
      <form
        className="row"
        onSubmit={(event) => {
          event.preventDefault()
          void navigate({ to: '/custody/access', search: { number: typed } })
        }}
      >
        <input
          className="box filter-box"
          inputMode="numeric"
          maxLength={12}
          aria-label={say('report.access.ask')}
          placeholder={say('report.access.ask')}
          value={typed}
          onChange={(event) => setTyped(event.target.value.replace(/\D/g, ''))}
        />
        <button type="submit" className="main-button" disabled={typed === ''}>
          {say('report.access.show')}
        </button>
      </form>
      {known ? (
        <Report key={number} number={number} />
      ) : (
        <p className="empty card">{say('report.access.start')}</p>
      )}
    </div>
  )
}
