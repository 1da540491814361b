import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { Link, useNavigate, useSearch } from '@tanstack/react-router'
import Table, { type ColumnsType } from 'antd/es/table'
import { useState } from 'react'
import { listContacts, type ContactRow } from '../../api/contacts.ts'
import { FailedPart, Skeleton } from '../ui/Notice.tsx'
import { Pager } from '../ui/Pager.tsx'
import { request } from '../ui/request.ts'
import { useMay, useZone } from '../ui/session.ts'
import { useNarrow } from '../ui/use-narrow.ts'
import { Length, When } from '../ui/When.tsx'
import { useWords } from '../ui/words.ts'
import { BreakGlass } from './BreakGlass.tsx'
import { ContactFilterBar, riskWords } from './ContactFilterBar.tsx'
import { classWords, isOther } from './contact-class.ts'
import { contactFilters, isNarrowed, queryOf, type ContactFilters } from './contact-filters.ts'

/** A risk level in its word, with a shape where it wants attention. */
export function Risk({ of }: { of: ContactRow['risk'] }) {
  const { say } = useWords()
  if (of === null) return <span className="quiet">{say('form.risk.unassessed')}</span>
  if (of === 'danger-key' || of === 'acute')
    return <span className="tag tag-danger">▲ {say(riskWords(of))}</span>
  if (of === 'high') return <span className="tag tag-soon">! {say(riskWords(of))}</span>
  return <span>{say(riskWords(of))}</span>
}

const talkMs = (row: ContactRow): number | null =>
  row.answeredAt && row.endedAt ? Date.parse(row.endedAt) - Date.parse(row.answeredAt) : null

function useColumns(sort: ContactFilters['sort'], onSort: () => void): ColumnsType<ContactRow> {
  const { say } = useWords()
  const mayNumber = useMay('contact.number')
  const columns: ColumnsType<ContactRow> = [
    {
      title: say('contacts.number'),
      key: 'number',
      width: 84,
      render: (_, row) => (
        <Link to="/contacts/$id" params={{ id: row.contactId }} className="number">
          {row.number}
        </Link>
      ),
    },
    {
      title: (
        <button type="button" className="sort" onClick={onSort} aria-label={say('contacts.sort')}>
          {say('contacts.startedAt')} <span aria-hidden="true">{sort === 'oldest' ? '↑' : '↓'}</span>
        </button>
      ),
      key: 'startedAt',
      width: 160,
      render: (_, row) => <When at={row.startedAt} />,
    },
    { title: say('contacts.line'), key: 'line', render: (_, row) => row.lineName },
    { title: say('contacts.risk'), key: 'risk', width: 130, render: (_, row) => <Risk of={row.risk} /> },
    {
      title: say('contacts.state'),
      key: 'state',
      render: (_, row) => (
        <>
          {say(`contactState.${row.state}`)}
          {row.outcome && <span className="quiet"> · {say(`outcome.${row.outcome}`)}</span>}
          {isOther(row) && <span className="quiet"> · {say(classWords(row.class))}</span>}
        </>
      ),
    },
    {
      title: say('contacts.length'),
      key: 'length',
      width: 110,
      render: (_, row) => <Length ms={talkMs(row)} />,
    },
    {
      title: say('contacts.counsellor'),
      key: 'counsellor',
      render: (_, row) => row.counsellor ?? <span className="quiet">{say('time.none')}</span>,
    },
    {
      title: say('contacts.channel'),
      key: 'channel',
      render: (_, row) => say(`call.channel.${row.channel}`),
    },
    {
      title: say('contacts.consent'),
      key: 'consent',
      render: (_, row) =>
        row.recorded ? `● ${say('contacts.recorded')}` : <span className="quiet">{say('do.no')}</span>,
    },
  ]
  if (mayNumber)
    columns.splice(3, 0, {
      title: say('contacts.caller'),
      key: 'caller',
      render: (_, row) => <span className="number">{row.callerNumber ?? say('time.none')}</span>,
    })
  return columns
}

function Cards({ rows }: { rows: ContactRow[] }) {
  const { say } = useWords()
  return (
    <ul className="cards">
      {rows.map((row) => (
        <li key={row.contactId} className="card">
          <div className="spread">
            <Link to="/contacts/$id" params={{ id: row.contactId }} className="number strong">
              {say('call.number', { number: row.number })}
            </Link>
            <Risk of={row.risk} />
          </div>
          <div>
            <When at={row.startedAt} /> · {row.lineName}
          </div>
          <div className="quiet">
            {say(`contactState.${row.state}`)}
            {row.outcome && ` · ${say(`outcome.${row.outcome}`)}`}
            {isOther(row) && ` · ${say(classWords(row.class))}`}
            {row.counsellor && ` · ${row.counsellor}`}
          </div>
        </li>
      ))}
    </ul>
  )
}

function Rows({
  rows,
  filters,
  stale,
  set,
}: {
  rows: ContactRow[]
  filters: ContactFilters
  stale: boolean
  set: (change: Partial<ContactFilters>) => void
}) {
  const { say } = useWords()
  const narrow = useNarrow()
  const columns = useColumns(filters.sort, () =>
    set({ sort: filters.sort === 'oldest' ? undefined : 'oldest' }),
  )
  const empty = say(isNarrowed(filters) ? 'contacts.emptyFiltered' : 'contacts.empty')
  if (rows.length === 0) return <p className="empty card">{empty}</p>
  if (narrow) return <Cards rows={rows} />
  return (
    <Table
      size="small"
      rowKey="contactId"
      columns={columns}
      dataSource={rows}
      pagination={false}
      scroll={{ x: 'max-content' }}
      loading={stale}
    />
  )
}

/** The list of contacts: search, filters in the address, paging by key. */
export function Contacts() {
  const { say } = useWords()
  const zone = useZone()
  const [cleared, setCleared] = useState(0)
  const mayEnter = useMay('contact.byHand')
  const mayBreak = useMay('glass.break')
  const navigate = useNavigate()
  const filters = contactFilters.parse(useSearch({ strict: false }))
  const { data, error, refetch, isPlaceholderData } = useQuery({
    queryKey: ['contacts', filters],
    queryFn: () => request(listContacts, { query: queryOf(filters, zone) }),
    placeholderData: keepPreviousData,
  })
  const go = (search: ContactFilters): void => void navigate({ to: '/contacts', search })
  const set = (change: Partial<ContactFilters>): void => {
    go({ ...filters, after: undefined, ...change })
  }
  return (
    <div className="stack">
      <div className="spread">
        <h1>{say('contacts.title')}</h1>
        {mayEnter && <Link to="/contacts/new">{say('contacts.enter')}</Link>}
      </div>
      <ContactFilterBar
        key={cleared}
        filters={filters}
        set={set}
        clear={() => {
          setCleared(cleared + 1)
          go({})
        }}
      />
      {!data && (error ? <FailedPart of={error} retry={() => void refetch()} /> : <Skeleton lines={9} />)}
      {data && <Rows rows={data.rows} filters={filters} stale={isPlaceholderData} set={set} />}
      {data && <Pager after={filters.after} next={data.next} go={(after) => go({ ...filters, after })} />}
      {mayBreak && <BreakGlass />}
    </div>
  )
}
