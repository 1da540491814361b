import type { Reply } from '../../api/endpoint.ts'
import type { readContact } from '../../api/contacts.ts'
import { useZone } from '../ui/session.ts'
import { timeOfDay } from '../ui/time.ts'
import { type Say, useWords } from '../ui/words.ts'

type Voice = Reply<typeof readContact>['voices'][number]

/** What was counted, as far as the packets told. */
function figuresOf(voice: Voice, say: Say): string {
  const parts = [
    voice.lossPercent !== null && say('contact.voice.loss', { n: voice.lossPercent.toFixed(1) }),
    voice.jitterMs !== null && say('contact.voice.jitter', { n: voice.jitterMs.toFixed(0) }),
    voice.rttMs !== null && say('contact.voice.rtt', { n: voice.rttMs.toFixed(0) }),
  ]
  return parts.filter((part) => part !== false).join(' · ')
}

function opinionWords({ opinion, leastOpinion }: Voice, say: Say): string {
  if (opinion === null) return say('contact.voice.never')
  const least = (leastOpinion ?? opinion).toFixed(1)
  return say('contact.voice.opinion', { opinion: opinion.toFixed(1), least })
}

function Row({ voice }: { voice: Voice }) {
  const { say } = useWords()
  const zone = useZone()
  const at = (instant: string): string => timeOfDay(Date.parse(instant), zone)
  const who = voice.seat ?? voice.trunk
  return (
    <li>
      <div className="spread">
        <span>
          <span className="strong">{say(`contact.voice.${voice.side}`)}</span>
          {who !== null && ` ${who}`}
        </span>
        <span className="number">{opinionWords(voice, say)}</span>
      </div>
      <div className="spread quiet number">
        <span>
          {at(voice.startedAt)}–{voice.endedAt && at(voice.endedAt)}
        </span>
        <span>{figuresOf(voice, say)}</span>
      </div>
    </li>
  )
}

/** How each leg of the contact was heard (G24-3.2.2b), for those who see all contacts. */
export function Voices({ voices }: { voices: readonly Voice[] }) {
  const { say } = useWords()
  if (voices.length === 0) return null
  return (
    <section className="card stack">
      <h2>{say('contact.voices')}</h2>
      <ul className="voices">
        {voices.map((voice) => (
          <Row key={`${voice.side} ${voice.seat} ${voice.startedAt}`} voice={voice} />
        ))}
      </ul>
      <p className="quiet">{say('contact.voicesWhy')}</p>
    </section>
  )
}
