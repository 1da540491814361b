import fc from 'fast-check'
import { expect, test } from 'vitest'
import { folded, leastLength, weaknessOf } from './passphrase.ts'

const common = new Set(['passwordpassword', 'correcthorsebatterystaple', 'iloveyouforever', 'administrator'])

test('G24-7.5c: whatever is shorter than twelve characters is refused, whatever it is made of', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: leastLength - 1 }), (passphrase) => {
      // A ligature counts as the letters it stands for.
      fc.pre([...passphrase.normalize('NFKC').toLowerCase()].length < leastLength)
      expect(weaknessOf(passphrase, 'somebody', common)).toBe('short')
    }),
  )
})

test('a common passphrase is refused in any case, spacing and mask, and with a year behind it', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...common),
      fc.array(fc.boolean(), { minLength: 30, maxLength: 30 }),
      fc.constantFrom('', '!', '1', '2026', '123!'),
      (word, choices, tail) => {
        const written = [...word]
          .map((sign, at) => (choices[at] ? sign.toUpperCase() : sign))
          .map((sign, at) => (choices[at + 3] && at > 0 ? ` ${sign}` : sign))
          .join('')
        expect(weaknessOf(written + tail, 'somebody', common)).not.toBeNull()
      },
    ),
  )
  expect(weaknessOf('P@ssw0rdP@ssw0rd', 'x', common)).toBe('common')
  expect(weaknessOf('Correct Horse Battery Staple', 'x', common)).toBe('common')
})

test.each([
  ['counsellor7 1', 'name'],
  ['counsellor7counsellor7', 'name'],
  ['Hearthline12356!', 'name'],
  ['xinlirexian2026', 'name'],
  ['心理热线暖线心理热线2026', 'name'],
  ['abcabcabcabc', 'repeated'],
  ['123456789012', 'sequence'],
  ['zyxwvutsrqponm', 'sequence'],
  ['qwertyuiopas', 'sequence'],
])('what is guessed at once is refused: %s is %s', (passphrase, why) => {
  expect(weaknessOf(passphrase, 'counsellor7', common)).toBe(why)
})

test.each(['a calm passphrase', '好记又安全的一句话就行啦', 'тихий вечер у моря', 'three green lamps'])(
  'a sentence one can remember is enough: %s',
  (passphrase) => expect(weaknessOf(passphrase, 'counsellor7', common)).toBeNull(),
)

test('folding twice is folding once', () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      expect(folded(folded(text))).toBe(folded(text))
    }),
  )
})
