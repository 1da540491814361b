import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { Trouble } from './trouble.ts'

const oldest = 15
const patience = 20_000

/** Waits until the operator's own PostgreSQL answers; throws Trouble when it does not within 20 s, or is too old. */
export async function checkForeignDatabase(url: string, signal?: AbortSignal): Promise<void> {
  const until = Date.now() + patience
  for (;;) {
    const answer = await versionOf(url)
    if (typeof answer === 'number') return judge(answer)
    if (!answer.mayPass || Date.now() > until || signal?.aborted)
      throw new Trouble(
        `The database in DATABASE_URL cannot be reached (${answer.code}): check the address, the name and the password.`,
        `无法连接 DATABASE_URL 指定的数据库(${answer.code}):请检查地址、数据库名和密码。`,
      )
    await sleep(500)
  }
}

function judge(version: number): void {
  const major = Math.floor(version / 10_000)
  if (major >= oldest) return
  throw new Trouble(
    `The database in DATABASE_URL is PostgreSQL ${major}, Hearthline needs ${oldest} or later: upgrade it or use the embedded one.`,
    `DATABASE_URL 指定的是 PostgreSQL ${major},暖线需要 ${oldest} 或更高版本:请升级或使用内置数据库。`,
  )
}

type Refusal = { code: string; mayPass: boolean }

async function versionOf(url: string): Promise<number | Refusal> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5000 })
  client.on('error', () => undefined)
  try {
    await client.connect()
    const { rows } = await client.query<{ version: string }>(
      `SELECT current_setting('server_version_num') AS version`,
    )
    return Number(rows[0]?.version)
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'no answer'
    // Classes 28 and 3D: wrong password, no such database; waiting does not mend these.
    return { code, mayPass: !/^(28|3D)/.test(code) }
  } finally {
    await client.end().catch(() => undefined)
  }
}
