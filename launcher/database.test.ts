import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { afterEach, expect, test } from 'vitest'
import { startDatabase, type Database } from './database.ts'
import { Trouble } from './trouble.ts'

const folders: string[] = []
const running: Database[] = []
const fast = { fsync: 'off', shared_buffers: '16MB' }

afterEach(async () => {
  for (const database of running.splice(0)) await database.stop()
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true })
})

/** A closed folder (0700), as home folders are. */
function closedFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'hearthline-database-'))
  folders.push(folder)
  return folder
}

async function start(folder: string, settings: Record<string, string> = fast): Promise<Database> {
  const database = await startDatabase({ folder, settings })
  running.push(database)
  return database
}

async function ask(url: string, ...queries: string[]): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url })
  client.on('error', () => undefined)
  await client.connect()
  try {
    let rows: Record<string, unknown>[] = []
    for (const query of queries) ({ rows } = await client.query<Record<string, unknown>>(query))
    return rows
  } finally {
    await client.end()
  }
}

async function gone(pid: number): Promise<void> {
  await expect.poll(() => spawnSync('test', ['-d', `/proc/${pid}`]).status, { timeout: 10_000 }).toBe(1)
}

test('the role of the product owns nothing and cannot step round row-level security', async () => {
  const folder = closedFolder()
  const database = await start(folder)
  const [role] = await ask(
    database.url,
    'SELECT rolsuper, rolbypassrls, rolcreatedb, rolcreaterole FROM pg_roles WHERE rolname = current_user',
  )
  expect(role).toEqual({ rolsuper: false, rolbypassrls: false, rolcreatedb: false, rolcreaterole: false })
  await expect(ask(database.url, 'CREATE TABLE mine (n int)')).rejects.toThrow('permission denied')
  await ask(database.ownerUrl, 'CREATE TABLE theirs (n int)')
  await expect(ask(database.url, 'SELECT * FROM theirs')).rejects.toThrow('permission denied')
  const [owner] = await ask(database.url, `SELECT tableowner FROM pg_tables WHERE tablename = 'theirs'`)
  expect(owner).toEqual({ tableowner: 'hearthline_owner' })
  expect(statSync(join(folder, 'keys', 'database.json')).mode & 0o777).toBe(0o600)
})

test('the database keeps commits on the disk and listens on the loopback only', async () => {
  const database = await start(closedFolder(), { shared_buffers: '16MB' })
  const settings = await ask(
    database.adminUrl,
    `SELECT name, setting FROM pg_settings WHERE name IN ('fsync', 'synchronous_commit', 'listen_addresses',
      'unix_socket_directories', 'server_encoding', 'TimeZone') ORDER BY name`,
  )
  expect(Object.fromEntries(settings.map((row) => [row['name'], row['setting']]))).toEqual({
    TimeZone: 'UTC',
    fsync: 'on',
    listen_addresses: '127.0.0.1',
    server_encoding: 'UTF8',
    synchronous_commit: 'on',
    unix_socket_directories: '',
  })
})

test('rows acknowledged before the database was killed are there after its next start', async () => {
  const folder = closedFolder()
  const first = await start(folder, { shared_buffers: '16MB' })
  await ask(first.ownerUrl, 'CREATE TABLE contact (n int)')
  const client = new pg.Client({ connectionString: first.ownerUrl })
  client.on('error', () => undefined)
  await client.connect()
  let acknowledged = 0
  const inserting = (async () => {
    for (;;) {
      await client.query('INSERT INTO contact VALUES ($1)', [acknowledged])
      acknowledged++
    }
  })()
  await expect.poll(() => acknowledged, { timeout: 10_000 }).toBeGreaterThan(50)
  process.kill(first.pid, 'SIGKILL')
  await expect(inserting).rejects.toThrow()
  await first.exited
  const second = await start(folder, { shared_buffers: '16MB' })
  expect(second.port).toBe(first.port)
  const [found] = await ask(second.ownerUrl, 'SELECT count(*)::int AS n FROM contact')
  expect(found?.['n']).toBeGreaterThanOrEqual(acknowledged)
})

/** Runs startDatabase in a process of its own, which says the database's pid and then waits. */
function inOwnProcess(folder: string, prefix: string[] = []): ChildProcess {
  const program = `
    import { startDatabase } from ${JSON.stringify(join(import.meta.dirname, 'database.ts'))}
    const database = await startDatabase({ folder: ${JSON.stringify(folder)}, settings: ${JSON.stringify(fast)} })
    console.log(String(database.pid))
    setInterval(() => undefined, 1000)`
  const words = [...prefix, process.execPath, '--input-type=module-typescript', '-e', program]
  return spawn(words[0] ?? '', words.slice(1), { stdio: ['ignore', 'pipe', 'inherit'] })
}

async function pidSaidBy(child: ChildProcess): Promise<number> {
  if (!child.stdout) throw new Error('no output to read')
  const [line] = (await once(child.stdout, 'data')) as [Buffer]
  return Number(line.toString())
}

test('a launcher killed by kill -9 leaves no database behind, and the next start works', async () => {
  const folder = closedFolder()
  const launcher = inOwnProcess(folder)
  const pid = await pidSaidBy(launcher)
  launcher.kill('SIGKILL')
  const next = await start(folder)
  expect(await ask(next.url, 'SELECT 1 AS n')).toEqual([{ n: 1 }])
  await gone(pid)
})

test('a postmaster.pid whose number another program has by now does not stop the start', async () => {
  const folder = closedFolder()
  const first = await start(folder)
  await first.stop()
  const file = join(folder, 'pg', 'postmaster.pid')
  writeFileSync(file, `${process.pid}\n${join(folder, 'pg')}\n1\n${first.port}\n\n127.0.0.1\n\nready\n`)
  const second = await start(folder)
  expect(Number(readFileSync(file, 'utf8').split('\n')[0])).toBe(second.pid)
})

test('an interrupted first start leaves nothing that the second trips over', async () => {
  const folder = closedFolder()
  mkdirSync(join(folder, 'pg.new', 'base'), { recursive: true })
  writeFileSync(join(folder, 'pg.password'), 'half')
  const database = await start(folder)
  expect(await ask(database.url, 'SELECT 1 AS n')).toEqual([{ n: 1 }])
})

test.skipIf(process.getuid?.() !== 0)(
  'an ordinary user runs it in a folder nobody else may read',
  async () => {
    const folder = closedFolder()
    chownSync(folder, 65534, 65534)
    chmodSync(folder, 0o700)
    const launcher = inOwnProcess(folder, [
      'setpriv',
      '--reuid',
      '65534',
      '--regid',
      '65534',
      '--clear-groups',
    ])
    const pid = await pidSaidBy(launcher)
    expect(statSync(join(folder, 'pg')).uid).toBe(65534)
    launcher.kill('SIGKILL')
    await gone(pid)
  },
)

test('data of another major version are refused in one sentence that says what to do', async () => {
  const folder = closedFolder()
  const database = await start(folder)
  await database.stop()
  writeFileSync(join(folder, 'pg', 'PG_VERSION'), '15\n')
  const refusal: unknown = await startDatabase({ folder }).catch((error: unknown) => error)
  expect(refusal).toBeInstanceOf(Trouble)
  expect(String(refusal)).toMatch(/made by PostgreSQL 15.*restore/)
})
