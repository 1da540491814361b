/* `npm run clauses`: one line a clause: its id, a tab, how many tests carry it, a tab, their names or `none`. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseSync } from 'vite'
import { parse } from 'yaml'
import { z } from 'zod'
import { sourceFiles } from './sources.ts'

const clauseFile = z.array(z.object({ id: z.string() }).loose())

/** The names a test file gives to its tests, whole: those of the describe around them come first. */
export function testNames(file: string, text: string): string[] {
  const names: string[] = []
  collect(parseSync(file, text).program, [], names)
  return names
}

function collect(node: unknown, around: readonly string[], names: string[]): void {
  if (Array.isArray(node)) return node.forEach((child) => collect(child, around, names))
  if (typeof node !== 'object' || node === null) return
  const call = testCall(node)
  if (call?.kind === 'test') names.push([...around, call.name].join(' '))
  const inside = call?.kind === 'describe' ? [...around, call.name] : around
  for (const child of Object.values(node)) collect(child, inside, names)
}

/** A call of test, it or describe, also as `test.skipIf(…)(…)` or `test.each(…)(…)`. */
function testCall(node: object): { kind: 'test' | 'describe'; name: string } | null {
  if (!('type' in node) || node.type !== 'CallExpression' || !('callee' in node) || !('arguments' in node))
    return null
  const path = nameOf(node.callee)
  const name = Array.isArray(node.arguments) ? textOf(node.arguments[0]) : null
  if (name === null) return null
  if (/^(test\.)?describe(\.|$)/.test(path)) return { kind: 'describe', name }
  return /^(test|it)(\.(only|skip|skipIf|runIf|each|for|fails|concurrent|todo|fixme|fail))*$/.test(path)
    ? { kind: 'test', name }
    : null
}

function nameOf(node: unknown): string {
  if (typeof node !== 'object' || node === null || !('type' in node)) return ''
  if ('name' in node && typeof node.name === 'string') return node.name
  if ('callee' in node) return nameOf(node.callee)
  if ('tag' in node) return nameOf(node.tag)
  if ('object' in node && 'property' in node) return `${nameOf(node.object)}.${nameOf(node.property)}`
  return ''
}

function textOf(node: unknown): string | null {
  if (typeof node !== 'object' || node === null) return null
  if ('value' in node && typeof node.value === 'string') return node.value
  if (!('quasis' in node) || !Array.isArray(node.quasis)) return null
  const parts = z.array(z.object({ value: z.object({ cooked: z.string() }) })).parse(node.quasis)
  return parts.map((part) => part.value.cooked).join('…')
}

/** Which of the names carry the id as a whole: G24-7.5 is not carried by "G24-7.5a: …". */
export function carriers(id: string, names: readonly string[]): string[] {
  const whole = new RegExp(`(?<![\\w.-])${id.replaceAll('.', '\\.')}(?![\\w-]|\\.\\w)`)
  return names.filter((name) => whole.test(name))
}

if (import.meta.main) {
  const root = join(import.meta.dirname, '..')
  const clauses = clauseFile.parse(parse(readFileSync(join(root, 'docs', 'clauses.yaml'), 'utf8')))
  const names = sourceFiles(root)
    .filter((file) => /\.(test|journey)\.tsx?$/.test(file))
    .flatMap((file) => testNames(file, readFileSync(join(root, file), 'utf8')))
  for (const { id } of clauses) {
    const found = carriers(id, names)
    console.log(`${id}\t${found.length}\t${found.length === 0 ? 'none' : found.join(' | ')}`)
  }
}
