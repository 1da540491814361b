import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { part } from '../../switchboard/testing/app.ts'
import type { Stream } from '../../switchboard/testing/board.ts'
import { until } from '../../switchboard/testing/phone.ts'
import { judged, Scene, tones } from './scene.ts'

let scene: Scene

beforeAll(async () => {
  scene = await Scene.open()
})
afterEach(() => scene.clear())
afterAll(() => scene?.close())

/** One side of a channel to the recorder, as the server does it. */
async function stream(of: string, side: string, spy: string, rec: string): Promise<string> {
  const media = scene.fresh('media')
  await scene.must('POST', 'channels/externalMedia', {
    channelId: media,
    app: 'hotline',
    external_host: 'recorder',
    transport: 'websocket',
    encapsulation: 'none',
    connection_type: 'client',
    format: 'ulaw',
    direction: 'both',
    transport_data: `v(recording=${rec},side=${side},segment=1,hotline=h1)`,
  })
  await scene.entered(media)
  const snoop = scene.fresh('snoop')
  await scene.must('POST', `channels/${of}/snoop/${snoop}?app=hotline&spy=${spy}&whisper=none`)
  await scene.entered(snoop)
  await scene.bridge([media, snoop], 'mixing')
  return media
}

test('both sides of a call reach the recorder apart, and end when they are told to', async () => {
  const { one, two } = await scene.talk()
  const rec = scene.fresh('rec')
  const medias = [await stream(one.id, 'caller', 'in', rec), await stream(one.id, 'seat', 'out', rec)]
  const of = (side: string): Stream | undefined =>
    scene.ground.streams.find(({ url }) => url.includes(`recording=${rec}`) && url.includes(`side=${side}`))
  await until('the caller is heard on their side', () => (of('caller')?.level(tones.caller) ?? -99) > -30)
  await until('the seat is heard on the other', () => (of('seat')?.level(tones.seat) ?? -99) > -30)
  expect(of('caller')?.start).toContain('MEDIA_START')
  expect(of('caller')?.url).toBe(`/?recording=${rec}&side=caller&segment=1&hotline=h1`)
  expect(of('caller')?.level(tones.seat)).toBeLessThan(-45)
  expect(of('seat')?.level(tones.caller)).toBeLessThan(-45)
  for (const media of medias) await scene.must('DELETE', `channels/${media}`)
  await until('the streams are closed', () => of('caller')?.open === false && of('seat')?.open === false)
  expect((await scene.ask('GET', `channels/${two.id}`)).status).toBe(200)
})

/** What ARI's own record operation wrote; sound goes over HTTP only. */
const stored = (name: string): Promise<Response> =>
  fetch(`http://127.0.0.1:${scene.ground.ari}/ari/recordings/stored/${name}/file`, {
    headers: { authorization: `Basic ${btoa('test:secret')}` },
  })

/** Level and length in ms of an 8 kHz, 16 bit, mono WAV. */
async function wav(name: string): Promise<{ ms: number; level: (hertz: number) => number }> {
  const answer = await stored(name)
  expect(answer.status).toBe(200)
  const bytes = Buffer.from(await answer.arrayBuffer()).subarray(44)
  const samples = Array.from({ length: bytes.length >> 1 }, (_, at) => bytes.readInt16LE(at * 2))
  const level = (hertz: number): number => {
    const step = (2 * Math.PI * hertz) / 8000
    const sum = (wave: (phase: number) => number) =>
      samples.reduce((total, sample, at) => total + (sample / 32_768) * wave(at * step), 0)
    return 20 * Math.log10((2 / samples.length) * Math.hypot(sum(Math.cos), sum(Math.sin)) + 1e-6)
  }
  return { ms: samples.length / 8, level }
}

test('what one says is recorded into a file of that length, and a pause is not in it', async () => {
  const { call, id } = await scene.answered()
  call.sound.hz = tones.caller
  const name = scene.fresh('prompt')
  await scene.must('POST', `channels/${id}/record?name=${name}&format=wav`)
  await scene.app.event('RecordingStarted')
  await pause(600)
  await scene.must('POST', `recordings/live/${name}/pause`)
  call.sound.hz = tones.third
  await pause(1_200)
  call.sound.hz = tones.caller
  await pause(200)
  await scene.must('DELETE', `recordings/live/${name}/pause`)
  await pause(600)
  await scene.must('POST', `recordings/live/${name}/stop`)
  const told = part(await scene.app.event('RecordingFinished'), 'recording')
  expect(told).toMatchObject({ name, format: 'wav', state: 'done', target_uri: `channel:${id}` })
  const { ms, level } = await wav(name)
  expect(ms).toBeGreaterThan(800)
  expect(ms).toBeLessThan(2_200)
  expect(level(tones.caller)).toBeGreaterThan(-25)
  expect(level(tones.third)).toBeLessThan(-35)
})

test('a recording that is cancelled leaves no file, one of that name that is there is not overwritten', async () => {
  const { id } = await scene.answered()
  const name = scene.fresh('prompt')
  const record = () => scene.ask('POST', `channels/${id}/record?name=${name}&format=wav`)
  expect((await record()).status).toBe(201)
  await scene.app.event('RecordingStarted')
  expect((await record()).status).toBe(409)
  expect((await scene.ask('GET', `recordings/live/${name}`)).body).toMatchObject({ name, state: 'recording' })
  await scene.must('DELETE', `recordings/live/${name}`)
  await until('it is over', async () => (await scene.ask('GET', `recordings/live/${name}`)).status === 404)
  expect((await stored(name)).status).toBe(404)
  expect((await scene.ask('POST', `recordings/live/${name}/stop`)).status).toBe(404)
  expect((await scene.ask('POST', `channels/${id}/record?name=${name}&format=mp9`)).status).toBe(422)
})

test('a talk recorded as one has both voices in it', async () => {
  const { bridge } = await scene.talk()
  const name = scene.fresh('talk')
  await scene.must('POST', `bridges/${bridge}/record?name=${name}&format=wav`)
  await pause(1_000)
  await scene.must('POST', `recordings/live/${name}/stop`)
  await scene.app.event('RecordingFinished')
  const { level } = await wav(name)
  expect([judged, level(tones.caller) > -30, level(tones.seat) > -30]).toEqual([judged, true, true])
})
