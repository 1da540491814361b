import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { SipCall } from './sip/call.ts'
import { channelId, connectApp, part } from './testing/app.ts'
import type { TestApp } from './testing/app.ts'
import { hz, startBoard } from './testing/board.ts'
import type { Board } from './testing/board.ts'
import { startPhone, until } from './testing/phone.ts'
import type { Phone, PhoneCall } from './testing/phone.ts'

let board: Board
let caller: Phone
let seat: Phone
let app: TestApp
const loud = -30
const quiet = -45

beforeAll(async () => {
  board = await startBoard()
  await board.putSeat('seat1', 'pass1')
  caller = await startPhone(board.sip)
  seat = await startPhone(board.sip, { user: 'seat1', password: 'pass1' })
  await seat.registered()
  app = await connectApp(board.ari)
})

// What the last test left untaken is not this one's.
beforeEach(() => app.events.splice(0))

afterEach(async () => {
  // Whatever a test did: nothing of it may be left, in any layer.
  await board.clear()
  await until('nothing is left', async () => {
    const { channels, bridges, media } = await board.counts()
    const open = [channels, bridges, media['legs'], media['ports'], media['playbacks'], media['externals']]
    return open.every((count) => count === 0)
  })
})

afterAll(async () => {
  await app?.close()
  await Promise.all([caller?.stop(), seat?.stop()])
  await board?.stop()
})

/** A caller, answered: the call at the phone and its channel's id. */
async function answeredCall(number = '1001'): Promise<{ call: PhoneCall; id: string }> {
  const call = await caller.dial(number)
  const id = channelId(await app.event('StasisStart'))
  expect((await app.ask('POST', `channels/${id}/answer`)).status).toBe(204)
  await call.answered
  return { call, id }
}

/** The seat, rung and answered: the call at the seat's phone. */
async function answeredSeat(id: string): Promise<PhoneCall> {
  const dialled = await app.ask('POST', `channels/${id}?endpoint=PJSIP/seat1&app=hotline&timeout=20`)
  expect(dialled.status).toBe(200)
  const call = await seat.rings()
  call.answer()
  await app.event('StasisStart', (event) => channelId(event) === id)
  return call
}

const heard = (call: PhoneCall, tone: number) =>
  until(`${tone} Hz is heard`, () => call.sound.level(tone) > loud)

test('a caller is answered, hears the greeting, presses a key, and talks to a seat that was rung', async () => {
  const call = await caller.dial('1001')
  const start = await app.event('StasisStart')
  expect(start['args']).toEqual(['1001'])
  expect(part(start, 'channel')).toMatchObject({
    state: 'Ring',
    caller: { number: 'caller' },
    dialplan: { exten: '1001', app_name: 'Stasis' },
  })
  expect(String(part(start, 'channel')['name'])).toMatch(/^PJSIP\/anonymous-[0-9a-f]{8}$/)
  const id = channelId(start)
  await app.ask('POST', `channels/${id}/answer`)
  await call.answered
  await app.event('ChannelStateChange', (event) => part(event, 'channel')['state'] === 'Up')

  await app.ask('POST', `channels/${id}/play/p1?media=sound:${board.sound('greeting')}`)
  await app.event('PlaybackStarted')
  await heard(call, hz.greeting)
  await call.sound.press('1')
  expect(await app.event('ChannelDtmfReceived')).toMatchObject({ digit: '1' })
  expect((await app.ask('DELETE', 'playbacks/p1')).status).toBe(204)
  expect(part(await app.event('PlaybackFinished'), 'playback')).toMatchObject({ id: 'p1', state: 'done' })

  await app.ask('POST', 'bridges/talk?type=mixing,dtmf_events')
  const dialled = await app.ask(
    'POST',
    `channels/leg-seat?endpoint=PJSIP/seat1&app=hotline&timeout=20&originator=${id}`,
    { variables: { 'PJSIP_HEADER(add,X-Call-Ref)': '42', TAG: 'x' } },
  )
  expect(dialled.body).toMatchObject({ id: 'leg-seat', state: 'Down' })
  const rung = await seat.rings()
  expect(rung.call.header('X-Call-Ref')).toBe('42')
  await app.event('ChannelStateChange', (event) => part(event, 'channel')['state'] === 'Ringing')
  rung.answer()
  await app.event('StasisStart', (event) => channelId(event) === 'leg-seat')
  expect((await app.ask('POST', `bridges/talk/addChannel?channel=${id},leg-seat`)).status).toBe(204)
  await app.event('ChannelEnteredBridge', (event) => channelId(event) === 'leg-seat')

  call.sound.hz = hz.caller
  rung.sound.hz = hz.seat
  await heard(call, hz.seat)
  await heard(rung, hz.caller)
  await rung.sound.press('5')
  expect(await app.event('ChannelDtmfReceived')).toMatchObject({ digit: '5', channel: { id: 'leg-seat' } })

  rung.call.hangup()
  await app.event('ChannelLeftBridge', (event) => channelId(event) === 'leg-seat')
  await app.event('StasisEnd', (event) => channelId(event) === 'leg-seat')
  const gone = await app.event('ChannelDestroyed', (event) => channelId(event) === 'leg-seat')
  expect(gone).toMatchObject({ cause: 16, cause_txt: 'Normal Clearing' })
  expect((await app.ask('GET', `channels/${id}`)).body).toMatchObject({ state: 'Up' })
  call.call.hangup()
  await app.event('ChannelDestroyed', (event) => channelId(event) === id)
})

