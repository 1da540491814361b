/* What somebody finds who has the database alone. */
import type { TestDatabase } from '../../../test/database.ts'

/** Every column of every row as the database's superuser reads it, as text. */
export async function everythingIn({ owner }: Pick<TestDatabase, 'owner'>): Promise<string> {
  const tables = await owner<{ name: string }>(
    `select quote_ident(relname) as name from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace`,
  )
  const dumps = await Promise.all(
    tables.map(({ name }) => owner<{ line: string }>(`select to_jsonb(x)::text as line from ${name} x`)),
  )
  return dumps
    .flat()
    .map(({ line }) => line)
    .join('\n')
}

/** Ways in which words could stand there: as they are, as bytes in hexadecimal, as base64. */
export const tracesOf = (words: string): string[] => [
  words,
  Buffer.from(words).toString('hex'),
  Buffer.from(words).toString('base64').slice(0, -4),
]
