import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { listDisclosures } from '../../api/disclosure.ts'
import { listExceptions } from '../../api/crisis.ts'
import { listIncidents, readIncident } from '../../api/incidents.ts'
import { listGlass } from '../../api/oversight.ts'
import { listRegisters } from '../../api/registers.ts'
import { lexemesOf } from '../../domain/search.ts'
import { openTestApp } from '../../test/app.ts'
import { inHotline } from '../db/database.ts'
import { destroyKey, findKeys, prepareKeys } from './data-keys.ts'
import { isKeyUsed, resealAll, rotateKeys } from './resealing.ts'
import { sealedColumns } from './sealed-columns.ts'
import { everythingIn, tracesOf } from './testing/dump.ts'
import { sayEverything, type Sayings } from './testing/sayings.ts'

const app = await openTestApp()
const { db, keys, forced } = app
const marker = '珊瑚礁畔的灯塔'
let sayings: Sayings

beforeAll(async () => {
  sayings = await sayEverything(app, marker)
})

/** What of the marker stands in the database: in whatever letters, whole or in pairs of signs. */
const found = async (): Promise<string[]> => {
  const dump = await everythingIn(app)
  const pairs = lexemesOf(marker).filter((word) => word.length > 1)
  return [...tracesOf(marker), ...pairs].filter((trace) => dump.includes(trace))
}

/** Sayings that nobody reads any more. */
const lost = async (): Promise<string[]> => {
  const read = await sayings.readAll()
  return [...sayings.said].filter(([, words]) => !read.includes(words)).map(([where]) => where)
}

const searches = [
  ['supervisor', listIncidents, {}],
  ['supervisor', listExceptions, {}],
  ['supervisor', listGlass, { open: 'no' }],
  ['custodian', listRegisters, {}],
  ['custodian', listDisclosures, {}],
] as const

/** How many rows each search finds by words. */
const hits = async (text: string): Promise<number[]> => {
  const counts: number[] = []
  for (const [role, endpoint, query] of searches) {
    const { body } = await sayings.as(role, endpoint, { query: { ...query, text } as never })
    counts.push((body['rows'] as unknown[]).length)
  }
  return counts
}

test('G24-7.5c: whatever is typed anywhere, the superuser of the database reads none of it, and its readers all of it', async () => {
  expect(sayings.said.size).toBeGreaterThan(40)
  expect(await found()).toEqual([])
  expect(await lost()).toEqual([])
})

/** The columns that a row of the table in the decision names, as `table.column`. */
const namedIn = (row: string): string[] =>
  [...row.matchAll(/`([a-z_]+)\.([a-z_0-9, ]+)`/g)].flatMap(([, table = '', columns = '']) =>
    columns.split(', ').map((column) => `${table}.${column}`),
  )

test('the decision says of every column that can hold words whether it is sealed, or why not', async () => {
  const file = join(import.meta.dirname, '..', '..', 'docs', 'decisions', 'sealed-answers.md')
  const [, table = ''] = readFileSync(file, 'utf8').split('## Column by column')
  const columns = await app.owner<{ name: string }>(
    `select c.relname || '.' || a.attname as name from pg_class c
     join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
     where c.relkind = 'r' and c.relnamespace = 'public'::regnamespace
       and format_type(a.atttypid, null) in ('text', 'text[]', 'jsonb', 'tsvector') and not exists (
         select from pg_constraint k where k.conrelid = c.oid and k.contype = 'c' and k.conkey = array[a.attnum]
           and pg_get_constraintdef(k.oid) like '% = ANY %') order by 1`,
  )
  expect(namedIn(table).toSorted()).toEqual(columns.map(({ name }) => name).toSorted())
  const sealed = sealedColumns.filter(({ holds }) => holds === 'words')
  const row = table.split('\n').find((line) => line.includes('sealed in the column')) ?? ''
  expect(namedIn(row).toSorted()).toEqual(sealed.map(({ table: of, column }) => `${of}.${column}`).toSorted())
})

test('sealed words are found by those who may search, and nothing else is', async () => {
  expect(await hits('礁畔')).toEqual([1, 1, 1, 1, 1])
  expect(await hits('礁石')).toEqual([0, 0, 0, 0, 0])
  expect(await hits('sealed')).toEqual([0, 0, 0, 0, 0])
})

const sealing = async (): Promise<string[]> =>
  (await inHotline(db, sayings.hotlineId, (tx) => findKeys(tx, sayings.hotlineId)))
    .filter((key) => key.state === 'sealing' && key.key_class === 'notes')
    .map((key) => key.key_id)

test('G24-6.2.2c: every sealed word is sealed anew when keys are turned over, and opens when the old key is destroyed', async () => {
  const { hotlineId } = sayings
  await prepareKeys(db, keys, hotlineId)
  expect(await resealAll(db, keys, hotlineId)).toBeGreaterThan(40)
  const [before = ''] = await sealing()
  expect(await rotateKeys(db, keys, hotlineId, 0)).toBeGreaterThan(40)
  expect(await isKeyUsed(db, keys, hotlineId, before)).toBe(false)
  await destroyKey(db, keys, hotlineId, before)
  expect(await lost()).toEqual([])
  expect(await hits('礁畔')).toEqual([1, 1, 1, 1, 1])
})

/** Sealed words as they stood before they were sealed. */
async function unseal(): Promise<void> {
  const words = keys.wordsOf(sayings.hotlineId)
  for (const { table, column, id, holds } of sealedColumns) {
    if (holds !== 'words') continue
    const rows = await app.owner<Record<string, string>>(
      `select ${id.map((part) => `${part}::text`).join(', ')}, ${column} as value from ${table} where ${column} <> ''`,
    )
    for (const { value = '', ...key } of rows) {
      const where = Object.entries(key).map(([part, is]) => `${part} = '${is}'`)
      await forced(`update ${table} set ${column} = '${words.open(value)}' where ${where.join(' and ')}`)
    }
  }
  await forced('update confidentiality_exception set search = null; update kept_words set search = null')
}

/** The log's own verification. */
const brokenAt = async (): Promise<unknown> => {
  const list = await sayings.as('supervisor', listIncidents, { query: {} })
  const [row] = list.body['rows'] as { incidentId: string }[]
  const params = { incidentId: row?.incidentId ?? '' }
  return (await sayings.as('supervisor', readIncident, { params })).body['brokenAt']
}

test('words from before sealing are read and found as they stand, and sealed by the job', async () => {
  await unseal()
  expect(await found()).toContain(marker)
  expect(await brokenAt()).toBeNull()
  expect(await lost()).toEqual([])
  expect(await hits('礁畔')).toEqual([1, 1, 1, 1, 1])
  expect(await resealAll(db, keys, sayings.hotlineId)).toBeGreaterThan(20)
  expect(await found()).toEqual([])
  expect(await lost()).toEqual([])
  expect(await hits('礁畔')).toEqual([1, 1, 1, 1, 1])
  expect(await brokenAt()).toBeNull()
})
