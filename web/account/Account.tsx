import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import Popconfirm from 'antd/es/popconfirm'
import { useState } from 'react'
import {
  endOwnSession,
  endOwnSessions,
  readAccount,
  removeFactor,
  renewRecoveryCodes,
  type Factor,
  type OwnSession,
} from '../../api/account.ts'
import { FactorSetUp } from '../ui/FactorSetUp.tsx'
import { FailedPart, Failure, Skeleton } from '../ui/Notice.tsx'
import { RecoveryCodes } from '../ui/RecoveryCodes.tsx'
import { request } from '../ui/request.ts'
import { forgetSession, useMe } from '../ui/session.ts'
import { When } from '../ui/When.tsx'
import { useWords } from '../ui/words.ts'
import './account.css'
import { OwnPassphrase } from './OwnPassphrase.tsx'

const accountKey = ['account']

function useChange<T>(run: (given: T) => Promise<unknown>) {
  const cache = useQueryClient()
  return useMutation({
    mutationFn: run,
    onSuccess: () => cache.invalidateQueries({ queryKey: accountKey }),
  })
}

function Sessions({ sessions }: { sessions: readonly OwnSession[] }) {
  const { say } = useWords()
  const cache = useQueryClient()
  const navigate = useNavigate()
  const ending = useChange((sessionId: string) => request(endOwnSession, { params: { sessionId } }))
  const endingAll = useMutation({
    mutationFn: () => request(endOwnSessions, {}),
    onSuccess: async () => {
      forgetSession(cache)
      await navigate({ to: '/login' })
    },
  })
  return (
    <section className="card stack" aria-labelledby="sessions">
      <h2 id="sessions">{say('account.sessions')}</h2>
      <ul className="account-list">
        {sessions.map((session) => (
          <li key={session.sessionId}>
            <span className="account-what">
              {session.device || say('account.deviceUnknown')}{' '}
              {session.here && <span className="tag">{say('account.here')}</span>}
            </span>
            <span className="quiet">
              {say('account.since')} <When at={session.since} /> · {say('account.seen')}{' '}
              <When at={session.seenAt} />
            </span>
            {!session.here && (
              <button
                type="button"
                className="plain"
                disabled={ending.isPending}
                onClick={() => ending.mutate(session.sessionId)}
              >
                {say('account.end')}
              </button>
            )}
          </li>
        ))}
      </ul>
      <Failure of={ending.error ?? endingAll.error} />
      <p className="quiet">{say('account.endAllWhy')}</p>
      <div className="row">
        <button
          type="button"
          className="plain"
          disabled={endingAll.isPending}
          onClick={() => endingAll.mutate()}
        >
          {say('account.endAll')}
        </button>
      </div>
    </section>
  )
}

function FactorRow({ factor, onRemove }: { factor: Factor; onRemove: (() => void) | null }) {
  const { say } = useWords()
  return (
    <li>
      <span className="account-what">{factor.name || say(`factor.kind.${factor.kind}`)}</span>
      <span className="quiet">
        {factor.name && `${say(`factor.kind.${factor.kind}`)} · `}
        {factor.usedAt ? (
          <>
            {say('account.factorUsed')} <When at={factor.usedAt} />
          </>
        ) : (
          say('account.factorNever')
        )}
      </span>
      {onRemove && (
        <Popconfirm
          title={say('admin.sure')}
          okText={say('account.remove')}
          cancelText={say('do.cancel')}
          onConfirm={onRemove}
        >
          <button type="button" className="plain">
            {say('account.remove')}
          </button>
        </Popconfirm>
      )}
    </li>
  )
}

function Factors({
  factors,
  recoveryCodesLeft,
  required,
}: {
  factors: readonly Factor[]
  recoveryCodesLeft: number
  required: boolean
}) {
  const { say } = useWords()
  const cache = useQueryClient()
  const [adding, setAdding] = useState(false)
  const [codes, setCodes] = useState<string[] | null>(null)
  const removing = useChange((factorId: string) => request(removeFactor, { params: { factorId } }))
  const renewing = useMutation({
    mutationFn: () => request(renewRecoveryCodes, {}),
    onSuccess: ({ recoveryCodes }) => setCodes(recoveryCodes),
  })
  const again = async (): Promise<void> => {
    setAdding(false)
    setCodes(null)
    await cache.invalidateQueries({ queryKey: accountKey })
  }
  const mayRemove = !required || factors.length > 1
  return (
    <section className="card stack" aria-labelledby="factors">
      <h2 id="factors">{say('account.factors')}</h2>
      {factors.length === 0 && <p className="quiet">{say('account.factorsNone')}</p>}
      <ul className="account-list">
        {factors.map((factor) => (
          <FactorRow
            key={factor.factorId}
            factor={factor}
            onRemove={mayRemove ? () => removing.mutate(factor.factorId) : null}
          />
        ))}
      </ul>
      <Failure of={removing.error ?? renewing.error} />
      {factors.length > 0 && <p>{say('account.codesLeft', { n: recoveryCodesLeft })}</p>}
      {codes && <RecoveryCodes codes={codes} onDone={() => void again()} />}
      {adding ? (
        <FactorSetUp onDone={() => void again()} />
      ) : (
        <div className="row">
          <button type="button" className="main-button" onClick={() => setAdding(true)}>
            {say('account.factorAdd')}
          </button>
          {factors.length > 0 && !codes && (
            <button
              type="button"
              className="plain"
              disabled={renewing.isPending}
              onClick={() => renewing.mutate()}
            >
              {say('account.codesRenew')}
            </button>
          )}
        </div>
      )}
    </section>
  )
}

/** Everybody's own account: where they are logged in, second factors, recovery codes, the passphrase. */
export function Account() {
  const { say } = useWords()
  const me = useMe()
  const own = useQuery({ queryKey: accountKey, queryFn: () => request(readAccount, {}) })
  if (own.error) return <FailedPart of={own.error} retry={() => void own.refetch()} />
  if (!own.data) return <Skeleton lines={6} />
  return (
    <div className="stack account">
      <h1>{say('account.title')}</h1>
      <p className="quiet">
        {me.displayName} · {me.name} · {me.roles.map((role) => say(`people.role.${role}`)).join(' · ')}
      </p>
      <Factors {...own.data} />
      <Sessions sessions={own.data.sessions} />
      <OwnPassphrase />
    </div>
  )
}
