import { readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path/posix'
import { parseSync } from 'vite'
import { sourceFiles } from './sources.ts'

/** One import that goes where the house does not allow it, or a file that breaks a rule no other tool checks. */
export type Violation = { rule: string; file: string; target: string; why: string }

type Import = { file: string; target: string; ours: boolean }

/** Which top-level folders each folder may import, besides itself. What is missing here may know nobody. */
const mayKnow: Readonly<Record<string, readonly string[]>> = {
  domain: [],
  clinical: [],
  api: ['domain'],
  web: ['api', 'domain'],
  telephony: [],
  server: ['api', 'domain', 'clinical', 'telephony'],
  simulator: ['domain'],
  switchboard: [],
  recorder: [],
  launcher: [],
  bin: ['launcher'],
}
const webAreas = ['counsellor', 'supervisor', 'admin', 'custodian', 'care', 'oversight', 'public', 'account']
/** Folders of the server that every slice may use; all other folders there are slices. */
const serverGround = ['db', 'http']
/** The keys by which every slice seals what identifies a person, and how it does, are ground as well. */
const groundFiles = [
  'keys',
  'answers',
  'data-keys',
  'master',
  'kms',
  'resealing',
  'sealed-columns',
  'word-search',
  'kept-words',
].map((name) => `server/records/${name}.ts`)
const forbiddenNames = /^(utils?|helpers?|common|manager|base|types|index)\.(ts|tsx|js)$/

/** Test files, what stands in `testing/` folders for them, and the folders test and bench: they may look everywhere. */
const isTest = (file: string): boolean =>
  /\.(test|journey)\.tsx?$/.test(file) || /^(test|bench)\/|\/testing\//.test(file)
const isConfig = (file: string): boolean => file.endsWith('.config.ts')
const folderOf = (file: string): string => (file.includes('/') ? (file.split('/')[0] ?? '') : '')
const partOf = (file: string): string => (file.split('/').length > 2 ? (file.split('/')[1] ?? '') : '')

/** Every module a source text names: imports, re-exports, `import()` and `import('…')` in types. */
export function importsOf(file: string, text: string): string[] {
  const parsed = parseSync(file, text)
  const fatal = parsed.errors[0]
  if (fatal) throw new Error(`${file} cannot be read: ${fatal.message}`)
  const found = new Set<string>()
  collect(parsed.program, found)
  return [...found]
}

function collect(node: unknown, found: Set<string>): void {
  if (Array.isArray(node)) {
    for (const child of node) collect(child, found)
    return
  }
  if (typeof node !== 'object' || node === null) return
  if ('type' in node && typeof node.type === 'string' && /^(Import|Export|TSImport)/.test(node.type)) {
    if ('source' in node) addLiteral(node.source, found)
    if ('argument' in node) addLiteral(node.argument, found)
  }
  for (const child of Object.values(node)) collect(child, found)
}

function addLiteral(source: unknown, found: Set<string>): void {
  if (typeof source !== 'object' || source === null) return
  if ('value' in source && typeof source.value === 'string') found.add(source.value)
  else if ('literal' in source) addLiteral(source.literal, found)
}

function resolveImport(file: string, target: string): Import {
  if (!target.startsWith('.')) return { file, target, ours: false }
  const path = normalize(join(dirname(file), target.replace(/\?.*$/, '')))
  return { file, target: path, ours: true }
}

type Rule = { name: string; why: string; breaks: (i: Import) => boolean }

const rules: readonly Rule[] = [
  {
    name: 'tests-are-not-product',
    why: 'nothing the product runs may import test, bench or a test file',
    breaks: (i) => i.ours && !isTest(i.file) && !isConfig(i.file) && isTest(i.target),
  },
  {
    name: 'folders-know-only-whom-they-may',
    why: 'see the arrows in test/arrows.ts: web -> api -> domain; server -> api, domain, clinical, telephony',
    breaks: (i) => {
      const [from, to] = [folderOf(i.file), folderOf(i.target)]
      if (!i.ours || isTest(i.file) || from === '' || from === to || isTest(i.target)) return false
      return !(mayKnow[from] ?? []).includes(to)
    },
  },
  {
    name: 'subfolders-are-private',
    why: 'another folder is entered by its top-level files only',
    breaks: (i) => {
      const to = folderOf(i.target)
      if (!i.ours || isTest(i.file) || folderOf(i.file) === to || to === 'clinical') return false
      return partOf(i.target) !== ''
    },
  },
  {
    name: 'domain-does-no-io',
    why: 'domain and api import nothing from outside but zod',
    breaks: (i) =>
      !i.ours && !isTest(i.file) && /^(domain|api)\//.test(i.file) && !/^zod(\/|$)/.test(i.target),
  },
  {
    name: 'web-runs-in-a-browser',
    why: 'no node: module in the web app',
    breaks: (i) =>
      i.file.startsWith('web/') && !isTest(i.file) && !isConfig(i.file) && i.target.startsWith('node:'),
  },
  {
    name: 'public-pages-stay-light',
    why: 'the public pages carry no Ant Design (page weight)',
    breaks: (i) => i.file.startsWith('web/public/') && /^(antd|@ant-design)(\/|$)/.test(i.target),
  },
  { name: 'slices-meet-at-their-front', why: 'import server/<slice>/<slice>.ts', breaks: breaksSlice },
  {
    name: 'web-areas-are-apart',
    why: 'counsellor, supervisor, admin, care, oversight and public share only web/ui and top-level files',
    breaks: (i) => {
      if (!i.ours || isTest(i.file) || !i.file.startsWith('web/') || !webAreas.includes(partOf(i.target)))
        return false
      return partOf(i.file) !== '' && partOf(i.file) !== partOf(i.target)
    },
  },
]

function breaksSlice(i: Import): boolean {
  if (!i.ours || isTest(i.file) || !i.file.startsWith('server/') || !i.target.startsWith('server/'))
    return false
  const [from, to] = [partOf(i.file), partOf(i.target)]
  if (from === '' || to === '' || from === to || serverGround.includes(to))
    return from === 'db' && to === 'http'
  if (from === 'db') return true
  if (groundFiles.includes(i.target)) return false
  return !new RegExp(`^server/${to}/${to}\\.tsx?$`).test(i.target)
}

/** Judges sources given as path -> text (paths from the project's root, with `/`); an empty list is a tidy house. */
export function violationsIn(sources: ReadonlyMap<string, string>): Violation[] {
  const found: Violation[] = []
  for (const [file, text] of sources) {
    const name = file.split('/').at(-1) ?? ''
    if (forbiddenNames.test(name))
      found.push({ rule: 'names-say-what', file, target: name, why: 'name the file for what it holds' })
    if (/(?:\/\/|\/\*)\s*(?:oxlint|eslint)-disable/.test(text))
      found.push({
        rule: 'no-lint-disables',
        file,
        target: 'a disable comment',
        why: 'mend the code instead',
      })
    for (const target of importsOf(file, text)) {
      const i = resolveImport(file, target)
      for (const rule of rules)
        if (rule.breaks(i)) found.push({ rule: rule.name, file, target: i.target, why: rule.why })
    }
  }
  return found
}

/** Reads all sources of the project; fails when it sees so few modules that its silence would mean nothing. */
export function checkArrows(root: string): { modules: number; violations: Violation[] } {
  const sources = new Map(sourceFiles(root).map((file) => [file, readFileSync(join(root, file), 'utf8')]))
  return { modules: sources.size, violations: violationsIn(sources) }
}

if (import.meta.main) {
  const { modules, violations } = checkArrows(join(import.meta.dirname, '..'))
  for (const v of violations) console.log(`${v.file} -> ${v.target}\n    ${v.rule}: ${v.why}`)
  if (modules <= 20) console.log(`only ${modules} modules were seen: the scanner looks in the wrong place`)
  process.exit(violations.length > 0 || modules <= 20 ? 1 : 0)
}
