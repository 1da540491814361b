import { expect, test } from 'vitest'
import type { SeatSpec } from '../switchboard.ts'
import { emptyBoard, newLeg, putRecording, snapshotOf, type Board } from './board.ts'
import { deviceToAsk, factsOf } from './facts.ts'
import { readEvent } from './model.ts'

const now = 1_000_000

// As Asterisk 22 sends them, with all their fields.
const channel = (id: string, more: object = {}) => ({
  id,
  name: `PJSIP/carrier-${id.padStart(8, '0')}`,
  state: 'Ring',
  protocol_id: '3c9a7c1d@192.0.2.7',
  caller: { name: '', number: '13800138000' },
  connected: { name: '', number: '' },
  accountcode: '',
  dialplan: { context: 'hearthline', exten: '12356', priority: 1, app_name: 'Stasis', app_data: 'hotline' },
  creationtime: '2026-11-21T20:00:00.000+0800',
  language: 'en',
  ...more,
})
const bridge = (id: string, channels: string[]) => ({
  id,
  technology: 'simple_bridge',
  bridge_type: 'mixing',
  bridge_class: 'stasis',
  creator: 'Stasis',
  name: '',
  channels,
  creationtime: '2026-11-21T20:00:00.000+0800',
  video_mode: 'none',
})
const common = {
  timestamp: '2026-11-21T20:00:00.000+0800',
  asterisk_id: '02:42:ac:11',
  application: 'hotline',
}

function happens(board: Board, event: { type: string; [field: string]: unknown }) {
  const read = readEvent({ ...common, ...event })
  if (read === null || 'unreadable' in read) throw new Error(`not read: ${event.type}`)
  return factsOf(board, read, now)
}

function withCaller(): Board {
  const board = emptyBoard()
  happens(board, { type: 'StasisStart', args: ['12356'], channel: channel('1') })
  return board
}

function withDialled(ringsUntil = now + 20_000): Board {
  const board = emptyBoard()
  const party = { kind: 'seat' as const, seat: '201', dialled: null }
  const leg = newLeg(
    { id: 'a', dir: 'out', party, state: 'dialling', room: null, held: false, since: null, tags: {} },
    ringsUntil,
  )
  board.legs.set('a', leg)
  return board
}

const ended = (id: string, cause: number, more: object = {}) => ({
  type: 'ChannelDestroyed',
  cause,
  cause_txt: 'whatever',
  channel: channel(id),
  ...more,
})

test('a call from a trunk is offered once, with the numbers and whether the trunk vouches for them', () => {
  const board = emptyBoard()
  board.trunks.set('carrier', {
    trunk: 'carrier',
    host: '192.0.2.7',
    port: 5060,
    transport: 'udp',
    from: ['192.0.2.7'],
    register: false,
    trusted: true,
  })
  const event = { type: 'StasisStart', args: ['12356'], channel: channel('1') }
  expect(happens(board, event)).toEqual([
    {
      type: 'call.offered',
      leg: {
        id: '1',
        dir: 'in',
        party: {
          kind: 'caller',
          number: '13800138000',
          dialled: '12356',
          trunk: 'carrier',
          trusted: true,
          web: false,
        },
        state: 'offered',
        room: null,
        held: false,
        since: Date.parse('2026-11-21T20:00:00.000+08:00'),
        tags: {},
      },
    },
  ])
  expect(happens(board, event)).toEqual([])
})

test('a withheld number is no number, a seat that dials is a seat, a web caller is one', () => {
  const seats: SeatSpec[] = [
    { seat: '201', kind: 'phone', secret: { password: 'x' } },
    { seat: 'w-1', kind: 'browser', secret: { password: 'x' }, role: 'web' },
  ]
  const partyOf = (more: object, put = seats) => {
    const board = emptyBoard()
    for (const seat of put) board.seats.set(seat.seat, seat)
    happens(board, { type: 'StasisStart', args: [], channel: channel('1', more) })
    return snapshotOf(board).legs[0]?.party
  }
  expect(partyOf({ caller: { name: 'Anonymous', number: 'anonymous' } })).toMatchObject({
    kind: 'caller',
    number: null,
  })
  expect(partyOf({ name: 'PJSIP/201-0000002a' })).toEqual({ kind: 'seat', seat: '201', dialled: '12356' })
  expect(partyOf({ name: 'PJSIP/w-1-0000002a' })).toMatchObject({ kind: 'caller', web: true, trunk: 'w-1' })
  expect(partyOf({ name: 'PJSIP/305-0000002a', accountcode: 'seat' }, [])).toMatchObject({
    kind: 'seat',
    seat: '305',
  })
  expect(partyOf({ channelvars: { NUMBER_TRUSTED: '1' } })).toMatchObject({ trusted: true })
})

