/* A database with nothing in it, as a new machine has one; and what a database holds, row by row. */
import pg from 'pg'
import { afterAll, inject } from 'vitest'
import { newId } from '../../db/id.ts'

/** Makes one in the cluster of the test run; dropped by itself after the file's tests. */
export const emptyDatabaseOfTest = async (): Promise<{ ownerUrl: string; appUrl: string }> => {
  const cluster = inject('clusterUrl')
  const name = `test_${newId().replaceAll('-', '')}`
  const admin = new pg.Client({ connectionString: `${cluster}/postgres` })
  await admin.connect()
  await admin.query(`create database ${name} template template0`)
  afterAll(async () => {
    await admin.query(`drop database if exists ${name} with (force)`)
    await admin.end()
  })
  return {
    ownerUrl: `${cluster}/${name}`,
    appUrl: `${cluster.replace('postgres@', 'hearthline:test@')}/${name}`,
  }
}

/** A hash of each table's rows in their text form, the schema's definitions, and the state of each sequence. */
export const stateOf = async (ownerUrl: string): Promise<Record<string, unknown>> => {
  const client = new pg.Client({ connectionString: ownerUrl })
  await client.connect()
  try {
    const state: Record<string, unknown> = {}
    const relations = await client.query<{ name: string; kind: string }>(
      `select relname as name, relkind::text as kind from pg_class
       where relnamespace = 'public'::regnamespace and relkind in ('r', 'S') order by 1`,
    )
    for (const { name, kind } of relations.rows) {
      const query =
        kind === 'S'
          ? `select last_value::text, is_called from "${name}"`
          : `select count(*)::int, md5(coalesce(string_agg(t::text, E'\\n' order by t::text), '')) from "${name}" t`
      state[name] = (await client.query(query)).rows[0]
    }
    const definitions = await client.query(`
      select conrelid::regclass::text as of, conname::text as name, pg_get_constraintdef(oid) as text from pg_constraint
        where connamespace = 'public'::regnamespace
      union all select tgrelid::regclass::text, tgname, tgenabled::text || pg_get_triggerdef(oid) from pg_trigger where not tgisinternal
      union all select tablename, policyname, concat(qual, with_check) from pg_policies where schemaname = 'public'
      union all select relname, 'owner and rights', concat(relowner::regrole, relacl, relrowsecurity, relforcerowsecurity)
        from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'S')
      order by 1, 2, 3`)
    return { ...state, definitions: definitions.rows }
  } finally {
    await client.end()
  }
}
