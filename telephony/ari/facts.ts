import type { SwitchboardEvent } from '../switchboard.ts'
import { endLeg, incomingLeg, plainLeg, recordingKey, type Board, type BoardLeg } from './board.ts'
import type { AriEvent, Channel } from './model.ts'
import { isHelper, recordingPart } from './names.ts'

type WithoutTime<T> = T extends unknown ? Omit<T, 'at'> : never
/** A fact that has not got its time yet. */
export type Fact = WithoutTime<SwitchboardEvent>

type Handlers = {
  [K in AriEvent['type']]: (board: Board, event: Extract<AriEvent, { type: K }>, now: number) => Fact[]
}

/** What a device's state says of its being there. A busy one may have lost its registration: it has to be asked. */
const presence: Record<string, boolean> = {
  NOT_INUSE: true,
  UNAVAILABLE: false,
  INVALID: false,
  UNKNOWN: false,
}

/** The device of ours whose state an event tells without saying whether it is registered; null for any other event. */
export function deviceToAsk(board: Board, event: AriEvent): string | null {
  if (event.type !== 'DeviceStateChanged' || event.device_state.state in presence) return null
  const name = deviceName(event.device_state.name)
  return board.seats.has(name) || board.trunks.has(name) ? name : null
}

const deviceName = (device: string) => (device.startsWith('PJSIP/') ? device.slice('PJSIP/'.length) : '')

/** ARI's events, each with what it means: changes the board and gives the facts to tell. A repeated event gives none. */
const handlers: Handlers = {
  StasisStart: (board, { channel, args }) => {
    const leg = board.legs.get(channel.id)
    if (leg) return leg.dir === 'out' ? wentUp(leg) : []
    if (isHelper(channel.id, channel.name)) return []
    const dialled = args[0] ?? channel.dialplan?.exten ?? ''
    const came = incomingLeg(board, channel, dialled)
    board.legs.set(channel.id, came)
    return [{ type: 'call.offered', leg: plainLeg(came) }]
  },
  StasisEnd: () => [],
  ChannelStateChange: (board, { channel }) => {
    const leg = board.legs.get(channel.id)
    if (!leg) return []
    if (channel.state === 'Ringing') return rang(leg)
    // A dialled channel can be commanded only from its StasisStart on, so only that makes it `up`.
    return channel.state === 'Up' && leg.dir === 'in' ? wentUp(leg) : []
  },
  ChannelHangupRequest: (board, { channel, cause }) => {
    const leg = board.legs.get(channel.id)
    if (leg && cause !== undefined) leg.cause = cause
    return []
  },
  ChannelDestroyed: (board, { channel, cause, tech_cause }, now) => {
    const ended = endLeg(board, channel.id, now, cause, tech_cause)
    return ended ? [ended] : streamEnded(board, channel.id)
  },
  ChannelDtmfReceived: (board, { channel, digit }) =>
    board.legs.has(channel.id) ? [{ type: 'leg.digit', leg: channel.id, digit }] : [],
  ChannelHold: (board, { channel }) => held(board, channel, true),
  ChannelUnhold: (board, { channel }) => held(board, channel, false),
  ChannelTalkingStarted: (board, { channel }) => talking(board, channel, true),
  ChannelTalkingFinished: (board, { channel }) => talking(board, channel, false),
  ChannelEnteredBridge: (board, { bridge, channel }) => {
    const leg = channel && board.legs.get(channel.id)
    if (!leg || isHelper(bridge.id) || leg.room === bridge.id) return []
    leg.room = bridge.id
    return [{ type: 'leg.moved', leg: leg.id, room: bridge.id }]
  },
  ChannelLeftBridge: (board, { bridge, channel }) => {
    const leg = board.legs.get(channel.id)
    if (!leg || leg.room !== bridge.id) return []
    leg.room = null
    return [{ type: 'leg.moved', leg: leg.id, room: null }]
  },
  BridgeDestroyed: (board, { bridge }) =>
    board.rooms.delete(bridge.id) ? [{ type: 'room.closed', room: bridge.id }] : [],
  PlaybackFinished: (board, { playback }) => {
    const stopped = board.plays.get(playback.id) === 'stopped'
    board.plays.delete(playback.id)
    const outcome = stopped ? 'stopped' : playback.state === 'failed' ? 'failed' : 'done'
    return [{ type: 'play.ended', play: playback.id, outcome }]
  },
  ChannelTransfer: (board, { refer_to, referred_by }) => {
    const leg = referred_by.source_channel.id
    if (!board.legs.has(leg)) return []
    const to = (refer_to.requested_destination?.destination ?? '').replace(/^sips?:/, '').replace(/@.*$/, '')
    return [{ type: 'transfer.asked', leg, to, replaces: refer_to.destination_channel?.id ?? null }]
  },
  DeviceStateChanged: (board, { device_state: { name, state } }) => {
    const online = presence[state]
    return online === undefined ? [] : deviceSeen(board, deviceName(name), online)
  },
  ApplicationReplaced: () => [],
}

/** Applies one event to the board and gives the facts it means. */
export function factsOf(board: Board, event: AriEvent, now: number): Fact[] {
  const handle = handlers[event.type] as (board: Board, event: AriEvent, now: number) => Fact[]
  return handle(board, event, now)
}

/** A device or trunk came or went; nothing when it is as it was, or none that we put. */
export function deviceSeen(board: Board, name: string, online: boolean): Fact[] {
  const seat = board.seats.get(name)
  if (!seat && !board.trunks.has(name)) return []
  if ((board.online.get(name) ?? false) === online) return []
  board.online.set(name, online)
  if (!seat) return [{ type: 'trunk.state', trunk: name, online }]
  return seat.role === 'web' ? [] : [{ type: 'seat.state', seat: name, online }]
}

function wentUp(leg: BoardLeg): Fact[] {
  if (leg.state === 'up') return []
  leg.state = 'up'
  leg.ringsUntil = null
  return [{ type: 'leg.up', leg: leg.id }]
}

function rang(leg: BoardLeg): Fact[] {
  if (leg.state !== 'dialling') return []
  leg.state = 'ringing'
  return [{ type: 'leg.ringing', leg: leg.id }]
}

function held(board: Board, channel: Channel, on: boolean): Fact[] {
  const leg = board.legs.get(channel.id)
  if (!leg || leg.held === on) return []
  leg.held = on
  return [{ type: on ? 'leg.held' : 'leg.unheld', leg: leg.id }]
}

function talking(board: Board, channel: Channel, on: boolean): Fact[] {
  return board.legs.has(channel.id) ? [{ type: 'leg.talking', leg: channel.id, on }] : []
}

/** A stream to the recorder is gone: both sides' end is the recording's end, one side's loss unasked breaks it. */
function streamEnded(board: Board, channelId: string): Fact[] {
  const part = recordingPart(channelId)
  const recording = part && board.recordings.get(part.key)
  if (part?.part !== 'media' || !recording) return []
  const { rec, segment, leg, stopping, streaming } = recording
  streaming.delete(part.side)
  const wanted = !stopping && board.legs.has(leg)
  if (!wanted && streaming.size > 0) return []
  board.recordings.delete(recordingKey(rec, segment))
  return [{ type: 'rec.ended', rec, segment, leg, outcome: wanted ? 'broken' : 'done' }]
}
