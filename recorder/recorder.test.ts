import { spawn, type ChildProcess } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { Decrypter, generateX25519Identity, identityToRecipient } from 'age-encryption'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { startRecorder, type Recorder } from './recorder.ts'

const recording = '0197f3c2-7b1e-7aaa-8bbb-123456789abc'
const hotline = 'hotline-1'
/** A sound that is recognised wherever it is: every frame differs from every other. */
const sound = (bytes: number): Buffer =>
  Buffer.from(Array.from({ length: bytes }, (_, at) => (at * 7 + (at >> 6)) & 0xff))

let data: string
let identity: string
let recorder: Recorder | null
let child: ChildProcess | null

beforeEach(async () => {
  data = mkdtempSync(join(tmpdir(), 'recorder-'))
  identity = await generateX25519Identity()
  mkdirSync(join(data, 'keys'))
  writeFileSync(join(data, 'keys', `${hotline}.recording.pub`), `${await identityToRecipient(identity)}\n`)
  recorder = null
  child = null
})

afterEach(async () => {
  await recorder?.close()
  if (child && child.exitCode === null && child.signalCode === null) {
    child.kill('SIGKILL')
    await once(child, 'exit')
  }
  rmSync(data, { recursive: true })
})

async function start(): Promise<number> {
  recorder = await startRecorder({ port: 0, data, log: () => undefined })
  return recorder.port
}

