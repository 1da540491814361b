import { sql } from 'kysely'
import { inHotline, type Database } from '../db/database.ts'
import { allHotlines } from '../db/hotlines.ts'
import { CommandRefused } from './users.ts'

/** One line of `contacts --json` (design.md, doors: command line); nothing in it identifies anybody. */
export interface ContactLine {
  number: number
  line: string
  channel: string
  state: string
  outcome: string | null
  risk: string | null
  consent: string | null
  startedAt: Date
  answeredAt: Date | null
  endedAt: Date | null
  recorded: boolean
}

const pageSize = 1000

/** Prints the contacts, oldest first, of all hotlines or since an instant. */
export async function listContacts(db: Database, args: string[]): Promise<void> {
  const since = sinceOf(args)
  const json = args.includes('--json')
  if (!json)
    console.log(['number', 'line', 'channel', 'state', 'outcome', 'risk', 'consent', 'started'].join('\t'))
  for await (const contact of readContacts(db, since)) {
    if (json) console.log(JSON.stringify(contact))
    else {
      const { number, line, channel, state, outcome, risk, consent, startedAt } = contact
      const columns = [number, line, channel, state, outcome ?? '-', risk ?? '-', consent ?? '-']
      console.log([...columns, startedAt.toISOString()].join('\t'))
    }
  }
}

function sinceOf(args: string[]): Date {
  const at = args.indexOf('--since')
  if (at < 0) return new Date(0)
  const since = new Date(args[at + 1] ?? '')
  if (Number.isNaN(since.getTime()))
    throw new CommandRefused('--since needs an instant such as 2026-11-21T00:00:00Z. --since 需要 ISO 时间。')
  return since
}

/** The contacts that started at or after an instant, in pages, so that a million of them need no memory. */
async function* readContacts(db: Database, since: Date): AsyncGenerator<ContactLine> {
  for (const hotlineId of await allHotlines(db)) {
    for (let after = 0, full = true; full;) {
      const { rows } = await inHotline(db, hotlineId, (tx) =>
        sql<ContactLine>`
          select c.number, l.number as line, c.channel, c.state, c.outcome, c.risk, c.consent,
            c.started_at as "startedAt", c.answered_at as "answeredAt", c.ended_at as "endedAt",
            exists (select from recording r where r.contact_id = c.contact_id and r.state <> 'lost') as recorded
          from contact c join line l using (line_id)
          where c.started_at >= ${since} and c.number > ${after} order by c.number limit ${pageSize}`.execute(
          tx,
        ),
      )
      yield* rows
      after = rows.at(-1)?.number ?? after
      full = rows.length === pageSize
    }
  }
}
