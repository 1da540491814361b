import { keepPreviousData, useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Link, useNavigate, useSearch } from '@tanstack/react-router'
import { useState } from 'react'
import { incidentKinds, listIncidents, openIncident, type IncidentRow } from '../../api/incidents.ts'
import { Field, OneOf, Text } from '../ui/form/Fields.tsx'
import { FailedPart, Failure, Skeleton } from '../ui/Notice.tsx'
import { Pager } from '../ui/Pager.tsx'
import { request } from '../ui/request.ts'
import { When } from '../ui/When.tsx'
import { useWords } from '../ui/words.ts'
import { Clusters } from './Clusters.tsx'
import { SearchBox } from '../ui/SearchBox.tsx'

type Kind = (typeof incidentKinds)[number]

function OpenPanel({ onDone }: { onDone: () => void }) {
  const { say } = useWords()
  const cache = useQueryClient()
  const navigate = useNavigate()
  const [kind, setKind] = useState<Kind | null>(null)
  const [title, setTitle] = useState('')
  const [words, setWords] = useState('')
  const opening = useMutation({
    mutationFn: (given: { kind: Kind; title: string; words: string }) =>
      request(openIncident, { body: given }),
    onSuccess: async (incident) => {
      await cache.invalidateQueries({ queryKey: ['incidents'] })
      await navigate({ to: '/incidents/$id', params: { id: incident.incidentId } })
    },
  })
  const whole = kind !== null && title.trim() !== '' && words.trim() !== ''
  return (
    <form
      className="card stack"
      onSubmit={(event) => {
        event.preventDefault()
        if (kind) opening.mutate({ kind, title: title.trim(), words: words.trim() })
      }}
    >
      <h2>{say('incident.open')}</h2>
      <p className="quiet">{say('incident.why')}</p>
      <Field name="incident-kind" label={say('incident.kind')}>
        <OneOf
          choices={incidentKinds.map((code) => ({ code, words: say(`incident.kind.${code}`) }))}
          value={kind}
          onChange={(code) => setKind(incidentKinds.find((each) => each === code) ?? null)}
        />
      </Field>
      <label>
        <span className="strong">{say('incident.name')}</span>{' '}
        <span className="hint">{say('incident.nameHint')}</span>
        <input
          className="box"
          maxLength={120}
          value={title}
          onChange={(event) => setTitle(event.target.value)}
        />
      </label>
      <Field name="incident-words" label={say('incident.first')}>
        <Text label={say('incident.first')} value={words} max={4000} rows={3} onChange={setWords} />
      </Field>
      <Failure of={opening.error} />
      <div className="row">
        <button type="submit" className="main-button" disabled={!whole || opening.isPending}>
          {say('incident.open')}
        </button>
        <button type="button" className="plain" onClick={onDone}>
          {say('do.cancel')}
        </button>
      </div>
    </form>
  )
}

/** An incident's state, with a shape while it is open. */
export function IncidentState({ of }: { of: IncidentRow['state'] }) {
  const { say } = useWords()
  return of === 'open' ? (
    <span className="tag tag-soon">! {say('incident.state.open')}</span>
  ) : (
    <span className="tag">✓ {say('incident.state.closed')}</span>
  )
}

function Row({ incident }: { incident: IncidentRow }) {
  const { say } = useWords()
  return (
    <li className="card incident-row">
      <div className="row">
        <IncidentState of={incident.state} />
        <Link to="/incidents/$id" params={{ id: incident.incidentId }} className="strong">
          {incident.title}
        </Link>
        <span className="quiet">{say(`incident.kind.${incident.kind}`)}</span>
      </div>
      <div className="quiet">
        {say('incident.number', { number: incident.number })} · <When at={incident.openedAt} /> ·{' '}
        {incident.openedBy && `${say('incident.openedBy', { person: incident.openedBy })} · `}
        {say('incident.entries', { n: incident.entries })} · {say('incident.last')}{' '}
        <When at={incident.lastAt} />
      </div>
    </li>
  )
}

