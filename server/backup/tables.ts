/* The rows of the database: out of one snapshot, and back into an empty one. */
import { promisify } from 'node:util'
import { zstdCompress, zstdDecompress } from 'node:zlib'
import pg from 'pg'
import { z } from 'zod'
import type { Ending, Entry } from './archive.ts'
import { wholeOf } from './archive.ts'
import { copyIn, copyOut } from './copy.ts'
import { BackupRefused } from './refusal.ts'

/** A table of the backup; generated columns are made anew and are not in it. */
export const tableShape = z.object({ name: z.string(), columns: z.array(z.string()) })
type Table = z.infer<typeof tableShape>

/** A step of the schema that the database had. */
export const stepShape = z.object({ version: z.int(), name: z.string(), sha256: z.string() })
type Step = z.infer<typeof stepShape>

/** One state of the whole database; rows written after it was taken are not in it. */
export interface Snapshot {
  tables: Table[]
  steps: Step[]
  /** Every row of every table, in parts that are entries of an archive. */
  entries(): AsyncGenerator<Entry>
  /** What entries() yielded, and where the sequences stand, which is at or after the snapshot. */
  totals(): Promise<Pick<Ending, 'rows' | 'sequences'>>
  close(): Promise<void>
}

const partBytes = 4 * 1024 * 1024
const compress = promisify(zstdCompress)
const decompress = promisify(zstdDecompress)

/** Settings under which a value's text is exact and the same on every server, as pg_dump has them. */
const exactText = `set datestyle = 'ISO, YMD'; set intervalstyle = postgres; set timezone = 'UTC'; set extra_float_digits = 3;
  set bytea_output = hex; set client_encoding = 'UTF8'; set row_security = off;
  set statement_timeout = 0; set lock_timeout = 0; set idle_in_transaction_session_timeout = 0`

/** Connects as the owner, whom row-level security lets through; a table that would hide rows fails instead. */
async function connectOwner(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url, application_name: 'hearthline-backup' })
  // While it is in use its loss shows in the query; without a listener it would end the process besides.
  client.on('error', () => undefined)
  await client.connect()
  await client.query(exactText)
  return client
}

/** Takes one snapshot of the database, which waits for nobody and lets nobody wait. Throws BackupRefused without a schema. */
export async function takeSnapshot(ownerUrl: string): Promise<Snapshot> {
  const client = await connectOwner(ownerUrl)
  try {
    await client.query('begin isolation level repeatable read read only')
    const tables = await tablesIn(client)
    if (!tables.some((table) => table.name === 'schema_version'))
      throw new BackupRefused('The database holds no Hearthline yet. 数据库中尚无暖线数据。')
    await client.query(
      `lock table ${tables.map((table) => quoted(table.name)).join(', ')} in access share mode`,
    )
    const { rows: steps } = await client.query<Step>(
      'select version, name, sha256 from schema_version order by version',
    )
    const rows: Record<string, number> = {}
    return {
      tables,
      steps,
      entries: () => entriesOf(client, tables, rows),
      totals: async () => ({ rows, sequences: await sequencesIn(client) }),
      close: () => client.end(),
    }
  } catch (error) {
    await client.end()
    throw error
  }
}

const quoted = (name: string): string => `public.${pg.escapeIdentifier(name)}`
const listOf = (columns: string[]): string => columns.map((name) => pg.escapeIdentifier(name)).join(', ')

async function tablesIn(client: pg.Client): Promise<Table[]> {
  const { rows } = await client.query<Table>(`
    select c.relname as name, array_agg(a.attname::text order by a.attnum) as columns
    from pg_class c join pg_attribute a on a.attrelid = c.oid
    where c.relnamespace = 'public'::regnamespace and c.relkind = 'r'
      and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
    group by c.relname order by c.relname`)
  return rows
}

async function* entriesOf(
  client: pg.Client,
  tables: Table[],
  counts: Record<string, number>,
): AsyncGenerator<Entry> {
  for (const { name, columns } of tables) {
    const seen = { rows: 0 }
    let part = 0
    const text = `copy ${quoted(name)} (${listOf(columns)}) to stdout`
    for await (const bytes of copyOut(client, text, partBytes, seen)) {
      part += 1
      const body = await compress(bytes)
      const path = `tables/${name}/${String(part).padStart(6, '0')}.copy.zst`
      yield { name: path, size: body.length, mode: 0o600, body: [body] }
    }
    counts[name] = seen.rows
  }
}

async function sequencesIn(client: pg.Client): Promise<Ending['sequences']> {
  const { rows } = await client.query<{ name: string }>(
    `select relname as name from pg_class where relnamespace = 'public'::regnamespace and relkind = 'S' order by relname`,
  )
  const sequences: Ending['sequences'] = []
  for (const { name } of rows) {
    const state = await client.query<{ last: string; called: boolean }>(
      `select last_value::text as last, is_called as called from ${quoted(name)}`,
    )
    if (state.rows[0]) sequences.push({ name, ...state.rows[0] })
  }
  return sequences
}

