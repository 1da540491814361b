import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { sql } from 'kysely'
import { afterAll, expect, test } from 'vitest'
import { startDatabase, type Database as Engine } from '../../launcher/database.ts'
import { aHotline, aLine, freshDatabase } from '../../test/database.ts'
import { faultsOf } from '../verify/verify.ts'
import { appendAudit } from './audit.ts'
import { inHotline, openDatabase, type Database, type Tx } from './database.ts'
import { newId } from './id.ts'
import { migrate } from './migrate.ts'

const { db, url, owner } = await freshDatabase()
const at = new Date('2026-11-21T04:00:00.123Z')

const append = (tx: Tx, subject: string, data: object = {}): Promise<void> =>
  appendAudit(tx, { at, actor: null, action: 'test.done', subject, data })

const faults = async (of: Database, hotlineId: string): Promise<unknown[]> => {
  const found: unknown[] = []
  for await (const fault of faultsOf(of, hotlineId, null, { links: 0, recordings: 0 })) found.push(fault)
  return found
}

const chainOf = (of: Database, hotlineId: string): Promise<{ seq: number; subject: string }[]> =>
  inHotline(of, hotlineId, (tx) =>
    tx.selectFrom('audit_event').select(['seq', 'subject']).orderBy('seq').execute(),
  ) as Promise<{ seq: number; subject: string }[]>

test('G24-7.3: entries stand as they were written, in their order, whatever is in them', async () => {
  const hotlineId = await aHotline(db)
  const words = fc.string({ unit: 'grapheme', maxLength: 40 })
  const text = fc.oneof(words, fc.constantFrom(`'; drop table contact; --`, `\\'`, `E'\\\\'`, '$$', '${x}'))
  const entry = fc.record({ subject: text, data: fc.dictionary(words, fc.oneof(text, fc.integer())) })
  const printable = entry.filter((given) => !JSON.stringify(given).includes('\\u0000'))
  await fc.assert(
    fc.asyncProperty(fc.array(printable, { minLength: 1, maxLength: 5 }), async (entries) => {
      await inHotline(db, hotlineId, async (tx) => {
        for (const { subject, data } of entries) await append(tx, subject, data)
      })
      const rows = await inHotline(db, hotlineId, (tx) =>
        tx
          .selectFrom('audit_event')
          .select(['at', 'actor', 'contact_id', 'subject', 'data'])
          .orderBy('seq', 'desc')
          .limit(entries.length)
          .execute(),
      )
      const whole = entries.map((given) => ({ at, actor: null, contact_id: null, ...given }))
      expect(rows.reverse()).toEqual(JSON.parse(JSON.stringify(whole), revived))
    }),
    { numRuns: 60 },
  )
  expect(await faults(db, hotlineId)).toEqual([])
})

const revived = (key: string, value: unknown): unknown =>
  key === 'at' && typeof value === 'string' ? new Date(value) : value

test('a NUL in an entry neither cuts it off nor lets anything else run', async () => {
  const hotlineId = await aHotline(db)
  await inHotline(db, hotlineId, (tx) => append(tx, `a\0'); delete from session; --`))
  expect(await chainOf(db, hotlineId)).toEqual([{ seq: 1, subject: `a\uFFFD'); delete from session; --` }])
})

test('G24-7.3: an entry stands with what it is about or not at all', async () => {
  const hotlineId = await aHotline(db)
  const failing = inHotline(db, hotlineId, async (tx) => {
    await append(tx, 'never')
    throw new Error('stop')
  })
  await expect(failing).rejects.toThrow('stop')
  const refused = inHotline(db, hotlineId, async (tx) => {
    await tx.updateTable('hotline').set({ name: 'never' }).execute()
    await appendAudit(tx, { at, actor: 'nobody', action: 'test.done' })
  })
  await expect(refused).rejects.toThrow()
  const [hotline] = await inHotline(db, hotlineId, (tx) => tx.selectFrom('hotline').select('name').execute())
  expect(hotline).toEqual({ name: '测试热线' })
  expect(await chainOf(db, hotlineId)).toEqual([])
})

test('an entry outside of a hotline’s transaction is a fault of the program', () => {
  expect(() => append(db.doors, 'x')).toThrow('not the transaction of a hotline')
})

