/** A contact's timeline in words. */
import { words, type Say, type WordKey } from '../ui/words.ts'

const isKey = (key: string): key is WordKey => key in words

const details: Record<string, (value: string, say: Say) => string> = {
  instrument: (value) => value,
  consent: (value, say) => wordOr(`call.consent.${value}`, say, value),
  outcome: (value, say) => wordOr(`outcome.${value}`, say, value),
  by: (value, say) => wordOr(`timeline.by.${value}`, say, value),
  mark: (value, say) => say('contact.satisfactionOf', { n: value }),
  risk: (value, say) => `${say('form.risk')} ${wordOr(`form.risk.${value}`, say, value)}`,
  danger: (value, say) => wordOr(`form.danger.${value}`, say, value),
  kind: (value, say) => wordOr(`contact.recording.${value}`, say, wordOr(`report.kind.${value}`, say, value)),
  level: (value, say) => wordOr(`form.risk.${value}`, say, value),
  protocol: (value, say) => wordOr(`protocol.name.${value}`, say, value),
  mode: (value, say) => wordOr(`supervise.${value}`, say, value),
  reason: (value, say) =>
    wordOr(`supervise.reason.${value}`, say, wordOr(`report.reason.${value}`, say, value)),
  how: (value, say) => wordOr(`resource.done.${value}`, say, wordOr(`consent.how.${value}`, say, value)),
  answer: (value, say) => wordOr(`caller.${value}`, say, value),
  purpose: (value, say) => wordOr(`consent.purpose.${value}`, say, value),
  state: (value, say) => wordOr(`consent.state.${value}`, say, value),
  decision: (value, say) => wordOr(`custody.did.${value}`, say, value),
  // A pseudonym of our own making.
  caller: (value) => value,
  role: (value, say) => wordOr(`timeline.role.${value}`, say, value),
}

const wordOr = (key: string, say: Say, otherwise: string): string => (isKey(key) ? say(key) : otherwise)

/** What happened, by its kind; a kind without words shows its own name rather than nothing. */
export const happeningWords = (kind: string, say: Say): string => wordOr(`timeline.${kind}`, say, kind)

/** What an access was, by its action. */
export const accessWords = (action: string, say: Say): string => wordOr(`access.${action}`, say, action)

/** The readable part of what was noted with an event: no ids, nothing identifying. */
export function happeningDetail(data: Readonly<Record<string, unknown>>, say: Say): string {
  const told: string[] = []
  for (const [key, value] of Object.entries(data)) {
    const tell = details[key]
    if (tell && (typeof value === 'string' || typeof value === 'number')) told.push(tell(String(value), say))
    if (key === 'words' && Array.isArray(value))
      told.push(
        value
          .filter((part) => typeof part === 'string')
          .map((part) => wordOr(`heard.${part}`, say, part))
          .join(say('timeline.between')),
      )
  }
  return told.join(' · ')
}
