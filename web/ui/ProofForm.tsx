import { useMutation } from '@tanstack/react-query'
import Input from 'antd/es/input'
import { useState, type FormEvent, type ReactNode } from 'react'
import type { factorKinds, Proof } from '../../api/session.ts'
import { Failure, Notice } from './Notice.tsx'
import { passkeysWork, showPasskey } from './passkey.ts'
import { Refusal } from './request.ts'
import { useWords } from './words.ts'

type Way = Proof['kind']

/** Why it did not work: the server's words, or that the browser did not complete the passkey. */
export function ProofFailure({ of }: { of: unknown }) {
  const { say } = useWords()
  if (!of || of instanceof Refusal) return <Failure of={of} />
  return <Notice tone="soon">{say('factor.passkeyFailed')}</Notice>
}

function WayChoice({ ways, way, onWay }: { ways: readonly Way[]; way: Way; onWay: (way: Way) => void }) {
  const { say } = useWords()
  return (
    <fieldset className="factor-ways">
      <legend className="quiet">{say('factor.way')}</legend>
      {ways.map((one) => (
        <label key={one}>
          <input type="radio" name="way" checked={one === way} onChange={() => onWay(one)} />{' '}
          {say(`factor.kind.${one}`)}
        </label>
      ))}
    </fieldset>
  )
}

/** Asks for one of the person's second factors; `children` stand before it in the same form (the passphrase). */
export function ProofForm({
  factors,
  onProof,
  children,
}: {
  factors: readonly (typeof factorKinds)[number][]
  onProof: (proof: Proof | undefined) => Promise<void>
  children?: ReactNode
}) {
  const { say } = useWords()
  const usable = factors.filter((kind) => kind !== 'passkey' || passkeysWork())
  const ways: Way[] = factors.length > 0 ? [...usable, 'recovery'] : []
  const [way, setWay] = useState<Way | undefined>(ways[0])
  const [code, setCode] = useState('')
  const proving = useMutation({
    mutationFn: async () => {
      if (way === undefined) return onProof(undefined)
      return onProof(way === 'passkey' ? await showPasskey() : { kind: way, code: code.trim() })
    },
    onError: () => setCode(''),
  })
  const submit = (event: FormEvent): void => {
    event.preventDefault()
    proving.mutate()
  }
  const needsCode = way === 'totp' || way === 'recovery'
  return (
    <form className="stack" onSubmit={submit}>
      <ProofFailure of={proving.error} />
      {children}
      {way !== undefined && ways.length > 1 && <WayChoice ways={ways} way={way} onWay={setWay} />}
      {needsCode && (
        <>
          <label htmlFor="code">{say(way === 'totp' ? 'factor.code' : 'factor.recovery')}</label>
          <Input
            id="code"
            size="large"
            autoFocus={children === undefined}
            autoComplete="one-time-code"
            inputMode={way === 'totp' ? 'numeric' : 'text'}
            spellCheck={false}
            maxLength={way === 'totp' ? 6 : 40}
            value={code}
            onChange={(event) => setCode(event.target.value)}
          />
        </>
      )}
      {way === 'recovery' && <p className="quiet">{say('factor.lost')}</p>}
      <button
        type="submit"
        className="main-button"
        disabled={proving.isPending || (needsCode && code.trim().length < 6)}
      >
        {say(way === 'passkey' ? 'factor.passkeyGo' : 'factor.go')}
      </button>
    </form>
  )
}
