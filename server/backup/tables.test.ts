import pg from 'pg'
import { expect, test } from 'vitest'
import type { Entry } from './archive.ts'
import { rowsOf, startFilling, takeSnapshot, tableOf } from './tables.ts'
import { emptyDatabaseOfTest, stateOf } from './testing/empty-database.ts'

const schema = `
  create table schema_version (version int primary key, name text, sha256 text);
  create table parent (parent_id bigint generated always as identity primary key, child_id bigint, data jsonb);
  create table child (child_id serial primary key, parent_id bigint references parent, bytes bytea, words text,
    found tsvector, list text[], grid int[][], at timestamptz, day date, span interval, exact numeric, near float8,
    small real, id uuid, net inet, range tstzrange, doubled numeric generated always as (exact * 2) stored, "odd name" text);
  alter table parent add constraint both_ways foreign key (child_id) references child;
  create function no_more() returns trigger language plpgsql as $$ begin raise exception 'no'; end $$;`

const rows = `
  insert into schema_version values (1, '0001-start.sql', 'x');
  insert into parent (data) select jsonb_build_object('n', n, 'text', '你好 "\\\\" ' || chr(10) || chr(9) || chr(13), 'deep', '[1.10, 1e400, null]'::jsonb)
    from generate_series(1, 300) n;
  insert into child (parent_id, bytes, words, found, list, grid, at, day, span, exact, near, small, id, net, range, "odd name")
    select n, decode(repeat(lpad(to_hex(n % 256), 2, '0'), 40000), 'hex'), E'a\\tb\\nc\\\\d\\r' || chr(127) || '😀' || n,
      to_tsvector('simple', 'night ''quoted'' word:1'), array['', 'NULL', null, 'a,b', '{"x"}', E'\\\\'], array[[1, 2], [3, null]],
      '2026-11-21 04:00:00.123456+08'::timestamptz + n * interval '1 microsecond', 'infinity', '1 year 2 mons -3 days 04:05:06.789',
      n / 7.0, 0.1::float8 + n / 3.0::float8, n / 3.0::real, gen_random_uuid(), '::1/64', '[2026-01-01,)', case when n % 2 = 0 then '' end
    from generate_series(1, 300) n;
  insert into child (near, exact) values ('NaN', 'NaN'), ('-Infinity', 'Infinity'), ('-0', 0);
  update parent set child_id = 301 - parent_id;
`
const triggers = `
  create trigger no_more before insert or update or delete or truncate on child execute function no_more();
  create trigger always before insert on parent for each row execute function no_more();
  create trigger never before delete on parent execute function no_more();
  alter table parent enable always trigger always, disable trigger never;`

const run = async (url: string, text: string): Promise<void> => {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  await client.query(text)
  await client.end()
}

test('G24-6.2.2c: every kind of value, reference, trigger and sequence is after a restore what it was', async () => {
  const [from, to] = [await emptyDatabaseOfTest(), await emptyDatabaseOfTest()]
  await run(from.ownerUrl, schema + rows + triggers)
  await run(to.ownerUrl, schema + triggers)
  const snapshot = await takeSnapshot(from.ownerUrl)
  const filling = await startFilling(to.ownerUrl, snapshot.tables)
  const entries: Entry[] = []
  for await (const entry of snapshot.entries()) {
    entries.push(entry)
    await filling.take(tableOf(entry) ?? '', (await rowsOf(entry)).text)
  }
  const totals = await snapshot.totals()
  await filling.commit(totals)
  await Promise.all([filling.close(), snapshot.close()])
  expect(totals.rows).toEqual({ child: 303, parent: 300, schema_version: 1 })
  // More than one part: 300 rows of 80,000 hexadecimal digits.
  expect(entries.filter((entry) => tableOf(entry) === 'child').length).toBeGreaterThan(3)
  expect(await stateOf(to.ownerUrl)).toEqual(await stateOf(from.ownerUrl))
})

test('rows written after the snapshot are not in it, and the writer does not wait', async () => {
  const { ownerUrl } = await emptyDatabaseOfTest()
  await run(ownerUrl, schema + rows)
  const snapshot = await takeSnapshot(ownerUrl)
  await run(ownerUrl, `insert into parent (data) select '{}' from generate_series(1, 50)`)
  const counts: Record<string, number> = {}
  for await (const entry of snapshot.entries()) {
    const table = tableOf(entry) ?? ''
    counts[table] = (counts[table] ?? 0) + (await rowsOf(entry)).count
  }
  const totals = await snapshot.totals()
  await snapshot.close()
  expect(counts).toEqual({ child: 303, parent: 300, schema_version: 1 })
  expect(totals.rows).toEqual(counts)
  expect(totals.sequences).toContainEqual({ name: 'parent_parent_id_seq', last: '350', called: true })
})

test('a filling whose counts or references do not fit leaves the database empty', async () => {
  const { ownerUrl } = await emptyDatabaseOfTest()
  await run(ownerUrl, schema)
  const tables = [
    { name: 'child', columns: ['child_id', 'parent_id'] },
    { name: 'parent', columns: ['parent_id'] },
  ]
  for (const [rowsOfParent, reason] of [
    [0, /parent/],
    [1, /foreign key/],
  ] as const) {
    const filling = await startFilling(ownerUrl, tables)
    await filling.take('child', Buffer.from('1\t99\n'))
    await filling.take('parent', Buffer.from(rowsOfParent === 0 ? '' : '98\n'))
    await expect(filling.commit({ rows: { child: 1, parent: 1 }, sequences: [] })).rejects.toThrow(reason)
    await filling.close()
    expect(await stateOf(ownerUrl)).toMatchObject({ child: { count: 0 }, parent: { count: 0 } })
  }
})
