/**
 * Words for the full-text column without any database extension: Chinese (and every run of letters without spaces) is
 * cut into overlapping pairs, so that a word of two characters is found; Latin words and digits stay whole, also where
 * they touch Chinese ("90片药"). Only letters and digits are words: a script has signs and marks too.
 */
// Scripts that are written without spaces.
const script = String.raw`[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}]`
const lettersOrDigits = String.raw`[\p{L}\p{N}]`
const runs = new RegExp(`[${script}&&${lettersOrDigits}]+|[${lettersOrDigits}--${script}]+`, 'gv')
const eastern = new RegExp(`^${script}`, 'v')

const pairs = (run: string): string[] => {
  const letters = [...run]
  if (letters.length < 2) return letters
  return letters.slice(1).map((letter, index) => `${letters[index]}${letter}`)
}

const cut = (text: string, single: boolean): string[] => {
  const found = new Set<string>()
  for (const run of text.normalize('NFKC').toLowerCase().match(runs) ?? []) {
    if (!eastern.test(run)) found.add(run.slice(0, 60))
    else {
      for (const pair of pairs(run)) found.add(pair)
      if (single) for (const letter of run) found.add(letter)
    }
  }
  return [...found]
}

/** The lexemes stored for a text: pairs and single characters of Chinese, whole Latin words; at most 10,000. */
export const lexemesOf = (text: string): string[] => cut(text, true).slice(0, 10_000)

/** The lexemes that must all be present for a search to hit; empty when the text has nothing to search for. */
export const searchLexemes = (text: string): string[] => cut(text, false).slice(0, 40)
