import { useMutation } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { breakGlass } from '../../api/oversight.ts'
import { Field, Text } from '../ui/form/Fields.tsx'
import { Failure, Notice } from '../ui/Notice.tsx'
import { Refusal, request } from '../ui/request.ts'
import { useWords } from '../ui/words.ts'

/** Opens a contact that is not this person's in an emergency, saying why; who has the right anyway is led there. */
export function BreakGlass() {
  const { say } = useWords()
  const navigate = useNavigate()
  const [number, setNumber] = useState('')
  const [reason, setReason] = useState('')
  const go = (id: string): void => void navigate({ to: '/contacts/$id', params: { id } })
  const breaking = useMutation({
    mutationFn: () => request(breakGlass, { body: { contactNumber: Number(number), reason: reason.trim() } }),
    onSuccess: (opened) => go(opened.contactId),
    onError: (failure) => {
      const { contactId } = failure instanceof Refusal ? failure.detail : {}
      if (failure instanceof Refusal && failure.code === 'glass.notNeeded' && typeof contactId === 'string')
        go(contactId)
    },
  })
  return (
    <details className="card">
      <summary>{say('glass.open')}</summary>
      <form
        className="stack"
        onSubmit={(event) => {
          event.preventDefault()
          breaking.mutate()
        }}
      >
        <Notice tone="soon">{say('glass.why')}</Notice>
        <Field name="glass-number" label={say('glass.number')}>
          <input
            className="box filter-box"
            inputMode="numeric"
            maxLength={12}
            aria-label={say('glass.number')}
            value={number}
            onChange={(event) => setNumber(event.target.value.replace(/\D/g, ''))}
          />
        </Field>
        <Field name="glass-reason" label={say('glass.reason')} hint={say('glass.reasonHint')}>
          <Text label={say('glass.reason')} value={reason} max={1000} onChange={setReason} />
        </Field>
        <Failure of={breaking.error} />
        <div className="row">
          <button
            type="submit"
            className="main-button"
            disabled={number === '' || reason.trim().length < 5 || breaking.isPending}
          >
            {say('glass.break')}
          </button>
        </div>
      </form>
    </details>
  )
}