test('whoever appends an entry and then locks what another holds who appends too does not wait in a ring', async () => {
  const hotlineId = await aHotline(db)
  const { lineId } = await aLine(db, hotlineId)
  const lock = (tx: Tx): Promise<unknown> =>
    sql`select from line where line_id = ${lineId} for update`.execute(tx)
  const [appended, locked] = [Promise.withResolvers<null>(), Promise.withResolvers<null>()]
  const first = inHotline(db, hotlineId, async (tx) => {
    await append(tx, 'first')
    appended.resolve(null)
    await locked.promise
    await lock(tx)
  })
  const second = inHotline(db, hotlineId, async (tx) => {
    await appended.promise
    await lock(tx)
    locked.resolve(null)
    await append(tx, 'second')
  })
  await Promise.all([first, second])
  expect(await chainOf(db, hotlineId)).toMatchObject([{ subject: 'second' }, { subject: 'first' }])
})

/** Writes until told to stop; some fail by themselves, all may lose their connection at any place. */
async function crowd(of: Database, hotlineId: string, writers: number, until: () => boolean) {
  const [acknowledged, tried, failed] = [new Set<string>(), new Set<string>(), new Set<string>()]
  const write = async (writer: number): Promise<void> => {
    for (let n = 0; !until(); n += 1) {
      const subject = `${writer}.${n}`
      const fails = n % 7 === 3
      ;(fails ? failed : tried).add(subject)
      const written = inHotline(of, hotlineId, async (tx) => {
        await append(tx, subject)
        await sql`select 1`.execute(tx)
        if (fails) throw new Error('stop')
        if (n % 5 === 0) await append(tx, `${subject}.more`)
      })
      await written.then(
        () => acknowledged.add(subject),
        () => undefined,
      )
    }
  }
  await Promise.all(Array.from({ length: writers }, (_, writer) => write(writer)))
  return { acknowledged, tried, failed }
}

test('G24-7.3: of a crowd of writers whose connections are killed no acknowledged entry is missing and nothing forks', async () => {
  const hotlineId = await aHotline(db)
  const many = openDatabase({ url, connections: 16 })
  let rounds = 0
  let found: unknown[] = []
  const killing = (async () => {
    for (; rounds < 15; rounds += 1) {
      await new Promise((resolve) => setTimeout(resolve, 25))
      await owner(`select pg_terminate_backend(pid) from pg_stat_activity
        where usename = 'hearthline' and datname = current_database() order by random() limit 4`)
      // Whoever verifies while they write finds nothing wrong either.
      found = [...found, ...(await faults(many, hotlineId).catch(() => []))]
    }
  })()
  const { acknowledged, tried, failed } = await crowd(many, hotlineId, 24, () => rounds >= 15)
  await killing
  const chain = await chainOf(db, hotlineId)
  expect(found).toEqual([])
  expect(await faults(db, hotlineId)).toEqual([])
  expect(chain.map(({ seq }) => seq)).toEqual(chain.map((_, place) => place + 1))
  const kept = new Set(chain.map(({ subject }) => subject))
  expect(kept.size).toBe(chain.length)
  expect([...acknowledged].filter((subject) => !kept.has(subject))).toEqual([])
  expect([...failed].filter((subject) => kept.has(subject))).toEqual([])
  expect([...kept].filter((subject) => !tried.has(subject.replace('.more', '')))).toEqual([])
  expect(acknowledged.size).toBeGreaterThan(50)
  await many.close()
})

const folder = mkdtempSync(join(tmpdir(), 'hearthline-audit-'))
let engine: Engine | undefined
afterAll(async () => {
  await engine?.stop()
  rmSync(folder, { recursive: true, force: true })
})

test('G24-7.3: when the database is killed right after an acknowledgement, the entry and its write are there', async () => {
  // What nobody flushes stays in memory and is lost.
  const settings = { wal_writer_delay: '10000', wal_writer_flush_after: '1000000', autovacuum: 'off' }
  engine = await startDatabase({ folder, settings })
  await migrate(engine.ownerUrl, engine.url)
  let own = openDatabase({ url: engine.url, connections: 8 })
  const hotlineId = await aHotline(own)
  for (let kill = 1; kill <= 2; kill += 1) {
    await Promise.all(
      Array.from({ length: 20 }, () =>
        inHotline(own, hotlineId, async (tx) => {
          await sql`update hotline set last_contact_number = last_contact_number + 1`.execute(tx)
          await append(tx, newId())
        }),
      ),
    )
    process.kill(engine.pid, 'SIGKILL')
    await engine.exited
    await own.close()
    engine = await startDatabase({ folder, settings })
    own = openDatabase({ url: engine.url })
    const [hotline] = await inHotline(own, hotlineId, (tx) =>
      tx.selectFrom('hotline').select('last_contact_number').execute(),
    )
    expect(hotline).toEqual({ last_contact_number: 20 * kill })
    expect(await chainOf(own, hotlineId)).toHaveLength(20 * kill)
    await inHotline(own, hotlineId, (tx) => sql`select 1`.execute(tx))
  }
  await own.close()
})
