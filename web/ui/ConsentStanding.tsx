import './consent.css'
import type { ReactNode } from 'react'
import type { Reply } from '../../api/endpoint.ts'
import type { readConsents } from '../../api/retention.ts'
import { When } from './When.tsx'
import { useWords } from './words.ts'

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