test('both directions of a call reach the recorder apart, and whispering reaches one ear only', async () => {
  const { call, id } = await answeredCall()
  const rung = await answeredSeat('s1')
  await app.ask('POST', 'bridges/talk?type=mixing,dtmf_events')
  await app.ask('POST', `bridges/talk/addChannel?channel=${id},s1`)
  const from = board.streams.length
  for (const [side, spy] of [
    ['caller', 'in'],
    ['seat', 'out'],
  ]) {
    const media = await app.ask('POST', 'channels/externalMedia', {
      channelId: `media-${side}`,
      app: 'hotline',
      external_host: 'recorder',
      transport: 'websocket',
      encapsulation: 'none',
      format: 'ulaw',
      transport_data: `v(recording=r1,side=${side},segment=1)`,
    })
    expect(media.status).toBe(200)
    await app.ask('POST', `bridges/b-${side}?type=mixing`)
    expect((await app.ask('POST', `bridges/b-${side}/addChannel?channel=media-${side}`)).status).toBe(204)
    expect((await app.ask('POST', `channels/${id}/snoop/snoop-${side}?spy=${spy}&app=hotline`)).status).toBe(
      200,
    )
    expect((await app.ask('POST', `bridges/b-${side}/addChannel?channel=snoop-${side}`)).status).toBe(204)
  }
  call.sound.hz = hz.caller
  rung.sound.hz = hz.seat
  await until('both streams are open', () => board.streams.length === from + 2)
  const of = (side: string) => board.streams.slice(from).find((one) => one.url.includes(`side=${side}`))
  await until('the caller is heard on its side', () => (of('caller')?.level(hz.caller) ?? -99) > loud)
  await until('the seat is heard on the other', () => (of('seat')?.level(hz.seat) ?? -99) > loud)
  expect(of('caller')?.url).toBe('/?recording=r1&side=caller&segment=1')
  expect(of('caller')?.start).toContain('MEDIA_START')
  expect(of('caller')?.level(hz.seat)).toBeLessThan(quiet)
  expect(of('seat')?.level(hz.caller)).toBeLessThan(quiet)
  // The snoops end with the caller; the streams end when they are told to.
  call.call.hangup()
  await app.event('StasisEnd', (event) => channelId(event) === 'snoop-caller')
  await app.event('StasisEnd', (event) => channelId(event) === id)
  await app.ask('DELETE', 'channels/media-caller')
  await app.ask('DELETE', 'channels/media-seat')
  await until('the streams are closed', () => of('caller')?.open === false && of('seat')?.open === false)
})

