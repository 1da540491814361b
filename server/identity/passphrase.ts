import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { hash, verify } from '@node-rs/argon2'
import { folded, leastLength, weaknessOf } from '../../domain/passphrase.ts'
import { Problem } from '../../domain/problem.ts'

/** What everybody's passphrase is in the furnished demonstration, and nobody's anywhere else. */
export const demoPassphrase = 'hearthline-demo'

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

let common: ReadonlySet<string> | null = null

/** The shipped list of common passphrases (its source is said in its head), folded; read when first needed. */
function commonPassphrases(): ReadonlySet<string> {
  common ??= new Set(
    readFileSync(join(import.meta.dirname, 'common-passphrases.txt'), 'utf8')
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'))
      .map(folded),
  )
  return common
}

/** Throws `person.weakPassphrase` for what is guessed at once: too short, common, the name itself, the demo's. */
export function refuseWeak(passphrase: string, name: string, demo: boolean): void {
  const isDemo = passphrase.toLowerCase() === demoPassphrase
  if (isDemo && demo) return
  const why = isDemo ? 'common' : weaknessOf(passphrase, name, commonPassphrases())
  if (why !== null) throw new Problem('person.weakPassphrase', { least: leastLength, why })
}
