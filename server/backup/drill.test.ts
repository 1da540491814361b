/* The drill that an operator should have done before the day it is needed: everything is killed, nothing acknowledged is missing. */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sql } from 'kysely'
import { afterAll, expect, test } from 'vitest'
import { startDatabase, type Database as Engine } from '../../launcher/database.ts'
import { aHotline, aLine } from '../../test/database.ts'
import { inHotline, openDatabase, type Database } from '../db/database.ts'
import { newId } from '../db/id.ts'
import { migrate } from '../db/migrate.ts'
import { openKeys } from '../records/keys.ts'
import { placesOf, settleRecordings } from '../records/records.ts'
import { endedAt, keys as recorded, recordedTalk } from '../records/testing/recorded-talk.ts'

const root = join(import.meta.dirname, '..', '..')
const folder = mkdtempSync(join(tmpdir(), 'hearthline-drill-'))
const [data, fresh, kept] = ['data', 'fresh', 'kept'].map((name) => join(folder, name)) as [
  string,
  string,
  string,
]
const engines: Engine[] = []
afterAll(async () => {
  await Promise.all(engines.map((engine) => engine.stop()))
  rmSync(folder, { recursive: true, force: true })
})

const engineOf = async (of: string): Promise<Engine> => {
  const engine = await startDatabase({ folder: of })
  engines.push(engine)
  return engine
}

const quiet = { DATABASE_URL: '', HEARTHLINE_OWNER_DATABASE_URL: '' }

