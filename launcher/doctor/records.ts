/* The database: the embedded engine or the operator's own, and the programs a backup needs. */
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import pg from 'pg'
import { findEngine, engineMajor } from '../engine.ts'
import { checkForeignDatabase } from '../foreign-database.ts'
import type { Settings } from '../settings.ts'
import { describe, Trouble } from '../trouble.ts'
import { about, type Finding } from './finding.ts'

export async function lookAtDatabase(settings: Settings): Promise<Finding[]> {
  return settings.databaseUrl === null ? [lookAtEmbedded(settings)] : lookAtForeign(settings.databaseUrl)
}

function lookAtEmbedded({ data }: Settings): Finding {
  const { ok, fail } = about('database')
  const version = join(data, 'pg', 'PG_VERSION')
  try {
    if (existsSync(data)) findEngine(join(data, 'pg'), join(data, 'cache', 'postgres'))
    const made = existsSync(version) ? readFileSync(version, 'utf8').trim() : String(engineMajor)
    if (made !== String(engineMajor))
      return fail(
        `The data are of PostgreSQL ${made}, the program of ${engineMajor}.`,
        '数据库版本与程序不符。',
      )
    return ok(`The embedded PostgreSQL ${engineMajor} can run.`, `内置 PostgreSQL ${engineMajor} 可运行。`)
  } catch (error) {
    return fail(error instanceof Trouble ? error.message : describe(error), '')
  }
}

async function lookAtForeign(url: string): Promise<Finding[]> {
  const { ok, warn, fail } = about('database')
  const tooOld = await checkForeignDatabase(url, AbortSignal.abort()).catch((error: unknown) =>
    describe(error),
  )
  if (tooOld !== undefined) return [fail(tooOld, '')]
  const skew = await skewOf(url)
  const seconds = (skew / 1000).toFixed(1)
  const clock =
    Math.abs(skew) > 2000
      ? warn(
          `Its clock differs from ours by ${seconds} s: let both follow a time server.`,
          `数据库时钟相差 ${seconds} 秒。`,
        )
      : ok(`Its clock agrees with ours (${seconds} s).`, `数据库时钟一致(${seconds} 秒)。`)
  return [ok('The database in DATABASE_URL answers.', 'DATABASE_URL 指定的数据库可用。'), clock]
}

/** Milliseconds by which the database's clock is ahead of ours. */
async function skewOf(url: string): Promise<number> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  const asked = Date.now()
  const { rows } = await client.query<{ ms: number }>(
    'SELECT (extract(epoch FROM clock_timestamp()) * 1000)::float8 AS ms',
  )
  const answered = Date.now()
  await client.end()
  return (rows[0]?.ms ?? answered) - (asked + answered) / 2
}

/** The embedded package has no client programs; PostgreSQL's own are used for backups where they are there. */
export function lookAtClient(): Finding {
  const { ok, warn } = about('backup')
  const found = spawnSync('pg_dump', ['--version'], { encoding: 'utf8' })
  const major = Number(/(\d+)/.exec(found.stdout ?? '')?.[1] ?? 0)
  if (major >= engineMajor) return ok(`pg_dump ${major} is installed.`, `已安装 pg_dump ${major}。`)
  return warn(
    `No pg_dump of version ${engineMajor} or later: install postgresql-client-${engineMajor} for SQL dumps, or copy the data folder while Hearthline is stopped.`,
    `缺少 ${engineMajor} 或更高版本的 pg_dump:请安装 postgresql-client-${engineMajor},或在停止后复制数据文件夹。`,
  )
}
