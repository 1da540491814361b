import { request } from 'node:http'
import { request as secureRequest } from 'node:https'
import { sql } from 'kysely'
import { z } from 'zod'
import type { Config } from '../config.ts'
import { inHotline, type Database } from '../db/database.ts'
import { allHotlines } from '../db/hotlines.ts'

/** What `status --json` prints (design.md, doors: command line). */
export interface Status {
  ready: boolean
  waiting: number
  talking: number
  seats: { free: number; busy: number; away: number }
  switchboard: boolean
}

/** Prints what all hotlines of this installation are doing now. */
export async function showStatus(db: Database, config: Config, args: string[]): Promise<void> {
  const status = await readStatus(db, config)
  if (args.includes('--json')) return console.log(JSON.stringify(status))
  const { ready, waiting, talking, seats, switchboard } = status
  console.log(
    `${ready ? 'Ready 已就绪' : 'Not ready 未就绪'}; switchboard 交换机: ${switchboard ? 'up' : 'down'}`,
  )
  console.log(`Waiting 等待 ${waiting}, talking 通话 ${talking}`)
  console.log(`Seats 坐席: free 空闲 ${seats.free}, busy 忙 ${seats.busy}, away 离开 ${seats.away}`)
}

/** Counts from the database; readiness from the running server, if there is one. */
async function readStatus(db: Database, config: Config): Promise<Status> {
  const { ready, switchboard } = await askServer(config)
  const status: Status = { ready, waiting: 0, talking: 0, seats: { free: 0, busy: 0, away: 0 }, switchboard }
  for (const hotlineId of await allHotlines(db))
    await inHotline(db, hotlineId, async (tx) => {
      const contacts = await sql<{ waiting: number; talking: number }>`
        select count(*) filter (where state in ('waiting', 'offered')) as waiting,
          count(*) filter (where state = 'talking') as talking
        from contact where state not in ('closed', 'failed')`.execute(tx)
      const seats = await sql<{ free: number; busy: number; away: number }>`
        select count(*) filter (where state = 'free') as free, count(*) filter (where state = 'paused') as away,
          count(*) filter (where state in ('offered', 'busy', 'wrap-up')) as busy from duty`.execute(tx)
      status.waiting += contacts.rows[0]?.waiting ?? 0
      status.talking += contacts.rows[0]?.talking ?? 0
      for (const state of ['free', 'busy', 'away'] as const)
        status.seats[state] += seats.rows[0]?.[state] ?? 0
    })
  return status
}

const readyz = z.object({ ready: z.boolean(), switchboard: z.boolean() })
const patience = 3000

/** Asks /readyz on this machine; a server that does not answer is not ready. The own certificate need not be trusted. */
async function askServer({ host, port, tls }: Config): Promise<z.output<typeof readyz>> {
  const hostname = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host
  const options = { hostname, port, path: '/readyz', timeout: patience, rejectUnauthorized: false }
  for (const ask of tls ? [secureRequest] : [request, secureRequest]) {
    const text = await new Promise<string>((resolve) => {
      const asked = ask(options, (answer) => {
        let body = ''
        answer.setEncoding('utf8').on('data', (piece: string) => (body += piece))
        answer.on('end', () => resolve(body))
      })
      asked.on('timeout', () => asked.destroy())
      asked.on('error', () => resolve(''))
      asked.end()
    })
    const parsed = text.startsWith('{') ? readyz.safeParse(JSON.parse(text)) : null
    if (parsed?.success) return parsed.data
  }
  return { ready: false, switchboard: false }
}
