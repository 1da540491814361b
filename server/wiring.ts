/* Which slice serves what: every route of the product, on one app. */
import type { FastifyInstance } from 'fastify'
import { may } from '../domain/permission.ts'
import { contactsRoutes } from './contacts/routes.ts'
import { healthRoutes } from './http/health.ts'
import type { Live } from './http/live.ts'
import { identityRoutes } from './identity/routes.ts'
import type { Devices } from './lines/device-routes.ts'
import { linesRoutes } from './lines/routes.ts'
import type { Keys } from './records/keys.ts'
import { recordsRoutes } from './records/routes.ts'
import { supervisionRoutes } from './supervision/routes.ts'
import { readBoardNow } from './supervision/supervision.ts'
import { inHotline } from './db/database.ts'

/** The parts that routes work with. */
export interface Parts {
  live: Live
  keys: Keys
  dataFolder: string
  demo: boolean
  devices: Devices
  switchboardUp: () => boolean
  leaveDuty: (person: { hotlineId: string; personId: string }) => Promise<void>
  /** Told that something on the wallboard may have changed. */
  pokeBoards: () => void
  /** Told when the first hotline has come into being. */
  created: (hotlineId: string) => Promise<void>
}

/** Registers every route and what live sockets are greeted with. */
export function wire(app: FastifyInstance, parts: Parts): void {
  const { live, keys, dataFolder, demo, devices } = parts
  healthRoutes(app, parts.switchboardUp)
  identityRoutes(app, { live, leaveDuty: parts.leaveDuty, demo })
  linesRoutes(app, { keys, dataFolder, live, devices, created: parts.created })
  supervisionRoutes(app)
  recordsRoutes(app, { data: dataFolder, identityOf: (hotlineId) => keys.recordingIdentity(hotlineId) })
  contactsRoutes(app, {
    numbersOf: (hotlineId) => keys.numbersOf(hotlineId),
    changed: (hotlineId) => {
      live.publish(hotlineId, { right: 'contact.list' }, { type: 'changed', what: 'contacts' })
      parts.pokeBoards()
    },
  })
  live.onConnect(async (person) => {
    if (!may(person.roles, 'board.see')) return []
    const { db, now } = app.ground
    const board = await inHotline(db, person.hotlineId, (tx) => readBoardNow(tx, person.hotlineId, now()))
    return [{ type: 'board', board }]
  })
}
