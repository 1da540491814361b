import { spawn, type ChildProcess } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { createSocket } from 'node:dgram'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { afterEach, expect, test } from 'vitest'
import { freePorts } from './ports.ts'

/* The launcher in a process of its own, with the real database and with tiny programs in the places of the other three. */

const steady = `
  import { appendFileSync } from 'node:fs'
  process.on('SIGINT', () => undefined)
  process.on('SIGTERM', () => process.exit(0))
  process.on('disconnect', () => process.exit(0))
  const name = process.argv[1].split('/').at(-1).replace('.mjs', '')
  appendFileSync(process.env.TEST_LIVES, name + ' ' + process.pid + '\\n')
  setInterval(() => undefined, 1000)
  process.send({ type: 'ready', address: 'http://127.0.0.1:' + process.env.HEARTHLINE_PORT, notices: [process.env.DATABASE_URL] })`
const stubborn = steady.replace('process.exit(0))', 'undefined)')

type Launcher = {
  child: ChildProcess
  folder: string
  /** Everything it printed so far, on both outputs. */
  said: () => string
  exit: Promise<number | null>
  ready: Promise<void>
  /** Process ids of all lives of one program so far, in order. */
  lives: (name: string) => number[]
}

const started: Launcher[] = []
afterEach(async () => {
  for (const { child, exit, folder } of started.splice(0)) {
    child.kill('SIGKILL')
    await exit
    await leavesNone(folder)
    rmSync(folder, { recursive: true, force: true })
  }
})

/** Settles when no process carries the folder in its environment any more; the database's sessions do as well. */
async function leavesNone(folder: string): Promise<void> {
  await expect.poll(() => processesOf(folder), { timeout: 15_000 }).toEqual([])
}

function processesOf(folder: string): string[] {
  const mark = Buffer.from(folder)
  return readdirSync('/proc').filter((pid) => {
    if (!/^\d+$/.test(pid) || Number(pid) === process.pid) return false
    try {
      return readFileSync(`/proc/${pid}/environ`).includes(mark)
    } catch {
      return false
    }
  })
}