test('a channel put into another bridge leaves the first, and a bridge that ends leaves its channels where they were', async () => {
  const { id } = await answeredCall()
  await app.ask('POST', 'bridges/one?type=mixing')
  await app.ask('POST', 'bridges/two?type=holding')
  await app.ask('POST', `bridges/one/addChannel?channel=${id}`)
  await app.event('ChannelEnteredBridge')
  await app.ask('POST', `bridges/two/addChannel?channel=${id}`)
  expect(part(await app.event('ChannelLeftBridge'), 'bridge')).toMatchObject({ id: 'one', channels: [] })
  expect(part(await app.event('ChannelEnteredBridge'), 'bridge')).toMatchObject({
    id: 'two',
    bridge_type: 'holding',
    channels: [id],
  })
  expect((await app.ask('DELETE', 'bridges/two')).status).toBe(204)
  await app.event('BridgeDestroyed', (event) => part(event, 'bridge')['id'] === 'two')
  expect((await app.ask('GET', `channels/${id}`)).body).toMatchObject({ state: 'Up' })
  expect((await app.ask('POST', `bridges/one/removeChannel?channel=${id}`)).status).toBe(422)
})

test('what is there twice, gone, in no state for it, or not served is said by 409, 404, 400 and 501', async () => {
  const { id } = await answeredCall()
  const status = async (method: string, uri: string, body?: Record<string, unknown>) =>
    (await app.ask(method, uri, body)).status
  expect(await status('POST', 'bridges/b1?type=mixing')).toBe(200)
  expect(await status('POST', 'bridges/b1?type=mixing')).toBe(409)
  const media = `media=sound:${board.sound('music')}`
  expect(await status('POST', `channels/${id}/play/p9?${media}`)).toBe(201)
  expect(await status('POST', `channels/${id}/play/p9?${media}`)).toBe(409)
  expect(await status('POST', `channels/${id}?endpoint=PJSIP/seat1&app=hotline`)).toBe(409)
  expect(await status('DELETE', 'channels/nobody')).toBe(404)
  expect(await status('DELETE', 'bridges/none')).toBe(404)
  expect(await status('DELETE', 'playbacks/none')).toBe(404)
  expect(await status('POST', 'bridges/b1/addChannel?channel=nobody')).toBe(400)
  expect(await status('POST', `channels/${id}/play?media=number:12`)).toBe(400)
  expect(await status('POST', `channels/${id}/continue`)).toBe(501)
  expect(await status('GET', `channels/${id}/variable?variable=NOT_SET`)).toBe(404)
  expect(await status('DELETE', `channels/${id}?reason=whatever`)).toBe(400)
  expect(await status('POST', 'channels/x?endpoint=PJSIP/nobody&app=hotline')).toBe(500)
  expect(await status('POST', 'channels/x?endpoint=SIP/seat1&app=hotline')).toBe(400)
  expect(await status('GET', 'channels/x')).toBe(404)
})

test('variables stay with a channel, are told when they change, and show in its events when asked for', async () => {
  const { id } = await answeredCall()
  await app.ask('POST', `channels/${id}/variables`, {
    variables: { PLAIN: 'a', SHOWN: { value: 'b', report_events: true } },
  })
  const told = await app.event('ChannelVarset', (event) => event['variable'] === 'SHOWN')
  expect(part(told, 'channel')['channelvars']).toMatchObject({
    SHOWN: 'b',
    NUMBER_TRUSTED: '0',
    TRANSPORT: 'udp',
  })
  expect((await app.ask('GET', `channels/${id}/variables?variables=PLAIN,SHOWN`)).body).toEqual({
    variables: { PLAIN: 'a', SHOWN: 'b' },
  })
  const value = async (name: string) =>
    (await app.ask('GET', `channels/${id}/variable?variable=${encodeURIComponent(name)}`)).body['value']
  expect(await value('CALLERID(num)')).toBe('caller')
  expect(await value('CHANNEL(pjsip,remote_addr)')).toMatch(/^127\.0\.0\.1:\d+$/)
  await app.ask('POST', 'bridges/b2', { type: 'mixing', variables: { ROOM: 'r' } })
  expect((await app.ask('GET', 'bridges/b2/variable?variable=ROOM')).body).toEqual({ value: 'r' })
})

