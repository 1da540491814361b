/* Words beside a chain that only grows: the chain refers to them, so that they can be sealed anew and destroyed. */
import { createHash, randomBytes } from 'node:crypto'
import { sql } from 'kysely'
import { z } from 'zod'
import type { Tx } from '../db/database.ts'
import { newId } from '../db/id.ts'
import type { Words } from './keys.ts'
import { searchIndex, type WordSealing } from './word-search.ts'

/** What somebody said, by what it is: the words, a title, whom they were said to. */
export type Said = Readonly<Record<string, string>>

/** Whose words they are: those of a contact are destroyed with it. */
export interface Whose {
  hotlineId: string
  contactId?: string
  incidentId?: string
}

const reference = /^kept:([0-9a-f-]{36}):([0-9a-f]{64})$/
const said = z.record(z.string(), z.string())

const hashOf = (text: string): string => createHash('sha256').update(text).digest('hex')

/**
 * Seals words beside a chain and gives what the chain says instead: where they are, and a salted hash that binds it to them.
 * `search` makes them searchable.
 */
export async function keepWords(
  tx: Tx,
  whose: Whose,
  words: Said,
  sealing: WordSealing,
  search?: 'search',
): Promise<string> {
  const wordsId = newId()
  const text = JSON.stringify({ ...words, salt: randomBytes(16).toString('base64url') })
  await sql`insert into kept_words (words_id, hotline_id, contact_id, incident_id, words, search)
    values (${wordsId}, ${whose.hotlineId}, ${whose.contactId ?? null}, ${whose.incidentId ?? null},
      ${sealing.words.seal(text)}, ${search ? searchIndex(Object.values(words), sealing) : null})`.execute(tx)
  return `kept:${wordsId}:${hashOf(text)}`
}

/** Every reference to kept words in what a link says, however deep. */
export function keptReferences(data: unknown): string[] {
  if (typeof data === 'string') return reference.test(data) ? [data] : []
  return typeof data === 'object' && data !== null ? Object.values(data).flatMap(keptReferences) : []
}

/** What was said, of the text that is sealed. */
export const textsOf = (text: string): string[] => Object.values(unsalted(text))

function unsalted(text: string): Said {
  const { salt: _, ...words } = said.parse(JSON.parse(text))
  return words
}

/** The words of references; those that are gone, or are not what the reference is bound to, are not among them. */
export async function findKeptWords(
  tx: Tx,
  references: readonly unknown[],
  words: Words,
): Promise<Map<unknown, Said>> {
  const wanted = references.flatMap((one) => {
    const [, id, hash] = (typeof one === 'string' && reference.exec(one)) || []
    return id !== undefined && hash !== undefined ? [{ one, id, hash }] : []
  })
  if (wanted.length === 0) return new Map()
  const { rows } = await sql<{ words_id: string; words: string }>`
    select words_id, words from kept_words where words_id = any(${wanted.map(({ id }) => id)}::uuid[])`.execute(
    tx,
  )
  const stored = new Map(rows.map((row) => [row.words_id, row.words]))
  return new Map(
    wanted.flatMap(({ one, id, hash }) => {
      const text = opened(stored.get(id), words)
      if (text === null || hashOf(text) !== hash) return []
      return [[one, unsalted(text)] as const]
    }),
  )
}

function opened(stored: string | undefined, words: Words): string | null {
  try {
    return stored === undefined ? null : words.open(stored)
  } catch {
    return null
  }
}