const command = (program: string, args: string[], env: NodeJS.ProcessEnv): ChildProcess =>
  spawn(process.execPath, [join(root, program), ...args], {
    env: { ...process.env, ...quiet, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })

const outcomeOf = async (child: ChildProcess): Promise<{ code: number; said: string }> => {
  let said = ''
  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', (bytes: Buffer) => (said += bytes.toString()))
  const [code]: unknown[] = await once(child, 'close')
  return { code: typeof code === 'number' ? code : 1, said }
}

/** Two hotlines with a master key; the first has a recording that was settled, and a line. */
const furnish = async (db: Database): Promise<{ hotlineId: string; lineId: string }> => {
  const talk = await recordedTalk(db, { sides: ['caller', 'seat'], summaries: true })
  cpSync(join(talk.data, 'recordings'), join(data, 'recordings'), { recursive: true })
  rmSync(talk.data, { recursive: true })
  const keys = openKeys(data, null)
  const { hotlineId } = talk
  const sealed = keys.seal(hotlineId, recorded.identity).toString('base64')
  writeFileSync(join(data, 'keys', `${hotlineId}.recording.sealed`), sealed)
  await keys.makeRecordingKeys(await aHotline(db, { name: '另一条热线' }))
  await sql`insert into key_check (value) values (${keys.check})`.execute(db.doors)
  await inHotline(db, hotlineId, (tx) =>
    settleRecordings(tx, placesOf(data), hotlineId, new Date(endedAt.getTime() + 1000)),
  )
  const { lineId } = await aLine(db, hotlineId)
  return { hotlineId, lineId }
}

/** Contacts arrive until the database is gone; `acknowledged` holds those whose commit came back. */
const startLoad = (db: Database, hotlineId: string, lineId: string) => {
  const acknowledged: string[] = []
  const arrive = async (): Promise<void> => {
    for (;;) {
      const contactId = newId()
      await inHotline(db, hotlineId, async (tx) => {
        await sql`select create_contact(${contactId}, ${lineId}, 'phone', 'closed', ${new Date()}, null, null, null, null,
          false, null, null, null, '{}')`.execute(tx)
        await sql`select append_contact_event(${contactId}, ${new Date()}, 'note', null, '{"words":"你好"}')`.execute(
          tx,
        )
      })
      acknowledged.push(contactId)
    }
  }
  const ended = Promise.all([arrive(), arrive(), arrive()]).catch(() => undefined)
  return { acknowledged, ended }
}

const readyFor = async (there: () => boolean): Promise<void> => {
  for (const until = Date.now() + 30_000; !there() && Date.now() < until;)
    await new Promise((resolve) => setTimeout(resolve, 5))
}

test('G24-6.2.2b, G24-6.2.2c: back up under load, kill everything, restore elsewhere: nothing acknowledged is missing', async () => {
  mkdirSync(kept, { recursive: true })
  const engine = await engineOf(data)
  await migrate(engine.ownerUrl, engine.url)
  const db = openDatabase({ url: engine.url, connections: 4 })
  const { hotlineId, lineId } = await furnish(db)
  const { acknowledged, ended } = startLoad(db, hotlineId, lineId)
  await readyFor(() => acknowledged.length >= 200)

  const env = {
    DATABASE_URL: engine.url,
    HEARTHLINE_OWNER_DATABASE_URL: engine.ownerUrl,
    HEARTHLINE_DATA: data,
  }
  const before = [...acknowledged]
  const backup = await outcomeOf(command('bin/hearthline.js', ['backup', join(kept, 'night.age')], env))
  expect(backup).toMatchObject({ code: 0, said: expect.stringContaining('The master key is not in it') })
  expect(acknowledged.length).toBeGreaterThan(before.length)
  // What an operator has put aside: the two keys that open everything.
  mkdirSync(join(fresh, 'keys'), { recursive: true, mode: 0o700 })
  cpSync(join(data, 'keys', 'master.key'), join(fresh, 'keys', 'master.key'))
  cpSync(join(data, 'keys', 'backup.key'), join(kept, 'backup.key'))

  const second = command('server/command.ts', ['backup', join(kept, 'half.age')], env)
  const secondEnded = outcomeOf(second)
  await readyFor(() => readdirSync(kept).includes('half.age.part'))
  second.kill('SIGKILL')
  process.kill(engine.pid, 'SIGKILL')
  await Promise.all([secondEnded, engine.exited, ended])
  await db.close()
  expect(readdirSync(kept)).not.toContain('half.age')
  rmSync(data, { recursive: true })

  const opening = ['--identity', join(kept, 'backup.key')]
  const checked = command('bin/hearthline.js', ['backup', '--check', join(kept, 'night.age'), ...opening], {
    HEARTHLINE_DATA: data,
  })
  expect(await outcomeOf(checked)).toMatchObject({
    code: 0,
    said: expect.stringContaining('whole and unchanged'),
  })
  // A look at a file makes no hotline.
  expect(readdirSync(folder)).not.toContain('data')
  const args = ['restore', join(kept, 'night.age'), ...opening]
  const restored = await outcomeOf(command('bin/hearthline.js', args, { HEARTHLINE_DATA: fresh }))
  const whole = expect.stringMatching(/\d{3,} events, 1 recordings, 0 faults/)
  expect(restored).toMatchObject({ code: 0, said: whole })
  const again = await outcomeOf(command('bin/hearthline.js', args, { HEARTHLINE_DATA: fresh }))
  expect(again).toMatchObject({ code: 1, said: expect.stringMatching(/^The database is not empty[^\n]*\n$/) })

  const other = await engineOf(fresh)
  const found = openDatabase({ url: other.url, connections: 2 })
  const ids = await inHotline(found, hotlineId, (tx) =>
    tx.selectFrom('contact').select('contact_id').execute(),
  )
  const there = new Set(ids.map((row) => row.contact_id))
  expect(before.filter((id) => !there.has(id))).toEqual([])
  const { lastNumber } = await inHotline(found, hotlineId, (tx) =>
    tx
      .selectFrom('hotline')
      .select('last_contact_number as lastNumber')
      .where('hotline_id', '=', hotlineId)
      .executeTakeFirstOrThrow(),
  )
  expect(lastNumber).toBe(ids.length)
  const actions = await inHotline(found, hotlineId, (tx) =>
    tx.selectFrom('audit_event').select('action').where('action', 'like', 'backup.%').execute(),
  )
  expect(actions).toEqual([{ action: 'backup.restored' }])
  await found.close()
}, 120_000)