test('a call ends cleanly in each state, by either side, with its cause', async () => {
  const destroyed = (id: string) => app.event('ChannelDestroyed', (event) => channelId(event) === id)
  // The caller gives up before we answer.
  const early = await caller.dial('1001')
  const first = channelId(await app.event('StasisStart'))
  early.call.hangup()
  expect(await destroyed(first)).toMatchObject({ cause: 16 })
  // We refuse before we answer.
  const refused = await caller.dial('1001')
  const second = channelId(await app.event('StasisStart'))
  await app.ask('DELETE', `channels/${second}?reason=busy`)
  expect(await refused.ended).toMatchObject({ status: 486 })
  expect(await destroyed(second)).toMatchObject({ cause: 17 })
  // We cancel a seat that rings.
  await app.ask('POST', 'channels/ringing?endpoint=PJSIP/seat1&app=hotline')
  const cancelled = await seat.rings()
  await app.ask('DELETE', 'channels/ringing')
  expect(await cancelled.ended).toMatchObject({ by: 'remote' })
  expect(await destroyed('ringing')).toMatchObject({ cause: 16 })
  // The seat declines.
  await app.ask('POST', 'channels/declined?endpoint=PJSIP/seat1&app=hotline')
  const declined = await seat.rings()
  declined.call.hangup({ status: 486 })
  expect(await destroyed('declined')).toMatchObject({ cause: 17, tech_cause: 486 })
  // Nobody answers in time.
  await app.ask('POST', 'channels/unanswered?endpoint=PJSIP/seat1&app=hotline&timeout=1')
  await seat.rings()
  expect(await destroyed('unanswered')).toMatchObject({ cause: 19 })
  // We hang up in mid-call, while a sound plays.
  const { call, id } = await answeredCall()
  await app.ask('POST', `channels/${id}/play/last?media=sound:${board.sound('music')}`)
  await app.event('PlaybackStarted')
  await app.ask('DELETE', `channels/${id}`)
  await app.event('PlaybackFinished')
  await destroyed(id)
  expect(await call.ended).toMatchObject({ by: 'remote' })
  const file = join(board.folder, 'cdr', 'Master.csv')
  await until('the records are written', async () =>
    (await readFile(file, 'utf8').catch(() => '')).includes(`"${id}"`),
  )
  const records = await readFile(file, 'utf8')
  const lineOf = (uniqueid: string) => records.split('\n').find((line) => line.includes(`"${uniqueid}"`))
  expect(lineOf(first)).toContain('"NO ANSWER"')
  expect(lineOf(second)).toContain('"BUSY"')
  expect(lineOf(id)).toContain('"ANSWERED"')
  expect(lineOf(id)).toContain('"Stasis","hotline,1001"')
})

test('music is heard by one who is alone, and by the one whose other side is on hold', async () => {
  const { call, id } = await answeredCall()
  await app.ask('POST', `channels/${id}/moh?mohClass=default`)
  await heard(call, hz.music)
  await app.ask('DELETE', `channels/${id}/moh`)
  const rung = await answeredSeat('holder')
  await app.ask('POST', 'bridges/hold?type=mixing,dtmf_events')
  await app.ask('POST', `bridges/hold/addChannel?channel=${id},holder`)
  rung.sound.hz = hz.seat
  await heard(call, hz.seat)
  await rung.call.reinvite(rung.sound.sdp(true))
  await app.event('ChannelHold', (event) => channelId(event) === 'holder')
  await heard(call, hz.music)
  await rung.call.reinvite(rung.sound.sdp())
  await app.event('ChannelUnhold', (event) => channelId(event) === 'holder')
  await heard(call, hz.seat)
  await until('the music is over', () => call.sound.level(hz.music) < quiet)
})

test('a muted channel is heard by nobody and still has its keys', async () => {
  const { call, id } = await answeredCall()
  const rung = await answeredSeat('listener')
  await app.ask('POST', 'bridges/mute?type=mixing,dtmf_events')
  await app.ask('POST', `bridges/mute/addChannel?channel=${id},listener`)
  call.sound.hz = hz.caller
  await heard(rung, hz.caller)
  await app.ask('POST', `channels/${id}/mute?direction=in`)
  await until('the caller is silenced', () => rung.sound.level(hz.caller) < quiet)
  await call.sound.press('9')
  expect(await app.event('ChannelDtmfReceived')).toMatchObject({ digit: '9' })
  await app.ask('DELETE', `channels/${id}/mute?direction=in`)
  await heard(rung, hz.caller)
  const stats = (await app.ask('GET', `channels/${id}/rtp_statistics`)).body
  expect(Number(stats['rxcount'])).toBeGreaterThan(10)
  // All but the seven packets of the key carry 160 bytes.
  expect(Number(stats['rxoctetcount'])).toBe(160 * (Number(stats['rxcount']) - 7) + 7 * 4)
  expect(stats).toMatchObject({ rxploss: 0, remote_ssrc: call.sound.port })
})

