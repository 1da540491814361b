import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { channelId, part } from '../../switchboard/testing/app.ts'
import { until } from '../../switchboard/testing/phone.ts'
import { Scene, hears, hearsNot, tones } from './scene.ts'

let scene: Scene

beforeAll(async () => {
  scene = await Scene.open()
})
afterEach(() => scene.clear())
afterAll(() => scene?.close())

test('a caller rings, is answered, and is gone when they put the phone down', async () => {
  const { call, id } = await scene.ringing('1001')
  expect((await scene.ask('GET', `channels/${id}`)).body).toMatchObject({
    state: 'Ring',
    caller: { number: 'caller' },
    dialplan: { exten: '1001', context: 'hearthline', app_name: 'Stasis', app_data: 'hotline,1001' },
  })
  await scene.must('POST', `channels/${id}/ring`)
  await scene.must('POST', `channels/${id}/answer`)
  await call.answered
  const up = await scene.app.event('ChannelStateChange', (event) => channelId(event) === id)
  expect(part(up, 'channel')['state']).toBe('Up')
  call.call.hangup()
  expect(await scene.app.event('ChannelHangupRequest')).toMatchObject({ cause: 16, channel: { id } })
  await scene.ended(id)
})

test('a seat is rung with the headers given, answers, and both hear each other', async () => {
  const one = await scene.answered()
  const id = scene.fresh('seat')
  const made = await scene.must(
    'POST',
    `channels/${id}?endpoint=PJSIP/seat1&app=hotline&originator=${one.id}`,
    {
      variables: { 'PJSIP_HEADER(add,X-Call-Ref)': '42' },
    },
  )
  expect(made).toMatchObject({ id, state: 'Down' })
  const call = await scene.seats[0].rings()
  expect('header' in call.call && call.call.header('X-Call-Ref')).toBe('42')
  await scene.app.event(
    'ChannelStateChange',
    (event) => channelId(event) === id && part(event, 'channel')['state'] === 'Ringing',
  )
  call.answer()
  await scene.entered(id)
  await scene.bridge([one.id, id])
  one.call.sound.hz = tones.caller
  call.sound.hz = tones.seat
  await hears(one.call, tones.seat)
  await hears(call, tones.caller)
})

test('a prompt is heard, a key pressed in it is told once, and it ends when it is stopped', async () => {
  const { call, id } = await scene.answered()
  const play = scene.fresh('play')
  await scene.must('POST', `channels/${id}/play/${play}?media=sound:${scene.ground.sound('music')}`)
  await scene.app.event('PlaybackStarted')
  await hears(call, 500)
  await call.sound.press('1')
  expect(await scene.app.event('ChannelDtmfReceived')).toMatchObject({ digit: '1', channel: { id } })
  await scene.must('DELETE', `playbacks/${play}`)
  expect(part(await scene.app.event('PlaybackFinished'), 'playback')).toMatchObject({ id: play })
  await hearsNot(call, 500)
  expect(scene.app.events.filter((event) => event.type === 'ChannelDtmfReceived')).toHaveLength(1)
})

test('a seat that is busy, declines, or does not answer in time is told apart by its cause', async () => {
  const busy = await scene.rung()
  busy.call.call.hangup({ status: 486 })
  expect(await scene.destroyed(busy.id)).toMatchObject({ cause: 17, tech_cause: 486 })
  const declined = await scene.rung()
  declined.call.call.hangup({ status: 603 })
  expect(await scene.destroyed(declined.id)).toMatchObject({ cause: 21, tech_cause: 603 })
  const late = scene.fresh('late')
  await scene.must('POST', `channels/${late}?endpoint=PJSIP/seat1&app=hotline&timeout=1`)
  const rung = await scene.seats[0].rings()
  expect(await scene.destroyed(late)).toMatchObject({ cause: 19 })
  expect(await rung.ended).toMatchObject({ by: 'remote' })
})

test('a caller is refused with the reason given', async () => {
  for (const [reason, status] of [
    ['busy', 486],
    ['congestion', 503],
    ['rejected', 403],
  ] as const) {
    const { call, id } = await scene.ringing()
    await scene.must('DELETE', `channels/${id}?reason=${reason}`)
    expect([reason, (await call.ended).status]).toEqual([reason, status])
    await scene.ended(id)
  }
})

test('what is asked of things gone or never there is answered alike', async () => {
  const { id } = await scene.answered()
  const status = async (method: string, uri: string) => (await scene.ask(method, uri)).status
  const bridge = scene.fresh('bridge')
  expect(await status('POST', `bridges/${bridge}?type=mixing`)).toBe(200)
  expect(await status('DELETE', 'channels/nobody')).toBe(404)
  expect(await status('DELETE', 'bridges/none')).toBe(404)
  expect(await status('DELETE', 'playbacks/none')).toBe(404)
  expect(await status('POST', `bridges/${bridge}/addChannel?channel=nobody`)).toBe(400)
  expect(await status('POST', `bridges/${bridge}/removeChannel?channel=${id}`)).toBe(422)
  expect(await status('GET', `channels/${id}/variable?variable=NOT_SET`)).toBe(404)
  expect(await status('POST', 'channels/x?endpoint=PJSIP/nobody&app=hotline')).toBe(500)
  await until('nothing was made', async () => (await status('GET', 'channels/x')) === 404)
})

test('a leg put into a bridge before it is dialled: its announcement is heard there before it answers', async () => {
  const two = await scene.seated()
  const bridge = await scene.bridge([two.id])
  const made = await scene.must('POST', 'channels/create?endpoint=PJSIP/seat2&app=hotline')
  const id = String(made['id'])
  await scene.entered(id)
  await scene.must('POST', `bridges/${bridge}/addChannel?channel=${id}`)
  await scene.must('POST', `channels/${id}/dial?timeout=20`)
  const called = await scene.seats[1].rings()
  if (!('ring' in called.call)) throw new Error('not called')
  called.sound.connect(called.call.offer ?? '')
  called.sound.hz = tones.third
  called.call.ring(called.sound.sdp())
  await hears(two.call, tones.third)
  expect((await scene.ask('GET', `channels/${id}`)).body['state']).not.toBe('Up')
  two.call.sound.hz = tones.seat
  called.answer()
  await hears(called, tones.seat)
  await hears(two.call, tones.third)
  expect((await scene.ask('GET', `channels/${id}`)).body['state']).toBe('Up')
})
