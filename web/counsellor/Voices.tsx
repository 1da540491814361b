import type { Reply } from '../../api/endpoint.ts'
import type { readContact } from '../../api/contacts.ts'
import { useWords } from '../ui/words.ts'

type Voice = Reply<typeof readContact>['voices'][number]

const shown = (value: number | null, digits = 0): string => (value === null ? '–' : value.toFixed(digits))

function Row({ voice }: { voice: Voice }) {
  const { say } = useWords()
  const who = voice.side === 'seat' ? voice.seat : voice.trunk
  return (
    <li>
      <span>
        {say(`contact.voice.${voice.side}`)}
        {who !== null && ` ${who}`}
        {': '}
        {voice.opinion === null
          ? say('contact.voice.never')
          : say('contact.voice.opinion', {
              opinion: shown(voice.opinion, 1),
              least: shown(voice.leastOpinion, 1),
            })}{' '}
        <span className="quiet number">
          {say('contact.voice.figures', {
            loss: shown(voice.lossPercent, 1),
            jitter: shown(voice.jitterMs),
            rtt: shown(voice.rttMs),
          })}
        </span>
      </span>
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
      <ul>
        {voices.map((voice) => (
          <Row key={`${voice.side} ${voice.startedAt}`} voice={voice} />
        ))}
      </ul>
      <p className="quiet">{say('contact.voicesWhy')}</p>
    </section>
  )
}