const filters = { kind: incidentKinds, state: ['open', 'closed'], sort: ['newest', 'oldest'] } as const
type Filters = { -readonly [K in keyof typeof filters]?: (typeof filters)[K][number] }

/** What the address narrows the list by; anything else in it is ignored. */
function filtersOf(search: Record<string, unknown>): Filters {
  const found: Filters = {}
  const kind = filters.kind.find((each) => each === search['kind'])
  const state = filters.state.find((each) => each === search['state'])
  const sort = filters.sort.find((each) => each === search['sort'])
  if (kind) found.kind = kind
  if (state) found.state = state
  if (sort) found.sort = sort
  return found
}

function FilterBoxes({ chosen, go }: { chosen: Filters; go: (chosen: Filters) => void }) {
  const { say } = useWords()
  const box = (name: 'kind' | 'state', label: string): React.ReactNode => (
    <select
      className="box filter-box"
      aria-label={label}
      value={chosen[name] ?? ''}
      onChange={(event) => {
        const { [name]: _, ...others } = chosen
        go(filtersOf({ ...others, [name]: event.target.value }))
      }}
    >
      <option value="">
        {label}: {say('incident.any')}
      </option>
      {filters[name].map((each) => (
        <option key={each} value={each}>
          {name === 'kind'
            ? say(`incident.kind.${each as Kind}`)
            : say(`incident.state.${each as 'open' | 'closed'}`)}
        </option>
      ))}
    </select>
  )
  const oldest = chosen.sort === 'oldest'
  return (
    <>
      {box('kind', say('incident.kind'))}
      {box('state', say('contacts.state'))}
      <button
        type="button"
        className="plain"
        onClick={() => go({ ...chosen, sort: oldest ? 'newest' : 'oldest' })}
      >
        {say(oldest ? 'contacts.oldest' : 'contacts.newest')}{' '}
        <span aria-hidden="true">{oldest ? '↑' : '↓'}</span>
      </button>
    </>
  )
}

/** Incidents, with possible group crises on top when there are any. */
export function Incidents() {
  const { say } = useWords()
  const navigate = useNavigate()
  const search: Record<string, unknown> = useSearch({ strict: false })
  const chosen = filtersOf(search)
  const [text, setText] = useState('')
  const [after, setAfter] = useState<string | undefined>(undefined)
  const [opening, setOpening] = useState(false)
  const { data, error, refetch } = useQuery({
    queryKey: ['incidents', 'list', chosen, text, after],
    queryFn: () => request(listIncidents, { query: { ...chosen, after, ...(text === '' ? {} : { text }) } }),
    placeholderData: keepPreviousData,
  })
  const narrowed = text !== '' || chosen.kind !== undefined || chosen.state !== undefined
  return (
    <div className="stack tasks">
      <div className="spread">
        <h1>{say('incident.title')}</h1>
        {!opening && (
          <button type="button" className="main-button" onClick={() => setOpening(true)}>
            {say('incident.open')}
          </button>
        )}
      </div>
      {opening && <OpenPanel onDone={() => setOpening(false)} />}
      <Clusters />
      <div className="row">
        <SearchBox
          label={say('incident.search')}
          onSearch={(wanted) => {
            setText(wanted)
            setAfter(undefined)
          }}
        />
        <FilterBoxes
          chosen={chosen}
          go={(wanted) => {
            setAfter(undefined)
            void navigate({ to: '/incidents', search: wanted })
          }}
        />
      </div>
      {error && !data && <FailedPart of={error} retry={() => void refetch()} />}
      {!data && !error && <Skeleton lines={6} />}
      {data?.rows.length === 0 && (
        <p className="empty card">{say(narrowed ? 'incident.emptyFiltered' : 'incident.empty')}</p>
      )}
      <ul className="cards">
        {data?.rows.map((incident) => (
          <Row key={incident.incidentId} incident={incident} />
        ))}
      </ul>
      {data && <Pager after={after} next={data.next} go={setAfter} />}
    </div>
  )
}
