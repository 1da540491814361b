import { SwitchboardError } from '../switchboard-error.ts'
import type { DialSpec, LegId, Party, Quality } from '../switchboard.ts'
import { newLeg } from './board.ts'
import type { Desk } from './desk.ts'
import { endpointSchema, rtpStatisticsSchema } from './model.ts'
import { noteVariable, silenceVariable } from './names.ts'
import { noteOfLeg } from './note.ts'
import { legPath } from './paths.ts'
import { settled } from './wire.ts'

/** Ringing to the caller. */
export async function ring({ ask }: Desk, leg: LegId): Promise<void> {
  await settled(ask('POST', `${legPath(leg)}/ring`), 409)
}

/** Answers a leg that came in. */
export async function answer({ ask, board }: Desk, leg: LegId): Promise<void> {
  if (board.legs.get(leg)?.state === 'up') return
  await settled(ask('POST', `${legPath(leg)}/answer`), 409)
}

const reasons = { busy: 'busy', declined: 'rejected', unreachable: 'congestion' } as const

/** Ends a leg; gone already is fine. */
export async function hangup({ ask, board }: Desk, leg: LegId, cause?: keyof typeof reasons): Promise<void> {
  const known = board.legs.get(leg)
  if (known) known.endedByUs = true
  try {
    await settled(ask('DELETE', legPath(leg), { reason: cause ? reasons[cause] : 'normal' }), 404)
  } catch (error) {
    if (known && error instanceof SwitchboardError && error.code === 'refused') known.endedByUs = false
    throw error
  }
}

/** Dials a seat or a number; rejects `offline` when the seat has no device. */
export async function dial(desk: Desk, spec: DialSpec): Promise<void> {
  const { ask, board, app, now } = desk
  if (board.legs.has(spec.leg)) return
  const toSeat = 'seat' in spec.to
  if ('seat' in spec.to) await checkOnline(desk, spec.to.seat)
  const leg = newLeg(
    {
      id: spec.leg,
      dir: 'out',
      party: partyDialled(spec.to),
      state: 'dialling',
      room: null,
      held: false,
      since: null,
      tags: spec.tags ?? {},
    },
    now() + Math.ceil(spec.timeoutMs / 1000) * 1000,
  )
  // On the board before the request: its events may come before its answer.
  board.legs.set(spec.leg, leg)
  const query = {
    endpoint: 'seat' in spec.to ? `PJSIP/${spec.to.seat}` : `PJSIP/${spec.to.number}@${spec.to.trunk}`,
    app,
    callerId: callerId(spec.from),
    timeout: Math.ceil(spec.timeoutMs / 1000),
  }
  try {
    await settled(
      ask('POST', legPath(spec.leg), query, { variables: variablesOf(spec, noteOfLeg(board, leg)) }),
      409,
    )
  } catch (error) {
    // A timeout leaves it open whether it rings: the leg stays, its end will be told.
    const unsure = error instanceof SwitchboardError && error.code === 'timeout'
    if (!unsure) board.legs.delete(spec.leg)
    const status = error instanceof SwitchboardError ? error.status : null
    if (toSeat && status === 500) throw new SwitchboardError('offline', 'the seat has no device', status)
    throw error
  }
}

function partyDialled(to: DialSpec['to']): Party {
  if ('seat' in to) return { kind: 'seat', seat: to.seat, dialled: null }
  return { kind: 'number', number: to.number, trunk: to.trunk }
}

function callerId(from: DialSpec['from']): string | undefined {
  if (!from) return undefined
  const name = from.name?.replace(/["<>\r\n]/g, '') ?? ''
  const number = from.number?.replace(/[^0-9A-Za-z+*#._-]/g, '') ?? ''
  return name === '' ? `<${number}>` : `"${name}" <${number}>`
}

function variablesOf(spec: DialSpec, note: string): Record<string, string> {
  const headers = Object.entries(spec.headers ?? {}).map(([name, value]) => [
    `PJSIP_HEADER(add,${name})`,
    value,
  ])
  return {
    ...Object.fromEntries(headers),
    // Its transfer key then asks us (ChannelTransfer) instead of acting by itself.
    ...('seat' in spec.to && { 'PJSIP_TRANSFER_HANDLING()': 'ari-only' }),
    ...(spec.silenceMs !== undefined && { [silenceVariable]: String(spec.silenceMs) }),
    ...spec.variables,
    [noteVariable]: note,
  }
}

async function checkOnline({ ask }: Desk, seat: string): Promise<void> {
  const offline = () => new SwitchboardError('offline', 'the seat has no device')
  const found = await ask('GET', `endpoints/PJSIP/${encodeURIComponent(seat)}`).catch((error: unknown) => {
    throw error instanceof SwitchboardError && error.code === 'gone' ? offline() : error
  })
  if (endpointSchema.parse(found).state === 'offline') throw offline()
}

const progress = {
  ringing: 'channel_progress',
  answered: 'channel_answered',
  unreachable: 'channel_unavailable',
  declined: 'channel_declined',
} as const

/** Tells the phone that asked for a transfer how it goes. */
export async function answerTransfer(
  { ask }: Desk,
  leg: LegId,
  result: keyof typeof progress,
): Promise<void> {
  await settled(ask('POST', `${legPath(leg)}/transfer_progress`, { states: progress[result] }), 409)
}

/** What was counted on a leg; null when the switchboard has no figures. */
export async function quality({ ask }: Desk, leg: LegId): Promise<Quality | null> {
  const found = await ask('GET', `${legPath(leg)}/rtp_statistics`).catch((error: unknown) => {
    if (error instanceof SwitchboardError && (error.status === 404 || error.status === 409)) return null
    throw error
  })
  const parsed = rtpStatisticsSchema.safeParse(found)
  if (!parsed.success) return null
  const { rxcount, rxploss, rxjitter, txcount, txploss, txjitter, rtt } = parsed.data
  return {
    received: rxcount ?? 0,
    lost: rxploss ?? null,
    sent: txcount ?? null,
    peerLost: txploss ?? null,
    jitterMs: inMs(rxjitter),
    peerJitterMs: inMs(txjitter),
    rttMs: inMs(rtt),
  }
}

const inMs = (seconds: number | undefined): number | null => (seconds === undefined ? null : seconds * 1000)
