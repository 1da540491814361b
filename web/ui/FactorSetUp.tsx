import { useMutation, useQuery } from '@tanstack/react-query'
import Input from 'antd/es/input'
import QRCode from 'antd/es/qr-code'
import { useState, type FormEvent } from 'react'
import { beginTotp, confirmPasskey, confirmTotp } from '../../api/account.ts'
import { Failure, Skeleton } from './Notice.tsx'
import { makePasskey, passkeysWork } from './passkey.ts'
import { ProofFailure } from './ProofForm.tsx'
import { RecoveryCodes } from './RecoveryCodes.tsx'
import { request } from './request.ts'
import { useWords } from './words.ts'

interface PartProps {
  name: string
  onAdded: (recoveryCodes: string[] | null) => void
}

function AppPart({ name, onAdded }: PartProps) {
  const { say } = useWords()
  const [code, setCode] = useState('')
  // Asked for once: every new secret would make the picture already scanned worthless.
  const begun = useQuery({
    queryKey: ['begin-totp'],
    queryFn: () => request(beginTotp, {}),
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 0,
  })
  const confirming = useMutation({
    mutationFn: () => request(confirmTotp, { body: { code, name } }),
    onSuccess: ({ recoveryCodes }) => onAdded(recoveryCodes),
    onError: () => setCode(''),
  })
  const submit = (event: FormEvent): void => {
    event.preventDefault()
    confirming.mutate()
  }
  if (begun.error) return <Failure of={begun.error} />
  if (!begun.data) return <Skeleton />
  const { secret, uri } = begun.data
  return (
    <form className="stack" onSubmit={submit}>
      <p>{say('factor.scan')}</p>
      <div className="factor-picture">
        <QRCode
          type="svg"
          value={uri}
          size={168}
          color="#000000"
          bgColor="#ffffff"
          aria-label={say('factor.picture')}
        />
      </div>
      <p>
        <span className="quiet">{say('factor.secret')}</span>{' '}
        <code className="factor-secret">{secret.match(/.{1,4}/g)?.join(' ')}</code>
      </p>
      <Failure of={confirming.error} />
      <label htmlFor="first-code">{say('factor.code')}</label>
      <Input
        id="first-code"
        size="large"
        autoFocus
        inputMode="numeric"
        autoComplete="one-time-code"
        maxLength={6}
        value={code}
        onChange={(event) => setCode(event.target.value)}
      />
      <button type="submit" className="main-button" disabled={confirming.isPending || !/^\d{6}$/.test(code)}>
        {say('factor.go')}
      </button>
    </form>
  )
}

function PasskeyPart({ name, onAdded }: PartProps) {
  const { say } = useWords()
  const making = useMutation({
    mutationFn: async () => request(confirmPasskey, { body: { answer: await makePasskey(), name } }),
    onSuccess: ({ recoveryCodes }) => onAdded(recoveryCodes),
  })
  if (!passkeysWork()) return <p className="quiet">{say('factor.passkeyNo')}</p>
  return (
    <div className="stack">
      <p>{say('factor.passkeyWhy')}</p>
      <ProofFailure of={making.error} />
      <button
        type="button"
        className="main-button"
        disabled={making.isPending}
        onClick={() => making.mutate()}
      >
        {say('factor.passkeyMake')}
      </button>
    </div>
  )
}

const kinds = ['totp', 'passkey'] as const

/** Adds a second factor: an app's codes or a passkey; then shows the recovery codes that come with the first one. */
export function FactorSetUp({ onDone }: { onDone: () => void }) {
  const { say } = useWords()
  const [kind, setKind] = useState<(typeof kinds)[number]>('totp')
  const [name, setName] = useState('')
  const [codes, setCodes] = useState<string[] | null>(null)
  const added = (recoveryCodes: string[] | null): void => {
    if (recoveryCodes) setCodes(recoveryCodes)
    else onDone()
  }
  if (codes) return <RecoveryCodes codes={codes} onDone={onDone} />
  return (
    <div className="stack">
      <fieldset className="factor-ways">
        <legend className="quiet">{say('factor.way')}</legend>
        {kinds.map((one) => (
          <label key={one}>
            <input type="radio" name="kind" checked={one === kind} onChange={() => setKind(one)} />{' '}
            {say(`factor.kind.${one}`)}
          </label>
        ))}
      </fieldset>
      <label htmlFor="factor-name">{say('factor.name')}</label>
      <Input id="factor-name" maxLength={60} value={name} onChange={(event) => setName(event.target.value)} />
      {kind === 'totp' ? (
        <AppPart name={name} onAdded={added} />
      ) : (
        <PasskeyPart name={name} onAdded={added} />
      )}
    </div>
  )
}