/** The recorder as its own process, with files no larger than `fileKiB`. */
async function spawned(fileKiB = 'unlimited'): Promise<number> {
  const probe = await startRecorder({ port: 0, data, log: () => undefined })
  const { port } = probe
  await probe.close()
  const main = join(import.meta.dirname, 'main.ts')
  child = spawn('bash', ['-c', `ulimit -f ${fileKiB}; exec "$0" "$1"`, process.execPath, main], {
    env: { ...process.env, HEARTHLINE_RECORDER_PORT: String(port), HEARTHLINE_DATA: data },
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
  const [ready] = await once(child, 'message')
  expect(ready).toEqual({ type: 'ready' })
  return port
}

const address = (port: number, more: Record<string, string> = {}) =>
  `ws://127.0.0.1:${port}/?${new URLSearchParams({ recording, hotline, side: 'caller', ...more }).toString()}`

async function connect(url: string): Promise<WebSocket> {
  const socket = new WebSocket(url)
  await once(socket, 'open')
  socket.send('MEDIA_START connection_id:c1 channel:x format:ulaw optimal_frame_size:160 ptime:20')
  return socket
}

function send(socket: WebSocket, bytes: Buffer): void {
  for (let at = 0; at < bytes.length; at += 160) socket.send(bytes.subarray(at, at + 160))
}

const files = () =>
  readdirSync(data, { recursive: true, encoding: 'utf8' }).filter((name) =>
    statSync(join(data, name)).isFile(),
  )
const stored = (end: RegExp) =>
  files()
    .filter((name) => end.test(name))
    .map((name) => join(data, name))

async function until(what: () => boolean | Promise<boolean>): Promise<void> {
  for (let tries = 0; !(await what()); tries += 1) {
    if (tries > 500) throw new Error('it never came to pass')
    await pause(20)
  }
}

async function decrypted(path: string): Promise<{ about: Record<string, unknown>; sound: Buffer }> {
  const decrypter = new Decrypter()
  decrypter.addIdentity(identity)
  const plain = Buffer.from(await decrypter.decrypt(readFileSync(path)))
  const line = plain.indexOf('\n')
  return {
    about: JSON.parse(plain.toString('utf8', 0, line)) as Record<string, unknown>,
    sound: plain.subarray(line + 1),
  }
}

test('G24-6.2.2c: a stream becomes one file that the hotline alone can read, with its digest beside it', async () => {
  const socket = await connect(address(await start()))
  const spoken = sound(200_000)
  send(socket, spoken)
  socket.close()
  await until(() => stored(/\.age$/).length === 1)
  const [path = ''] = stored(/\.age$/)
  const now = new Date().toISOString()
  expect(path).toContain(
    `recordings/${hotline}/${now.slice(0, 4)}/${now.slice(5, 7)}/${recording}.caller.age`,
  )
  expect(statSync(path).mode & 0o777).toBe(0o600)
  const read = await decrypted(path)
  expect(read.about).toMatchObject({
    v: 1,
    recording,
    side: 'caller',
    segment: 1,
    format: 'ulaw',
    rate: 8000,
  })
  expect(read.sound.equals(spoken)).toBe(true)
  const summary = JSON.parse(readFileSync(path.replace('.age', '.json'), 'utf8')) as Record<string, unknown>
  const sha256 = createHash('sha256').update(spoken).digest('hex')
  expect(summary).toMatchObject({
    recording,
    side: 'caller',
    segment: 1,
    samples: 200_000,
    sha256,
    clean: true,
  })
  await expect(otherKeyReads(path)).rejects.toThrow()
})

async function otherKeyReads(path: string): Promise<unknown> {
  const decrypter = new Decrypter()
  decrypter.addIdentity(await generateX25519Identity())
  return decrypter.decrypt(readFileSync(path))
}

test('G24-6.2.2c: no eight bytes of plain sound are in any file, neither while it is written nor after', async () => {
  const socket = await connect(address(await start()))
  const spoken = sound(140_000)
  send(socket, spoken)
  await until(() => stored(/\.part$/).some((path) => statSync(path).size > 131_072))
  expectNoSound(spoken)
  socket.close()
  await until(() => stored(/\.age$/).length === 1)
  expectNoSound(spoken)
})

function expectNoSound(spoken: Buffer): void {
  for (const name of files()) {
    const bytes = readFileSync(join(data, name))
    for (let at = 0; at + 8 <= spoken.length; at += 997) {
      expect(bytes.includes(spoken.subarray(at, at + 8))).toBe(false)
    }
  }
}

test('G24-7.5a: without a key of the hotline nothing is written and the stream is refused', async () => {
  const port = await start()
  for (const more of [
    { hotline: 'hotline-2' },
    { hotline: '../keys/hotline-1' },
    { recording: '../../x' },
    { side: 'both' },
  ]) {
    const socket = new WebSocket(address(port, more as Record<string, string>))
    const [code] = (await once(socket, 'close')) as [number]
    expect(code).toBe('hotline' in more && more.hotline === 'hotline-2' ? 1011 : 1008)
  }
  expect(files()).toEqual([`keys/${hotline}.recording.pub`])
  expect(recorder?.status().refused).toEqual({ 'no-key': 1, 'bad-address': 3 })
})

test('sound in another format is refused, words that are not about sound are passed over', async () => {
  const port = await start()
  const good = await connect(address(port))
  good.send('STATUS whatever')
  send(good, sound(1_600))
  good.close()
  await until(() => stored(/\.age$/).length === 1)
  const [path = ''] = stored(/\.age$/)
  expect((await decrypted(path)).sound.length).toBe(1_600)
  const other = new WebSocket(address(port, { side: 'seat' }))
  await once(other, 'open')
  other.send('{"event":"MEDIA_START","format":"slin16","optimal_frame_size":640}')
  const [code] = (await once(other, 'close')) as [number]
  expect(code).toBe(1003)
})

test('a sender that connects anew for the same piece gets a piece of its own', async () => {
  const port = await start()
  const first = await connect(address(port))
  send(first, sound(800))
  await until(() => stored(/\.part$/).length === 1)
  const second = await connect(address(port))
  send(second, sound(1_600))
  await until(() => stored(/\.part$/).length === 2)
  const later = await connect(address(port, { segment: '5' }))
  send(later, sound(2_400))
  await until(() => stored(/\.part$/).length === 3)
  for (const socket of [first, second, later]) socket.close()
  await until(() => stored(/\.age$/).length === 3)
  const lengths: Record<string, number> = {}
  for (const path of stored(/\.age$/))
    lengths[path.split('/').at(-1) ?? ''] = (await decrypted(path)).sound.length
  expect(lengths).toEqual({
    [`${recording}.caller.age`]: 800,
    [`${recording}.caller.2.age`]: 1_600,
    [`${recording}.caller.5.age`]: 2_400,
  })
})

test('asked to stop, the recorder ends every file properly and leaves', async () => {
  const port = await spawned()
  const socket = await connect(address(port))
  send(socket, sound(100_000))
  await until(() => stored(/\.part$/).some((path) => statSync(path).size > 65_536))
  child?.kill('SIGTERM')
  const [code] = (await once(child as ChildProcess, 'exit')) as [number]
  expect(code).toBe(0)
  expect(stored(/\.part$/)).toEqual([])
  const [path = ''] = stored(/\.age$/)
  expect((await decrypted(path)).sound.equals(sound(100_000))).toBe(true)
})

test('the recorder leaves when its launcher is gone', async () => {
  await spawned()
  child?.disconnect()
  expect(await once(child as ChildProcess, 'exit')).toEqual([null, 'SIGKILL'])
})

test('a full disk stops the recording it hits and no other', async () => {
  const port = await spawned('100')
  const long = await connect(address(port))
  const short = await connect(address(port, { side: 'seat' }))
  send(short, sound(8_000))
  send(long, sound(300_000))
  const [code, reason] = (await once(long, 'close')) as [number, Buffer]
  expect([code, reason.toString()]).toEqual([1011, 'disk-full'])
  send(short, sound(8_000))
  short.close()
  await until(() => stored(/\.age$/).length === 1)
  await until(async () => (await statusAt(port))['streams'] === 0)
  const [path = ''] = stored(/\.age$/)
  expect((await decrypted(path)).sound.length).toBe(16_000)
  expect(stored(/\.part$/)).toHaveLength(1)
  expect(await statusAt(port)).toMatchObject({ streams: 0, finished: 1, failed: { 'disk-full': 1 } })
})

async function statusAt(port: number): Promise<Record<string, unknown>> {
  const answer = await fetch(`http://127.0.0.1:${port}/status`)
  return (await answer.json()) as Record<string, unknown>
}
