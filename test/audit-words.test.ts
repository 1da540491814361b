/* What the audit page says of an entry: nobody has to read a code. */
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { words } from '../web/ui/words.ts'

const root = join(import.meta.dirname, '..')
const written = /(?:audit\(\s*tx,\s*|action: )'([a-z-]+\.[\w.-]+)'/g

test('G24-7.3: everything the server writes into the audit chain has words on the audit page', () => {
  const sources = globSync('server/**/*.ts', { cwd: root }).filter(
    (name) => !/\.test\.ts$|testing/.test(name),
  )
  const actions = sources.flatMap((name) =>
    [...readFileSync(join(root, name), 'utf8').matchAll(written)].map(([, action]) => action ?? ''),
  )
  expect(actions.length).toBeGreaterThan(80)
  expect([...new Set(actions)].filter((action) => !(`access.${action}` in words))).toEqual([])
})
