import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { levelOf } from '../../switchboard/media/tone.ts'
import { channelId, part } from '../../switchboard/testing/app.ts'
import { startPhone, until } from '../../switchboard/testing/phone.ts'
import { phoneMissing, startPhone as startDeskPhone } from '../journeys/phone.ts'
import { browserMissing, startBrowserSeat } from './browser-seat.ts'
import { Scene, hears, judged, putSeat, tones } from './scene.ts'

let scene: Scene

beforeAll(async () => {
  scene = await Scene.open()
})
afterEach(() => scene.clear())
afterAll(() => scene?.close())

test.skipIf(browserMissing)(
  'a seat in a browser registers by WebSocket, rings, and talks over SRTP',
  async () => {
    const login = { user: 'web1', password: 'web1-secret' }
    await putSeat(scene.ground.ari, {
      seat: login.user,
      kind: 'browser',
      secret: { password: login.password },
    })
    const seat = await startBrowserSeat({ ...login, url: scene.ground.seatUrl, hertz: tones.seat })
    try {
      await until(
        'it is online',
        async () => (await scene.must('GET', 'endpoints/PJSIP/web1'))['state'] === 'online',
      )
      const one = await scene.answered()
      one.call.sound.hz = tones.caller
      const id = scene.fresh('web')
      await scene.must(
        'POST',
        `channels/${id}?endpoint=PJSIP/web1&app=hotline&originator=${one.id}&timeout=20`,
      )
      await seat.rings()
      await seat.answer()
      await scene.entered(id)
      await scene.bridge([one.id, id])
      await hears(one.call, tones.seat)
      await seat.hears(tones.caller)
      await seat.press('6')
      expect(await scene.app.event('ChannelDtmfReceived')).toMatchObject({ digit: '6', channel: { id } })
      await seat.hangUp()
      await scene.ended(id)
      expect((await scene.ask('GET', `channels/${one.id}`)).body).toMatchObject({ state: 'Up' })
    } finally {
      await seat.stop()
    }
  },
)

// On Asterisk whoever wants nothing else is not reached: docs/decisions/asterisk-differences.md.
const wishes = (
  [
    ['tls', 'only'],
    ['tls', 'either'],
    ['tls', 'never'],
    ['tls', 'dtls'],
    ['udp', 'dtls'],
  ] as const
).filter(([, srtp]) => judged !== 'asterisk' || srtp === 'either' || srtp === 'never')

test.skipIf(phoneMissing).each(wishes)(
  'a desk phone by %s that wants SRTP %s is rung and calls, as it was put by the server; its keys are told',
  async (transport, srtp) => {
    const [user, password] = [`safe-${transport}-${srtp}`, 'safe1-secret']
    await putSeat(scene.ground.ari, { seat: user, kind: 'phone', secret: { password } })
    const server = `127.0.0.1:${transport === 'tls' ? scene.ground.sips : scene.ground.sip}`
    const register = { server, password, answer: 'auto' } as const
    const phone = await startDeskPhone({ toneHz: tones.seat, user, transport, srtp, register })
    try {
      await phone.waitFor('REGISTER_OK')
      const one = await scene.answered()
      one.call.sound.hz = tones.caller
      const id = scene.fresh('safe')
      await scene.must('POST', `channels/${id}?endpoint=PJSIP/${user}&app=hotline&timeout=20`)
      await scene.entered(id)
      await scene.bridge([one.id, id])
      await hears(one.call, tones.seat)
      await until('the desk phone hears the caller', () => levelOf(phone.heard(), tones.caller) > 1_500)
      await phone.press('7')
      expect(await scene.app.event('ChannelDtmfReceived')).toMatchObject({ digit: '7', channel: { id } })
      await phone.hangUp()
      await scene.ended(id)
      await phone.dial(`sip:1001@${server};transport=${transport}`)
      const called = channelId(await scene.app.event('StasisStart'))
      await scene.must('POST', `channels/${called}/answer`)
      await phone.waitFor('CALL_ESTABLISHED', 2)
      await scene.bridge([one.id, called])
      await hears(one.call, tones.seat)
      await phone.hangUp()
      await scene.ended(called)
    } finally {
      await phone.stop()
    }
  },
)

test('the lamp of a seat tells when it is free, rings, talks, and is gone', async () => {
  const user = 'lamp1'
  const states: string[] = []
  const becomes = async (state: string): Promise<void> => {
    await until(
      `the lamp shows ${state} after ${states.join(', ')}`,
      () =>
        scene.app.events.some((event) => {
          const { name, state: shown } = part(event, 'device_state')
          return event.type === 'DeviceStateChanged' && name === `PJSIP/${user}` && shown === state
        }),
      10_000,
    )
    states.push(state)
    scene.app.events.splice(0)
  }
  await putSeat(scene.ground.ari, { seat: user, kind: 'phone', secret: { password: 'lamp1-secret' } })
  await scene.must('POST', `applications/hotline/subscription?eventSource=deviceState:PJSIP/${user}`)
  expect(await scene.must('GET', `endpoints/PJSIP/${user}`)).toMatchObject({ state: 'offline' })
  expect((await scene.ask('POST', `channels/x?endpoint=PJSIP/${user}&app=hotline`)).status).toBe(500)
  const phone = await startPhone(scene.ground.sip, { user, password: 'lamp1-secret' })
  try {
    await phone.registered()
    await becomes('NOT_INUSE')
    expect(await scene.must('GET', `endpoints/PJSIP/${user}`)).toMatchObject({ state: 'online' })
    const id = scene.fresh('lamp')
    await scene.must('POST', `channels/${id}?endpoint=PJSIP/${user}&app=hotline`)
    const call = await phone.rings()
    await becomes('RINGING')
    call.answer()
    await becomes('INUSE')
    expect((await scene.must('GET', `deviceStates/PJSIP%2F${user}`))['state']).toBe('INUSE')
    call.call.hangup()
    await becomes('NOT_INUSE')
    phone.stack.removeTrunk('board')
    await becomes('UNAVAILABLE')
  } finally {
    await phone.stop()
    await scene.ask('DELETE', `applications/hotline/subscription?eventSource=deviceState:PJSIP/${user}`)
  }
})

test('what a channel tells of itself comes in the order in which it happened', async () => {
  const { one, two } = await scene.talk()
  two.call.call.hangup()
  await scene.ended(two.id)
  one.call.call.hangup()
  await scene.ended(one.id)
  const told = (id: string): string[] =>
    scene.app.events
      .filter((event) => channelId(event) === id && order.has(event.type))
      .map((event) =>
        event.type === 'ChannelStateChange' ? String(part(event, 'channel')['state']) : event.type,
      )
  expect(told(one.id)).toEqual([
    'StasisStart',
    'Up',
    'ChannelEnteredBridge',
    'ChannelHangupRequest',
    'ChannelLeftBridge',
    'StasisEnd',
  ])
  expect(told(two.id)).toEqual([
    'Ringing',
    'Up',
    'StasisStart',
    'ChannelEnteredBridge',
    'ChannelHangupRequest',
    'ChannelLeftBridge',
    'StasisEnd',
  ])
})

const order = new Set([
  'StasisStart',
  'ChannelStateChange',
  'ChannelEnteredBridge',
  'ChannelHangupRequest',
  'ChannelLeftBridge',
  'StasisEnd',
])
