import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { checkArrows, importsOf, violationsIn } from './arrows.ts'

const root = join(import.meta.dirname, '..')

/** The rules broken by one file with this text. */
const rulesBroken = (file: string, text: string): string[] =>
  violationsIn(new Map([[file, text]])).map((v) => v.rule)

test('the house as it stands keeps its arrows, and more than twenty modules were looked at', () => {
  const { modules, violations } = checkArrows(root)
  expect(violations).toEqual([])
  expect(modules).toBeGreaterThan(20)
})

test('every way of naming a module is seen', () => {
  const text = `
    import a, { b } from './a.ts'
    import type { C } from './c.ts'
    import './d.ts'
    export { e } from './e.ts'
    export * from './f.ts'
    const g = await import('./g.ts')
    type H = import('./h.ts').H
    // import x from './comment.ts'
    const s = "import y from './text.ts'"`
  const seen = importsOf('server/x.ts', text).sort()
  expect(seen).toEqual(['./a.ts', './c.ts', './d.ts', './e.ts', './f.ts', './g.ts', './h.ts'])
})

const planted: [file: string, text: string, rule: string][] = [
  ['domain/call.ts', `import { request } from '../api/calls.ts'`, 'folders-know-only-whom-they-may'],
  ['domain/call.ts', `import { readFileSync } from 'node:fs'`, 'domain-does-no-io'],
  ['domain/call.ts', `import pg from 'pg'`, 'domain-does-no-io'],
  ['api/calls.ts', `import type { Db } from '../server/db/database.ts'`, 'folders-know-only-whom-they-may'],
  ['api/calls.ts', `import { now } from 'fastify'`, 'domain-does-no-io'],
  ['web/main.tsx', `import { start } from '../server/main.ts'`, 'folders-know-only-whom-they-may'],
  ['web/ui/live.ts', `import { join } from 'node:path'`, 'web-runs-in-a-browser'],
  ['web/counsellor/Desk.tsx', `import { Board } from '../supervisor/Board.tsx'`, 'web-areas-are-apart'],
  ['web/ui/Frame.tsx', `import { Desk } from '../counsellor/Desk.tsx'`, 'web-areas-are-apart'],
  ['web/public/Rating.tsx', `import { Button } from 'antd'`, 'public-pages-stay-light'],
  ['telephony/switchboard.ts', `import { step } from '../domain/call.ts'`, 'folders-know-only-whom-they-may'],
  [
    'switchboard/main.ts',
    `import type { Leg } from '../telephony/switchboard.ts'`,
    'folders-know-only-whom-they-may',
  ],
  ['recorder/main.ts', `export { key } from '../server/config.ts'`, 'folders-know-only-whom-they-may'],
  ['launcher/main.ts', `const server = await import('../server/main.ts')`, 'folders-know-only-whom-they-may'],
  ['simulator/main.ts', `import { save } from '../server/calls/calls.ts'`, 'folders-know-only-whom-they-may'],
  ['bin/hearthline.js', `import '../server/main.ts'`, 'folders-know-only-whom-they-may'],
  [
    'server/calls/calls.ts',
    `import { Client } from '../../telephony/ari/client.ts'`,
    'subfolders-are-private',
  ],
  [
    'server/calls/calls.ts',
    `import { listContacts } from '../contacts/queries.ts'`,
    'slices-meet-at-their-front',
  ],
  ['server/contacts/contacts.ts', `type R = import('../calls/routes.ts').R`, 'slices-meet-at-their-front'],
  ['server/db/database.ts', `import { step } from '../calls/calls.ts'`, 'slices-meet-at-their-front'],
  ['server/calls/calls.ts', `import { aCall } from '../../test/builders.ts'`, 'tests-are-not-product'],
  ['server/calls/calls.ts', `import { x } from './calls.test.ts'`, 'tests-are-not-product'],
  ['server/calls/calls.ts', `import { hall } from './testing/hall.ts'`, 'tests-are-not-product'],
  ['server/calls/utils.ts', `export const x = 1`, 'names-say-what'],
  ['domain/index.ts', `export const x = 1`, 'names-say-what'],
  ['server/calls/calls.ts', `// oxlint-${'disable'}-next-line\nexport const x = 1`, 'no-lint-disables'],
]

test.each(planted)('a planted violation is caught: %s: %s', (file, text, rule) => {
  expect(rulesBroken(file, text)).toContain(rule)
})

const allowed: [file: string, text: string][] = [
  ['domain/call.ts', `import { z } from 'zod'; import { Problem } from './problem.ts'`],
  ['domain/call.test.ts', `import fc from 'fast-check'; import { readFileSync } from 'node:fs'`],
  ['api/calls.ts', `import type { Call } from '../domain/call.ts'`],
  ['web/counsellor/Desk.tsx', `import { Frame } from '../ui/Frame.tsx'; import { Button } from 'antd'`],
  ['web/main.tsx', `import { Desk } from './counsellor/Desk.tsx'`],
  ['web/vite.config.ts', `import { join } from 'node:path'`],
  [
    'server/main.ts',
    `import { routes } from './calls/routes.ts'; import { dial } from '../telephony/switchboard.ts'`,
  ],
  [
    'server/calls/calls.ts',
    `import { find } from '../contacts/contacts.ts'; import { db } from '../db/database.ts'`,
  ],
  ['server/db/database.test.ts', `import { startDatabase } from '../../launcher/database.ts'`],
  ['test/journeys/plain.journey.ts', `import { startDatabase } from '../../launcher/database.ts'`],
]

test.each(allowed)('what the arrows allow is left alone: %s: %s', (file, text) => {
  expect(rulesBroken(file, text)).toEqual([])
})

const folder = mkdtempSync(join(tmpdir(), 'hearthline-lint-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** Lints planted files with the project's own rules and tells what was found. */
function lint(files: Readonly<Record<string, string>>): string {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), text)
  }
  const args = ['-c', join(root, '.oxlintrc.json'), '--type-aware', '--format', 'unix', 'server']
  return spawnSync(join(root, 'node_modules/.bin/oxlint'), args, { cwd: folder, encoding: 'utf8' }).stdout
}

test('the linter catches each planted breach of the rules it enforces', () => {
  const found = lint({
    'tsconfig.json': JSON.stringify({ compilerOptions: { strict: true } }),
    'server/one.ts': `import { two } from './two.ts'\nexport const one = (): number => two()\n`,
    'server/two.ts': `import { one } from './one.ts'\nexport const two = (): number => one()\n`,
    'server/Bad_Name.ts': `export default 1\nexport const a = (x: any) => x\n`,
    'server/late.ts': `const f = async () => 1\nf()\nconsole.log(process.env)\n`,
    'server/long.ts': `export const n = 1\n`.padEnd(5000, '\n'),
    'server/deep.ts': `export function deep(): void {\n${'  void 0\n'.repeat(61)}}\n`,
    'server/branchy.ts': `export function b(n: number): void {\n${'if (n > 1) n++\n'.repeat(16)}}\n`,
  })
  const expected = ['import(no-cycle)', 'import(no-default-export)', 'typescript(no-explicit-any)']
  expected.push('typescript(no-floating-promises)', 'eslint(no-console)', 'node(no-process-env)')
  expected.push(
    'unicorn(filename-case)',
    'eslint(max-lines)',
    'eslint(max-lines-per-function)',
    'eslint(complexity)',
  )
  for (const rule of expected) expect(found).toContain(rule)
})