/** The table an entry belongs to; null for another kind of entry. */
export function tableOf(entry: Entry): string | null {
  return /^tables\/([^/]+)\/\d+\.copy\.zst$/.exec(entry.name)?.[1] ?? null
}

/** The rows of an entry in COPY's text form, where only the end of a row is a line feed. */
export async function rowsOf(entry: Entry): Promise<{ text: Buffer; count: number }> {
  const text = await decompress(await wholeOf(entry))
  let count = 0
  for (let at = text.indexOf(10); at >= 0; at = text.indexOf(10, at + 1)) count += 1
  return { text, count }
}

/** A database being filled in one transaction: before commit() nobody sees anything of it. */
export interface Filling {
  take(table: string, text: Buffer): Promise<void>
  /** Compares the counts, sets the sequences, makes references and triggers hold again. Throws BackupRefused. */
  commit(totals: Pick<Ending, 'rows' | 'sequences'>): Promise<void>
  close(): Promise<void>
}

/**
 * Begins to fill a database that has just got the backup's schema. References between tables are taken off and put back at
 * the end, where the server checks them all; triggers stay silent, because the rows passed them when they were made.
 */
export async function startFilling(ownerUrl: string, tables: Table[]): Promise<Filling> {
  const client = await connectOwner(ownerUrl)
  const counts: Record<string, number> = {}
  const columnsOf = new Map(tables.map((table) => [table.name, table.columns]))
  await client.query('begin')
  const references = await takeOffReferences(client)
  const all = tables.map((table) => quoted(table.name))
  const triggers = await silenceTriggers(client)
  // A step of the schema may have put rows of its own there.
  await client.query(`truncate ${all.join(', ')}`)
  return {
    async take(table, text) {
      const columns = columnsOf.get(table)
      if (!columns) throw new BackupRefused(`The backup has rows of an unknown table. 备份中含有未知的表。`)
      const taken = await copyIn(client, `copy ${quoted(table)} (${listOf(columns)}) from stdin`, text)
      counts[table] = (counts[table] ?? 0) + taken
    },
    async commit(totals) {
      for (const [table, rows] of Object.entries(totals.rows))
        if (rows !== (counts[table] ?? 0))
          throw new BackupRefused(`Not every row of ${table} was restored. 表 ${table} 未能完整恢复。`)
      for (const { name, last, called } of totals.sequences)
        await client.query('select setval($1::regclass, $2, $3)', [quoted(name), last, called])
      for (const { table, name, definition } of references)
        await client.query(
          `alter table ${quoted(table)} add constraint ${pg.escapeIdentifier(name)} ${definition}`,
        )
      for (const { table, name, how } of triggers)
        await client.query(`alter table ${quoted(table)} enable ${how} trigger ${pg.escapeIdentifier(name)}`)
      await client.query('commit')
      await client.query('analyze')
    },
    close: () => client.end(),
  }
}

type Trigger = { table: string; name: string; how: '' | 'always' | 'replica' }

/** Switches every trigger of ours off that is on, and returns them with the way they were on. */
async function silenceTriggers(client: pg.Client): Promise<Trigger[]> {
  const { rows } = await client.query<Trigger>(`
    select c.relname as table, t.tgname as name,
      case t.tgenabled when 'A' then 'always' when 'R' then 'replica' else '' end as how
    from pg_trigger t join pg_class c on c.oid = t.tgrelid
    where c.relnamespace = 'public'::regnamespace and not t.tgisinternal and t.tgenabled <> 'D'`)
  for (const { table, name } of rows)
    await client.query(`alter table ${quoted(table)} disable trigger ${pg.escapeIdentifier(name)}`)
  return rows
}

type Reference = { table: string; name: string; definition: string }

async function takeOffReferences(client: pg.Client): Promise<Reference[]> {
  const { rows } = await client.query<Reference>(`
    select c.relname as table, k.conname as name, pg_get_constraintdef(k.oid) as definition
    from pg_constraint k join pg_class c on c.oid = k.conrelid
    where k.contype = 'f' and k.conparentid = 0 and c.relnamespace = 'public'::regnamespace`)
  for (const { table, name } of rows)
    await client.query(`alter table ${quoted(table)} drop constraint ${pg.escapeIdentifier(name)}`)
  return rows
}

/** Whether the database has nothing in it yet. */
export async function isEmptyDatabase(ownerUrl: string): Promise<boolean> {
  const client = await connectOwner(ownerUrl)
  try {
    const found = await client.query(
      `select 1 from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'p', 'v', 'S') limit 1`,
    )
    return found.rowCount === 0
  } finally {
    await client.end()
  }
}

/** Takes everything out again that a failed restore made, in a database that was empty before it. */
export async function emptyDatabase(ownerUrl: string): Promise<void> {
  const client = await connectOwner(ownerUrl)
  try {
    await client.query(
      'drop schema public cascade; create schema public; grant usage on schema public to public',
    )
  } finally {
    await client.end()
  }
}
