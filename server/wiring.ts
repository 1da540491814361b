/* Which slice serves what: every route of the product, on one app. */
import type { FastifyInstance } from 'fastify'
import { may } from '../domain/permission.ts'
import { Problem } from '../domain/problem.ts'
import { wireAssessment } from './assessment-wiring.ts'
import type { Calls } from './calls/calls.ts'
import { outgoingLately } from './calls/outside.ts'
import { callersRoutes } from './callers/routes.ts'
import { wireDesk } from './desk-wiring.ts'
import { contactsRoutes } from './contacts/routes.ts'
import { crisisRoutes } from './crisis/routes.ts'
import { inHotline } from './db/database.ts'
import { disclosureRoutes } from './disclosure/routes.ts'
import { formsRoutes } from './forms/routes.ts'
import { healthRoutes } from './http/health.ts'
import type { Live } from './http/live.ts'
import { helpRoutes } from './help/routes.ts'
import { identityRoutes } from './identity/routes.ts'
import { incidentsRoutes } from './incidents/routes.ts'
import type { Devices } from './lines/devices.ts'
import { publicRoutes } from './lines/public-routes.ts'
import { linesRoutes } from './lines/routes.ts'
import { oversightRoutes } from './oversight/routes.ts'
import { answersOf, contactSealing } from './records/answers.ts'
import type { Keys } from './records/keys.ts'
import type { Places } from './records/records.ts'
import { recordsRoutes } from './records/routes.ts'
import type { WordSealing } from './records/word-search.ts'
import { referralRoutes } from './referral/routes.ts'
import { registersRoutes } from './registers/routes.ts'
import { retentionRoutes } from './retention/routes.ts'
import { rolesRoutes } from './roles/routes.ts'
import { goOffDuty } from './roster/roster.ts'
import { supervisionRoutes } from './supervision/routes.ts'
import { tasksRoutes } from './tasks/routes.ts'
import { readBoardNow } from './supervision/supervision.ts'

/** The parts that routes work with. */
export interface Parts {
  live: Live
  keys: Keys
  dataFolder: string
  /** Where recordings lie. */
  places: Places
  demo: boolean
  devices: Devices
  /** Paths by which browsers reach each switchboard. */
  sipAddresses: readonly string[]
  /** Null where there is no switchboard: everything but calls is served. */
  calls: Calls | null
  /** Told that something on the wallboard may have changed. */
  pokeBoards: () => void
  /** Told of work after an answer that failed. */
  failed: (error: unknown) => void
}

/** Registers every route and what live sockets are greeted with. */
export function wire(app: FastifyInstance, parts: Parts): void {
  const { live, calls } = parts
  const { db, now } = app.ground
  wireHouse(app, parts)
  wireContacts(app, parts)
  wireCare(app, parts)
  wireAssessment(app, parts)
  wireOversight(app, parts)
  if (calls) wireDesk(app, calls, parts)
  live.onConnect(async (person) => {
    if (!may(person.roles, 'board.see')) return []
    const board = await inHotline(db, person.hotlineId, (tx) => readBoardNow(tx, person.hotlineId, now()))
    return [{ type: 'board', board }]
  })
}

/** The house: who works here, lines, forms, the board, recordings. */
function wireHouse(app: FastifyInstance, parts: Parts): void {
  const { live, keys, dataFolder, places, demo, devices, calls, pokeBoards } = parts
  const { db, now } = app.ground
  const changed = (hotlineId: string): void => {
    calls?.reload(hotlineId)
    pokeBoards()
  }
  healthRoutes(app, () => calls?.controls() ?? false)
  identityRoutes(app, {
    live,
    keys,
    demo,
    changed,
    leaveDuty: async ({ hotlineId, personId }) => {
      await inHotline(db, hotlineId, (tx) => goOffDuty(tx, hotlineId, personId, now().getTime()))
      changed(hotlineId)
    },
  })
  linesRoutes(app, { keys, dataFolder, live, devices, outgoing: outgoingLately, changed })
  publicRoutes(app, {
    sipAddresses: parts.sipAddresses,
    callsUp: () => calls?.controls() ?? false,
    putSeat: async (spec) => calls?.putSeat(spec),
    dropSeat: async (sipUser) => calls?.dropSeat(sipUser),
  })
  formsRoutes(app, {
    changed: (hotlineId, what) => {
      const right = what === 'version' ? 'session.own' : 'form.change'
      live.publish(hotlineId, { right }, { type: 'changed', what: 'forms' })
    },
  })
  supervisionRoutes(app)
  rolesRoutes(app)
  retentionRoutes(app, {
    keys,
    places,
    changed: (hotlineId) =>
      live.publish(hotlineId, { right: 'custody.see' }, { type: 'changed', what: 'custody' }),
  })
  disclosureRoutes(app, {
    keys,
    dataFolder,
    places,
    changed: (hotlineId) =>
      live.publish(hotlineId, { right: 'disclosure.see' }, { type: 'changed', what: 'disclosures' }),
    failed: parts.failed,
  })
  recordsRoutes(app, { places, identityOf: (hotlineId) => keys.recordingIdentity(hotlineId) })
}

