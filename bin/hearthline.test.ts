import { spawn, spawnSync } from 'node:child_process'
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'

const program = join(import.meta.dirname, 'hearthline.js')
const quiet = { npm_config_user_agent: undefined, HEARTHLINE_DATA: undefined }

function run(args: string[], env: NodeJS.ProcessEnv = {}, file = program) {
  return spawnSync(process.execPath, [file, ...args], {
    encoding: 'utf8',
    env: { ...process.env, ...quiet, ...env },
  })
}

test('without a verb the help is shown, in both languages of the name', () => {
  const { stdout, status } = run(['help'])
  expect(stdout).toContain('npx hearthline start')
  expect(stdout).toContain('暖线')
  expect(status).toBe(0)
  expect(run(['no-such-verb']).status).toBe(1)
})

test('packages installed by a Node that is too old are refused in one sentence', () => {
  const { stderr, status } = run(['help'], { npm_config_user_agent: 'npm/9.2.0 node/v18.20.8 linux x64' })
  expect(stderr.trim().split('\n')).toHaveLength(1)
  expect(stderr).toMatch(/^Node 18\.20\.8 is too old: install Node 20\.19 or later/)
  expect(status).toBe(1)
})

test('an unknown flag of start is named instead of being ignored', () => {
  const { stderr, status } = run(['start', '--dmeo'])
  expect(stderr).toContain('--dmeo')
  expect(status).toBe(1)
})

const system = spawnSync('/usr/bin/node', ['--version'], { encoding: 'utf8' }).stdout?.trim() ?? ''
const isOlder = /^v(20\.(19|[2-9]\d)|2[123]\.)/.test(system)

test.skipIf(!isOlder)('the Node of the system hands over to the pinned one', () => {
  const { stdout, status } = spawnSync('/usr/bin/node', [program, 'doctor', '--json'], {
    encoding: 'utf8',
    env: { ...process.env, ...quiet },
  })
  expect(stdout).toContain('"check":"node","state":"ok","text":"Node 24')
  expect([0, 1]).toContain(status)
})

test.skipIf(!isOlder)('the Node of the system says what is missing before npm ci', () => {
  const folder = mkdtempSync(join(tmpdir(), 'hearthline-bare-'))
  mkdirSync(join(folder, 'bin'))
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}')
  copyFileSync(program, join(folder, 'bin', 'hearthline.js'))
  const { stderr, status } = spawnSync('/usr/bin/node', [join(folder, 'bin', 'hearthline.js'), 'start'], {
    encoding: 'utf8',
    env: { ...process.env, ...quiet },
  })
  expect(stderr).toMatch(/run "npm ci" first/)
  expect(status).toBe(1)
  rmSync(folder, { recursive: true })
})

test('doctor says with its exit code that a port is taken', async () => {
  const holder = spawn(process.execPath, [
    '-e',
    `require('net').createServer().listen(0, '127.0.0.1', function () { console.log(this.address().port) })`,
  ])
  const port = await new Promise<string>((resolve) =>
    holder.stdout.once('data', (text: Buffer) => resolve(text.toString().trim())),
  )
  const { stdout, status } = run(['doctor', '--json'], {
    HEARTHLINE_PORT: port,
    HEARTHLINE_HOST: '127.0.0.1',
  })
  holder.kill()
  const findings = stdout
    .trim()
    .split('\n')
    .map((line): { check: string; state: string; text: string } => JSON.parse(line))
  expect(findings).toContainEqual(
    expect.objectContaining({ check: 'ports', state: 'fail', text: expect.stringContaining(port) }),
  )
  expect(status).toBe(1)
})
