import { useMutation, useQueryClient } from '@tanstack/react-query'
import Button from 'antd/es/button'
import Input from 'antd/es/input'
import { useState, type FormEvent } from 'react'
import { logIn, type Me } from '../../api/session.ts'
import { Failure } from './Notice.tsx'
import { request } from './request.ts'
import { Switches } from './Switches.tsx'
import { useWords } from './words.ts'

/** The log-in screen: name and passphrase. */
export function Login({ onIn }: { onIn: (me: Me) => void }) {
  const { say } = useWords()
  const cache = useQueryClient()
  const [name, setName] = useState('')
  const [passphrase, setPassphrase] = useState('')
  const entering = useMutation({
    mutationFn: () => request(logIn, { body: { name: name.trim(), passphrase } }),
    onSuccess: (me) => {
      cache.setQueryData(['session'], me)
      onIn(me)
    },
  })
  const submit = (event: FormEvent): void => {
    event.preventDefault()
    if (name.trim() !== '' && passphrase !== '') entering.mutate()
  }
  return (
    <main className="login" id="content">
      <form className="card login-card" onSubmit={submit}>
        <h1>
          <span className="mark" aria-hidden="true" />
          {say('app.name')}
        </h1>
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
        <div className="login-foot">
          <a href="/">{say('login.public')}</a>
          <Switches />
        </div>
      </form>
    </main>
  )
}
