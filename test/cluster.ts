/* One PostgreSQL for the whole vitest run (its global setup): started, given a migrated template, stopped at the end. */
import { spawn, spawnSync } from 'node:child_process'
import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import type { TestProject } from 'vitest/node'
import { findEngine, type Engine } from '../launcher/engine.ts'
import { migrate } from '../server/db/migrate.ts'

declare module 'vitest' {
  export interface ProvidedContext {
    /** The cluster's superuser URL without a database name at its end. */
    clusterUrl: string
  }
}

/** Name of the migrated database that every test file's own database is copied from. */
export const templateName = 'hearthline_template'

/** Starts the cluster for vitest and returns what stops it. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const cluster = await startCluster()
  project.provide('clusterUrl', cluster.url)
  return cluster.stop
}

/** Starts a cluster of its own in a temporary folder; nothing is synced to disk. */
export async function startCluster(): Promise<{ url: string; stop: () => Promise<void> }> {
  const folder = mkdtempSync(join(tmpdir(), 'hearthline-test-'))
  chmodSync(folder, 0o755)
  const data = join(folder, 'pg')
  mkdirSync(data, { mode: 0o700 })
  const engine = findEngine(data, join(folder, 'lib'))
  if (engine.owner) chownSync(data, engine.owner.uid, engine.owner.gid)
  runInit(engine, data)
  const port = await freePort()
  const stop = startPostgres(engine, data, port, folder)
  const url = `postgres://postgres@127.0.0.1:${port}`
  try {
    await waitFor(`${url}/postgres`)
    await makeTemplate(url)
  } catch (error) {
    await stop()
    throw error
  }
  return { url, stop }
}

function runInit(engine: Engine, data: string): void {
  const [command, ...args] = [...engine.prefix, engine.program('initdb')]
  const words = ['-D', data, '-U', 'postgres', '--auth=trust', '--no-sync', '-E', 'UTF8', '--no-instructions']
  const locale = ['--locale-provider=builtin', '--builtin-locale=C.UTF-8', '--locale=C']
  const made = spawnSync(command, [...args, ...words, ...locale], {
    env: engine.env,
    cwd: data,
    encoding: 'utf8',
  })
  if (made.status !== 0) throw new Error(`initdb failed: ${made.stderr}`)
}

const fast = ['fsync=off', 'synchronous_commit=off', 'full_page_writes=off', 'max_connections=200']

function startPostgres(engine: Engine, data: string, port: number, folder: string): () => Promise<void> {
  const [command, ...args] = [...engine.prefix, engine.program('postgres')]
  const settings = [
    ...fast,
    'listen_addresses=127.0.0.1',
    'unix_socket_directories=',
    'logging_collector=off',
  ]
  const child = spawn(
    command,
    [...args, '-D', data, '-p', String(port), ...settings.flatMap((s) => ['-c', s])],
    {
      env: engine.env,
      cwd: data,
      stdio: 'ignore',
      detached: true,
    },
  )
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()))
  return async () => {
    child.kill('SIGINT')
    await ended
    rmSync(folder, { recursive: true, force: true })
  }
}

async function makeTemplate(url: string): Promise<void> {
  await query(`${url}/postgres`, `create database ${templateName}`)
  await migrate(`${url}/${templateName}`, `${url.replace('postgres@', 'hearthline:test@')}/${templateName}`)
}

async function query(url: string, text: string): Promise<void> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    await client.query(text)
  } finally {
    await client.end()
  }
}

async function waitFor(url: string): Promise<void> {
  for (const deadline = Date.now() + 20_000; ;) {
    try {
      return await query(url, 'select 1')
    } catch (error) {
      if (Date.now() > deadline) throw error
      await new Promise((resolve) => setTimeout(resolve, 25))
    }
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      const port = typeof address === 'object' && address ? address.port : 0
      server.close(() => resolve(port))
    })
  })
}
