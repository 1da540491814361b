import type { FastifyInstance } from 'fastify'
import {
  freeSeats,
  goOffDuty as goOffDutyEndpoint,
  goOnDuty as goOnDutyEndpoint,
  renewSoftphone,
  setDuty,
  type Desk,
} from '../../api/desk.ts'
import { Problem } from '../../domain/problem.ts'
import type { SeatSpec } from '../../telephony/switchboard.ts'
import { serve, type Context } from '../http/serve.ts'
import type { Keys } from '../records/keys.ts'
import {
  findSeats,
  findStaffed,
  goOffDuty,
  goOnDuty,
  pauseOrResume,
  seatOf,
  type StaffedSeat,
} from './roster.ts'
import { makeSoftphone, type Softphone } from './softphone.ts'

/** What the routes of duty are given by the calls slice, which keeps the seats in mind. */
export interface RosterDeps {
  keys: Keys
  /** Paths by which a browser seat reaches each switchboard. */
  sipAddresses: readonly string[]
  readDesk: (context: Context) => Promise<Desk>
  isOnline: (sipUser: string) => boolean
  putSeat: (hotlineId: string, spec: SeatSpec) => Promise<void>
  /** A seat's duty was written; null when nobody is on duty there any more. */
  seatChanged: (hotlineId: string, seatId: string, seat: StaffedSeat | null, personId: string) => void
  /** Another tab of the same person takes the seat over: the first one is told. */
  tabTakenOver: (hotlineId: string, personId: string) => void
}

/** Serves going on duty, pauses and going off duty. */
export function rosterRoutes(app: FastifyInstance, deps: RosterDeps): void {
  serve(app, freeSeats, (context) =>
    context.tx(async (tx) => {
      const taken = new Map((await findStaffed(tx)).map((each) => [each.seatId, each.displayName]))
      return (await findSeats(tx)).map((seat) => ({
        seatId: seat.seatId,
        name: seat.name,
        kind: seat.kind,
        takenBy: taken.get(seat.seatId) ?? null,
        online: deps.isOnline(seat.sipUser),
        own: seat.ownerId === context.person.personId,
      }))
    }),
  )
  serve(app, goOnDutyEndpoint, (context, { body }) => begin(context, deps, body))
  serve(app, renewSoftphone, async (context, { body }) => {
    const seat = await context.tx((tx) => seatOf(tx, context.person.personId))
    if (!seat || seat.kind !== 'browser') throw new Problem('duty.notOn')
    if (seat.connected && !body.takeOver) throw new Problem('duty.seatTaken', { mine: true })
    return account(context, deps, seat)
  })
  serve(app, setDuty, async (context, { body }) => {
    const { personId } = context.person
    const seat = await context.tx((tx) =>
      pauseOrResume(tx, context.hotlineId, personId, body, context.now().getTime()),
    )
    deps.seatChanged(context.hotlineId, seat.seatId, seat, personId)
    return deps.readDesk(context)
  })
  serve(app, goOffDutyEndpoint, async (context) => {
    await leaveDuty(context, deps)
    return deps.readDesk(context)
  })
}

async function leaveDuty(context: Context, deps: RosterDeps): Promise<void> {
  const { personId } = context.person
  const seatId = await context.tx(async (tx) => {
    const left = await goOffDuty(tx, context.hotlineId, personId, context.now().getTime())
    if (left !== null) await context.audit(tx, 'duty.ended', left)
    return left
  })
  if (seatId !== null) deps.seatChanged(context.hotlineId, seatId, null, personId)
}

async function begin(
  context: Context,
  deps: RosterDeps,
  asked: { seatId?: string | undefined; takeOver: boolean },
): Promise<{ desk: Desk; softphone: Softphone | null }> {
  const { personId } = context.person
  const seat = await context.tx(async (tx) => {
    const given = { personId, seatId: asked.seatId, takeOver: asked.takeOver, now: context.now().getTime() }
    const begun = await goOnDuty(tx, context.hotlineId, given)
    await context.audit(tx, 'duty.begun', begun.seatId)
    return begun
  })
  deps.seatChanged(context.hotlineId, seat.seatId, seat, personId)
  const softphone = seat.kind === 'browser' ? await account(context, deps, seat) : null
  return { desk: await deps.readDesk(context), softphone }
}

/** A fresh account: whoever used the old one (another tab) is told, and can no longer register. */
async function account(context: Context, deps: RosterDeps, seat: StaffedSeat): Promise<Softphone> {
  if (seat.connected) deps.tabTakenOver(context.hotlineId, context.person.personId)
  const { softphone, spec } = await context.tx((tx) =>
    makeSoftphone(tx, deps.keys, {
      hotlineId: context.hotlineId,
      seatId: seat.seatId,
      sipUser: seat.sipUser,
      domain: context.request.hostname,
      addresses: deps.sipAddresses,
      now: context.now().getTime(),
    }),
  )
  await deps.putSeat(context.hotlineId, spec)
  return softphone
}
