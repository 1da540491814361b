import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { listRegisters, type RegisterRow } from '../../api/registers.ts'
import { registerKinds } from '../../domain/register.ts'
import { FailedPart, Skeleton } from '../ui/Notice.tsx'
import { Pager } from '../ui/Pager.tsx'
import { request } from '../ui/request.ts'
import { SearchBox } from '../ui/SearchBox.tsx'
import { useMay } from '../ui/session.ts'
import { useNow, When } from '../ui/When.tsx'
import { useWords } from '../ui/words.ts'
import { OversightMenu } from './OversightMenu.tsx'
import { RegisterOpen } from './RegisterOpen.tsx'

const states = ['open', 'overdue', 'closed'] as const

/** How an entry stands, with a shape when its deadline has passed. */
export function RegisterState({ entry }: { entry: RegisterRow }) {
  const { say } = useWords()
  const now = useNow(60_000)
  if (entry.closedAt) return <span className="tag">✓ {say('register.state.closed')}</span>
  return Date.parse(entry.dueAt) < now ? (
    <span className="tag tag-danger">▲ {say('register.state.overdue')}</span>
  ) : (
    <span className="tag tag-soon">! {say('register.state.open')}</span>
  )
}

/** The small print of an entry: its register and number, who opened it, deadline or how long it is kept. */
export function RegisterFacts({ entry }: { entry: RegisterRow }) {
  const { say } = useWords()
  return (
    <div className="quiet">
      {say('register.number', { kind: say(`register.kind.${entry.kind}`), number: entry.number })}
      {entry.request && ` · ${say(`register.request.${entry.request}`)}`}
      {entry.contactNumber !== null && ` · ${say('call.number', { number: entry.contactNumber })}`} ·{' '}
      <When at={entry.openedAt} /> · {say('register.openedBy', { person: entry.openedBy })} ·{' '}
      {entry.keepUntil === null ? (
        <>
          {say('register.due')} <When at={entry.dueAt} />
        </>
      ) : (
        say('register.keepUntil', { day: entry.keepUntil })
      )}
    </div>
  )
}

interface Wish {
  kind?: (typeof registerKinds)[number] | undefined
  state?: (typeof states)[number] | undefined
  sort: 'due' | 'newest'
  text: string
}

function Tools({ wish, set }: { wish: Wish; set: (change: Partial<Wish>) => void }) {
  const { say } = useWords()
  const { kind, state, sort } = wish
  return (
    <div className="row">
      <SearchBox label={say('register.search')} onSearch={(text) => set({ text })} />
      <select
        className="box filter-box"
        aria-label={say('register.kind')}
        value={kind ?? ''}
        onChange={(event) => set({ kind: registerKinds.find((each) => each === event.target.value) })}
      >
        <option value="">
          {say('register.kind')}: {say('do.all')}
        </option>
        {registerKinds.map((each) => (
          <option key={each} value={each}>
            {say(`register.kind.${each}`)}
          </option>
        ))}
      </select>
      <select
        className="box filter-box"
        aria-label={say('register.state')}
        value={state ?? ''}
        onChange={(event) => set({ state: states.find((each) => each === event.target.value) })}
      >
        <option value="">
          {say('register.state')}: {say('do.all')}
        </option>
        {states.map((each) => (
          <option key={each} value={each}>
            {say(`register.state.${each}`)}
          </option>
        ))}
      </select>
      <button
        type="button"
        className="plain"
        onClick={() => set({ sort: sort === 'due' ? 'newest' : 'due' })}
      >
        {say(`register.sort.${sort}`)}
      </button>
    </div>
  )
}

/** Registers with deadlines: breaches, impact assessments, persons' requests. */
export function Registers() {
  const { say } = useWords()
  const works = useMay('register.work')
  const [wish, setWish] = useState<Wish>({ state: 'open', sort: 'due', text: '' })
  const [after, setAfter] = useState<string | undefined>(undefined)
  const [opening, setOpening] = useState(false)
  const { data, error, refetch } = useQuery({
    queryKey: ['registers', 'list', wish, after],
    queryFn: () => {
      const { text, ...others } = wish
      return request(listRegisters, { query: { ...others, after, ...(text === '' ? {} : { text }) } })
    },
    placeholderData: keepPreviousData,
  })
  const narrowed = wish.text !== '' || wish.kind !== undefined || wish.state !== 'open'
  const set = (change: Partial<Wish>): void => {
    setWish({ ...wish, ...change })
    setAfter(undefined)
  }
  return (
    <div className="stack">
      <OversightMenu />
      {works && !opening && (
        <div className="row">
          <button type="button" className="main-button" onClick={() => setOpening(true)}>
            {say('register.open')}
          </button>
        </div>
      )}
      {opening && <RegisterOpen onDone={() => setOpening(false)} />}
      <Tools wish={wish} set={set} />
      {error && !data && <FailedPart of={error} retry={() => void refetch()} />}
      {!data && !error && <Skeleton lines={6} />}
      {data?.rows.length === 0 && (
        <p className="empty card">{say(narrowed ? 'register.emptyFiltered' : 'register.empty')}</p>
      )}
      <ul className="cards">
        {data?.rows.map((entry) => (
          <li key={entry.entryId} className="card stack">
            <div className="row">
              <RegisterState entry={entry} />
              <Link to="/custody/registers/$id" params={{ id: entry.entryId }} className="strong">
                {entry.title}
              </Link>
            </div>
            <RegisterFacts entry={entry} />
          </li>
        ))}
      </ul>
      {data && <Pager after={after} next={data.next} go={setAfter} />}
    </div>
  )
}