test('a dialled leg rings, is up when it can be commanded, and moves between rooms', () => {
  const board = withDialled()
  const seen = (state: string) => ({ type: 'ChannelStateChange', channel: channel('a', { state }) })
  expect(happens(board, seen('Ringing'))).toEqual([{ type: 'leg.ringing', leg: 'a' }])
  expect(happens(board, seen('Ringing'))).toEqual([])
  expect(happens(board, seen('Up'))).toEqual([])
  expect(happens(board, { type: 'StasisStart', args: [], channel: channel('a', { state: 'Up' }) })).toEqual([
    { type: 'leg.up', leg: 'a' },
  ])
  const entered = (room: string) => ({
    type: 'ChannelEnteredBridge',
    bridge: bridge(room, ['a']),
    channel: channel('a'),
  })
  const left = (room: string) => ({
    type: 'ChannelLeftBridge',
    bridge: bridge(room, []),
    channel: channel('a'),
  })
  expect(happens(board, entered('r1'))).toEqual([{ type: 'leg.moved', leg: 'a', room: 'r1' }])
  expect(happens(board, left('r1'))).toEqual([{ type: 'leg.moved', leg: 'a', room: null }])
  expect(happens(board, entered('r2'))).toEqual([{ type: 'leg.moved', leg: 'a', room: 'r2' }])
  expect(happens(board, left('r1'))).toEqual([])
  expect(happens(board, entered('spy.b.bridge'))).toEqual([])
})

test.each([
  ['busy', 17, {}, 'busy', 'them'],
  ['busy by SIP', 0, { tech_cause: 486 }, 'busy', 'them'],
  ['declined', 21, {}, 'declined', 'them'],
  ['no such number', 1, {}, 'unreachable', 'them'],
  ['phone switched off', 20, {}, 'offline', 'them'],
  ['rang out at the far end', 19, {}, 'no-answer', 'them'],
  ['server error', 38, { tech_cause: 503 }, 'unreachable', 'them'],
] as const)('a dialled leg that ends unanswered says why: %s', (_, cause, more, expected, by) => {
  expect(happens(withDialled(), ended('a', cause, more))).toMatchObject([{ cause: expected, by }])
})

test('a leg that rang for its whole time ended by us as no-answer, one that we took back as cancelled', () => {
  expect(happens(withDialled(now + 100), ended('a', 0))).toMatchObject([{ cause: 'no-answer', by: 'us' }])
  const board = withDialled()
  const leg = board.legs.get('a')
  if (leg) leg.endedByUs = true
  expect(happens(board, ended('a', 16))).toMatchObject([{ cause: 'cancelled', by: 'us' }])
})

test('a caller who hangs up while ringing cancelled, while talking hung up; the end is told once', () => {
  expect(happens(withCaller(), ended('1', 0))).toMatchObject([{ cause: 'cancelled', by: 'them', sip: null }])
  const board = withCaller()
  happens(board, { type: 'ChannelStateChange', channel: channel('1', { state: 'Up' }) })
  expect(happens(board, ended('1', 16, { tech_cause: 200 }))).toEqual([
    { type: 'leg.ended', leg: '1', cause: 'hangup', by: 'them', sip: null },
  ])
  expect(happens(board, ended('1', 16))).toEqual([])
})

test('keys, holding and talking are told of legs, and of nothing else', () => {
  const board = withCaller()
  const of = (id: string) => [
    ...happens(board, { type: 'ChannelDtmfReceived', digit: '0', duration_ms: 80, channel: channel(id) }),
    ...happens(board, { type: 'ChannelHold', channel: channel(id) }),
    ...happens(board, { type: 'ChannelHold', channel: channel(id) }),
    ...happens(board, { type: 'ChannelUnhold', channel: channel(id) }),
    ...happens(board, { type: 'ChannelTalkingStarted', channel: channel(id) }),
    ...happens(board, { type: 'ChannelTalkingFinished', channel: channel(id), duration: 900 }),
  ]
  expect(of('1')).toEqual([
    { type: 'leg.digit', leg: '1', digit: '0' },
    { type: 'leg.held', leg: '1' },
    { type: 'leg.unheld', leg: '1' },
    { type: 'leg.talking', leg: '1', on: true },
    { type: 'leg.talking', leg: '1', on: false },
  ])
  expect(of('rec.x.1.caller.snoop')).toEqual([])
})

