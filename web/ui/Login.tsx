import { useMutation, useQueryClient } from '@tanstack/react-query'
import Button from 'antd/es/button'
import Input from 'antd/es/input'
import { lazy, Suspense, useState, type FormEvent, type ReactNode } from 'react'
import { logIn, proveLogIn, whoAmI, type Entered, type Me } from '../../api/session.ts'
import { Failure, Skeleton } from './Notice.tsx'
import { ProofForm } from './ProofForm.tsx'
import { request } from './request.ts'
import { Switches } from './Switches.tsx'
import { useWords } from './words.ts'

const FactorSetUp = lazy(async () => ({ default: (await import('./FactorSetUp.tsx')).FactorSetUp }))

/** What a log-in still waits for after the passphrase. */
type Waiting = Exclude<Entered, { stage: 'in' }>

function PassphraseStep({ onEntered }: { onEntered: (entered: Entered) => void }) {
  const { say } = useWords()
  const [name, setName] = useState('')
  const [passphrase, setPassphrase] = useState('')
  const entering = useMutation({
    mutationFn: () => request(logIn, { body: { name: name.trim(), passphrase } }),
    onSuccess: onEntered,
  })
  const submit = (event: FormEvent): void => {
    event.preventDefault()
    if (name.trim() !== '' && passphrase !== '') entering.mutate()
  }
  return (
    <form className="login-form" onSubmit={submit}>
      <p className="quiet">{say('login.why')}</p>
      <Failure of={entering.error} />
      <label htmlFor="name">{say('login.name')}</label>
      <Input
        id="name"
        autoFocus
        size="large"
        autoComplete="username"
        autoCapitalize="off"
        spellCheck={false}
        value={name}
        maxLength={60}
        onChange={(event) => setName(event.target.value)}
      />
      <label htmlFor="passphrase">{say('login.passphrase')}</label>
      <Input
        id="passphrase"
        type="password"
        size="large"
        autoComplete="current-password"
        value={passphrase}
        maxLength={200}
        onChange={(event) => setPassphrase(event.target.value)}
      />
      <Button
        type="primary"
        size="large"
        htmlType="submit"
        block
        loading={entering.isPending}
        disabled={name.trim() === '' || passphrase === ''}
      >
        {say('login.submit')}
      </Button>
    </form>
  )
}

function SecondStep({ waiting, onIn }: { waiting: Waiting; onIn: (me: Me) => void }) {
  const { say } = useWords()
  if (waiting.stage === 'prove')
    return (
      <Titled title={say('factor.proveTitle')}>
        <ProofForm
          factors={waiting.factors}
          onProof={async (proof) => {
            if (proof) onIn(await request(proveLogIn, { body: { proof } }))
          }}
        />
      </Titled>
    )
  return (
    <Titled title={say('factor.setUpTitle')}>
      <p className="quiet">{say('factor.setUpWhy')}</p>
      <Suspense fallback={<Skeleton />}>
        <FactorSetUp onDone={() => void request(whoAmI, {}).then(onIn)} />
      </Suspense>
    </Titled>
  )
}

function Titled({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section className="stack">
      <h2>{title}</h2>
      {children}
    </section>
  )
}

/** The log-in screen: name and passphrase, then the second factor, or setting one up. */
export function Login({ onIn }: { onIn: (me: Me) => void }) {
  const { say } = useWords()
  const cache = useQueryClient()
  const [waiting, setWaiting] = useState<Waiting | null>(null)
  const enter = (me: Me): void => {
    cache.setQueryData(['session'], me)
    onIn(me)
  }
  return (
    <main className="login" id="content">
      <div className={waiting?.stage === 'set-up' ? 'card login-card login-wide' : 'card login-card'}>
        <h1>
          <span className="mark" aria-hidden="true" />
          {say('app.name')}
        </h1>
        {waiting ? (
          <SecondStep waiting={waiting} onIn={enter} />
        ) : (
          <PassphraseStep
            onEntered={(entered) => {
              if (entered.stage === 'in') enter(entered)
              else setWaiting(entered)
            }}
          />
        )}
        <div className="login-foot">
          {waiting ? (
            <button type="button" className="plain" onClick={() => setWaiting(null)}>
              {say('factor.again')}
            </button>
          ) : (
            <a href="/">{say('login.public')}</a>
          )}
          <Switches />
        </div>
      </div>
    </main>
  )
}
