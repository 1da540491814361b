import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useEffect, useId, useState } from 'react'
import { giveHint, listHints, type Hint } from '../../api/supervise.ts'
import { onLive } from './live.ts'
import { Failure } from './Notice.tsx'
import { request } from './request.ts'
import { useZone } from './session.ts'
import { timeOfDay } from './time.ts'
import { useWords } from './words.ts'

/** Hints of a contact. */
const hintsQuery = (contactId: string) => ({
  queryKey: ['hints', contactId],
  queryFn: () => request(listHints, { params: { contactId } }),
})

/** Reads a contact's hints again when one is given or seen. */
export function useHints(contactId: string): readonly Hint[] {
  const cache = useQueryClient()
  useEffect(
    () =>
      onLive((event) => {
        const told = event.type === 'hint' || event.type === 'crisis'
        if (told && event.contactId === contactId) {
          void cache.invalidateQueries({ queryKey: ['hints', contactId] })
        }
      }),
    [cache, contactId],
  )
  return useQuery(hintsQuery(contactId)).data ?? []
}

/** Hints with who gave them and when. */
export function HintList({ hints }: { hints: readonly Hint[] }) {
  const { say } = useWords()
  const zone = useZone()
  return (
    <ol className="hints" aria-live="polite">
      {hints.map((hint) => (
        <li key={hint.hintId}>
          <span className="quiet number">{timeOfDay(Date.parse(hint.at), zone)}</span>{' '}
          <span className="quiet">{hint.from}</span>
          <p>{hint.words}</p>
          <span className="quiet">{say(hint.seenAt ? 'hint.seen' : 'hint.unseen')}</span>
        </li>
      ))}
    </ol>
  )
}

/** A supervisor writes to the desk of a call; the `last` ones that were sent stand above with whether they were seen. */
export function HintBox({ contactId, last = 3 }: { contactId: string; last?: number }) {
  const { say } = useWords()
  const id = useId()
  const cache = useQueryClient()
  const hints = useHints(contactId)
  const [words, setWords] = useState('')
  const giving = useMutation({
    mutationFn: () => request(giveHint, { params: { contactId }, body: { words: words.trim() } }),
    onSuccess: () => {
      setWords('')
      void cache.invalidateQueries({ queryKey: ['hints', contactId] })
    },
  })
  return (
    <form
      className="hint-box"
      onSubmit={(event) => {
        event.preventDefault()
        if (words.trim() !== '') giving.mutate()
      }}
    >
      <HintList hints={hints.slice(-last)} />
      <label htmlFor={id} className="quiet">
        {say('hint.write')} · {say('hint.writeHint')}
      </label>
      <span className="row">
        <input
          id={id}
          type="text"
          className="box grow"
          maxLength={500}
          value={words}
          onChange={(event) => setWords(event.target.value)}
        />
        <button type="submit" className="plain" disabled={words.trim() === '' || giving.isPending}>
          {say('hint.send')}
        </button>
      </span>
      <Failure of={giving.error} />
    </form>
  )
}
