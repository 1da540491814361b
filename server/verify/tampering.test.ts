import fc from 'fast-check'
import { sql } from 'kysely'
import { beforeAll, expect, test } from 'vitest'
import { aHotline, aLine, freshDatabase } from '../../test/database.ts'
import { appendAudit } from '../db/audit.ts'
import { inHotline } from '../db/database.ts'
import { newId } from '../db/id.ts'
import { faultsOf } from './verify.ts'

const { db, forced } = await freshDatabase()
const at = new Date('2026-11-21T04:00:00.123Z')
const contactId = newId()
const length = 12
let hotlineId: string

const isFound = async (): Promise<boolean> => {
  for await (const fault of faultsOf(db, hotlineId, null, { links: 0, recordings: 0 }))
    return fault.where !== ''
  return false
}

/** The chains that are tampered with, each of `length` links; `head` is the row that says where the chain ends. */
const chains = {
  audit_event: { head: 'audit_chain', seq: 'seq', hash: 'hash' },
  contact_event: { head: 'contact', seq: 'event_count', hash: 'event_hash' },
} as const
type Table = keyof typeof chains

const columns: Record<Table, string[]> = {
  audit_event: ['at', 'actor', 'action', 'subject', 'contact_id', 'data', 'hash', 'seq', 'hotline_id'],
  contact_event: ['at', 'actor', 'kind', 'data', 'hash', 'seq', 'hotline_id'],
}

/** Another value of a column, as SQL over the old one. */
function otherValue(column: string, byte: number): string {
  if (column === 'at') return `at + interval '1 microsecond'`
  if (column === 'hash') return `set_byte(hash, ${byte}, get_byte(hash, ${byte}) # 1)`
  if (column === 'data') return `jsonb_set(data, '{n}', '"other"')`
  if (column === 'seq') return 'seq + 1000'
  if (['actor', 'contact_id', 'hotline_id'].includes(column)) return 'gen_random_uuid()'
  return `${column} || '.'`
}

beforeAll(async () => {
  hotlineId = await aHotline(db)
  const { lineId } = await aLine(db, hotlineId)
  await inHotline(db, hotlineId, async (tx) => {
    await sql`select create_contact(${contactId}, ${lineId}, 'phone', 'closed', ${at}, null, null, null, null, false, null, null, null, '{"n": 1}')`.execute(
      tx,
    )
    for (let n = 2; n <= length; n += 1) {
      await sql`select append_contact_event(${contactId}, ${at}, 'note', null, ${JSON.stringify({ n })}::jsonb)`.execute(
        tx,
      )
      await appendAudit(tx, { at, actor: newId(), action: 'test.done', contactId, data: { n } })
    }
  })
})

/** Moves the links after a place, in two steps since no two may stand at one place on the way. */
const shift = (table: Table, after: number, by: number): string =>
  `update ${table} set seq = -seq where seq > ${after}; update ${table} set seq = ${by} - seq where seq < 0`

/** Does it past all triggers, looks, and puts every row back as it was. */
async function foundAfter(table: Table, change: string): Promise<boolean> {
  const { head } = chains[table]
  await forced(
    `create table kept_links as table ${table}; create table kept_heads as table ${head}; ${change}`,
  )
  const found = await isFound()
  await forced(`delete from ${table}; insert into ${table} select * from kept_links;
    delete from ${head}; insert into ${head} select * from kept_heads; drop table kept_links, kept_heads`)
  return found
}

const anyTable = fc.constantFrom<Table>('audit_event', 'contact_event')
const anySeq = fc.integer({ min: 1, max: length })

test('G24-7.3: whatever is changed in whatever column of whatever link, it is found', async () => {
  expect(await isFound()).toBe(false)
  for (const table of ['audit_event', 'contact_event'] as const)
    for (const column of columns[table])
      await fc.assert(
        fc.asyncProperty(anySeq, fc.nat(31), async (seq, byte) => {
          const change = `update ${table} set ${column} = ${otherValue(column, byte)} where seq = ${seq}`
          expect(await foundAfter(table, change)).toBe(true)
        }),
        { numRuns: 4 },
      )
  expect(await isFound()).toBe(false)
})

test('G24-7.3: whatever links are taken out, with those after them closing up or not, it is found', async () => {
  await fc.assert(
    fc.asyncProperty(anyTable, anySeq, fc.integer({ min: 1, max: 3 }), fc.boolean(), async (...given) => {
      const [table, first, many, closing] = given
      const closed = closing ? `; ${shift(table, first + many - 1, -many)}` : ''
      const taken = `delete from ${table} where seq between ${first} and ${first + many - 1}`
      expect(await foundAfter(table, taken + closed)).toBe(true)
    }),
    { numRuns: 25 },
  )
})

test('G24-7.3: a link put in anywhere, with the head moved along or not, is found', async () => {
  await fc.assert(
    fc.asyncProperty(anyTable, anySeq, fc.boolean(), async (table, place, moved) => {
      const { head, seq, hash } = chains[table]
      const put = `create table put as select * from ${table} where seq = ${place};
        ${shift(table, place, 1)};
        update put set seq = seq + 1; insert into ${table} select * from put; drop table put`
      const last = `(select hash from ${table} order by seq desc limit 1)`
      const along = moved ? `; update ${head} set ${seq} = ${seq} + 1, ${hash} = ${last}` : ''
      expect(await foundAfter(table, put + along)).toBe(true)
    }),
    { numRuns: 20 },
  )
})

test('G24-7.3: two links that changed places are found', async () => {
  await fc.assert(
    fc.asyncProperty(anyTable, anySeq, anySeq, async (table, one, other) => {
      fc.pre(one !== other)
      const swap = `update ${table} set seq = -seq where seq in (${one}, ${other});
        update ${table} set seq = case seq when -${one} then ${other} else ${one} end where seq < 0`
      expect(await foundAfter(table, swap)).toBe(true)
    }),
    { numRuns: 10 },
  )
})
