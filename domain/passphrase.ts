/* What a passphrase must be: long, and not one that is guessed at once. No rules of composition (NIST SP 800-63B 3.1.1.2). */

/** The least length, in characters. */
export const leastLength = 12
/** The longest that is taken. */
export const mostLength = 200

/** Why a passphrase is refused. */
export type Weakness = 'short' | 'repeated' | 'sequence' | 'name' | 'common'

/** Words that anybody guessing at a hotline begins with: the product, what it is, and its national number. */
const ownWords = [
  'hearthline',
  'hotline',
  'helpline',
  'lifeline',
  'nuanxian',
  'rexian',
  'xinli',
  '暖线',
  '热线',
  '心理',
  '12356',
]

const sequences = ['01234567890123456789', 'abcdefghijklmnopqrstuvwxyz', 'qwertyuiopasdfghjklzxcvbnm']
const lookalikes: Readonly<Record<string, string>> = {
  '@': 'a',
  '4': 'a',
  '3': 'e',
  '1': 'i',
  '0': 'o',
  $: 's',
  '5': 's',
}

const reversed = (text: string): string => [...text].toReversed().join('')

/** The passphrase as lists of common ones write it: width and case folded, without spaces and marks between words. */
export const folded = (passphrase: string): string =>
  passphrase
    .normalize('NFKC')
    .toLowerCase()
    .replace(/[\s\-_.,'’]+/gu, '')

/** The same with the usual signs for letters read as those letters: p@ssw0rd is password. */
const unmasked = (passphrase: string): string =>
  [...folded(passphrase)].map((sign) => lookalikes[sign] ?? sign).join('')

/**
 * Why a passphrase would be guessed at once, or null. `common` holds folded common passphrases; `name` is the person's
 * own log-in name.
 */
export function weaknessOf(passphrase: string, name: string, common: ReadonlySet<string>): Weakness | null {
  const plain = passphrase.normalize('NFKC').toLowerCase()
  if ([...plain].length < leastLength) return 'short'
  if (/^(.{1,4})\1+$/u.test(plain) || new Set(plain).size < 5) return 'repeated'
  const bare = folded(passphrase)
  if (sequences.some((row) => row.includes(bare) || reversed(row).includes(bare))) return 'sequence'
  if (withoutOwn(plain, name).length < 6) return 'name'
  return isCommon(passphrase, common) ? 'common' : null
}

/** What is left when the person's name and the words of hotlines are taken out. */
const withoutOwn = (plain: string, name: string): string =>
  [...(name.length > 2 ? [name.toLowerCase()] : []), ...ownWords].reduce(
    (left, word) => left.replaceAll(word, ''),
    plain,
  )

/** Common as it is, with letters unmasked, or with up to four signs that people hang on behind (a year, a "!") taken off. */
function isCommon(passphrase: string, common: ReadonlySet<string>): boolean {
  return [folded(passphrase), unmasked(passphrase)].some((form) => {
    const signs = [...form]
    const hung = signs.length - 1 - signs.findLastIndex((sign) => /\p{L}/u.test(sign))
    const cuts = Array.from({ length: Math.min(hung, 4) + 1 }, (_, cut) => signs.length - cut)
    return cuts.some((length) => common.has(signs.slice(0, length).join('')))
  })
}
