import './custody.css'
import './disclosure.css'
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { Link, useSearch } from '@tanstack/react-router'
import { useState } from 'react'
import { listDisclosures, type DisclosureRow } from '../../api/disclosure.ts'
import { disclosurePurposes, disclosureStates } from '../../domain/disclosure.ts'
import { FailedPart, Skeleton } from '../ui/Notice.tsx'
import { Pager } from '../ui/Pager.tsx'
import { request } from '../ui/request.ts'
import { SearchBox } from '../ui/SearchBox.tsx'
import { useMay } from '../ui/session.ts'
import { When } from '../ui/When.tsx'
import { useWords } from '../ui/words.ts'
import { AskDisclosure } from './AskDisclosure.tsx'
import { Receivers } from './Receivers.tsx'

/** How far a disclosure is; what still waits for somebody has a mark besides its colour. */
export function DisclosureMark({ of }: { of: DisclosureRow['state'] }) {
  const { say } = useWords()
  const waits = of === 'asked' || of === 'approved' || of === 'packaged' || of === 'handed-over'
  return (
    <span className={waits ? 'tag tag-soon' : 'tag'}>
      {waits ? '! ' : of === 'received' ? '✓ ' : ''}
      {say(`disclosure.state.${of}`)}
    </span>
  )
}

function Row({ row }: { row: DisclosureRow }) {
  const { say } = useWords()
  return (
    <li className="card stack">
      <div className="row">
        <DisclosureMark of={row.state} />
        <Link to="/custody/disclosures/$id" params={{ id: row.disclosureId }} className="strong">
          {say('disclosure.number', { number: row.number })} · {row.receiver}
        </Link>
      </div>
      <div>
        {say(`disclosure.purpose.${row.purpose}`)} · {say(`disclosure.basis.${row.basis}`)} ·{' '}
        {say('disclosure.of', { n: row.contacts })}
      </div>
      <div className="quiet">
        {say('disclosure.askedBy', { person: row.askedBy })} <When at={row.askedAt} />
        {row.decidedBy !== null && ` · ${say('disclosure.decidedBy', { person: row.decidedBy })}`}
      </div>
    </li>
  )
}

interface Narrowing {
  text: string
  state: (typeof disclosureStates)[number] | undefined
  purpose: (typeof disclosurePurposes)[number] | undefined
  sort: 'newest' | 'oldest'
}

function Filters({ of, go }: { of: Narrowing; go: (part: Partial<Narrowing>) => void }) {
  const { say } = useWords()
  return (
    <>
      <SearchBox label={say('disclosure.search')} onSearch={(text) => go({ text })} />
      <select
        className="box filter-box"
        aria-label={say('disclosure.state')}
        value={of.state ?? ''}
        onChange={({ target }) => go({ state: disclosureStates.find((each) => each === target.value) })}
      >
        <option value="">
          {say('disclosure.state')}: {say('disclosure.any')}
        </option>
        {disclosureStates.map((each) => (
          <option key={each} value={each}>
            {say(`disclosure.state.${each}`)}
          </option>
        ))}
      </select>
      <select
        className="box filter-box"
        aria-label={say('disclosure.purpose')}
        value={of.purpose ?? ''}
        onChange={({ target }) => go({ purpose: disclosurePurposes.find((each) => each === target.value) })}
      >
        <option value="">
          {say('disclosure.purpose')}: {say('disclosure.any')}
        </option>
        {disclosurePurposes.map((each) => (
          <option key={each} value={each}>
            {say(`disclosure.purpose.${each}`)}
          </option>
        ))}
      </select>
      <button
        type="button"
        className="plain"
        onClick={() => go({ sort: of.sort === 'newest' ? 'oldest' : 'newest' })}
      >
        {say(`contacts.${of.sort}`)} <span aria-hidden="true">{of.sort === 'oldest' ? '↑' : '↓'}</span>
      </button>
    </>
  )
}

function Register() {
  const { say } = useWords()
  const mayAsk = useMay('disclosure.ask')
  const [wanted, setWanted] = useState<Narrowing>({
    text: '',
    state: undefined,
    purpose: undefined,
    sort: 'newest',
  })
  const [after, setAfter] = useState<string | undefined>(undefined)
  const [asking, setAsking] = useState(false)
  const { data, error, refetch } = useQuery({
    queryKey: ['disclosures', 'register', wanted, after],
    queryFn: () => request(listDisclosures, { query: { ...wanted, text: wanted.text || undefined, after } }),
    placeholderData: keepPreviousData,
  })
  const narrowed = wanted.text !== '' || wanted.state !== undefined || wanted.purpose !== undefined
  return (
    <div className="stack">
      {mayAsk && !asking && (
        <div className="row">
          <button type="button" className="main-button" onClick={() => setAsking(true)}>
            {say('disclosure.ask')}
          </button>
        </div>
      )}
      {asking && <AskDisclosure onDone={() => setAsking(false)} />}
      <div className="row">
        <Filters
          of={wanted}
          go={(part) => {
            setWanted({ ...wanted, ...part })
            setAfter(undefined)
          }}
        />
      </div>
      {error && !data && <FailedPart of={error} retry={() => void refetch()} />}
      {!data && !error && <Skeleton lines={6} />}
      {data?.rows.length === 0 && (
        <p className="empty card">{say(narrowed ? 'disclosure.emptyFiltered' : 'disclosure.empty')}</p>
      )}
      <ul className="cards">
        {data?.rows.map((row) => (
          <Row key={row.disclosureId} row={row} />
        ))}
      </ul>
      {data && <Pager after={after} next={data.next} go={setAfter} />}
    </div>
  )
}

/** The register of disclosures and the receivers they go to. */
export function Disclosures() {
  const { say } = useWords()
  const search: { part?: unknown } = useSearch({ strict: false })
  const part = search.part === 'receivers' ? 'receivers' : 'register'
  return (
    <div className="stack">
      <h1>{say('disclosure.title')}</h1>
      <p className="quiet">{say('disclosure.why')}</p>
      <nav className="custody-menu" aria-label={say('disclosure.title')}>
        {(['register', 'receivers'] as const).map((each) => (
          <Link
            key={each}
            to="/custody/disclosures"
            search={each === 'register' ? {} : { part: each }}
            aria-current={each === part ? 'page' : undefined}
          >
            {say(`disclosure.part.${each}`)}
          </Link>
        ))}
      </nav>
      {part === 'receivers' ? <Receivers /> : <Register />}
    </div>
  )
}
