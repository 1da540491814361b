import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { channelId, part } from '../../switchboard/testing/app.ts'
import { hz } from '../../switchboard/testing/board.ts'
import { until, type PhoneCall } from '../../switchboard/testing/phone.ts'
import { Scene, hears, hearsNot, tones } from './scene.ts'

let scene: Scene

beforeAll(async () => {
  scene = await Scene.open()
})
afterEach(() => scene.clear())
afterAll(() => scene?.close())

const play = (target: string, name: keyof typeof hz) => {
  const id = scene.fresh('play')
  return scene.must('POST', `${target}/play/${id}?media=sound:${scene.ground.sound(name)}`).then(() => id)
}
const finished = (id: string) =>
  scene.app.event('PlaybackFinished', (event) => part(event, 'playback')['id'] === id)

test('sounds asked for in a row are heard in that order and end once', async () => {
  const { call, id } = await scene.answered()
  const play = scene.fresh('play')
  const file = (name: 'greeting' | 'third') => scene.ground.sound(name)
  await scene.must(
    'POST',
    `channels/${id}/play/${play}?media=sound:${file('greeting')},sound:${file('third')}`,
  )
  await hears(call, hz.greeting)
  await hears(call, hz.third)
  expect(part(await finished(play), 'playback')['state']).toBe('done')
  expect(scene.app.events.filter((event) => event.type === 'PlaybackFinished')).toHaveLength(1)
})

test('a sound that is missing is told as failed, and the next one is heard', async () => {
  const { call, id } = await scene.answered()
  const bad = scene.fresh('bad')
  await scene.must('POST', `channels/${id}/play/${bad}?media=sound:${scene.ground.sound('greeting')}-missing`)
  expect(part(await finished(bad), 'playback')['state']).toBe('failed')
  await play(`channels/${id}`, 'greeting')
  await hears(call, hz.greeting)
})

test('music is heard by one who is alone, and is over when it is told to be', async () => {
  const { call, id } = await scene.answered()
  await scene.must('POST', `channels/${id}/moh?mohClass=default`)
  await hears(call, hz.music)
  await scene.must('DELETE', `channels/${id}/moh`)
  await hearsNot(call, hz.music)
})

test('in a waiting room each hears the music and the words for them alone, and nobody hears another', async () => {
  const one = await scene.answered('1001')
  const two = await scene.answered('1002')
  const room = await scene.bridge([one.id, two.id], 'holding')
  await scene.must('POST', `bridges/${room}/moh?mohClass=default`)
  one.call.sound.hz = tones.caller
  await hears(one.call, hz.music)
  await hears(two.call, hz.music)
  await play(`channels/${two.id}`, 'greeting')
  await hears(two.call, hz.greeting)
  expect(one.call.sound.level(hz.greeting)).toBeLessThan(-45)
  expect(two.call.sound.level(tones.caller)).toBeLessThan(-45)
  await hears(two.call, hz.music)
})

test('who is put on hold hears music, and the other again afterwards', async () => {
  const { one, two } = await scene.talk()
  await two.call.call.reinvite(two.call.sound.sdp(true))
  await scene.app.event('ChannelHold', (event) => channelId(event) === two.id)
  await hears(one.call, hz.music)
  await two.call.call.reinvite(two.call.sound.sdp())
  await scene.app.event('ChannelUnhold', (event) => channelId(event) === two.id)
  await hears(one.call, tones.seat)
  await hearsNot(one.call, hz.music)
})

test('keys are told in a talk with whose they were, and keys for a phone reach it', async () => {
  const { one, two } = await scene.talk()
  for (const [talker, digit] of [
    [one, '7'],
    [two, '#'],
  ] as const) {
    await talker.call.sound.press(digit)
    expect(await scene.app.event('ChannelDtmfReceived')).toMatchObject({ digit, channel: { id: talker.id } })
  }
  await hears(one.call, tones.seat)
  await scene.must('POST', `channels/${one.id}/dtmf?dtmf=12%23`)
  await until('the keys have come', () => one.call.sound.keys.endsWith('12#'))
})

