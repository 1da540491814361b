import { beforeAll, expect, test } from 'vitest'
import { openTestApp } from '../../test/app.ts'
import { sealedColumns } from '../records/sealed-columns.ts'
import { sayEverything } from '../records/testing/sayings.ts'
import { faultsOf } from './verify.ts'

const app = await openTestApp()
const { db, keys, forced } = app
let hotlineId: string

beforeAll(async () => {
  hotlineId = (await sayEverything(app, '珊瑚礁畔的灯塔')).hotlineId
})

const found = async (): Promise<string[]> => {
  const faults: string[] = []
  for await (const { of, where, what } of faultsOf(
    db,
    hotlineId,
    null,
    { links: 0, recordings: 0 },
    null,
    keys,
  ))
    faults.push(`${of} ${where} ${what}`)
  return faults
}

/** Does it as the superuser past all triggers, tells what is found, and puts the table back as it was. */
async function foundAfter(table: string, change: string): Promise<string[]> {
  await forced(`create table kept_rows as table ${table}; ${change}`)
  const faults = await found()
  const columns = await app.owner<{ name: string }>(
    `select attname as name from pg_attribute where attrelid = '${table}'::regclass and attnum > 0
     and not attisdropped and attgenerated = ''`,
  )
  const names = columns.map(({ name }) => name).join(', ')
  await forced(
    `delete from ${table}; insert into ${table} (${names}) overriding system value select ${names} from kept_rows; drop table kept_rows`,
  )
  return faults
}

test('records that nobody touched are found whole', async () => {
  expect(await found()).toEqual([])
})

test('G24-6.2.1a: a byte changed in any sealed column is found, and where', async () => {
  const rowsOf = await Promise.all(
    sealedColumns.map(async ({ table, column }) => {
      const rows = await app.owner<{ n: number }>(
        `select count(*)::int as n from ${table} where length(${column}) > 0`,
      )
      return rows[0]?.n ?? 0
    }),
  )
  const written = sealedColumns.filter((_, place) => (rowsOf[place] ?? 0) > 0)
  expect(written.length).toBeGreaterThan(20)
  for (const { table, column, holds } of written) {
    const changed =
      holds === 'bytes'
        ? `set_byte(${column}, length(${column}) - 1, get_byte(${column}, length(${column}) - 1) # 1)`
        : `overlay(${column} placing case substr(${column}, 60, 1) when 'A' then 'B' else 'A' end from 60 for 1)`
    const faults = await foundAfter(
      table,
      `update ${table} set ${column} = ${changed} where length(${column}) > 0`,
    )
    expect(faults.join('\n'), `${table}.${column}`).toContain(`words ${table}.${column} `)
  }
  expect(await found()).toEqual([])
})

test('words put in plain in the place of sealed ones are found', async () => {
  const faults = await foundAfter('task', `update task set words = 'nothing happened' where words <> ''`)
  expect(faults.join('\n')).toMatch(/^words task\.words \S+ plain$/m)
})

const whose = `from contact where form ? 'resourceType' order by number limit 1`

test('G24-6.2.1a: an open answer, a class or a level that somebody changed is found', async () => {
  const [contact] = await app.owner<{ contact_id: string; class: string | null; risk: string | null }>(
    `select contact_id, class, risk ${whose}`,
  )
  const id = contact?.contact_id ?? ''
  const changes = [
    `form = jsonb_set(form, '{item,0,linkId}', '"other"')`,
    `form = jsonb_set(form, '{authored}', '"2020-01-01T00:00:00Z"')`,
    `class = case class when 'prank' then 'silent' else 'prank' end`,
    `answers_sealed = set_byte(answers_sealed, 40, get_byte(answers_sealed, 40) # 1)`,
  ]
  for (const change of changes)
    expect(await foundAfter('contact', `update contact set ${change} where contact_id = '${id}'`)).toContain(
      `record ${id} changed`,
    )
  expect(
    await foundAfter('contact', `update contact set answers_sealed = null where contact_id = '${id}'`),
  ).toContain(`record ${id} plain`)
})

test('G24-4.3.1b: a level lowered past the chain is found', async () => {
  const raised = `update contact set state = 'closed', risk = 'none' where contact_id in (
    select contact_id from contact_event where kind = 'risk.raised')`
  expect((await foundAfter('contact', raised)).join('\n')).toMatch(/^record \S+ risk changed$/m)
})

test('words beside a chain that were taken away or swapped are found', async () => {
  expect((await foundAfter('kept_words', 'delete from kept_words')).join('\n')).toMatch(
    /^words \S+ \S+ \d+ missing$/m,
  )
})
