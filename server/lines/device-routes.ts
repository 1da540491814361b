import type { FastifyInstance } from 'fastify'
import {
  addSeat as addSeatAt,
  addTrunk as addTrunkAt,
  changeSeat as changeSeatAt,
  changeTrunk as changeTrunkAt,
  listSeats as listSeatsAt,
  listTrunks as listTrunksAt,
  removeSeat as removeSeatAt,
  removeTrunk as removeTrunkAt,
  renewSeatPassword,
} from '../../api/administration.ts'
import { beforeChange } from '../db/fingerprint.ts'
import { serve, type Context } from '../http/serve.ts'
import type { Keys } from '../records/keys.ts'
import type { Devices } from './devices.ts'
import { addSeat, changeSeat, listSeats, removeSeat, renewPassword } from './seats.ts'
import { addTrunk, changeTrunk, listTrunks, removeTrunk } from './trunks.ts'

type Changed = (hotlineId: string, what: 'seats' | 'trunks', right: 'seat.change' | 'trunk.change') => void

/** Serves seats and trunks; the switchboard is told of every change once it is written. */
export function deviceRoutes(
  app: FastifyInstance,
  deps: { keys: Keys; devices: Devices },
  changed: Changed,
): void {
  seatRoutes(app, deps, changed)
  trunkRoutes(app, deps, changed)
}

function seatRoutes(
  app: FastifyInstance,
  { keys, devices }: { keys: Keys; devices: Devices },
  changed: Changed,
): void {
  const tell = (context: Context): void => changed(context.hotlineId, 'seats', 'seat.change')
  serve(app, listSeatsAt, async (context, { query }) => {
    const { rows, next } = await context.tx((tx) => listSeats(tx, query))
    return { rows: rows.map((row) => ({ ...row, online: devices.online(row.sipUser) })), next }
  })
  serve(app, addSeatAt, async (context, { body }) => {
    const seat = await context.tx(async (tx) => {
      const added = await addSeat(tx, keys, context.hotlineId, body)
      await context.audit(tx, 'seat.added', added.seatId, null, { kind: added.kind })
      return added
    })
    await devices.seatChanged(context.hotlineId, seat.sipUser)
    tell(context)
    return { ...seat, online: false }
  })
  serve(app, changeSeatAt, async (context, { params, body }) => {
    const seat = await context.tx(async (tx) => {
      const hashes = await beforeChange(tx, 'seat', params.seatId)
      const changedTo = await changeSeat(tx, params.seatId, body)
      const data = { ownerId: body.ownerId, ...(await hashes()) }
      await context.audit(tx, 'seat.changed', params.seatId, null, data)
      return changedTo
    })
    tell(context)
    return { ...seat, online: devices.online(seat.sipUser) }
  })
  serve(app, renewSeatPassword, async (context, { params }) => {
    const fresh = await context.tx(async (tx) => {
      const renewed = await renewPassword(tx, keys, context.hotlineId, params.seatId)
      await context.audit(tx, 'seat.passwordRenewed', params.seatId)
      return renewed
    })
    await devices.seatChanged(context.hotlineId, fresh.sipUser)
    tell(context)
    return fresh
  })
  serve(app, removeSeatAt, async (context, { params }) => {
    const seat = await context.tx(async (tx) => {
      const removed = await removeSeat(tx, params.seatId, context.now())
      await context.audit(tx, 'seat.removed', params.seatId)
      return removed
    })
    await devices.seatChanged(context.hotlineId, seat.sipUser)
    tell(context)
    return { done: true } as const
  })
}

function trunkRoutes(
  app: FastifyInstance,
  { keys, devices }: { keys: Keys; devices: Devices },
  changed: Changed,
): void {
  const tell = (context: Context): void => changed(context.hotlineId, 'trunks', 'trunk.change')
  serve(app, listTrunksAt, async (context, { query }) => {
    const { rows, next } = await context.tx((tx) => listTrunks(tx, query))
    return { rows: rows.map((row) => ({ ...row, state: devices.trunkState(row.name) })), next }
  })
  serve(app, addTrunkAt, async (context, { body }) => {
    const trunk = await context.tx(async (tx) => {
      const added = await addTrunk(tx, keys, context.hotlineId, body)
      await context.audit(tx, 'trunk.added', added.trunkId, null, { kind: added.kind })
      return added
    })
    await devices.trunkChanged(context.hotlineId, trunk.name)
    tell(context)
    return { ...trunk, state: devices.trunkState(trunk.name) }
  })
  serve(app, changeTrunkAt, async (context, { params, body }) => {
    const { trunk, formerName } = await context.tx(async (tx) => {
      const hashes = await beforeChange(tx, 'trunk', params.trunkId)
      const changedTo = await changeTrunk(tx, keys, context.hotlineId, params.trunkId, body)
      const data = { kind: body.kind, password: body.password !== null, ...(await hashes()) }
      await context.audit(tx, 'trunk.changed', params.trunkId, null, data)
      return changedTo
    })
    if (formerName !== trunk.name) await devices.trunkChanged(context.hotlineId, formerName)
    await devices.trunkChanged(context.hotlineId, trunk.name)
    tell(context)
    return { ...trunk, state: devices.trunkState(trunk.name) }
  })
  serve(app, removeTrunkAt, async (context, { params }) => {
    const name = await context.tx(async (tx) => {
      const removed = await removeTrunk(tx, params.trunkId, context.now())
      await context.audit(tx, 'trunk.removed', params.trunkId)
      return removed
    })
    await devices.trunkChanged(context.hotlineId, name)
    tell(context)
    return { done: true } as const
  })
}
