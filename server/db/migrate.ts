/* Brings the database to this version's schema: plain numbered SQL files, forward only. */
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import pg from 'pg'

/** Why the schema cannot be brought up to date: one sentence for the operator. */
export class MigrationRefused extends Error {}

type Step = { version: number; name: string; text: string; sha256: string }
type Applied = { version: number; name: string; sha256: string }

const lockKey = 4_718_201
const oldestServer = 150_000
const folder = join(import.meta.dirname, 'migrations')

/** The steps of this version, in order. */
export function knownSteps(): Step[] {
  return readdirSync(folder)
    .filter((name) => /^\d{4}-[a-z0-9-]+\.sql$/.test(name))
    .sort()
    .map((name) => {
      const text = readFileSync(join(folder, name), 'utf8')
      return {
        version: Number(name.slice(0, 4)),
        name,
        text,
        sha256: createHash('sha256').update(text).digest('hex'),
      }
    })
}

/**
 * Migrates with the owner's connection and returns how many steps were done; several may run at once, one waits for the
 * other. `appUrl` is the product's own connection, whose role is made when it is missing. Throws MigrationRefused.
 */
export async function migrate(
  ownerUrl: string,
  appUrl: string,
  steps: Step[] = knownSteps(),
): Promise<number> {
  const client = new pg.Client({ connectionString: ownerUrl, application_name: 'hearthline-migrate' })
  client.on('error', () => undefined)
  await client.connect()
  try {
    await refuseOldServer(client)
    await client.query('select pg_advisory_lock($1)', [lockKey])
    await client.query(`create table if not exists schema_version (
      version int primary key, name text not null, sha256 text not null, applied_at timestamptz not null default now())`)
    const done = await client.query<Applied>(
      'select version, name, sha256 from schema_version order by version',
    )
    refuseForeign(done.rows, steps)
    await makeRole(client, appUrl)
    const wanting = steps.filter((step) => !done.rows.some((row) => row.version === step.version))
    for (const step of wanting) await apply(client, step)
    return wanting.length
  } finally {
    await client.end()
  }
}

/** Whether the database stands at exactly this version (for /readyz). Rejects when it cannot be asked. */
export function isCurrent(versions: readonly number[]): boolean {
  const steps = knownSteps()
  return versions.length === steps.length && steps.every((step) => versions.includes(step.version))
}

async function refuseOldServer(client: pg.Client): Promise<void> {
  const { rows } = await client.query<{ server_version_num: string; server_version: string }>(
    `select current_setting('server_version_num') server_version_num, current_setting('server_version') server_version`,
  )
  if (Number(rows[0]?.server_version_num ?? 0) < oldestServer)
    throw new MigrationRefused(
      `This database is PostgreSQL ${rows[0]?.server_version ?? '?'}; Hearthline needs version 15 or later. 数据库版本过低,需要 PostgreSQL 15 或更高版本。`,
    )
}

function refuseForeign(applied: Applied[], steps: Step[]): void {
  const newest = steps.at(-1)?.version ?? 0
  for (const row of applied) {
    if (row.version > newest)
      throw new MigrationRefused(
        `The data was written by a newer Hearthline (schema ${row.version}, this one knows ${newest}); start that version or a later one. 数据由更新版本的暖线写入,请使用该版本或更高版本。`,
      )
    const step = steps.find((known) => known.version === row.version)
    if (step && step.sha256 !== row.sha256)
      throw new MigrationRefused(
        `The data was made with another form of the schema step ${row.name}; it belongs to a different build of Hearthline. 数据结构与本版本不一致,它属于另一个构建版本。`,
      )
  }
}

/** The role of the product owns nothing and may be logged in as, or be taken on by whoever logs in. */
async function makeRole(client: pg.Client, appUrl: string): Promise<void> {
  const app = new URL(appUrl)
  const user = decodeURIComponent(app.username)
  const found = await client.query(`select 1 from pg_roles where rolname = 'hearthline'`)
  try {
    if (found.rowCount === 0) {
      const password = user === 'hearthline' ? decodeURIComponent(app.password) : ''
      const login = password === '' ? 'nologin' : `login password ${client.escapeLiteral(password)}`
      await client.query(`create role hearthline nosuperuser nocreatedb nocreaterole ${login}`)
    }
    const may = await client.query<{ may: boolean }>(`select pg_has_role($1, 'hearthline', 'member') may`, [
      user,
    ])
    if (may.rows[0]?.may !== true) await client.query(`grant hearthline to ${client.escapeIdentifier(user)}`)
    await client.query('grant usage on schema public to hearthline')
  } catch (error) {
    if (!(error instanceof pg.DatabaseError)) throw error
    throw new MigrationRefused(
      `The database role "hearthline" is missing and could not be made; run: create role hearthline; grant hearthline to "${user}"; 缺少数据库角色 hearthline,请由数据库管理员创建。`,
    )
  }
}

async function apply(client: pg.Client, step: Step): Promise<void> {
  await client.query('begin')
  try {
    await client.query(step.text)
    await client.query('insert into schema_version (version, name, sha256) values ($1, $2, $3)', [
      step.version,
      step.name,
      step.sha256,
    ])
    await client.query('revoke all on schema_version from hearthline')
    await client.query('grant select on schema_version to hearthline')
    await client.query('commit')
  } catch (error) {
    await client.query('rollback').catch(() => undefined)
    throw error
  }
}
