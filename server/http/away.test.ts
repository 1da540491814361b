import { mkdtempSync, rmSync } from 'node:fs'
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { expect, onTestFinished, test } from 'vitest'
import { aHotline, aPerson, freshDatabase, passphrase } from '../../test/database.ts'
import { origin } from '../../test/app.ts'
import { openDatabase } from '../db/database.ts'
import { findPerson } from '../identity/identity.ts'
import { identityRoutes } from '../identity/routes.ts'
import { openKeys } from '../records/keys.ts'
import { openWeb } from './app.ts'
import { healthRoutes } from './health.ts'

const { db: direct, url } = await freshDatabase()

/** A way to the database that can be cut and mended, as a cable can. */
async function openCable(): Promise<{ port: number; cut: () => Promise<void>; mend: () => Promise<void> }> {
  const target = new URL(url)
  const open = new Set<Socket>()
  const start = async (port: number): Promise<Server> => {
    const server = createServer((near) => {
      const far = connect(Number(target.port), target.hostname)
      for (const [one, other] of [
        [near, far],
        [far, near],
      ] as const) {
        open.add(one)
        one.pipe(other)
        one.on('error', () => undefined)
        one.on('close', () => {
          open.delete(one)
          other.destroy()
        })
      }
    })
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
    return server
  }
  let server = await start(0)
  const { port } = server.address() as AddressInfo
  const cut = async (): Promise<void> => {
    const closed = new Promise((resolve) => server.close(resolve))
    for (const socket of open) socket.destroy()
    await closed
  }
  return { port, cut, mend: async () => void (server = await start(port)) }
}

test('while the database is away requests say so, the server lives on, and it is back with the database', async () => {
  const cable = await openCable()
  const db = openDatabase({ url: Object.assign(new URL(url), { port: String(cable.port) }).toString() })
  const now = (): Date => new Date()
  const lines: string[] = []
  const log = pino({}, { write: (line: string) => void lines.push(line) })
  const app = await openWeb({
    db,
    now,
    log,
    findPerson: (token) => findPerson(db, token, now()),
    secure: false,
  })
  healthRoutes(app, () => true)
  const nothing = { publish: () => undefined, endSession: () => undefined }
  const folder = mkdtempSync(join(tmpdir(), 'hearthline-away-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  identityRoutes(app, {
    keys: openKeys(folder, null),
    live: nothing,
    demo: false,
    changed: () => undefined,
    leaveDuty: async () => undefined,
  })
  const { name } = await aPerson(direct, await aHotline(direct))
  const headers = { host: 'hotline.test', origin }
  const enter = () =>
    app.inject({ method: 'POST', url: '/api/v1/session', headers, payload: { name, passphrase } })
  const gap = Promise.withResolvers<null>()
  const heard: string[] = []
  db.listen(
    'away_test',
    (payload) => heard.push(payload),
    () => gap.resolve(null),
  )

  expect((await enter()).statusCode).toBe(200)
  expect((await app.inject('/readyz')).json()).toMatchObject({ ready: true })
  await cable.cut()
  expect(await enter()).toMatchObject({ statusCode: 503 })
  expect((await enter()).json()).toEqual({ code: 'database.away', detail: {} })
  const away = await app.inject('/readyz')
  expect(away.statusCode).toBe(503)
  expect(away.json()).toEqual({ ready: false, database: false, switchboard: true, migrations: false })
  expect((await app.inject('/healthz')).statusCode).toBe(200)
  expect((await app.inject('/metrics')).statusCode).toBe(200)
  await cable.mend()
  expect((await enter()).statusCode).toBe(200)
  await gap.promise
  await db.notify('away_test', 'again')
  await expect.poll(() => heard).toEqual(['again'])
  expect(lines.filter((line) => line.includes(name))).toEqual([])
  await app.close()
  await db.close()
  await cable.cut()
})

test('a mistake of ours is answered without a word of what was typed, and logged without it', async () => {
  const lines: string[] = []
  const log = pino({}, { write: (line: string) => void lines.push(line) })
  const app = await openWeb({
    db: direct,
    now: () => new Date(),
    log,
    findPerson: async () => null,
    secure: false,
  })
  app.get('/wrong', async () => {
    JSON.parse('{"name": 张三 typed this}')
  })
  const answer = await app.inject('/wrong')
  expect(answer.statusCode).toBe(500)
  expect(answer.json()).toEqual({ code: 'server.failed', detail: {} })
  expect(lines).toHaveLength(1)
  expect(lines[0]).toContain('SyntaxError')
  expect(lines[0]).not.toContain('张三')
  await app.close()
})
