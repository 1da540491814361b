import './caller.css'
import { keepPreviousData, useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Link, useNavigate, useSearch } from '@tanstack/react-router'
import { useState } from 'react'
import { z } from 'zod'
import { changeFrequentRule, listCallers, readFrequentRule, type CallerRow } from '../../api/callers.ts'
import { Failure, FailedPart, Skeleton } from '../ui/Notice.tsx'
import { Pager } from '../ui/Pager.tsx'
import { request } from '../ui/request.ts'
import { When } from '../ui/When.tsx'
import { useWords, type Say } from '../ui/words.ts'
import { Risk } from './Contacts.tsx'

const filters = z.object({
  text: z.string().max(20).optional().catch(undefined),
  only: z.enum(['review', 'frequent', 'alerts']).optional().catch(undefined),
  after: z.uuid().optional().catch(undefined),
})
type Filters = z.infer<typeof filters>

function Row({ caller }: { caller: CallerRow }) {
  const { say } = useWords()
  return (
    <li className="card caller-row">
      <div className="spread">
        <Link to="/callers/$id" params={{ id: caller.profileId }} className="number strong">
          {caller.pseudonym}
        </Link>
        {caller.highest && <Risk of={caller.highest} />}
      </div>
      <div>
        {say('caller.contacts', { n: caller.contacts })} · {say('caller.last')} <When at={caller.lastAt} />
      </div>
      <div className="row">
        {caller.frequent && (
          <span className="tag tag-soon">! {say('caller.frequentShort', caller.frequent)}</span>
        )}
        {caller.reviewDue > 0 && <span className="tag tag-soon">! {say('alert.standing.review')}</span>}
        {caller.hasPlan && <span className="tag">{say('alert.kind.agreed-plan')}</span>}
        {caller.alerts > 0 && (
          <span className="quiet">
            {say('alert.title')} {caller.alerts}
            {caller.nextReview && (
              <>
                {' '}
                · {say('callers.nextReview')} <When at={caller.nextReview} />
              </>
            )}
          </span>
        )}
      </div>
    </li>
  )
}

/** From how many contacts in how many days a caller counts as frequent. */
function Rule() {
  const { say } = useWords()
  const cache = useQueryClient()
  const { data } = useQuery({
    queryKey: ['callers', 'rule'],
    queryFn: () => request(readFrequentRule, {}),
  })
  const [typed, setTyped] = useState<{ contacts: string; days: string } | null>(null)
  const saving = useMutation({
    mutationFn: (body: { contacts: number; days: number }) => request(changeFrequentRule, { body }),
    onSuccess: async () => {
      await cache.invalidateQueries({ queryKey: ['callers'] })
      setTyped(null)
    },
  })
  if (!data) return null
  const shown = typed ?? { contacts: String(data.contacts), days: String(data.days) }
  return (
    <details className="card">
      <summary>
        {say('alert.fact', { what: say('callers.rule'), is: say('caller.frequentShort', data) })}
      </summary>
      <form
        className="row"
        onSubmit={(event) => {
          event.preventDefault()
          saving.mutate({ contacts: Number(shown.contacts), days: Number(shown.days) })
        }}
      >
        <label>
          <span className="quiet">{say('callers.ruleContacts')}</span>
          <input
            className="box"
            type="number"
            min={2}
            max={1000}
            required
            value={shown.contacts}
            onChange={(event) => setTyped({ ...shown, contacts: event.target.value })}
          />
        </label>
        <label>
          <span className="quiet">{say('callers.ruleDays')}</span>
          <input
            className="box"
            type="number"
            min={1}
            max={365}
            required
            value={shown.days}
            onChange={(event) => setTyped({ ...shown, days: event.target.value })}
          />
        </label>
        <button type="submit" className="plain" disabled={typed === null || saving.isPending}>
          {say('callers.ruleSave')}
        </button>
      </form>
      <Failure of={saving.error} />
    </details>
  )
}

const onlyWords = (only: NonNullable<Filters['only']>, review: number, say: Say): string =>
  only === 'review' ? say('callers.review', { n: review }) : say(`callers.${only}`)

/** Callers by pseudonym, who came last first; what is to be reviewed and who comes often. */
export function Callers() {
  const { say } = useWords()
  const navigate = useNavigate()
  const wanted = filters.parse(useSearch({ strict: false }))
  const { data, error, refetch } = useQuery({
    queryKey: ['callers', 'list', wanted],
    queryFn: () => request(listCallers, { query: { ...wanted, limit: 50 } }),
    placeholderData: keepPreviousData,
  })
  const go = (search: Filters): void => void navigate({ to: '/callers', search })
  return (
    <div className="stack">
      <h1>{say('callers.title')}</h1>
      <div className="row">
        <input
          className="box callers-search"
          type="search"
          aria-label={say('callers.search')}
          placeholder={say('callers.search')}
          maxLength={20}
          defaultValue={wanted.text ?? ''}
          onChange={(event) => go({ only: wanted.only, text: event.target.value.trim() || undefined })}
        />
        {([undefined, 'review', 'frequent', 'alerts'] as const).map((only) => (
          <button
            key={only ?? 'all'}
            type="button"
            className="plain toggle"
            aria-pressed={wanted.only === only}
            onClick={() => go({ text: wanted.text, only })}
          >
            {only === undefined ? say('callers.all') : onlyWords(only, data?.review ?? 0, say)}
          </button>
        ))}
      </div>
      {!data && (error ? <FailedPart of={error} retry={() => void refetch()} /> : <Skeleton lines={6} />)}
      {data?.rows.length === 0 && (
        <p className="empty card">
          {say(wanted.text || wanted.only ? 'callers.emptyFiltered' : 'callers.empty')}
        </p>
      )}
      <ul className="cards">
        {data?.rows.map((caller) => (
          <Row key={caller.profileId} caller={caller} />
        ))}
      </ul>
      {data && <Pager after={wanted.after} next={data.next} go={(after) => go({ ...wanted, after })} />}
      <Rule />
    </div>
  )
}
