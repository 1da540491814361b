import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { channelId, connectApp, part } from '../../switchboard/testing/app.ts'
import { hz } from '../../switchboard/testing/board.ts'
import { until, type PhoneCall } from '../../switchboard/testing/phone.ts'
import { Scene, hears, tones } from './scene.ts'

let scene: Scene

beforeAll(async () => {
  scene = await Scene.open()
})
afterEach(() => scene.clear())
afterAll(() => scene?.close())

test('while nobody is connected callers are told and kept with music, and handed over once somebody is', async () => {
  await scene.app.close()
  const calls: PhoneCall[] = []
  for (const number of ['1001', '1002', '1003']) {
    const call = await scene.caller.dial(number)
    await call.answered
    calls.push(call)
  }
  const [first, second, third] = calls
  if (!first || !second || !third) throw new Error('no calls')
  await hears(first, hz.fallback)
  await hears(third, hz.music)
  second.call.hangup()
  await second.ended
  scene.app = await connectApp(scene.ground.ari)
  const starts = [await scene.app.event('StasisStart'), await scene.app.event('StasisStart')]
  const numbers = starts.map((event) => (event['args'] as string[])[0])
  expect(new Set(numbers)).toEqual(new Set(['1001', '1003']))
  expect(starts.map((event) => part(event, 'channel')['state'])).toEqual(['Up', 'Up'])
  const of = channelId(starts[numbers.indexOf('1003')] ?? { type: '' })
  await scene.must('POST', `channels/${of}/play?media=sound:${scene.ground.sound('greeting')}`)
  await hears(third, hz.greeting)
})

test('a talk goes on while the application is away, and it finds all of it when it is back', async () => {
  const { one, two, bridge } = await scene.talk()
  await scene.must('POST', `channels/${one.id}/variable?variable=NOTE&value=kept`)
  await scene.app.close()
  for (const { call } of [one, two]) call.sound.forget()
  await hears(one.call, tones.seat)
  await hears(two.call, tones.caller)
  scene.app = await connectApp(scene.ground.ari)
  const application = await scene.must('GET', 'applications/hotline')
  expect(application['channel_ids']).toEqual(expect.arrayContaining([one.id, two.id]))
  expect(application['bridge_ids']).toEqual([bridge])
  expect(await scene.must('GET', `channels/${one.id}/variable?variable=NOTE`)).toEqual({ value: 'kept' })
  const found = await scene.must('GET', `bridges/${bridge}`)
  expect(found).toMatchObject({ bridge_type: 'mixing', channels: expect.arrayContaining([one.id, two.id]) })
  two.call.call.hangup()
  await scene.app.event('StasisEnd', (event) => channelId(event) === two.id)
  await one.call.sound.press('4')
  expect(await scene.app.event('ChannelDtmfReceived')).toMatchObject({ digit: '4', channel: { id: one.id } })
})

test('a second application of the same name takes the place of the first', async () => {
  const second = await connectApp(scene.ground.ari)
  await scene.app.event('ApplicationReplaced')
  await scene.app.close()
  scene.app = second
  const { id } = await scene.ringing('1007')
  await until('the channel is the new one’s', async () => {
    const { channel_ids } = await scene.must('GET', 'applications/hotline')
    return (channel_ids as string[]).includes(id)
  })
})