/** A contact: its record, its danger, what was promised. */
function wireContacts(app: FastifyInstance, parts: Parts): void {
  const { live, keys, calls, pokeBoards } = parts
  contactsRoutes(app, {
    sealingOf: (hotlineId) => contactSealing(keys, hotlineId),
    changed: (hotlineId, contactId, what) => {
      live.publish(hotlineId, { right: 'contact.list' }, { type: 'changed', what: 'contacts' })
      pokeBoards()
      if (what === 'closed') void calls?.recordClosed(hotlineId, contactId).catch(parts.failed)
    },
    saved: (hotlineId, contactId, personId, revision) =>
      live.publish(hotlineId, { personId }, { type: 'form', contactId, revision }),
    assessed: (hotlineId, contactId, personId, level) => {
      for (const to of [{ personId }, { right: 'board.see' as const }])
        live.publish(hotlineId, to, { type: 'crisis', contactId })
      pokeBoards()
      if (level !== null) void calls?.assessed(hotlineId, contactId, level).catch(parts.failed)
    },
  })
  crisisRoutes(app, {
    live,
    keys,
    poke: pokeBoards,
    assessed: (hotlineId, contactId, level) =>
      void calls?.assessed(hotlineId, contactId, level).catch(parts.failed),
    tasksChanged: (hotlineId) =>
      live.publish(hotlineId, { right: 'task.work' }, { type: 'changed', what: 'tasks' }),
  })
  tasksRoutes(app, {
    keys,
    callBack: async (...caller) => {
      if (!calls?.controls()) throw new Problem('switchboard.away')
      await calls.callBack(...caller)
    },
    changed: (hotlineId) => {
      live.publish(hotlineId, { right: 'task.work' }, { type: 'changed', what: 'tasks' })
      pokeBoards()
    },
  })
}

/** Round the contact: incidents, callers over time, the directory of help, help from a supervisor. */
function wireCare(app: FastifyInstance, { live, calls, keys }: Parts): void {
  incidentsRoutes(app, {
    sealingOf: (hotlineId) => answersOf(keys, hotlineId),
    changed: (hotlineId) =>
      live.publish(hotlineId, { right: 'incident.work' }, { type: 'changed', what: 'incidents' }),
  })
  callersRoutes(app, {
    answersOf: (hotlineId) => answersOf(keys, hotlineId),
    changed: (hotlineId) =>
      live.publish(hotlineId, { right: 'caller.alert' }, { type: 'changed', what: 'callers' }),
  })
  referralRoutes(app, {
    changed: (hotlineId) =>
      live.publish(hotlineId, { right: 'resource.see' }, { type: 'changed', what: 'resources' }),
    offered: (hotlineId) =>
      live.publish(hotlineId, { right: 'contact.list' }, { type: 'changed', what: 'contacts' }),
  })
  helpRoutes(app, {
    live,
    keys,
    supervise: async (...wish) => {
      if (!calls) throw new Problem('switchboard.away')
      await calls.supervise(...wish)
    },
  })
}

/** Those who look at what the others did: the audit chain, who saw what, access in emergencies, registers. */
function wireOversight(app: FastifyInstance, { live, keys }: Parts): void {
  const sealingOf = (hotlineId: string): WordSealing => answersOf(keys, hotlineId)
  oversightRoutes(app, { live, sealingOf })
  registersRoutes(app, {
    sealingOf,
    changed: (hotlineId) =>
      live.publish(hotlineId, { right: 'register.see' }, { type: 'changed', what: 'registers' }),
  })
}
