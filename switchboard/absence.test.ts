import { readFile } from 'node:fs/promises'
import { connect, createServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { channelId, connectApp, http, part } from './testing/app.ts'
import { hz, startBoard } from './testing/board.ts'
import type { Board } from './testing/board.ts'
import { startPhone, until } from './testing/phone.ts'
import type { Phone, PhoneCall } from './testing/phone.ts'
import { PhoneSound } from './testing/sound.ts'

let board: Board
let caller: Phone
let seat: Phone

beforeAll(async () => {
  board = await startBoard()
  await board.putSeat('seat1', 'pass1')
  caller = await startPhone(board.sip)
  seat = await startPhone(board.sip, { user: 'seat1', password: 'pass1' })
  await seat.registered()
})

afterEach(async () => {
  await board.clear()
})

afterAll(async () => {
  await Promise.all([caller.stop(), seat.stop()])
  await board.stop()
})

const heard = (call: PhoneCall, tone: number) =>
  until(`${tone} Hz is heard`, () => call.sound.level(tone) > -30)

test('while no application is connected callers are answered, told, kept with calm music, and handed over in order', async () => {
  const calls: PhoneCall[] = []
  for (const number of ['1001', '1002', '1003']) {
    const call = await caller.dial(number)
    await call.answered
    calls.push(call)
  }
  const [first, second, third] = calls
  if (!first || !second || !third) throw new Error('no calls')
  await heard(first, hz.fallback)
  await heard(first, hz.music)
  second.call.hangup()
  await until('the second has gone', async () => (await board.counts()).parked === 2)
  const file = join(board.folder, 'cdr', 'Master.csv')
  await until('it is on record', async () =>
    (await readFile(file, 'utf8').catch(() => '')).includes('"MusicOnHold"'),
  )
  const app = await connectApp(board.ari)
  const starts = [await app.event('StasisStart'), await app.event('StasisStart')]
  expect(starts.map((event) => [event['args'], part(event, 'channel')['state']])).toEqual([
    [['1001'], 'Up'],
    [['1003'], 'Up'],
  ])
  await app.ask(
    'POST',
    `channels/${channelId(starts[1] ?? { type: '' })}/play?media=sound:${board.sound('greeting')}`,
  )
  await heard(third, hz.greeting)
  await app.close()
})

test('a talk goes on while the application is away, and it finds its channels and bridges when it returns', async () => {
  let app = await connectApp(board.ari)
  const call = await caller.dial('1001')
  const id = channelId(await app.event('StasisStart'))
  await app.ask('POST', `channels/${id}/answer`)
  await app.ask('POST', 'channels/s1?endpoint=PJSIP/seat1&app=hotline')
  const rung = await seat.rings()
  rung.answer()
  await app.event('StasisStart', (event) => channelId(event) === 's1')
  await app.ask('POST', 'bridges/talk?type=mixing,dtmf_events')
  await app.ask('POST', `bridges/talk/addChannel?channel=${id},s1`)
  await app.ask('POST', `channels/${id}/variables`, { variables: { TAG: 'kept' } })
  await app.close()
  call.sound.hz = hz.caller
  rung.sound.hz = hz.seat
  await heard(call, hz.seat)
  await heard(rung, hz.caller)

  app = await connectApp(board.ari)
  const found = (await app.ask('GET', 'applications/hotline')).body
  expect(found).toMatchObject({ name: 'hotline', bridge_ids: ['talk'] })
  expect(found['channel_ids']).toEqual(expect.arrayContaining([id, 's1']))
  expect((await app.ask('GET', 'bridges/talk')).body['channels']).toEqual([id, 's1'])
  expect((await app.ask('GET', `channels/${id}/variable?variable=TAG`)).body).toEqual({ value: 'kept' })
  expect(app.events.filter((event) => event.type === 'StasisStart')).toHaveLength(0)
  await call.sound.press('7')
  expect(await app.event('ChannelDtmfReceived')).toMatchObject({ digit: '7' })
  await app.close()

  // The seat hangs up while nobody decides anything: the caller is not left in silence, and is still there afterwards.
  rung.call.hangup()
  await until('the caller hears music', () => call.sound.level(hz.music) > -30, 8_000)
  app = await connectApp(board.ari)
  expect((await app.ask('GET', `channels/${id}`)).body).toMatchObject({ state: 'Up' })
  await app.close()
})

test('a caller who rang when the application went away is answered, and handed over when it returns', async () => {
  const gone = await connectApp(board.ari)
  const call = await caller.dial('1001')
  await gone.event('StasisStart')
  await gone.close()
  await call.answered
  await heard(call, hz.fallback)
  const app = await connectApp(board.ari)
  expect(part(await app.event('StasisStart'), 'channel')).toMatchObject({ state: 'Up' })
  await app.close()
})

test('an endpoint is offline until it registers, and whoever asked is told when that changes', async () => {
  await board.putSeat('seat2', 'pass2')
  const app = await connectApp(board.ari)
  const state = async () => (await http(board.ari, 'GET', 'endpoints/PJSIP/seat2')).body['state']
  expect(await state()).toBe('offline')
  expect((await app.ask('POST', 'applications/hotline/subscription?eventSource=endpoint:PJSIP')).status).toBe(
    200,
  )
  const phone = await startPhone(board.sip, { user: 'seat2', password: 'pass2' })
  await phone.registered()
  expect(part(await app.event('PeerStatusChange'), 'endpoint')).toMatchObject({
    resource: 'seat2',
    state: 'online',
  })
  expect((await http(board.ari, 'GET', 'deviceStates/PJSIP%2Fseat2')).body).toMatchObject({
    state: 'NOT_INUSE',
  })
  phone.stack.removeTrunk('board')
  expect(part(await app.event('PeerStatusChange'), 'endpoint')).toMatchObject({ state: 'offline' })
  expect(await state()).toBe('offline')
  await phone.stop()
  const config = 'asterisk/config/dynamic/res_pjsip'
  expect((await http(board.ari, 'DELETE', `${config}/endpoint/seat2`)).status).toBe(204)
  expect((await http(board.ari, 'DELETE', `${config}/endpoint/seat2`)).status).toBe(404)
  expect((await http(board.ari, 'GET', 'endpoints/PJSIP/seat2')).status).toBe(404)
  await app.close()
})

test('a wrong password registers nobody', async () => {
  const phone = await startPhone(board.sip, { user: 'seat1', password: 'wrong' })
  await until('it is refused', () => phone.stack.trunkStates()[0]?.state === 'failed')
  expect((await http(board.ari, 'GET', 'endpoints/PJSIP/seat1')).body).toMatchObject({ state: 'online' })
  await phone.stop()
})

test('a call out by a trunk reaches its number, and one in by its address has its name and its word on the number', async () => {
  const gateway = await startPhone(board.sip)
  const { sip } = gateway.stack.ports
  await board.put('aor', 'line1', { contact: `sip:127.0.0.1:${sip}` })
  await board.put('endpoint', 'line1', { aors: 'line1', context: 'from-trunk', trust_id_inbound: 'yes' })
  const app = await connectApp(board.ari)
  await app.ask('POST', 'channels/out?endpoint=PJSIP/13800000000@line1&app=hotline&callerId="Line"<1001>')
  const rung = await gateway.rings()
  expect(rung.call).toMatchObject({ dialled: '13800000000', from: { name: 'Line', number: '1001' } })
  rung.answer()
  expect(channelId(await app.event('StasisStart'))).toBe('out')
  await app.ask('DELETE', 'channels/out')
  await board.put('identify', 'line1', { endpoint: 'line1', match: '127.0.0.1' })
  const call = await gateway.dial('1002')
  const start = await app.event('StasisStart')
  expect(part(start, 'channel')).toMatchObject({
    dialplan: { context: 'from-trunk', exten: '1002' },
    channelvars: { TRUNK: 'line1', NUMBER_TRUSTED: '1' },
  })
  call.call.hangup()
  await app.event('ChannelDestroyed', (event) => channelId(event) === channelId(start))
  await app.close()
  await gateway.stop()
})

test('a trunk that wants us to register is online once it has taken us, and calls come in by it', async () => {
  const carrier = await startPhone(board.sip)
  carrier.stack.putAccount({ user: 'site', secret: { password: 'line-pass' } })
  const address = `sip:127.0.0.1:${carrier.stack.ports.sip}`
  await board.put('auth', 'line2', { auth_type: 'userpass', username: 'site', password: 'line-pass' })
  await board.put('aor', 'line2', { contact: address })
  await board.put('endpoint', 'line2', { aors: 'line2', outbound_auth: 'line2', from_domain: '127.0.0.1' })
  await board.put('registration', 'line2', {
    server_uri: address,
    client_uri: 'sip:site@127.0.0.1',
    outbound_auth: 'line2',
    line: 'yes',
    endpoint: 'line2',
  })
  const state = async () => (await http(board.ari, 'GET', 'endpoints/PJSIP/line2')).body['state']
  await until('the trunk is online', async () => (await state()) === 'online')
  const app = await connectApp(board.ari)
  const sound = await PhoneSound.open()
  carrier.stack.call(
    { kind: 'account', user: 'site' },
    { from: { name: null, number: '13900000000' }, offer: sound.sdp() },
    { answered: () => undefined, ended: () => sound.close() },
  )
  const start = part(await app.event('StasisStart'), 'channel')
  expect(start).toMatchObject({ caller: { number: '13900000000' }, channelvars: { TRUNK: 'line2' } })
  await app.ask('DELETE', `channels/${String(start['id'])}`)
  await app.close()
  await carrier.stop()
})

test('a seat that answers and never says anything is left alone', async () => {
  const app = await connectApp(board.ari)
  await app.ask('POST', 'channels/mute-seat?endpoint=PJSIP/seat1&app=hotline')
  const rung = await seat.rings()
  rung.sound.speaking = false
  rung.answer()
  await app.event('StasisStart')
  await new Promise((resolve) => setTimeout(resolve, 2_600))
  expect((await app.ask('GET', 'channels/mute-seat')).body).toMatchObject({ state: 'Up' })
  await app.ask('DELETE', 'channels/mute-seat')
  expect(await rung.ended).toMatchObject({ by: 'remote' })
  await app.close()
})

/** A cable between a phone and the switchboard that can be cut. */
async function cable(port: number): Promise<{ port: number; cut: () => void }> {
  const ends: Socket[] = []
  const server = createServer((near) => {
    const far = connect(port, '127.0.0.1')
    ends.push(near, far)
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      from.on('error', () => to.destroy())
      from.pipe(to)
    }
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const cut = () => {
    server.close()
    for (const end of ends) end.destroy()
  }
  return { port: (server.address() as AddressInfo).port, cut }
}

test('a seat whose connection is cut keeps its call as long as it is heard, and is given up when it falls silent too', async () => {
  await board.putSeat('seat3', 'pass3')
  const line = await cable(board.sip)
  const phone = await startPhone(line.port, { user: 'seat3', password: 'pass3' }, 'tcp')
  await phone.registered()
  const app = await connectApp(board.ari)
  await app.ask('POST', 'channels/cut?endpoint=PJSIP/seat3&app=hotline')
  const rung = await phone.rings()
  rung.answer()
  await app.event('StasisStart')
  line.cut()
  await new Promise((resolve) => setTimeout(resolve, 2_600))
  expect((await app.ask('GET', 'channels/cut')).body).toMatchObject({ state: 'Up' })
  rung.sound.speaking = false
  expect(await app.event('ChannelDestroyed')).toMatchObject({ cause: 27 })
  await app.close()
  await phone.stop()
})
