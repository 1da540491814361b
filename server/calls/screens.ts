/* After every change of calls: the desks of those it concerns, the boards, and the alarm for danger. */
import { sql } from 'kysely'
import type { Desk } from '../../api/desk.ts'
import { roles, type Role } from '../../domain/permission.ts'
import { inHotline, type Database } from '../db/database.ts'
import type { Live } from '../http/live.ts'
import type { Keys } from '../records/keys.ts'
import { readDesk } from './desk.ts'
import { toldOf, type Changed } from './shell.ts'

/** What the screens are told by. */
export interface ScreensDeps {
  db: Database
  keys: Keys
  live: Live
  /** Says that the boards may have changed. */
  poke: () => void
  /** Tells of the task to call somebody in danger back whose call broke off. */
  tellDropped: (hotlineId: string, taskId: string) => Promise<void>
  log: (message: string, fields?: Record<string, string | number>) => void
}

/** Tells screens of changes; several changes of one desk in a short time are told once, and the last one always is. */
export interface Screens {
  tell(hotlineId: string, what: Changed): void
}

/** The desk of a person, whoever asks for it. */
export const deskOf = (db: Database, keys: Keys, hotlineId: string, personId: string): Promise<Desk> =>
  inHotline(db, hotlineId, async (tx) => {
    const { rows } = await sql<{
      roles: string[]
    }>`select roles from person where person_id = ${personId}`.execute(tx)
    const held = roles.filter((role) => rows[0]?.roles.includes(role)) as Role[]
    return readDesk(tx, keys, { hotlineId, personId, roles: held })
  })

/** Starts telling. */
export function startScreens(deps: ScreensDeps): Screens {
  const { db, keys, live, log } = deps
  const again = new Map<string, boolean>()

  async function sendDesk(hotlineId: string, personId: string): Promise<void> {
    if (again.has(personId)) {
      again.set(personId, true)
      return
    }
    again.set(personId, false)
    try {
      do {
        again.set(personId, false)
        const desk = await deskOf(db, keys, hotlineId, personId)
        live.publish(hotlineId, { personId }, { type: 'desk', desk })
      } while (again.get(personId) === true)
    } catch (error) {
      log('a desk could not be told', toldOf(error))
    } finally {
      again.delete(personId)
    }
  }

  async function sendDanger(hotlineId: string, contactId: string): Promise<void> {
    const row = await inHotline(db, hotlineId, async (tx) => {
      const { rows } = await sql<{ number: number; line: string }>`
        select c.number, l.name as line from contact c join line l on l.line_id = c.line_id
        where c.contact_id = ${contactId}`.execute(tx)
      return rows[0]
    })
    if (!row) return
    live.publish(
      hotlineId,
      { right: 'board.see' },
      { type: 'danger', contactId, number: row.number, line: row.line },
    )
  }

  return {
    tell(hotlineId, { people, danger, dropped }) {
      deps.poke()
      live.publish(hotlineId, { right: 'contact.list' }, { type: 'changed', what: 'contacts' })
      for (const personId of people) void sendDesk(hotlineId, personId)
      if (dropped) {
        deps
          .tellDropped(hotlineId, dropped)
          .catch((error: unknown) => log('a dropped call could not be told', toldOf(error)))
      }
      if (danger !== null) {
        sendDanger(hotlineId, danger).catch((error: unknown) =>
          log('a danger could not be told', toldOf(error)),
        )
      }
    },
  }
}
