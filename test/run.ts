/* `npm test`: everything that proves the product. The last line is `N passed, N failed, N skipped`. */
import { spawn } from 'node:child_process'
import { existsSync, globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { z } from 'zod'
import { buildWeb } from '../launcher/web-build.ts'
import { missing, tools, type Tool } from './tools.ts'

type Tally = { passed: number; failed: number; skipped: number }

const root = join(import.meta.dirname, '..')
const reports = mkdtempSync(join(tmpdir(), 'hearthline-test-'))
/** What failed and why, said again at the very end, where a log that was cut still shows it. */
const failures: string[] = []
/** A stage that takes longer hangs. */
const stageLimit = 40 * 60_000

const vitestReport = z.object({
  numPassedTests: z.number(),
  numFailedTests: z.number(),
  numPendingTests: z.number(),
  numTodoTests: z.number(),
  testResults: z.array(
    z.object({
      name: z.string(),
      status: z.string(),
      assertionResults: z.array(
        z.object({
          status: z.string(),
          fullName: z.string(),
          failureMessages: z.array(z.string()).default([]),
        }),
      ),
    }),
  ),
})

type Suite = { specs?: Spec[] | undefined; suites?: Suite[] | undefined }
const spec = z.object({
  title: z.string(),
  file: z.string(),
  tests: z.array(
    z.object({
      status: z.string(),
      results: z.array(z.object({ errors: z.array(z.object({ message: z.string().optional() })) })),
    }),
  ),
})
type Spec = z.infer<typeof spec>
const suite: z.ZodType<Suite> = z.lazy(() =>
  z.object({ specs: z.array(spec).optional(), suites: z.array(suite).optional() }),
)
const journeyReport = z.object({
  stats: z.object({ expected: z.number(), unexpected: z.number(), flaky: z.number(), skipped: z.number() }),
  suites: z.array(suite),
  errors: z.array(z.object({ message: z.string().optional() })).default([]),
})

/** Runs one of the project's programs with what it prints shown, or swallowed when `quiet`. */
function run(command: string, args: string[], env: NodeJS.ProcessEnv = {}, quiet = false): Promise<number> {
  const path = join(root, 'node_modules', '.bin') + delimiter + (process.env['PATH'] ?? '')
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      cwd: root,
      env: { ...process.env, ...env, PATH: path },
      stdio: ['ignore', quiet ? 'ignore' : 'inherit', 'inherit'],
    })
    const timer = setTimeout(() => {
      console.log(`${command} did not end within ${stageLimit / 60_000} minutes and is killed`)
      child.kill('SIGKILL')
    }, stageLimit)
    child.once('error', () => resolve(1))
    child.once('close', (code) => {
      clearTimeout(timer)
      resolve(code ?? 1)
    })
  })
}

async function vitest(name: string, options: string[]): Promise<Tally> {
  const file = join(reports, `${name}.json`)
  const args = ['run', '--reporter=default', '--reporter=json', `--outputFile.json=${file}`, ...options]
  const code = await run('vitest', [...args, '--passWithNoTests', ...process.argv.slice(2)])
  if (!existsSync(file)) return { passed: 0, failed: 1, skipped: 0 }
  const report = vitestReport.parse(JSON.parse(readFileSync(file, 'utf8')))
  const broken = report.testResults.filter((r) => r.status === 'failed' && r.assertionResults.length === 0)
  for (const each of broken) console.log(`FAILED before its first test: ${each.name}`)
  for (const { status, fullName, failureMessages } of report.testResults.flatMap((r) => r.assertionResults))
    if (status === 'failed') failures.push(`FAILED ${fullName}\n${failureMessages.join('\n')}`)
    else if (status !== 'passed') console.log(`SKIPPED ${fullName}`)
    else if (failureMessages.length > 0)
      console.log(`PASSED ONLY WHEN TRIED AGAIN: ${fullName}\n${failureMessages.join('\n')}`)
  const failed = report.numFailedTests + broken.length
  return {
    passed: report.numPassedTests,
    failed: failed === 0 && code !== 0 ? 1 : failed,
    skipped: report.numPendingTests + report.numTodoTests,
  }
}

const specsOf = (s: Suite): Spec[] => [...(s.specs ?? []), ...(s.suites ?? []).flatMap(specsOf)]

async function playwright(args: string[], file: string, quiet: boolean) {
  const reporters = quiet ? 'json' : 'list,json'
  const all = ['test', '--config', 'test/playwright.config.ts', `--reporter=${reporters}`, ...args]
  const code = await run('playwright', all, { PLAYWRIGHT_JSON_OUTPUT_NAME: file }, quiet)
  const report = existsSync(file) ? journeyReport.parse(JSON.parse(readFileSync(file, 'utf8'))) : null
  return { code, report }
}

function sayAloud({ title, tests }: Spec): void {
  for (const { status, results } of tests) {
    const why = results.flatMap(({ errors }) => errors.map(({ message }) => message ?? '')).join('\n')
    if (status === 'flaky') console.log(`PASSED ONLY WHEN TRIED AGAIN: ${title}\n${why}`)
    else if (status === 'unexpected') failures.push(`FAILED ${title}\n${why}`)
    else if (status === 'skipped') console.log(`SKIPPED ${title}`)
  }
}

async function journeys(): Promise<Tally> {
  if (globSync('test/journeys/*.journey.ts', { cwd: root }).length === 0)
    return { passed: 0, failed: 0, skipped: 0 }
  const reason = missing('chromium')
  if (reason !== null) {
    const { report } = await playwright(['--list'], join(reports, 'list.json'), true)
    const specs = report?.suites.flatMap(specsOf) ?? []
    for (const each of specs) console.log(`SKIPPED ${each.title} (${reason})`)
    return { passed: 0, failed: report === null ? 1 : 0, skipped: specs.length }
  }
  const { code, report } = await playwright([], join(reports, 'journeys.json'), false)
  if (!report) return { passed: 0, failed: 1, skipped: 0 }
  for (const error of report.errors) console.log(`FAILED outside a journey: ${error.message ?? ''}`)
  for (const each of report.suites.flatMap(specsOf)) sayAloud(each)
  const { expected, unexpected, flaky, skipped } = report.stats
  const failed = unexpected + report.errors.length
  return { passed: expected + flaky, failed: failed === 0 && code !== 0 ? 1 : failed, skipped }
}

const add = (a: Tally, b: Tally): Tally => ({
  passed: a.passed + b.passed,
  failed: a.failed + b.failed,
  skipped: a.skipped + b.skipped,
})

for (const name of Object.keys(tools) as Tool[]) {
  const reason = missing(name)
  if (reason !== null) console.log(`${reason}: tests that need it are skipped`)
}
let total: Tally = { passed: 0, failed: 0, skipped: 0 }
try {
  const built = await buildWeb((line) => console.log(line))
  console.log(`The web app is ${built === 'fresh' ? 'up to date' : built}.`)
} catch (error) {
  console.log(`FAILED to build the web app: ${error instanceof Error ? error.message : String(error)}`)
  total.failed++
}
total = add(total, await vitest('plain', ['--project=unit', '--project=server']))
total = add(total, await vitest('sound', ['--project=sound']))
// With names of files on the command line only those are meant, and they are not journeys.
if (process.argv.length === 2) total = add(total, await journeys())
rmSync(reports, { recursive: true, force: true })
for (const failure of failures) console.log(failure)
console.log(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`)
process.exitCode = total.failed === 0 ? 0 : 1