async function launch(
  options: { env?: Record<string, string>; server?: string; args?: string[]; shell?: boolean } = {},
) {
  const folder = mkdtempSync(join(tmpdir(), 'hearthline-launcher-'))
  const programs = { switchboard: steady, recorder: steady, server: options.server ?? steady }
  for (const [name, text] of Object.entries(programs)) writeFileSync(join(folder, `${name}.mjs`), text)
  const scripts = Object.fromEntries(Object.keys(programs).map((name) => [name, join(folder, `${name}.mjs`)]))
  const lives = join(folder, 'lives')
  writeFileSync(lives, '')
  writeFileSync(
    join(folder, 'start.ts'),
    `import { main } from ${JSON.stringify(join(import.meta.dirname, 'main.ts'))}
     process.exit(await main(${JSON.stringify(options.args ?? ['start', '--demo'])}, ${JSON.stringify(scripts)}))`,
  )
  const [web, sip] = (await freePorts(2)).map(String)
  const doors = { HEARTHLINE_PORT: web, HEARTHLINE_SIP_PORT: sip, HEARTHLINE_DATA: join(folder, 'data') }
  const words = options.shell ? ['sh', '-c', `"$0" "$1"; true`] : []
  const [command, ...rest] = [...words, process.execPath, join(folder, 'start.ts')]
  const child = spawn(command, rest, {
    env: { PATH: process.env['PATH'], TEST_LIVES: lives, ...doors, ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  return watch(child, folder, lives)
}

function watch(child: ChildProcess, folder: string, lives: string): Launcher {
  let said = ''
  const ready = Promise.withResolvers<void>()
  const exit = new Promise<number | null>((resolve) => child.once('close', resolve))
  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', (chunk: Buffer) => {
      said += chunk.toString()
      if (said.includes('is ready after')) ready.resolve()
    })
  void exit.then(() => ready.reject(new Error(`ended before it was ready: ${said}`)))
  ready.promise.catch(() => undefined)
  const pidsOf = (name: string): number[] =>
    [...readFileSync(lives, 'utf8').matchAll(new RegExp(`^${name} (\\d+)$`, 'gm'))].map((m) => Number(m[1]))
  const launcher = { child, folder, said: () => said, exit, ready: ready.promise, lives: pidsOf }
  started.push(launcher)
  return launcher
}

const databasePid = ({ folder }: Launcher): number =>
  Number(readFileSync(join(folder, 'data', 'pg', 'postmaster.pid'), 'utf8').split('\n')[0])

test('Ctrl-C stops every process and leaves none', async () => {
  const launcher = await launch()
  await launcher.ready
  expect(processesOf(launcher.folder).length).toBeGreaterThan(4)
  launcher.child.kill('SIGINT')
  expect(await launcher.exit).toBe(0)
  expect(processesOf(launcher.folder)).toEqual([])
})

test('Ctrl-C while it still starts stops it as well', async () => {
  const launcher = await launch()
  await expect.poll(() => launcher.said()).toContain('Starting')
  launcher.child.kill('SIGINT')
  expect(await launcher.exit).toBe(0)
  await leavesNone(launcher.folder)
})

test('a second Ctrl-C ends what does not want to stop', async () => {
  const launcher = await launch({ server: stubborn })
  await launcher.ready
  launcher.child.kill('SIGINT')
  await new Promise((resolve) => setTimeout(resolve, 600))
  launcher.child.kill('SIGINT')
  expect(await launcher.exit).toBe(1)
  await leavesNone(launcher.folder)
})

test('kill -9 of the launcher leaves no orphan', async () => {
  const launcher = await launch()
  await launcher.ready
  launcher.child.kill('SIGKILL')
  await launcher.exit
  await leavesNone(launcher.folder)
})

test('kill -9 of the npm that started it leaves no orphan', async () => {
  const launcher = await launch({ shell: true, env: { npm_lifecycle_event: 'start' } })
  await launcher.ready
  launcher.child.kill('SIGKILL')
  await leavesNone(launcher.folder)
})

test.each(['server', 'switchboard', 'recorder'])(
  'a killed %s is started again, the others go on',
  async (name) => {
    const launcher = await launch()
    await launcher.ready
    const others = ['server', 'switchboard', 'recorder'].filter((other) => other !== name)
    process.kill(launcher.lives(name)[0] ?? 0, 'SIGKILL')
    await expect.poll(() => launcher.lives(name).length, { timeout: 10_000 }).toBe(2)
    for (const other of others) expect(launcher.lives(other)).toHaveLength(1)
    await expect.poll(() => launcher.said()).toContain(`${name} ended (SIGKILL); it is started again`)
  },
)

test('a killed database is started again at the same address with what it had acknowledged', async () => {
  const launcher = await launch()
  await launcher.ready
  const url = /postgres:\/\/\S+/.exec(launcher.said())?.[0] ?? ''
  const owner: { owner: string } = JSON.parse(
    readFileSync(join(launcher.folder, 'data/keys/database.json'), 'utf8'),
  )
  const ownerUrl = url.replace(/\/\/.*@/, `//hearthline_owner:${owner.owner}@`)
  expect(await query(ownerUrl, `CREATE TABLE kept AS SELECT 'told nobody' AS note`)).toBe('done')
  const before = databasePid(launcher)
  process.kill(before, 'SIGKILL')
  const again = (): Promise<string> => query(ownerUrl, 'SELECT note FROM kept').catch(() => 'away')
  await expect.poll(again, { timeout: 20_000 }).toBe('told nobody')
  expect(databasePid(launcher)).not.toBe(before)
  expect(launcher.lives('server')).toHaveLength(1)
})

async function query(connectionString: string, text: string): Promise<string> {
  const client = new pg.Client({ connectionString })
  client.on('error', () => undefined)
  await client.connect()
  try {
    const { rows } = await client.query<{ note: string }>(text)
    return rows[0]?.note ?? 'done'
  } finally {
    await client.end()
  }
}

test('secrets between the processes are never in a command line', async () => {
  const launcher = await launch()
  await launcher.ready
  const environ = readFileSync(`/proc/${launcher.lives('server')[0] ?? 0}/environ`, 'utf8')
  const secrets = [...environ.matchAll(/(?:ARI_PASSWORD=|:\/\/[a-z_]+:)([\w-]{20,})/g)].map((m) => m[1] ?? '')
  expect(secrets.length).toBeGreaterThanOrEqual(3)
  const lines = processesOf(launcher.folder).map((pid) => readFileSync(`/proc/${pid}/cmdline`, 'utf8'))
  for (const secret of secrets) expect(lines.join('\n')).not.toContain(secret)
  const other = readFileSync(`/proc/${launcher.lives('switchboard')[0] ?? 0}/environ`, 'utf8')
  expect(other).not.toContain('DATABASE_URL')
})

/** It must end by itself with code 1, say one line that matches, and leave nothing behind. */
async function refuses(launcher: Launcher, sentence: RegExp): Promise<void> {
  expect(await launcher.exit).toBe(1)
  const said = launcher.said().trim().split('\n').slice(1)
  expect(said).toHaveLength(1)
  expect(said[0]).toMatch(sentence)
  await leavesNone(launcher.folder)
}

test('a taken web port is named with the variable that moves it', async () => {
  const other = createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => other.once('listening', resolve))
  const { port } = other.address() as AddressInfo
  await refuses(
    await launch({ env: { HEARTHLINE_PORT: String(port) } }),
    new RegExp(`${port}.*HEARTHLINE_PORT.*端口`),
  )
  other.close()
})

