import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { openRegisterEntry } from '../../api/registers.ts'
import { registerKinds, requestKinds, type RegisterKind } from '../../domain/register.ts'
import { Field, OneOf, Text } from '../ui/form/Fields.tsx'
import { Failure } from '../ui/Notice.tsx'
import { request } from '../ui/request.ts'
import { useWords } from '../ui/words.ts'

type RequestKind = (typeof requestKinds)[number]

/** Opens an entry of a register. */
export function RegisterOpen({ onDone }: { onDone: () => void }) {
  const { say } = useWords()
  const cache = useQueryClient()
  const navigate = useNavigate()
  const [kind, setKind] = useState<RegisterKind | null>(null)
  const [asked, setAsked] = useState<RequestKind | null>(null)
  const [title, setTitle] = useState('')
  const [number, setNumber] = useState('')
  const [words, setWords] = useState('')
  const opening = useMutation({
    mutationFn: (of: { kind: RegisterKind; asked: RequestKind | null }) => {
      const named = { title: title.trim(), words: words.trim() }
      if (of.kind !== 'request') return request(openRegisterEntry, { body: { ...named, kind: of.kind } })
      const about = number === '' ? {} : { contactNumber: Number(number) }
      return request(openRegisterEntry, {
        body: { ...named, ...about, kind: of.kind, request: of.asked ?? 'access' },
      })
    },
    onSuccess: async (entry) => {
      await cache.invalidateQueries({ queryKey: ['registers'] })
      await navigate({ to: '/custody/registers/$id', params: { id: entry.entryId } })
    },
  })
  const whole =
    kind !== null && title.trim() !== '' && words.trim() !== '' && (kind !== 'request' || asked !== null)
  return (
    <form
      className="card stack"
      onSubmit={(event) => {
        event.preventDefault()
        if (kind) opening.mutate({ kind, asked })
      }}
    >
      <h2>{say('register.open')}</h2>
      <Field name="register-kind" label={say('register.kind')}>
        <OneOf
          choices={registerKinds.map((code) => ({ code, words: say(`register.kind.${code}`) }))}
          value={kind}
          onChange={(code) => setKind(registerKinds.find((each) => each === code) ?? null)}
        />
      </Field>
      {kind && <p className="quiet">{say(`register.hint.${kind}`)}</p>}
      {kind === 'request' && (
        <>
          <Field name="register-request" label={say('register.request')}>
            <OneOf
              choices={requestKinds.map((code) => ({ code, words: say(`register.request.${code}`) }))}
              value={asked}
              onChange={(code) => setAsked(requestKinds.find((each) => each === code) ?? null)}
            />
          </Field>
          <label>
            <span className="strong">{say('register.contactNumber')}</span>
            <input
              className="box"
              inputMode="numeric"
              maxLength={12}
              value={number}
              onChange={(event) => setNumber(event.target.value.replace(/\D/g, ''))}
            />
          </label>
        </>
      )}
      <label>
        <span className="strong">{say('register.name')}</span>{' '}
        <span className="hint">{say('register.nameHint')}</span>
        <input
          className="box"
          maxLength={120}
          value={title}
          onChange={(event) => setTitle(event.target.value)}
        />
      </label>
      <Field name="register-words" label={say('register.words')}>
        <Text label={say('register.words')} value={words} max={4000} rows={3} onChange={setWords} />
      </Field>
      <Failure of={opening.error} />
      <div className="row">
        <button type="submit" className="main-button" disabled={!whole || opening.isPending}>
          {say('register.open')}
        </button>
        <button type="button" className="plain" onClick={onDone}>
          {say('do.cancel')}
        </button>
      </div>
    </form>
  )
}
