import './consent.css'
import { useState, type ReactNode } from 'react'
import type { Reply } from '../../api/endpoint.ts'
import type { readConsents } from '../../api/retention.ts'
import { When } from './When.tsx'
import { useWords, type WordKey } from './words.ts'

/** A contact's record of consent. */
export type Consents = Reply<typeof readConsents>

/** What stands for each purpose, with what may be done about it. */
export function ConsentStanding({
  consents,
  actions,
}: {
  consents: Consents
  actions: (standing: Consents['standing'][number]) => ReactNode
}) {
  const { say } = useWords()
  return (
    <ul className="consents">
      {consents.standing.map((standing) => (
        <li key={standing.purpose}>
          <span>{say(`consent.purpose.${standing.purpose}`)}</span>
          <span className={standing.state === null ? 'quiet' : ''}>
            {say(`consent.state.${standing.state ?? 'none'}`)}
          </span>
          <span className="row">{actions(standing)}</span>
        </li>
      ))}
    </ul>
  )
}

/** Takes consent back, after it was asked once more: sealed sound is never heard again. */
export function TakeBack({
  words,
  pending,
  takeBack,
}: {
  words: WordKey
  pending: boolean
  takeBack: () => void
}) {
  const { say } = useWords()
  const [sure, setSure] = useState(false)
  return (
    <button
      type="button"
      className="plain"
      disabled={pending}
      onBlur={() => setSure(false)}
      onClick={() => (sure ? takeBack() : setSure(true))}
    >
      {say(sure ? 'consent.takeBackSure' : words)}
    </button>
  )
}

/** Every entry, to which words and how, behind one line. */
export function ConsentHistory({ consents }: { consents: Consents }) {
  const { say } = useWords()
  if (consents.entries.length === 0) return null
  return (
    <details>
      <summary>{say('consent.history', { n: consents.entries.length })}</summary>
      <ol className="timeline">
        {consents.entries.map((entry) => (
          <li key={entry.consentId}>
            <When at={entry.at} />
            <span>
              {say(`consent.purpose.${entry.purpose}`)} {say(`consent.state.${entry.state}`)}{' '}
              <span className="quiet">
                · {say(`consent.how.${entry.how}`)}
                {entry.givenBy === 'guardian' && ` · ${say('consent.guardian')}`}
                {entry.words.length > 0 && ` · ${entry.words.join(' ')}`}
                {entry.person !== null && ` · ${entry.person}`}
              </span>
            </span>
          </li>
        ))}
      </ol>
    </details>
  )
}
