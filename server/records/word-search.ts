/* Searching words that are sealed: by keyed hashes in a column beside them. */
import { sql, type RawBuilder } from 'kysely'
import type { AnswerSealing } from './answers.ts'

/** Seals the words of one hotline, opens them, and finds them again. */
export type WordSealing = Pick<AnswerSealing, 'words' | 'indexWords' | 'searchWords'>

/** All words of a search in a text query; each is one of the ways in which an index may hold it. */
export const tsqueryOf = (words: readonly string[][]): string =>
  // Quoted as lexemes: only letters, digits and the signs of base64url come out of searchWords, so no quote is broken.
  words.map((ways) => `(${ways.map((way) => `'${way}'`).join(' | ')})`).join(' & ')

/** Whether the index in a column has all words of a text; a text without words is found nowhere. */
export function hasWords(column: string, text: string, sealing: WordSealing): RawBuilder<boolean> {
  const words = sealing.searchWords(text)
  return words.length === 0 ? sql`false` : sql`${sql.ref(column)} @@ ${tsqueryOf(words)}::tsquery`
}

/** What a search column holds of texts. */
export const searchIndex = (texts: readonly string[], sealing: WordSealing): RawBuilder<string> =>
  sql`array_to_tsvector(${sealing.indexWords(texts)}::text[])`
