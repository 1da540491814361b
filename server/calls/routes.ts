import type { FastifyInstance } from 'fastify'
import {
  commandCall as commandEndpoint,
  readDesk as readDeskEndpoint,
  transferTargets,
} from '../../api/desk.ts'
import { serve, type Context } from '../http/serve.ts'
import { findOpenLines } from './queries.ts'
import { findSeats, findStaffed } from '../roster/roster.ts'
import type { Calls } from './calls.ts'
import { commandCall } from './commands.ts'
import { readDesk, type Viewer } from './desk.ts'

/** Whose desk a request is about. */
export const viewerOf = (context: Context): Viewer => ({
  hotlineId: context.hotlineId,
  personId: context.person.personId,
  roles: context.person.roles,
})

/** Serves the desk and the commands at the live call. */
export function callsRoutes(app: FastifyInstance, calls: Calls): void {
  const { shell } = calls
  const desk = (context: Context) => context.tx((tx) => readDesk(tx, shell.keys, viewerOf(context)))
  serve(app, readDeskEndpoint, desk)
  serve(app, commandEndpoint, async (context, { params, body }) => {
    await commandCall(shell, context.hotlineId, context.person.personId, params.contactId, body)
    return desk(context)
  })
  serve(app, transferTargets, (context) =>
    context.tx(async (tx) => {
      const staffed = new Map((await findStaffed(tx)).map((each) => [each.seatId, each]))
      const seats = (await findSeats(tx)).map((seat) => {
        const at = staffed.get(seat.seatId)
        return {
          seatId: seat.seatId,
          name: seat.name,
          person: at?.displayName ?? null,
          supervisor: at?.supervisor ?? false,
          state: shownState(at?.duty.state),
        }
      })
      const outside = (await shell.trunkFor(context.hotlineId, '')) !== null
      return { seats, lines: await findOpenLines(tx), outside }
    }),
  )
}

function shownState(state: string | undefined): 'free' | 'busy' | 'paused' | 'off' {
  if (state === undefined || state === 'off') return 'off'
  return state === 'free' || state === 'paused' ? state : 'busy'
}
