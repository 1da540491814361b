import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'

const root = join(import.meta.dirname, '..')
const text = readFileSync(join(root, 'docs', 'security.md'), 'utf8')

test('every test that docs/security.md names is there', () => {
  const named = [...text.matchAll(/`([a-z][\w/-]*\.test\.ts)`/g)].map((match) => match[1] ?? '')
  expect(new Set(named).size).toBeGreaterThan(20)
  for (const file of named) expect(existsSync(join(root, file)), file).toBe(true)
})

test('what docs/security.md says is met names a test or says why none can be', () => {
  const rows = text.split('\n').filter((line) => /^\| V\d/.test(line))
  const untested = rows.filter((row) => row.split('|')[2]?.trim() === 'met' && !row.includes('.test.ts'))
  // Groups that are met by what is not there: no foreign content, no user markup, no inventory to run.
  expect(untested.map((row) => row.split('|')[1]?.trim().split(' ')[0])).toEqual([
    'V1.3',
    'V3.6-3.7',
    'V11.1',
    'V14.3',
  ])
})
