import './custody.css'
import './disclosure.css'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Link, useParams } from '@tanstack/react-router'
import { useState } from 'react'
import {
  decideDisclosure,
  enterReceipt,
  handOver,
  makePackage,
  packagePath,
  readDisclosure,
  withdrawDisclosure,
  type Disclosure as Of,
} from '../../api/disclosure.ts'
import { stepsFrom } from '../../domain/disclosure.ts'
import { downloadFile } from '../ui/download.ts'
import { Text } from '../ui/form/Fields.tsx'
import { FailedPart, Failure, Notice, Skeleton } from '../ui/Notice.tsx'
import { request } from '../ui/request.ts'
import { useMay } from '../ui/session.ts'
import { When } from '../ui/When.tsx'
import { useWords, type WordKey } from '../ui/words.ts'
import { DisclosureMark } from './Disclosures.tsx'

/** Does a step of a disclosure and takes its answer over as the page. */
function useStep<G>(disclosureId: string, step: (given: G) => Promise<Of>) {
  const cache = useQueryClient()
  return useMutation({
    mutationFn: step,
    onSuccess: async (after) => {
      cache.setQueryData(['disclosures', 'one', disclosureId], after)
      await cache.invalidateQueries({ queryKey: ['disclosures', 'register'] })
    },
  })
}

/** Words and a button: the way every step that needs a reason is taken. */
function WordsStep({
  label,
  hint,
  steps,
  failure,
  pending,
}: {
  label: WordKey
  hint?: WordKey
  steps: { words: WordKey; main?: boolean; go: (words: string) => void }[]
  failure: unknown
  pending: boolean
}) {
  const { say } = useWords()
  const [words, setWords] = useState('')
  return (
    <div className="stack">
      <span className="strong">{say(label)}</span>
      {hint && <span className="hint">{say(hint)}</span>}
      <Text label={say(label)} value={words} max={2000} rows={1} onChange={setWords} />
      <Failure of={failure} />
      <div className="row">
        {steps.map((step) => (
          <button
            key={step.words}
            type="button"
            className={step.main ? 'main-button' : 'plain'}
            disabled={words.trim() === '' || pending}
            onClick={() => step.go(words.trim())}
          >
            {say(step.words)}
          </button>
        ))}
      </div>
    </div>
  )
}

function Decide({ of }: { of: Of }) {
  const { say } = useWords()
  const params = { disclosureId: of.disclosureId }
  const deciding = useStep(of.disclosureId, (body: { decision: 'approve' | 'refuse'; words: string }) =>
    request(decideDisclosure, { params, body }),
  )
  if (of.mine) return <p className="quiet">{say('disclosure.ownRequest')}</p>
  return (
    <WordsStep
      label="disclosure.decisionWords"
      failure={deciding.error}
      pending={deciding.isPending}
      steps={[
        {
          words: 'disclosure.approve',
          main: true,
          go: (words) => deciding.mutate({ decision: 'approve', words }),
        },
        { words: 'disclosure.refuse', go: (words) => deciding.mutate({ decision: 'refuse', words }) },
      ]}
    />
  )
}

function Making({ of }: { of: Of }) {
  const { say } = useWords()
  const making = useStep(of.disclosureId, () =>
    request(makePackage, { params: { disclosureId: of.disclosureId } }),
  )
  if (of.making || making.isPending) return <Notice>{say('disclosure.making')}</Notice>
  return (
    <div className="stack">
      <Failure of={making.error} />
      <div className="row">
        <button type="button" className="main-button" onClick={() => making.mutate(undefined)}>
          {say('disclosure.make')}
        </button>
      </div>
    </div>
  )
}

const sizeOf = (bytes: number): string =>
  bytes < 1_000_000 ? `${Math.ceil(bytes / 1000)} kB` : `${(bytes / 1_000_000).toFixed(1)} MB`

function PackagePart({ of }: { of: Of }) {
  const { say } = useWords()
  const cache = useQueryClient()
  const fetching = useMutation({
    mutationFn: () => downloadFile(packagePath(of.disclosureId)),
    // The download is a line of the log.
    onSuccess: () => cache.invalidateQueries({ queryKey: ['disclosures', 'one', of.disclosureId] }),
  })
  if (!of.package) return null
  const { entries, bytes, sha256, kept } = of.package
  return (
    <div className="stack">
      <div>{say('disclosure.packageIs', { entries, size: sizeOf(bytes) })}</div>
      <code className="custody-hash">SHA-256 {sha256}</code>
      <div className="quiet">
        {say('disclosure.signer')} <code className="custody-hash">{of.signer}</code>
      </div>
      <Failure of={fetching.error} />
      {kept && (
        <div className="row">
          <button
            type="button"
            className="plain"
            disabled={fetching.isPending}
            onClick={() => fetching.mutate()}
          >
            {say('disclosure.download')}
          </button>
        </div>
      )}
    </div>
  )
}

