/* What the audit page says of an entry: nobody has to read a code. */
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'

const root = join(import.meta.dirname, '..')
const written = /(?:audit\(\s*tx,\s*|action: )'([a-z-]+\.[\w.-]+)'/g
const textsOf = (names: string): string[] =>
  globSync(names, { cwd: root })
    .filter((name) => !/\.test\.ts$|testing/.test(name))
    .map((name) => readFileSync(join(root, name), 'utf8'))

test('G24-7.3: everything the server writes into the audit chain has words on the audit page', () => {
  const actions = textsOf('server/**/*.ts').flatMap((text) =>
    [...text.matchAll(written)].map(([, action]) => action ?? ''),
  )
  expect(actions.length).toBeGreaterThan(80)
  const words = textsOf('web/ui/words/*.ts').join('\n')
  const wordless = actions.filter((action) => !words.includes(`'access.${action}': [`))
  expect([...new Set(wordless)]).toEqual([])
})
