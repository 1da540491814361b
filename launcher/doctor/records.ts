/* The records: the embedded database or the operator's own, and how old the last backup is. */
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

const day = 24 * 60 * 60 * 1000
const oldestBackup = 8 * day

/** `npx hearthline backup` leaves the moment of the last backup that was read back in the data folder. */
export function lookAtBackup({ data }: Settings, now = Date.now()): Finding {
  const { ok, warn } = about('backup')
  const madeAt = lastBackupIn(join(data, 'last-backup'))
  const days = Math.floor((now - madeAt) / day)
  if (Number.isNaN(madeAt))
    return warn(
      'No backup was made here yet: npx hearthline backup FOLDER, every night (docs/operators.md).',
      '尚无备份:请每晚运行 npx hearthline backup(见 docs/operators.md)。',
    )
  if (now - madeAt > oldestBackup)
    return warn(`The last backup is ${days} days old.`, `最近一次备份已是 ${days} 天前。`)
  return ok(`The last backup is of ${new Date(madeAt).toISOString()}.`, '近期已备份。')
}

function lastBackupIn(file: string): number {
  try {
    return Date.parse(readFileSync(file, 'utf8').trim())
  } catch {
    return Number.NaN
  }
}
