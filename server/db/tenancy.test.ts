import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sql } from 'kysely'
import pg from 'pg'
import { beforeAll, expect, test } from 'vitest'
import { aHotline, aLine, aPerson, aSeat, freshDatabase } from '../../test/database.ts'
import { writeSchema } from '../../test/schema.ts'
import { appendAudit } from './audit.ts'
import { inHotline } from './database.ts'
import { newId } from './id.ts'
import { knownSteps, migrate } from './migrate.ts'
import { fillEmptyTables } from './testing/furniture.ts'

const { db, owner, url, ownerUrl } = await freshDatabase()
let mine: string
let other: string
let tables: string[]

/** A hotline with at least one row in every table that belongs to a hotline. */
async function furnished(): Promise<string> {
  const hotlineId = await aHotline(db)
  const { lineId } = await aLine(db, hotlineId)
  const { personId } = await aPerson(db, hotlineId, { lines: [lineId] })
  await aSeat(db, hotlineId)
  const at = new Date()
  await inHotline(db, hotlineId, async (tx) => {
    const contactId = newId()
    await sql`select create_contact(${contactId}, ${lineId}, 'phone', 'closed', ${at}, null, null, null, null, false,
      null, null, null, '{}')`.execute(tx)
    await appendAudit(tx, { at, actor: personId, action: 'test' })
  })
  await fillEmptyTables(owner, hotlineId, tables)
  return hotlineId
}

beforeAll(async () => {
  const rows = await owner<{ table_name: string }>(
    `select table_name from information_schema.columns where table_schema = 'public' and column_name = 'hotline_id'
     order by table_name`,
  )
  tables = rows.map((row) => row.table_name)
  mine = await furnished()
  other = await furnished()
})

/** Runs SQL as the product does, within one hotline. */
const asProduct = (
  hotlineId: string,
  text: string,
): Promise<{ rows: Record<string, unknown>[]; changed: number }> =>
  inHotline(db, hotlineId, async (tx) => {
    const result = await sql.raw<Record<string, unknown>>(text).execute(tx)
    return { rows: result.rows, changed: Number(result.numAffectedRows ?? 0) }
  })

test('every table of a hotline is guarded by row-level security, and the product owns none', async () => {
  const rows = await owner<{ relname: string; relrowsecurity: boolean; owner: string }>(
    `select relname, relrowsecurity, pg_get_userbyid(relowner) as owner from pg_class
     where relkind = 'r' and relnamespace = 'public'::regnamespace`,
  )
  const guarded = rows.filter((row) => row.relrowsecurity).map((row) => row.relname)
  expect(tables.length).toBeGreaterThanOrEqual(39)
  expect(guarded.sort()).toEqual(tables)
  expect(rows.filter((row) => row.owner === 'hearthline')).toEqual([])
})

test("another hotline's rows can be neither read nor counted", async () => {
  for (const table of tables) {
    const all = await owner<{ hotline_id: string }>(`select distinct hotline_id from ${table}`)
    expect(all.map((row) => row.hotline_id).sort(), table).toEqual([mine, other].sort())
    const { rows } = await asProduct(mine, `select hotline_id from ${table}`)
    expect(new Set(rows.map((row) => row['hotline_id'])), table).toEqual(new Set([mine]))
    const counted = await asProduct(mine, `select count(*) n from ${table} where hotline_id = '${other}'`)
    expect(counted.rows[0]?.['n'], table).toBe(0)
  }
})

test('without a hotline nothing is seen at all', async () => {
  for (const table of tables)
    expect((await sql.raw(`select * from ${table}`).execute(db.doors)).rows, table).toEqual([])
})

