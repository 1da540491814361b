import { hash, verify } from '@node-rs/argon2'
import { Problem } from '../../domain/problem.ts'

/** What everybody's passphrase is in the furnished demonstration, and nobody's anywhere else. */
export const demoPassphrase = 'hearthline-demo'

const least = 12
/** argon2id with 19 MiB and two rounds (OWASP's password storage sheet). */
const cost = { memoryCost: 19_456, timeCost: 2, parallelism: 1 }

/** Hashes a passphrase with argon2id. */
export const hashPassphrase = (passphrase: string): Promise<string> => hash(passphrase, cost)

let decoy: Promise<string> | null = null

/** Whether the passphrase fits the hash; null stands for "no such person" and takes just as long. */
export async function fits(passphraseHash: string | null, passphrase: string): Promise<boolean> {
  decoy ??= hashPassphrase('nobody has this one')
  const right = await verify(passphraseHash ?? (await decoy), passphrase)
  return passphraseHash !== null && right
}

/** Throws `person.weakPassphrase` for what is guessed at once: too short, the name itself, one thing repeated, the demo's. */
export function refuseWeak(passphrase: string, name: string, demo: boolean): void {
  const plain = passphrase.toLowerCase()
  const isRepetition = /^(.{1,4})\1+$/u.test(plain) || new Set(plain).size < 5
  const isSequence = '01234567890123456789abcdefghijklmnopqrstuvwxyz'.includes(plain)
  const isName = name.length > 2 && plain.replace(name.toLowerCase(), '').length < 6
  const isDemo = plain === demoPassphrase && !demo
  if ([...passphrase].length < least || isRepetition || isSequence || isName || isDemo)
    throw new Problem('person.weakPassphrase', { least })
}
