import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { makeCallerCode, readConsents, recordConsent } from '../../api/retention.ts'
import { consentSentences, type Purpose } from '../../domain/consent.ts'
import { ConsentHistory, ConsentStanding, TakeBack, type Consents } from '../ui/ConsentStanding.tsx'
import { FailedPart, Failure, Skeleton } from '../ui/Notice.tsx'
import { request } from '../ui/request.ts'
import { useMay } from '../ui/session.ts'
import { When } from '../ui/When.tsx'
import { useWords } from '../ui/words.ts'

interface Answer {
  yes: boolean
  givenBy: 'caller' | 'guardian'
}

/** The sentence to read out, and the answer to it. Recording is asked by the hotline itself and can only be taken back here. */
function Ask({
  purpose,
  pending,
  answer,
}: {
  purpose: Purpose
  pending: boolean
  answer: (said: Answer) => void
}) {
  const { say, language } = useWords()
  const [guardian, setGuardian] = useState(false)
  const sentence = consentSentences[purpose]
  const givenBy = guardian ? 'guardian' : 'caller'
  return (
    <div className="stack consent-ask">
      <p>
        <span className="quiet">{say('consent.say')}</span> {language === 'en' ? sentence.en : sentence.zh}
      </p>
      <label className="row">
        <input type="checkbox" checked={guardian} onChange={(event) => setGuardian(event.target.checked)} />
        {say('consent.guardian')}
      </label>
      <div className="row">
        <button
          type="button"
          className="plain"
          disabled={pending}
          onClick={() => answer({ yes: true, givenBy })}
        >
          {say('consent.yes')}
        </button>
        <button
          type="button"
          className="plain"
          disabled={pending}
          onClick={() => answer({ yes: false, givenBy })}
        >
          {say('consent.no')}
        </button>
      </div>
    </div>
  )
}

function CallerCode({ contactId, madeAt }: { contactId: string; madeAt: string | null }) {
  const { say } = useWords()
  const making = useMutation({
    mutationFn: () => request(makeCallerCode, { params: { contactId } }),
  })
  return (
    <div className="stack">
      <div className="row">
        <button type="button" className="plain" disabled={making.isPending} onClick={() => making.mutate()}>
          {say('consent.makeCode')}
        </button>
        {madeAt !== null && !making.data && (
          <span className="quiet">
            {say('consent.codeMade')} <When at={madeAt} />
          </span>
        )}
      </div>
      {making.data && (
        <p role="status">
          <span className="number consent-code">{making.data.code}</span>
        </p>
      )}
      <p className="quiet">{say('consent.codeHint')}</p>
      <Failure of={making.error} />
    </div>
  )
}

/** What the caller agreed to, asked and written down one by one (G24-7.5a). */
export function ConsentPart({ contactId }: { contactId: string }) {
  const { say } = useWords()
  const cache = useQueryClient()
  const records = useMay('consent.record')
  const [asking, setAsking] = useState<Purpose | null>(null)
  const { data, error, refetch } = useQuery({
    queryKey: ['consents', contactId],
    queryFn: () => request(readConsents, { params: { contactId } }),
  })
  const recording = useMutation({
    mutationFn: (said: Answer & { purpose: Purpose }) =>
      request(recordConsent, { params: { contactId }, body: said }),
    onSuccess: (after) => {
      cache.setQueryData(['consents', contactId], after)
      setAsking(null)
      void cache.invalidateQueries({ queryKey: ['contact', contactId] })
    },
  })
  const actions = ({ purpose, state }: Consents['standing'][number]) => {
    if (!records) return null
    if (purpose !== 'recording')
      return (
        <button
          type="button"
          className="plain toggle"
          aria-pressed={asking === purpose}
          onClick={() => setAsking(asking === purpose ? null : purpose)}
        >
          {say('consent.ask')}
        </button>
      )
    if (state !== 'given') return null
    return (
      <TakeBack
        words="consent.takeBack"
        pending={recording.isPending}
        takeBack={() => recording.mutate({ purpose, yes: false, givenBy: 'caller' })}
      />
    )
  }
  return (
    <section className="card stack">
      <h2>{say('consent.title')}</h2>
      <p className="quiet">{say('consent.hint')}</p>
      {error && !data && <FailedPart of={error} retry={() => void refetch()} />}
      {!data && !error && <Skeleton lines={4} />}
      {data && <ConsentStanding consents={data} actions={actions} />}
      {asking && (
        <Ask
          key={asking}
          purpose={asking}
          pending={recording.isPending}
          answer={(said) => recording.mutate({ ...said, purpose: asking })}
        />
      )}
      <Failure of={recording.error} />
      {data && <ConsentHistory consents={data} />}
      {data && records && <CallerCode contactId={contactId} madeAt={data.codeMadeAt} />}
    </section>
  )
}
