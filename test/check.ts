/* `npm run check`: types, lint, format, arrows and dead code, all at once; prints only what is wrong. */
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { cpus } from 'node:os'
import { delimiter, join } from 'node:path'

type Check = { name: string; command: string; args: string[] }
type Result = Check & { code: number; output: string; ms: number }

const root = join(import.meta.dirname, '..')
const checks: Check[] = [
  { name: 'types', command: 'tsc', args: ['-p', '.', '--pretty', 'false'] },
  { name: 'types of the web', command: 'tsc', args: ['-p', 'web', '--pretty', 'false'] },
  { name: 'lint', command: 'oxlint', args: ['--type-aware', '--deny-warnings', '--format', 'unix'] },
  { name: 'format', command: 'prettier', args: ['--check', '--log-level', 'warn', '--cache', '.'] },
  { name: 'arrows', command: process.execPath, args: ['test/arrows.ts'] },
  { name: 'dead code', command: 'knip', args: ['--no-progress'] },
]

function run(check: Check): Promise<Result> {
  const started = performance.now()
  const path = join(root, 'node_modules', '.bin') + delimiter + (process.env['PATH'] ?? '')
  return new Promise((resolve) => {
    let output = ''
    const child = spawn(check.command, check.args, {
      cwd: root,
      env: { ...process.env, PATH: path, NO_COLOR: '1' },
    })
    child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()))
    child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()))
    child.on('error', (error) => (output += error.message))
    child.on('close', (code) =>
      resolve({ ...check, code: code ?? 1, output, ms: performance.now() - started }),
    )
  })
}

/** Starts as many at once as there are processors; the slowest stand first in the list. */
async function runAll(): Promise<Result[]> {
  const waiting = [...checks]
  const results: Result[] = []
  const worker = async (): Promise<void> => {
    for (let next = waiting.shift(); next; next = waiting.shift()) results.push(await run(next))
  }
  await Promise.all(Array.from({ length: Math.max(3, cpus().length) }, worker))
  return results
}

const started = performance.now()
if (!existsSync(join(root, 'node_modules'))) {
  console.error('The dependencies are not installed: run npm ci first.')
  process.exit(1)
}
const results = await runAll()
for (const result of results.filter((r) => r.code !== 0))
  console.log(`--- ${result.name}: ${result.command} ${result.args.join(' ')}\n${result.output.trim()}\n`)
for (const result of results)
  console.log(
    `${result.code === 0 ? 'ok    ' : 'FAILED'} ${result.name} (${(result.ms / 1000).toFixed(1)} s)`,
  )
const failed = results.filter((r) => r.code !== 0).length
console.log(
  `${failed === 0 ? 'All checks hold' : `${failed} of ${results.length} checks failed`} after ${((performance.now() - started) / 1000).toFixed(1)} s`,
)
process.exit(failed === 0 ? 0 : 1)