test("another hotline's rows can be neither written, taken over nor given away", async () => {
  for (const table of tables) {
    const [column] = await owner<{ column_name: string; changeable: boolean }>(
      `select column_name, has_column_privilege('hearthline', $1, column_name, 'UPDATE') as changeable
       from information_schema.columns
       where table_schema = 'public' and table_name = $1 and column_name not in ('hotline_id')
       order by changeable desc, ordinal_position desc`,
      [table],
    )
    const name = column?.column_name ?? ''
    const update = `update ${table} set ${name} = ${name} where hotline_id = '${other}'`
    if (column?.changeable) expect((await asProduct(mine, update)).changed, table).toBe(0)
    else await expect(asProduct(mine, update), table).rejects.toMatchObject({ code: '42501' })
    const give = `update ${table} set hotline_id = '${other}'`
    // A contact and its sound are kept where they are by a trigger, before row-level security is asked.
    const refused = expect.stringMatching(/^(42501|HL001)$/)
    await expect(asProduct(mine, give), table).rejects.toMatchObject({ code: refused })
  }
})

test('a row cannot be put into another hotline', async () => {
  const put = asProduct(
    mine,
    `insert into notice (notice_id, hotline_id, kind) values ('${newId()}', '${other}', 'x')`,
  )
  await expect(put).rejects.toMatchObject({ code: '42501' })
})

test('G24-7.3: what was written on the record or in the audit cannot be changed, deleted or emptied', async () => {
  const kept = [
    'contact_event',
    'audit_event',
    'incident_entry',
    'assessment',
    'form_version',
    'task_attempt',
    'audit_checkpoint',
    'register_step',
  ]
  for (const table of kept) {
    await expect(asProduct(mine, `update ${table} set hotline_id = hotline_id`), table).rejects.toMatchObject(
      { code: '42501' },
    )
    await expect(asProduct(mine, `delete from ${table}`), table).rejects.toMatchObject({ code: '42501' })
    await expect(asProduct(mine, `truncate ${table}`), table).rejects.toMatchObject({ code: '42501' })
  }
  await expect(asProduct(mine, `delete from contact`)).rejects.toMatchObject({ code: '42501' })
  await expect(asProduct(mine, `alter table contact disable row level security`)).rejects.toMatchObject({
    code: '42501',
  })
  await expect(asProduct(mine, `update schema_version set version = 9`)).rejects.toMatchObject({
    code: '42501',
  })
})

test('the types of the tables are those of the migrated database (else: npm run types:db)', () => {
  const folder = mkdtempSync(join(tmpdir(), 'hearthline-schema-'))
  const file = join(folder, 'schema.ts')
  writeSchema(ownerUrl, file)
  const made = readFileSync(file, 'utf8')
  rmSync(folder, { recursive: true })
  expect(readFileSync(join(import.meta.dirname, 'schema.ts'), 'utf8')).toBe(made)
})

test('migrating again changes nothing; data of a newer version or another build is refused in one sentence', async () => {
  expect(await migrate(ownerUrl, url)).toBe(0)
  const [first] = knownSteps()
  if (!first) throw new Error('no steps')
  await expect(migrate(ownerUrl, url, [{ ...first, sha256: 'other' }])).rejects.toThrow(/another form/)
  await owner(`insert into schema_version (version, name, sha256) values (9999, '9999-future.sql', '')`)
  await expect(migrate(ownerUrl, url)).rejects.toThrow(/newer Hearthline/)
  await owner('delete from schema_version where version = 9999')
})

test('two servers that start at once migrate one after the other', async () => {
  const admin = new pg.Client({ connectionString: ownerUrl })
  await admin.connect()
  const name = `twice_${newId().replaceAll('-', '')}`
  await admin.query(`create database ${name}`)
  const at = (base: string): string => Object.assign(new URL(base), { pathname: `/${name}` }).toString()
  try {
    const done = await Promise.all([migrate(at(ownerUrl), at(url)), migrate(at(ownerUrl), at(url))])
    expect(done.toSorted((a, b) => a - b)).toEqual([0, knownSteps().length])
  } finally {
    await admin.query(`drop database ${name} with (force)`)
    await admin.end()
  }
})