test('snoops, streams and their bridges never appear as legs or rooms', () => {
  const board = withCaller()
  const names = ['Snoop/1-00000001', 'WebSocket/recorder-0x1', 'Local/s@x-1;1', 'UnicastRTP/127.0.0.1-0x1']
  for (const [at, name] of names.entries()) {
    expect(happens(board, { type: 'StasisStart', args: [], channel: channel(`x${at}`, { name }) })).toEqual(
      [],
    )
  }
  for (const id of ['rec.r.1.caller.media', 'spy.s.listen']) {
    expect(happens(board, { type: 'StasisStart', args: [], channel: channel(id) })).toEqual([])
  }
  expect(happens(board, { type: 'BridgeDestroyed', bridge: bridge('rec.r.1.caller.bridge', []) })).toEqual([])
  expect(snapshotOf(board).legs.map((leg) => leg.id)).toEqual(['1'])
})

test('a phone that presses transfer says where to, and whom it consulted', () => {
  const board = withCaller()
  const event = {
    type: 'ChannelTransfer',
    state: 'channel_progress',
    refer_to: {
      requested_destination: {
        protocol_id: 'abc',
        destination: 'sip:1002@192.0.2.1',
        additional_protocol_params: [],
      },
      destination_channel: channel('9'),
    },
    referred_by: { source_channel: channel('1') },
  }
  expect(happens(board, event)).toEqual([{ type: 'transfer.asked', leg: '1', to: '1002', replaces: '9' }])
})

test('a recording ends when both streams have, and breaks when one is lost unasked', () => {
  const lost = (side: string) => ended(`rec.r.1.${side}.media`, 16)
  const broken = withCaller()
  putRecording(broken, 'r', 1, '1')
  expect(happens(broken, ended('rec.r.1.caller.snoop', 16))).toEqual([])
  expect(happens(broken, lost('caller'))).toEqual([
    { type: 'rec.ended', rec: 'r', segment: 1, leg: '1', outcome: 'broken' },
  ])
  expect(happens(broken, lost('seat'))).toEqual([])
  const stopped = withCaller()
  putRecording(stopped, 'r', 1, '1').stopping = true
  expect(happens(stopped, lost('caller'))).toEqual([])
  expect(happens(stopped, lost('seat'))).toMatchObject([{ outcome: 'done' }])
  const legGone = withCaller()
  putRecording(legGone, 'r', 1, '1')
  happens(legGone, ended('1', 16))
  expect(happens(legGone, lost('seat'))).toEqual([])
  expect(happens(legGone, lost('caller'))).toMatchObject([{ outcome: 'done' }])
})

test('a seat comes and goes once, whatever else its device does; other devices are nobody', () => {
  const board = emptyBoard()
  board.seats.set('201', { seat: '201', kind: 'phone', secret: { password: 'x' } })
  const device = (state: string, name = 'PJSIP/201') =>
    happens(board, { type: 'DeviceStateChanged', device_state: { name, state } })
  expect(device('NOT_INUSE')).toEqual([{ type: 'seat.state', seat: '201', online: true }])
  for (const state of ['RINGING', 'INUSE', 'BUSY', 'ONHOLD', 'NOT_INUSE']) expect(device(state)).toEqual([])
  expect(device('UNAVAILABLE')).toEqual([{ type: 'seat.state', seat: '201', online: false }])
  expect(device('INVALID')).toEqual([])
  expect(device('NOT_INUSE', 'PJSIP/999')).toEqual([])
  expect(device('NOT_INUSE', 'Stasis:201')).toEqual([])
  const asks = (state: string, name: string) => {
    const event = readEvent({ ...common, type: 'DeviceStateChanged', device_state: { name, state } })
    return event && !('unreadable' in event) ? deviceToAsk(board, event) : 'unread'
  }
  expect(asks('INUSE', 'PJSIP/201')).toBe('201')
  expect(asks('NOT_INUSE', 'PJSIP/201')).toBeNull()
  expect(asks('INUSE', 'PJSIP/999')).toBeNull()
})

test('events that we do not use are passed over, one of a wrong shape is named', () => {
  expect(readEvent({ type: 'ChannelVarset', variable: 'A', value: 'B' })).toBeNull()
  expect(readEvent({ type: 'ChannelDestroyed', channel: { id: 1 } })).toEqual({
    unreadable: 'ChannelDestroyed',
  })
  expect(readEvent('nonsense')).toEqual({ unreadable: '?' })
})
