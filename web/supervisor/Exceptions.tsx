import { keepPreviousData, useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { listExceptions, seeException } from '../../api/crisis.ts'
import type { Reply } from '../../api/endpoint.ts'
import { sayOr } from '../ui/catalogue.ts'
import { FailedPart, Failure, Skeleton } from '../ui/Notice.tsx'
import { Pager } from '../ui/Pager.tsx'
import { request } from '../ui/request.ts'
import { useMay, useMe } from '../ui/session.ts'
import { When } from '../ui/When.tsx'
import { useWords } from '../ui/words.ts'
import { SearchBox } from '../ui/SearchBox.tsx'

type Exception = Reply<typeof listExceptions>['rows'][number]
const codes = ['danger-to-self', 'danger-to-others', 'minor-abused', 'law'] as const

function See({ exception }: { exception: Exception }) {
  const { say } = useWords()
  const cache = useQueryClient()
  const seeing = useMutation({
    mutationFn: () => request(seeException, { params: { exceptionId: exception.exceptionId } }),
    onSettled: async () => {
      await cache.invalidateQueries({ queryKey: ['exceptions'] })
      await cache.invalidateQueries({ queryKey: ['crisis', exception.contactId] })
    },
  })
  return (
    <div className="stack">
      <button type="button" className="plain" disabled={seeing.isPending} onClick={() => seeing.mutate()}>
        {say('exception.markSeen')}
      </button>
      <Failure of={seeing.error} />
    </div>
  )
}

function Row({ exception }: { exception: Exception }) {
  const { say } = useWords()
  const me = useMe()
  const maySee = useMay('risk.lower') && exception.decidedBy !== me.displayName
  const told = exception.callerTold
    ? say('exception.callerTold')
    : say('exception.callerNotTold', { why: exception.notToldBecause })
  return (
    <li className="card task">
      <div className="stack">
        <div className="row">
          <span className="strong">{say(`exception.code.${exception.code}`)}</span>
          <span>{exception.recipient}</span>
          {exception.supervisor === null && <span className="tag tag-soon">! {say('exception.unseen')}</span>}
        </div>
        <div>
          {exception.data.map((kind) => sayOr(say, `exception.data.${kind}`, kind)).join(say('report.and'))}
          {exception.words !== '' && <span className="quiet"> · {exception.words}</span>}
        </div>
        <div className="quiet">
          {sayOr(say, `exception.basis.${exception.basis}`, exception.basis)} · {told}
        </div>
        <div className="quiet">
          <Link to="/contacts/$id" params={{ id: exception.contactId }}>
            {say('call.number', { number: exception.contactNumber })}
          </Link>{' '}
          · <When at={exception.at} /> · {exception.decidedBy}
          {exception.supervisor && (
            <>
              {' '}
              · {say('exception.seenBy', { person: exception.supervisor })}{' '}
              <When at={exception.supervisorSawAt} />
            </>
          )}
        </div>
      </div>
      {exception.supervisor === null && maySee && <See exception={exception} />}
    </li>
  )
}

/** Exceptions to confidentiality, newest first, and the supervisor's "seen". */
export function Exceptions() {
  const { say } = useWords()
  const [text, setText] = useState('')
  const [code, setCode] = useState<(typeof codes)[number] | undefined>(undefined)
  const [unseen, setUnseen] = useState(false)
  const [after, setAfter] = useState<string | undefined>(undefined)
  const { data, error, refetch } = useQuery({
    queryKey: ['exceptions', text, code, unseen, after],
    queryFn: () =>
      request(listExceptions, {
        query: {
          after,
          code,
          ...(unseen ? { unseen: 'yes' as const } : {}),
          ...(text === '' ? {} : { text }),
        },
      }),
    placeholderData: keepPreviousData,
  })
  const narrowed = text !== '' || code !== undefined || unseen
  return (
    <div className="stack">
      <div className="row">
        <SearchBox
          label={say('exception.search')}
          onSearch={(wanted) => {
            setText(wanted)
            setAfter(undefined)
          }}
        />
        <select
          className="box filter-box"
          aria-label={say('exception.code')}
          value={code ?? ''}
          onChange={(event) => {
            setCode(codes.find((each) => each === event.target.value))
            setAfter(undefined)
          }}
        >
          <option value="">{say('exception.allCodes')}</option>
          {codes.map((each) => (
            <option key={each} value={each}>
              {say(`exception.code.${each}`)}
            </option>
          ))}
        </select>
        <label className="row">
          <input
            type="checkbox"
            checked={unseen}
            onChange={(event) => {
              setUnseen(event.target.checked)
              setAfter(undefined)
            }}
          />
          {say('exception.onlyUnseen')}
        </label>
      </div>
      {error && !data && <FailedPart of={error} retry={() => void refetch()} />}
      {!data && !error && <Skeleton lines={6} />}
      {data?.rows.length === 0 && (
        <p className="empty card">{say(narrowed ? 'exception.emptyFiltered' : 'exception.empty')}</p>
      )}
      <ul className="cards">
        {data?.rows.map((exception) => (
          <Row key={exception.exceptionId} exception={exception} />
        ))}
      </ul>
      {data && <Pager after={after} next={data.next} go={setAfter} />}
    </div>
  )
}
