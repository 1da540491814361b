import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { pino } from 'pino'
import { freshDatabase } from '../test/database.ts'
import { readConfig } from './config.ts'
import { sentenceOf } from './refusal.ts'
import { startServer } from './start.ts'

const { url, ownerUrl, owner } = await freshDatabase()
const folder = mkdtempSync(join(tmpdir(), 'hearthline-main-'))
const children = new Set<ChildProcess>()
let port: string

beforeAll(async () => {
  const probe = createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  port = String((probe.address() as AddressInfo).port)
  probe.close()
})
afterAll(() => {
  for (const child of children) child.kill('SIGKILL')
  rmSync(folder, { recursive: true, force: true })
})

interface Started {
  child: ChildProcess
  /** What it first told its launcher. */
  word: Promise<{ type: string; message?: string; address?: string; notices?: string[] }>
  code: Promise<number | null>
}

function start(env: NodeJS.ProcessEnv = {}): Started {
  const child = fork(join(import.meta.dirname, 'main.ts'), [], {
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    env: {
      ...process.env,
      DATABASE_URL: url,
      HEARTHLINE_OWNER_DATABASE_URL: ownerUrl,
      HEARTHLINE_DATA: folder,
      HEARTHLINE_PORT: port,
      ...env,
    },
  })
  children.add(child)
  const code = new Promise<number | null>((resolve) => child.once('exit', resolve))
  const word: Started['word'] = new Promise((resolve) =>
    child.once('message', (message) => resolve(message as never)),
  )
  return { child, word, code }
}

test('the first start prints a one-time link; a second server on the port says in one sentence what is wrong', async () => {
  const first = start()
  const ready = await first.word
  expect(ready.type).toBe('ready')
  const link = ready.notices?.find((notice) => notice.includes('/setup#token='))
  expect(link).toContain(`http://127.0.0.1:${port}/setup#token=`)
  expect(await (await fetch(`http://127.0.0.1:${port}/api/v1/setup`)).json()).toEqual({ needed: true })
  expect((await fetch(`http://127.0.0.1:${port}/readyz`)).status).toBe(503)

  const second = start()
  const failed = await second.word
  expect(failed).toMatchObject({ type: 'failed', message: expect.stringContaining('HEARTHLINE_PORT') })
  expect(await second.code).toBe(1)

  first.child.kill('SIGINT')
  expect((await fetch(`http://127.0.0.1:${port}/healthz`)).status).toBe(200)
  first.child.kill('SIGTERM')
  expect(await first.code).toBe(0)
})

test('a server whose launcher is gone stops by itself', async () => {
  const { child, word, code } = start()
  expect((await word).type).toBe('ready')
  child.disconnect()
  // By its own signal.
  expect(await code).toBeNull()
})

test('what an operator can mend is told in one sentence, without a secret in it', async () => {
  const other = mkdtempSync(join(tmpdir(), 'hearthline-other-'))
  const file = join(other, 'file')
  writeFileSync(file, '')
  const refused = async (env: NodeJS.ProcessEnv): Promise<string> => {
    const given = {
      DATABASE_URL: url,
      HEARTHLINE_OWNER_DATABASE_URL: ownerUrl,
      HEARTHLINE_DATA: folder,
      ...env,
    }
    try {
      await startServer(readConfig({ HEARTHLINE_PORT: port, ...given }), pino({ level: 'silent' }))
    } catch (error) {
      return sentenceOf(error) ?? String(error)
    }
    return 'it started'
  }
  const nowhere = { DATABASE_URL: url.replace(/:\d+\//, ':1/'), HEARTHLINE_OWNER_DATABASE_URL: '' }
  expect(await refused({ DATABASE_URL: '' })).toMatch(/^DATABASE_URL is missing/)
  expect(await refused({ HEARTHLINE_TLS_CERT: file, HEARTHLINE_TLS_KEY: '/nowhere' })).toMatch(
    /^The certificate/,
  )
  expect(await refused({ HEARTHLINE_DATA: other })).toMatch(/^The key file .* is missing/)
  expect(await refused({ HEARTHLINE_DATA: file })).toMatch(/^The data folder HEARTHLINE_DATA/)
  expect(await refused(nowhere)).toMatch(/^The database cannot be reached/)
  await owner(`insert into schema_version (version, name, sha256) values (9999, '9999-future.sql', '')`)
  expect(await refused({})).toMatch(/written by a newer Hearthline/)
  await owner('delete from schema_version where version = 9999')
  rmSync(other, { recursive: true })
})