test('who is muted is heard by nobody and still has their keys', async () => {
  const { one, two } = await scene.talk()
  await scene.must('POST', `channels/${one.id}/mute?direction=in`)
  await hearsNot(two.call, tones.caller)
  await one.call.sound.press('9')
  expect(await scene.app.event('ChannelDtmfReceived')).toMatchObject({ digit: '9' })
  await scene.must('DELETE', `channels/${one.id}/mute?direction=in`)
  await hears(two.call, tones.caller)
})

test('a channel put into another bridge has left the first, and one taken out is alone and alive', async () => {
  const { one, two, bridge } = await scene.talk()
  const other = scene.fresh('other')
  await scene.must('POST', `bridges/${other}?type=mixing,dtmf_events`)
  await scene.must('POST', `bridges/${other}/addChannel?channel=${two.id}`)
  const left = await scene.app.event('ChannelLeftBridge', (event) => channelId(event) === two.id)
  expect(part(left, 'bridge')['id']).toBe(bridge)
  const entered = await scene.app.event('ChannelEnteredBridge', (event) => channelId(event) === two.id)
  expect(part(entered, 'bridge')).toMatchObject({ id: other, channels: [two.id] })
  await hearsNot(one.call, tones.seat)
  await scene.must('POST', `bridges/${bridge}/removeChannel?channel=${one.id}`)
  await scene.must('DELETE', `bridges/${bridge}`)
  expect((await scene.ask('GET', `bridges/${bridge}`)).status).toBe(404)
  for (const { id } of [one, two])
    expect((await scene.ask('GET', `channels/${id}`)).body).toMatchObject({ state: 'Up' })
})

/** A third party in the place of a supervisor. */
async function third(): Promise<{ call: PhoneCall; id: string }> {
  const made = await scene.seated(1)
  made.call.sound.hz = tones.third
  return made
}

test('three in one bridge hear both others', async () => {
  const { one, two, bridge } = await scene.talk()
  const three = await third()
  await scene.must('POST', `bridges/${bridge}/addChannel?channel=${three.id}`)
  await hears(one.call, tones.third)
  await hears(two.call, tones.third)
  await hears(three.call, tones.caller)
  await hears(three.call, tones.seat)
  await scene.must('POST', `bridges/${bridge}/removeChannel?channel=${three.id}`)
  await hearsNot(one.call, tones.third)
  await hears(one.call, tones.seat)
})

/** A tap on a channel, in a bridge with the one who listens. */
async function tap(target: string, query: string, listener: string): Promise<string> {
  const snoop = scene.fresh('snoop')
  await scene.must('POST', `channels/${target}/snoop/${snoop}?app=hotline&${query}`)
  await scene.entered(snoop)
  await scene.bridge([snoop, listener])
  return snoop
}

test('who listens hears both and is heard by nobody', async () => {
  const { one, two } = await scene.talk()
  const three = await third()
  const snoop = await tap(two.id, 'spy=both&whisper=none', three.id)
  await hears(three.call, tones.caller)
  await hears(three.call, tones.seat)
  await hearsNot(one.call, tones.third)
  await hearsNot(two.call, tones.third)
  await scene.must('DELETE', `channels/${snoop}`)
  await hearsNot(three.call, tones.caller)
  await hears(one.call, tones.seat)
})

test('who whispers is heard by one alone and hears both', async () => {
  const { one, two } = await scene.talk()
  const three = await third()
  await tap(two.id, 'spy=both&whisper=out', three.id)
  await hears(two.call, tones.third)
  await hears(three.call, tones.caller)
  await hears(three.call, tones.seat)
  await hearsNot(one.call, tones.third)
  await hears(two.call, tones.caller)
})

test('a sound for a room is heard by all in it', async () => {
  const { one, two, bridge } = await scene.talk()
  await play(`bridges/${bridge}`, 'greeting')
  await Promise.all([hears(one.call, hz.greeting), hears(two.call, hz.greeting)])
})
