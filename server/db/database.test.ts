import { sql } from 'kysely'
import { expect, test } from 'vitest'
import { aHotline, aLine, freshDatabase } from '../../test/database.ts'
import { inHotline, openDatabase } from './database.ts'
import { newId } from './id.ts'

const { db, owner } = await freshDatabase()

test('a transaction sees its own hotline and nothing of another', async () => {
  const [mine, other] = [await aHotline(db), await aHotline(db)]
  await aLine(db, other)
  const lines = await inHotline(db, mine, (tx) => tx.selectFrom('line').selectAll().execute())
  expect(lines).toEqual([])
  expect(await owner('select line_id from line')).toHaveLength(1)
})

test('what a transaction wrote before it failed is gone', async () => {
  const hotline = await aHotline(db)
  const failing = inHotline(db, hotline, async (tx) => {
    await tx.updateTable('hotline').set({ name: 'never' }).execute()
    throw new Error('stop')
  })
  await expect(failing).rejects.toThrow('stop')
  const [row] = await inHotline(db, hotline, (tx) => tx.selectFrom('hotline').selectAll().execute())
  expect(row).toMatchObject({ name: '测试热线', last_contact_number: 0 })
})

test('a number that another open line has is refused by its own problem', async () => {
  const hotline = await aHotline(db)
  await aLine(db, hotline, { number: '12356' })
  await expect(aLine(db, hotline, { number: '12356' })).rejects.toMatchObject({ code: 'line.numberTaken' })
})

test('a database that cannot be reached is "away", not a crash', async () => {
  const nowhere = openDatabase({ url: 'postgres://hearthline@127.0.0.1:1/none' })
  await expect(inHotline(nowhere, newId(), async () => 1)).rejects.toMatchObject({ code: 'database.away' })
  await nowhere.close()
})

test('a standby that only reads is as good as away until it is primary', async () => {
  const hotline = await aHotline(db)
  const write = inHotline(db, hotline, async (tx) => {
    await sql`set transaction read only`.execute(tx)
    await tx.updateTable('hotline').set({ name: '暖线' }).execute()
  })
  await expect(write).rejects.toMatchObject({ code: 'database.away' })
})

test('a connection killed by the operator is away once and back at once', async () => {
  const hotline = await aHotline(db)
  const killed = inHotline(db, hotline, async (tx) => {
    const me = await sql<{ pid: number }>`select pg_backend_pid() pid`.execute(tx)
    await owner('select pg_terminate_backend($1)', [me.rows[0]?.pid])
    await sql`select 1`.execute(tx)
  })
  await expect(killed).rejects.toMatchObject({ code: 'database.away' })
  await expect(inHotline(db, hotline, async () => 'back')).resolves.toBe('back')
})

test('a notification reaches who listens, also after the listening connection was killed', async () => {
  const heard: string[] = []
  const gap = Promise.withResolvers<null>()
  const stop = db.listen(
    'test_channel',
    (payload) => heard.push(payload),
    () => gap.resolve(null),
  )
  await expect
    .poll(async () => {
      await db.notify('test_channel', 'one')
      return heard[0]
    })
    .toBe('one')
  await owner(
    `select pg_terminate_backend(pid) from pg_stat_activity where query like 'listen %' and datname = current_database()`,
  )
  await gap.promise
  await db.notify('test_channel', 'two')
  await expect.poll(() => heard.at(-1)).toBe('two')
  stop()
})

test('ids sort by the order they were made in', () => {
  const ids = Array.from({ length: 9000 }, () => newId(1_000))
  expect([...ids].sort()).toEqual(ids)
  expect(new Set(ids).size).toBe(9000)
  expect(ids[0]).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
})
