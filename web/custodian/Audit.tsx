import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import Table, { type ColumnsType } from 'antd/es/table'
import { useState } from 'react'
import { listAudit, type AuditRow } from '../../api/oversight.ts'
import { sayOr } from '../ui/catalogue.ts'
import { FailedPart, Skeleton } from '../ui/Notice.tsx'
import { Pager } from '../ui/Pager.tsx'
import { request } from '../ui/request.ts'
import { SearchBox } from '../ui/SearchBox.tsx'
import { useMay, useZone } from '../ui/session.ts'
import { instantOf } from '../ui/time.ts'
import { When } from '../ui/When.tsx'
import { useWords } from '../ui/words.ts'
import { AuditDetails } from './AuditDetails.tsx'
import { OversightMenu } from './OversightMenu.tsx'

const dayMs = 86_400_000

const groups = [
  'session.',
  'person.',
  'contact.',
  'form.',
  'recording.',
  'line.',
  'hotline.',
  'disclosure.',
  'resource.',
  'glass.',
  'register.',
  'consent.',
  'disposal.',
  'keys.',
  'backup.',
] as const

interface Wish {
  text?: string
  action?: (typeof groups)[number]
  person?: { personId: string; name: string }
  contactNumber?: number
  /** Days of the hotline, both included. */
  from?: string
  to?: string
  sort: 'newest' | 'oldest'
}

function useColumns(onlyPerson: (person: { personId: string; name: string }) => void): ColumnsType<AuditRow> {
  const { say } = useWords()
  const access = useMay('access.see')
  return [
    { title: '#', className: 'number', dataIndex: 'seq' },
    { title: say('audit.when'), render: (_, row) => <When at={row.at} /> },
    {
      title: say('audit.who'),
      render: (_, { personId, person }) =>
        personId && person ? (
          <button
            type="button"
            className="quiet-button"
            onClick={() => onlyPerson({ personId, name: person })}
          >
            {person}
          </button>
        ) : (
          <span className="quiet">{say('audit.system')}</span>
        ),
    },
    { title: say('audit.what'), render: (_, { action }) => sayOr(say, `access.${action}`, action) },
    {
      title: say('audit.contact'),
      className: 'number',
      render: (_, { contactNumber }) =>
        contactNumber !== null && access ? (
          <Link to="/custody/access" search={{ number: String(contactNumber) }}>
            {contactNumber}
          </Link>
        ) : (
          contactNumber
        ),
    },
    { title: say('audit.details'), render: (_, row) => <AuditDetails data={row.data} /> },
  ]
}

/** The first or the last day that is looked at. */
function Day({ label, value, onChange }: { label: string; value: string; onChange: (day: string) => void }) {
  return (
    <label className="row">
      <span className="quiet">{label}</span>
      <input
        type="date"
        className="box filter-box"
        value={value}
        onChange={(event) => onChange(event.target.value)}
      />
    </label>
  )
}

function Tools({ wish, set }: { wish: Wish; set: (change: Wish) => void }) {
  const { say } = useWords()
  const { action: _, ...anyAction } = wish
  const { person, ...anybody } = wish
  const { from, ...anyStart } = wish
  const { to, ...anyEnd } = wish
  const oldest = wish.sort === 'oldest'
  return (
    <div className="row">
      <SearchBox
        label={say('audit.search')}
        onSearch={(text) => {
          const { text: __, ...others } = wish
          set(text === '' ? others : { ...others, text })
        }}
      />
      <SearchBox
        label={say('audit.number')}
        onSearch={(text) => {
          const { contactNumber: __, ...others } = wish
          const number = Number(text.replace(/\D/g, '').slice(0, 12))
          set(number > 0 ? { ...others, contactNumber: number } : others)
        }}
      />
      <select
        className="box filter-box"
        aria-label={say('audit.action')}
        value={wish.action ?? ''}
        onChange={(event) => {
          const action = groups.find((each) => each === event.target.value)
          set(action ? { ...wish, action } : anyAction)
        }}
      >
        <option value="">
          {say('audit.action')}: {say('audit.any')}
        </option>
        {groups.map((each) => (
          <option key={each} value={each}>
            {say(`audit.group.${each}`)}
          </option>
        ))}
      </select>
      <Day
        label={say('audit.from')}
        value={from ?? ''}
        onChange={(day) => set(day === '' ? anyStart : { ...wish, from: day })}
      />
      <Day
        label={say('audit.to')}
        value={to ?? ''}
        onChange={(day) => set(day === '' ? anyEnd : { ...wish, to: day })}
      />
      <button
        type="button"
        className="plain"
        onClick={() => set({ ...wish, sort: oldest ? 'newest' : 'oldest' })}
      >
        {say(oldest ? 'contacts.oldest' : 'contacts.newest')}{' '}
        <span aria-hidden="true">{oldest ? '↑' : '↓'}</span>
      </button>
      {person && (
        <button type="button" className="plain" onClick={() => set(anybody)}>
          {say('audit.onlyPerson', { person: person.name })} ✕
        </button>
      )}
    </div>
  )
}

/** The audit chain: who did what, narrowed by person, action and contact. */
export function Audit() {
  const { say } = useWords()
  const [wish, setWish] = useState<Wish>({ sort: 'newest' })
  const [after, setAfter] = useState<string | undefined>(undefined)
  const set = (change: Wish): void => {
    setWish(change)
    setAfter(undefined)
  }
  const columns = useColumns((person) => set({ ...wish, person }))
  const zone = useZone()
  const { person, from, to, ...plain } = wish
  const { data, error, refetch } = useQuery({
    queryKey: ['audit', wish, after],
    queryFn: () =>
      request(listAudit, {
        query: {
          ...plain,
          personId: person?.personId,
          from: from && new Date(instantOf(from, '00:00', zone)).toISOString(),
          to: to && new Date(instantOf(to, '00:00', zone) + dayMs).toISOString(),
          after,
        },
      }),
    placeholderData: keepPreviousData,
    // Every reading is on the chain itself: not again at each look at the window.
    refetchOnWindowFocus: false,
  })
  const narrowed = Object.keys(wish).length > 1
  return (
    <div className="stack">
      <OversightMenu />
      <p className="quiet">{say('audit.why')}</p>
      <Tools wish={wish} set={set} />
      {error && !data && <FailedPart of={error} retry={() => void refetch()} />}
      {!data && !error && <Skeleton lines={8} />}
      {data?.rows.length === 0 && (
        <p className="empty card">{say(narrowed ? 'audit.emptyFiltered' : 'audit.empty')}</p>
      )}
      {data && data.rows.length > 0 && (
        <Table<AuditRow>
          size="small"
          rowKey="seq"
          columns={columns}
          dataSource={data.rows}
          pagination={false}
          scroll={{ x: 'max-content' }}
        />
      )}
      {data && <Pager after={after} next={data.next} go={setAfter} />}
    </div>
  )
}