test('a taken SIP port is named with the variable that moves it', async () => {
  const other = createSocket('udp4')
  await new Promise<void>((resolve) => other.bind(0, '127.0.0.1', resolve))
  const { port } = other.address()
  await refuses(
    await launch({ env: { HEARTHLINE_SIP_PORT: String(port) } }),
    new RegExp(`${port}.*HEARTHLINE_SIP_PORT`),
  )
  other.close()
})

test('an address of another machine is named as the mistake it is', async () => {
  await refuses(
    await launch({ env: { HEARTHLINE_HOST: '192.0.2.99' }, args: ['start'] }),
    /^HEARTHLINE_HOST is not/,
  )
})

test('a data folder that cannot be written is named', async () => {
  await refuses(
    await launch({ env: { HEARTHLINE_DATA: '/proc/hearthline' } }),
    /\/proc\/hearthline .*HEARTHLINE_DATA/,
  )
})

test('data of a newer version are left alone', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'hearthline-newer-'))
  mkdirSync(join(folder, 'data'))
  writeFileSync(join(folder, 'data', 'version'), '99\n')
  await refuses(
    await launch({ env: { HEARTHLINE_DATA: join(folder, 'data') } }),
    /newer Hearthline \(layout 99/,
  )
  rmSync(folder, { recursive: true })
})

test('a second launcher on the same data is refused, and the first goes on', async () => {
  const first = await launch()
  await first.ready
  const second = await launch({ env: { HEARTHLINE_DATA: join(first.folder, 'data') } })
  expect(await second.exit).toBe(1)
  expect(second.said()).toMatch(/already running on the data folder/)
  expect(first.lives('server')).toHaveLength(1)
  expect(first.child.exitCode).toBe(null)
})

test('a value that cannot be used names its variable', async () => {
  const launcher = await launch({ env: { HEARTHLINE_PORT: 'eighty' } })
  expect(await launcher.exit).toBe(1)
  expect(launcher.said()).toMatch(/^HEARTHLINE_PORT /)
})

test('a server that says why it cannot start is quoted, and nothing stays behind', async () => {
  const server = `process.send({ type: 'failed', message: 'The migration is newer.' }, () => process.exit(1))`
  await refuses(await launch({ server }), /^The migration is newer\./)
})

/** The first two answers of PostgreSQL's protocol (version 3), enough to be asked for its version. */
function oldPostgres(version: string) {
  const message = (type: string, body: Buffer): Buffer => {
    const length = Buffer.alloc(4)
    length.writeInt32BE(body.length + 4)
    return Buffer.concat([Buffer.from(type), length, body])
  }
  const ready = message('Z', Buffer.from('I'))
  const column = Buffer.concat([
    Buffer.from('\0\x01version\0'),
    Buffer.from('00000000000000000019ffffffffffff0000', 'hex'),
  ])
  const row = Buffer.concat([Buffer.from([0, 1, 0, 0, 0, version.length]), Buffer.from(version)])
  const answer = [message('T', column), message('D', row), message('C', Buffer.from('SELECT 1\0')), ready]
  return createServer((socket) => {
    socket.once('data', () => {
      socket.write(Buffer.concat([message('R', Buffer.alloc(4)), ready]))
      socket.on(
        'data',
        (asked) => asked.toString('latin1', 0, 1) === 'Q' && socket.write(Buffer.concat(answer)),
      )
    })
    socket.on('error', () => undefined)
  })
}

test('a PostgreSQL older than 15 is refused by its version', async () => {
  const server = oldPostgres('140011').listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const { port } = server.address() as AddressInfo
  const url = `postgres://hotline:x@127.0.0.1:${port}/hotline`
  await refuses(await launch({ env: { DATABASE_URL: url } }), /PostgreSQL 14, Hearthline needs 15/)
  server.close()
})
