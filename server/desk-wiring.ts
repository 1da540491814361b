/* Puts the desk on the web: routes of calls and duty, and what a desk's live socket is greeted with. */
import type { FastifyInstance } from 'fastify'
import { may } from '../domain/permission.ts'
import type { Live } from './http/live.ts'
import type { Devices } from './lines/devices.ts'
import { rosterRoutes } from './roster/routes.ts'
import type { Calls } from './calls/calls.ts'
import { callsRoutes, viewerOf } from './calls/routes.ts'
import { readDesk } from './calls/desk.ts'
import { deskOf } from './calls/screens.ts'

/** Serves the counsellor's desk. */
export function wireDesk(
  app: FastifyInstance,
  calls: Calls,
  parts: { live: Live; sipAddresses: readonly string[]; devices: Devices },
): void {
  const { live, sipAddresses, devices } = parts
  const { keys } = calls.shell
  const { db } = app.ground
  callsRoutes(app, calls)
  rosterRoutes(app, {
    keys,
    sipAddresses,
    readDesk: (context) => context.tx((tx) => readDesk(tx, keys, viewerOf(context))),
    isOnline: (sipUser) => calls.isOnline(sipUser),
    // Another process may control the switchboard: it reads the account, and gives it there.
    putSeat: (hotlineId, spec) =>
      calls.shell.switchboard ? calls.putSeat(spec) : devices.seatChanged(hotlineId, spec.seat),
    seatChanged: (...change) => calls.seatChanged(...change),
    tabTakenOver: (hotlineId, personId) => live.publish(hotlineId, { personId }, { type: 'taken-over' }),
  })
  live.onConnect(async ({ hotlineId, personId, roles }) =>
    may(roles, 'duty.own') ? [{ type: 'desk', desk: await deskOf(db, keys, hotlineId, personId) }] : [],
  )
}
