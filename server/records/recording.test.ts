import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import {
  existsSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { setTimeout as pause } from 'node:timers/promises'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import {
  findRecording,
  makeRecordingKeys,
  openRecording,
  publishRecordingKey,
  readSummary,
  pieceDigest,
} from './recording.ts'
import { placesOf } from './place.ts'

const recording = '0197f3c2-7b1e-7aaa-8bbb-123456789abc'
const hotline = 'h1'
const recorderMain = join(import.meta.dirname, '..', '..', 'recorder', 'main.ts')

let data: string
let identity: string
let child: ChildProcess
let port: number

beforeEach(async () => {
  data = mkdtempSync(join(tmpdir(), 'recording-'))
  const keys = await makeRecordingKeys()
  identity = keys.identity
  await publishRecordingKey(data, hotline, keys.recipient)
  port = await freePort()
  child = fork(recorderMain, {
    env: { ...process.env, HEARTHLINE_RECORDER_PORT: String(port), HEARTHLINE_DATA: data },
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
  await once(child, 'message')
})

afterEach(async () => {
  if (child.exitCode === null && child.signalCode === null) {
    child.kill('SIGTERM')
    await once(child, 'exit')
  }
  rmSync(data, { recursive: true })
})

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const free = (server.address() as AddressInfo).port
  server.close()
  await once(server, 'close')
  return free
}

/** µ-law (G.711) of a sine at 8 kHz. */
function tone(hertz: number, samples: number): Buffer {
  return Buffer.from(
    Array.from({ length: samples }, (_, at) => ulaw(12_000 * Math.sin((2 * Math.PI * hertz * at) / 8000))),
  )
}

function ulaw(sample: number): number {
  const sign = sample < 0 ? 0x80 : 0
  const magnitude = Math.min(32_635, Math.abs(Math.round(sample))) + 132
  const segment = Math.floor(Math.log2(magnitude)) - 7
  return ~(sign | (segment << 4) | ((magnitude >> (segment + 3)) & 0x0f)) & 0xff
}

async function stream(side: 'caller' | 'seat', segment = 1): Promise<WebSocket> {
  const query = new URLSearchParams({ recording, hotline, side, segment: String(segment) })
  const socket = new WebSocket(`ws://127.0.0.1:${port}/?${query.toString()}`)
  await once(socket, 'open')
  socket.send('MEDIA_START connection_id:c1 channel:x format:ulaw optimal_frame_size:160 ptime:20')
  return socket
}

function send(socket: WebSocket, sound: Buffer): void {
  for (let at = 0; at < sound.length; at += 160) socket.send(sound.subarray(at, at + 160))
}

const find = () => findRecording(placesOf(data).folder, hotline, recording, new Date())
const pathOf = (name = '') => placesOf(data).pathOf(name)
const open = (names: string[], key = identity) => openRecording(placesOf(data).folder, names, key)

async function until(what: () => boolean | Promise<boolean>): Promise<void> {
  for (let tries = 0; !(await what()); tries += 1) {
    if (tries > 500) throw new Error('it never came to pass')
    await pause(20)
  }
}

const finished = (count: number) =>
  until(async () => (await find()).sound.filter((path) => path.endsWith('.age')).length === count)

/** Amplitude of a tone on one channel of a stereo WAV, over the given samples. */
function level(wav: Buffer, channel: 0 | 1, hertz: number, from: number, to: number): number {
  let [re, im] = [0, 0]
  for (let at = from; at < to; at += 1) {
    const value = wav.readInt16LE(44 + at * 4 + channel * 2)
    re += value * Math.cos((2 * Math.PI * hertz * at) / 8000)
    im += value * Math.sin((2 * Math.PI * hertz * at) / 8000)
  }
  return (2 * Math.hypot(re, im)) / (to - from)
}

test('G24-6.2.2c: what was said is heard again, the caller left and the counsellor right, and only with the key', async () => {
  const [caller, seat] = await Promise.all([stream('caller'), stream('seat')])
  send(caller, tone(440, 80_000))
  send(seat, tone(1_000, 80_000))
  caller.close()
  seat.close()
  await finished(2)
  const files = await find()
  const opened = await open(files.sound)
  expect(opened.truncated).toBe(false)
  expect(opened.durationMs).toBeGreaterThanOrEqual(10_000)
  const wav = await buffer(opened.read())
  expect(wav.length).toBe(opened.bytes)
  expect(wav.readUInt32LE(40)).toBe(opened.bytes - 44)
  expect(level(wav, 0, 440, 8_000, 72_000)).toBeGreaterThan(11_000)
  expect(level(wav, 0, 1_000, 8_000, 72_000)).toBeLessThan(200)
  expect(level(wav, 1, 1_000, 8_000, 72_000)).toBeGreaterThan(11_000)
  expect(level(wav, 1, 440, 8_000, 72_000)).toBeLessThan(200)
  await opened.close()
  const { identity: other } = await makeRecordingKeys()
  await expect(open(files.sound, other)).rejects.toThrow('recording.unreadable')
})

test('a player that jumps gets exactly the bytes it asks for', async () => {
  const socket = await stream('caller')
  send(socket, tone(440, 150_000))
  socket.close()
  await finished(1)
  const opened = await open((await find()).sound)
  const whole = await buffer(opened.read())
  for (const [start, end] of [
    [0, 44],
    [10, 45],
    [47, 5_001],
    [262_100, 262_300],
    [opened.bytes - 3, opened.bytes],
    [400_001, opened.bytes],
  ] as const) {
    expect((await buffer(opened.read(start, end))).equals(whole.subarray(start, end))).toBe(true)
  }
  await opened.close()
})

test('the digest that the recorder wrote is that of the sound that is read', async () => {
  const socket = await stream('seat')
  send(socket, tone(700, 70_000))
  socket.close()
  await finished(1)
  const { sound, summaries } = await find()
  const summary = readSummary(readFileSync(pathOf(summaries[0]), 'utf8'))
  expect(summary).toMatchObject({ recording, side: 'seat', samples: 70_000, clean: true })
  expect(await pieceDigest(placesOf(data).folder, sound[0] ?? '', identity)).toMatchObject({
    sha256: summary.sha256,
  })
})

test('a recorder that is killed leaves what was whole, readable and said to be cut', async () => {
  const socket = await stream('caller')
  send(socket, tone(440, 150_000))
  await until(async () => (await find()).sound.some((path) => statSync(pathOf(path)).size > 131_072))
  child.kill('SIGKILL')
  await once(child, 'exit')
  const { sound } = await find()
  expect(sound.map((path) => path.split('.').slice(-2).join('.'))).toEqual(['age.part'])
  const opened = await open(sound)
  expect(opened.truncated).toBe(true)
  // Two chunks of 64 KiB, less the line that says what it is.
  expect(opened.durationMs).toBeGreaterThan(16_300)
  const wav = await buffer(opened.read())
  expect(level(wav, 0, 440, 0, 128_000)).toBeGreaterThan(11_000)
  expect(existsSync(pathOf(sound[0]))).toBe(true)
  await opened.close()
})

test('pieces of one call are laid one behind the other where the clock says', async () => {
  const first = await stream('caller')
  send(first, tone(440, 8_000))
  first.close()
  await finished(1)
  await pause(1_500)
  const second = await stream('caller', 2)
  send(second, tone(700, 8_000))
  second.close()
  await finished(2)
  const opened = await open((await find()).sound)
  const wav = await buffer(opened.read())
  expect(level(wav, 0, 440, 0, 8_000)).toBeGreaterThan(11_000)
  const end = (wav.length - 44) / 4
  expect(end).toBeGreaterThan(16_000)
  expect(level(wav, 0, 700, end - 8_000, end)).toBeGreaterThan(11_000)
  expect(level(wav, 0, 700, 0, 8_000)).toBeLessThan(200)
  await opened.close()
})

test('a file that was cut is said to be cut, one that was changed is not played on', async () => {
  const socket = await stream('caller')
  send(socket, tone(440, 150_000))
  socket.close()
  await finished(1)
  const [name = ''] = (await find()).sound
  const path = pathOf(name)
  const original = readFileSync(path)
  for (const cut of [200, 60_000, 131_300, original.length - 1]) {
    truncateSync(path, cut)
    if (cut > 60_000) {
      const opened = await open([name])
      expect(opened.truncated).toBe(true)
      expect((await buffer(opened.read())).length).toBe(opened.bytes)
      await opened.close()
    } else {
      await expect(open([name])).rejects.toThrow('recording.notFound')
    }
    writeFileSync(path, original)
  }
  const changed = Buffer.from(original)
  changed[70_000] = (changed[70_000] ?? 0) ^ 1
  writeFileSync(path, changed)
  const opened = await open([name])
  await expect(buffer(opened.read())).rejects.toThrow('recording.unreadable')
  await opened.close()
})

test('G24-7.5a: without a key of the hotline no file of its callers exists', async () => {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/?recording=${recording}&hotline=h2&side=caller`)
  socket.on('open', () => send(socket, tone(440, 1_600)))
  const [code] = (await once(socket, 'close')) as [number]
  expect(code).toBe(1011)
  expect(readdirSync(data)).toEqual(['keys'])
})
