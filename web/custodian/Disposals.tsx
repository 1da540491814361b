import { keepPreviousData, useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useId, useState } from 'react'
import { answerDisposal, listDisposalContacts, listDisposals, type Disposal } from '../../api/retention.ts'
import { FailedPart, Failure, Notice, Skeleton } from '../ui/Notice.tsx'
import { Pager } from '../ui/Pager.tsx'
import { request } from '../ui/request.ts'
import { useMay } from '../ui/session.ts'
import { When } from '../ui/When.tsx'
import { useWords } from '../ui/words.ts'
import { KeptTable } from './KeptTable.tsx'

const states = ['open', 'approved', 'refused'] as const

/** Both answers are final: an approval is asked for once more, a refusal says why. */
function Answer({ disposal }: { disposal: Disposal }) {
  const { say } = useWords()
  const cache = useQueryClient()
  const label = useId()
  const [granting, setGranting] = useState<boolean | null>(null)
  const [reason, setReason] = useState('')
  const answering = useMutation({
    mutationFn: (granted: boolean) =>
      request(answerDisposal, {
        params: { disposalId: disposal.disposalId },
        body: { granted, reason: granted ? '' : reason },
      }),
    onSettled: () => cache.invalidateQueries({ queryKey: ['custody'] }),
  })
  if (granting === null)
    return (
      <div className="row">
        <button type="button" className="plain" onClick={() => setGranting(true)}>
          {say('disposal.approve')}
        </button>
        <button type="button" className="plain" onClick={() => setGranting(false)}>
          {say('disposal.refuse')}
        </button>
      </div>
    )
  return (
    <form
      className="stack"
      onSubmit={(event) => {
        event.preventDefault()
        answering.mutate(granting)
      }}
    >
      {granting && <Notice tone="soon">{say('disposal.sure')}</Notice>}
      {!granting && (
        <>
          <label htmlFor={label}>{say('disposal.why')}</label>
          <textarea
            id={label}
            className="box"
            rows={2}
            maxLength={1000}
            required
            value={reason}
            onChange={(event) => setReason(event.target.value)}
          />
        </>
      )}
      <div className="row">
        <button
          type="submit"
          className="main-button"
          disabled={answering.isPending || (!granting && reason.trim() === '')}
        >
          {say(granting ? 'disposal.yesSure' : 'disposal.noSure')}
        </button>
        <button
          type="button"
          className="plain"
          disabled={answering.isPending}
          onClick={() => setGranting(null)}
        >
          {say('disposal.cancel')}
        </button>
      </div>
      <Failure of={answering.error} />
    </form>
  )
}

function ListedContacts({ disposalId }: { disposalId: string }) {
  const { say } = useWords()
  const [after, setAfter] = useState<string | undefined>(undefined)
  const { data, error, refetch } = useQuery({
    queryKey: ['custody', 'list', disposalId, after],
    queryFn: () => request(listDisposalContacts, { params: { disposalId }, query: { after } }),
    placeholderData: keepPreviousData,
  })
  if (error && !data) return <FailedPart of={error} retry={() => void refetch()} />
  if (!data) return <Skeleton lines={3} />
  return (
    <>
      <KeptTable rows={data.rows} empty={say('custody.empty.all')} />
      <Pager after={after} next={data.next} go={setAfter} />
    </>
  )
}

function Row({ disposal }: { disposal: Disposal }) {
  const { say } = useWords()
  const approves = useMay('disposal.approve')
  const [open, setOpen] = useState(false)
  return (
    <li className="card stack">
      <div className="spread">
        <div className="stack">
          <div className="row">
            <span className="strong">{say('disposal.contacts', { n: disposal.contacts })}</span>
            <span className={disposal.state === 'open' ? 'tag tag-soon' : 'tag'}>
              {say(`disposal.state.${disposal.state}`)}
            </span>
            {disposal.state === 'approved' && (
              <span>{say('disposal.destroyed', { n: disposal.destroyed })}</span>
            )}
          </div>
          <ol className="timeline">
            <li>
              <When at={disposal.proposedAt} />
              <span>{say('disposal.proposed', { person: disposal.proposedBy })}</span>
            </li>
            {disposal.answers.map((answer) => (
              <li key={answer.at}>
                <When at={answer.at} />
                <span>
                  {say(answer.granted ? 'disposal.yes' : 'disposal.no', { person: answer.person })}
                  {answer.reason !== '' && <span className="quiet"> · {answer.reason}</span>}
                </span>
              </li>
            ))}
          </ol>
        </div>
        <button type="button" className="plain" aria-expanded={open} onClick={() => setOpen(!open)}>
          {say(open ? 'custody.close' : 'disposal.show')}
        </button>
      </div>
      {approves && disposal.mayAnswer && <Answer disposal={disposal} />}
      {disposal.state === 'open' && !disposal.mayAnswer && (
        <p className="quiet">{say('disposal.waitsForOthers')}</p>
      )}
      {open && <ListedContacts disposalId={disposal.disposalId} />}
    </li>
  )
}

/** Lists of contacts to be destroyed, newest first; whoever did not propose one answers it. */
export function Disposals() {
  const { say } = useWords()
  const [state, setState] = useState<(typeof states)[number] | undefined>(undefined)
  const [after, setAfter] = useState<string | undefined>(undefined)
  const { data, error, refetch } = useQuery({
    queryKey: ['custody', 'disposals', state, after],
    queryFn: () => request(listDisposals, { query: { state, after } }),
    placeholderData: keepPreviousData,
  })
  return (
    <div className="stack">
      <div className="row">
        <select
          className="box filter-box"
          aria-label={say('custody.only')}
          value={state ?? ''}
          onChange={(event) => {
            setState(states.find((each) => each === event.target.value))
            setAfter(undefined)
          }}
        >
          <option value="">{say('disposal.all')}</option>
          {states.map((each) => (
            <option key={each} value={each}>
              {say(`disposal.state.${each}`)}
            </option>
          ))}
        </select>
      </div>
      {error && !data && <FailedPart of={error} retry={() => void refetch()} />}
      {!data && !error && <Skeleton lines={6} />}
      {data?.rows.length === 0 && <p className="empty card">{say('disposal.empty')}</p>}
      <ul className="cards">
        {data?.rows.map((disposal) => (
          <Row key={disposal.disposalId} disposal={disposal} />
        ))}
      </ul>
      {data && <Pager after={after} next={data.next} go={setAfter} />}
    </div>
  )
}
