import { useMutation, useQueryClient } from '@tanstack/react-query'
import Input from 'antd/es/input'
import { useState, type FormEvent } from 'react'
import { changePassphrase } from '../../api/session.ts'
import { Failure, Notice } from '../ui/Notice.tsx'
import { request } from '../ui/request.ts'
import { useWords } from '../ui/words.ts'

/** Changes the own passphrase: the present one, the new one, no rules but its length. */
export function OwnPassphrase() {
  const { say } = useWords()
  const cache = useQueryClient()
  const [old, setOld] = useState('')
  const [fresh, setFresh] = useState('')
  const changing = useMutation({
    mutationFn: () => request(changePassphrase, { body: { old, fresh } }),
    onSuccess: async () => {
      setOld('')
      setFresh('')
      await cache.invalidateQueries({ queryKey: ['account'] })
    },
  })
  const submit = (event: FormEvent): void => {
    event.preventDefault()
    changing.mutate()
  }
  return (
    <section className="card" aria-labelledby="own-passphrase">
      <form className="stack account-form" onSubmit={submit}>
        <h2 id="own-passphrase">{say('account.passphrase')}</h2>
        <p className="quiet">{say('account.passphraseRule')}</p>
        <Failure of={changing.error} />
        {changing.isSuccess && <Notice tone="good">{say('account.passphraseChanged')}</Notice>}
        <label htmlFor="passphrase-old">{say('account.passphraseOld')}</label>
        <Input.Password
          id="passphrase-old"
          autoComplete="current-password"
          maxLength={200}
          value={old}
          onChange={(event) => setOld(event.target.value)}
        />
        <label htmlFor="passphrase-new">{say('account.passphraseNew')}</label>
        <Input.Password
          id="passphrase-new"
          autoComplete="new-password"
          maxLength={200}
          value={fresh}
          onChange={(event) => setFresh(event.target.value)}
        />
        <div className="row">
          <button
            type="submit"
            className="main-button"
            disabled={changing.isPending || old === '' || [...fresh].length < 12}
          >
            {say('account.passphraseChange')}
          </button>
        </div>
      </form>
    </section>
  )
}
