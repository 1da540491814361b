import { useQuery } from '@tanstack/react-query'
import Input from 'antd/es/input'
import { useEffect, useState, useSyncExternalStore } from 'react'
import { ownFactors, refreshSession } from '../../api/session.ts'
import { answerFresh, freshStore } from './fresh.ts'
import { ProofForm } from './ProofForm.tsx'
import { request } from './request.ts'
import { useWords } from './words.ts'

function Asking() {
  const { say } = useWords()
  const [passphrase, setPassphrase] = useState('')
  const own = useQuery({ queryKey: ['own-factors'], queryFn: () => request(ownFactors, {}), staleTime: 0 })
  useEffect(() => {
    const leave = (event: KeyboardEvent): void => {
      if (event.key === 'Escape') answerFresh(false)
    }
    addEventListener('keydown', leave)
    return () => removeEventListener('keydown', leave)
  }, [])
  return (
    <section className="fresh-panel card stack" role="dialog" aria-labelledby="fresh-title">
      <h2 id="fresh-title">{say('fresh.title')}</h2>
      <p className="quiet">{say('fresh.why')}</p>
      {own.data && (
        <ProofForm
          factors={own.data.factors}
          onProof={async (proof) => {
            await request(refreshSession, { body: { passphrase, ...(proof ? { proof } : {}) } })
            answerFresh(true)
          }}
        >
          <label htmlFor="fresh-passphrase">{say('login.passphrase')}</label>
          <Input
            id="fresh-passphrase"
            type="password"
            size="large"
            autoFocus
            autoComplete="current-password"
            maxLength={200}
            value={passphrase}
            onChange={(event) => setPassphrase(event.target.value)}
          />
        </ProofForm>
      )}
      <button type="button" className="plain" onClick={() => answerFresh(false)}>
        {say('do.cancel')}
      </button>
    </section>
  )
}

/** Asks for passphrase and second factor when something needs the person fresh: beside the work, never over a call. */
export function FreshPanel() {
  const isAsked = useSyncExternalStore(freshStore.subscribe, freshStore.read)
  return isAsked ? <Asking /> : null
}
