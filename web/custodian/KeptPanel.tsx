import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useId, useState } from 'react'
import type { Reply } from '../../api/endpoint.ts'
import { decideKeeping, readKept, withdrawForCaller } from '../../api/retention.ts'
import { keepingAfter, retentionDecisions, type RetentionDecision } from '../../domain/retention.ts'
import { ConsentHistory, ConsentStanding, TakeBack } from '../ui/ConsentStanding.tsx'
import { FailedPart, Failure, Skeleton } from '../ui/Notice.tsx'
import { request } from '../ui/request.ts'
import { When } from '../ui/When.tsx'
import { useWords } from '../ui/words.ts'

type Kept = Reply<typeof readKept>

/** What may be decided about it as it stands; none of these shortens anything. */
const possible = (kept: Kept): RetentionDecision[] =>
  retentionDecisions.filter((kind) => keepingAfter({ ...kept, disposed: kept.disposedAt !== null }, kind))

function Decide({ kept }: { kept: Kept }) {
  const { say } = useWords()
  const cache = useQueryClient()
  const label = useId()
  const kinds = possible(kept)
  const [wanted, setWanted] = useState<RetentionDecision | null>(null)
  const [reason, setReason] = useState('')
  const kind = kinds.find((each) => each === wanted) ?? kinds[0]
  const deciding = useMutation({
    mutationFn: (chosen: RetentionDecision) =>
      request(decideKeeping, { params: { contactId: kept.contactId }, body: { kind: chosen, reason } }),
    onSuccess: () => setReason(''),
    onSettled: () => cache.invalidateQueries({ queryKey: ['custody'] }),
  })
  if (kind === undefined) return null
  return (
    <form
      className="stack"
      onSubmit={(event) => {
        event.preventDefault()
        deciding.mutate(kind)
      }}
    >
      <div className="row">
        <select
          className="box custody-decision"
          aria-label={say('custody.decide')}
          value={kind}
          onChange={(event) => setWanted(kinds.find((each) => each === event.target.value) ?? null)}
        >
          {kinds.map((each) => (
            <option key={each} value={each}>
              {say(`custody.kind.${each}`)}
            </option>
          ))}
        </select>
      </div>
      <label htmlFor={label}>{say('custody.reason')}</label>
      <textarea
        id={label}
        className="box"
        rows={2}
        maxLength={1000}
        required
        value={reason}
        onChange={(event) => setReason(event.target.value)}
      />
      <div className="row">
        <button type="submit" className="main-button" disabled={reason.trim() === '' || deciding.isPending}>
          {say('custody.save')}
        </button>
      </div>
      <Failure of={deciding.error} />
    </form>
  )
}

function Decisions({ kept }: { kept: Kept }) {
  const { say } = useWords()
  return (
    <div className="stack">
      <h3>{say('custody.decisions')}</h3>
      {kept.decisions.length === 0 && <p className="quiet">{say('custody.decisionsNone')}</p>}
      <ol className="timeline">
        {kept.decisions.map((decision) => (
          <li key={decision.decisionId}>
            <When at={decision.at} />
            <span>
              {say(`custody.did.${decision.kind}`)} · {decision.reason}{' '}
              <span className="quiet">· {decision.decidedBy}</span>
            </span>
          </li>
        ))}
      </ol>
    </div>
  )
}

/** The list may be far down: whoever opens a contact is taken to it. */
const arrive = (heading: HTMLHeadingElement | null): void => {
  heading?.focus({ preventScroll: true })
  heading?.scrollIntoView({ block: 'center' })
}

/** One contact as its custodian sees it: how it is kept and why, what its caller agreed to. Nothing of what was said. */
export function KeptPanel({ contactId, close }: { contactId: string; close: () => void }) {
  const { say } = useWords()
  const cache = useQueryClient()
  const { data, error, refetch } = useQuery({
    queryKey: ['custody', 'contact', contactId],
    queryFn: () => request(readKept, { params: { contactId } }),
  })
  const withdrawing = useMutation({
    mutationFn: (purpose: Kept['consents']['standing'][number]['purpose']) =>
      request(withdrawForCaller, { params: { contactId }, body: { purpose } }),
    onSettled: () => cache.invalidateQueries({ queryKey: ['custody'] }),
  })
  if (error && !data) return <FailedPart of={error} retry={() => void refetch()} />
  if (!data) return <Skeleton lines={4} />
  return (
    <section className="card stack" aria-label={say('call.number', { number: data.number })}>
      <div className="spread">
        <h2 tabIndex={-1} ref={arrive}>
          {say('call.number', { number: data.number })}
        </h2>
        <button type="button" className="plain" onClick={close}>
          {say('custody.close')}
        </button>
      </div>
      <p>
        {data.lineName} · {say('custody.endedOn')} <span className="number">{data.endedOn}</span> ·{' '}
        {say('custody.class')} {say(`custody.class.${data.class}`)} · {say('custody.lastDay')}{' '}
        <span className="number">{data.lastDay}</span>
      </p>
      <div className="custody-halves">
        <div className="stack">
          <Decisions kept={data} />
          <Decide kept={data} />
        </div>
        <div className="stack">
          <h3>{say('consent.title')}</h3>
          <ConsentStanding
            consents={data.consents}
            actions={({ purpose, state }) =>
              state === 'given' &&
              data.disposedAt === null && (
                <TakeBack
                  words="consent.withdrawFor"
                  pending={withdrawing.isPending}
                  takeBack={() => withdrawing.mutate(purpose)}
                />
              )
            }
          />
          <Failure of={withdrawing.error} />
          <ConsentHistory consents={data.consents} />
        </div>
      </div>
    </section>
  )
}