test('a sound that is missing is told as failed and harms nobody', async () => {
  const { call, id } = await answeredCall()
  await app.ask('POST', `channels/${id}/play/bad?media=sound:${board.folder}/missing`)
  expect(part(await app.event('PlaybackFinished'), 'playback')).toMatchObject({ id: 'bad', state: 'failed' })
  await app.ask('POST', `channels/${id}/play/good?media=sound:${board.sound('greeting')}`)
  await heard(call, hz.greeting)
})

test('keys are sent to a phone, and a sound for a room is heard by all in it', async () => {
  const { call, id } = await answeredCall()
  expect((await app.ask('POST', `channels/${id}/dtmf?dtmf=12%23`)).status).toBe(204)
  await until('the keys have come', () => call.sound.keys === '12#')
  expect((await app.ask('POST', `channels/${id}/dtmf?dtmf=xyz`)).status).toBe(400)
  const rung = await answeredSeat('roomed')
  await app.ask('POST', 'bridges/room?type=mixing,dtmf_events')
  await app.ask('POST', `bridges/room/addChannel?channel=${id},roomed`)
  const played = await app.ask(
    'POST',
    `bridges/room/play?media=sound:${board.sound('greeting')}&playbackId=all`,
  )
  expect(played).toMatchObject({ status: 201, body: { id: 'all', target_uri: 'bridge:room' } })
  await Promise.all([heard(call, hz.greeting), heard(rung, hz.greeting)])
  await app.event('PlaybackFinished')
})

test('a lamp of our own is set, told and taken away; that of a phone is not ours to set', async () => {
  await app.ask('POST', 'applications/hotline/subscription?eventSource=deviceState:Stasis:duty')
  expect((await app.ask('PUT', 'deviceStates/Stasis:duty?deviceState=INUSE')).status).toBe(204)
  expect(part(await app.event('DeviceStateChanged'), 'device_state')).toEqual({
    name: 'Stasis:duty',
    state: 'INUSE',
  })
  expect((await app.ask('GET', 'deviceStates/Stasis:duty')).body).toMatchObject({ state: 'INUSE' })
  expect((await app.ask('DELETE', 'deviceStates/Stasis:duty')).status).toBe(204)
  expect((await app.ask('PUT', 'deviceStates/PJSIP/seat1?deviceState=INUSE')).status).toBe(409)
  expect((await app.ask('POST', 'applications/hotline/subscription?eventSource=nonsense:1')).status).toBe(400)
  expect((await app.ask('POST', 'applications/hotline/subscription?eventSource=bridge:none')).status).toBe(
    422,
  )
})

test('a call whose SDP cannot be used is refused and leaves nothing', async () => {
  const ended = Promise.withResolvers<number | null>()
  caller.stack.call(
    { kind: 'trunk', trunk: 'board', number: '1001' },
    { from: { name: null, number: 'caller' }, offer: 'v=0\r\nthis is no SDP\r\n' },
    { answered: () => undefined, ended: (end) => ended.resolve(end.status) },
  )
  expect([400, 488]).toContain(await ended.promise)
})

test('nobody takes a live call over by INVITE with Replaces, neither a stranger nor a seat that knows its dialog', async () => {
  const { call, id } = await answeredCall()
  if (!(call.call instanceof SipCall) || !call.call.dialog) throw new Error('no dialog')
  const { callId, localTag, remoteTag } = call.call.dialog
  for (const phone of [caller, seat]) {
    const ended = Promise.withResolvers<number | null>()
    const headers = { Replaces: `${callId};to-tag=${remoteTag};from-tag=${localTag}` }
    const number = phone === seat ? 'seat1' : 'stranger'
    phone.stack.call(
      { kind: 'trunk', trunk: 'board', number: '1001' },
      { from: { name: null, number }, offer: call.sound.sdp(), headers },
      { answered: () => ended.resolve(200), ended: (end) => ended.resolve(end.status) },
    )
    expect(await ended.promise).toBe(403)
  }
  expect((await app.ask('GET', `channels/${id}`)).body).toMatchObject({ state: 'Up' })
  expect(call.call.state).toBe('answered')
  expect(app.events.filter(({ type }) => type === 'StasisStart')).toHaveLength(1)
})
