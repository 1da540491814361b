import { existsSync, readFileSync } from 'node:fs'
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { requirements } from './asvs.ts'
import { sourceFiles } from './sources.ts'

const root = join(import.meta.dirname, '..')
const read = (...path: string[]): string => readFileSync(join(root, ...path), 'utf8')
const documents = {
  'docs/security.md': read('docs', 'security.md'),
  'docs/security/asvs.md': read('docs', 'security', 'asvs.md'),
  'docs/security/mlps.md': read('docs', 'security', 'mlps.md'),
  'docs/security/rules.md': read('docs', 'security', 'rules.md'),
}
const asvs = documents['docs/security/asvs.md']
const rowsOf = (text: string, number: RegExp): string[][] =>
  text
    .split('\n')
    .filter((line) => number.test(line))
    .map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    )
const rows = rowsOf(asvs, /^\| V\d/)

test.each(Object.entries(documents))('every file that %s names is there', (name, text) => {
  const folder = join(root, name, '..')
  const named = [...text.matchAll(/`([a-z][\w/-]*\.(?:test|journey)\.ts)`/g)].map((match) => match[1] ?? '')
  if (!name.endsWith('rules.md')) expect(new Set(named).size).toBeGreaterThan(10)
  for (const file of named) expect(existsSync(join(root, file)), file).toBe(true)
  const links = [...text.matchAll(/\]\(([\w./-]+)\)/g)].map((match) => match[1] ?? '')
  for (const link of links) expect(existsSync(join(folder, link)), link).toBe(true)
})

test('the standard has 70 requirements of level 1, 183 of level 2 and 92 of level 3', () => {
  const counts = [1, 2, 3].map((level) => requirements.filter((one) => one.level === level).length)
  expect(counts).toEqual([70, 183, 92])
})

test('every requirement of levels 1 and 2 is in the table once, in its order and with its level', () => {
  const wanted = requirements.filter(({ level }) => level <= 2)
  expect(rows.map(([number, level]) => [number, Number(level)])).toEqual(
    wanted.map(({ number, level }) => [number, level]),
  )
})

test('every row has a state of the four and says how or why not, and the counts above are those of the rows', () => {
  const states = ['met', 'part', 'not met', 'not used']
  const counts = states.map((state) => rows.filter((row) => row[3] === state).length)
  for (const row of rows)
    expect([row.length, states.includes(row[3] ?? ''), row[4] !== ''], row[0]).toEqual([5, true, true])
  const [met, part, not, unused] = counts
  expect(asvs).toContain(
    `${rows.length} requirements: ${met} met, ${part} in part, ${not} not met, ${unused} not used.`,
  )
})

test('a topic is a few words of our own: none is a sentence of the standard', () => {
  for (const [number, , topic = ''] of rows) {
    expect(topic.split(/\s+/).length, number).toBeLessThanOrEqual(8)
    expect(topic, number).not.toMatch(/verify that|the application/i)
  }
})

test('what is said to be met names a test, or is met by what is not there', () => {
  const untested = rows.filter((row) => row[3] === 'met' && !/\.(?:test|journey)\.ts`/.test(row[4] ?? ''))
  expect(untested.map(([number]) => number)).toEqual(['V15.3.2'])
})

test('MLPS level 3: all 34 items of the computing environment are in the table, each with a state', () => {
  const items = rowsOf(documents['docs/security/mlps.md'], /^\| 8\.1\.4\.\d/)
  expect(items.length).toBe(34)
  expect(new Set(items.map(([number]) => number)).size).toBe(34)
  for (const [number, , state] of items)
    expect(['met', 'part', 'not met', 'operator'], number).toContain(state)
})

test('the bill of materials can be written from what is locked, with every package we ask for', () => {
  const { stdout } = spawnSync('npm', ['sbom', '--package-lock-only', '--sbom-format', 'cyclonedx'], {
    cwd: root,
    encoding: 'utf8',
  })
  const { components } = JSON.parse(stdout) as { components: { name: string; version: string }[] }
  const { dependencies } = JSON.parse(read('package.json')) as { dependencies: Record<string, string> }
  const names = new Map(components.map(({ name, version }) => [name, version]))
  for (const [name, version] of Object.entries(dependencies)) expect(names.get(name), name).toBe(version)
})

test('no page makes markup or code of text, and the browser keeps nothing but how somebody likes their screen', () => {
  const files = sourceFiles(root).filter(
    (file) => /^(web|api|domain|server)\//.test(file) && !/\.test\.|\/testing\//.test(file),
  )
  const holding = (sign: RegExp): string[] => files.filter((file) => sign.test(read(file)))
  expect(files.length).toBeGreaterThan(300)
  expect(
    holding(/dangerouslySetInnerHTML|\.(?:inner|outer)HTML\b|document\.write|\beval\(|new Function\(/),
  ).toEqual([])
  expect(
    holding(/window\.postMessage|addEventListener\('message'[^)]*=> *\{? *window|sessionStorage|indexedDB/),
  ).toEqual([])
  expect(holding(/localStorage\.setItem/)).toEqual([
    'web/counsellor/resource.ts',
    'web/ui/sound.ts',
    'web/ui/supervising.ts',
    'web/ui/theme.ts',
    'web/ui/words.ts',
  ])
})