function Steps({ of }: { of: Of }) {
  const mayAsk = useMay('disclosure.ask')
  const mayApprove = useMay('disclosure.approve')
  const params = { disclosureId: of.disclosureId }
  const handing = useStep(of.disclosureId, (words: string) => request(handOver, { params, body: { words } }))
  const receiving = useStep(of.disclosureId, (receipt: string) =>
    request(enterReceipt, { params, body: { receipt } }),
  )
  const withdrawing = useStep(of.disclosureId, (words: string) =>
    request(withdrawDisclosure, { params, body: { words } }),
  )
  const steps = stepsFrom(of.state)
  return (
    <>
      {steps.includes('approve') && mayApprove && <Decide of={of} />}
      {steps.includes('package') && mayAsk && <Making of={of} />}
      {mayAsk && <PackagePart of={of} />}
      {steps.includes('hand-over') && mayAsk && (
        <WordsStep
          label="disclosure.handOverWords"
          failure={handing.error}
          pending={handing.isPending}
          steps={[{ words: 'disclosure.handOver', main: true, go: (words) => handing.mutate(words) }]}
        />
      )}
      {steps.includes('receive') && mayAsk && (
        <WordsStep
          label="disclosure.receipt"
          hint="disclosure.receiptHint"
          failure={receiving.error}
          pending={receiving.isPending}
          steps={[{ words: 'disclosure.enterReceipt', main: true, go: (words) => receiving.mutate(words) }]}
        />
      )}
      {steps.includes('withdraw') && mayAsk && !of.making && (
        <WordsStep
          label="disclosure.withdrawWords"
          failure={withdrawing.error}
          pending={withdrawing.isPending}
          steps={[{ words: 'disclosure.withdraw', go: (words) => withdrawing.mutate(words) }]}
        />
      )}
    </>
  )
}

function Chosen({ of }: { of: Of }) {
  const { say, language } = useWords()
  const told = [
    ...of.facts.map((fact) => say(`disclosure.fact.${fact}`)),
    ...of.questions.map((question) => (language === 'en' ? question.en : question.zh)),
    ...(of.sound ? [say('disclosure.withSound')] : []),
  ]
  const lines: [WordKey, string][] = [
    ['disclosure.receiver', of.receiver],
    ['disclosure.key', of.recipient],
    ['disclosure.purpose', say(`disclosure.purpose.${of.purpose}`)],
    ['disclosure.basis', say(`disclosure.basis.${of.basis}`)],
    ...(of.document === '' ? [] : ([['disclosure.document', of.document]] as [WordKey, string][])),
    ['disclosure.contacts', of.contactNumbers.join(language === 'en' ? ', ' : '、')],
    ['disclosure.chosen', told.join(' · ')],
    ['disclosure.reason', of.words],
  ]
  return (
    <dl className="form-read">
      {lines.map(([key, words]) => (
        <div key={key}>
          <dt>{say(key)}</dt>
          <dd className={key === 'disclosure.key' ? 'custody-hash' : undefined}>{words}</dd>
        </div>
      ))}
    </dl>
  )
}

/** One disclosure: what leaves, to whom and why, what is to be done next, and what happened. */
export function Disclosure() {
  const { say } = useWords()
  const { id = '' } = useParams({ strict: false })
  const { data, error, refetch } = useQuery({
    queryKey: ['disclosures', 'one', id],
    queryFn: () => request(readDisclosure, { params: { disclosureId: id } }),
    // While it is being made nobody tells this page; it asks.
    refetchInterval: ({ state }) => (state.data?.making ? 3000 : false),
  })
  if (error && !data) return <FailedPart of={error} retry={() => void refetch()} />
  if (!data) return <Skeleton lines={8} />
  return (
    <div className="stack">
      <Link to="/custody/disclosures">{say('disclosure.back')}</Link>
      <div className="row">
        <h1>{say('disclosure.number', { number: data.number })}</h1>
        <DisclosureMark of={data.state} />
      </div>
      {data.brokenAt !== null && (
        <Notice tone="danger">{say('disclosure.broken', { n: data.brokenAt })}</Notice>
      )}
      <div className="custody-halves">
        <section className="card stack">
          <Chosen of={data} />
        </section>
        <section className="card stack">
          <Steps of={data} />
          <h2>{say('disclosure.log')}</h2>
          <ol className="disclosure-list">
            {data.log.map((entry) => (
              <li key={entry.seq}>
                <When at={entry.at} /> · {entry.person} · {say(`disclosure.log.${entry.kind}`)}
                {entry.words !== '' && entry.kind !== 'asked' && (
                  <span className="quiet"> · {entry.words}</span>
                )}
              </li>
            ))}
          </ol>
        </section>
      </div>
    </div>
  )
}
