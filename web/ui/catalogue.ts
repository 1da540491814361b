/** Words of codes that come from data: a code without words shows itself rather than nothing. */
import { words, type Say, type WordKey } from './words.ts'

const isKey = (key: string): key is WordKey => key in words

/** The words of a key if there are any, else the other text. */
export const sayOr = (say: Say, key: string, otherwise: string): string => (isKey(key) ? say(key) : otherwise)

/** Why a level was given, by its catalogued code: `danger.within-72h`, `phq-9.9`. A judgement's reasons are its own words. */
export function reasonWords(code: string, say: Say): string {
  if (code === '' || code === 'judgement') return ''
  const [scale = '', part = ''] = code.split(/\.(?=[^.]*$)/)
  const named = { scale: scale.toUpperCase(), part }
  const instrument = /^[a-z0-9-]+$/.test(scale) && part !== ''
  const kind = part === 'triage' ? 'triage' : /^\w*\d$/.test(part) ? 'item' : 'band'
  const otherwise = instrument ? say(`risk.scale.${kind}`, named) : code
  return sayOr(say, `risk.code.${code}`, sayOr(say, `form.${code}`, otherwise))
}
