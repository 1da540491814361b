/* `npm run test:asterisk [-- FILE …]`: the switchboards' common suite against Asterisk 22, which this sets up, starts and ends. */
import { spawn } from 'node:child_process'
import { delimiter, join } from 'node:path'
import { startAsterisk } from './asterisk.ts'
import { asteriskRoot } from './packages.ts'

const root = join(import.meta.dirname, '..', '..')
const suites = ['test/ari', 'telephony/switchboard.test.ts']
const seconds = (since: number): string => ((performance.now() - since) / 1000).toFixed(1)

function vitest(files: string[], env: NodeJS.ProcessEnv): Promise<number> {
  const path = join(root, 'node_modules', '.bin') + delimiter + (process.env['PATH'] ?? '')
  const args = ['run', '--project=sound', '--maxWorkers=1', ...files]
  const child = spawn('vitest', args, {
    cwd: root,
    env: { ...process.env, ...env, PATH: path },
    stdio: 'inherit',
  })
  // The terminal sends Ctrl-C to both; Asterisk is ended after the tests.
  process.on('SIGINT', () => undefined)
  process.on('SIGTERM', () => child.kill('SIGTERM'))
  return new Promise((resolve) => {
    child.once('error', () => resolve(1))
    child.once('close', (code) => resolve(code ?? 1))
  })
}

const begun = performance.now()
// A machine that can fetch none of Debian's packages has no Asterisk to judge; what fails from here on is a fault.
await asteriskRoot().catch((error: unknown) => {
  console.log(`SKIPPED the suite on Asterisk: ${error instanceof Error ? error.message : String(error)}`)
  process.exit(0)
})
const asterisk = await startAsterisk()
console.log(`Asterisk runs after ${seconds(begun)} s.`)
try {
  const ready = performance.now()
  const given = process.argv.slice(2)
  process.exitCode = await vitest(given.length > 0 ? given : suites, {
    HEARTHLINE_TEST_ARI_URL: asterisk.ariUrl,
    HEARTHLINE_TEST_SIP_PORT: String(asterisk.sipPort),
    HEARTHLINE_TEST_SIPS_PORT: String(asterisk.sipsPort),
    HEARTHLINE_TEST_WSS_PORT: String(asterisk.wssPort),
    HEARTHLINE_TEST_FOLDER: asterisk.folder,
    HEARTHLINE_TEST_RECORDER_PORT: String(asterisk.recorderPort),
  })
  console.log(`The suite took ${seconds(ready)} s, ${seconds(begun)} s with the set-up.`)
} finally {
  await asterisk.stop()
}
