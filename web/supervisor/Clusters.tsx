import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { clusterDecisions, decideCluster, listClusters, type ClusterRow } from '../../api/incidents.ts'
import { problemTypes } from '../../domain/problem-type.ts'
import { placeOf, placeWords } from '../../domain/region.ts'
import { OneOf } from '../ui/form/Fields.tsx'
import { FailedPart, Failure } from '../ui/Notice.tsx'
import { Pager } from '../ui/Pager.tsx'
import { request } from '../ui/request.ts'
import { useMay } from '../ui/session.ts'
import { useWords, type Say } from '../ui/words.ts'
import type { Language } from '../ui/time.ts'

/** What stands out, in one sentence. */
function clusterWords(cluster: ClusterRow, say: Say, language: Language): string {
  const topic = problemTypes.find((each) => each.code === cluster.topic)
  return say('cluster.what', {
    area: placeOf(cluster.area) ? placeWords(cluster.area, language) : cluster.area,
    topic: topic ? (language === 'en' ? topic.en : topic.zh) : cluster.topic,
    week: cluster.week,
    count: cluster.count,
    expected: Math.round(cluster.expected * 10) / 10,
  })
}

function Contacts({ cluster }: { cluster: ClusterRow }) {
  const { say } = useWords()
  const mayOpen = useMay('contact.all')
  return (
    <details>
      <summary>{say('cluster.contacts', { n: cluster.contacts.length })}</summary>
      <span className="row">
        {cluster.contacts.map((contact) =>
          mayOpen ? (
            <Link
              key={contact.contactId}
              to="/contacts/$id"
              params={{ id: contact.contactId }}
              className="number"
            >
              {contact.number}
            </Link>
          ) : (
            <span key={contact.contactId} className="number">
              {contact.number}
            </span>
          ),
        )}
      </span>
    </details>
  )
}

type Decision = (typeof clusterDecisions)[number]

function Judge({ cluster }: { cluster: ClusterRow }) {
  const { say } = useWords()
  const cache = useQueryClient()
  const [decision, setDecision] = useState<Decision | null>(null)
  const [reason, setReason] = useState('')
  const judging = useMutation({
    mutationFn: (given: { decision: Decision; reason: string }) =>
      request(decideCluster, { params: { clusterId: cluster.clusterId }, body: given }),
    onSuccess: () => {
      setDecision(null)
      setReason('')
    },
    onSettled: () => cache.invalidateQueries({ queryKey: ['incidents'] }),
  })
  return (
    <form
      className="stack"
      onSubmit={(event) => {
        event.preventDefault()
        if (decision) judging.mutate({ decision, reason: reason.trim() })
      }}
    >
      <OneOf
        choices={clusterDecisions
          .filter((each) => each !== cluster.decision)
          .map((code) => ({ code, words: say(`cluster.decision.${code}`) }))}
        value={decision}
        onChange={(code) => setDecision(clusterDecisions.find((each) => each === code) ?? null)}
      />
      {decision !== null && (
        <>
          <input
            className="box"
            autoFocus
            maxLength={1000}
            value={reason}
            aria-label={say('cluster.reason')}
            placeholder={say('cluster.reason')}
            onChange={(event) => setReason(event.target.value)}
          />
          {decision === 'group-crisis' && <p className="quiet">{say('cluster.opensIncident')}</p>}
          <div className="row">
            <button
              type="submit"
              className="main-button"
              disabled={reason.trim() === '' || judging.isPending}
            >
              {say('cluster.save')}
            </button>
          </div>
        </>
      )}
      <Failure of={judging.error} />
    </form>
  )
}

function Open({ cluster }: { cluster: ClusterRow }) {
  const { say, language } = useWords()
  return (
    <li className="stack cluster">
      <span className="strong">{clusterWords(cluster, say, language)}</span>
      {cluster.decision === 'watch' && (
        <span className="quiet">
          {say('cluster.watched', { person: cluster.decidedBy ?? '', reason: cluster.reason })}
        </span>
      )}
      <Contacts cluster={cluster} />
      <Judge cluster={cluster} />
    </li>
  )
}

function Judged() {
  const { say, language } = useWords()
  const [after, setAfter] = useState<string | undefined>(undefined)
  const { data, error, refetch } = useQuery({
    queryKey: ['incidents', 'clusters', 'judged', after],
    queryFn: () => request(listClusters, { query: { open: 'no', after } }),
  })
  if (error && !data) return <FailedPart of={error} retry={() => void refetch()} />
  if (data?.rows.length === 0) return <p className="quiet">{say('cluster.none')}</p>
  return (
    <>
      <ul className="cards">
        {data?.rows.map((cluster) => (
          <li key={cluster.clusterId}>
            <div>{clusterWords(cluster, say, language)}</div>
            <div className="quiet">
              {cluster.decision &&
                say('cluster.judgedBy', {
                  person: cluster.decidedBy ?? '',
                  decision: say(`cluster.decision.${cluster.decision}`),
                  reason: cluster.reason,
                })}{' '}
              {cluster.incidentId && (
                <Link to="/incidents/$id" params={{ id: cluster.incidentId }}>
                  {say('cluster.toIncident')}
                </Link>
              )}
            </div>
          </li>
        ))}
      </ul>
      {data && <Pager after={after} next={data.next} go={setAfter} />}
    </>
  )
}

/** Clusters that a person still has to judge or watches, on top when there are any; the judged ones folded. */
export function Clusters() {
  const { say } = useWords()
  const [judged, setJudged] = useState(false)
  const [after, setAfter] = useState<string | undefined>(undefined)
  const { data } = useQuery({
    queryKey: ['incidents', 'clusters', 'open', after],
    queryFn: () => request(listClusters, { query: { open: 'yes', after } }),
  })
  const some = data !== undefined && data.rows.length > 0
  return (
    <section className={`stack ${some ? 'card clusters' : ''}`} aria-label={say('cluster.title')}>
      {some && (
        <>
          <h2>
            <span aria-hidden="true">! </span>
            {say('cluster.title')}
          </h2>
          <p className="quiet">{say('cluster.rule')}</p>
          <ul className="cards">
            {data.rows.map((cluster) => (
              <Open key={cluster.clusterId} cluster={cluster} />
            ))}
          </ul>
          <Pager after={after} next={data.next} go={setAfter} />
        </>
      )}
      <div className="row">
        <button
          type="button"
          className="quiet-button"
          aria-expanded={judged}
          onClick={() => setJudged(!judged)}
        >
          {say('cluster.title')} · {say('cluster.judged')}
        </button>
      </div>
      {judged && <Judged />}
    </section>
  )
}
