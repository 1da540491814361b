import type { AuditRow } from '../../api/oversight.ts'
import { roles } from '../../domain/permission.ts'
import { sayOr } from '../ui/catalogue.ts'
import { useWords, type Say } from '../ui/words.ts'
import { purposeWords } from './purpose.ts'

/** Enough of a hash or a key to know it again; the whole is in the title. */
const beginning = (text: string): string => (text.length > 40 ? `${text.slice(0, 12)}…` : text)

/** Where the words of a code stand, by what it is the code of. */
const wordsOf: Readonly<Record<string, readonly string[]>> = {
  kind: ['register.kind', 'register.step', 'factor.kind'],
  basis: ['disclosure.basis'],
  finding: ['glass.finding'],
}

/** A code by the words it has elsewhere on the screens; itself where it has none. */
const codeWords = (say: Say, places: readonly string[], code: string): string =>
  places.reduce((known, place) => (known === code ? sayOr(say, `${place}.${code}`, code) : known), code)

/** One short value of an entry in words; null when it says nothing to a person. */
function detailWords(say: Say, key: string, value: unknown): string | null {
  if (key === 'purpose') return purposeWords(say, String(value))
  if (key === 'sound') return value === true ? say('disclosure.withSound') : null
  const places = wordsOf[key]
  if (places) return codeWords(say, places, String(value))
  const name = sayOr(say, `audit.key.${key}`, key)
  if (typeof value === 'boolean') return `${name}: ${say(value ? 'audit.yes' : 'audit.no')}`
  if (key === 'roles' && Array.isArray(value))
    return roles
      .filter((role) => value.includes(role))
      .map((role) => say(`people.role.${role}`))
      .join(say('rule.comma'))
  if (Array.isArray(value)) return `${name}: ${value.join(', ')}`
  return typeof value === 'string' || typeof value === 'number'
    ? `${name}: ${beginning(String(value))}`
    : null
}

/** What an entry holds besides: short values in words, and the hashes of a change by their beginnings. */
export function AuditDetails({ data }: { data: AuditRow['data'] }) {
  const { say } = useWords()
  // Until when an emergency lasts stands on its own page.
  const { before, after, until: _, ...others } = data
  const short = (hash: unknown): string => (typeof hash === 'string' ? hash.slice(0, 8) : say('time.none'))
  const told = Object.entries(others).flatMap(([key, value]) => detailWords(say, key, value) ?? [])
  const whole = Object.values(data).filter((value) => typeof value === 'string' && value.length > 40)
  return (
    <span className="quiet custody-hash" title={whole.length > 0 ? whole.join(' → ') : undefined}>
      {told.join(' · ')}
      {before !== undefined && (
        <span className="number">
          {told.length > 0 && ' · '}
          {before === after
            ? say('audit.same')
            : say('audit.changed', { before: short(before), after: short(after) })}
        </span>
      )}
    </span>
  )
}
