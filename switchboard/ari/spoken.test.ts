import { mkdir, mkdtemp, readdir, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { channelId, connectApp, http, part, type TestApp } from '../testing/app.ts'
import { hz, startBoard, type Board } from '../testing/board.ts'
import { startPhone, until, type Phone, type PhoneCall } from '../testing/phone.ts'
import { openSpoken, spokenFolder } from './spoken.ts'

let board: Board
let caller: Phone
let app: TestApp

beforeAll(async () => {
  board = await startBoard()
  caller = await startPhone(board.sip)
  app = await connectApp(board.ari)
})
afterAll(async () => {
  await board?.clear()
  await app?.close()
  await caller?.stop()
  await board?.stop()
})

async function answeredCall(): Promise<{ call: PhoneCall; id: string }> {
  const call = await caller.dial('1001')
  const id = channelId(await app.event('StasisStart'))
  await app.ask('POST', `channels/${id}/answer`)
  await call.answered
  return { call, id }
}

/** The sound of a recording, over HTTP. */
async function soundOf(name: string): Promise<Buffer> {
  const headers = { authorization: `Basic ${btoa('test:secret')}` }
  const response = await fetch(`http://127.0.0.1:${board.ari}/ari/recordings/stored/${name}/file`, {
    headers,
  })
  expect(response.headers.get('content-type')).toBe('audio/wav')
  return Buffer.from(await response.arrayBuffer())
}

test('a prompt spoken into a phone is recorded as a WAV file, and a cancelled one leaves none', async () => {
  const { call, id } = await answeredCall()
  call.sound.hz = hz.caller
  const record = (name: string, format = 'wav') =>
    app.ask('POST', `channels/${id}/record?name=${name}&format=${format}`)
  expect((await record('..%2Fescape')).status).toBe(400)
  expect((await record('prompt', 'mp3')).status).toBe(422)
  expect(await record('prompt')).toMatchObject({ status: 201, body: { name: 'prompt', state: 'recording' } })
  await app.event('RecordingStarted')
  await new Promise((resolve) => setTimeout(resolve, 500))
  expect((await app.ask('POST', 'recordings/live/prompt/stop')).status).toBe(204)
  expect(part(await app.event('RecordingFinished'), 'recording')).toMatchObject({
    name: 'prompt',
    state: 'done',
  })
  const wav = await soundOf('prompt')
  expect(wav.length).toBeGreaterThan(4_000)
  expect(wav.toString('latin1', 0, 4)).toBe('RIFF')
  expect((await app.ask('GET', 'recordings/stored/prompt/file')).status).toBe(406)
  const folder = spokenFolder(board.folder)
  expect((await stat(folder)).mode & 0o777).toBe(0o700)
  expect((await record('prompt')).status).toBe(409)
  await record('other')
  await app.event('RecordingStarted')
  await app.ask('DELETE', 'recordings/live/other')
  await app.event('RecordingFinished')
  expect(await readdir(folder)).toEqual(['prompt.wav'])
  expect(await readdir(board.folder)).not.toContain('recording')
  expect((await app.ask('GET', 'recordings/stored/other/file')).status).toBe(404)
  expect((await app.ask('GET', 'recordings/live/other')).status).toBe(404)
  expect((await app.ask('DELETE', 'recordings/stored/prompt')).status).toBe(204)
  expect(await readdir(folder)).toEqual([])
})

test('G24-6.2.2c: plain sound is gone within ten seconds of the hang-up, also of a recording that still ran', async () => {
  const { id } = await answeredCall()
  await app.ask('POST', `channels/${id}/record?name=ended&format=wav`)
  await app.ask('POST', 'recordings/live/ended/stop')
  await app.ask('POST', `channels/${id}/record?name=running&format=wav`)
  const folder = spokenFolder(board.folder)
  const files = async (): Promise<string[]> => (await readdir(folder)).toSorted()
  await until('both are there', async () => (await files()).join() === 'ended.wav,running.wav')
  await app.ask('DELETE', `channels/${id}`)
  const isOver = async () => (await http(board.ari, 'GET', 'recordings/live/running')).status === 404
  await until('the recording is over', isOver)
  expect((await soundOf('running')).length).toBeGreaterThanOrEqual(44)
  await until('nothing is left', async () => (await files()).length === 0, 10_000)
  expect((await app.ask('GET', 'recordings/stored/ended/file')).status).toBe(404)
}, 30_000)

test('G24-6.2.2c: plain sound that a killed switchboard left, in memory or on the disk, is swept by the next one', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'spoken-'))
  const places = [spokenFolder(folder), join(folder, 'recording')]
  for (const place of places) {
    await mkdir(place, { recursive: true })
    await writeFile(join(place, 'left.wav'), 'RIFF')
  }
  openSpoken(folder)
  for (const place of places) expect(await readdir(place)).toEqual([])
  for (const place of [...places, folder]) await rm(place, { recursive: true, force: true })
})

test('where there is no memory for it, or somebody else holds its name there, plain sound lies in the data folder', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'spoken-'))
  const disk = join(folder, 'recording')
  expect(spokenFolder(folder, '/proc')).toBe(disk)
  expect(spokenFolder(folder, '/nowhere')).toBe(disk)
  const taken = spokenFolder(join(folder, 'taken'))
  if (!taken.startsWith('/dev/shm')) return
  await rm(taken, { recursive: true })
  await symlink(folder, taken)
  expect(spokenFolder(join(folder, 'taken'))).toBe(join(folder, 'taken', 'recording'))
  await rm(taken)
  await rm(folder, { recursive: true })
})
