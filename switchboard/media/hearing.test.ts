import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'

import { TestEngine, until } from './test-engine.ts'
import type { TestPhone } from './test-phone.ts'
import { TestRecorder } from './test-recorder.ts'
import { levelOf } from './tone.ts'

const CALLER = 440
const SEAT = 1000
const SUPERVISOR = 700
const ALL = [CALLER, SEAT, SUPERVISOR]

let t: TestEngine
let caller: TestPhone
let seat: TestPhone
let recorders: TestRecorder[] = []

beforeAll(async () => {
  t = await TestEngine.start()
  caller = await t.call('caller', CALLER, 'PCMA')
  seat = await t.call('seat', SEAT, 'PCMU')
})
afterEach(async () => {
  for (const leg of ['spy', 'supervisor', 'external', 'external-out', 'spy-out', 'whisperer'])
    t.engine.closeLeg(leg)
  for (const bridge of ['talk', 'listen', 'tape', 'tape-out']) t.engine.destroyBridge(bridge)
  await Promise.all(recorders.map((recorder) => recorder.close()))
  recorders = []
})
afterAll(async () => {
  await t.close()
})

function talk(): void {
  t.engine.createBridge('talk', 'mixing')
  t.engine.addToBridge('talk', 'caller')
  t.engine.addToBridge('talk', 'seat')
}

/** Who hears what, and still does so a moment later. */
async function hearing(matrix: [TestPhone, number[]][], among: number[] = ALL): Promise<void> {
  const holds = (): boolean =>
    matrix.every(([phone, expected]) => phone.hears(among).join() === expected.join())
  await until(holds, 5000)
  await sleep(120)
  await until(holds, 5000)
}

test('nobody hears anybody before they are together', async () => {
  await hearing([
    [caller, []],
    [seat, []],
  ])
})

test('two in a talk hear each other, across the two laws, and neither hears itself', async () => {
  talk()
  await hearing([
    [caller, [SEAT]],
    [seat, [CALLER]],
  ])
})

test('a muted counsellor is not heard but hears; a deaf one is heard but hears nothing', async () => {
  talk()
  t.engine.muteLeg('seat', 'in', true)
  await hearing([
    [caller, []],
    [seat, [CALLER]],
  ])
  t.engine.muteLeg('seat', 'in', false)
  t.engine.muteLeg('seat', 'out', true)
  await hearing([
    [caller, [SEAT]],
    [seat, []],
  ])
  t.engine.muteLeg('seat', 'out', false)
})

test('with a third person everybody hears the two others, and the two go on when the third leaves', async () => {
  talk()
  const supervisor = await t.call('supervisor', SUPERVISOR, 'PCMU')
  t.engine.addToBridge('talk', 'supervisor')
  await hearing([
    [caller, [SEAT, SUPERVISOR]],
    [seat, [CALLER, SUPERVISOR]],
    [supervisor, [CALLER, SEAT]],
  ])
  t.engine.addToBridge('talk', 'supervisor', { mute: true })
  await hearing([
    [caller, [SEAT]],
    [seat, [CALLER]],
    [supervisor, [CALLER, SEAT]],
  ])
  t.engine.closeLeg('supervisor')
  await hearing([
    [caller, [SEAT]],
    [seat, [CALLER]],
  ])
})

test('a listening supervisor hears both and is heard by nobody', async () => {
  talk()
  const supervisor = await t.call('supervisor', SUPERVISOR)
  t.engine.openSnoop('spy', 'seat', { spy: 'both', whisper: 'none' })
  t.engine.createBridge('listen', 'mixing')
  t.engine.addToBridge('listen', 'spy')
  t.engine.addToBridge('listen', 'supervisor')
  await hearing([
    [caller, [SEAT]],
    [seat, [CALLER]],
    [supervisor, [CALLER, SEAT]],
  ])
})

test('a whisper reaches the counsellor alone', async () => {
  talk()
  const supervisor = await t.call('supervisor', SUPERVISOR)
  t.engine.openSnoop('spy', 'seat', { spy: 'both', whisper: 'out' })
  t.engine.createBridge('listen', 'mixing')
  t.engine.addToBridge('listen', 'spy')
  t.engine.addToBridge('listen', 'supervisor')
  await hearing([
    [caller, [SEAT]],
    [seat, [CALLER, SUPERVISOR]],
    [supervisor, [CALLER, SEAT]],
  ])
})

test('a whisper inwards is heard as if the counsellor said it', async () => {
  talk()
  await t.call('supervisor', SUPERVISOR)
  t.engine.openSnoop('spy', 'seat', { spy: 'none', whisper: 'in' })
  t.engine.createBridge('listen', 'mixing')
  t.engine.addToBridge('listen', 'spy')
  t.engine.addToBridge('listen', 'supervisor')
  await hearing([
    [caller, [SEAT, SUPERVISOR]],
    [seat, [CALLER]],
  ])
})

test('G24-7.5a: each side goes apart to its recorder, in wall-clock frames, without the whisper and nothing from before', async () => {
  talk()
  const [said, heard] = [await TestRecorder.open(), await TestRecorder.open()]
  recorders = [said, heard]
  await sleep(300)
  expect(said.frames).toEqual([])
  await t.call('supervisor', SUPERVISOR)
  t.engine.openSnoop('whisperer', 'seat', { spy: 'none', whisper: 'out' })
  t.engine.createBridge('listen', 'mixing')
  t.engine.addToBridge('listen', 'whisperer')
  t.engine.addToBridge('listen', 'supervisor')
  t.engine.openSnoop('spy', 'caller', { spy: 'in', whisper: 'none' })
  t.engine.openSnoop('spy-out', 'caller', { spy: 'out', whisper: 'none' })
  t.engine.openExternal('external', said.url, { format: 'ulaw', channel: 'recording-1' })
  t.engine.openExternal('external-out', heard.url)
  t.engine.createBridge('tape', 'mixing')
  t.engine.createBridge('tape-out', 'mixing')
  t.engine.addToBridge('tape', 'spy')
  t.engine.addToBridge('tape', 'external')
  t.engine.addToBridge('tape-out', 'spy-out')
  t.engine.addToBridge('tape-out', 'external-out')
  await t.event('externalUp', ({ leg }) => leg === 'external')
  await until(() => said.hears(ALL).join() === `${CALLER}` && heard.hears(ALL).join() === `${SEAT}`)
  expect(said.texts).toHaveLength(1)
  expect(said.texts[0]).toMatch(
    /^MEDIA_START connection_id:\S+ channel:recording-1 .*format:ulaw optimal_frame_size:160 ptime:20$/,
  )
  await hearing([[seat, [CALLER, SUPERVISOR]]])
  expect(said.hears(ALL)).toEqual([CALLER])
  expect(heard.hears(ALL)).toEqual([SEAT])
  caller.hush()
  const begun = said.frames[0]?.at ?? 0
  const before = said.frames.length
  await until(() => said.frames.length > before + 30)
  expect(said.frames.every(({ samples }) => samples.length === 160)).toBe(true)
  // Never more than the wall clock gives, and both sides alike.
  expect(said.frames.length).toBeLessThan((performance.now() - begun) / 20 + 10)
  await until(() => Math.abs(said.frames.length - heard.frames.length) < 3)
  await until(() => said.hears(ALL).length === 0)
  caller.speak(CALLER)
})

test('a recorder that comes late gets the last two seconds at most, and one that comes back is found again', async () => {
  const first = await TestRecorder.open()
  const { port } = first
  await first.close()
  t.engine.openExternal('external', `ws://127.0.0.1:${port}/`)
  t.engine.openSnoop('spy', 'caller', { spy: 'in', whisper: 'none' })
  t.engine.createBridge('tape', 'mixing')
  t.engine.addToBridge('tape', 'spy')
  t.engine.addToBridge('tape', 'external')
  await t.event('externalDown', ({ leg }) => leg === 'external')
  await sleep(300)
  const late = await TestRecorder.open(port)
  await until(() => late.frames.length > 60)
  expect(late.hears([CALLER])).toEqual([CALLER])
  t.events.length = 0
  await late.close()
  await t.event('externalDown', ({ leg, final }) => leg === 'external' && !final)
  const again = await TestRecorder.open(port)
  recorders = [again]
  await until(() => again.hears([CALLER]).length === 1)
})

test('what the external end says is heard by those in its bridge', async () => {
  const recorder = await TestRecorder.open()
  recorders = [recorder]
  t.engine.openExternal('external', recorder.url)
  t.engine.createBridge('tape', 'mixing')
  t.engine.addToBridge('tape', 'external')
  t.engine.addToBridge('tape', 'seat')
  await until(() => recorder.frames.length > 5)
  const echo = setInterval(() => {
    const bytes = new Uint8Array(160)
    for (let i = 0; i < 160; i++) bytes[i] = i % 8 < 4 ? 0x20 : 0xa0
    recorder.socket?.send(bytes)
  }, 20)
  await until(() => seat.hears([1000, 3000]).length === 2)
  clearInterval(echo)
})

test('a prompt into a talk is heard by both over the talk; a prompt to one is heard by that one alone', async () => {
  talk()
  const among = [...ALL, 1700]
  const file = await t.toneFile(1700, 5000)
  t.engine.play('to-all', { bridge: 'talk' }, [file])
  await hearing(
    [
      [caller, [SEAT, 1700]],
      [seat, [CALLER, 1700]],
    ],
    among,
  )
  t.engine.stopPlay('to-all')
  t.engine.play('to-one', { leg: 'caller' }, [file])
  await hearing(
    [
      [caller, [1700]],
      [seat, [CALLER]],
    ],
    among,
  )
  t.engine.stopPlay('to-one')
  await hearing([
    [caller, [SEAT]],
    [seat, [CALLER]],
  ])
})

test('music plays to a waiting caller, a prompt interrupts it, and it goes on; a talk ends it', async () => {
  t.engine.createBridge('talk', 'holding')
  t.engine.addToBridge('talk', 'caller')
  t.engine.music({ bridge: 'talk' }, await t.toneFile(600, 3000))
  await until(() => caller.hears([600, 1700]).join() === '600')
  t.engine.play('position', { leg: 'caller' }, [await t.toneFile(1700, 1000)])
  await hearing([[caller, [1700]]], [600, 1700])
  await hearing([[caller, [600]]], [600, 1700])
  t.engine.destroyBridge('talk')
  await until(() => caller.hears([600, 1700]).length === 0)
  t.engine.music({ leg: 'caller' }, await t.toneFile(600, 3000))
  await until(() => caller.hears([600]).length === 1)
  talk()
  await hearing([[caller, [SEAT]]], [SEAT, 600])
  t.engine.music({ leg: 'caller' }, null)
})

/** Nothing at all comes to a phone. */
const silence = (phone: TestPhone): Promise<void> =>
  until(async () => {
    const before = phone.arrivals.length
    await sleep(200)
    return phone.arrivals.length === before
  })

test.each([
  ['sendonly', 'sendonly', '127.0.0.1', 'recvonly'],
  ['inactive', 'inactive', '127.0.0.1', 'inactive'],
  ['the address 0.0.0.0, as of old', 'sendrecv', '0.0.0.0', 'sendrecv'],
])(
  'on hold by %s the caller is not heard by the held seat, hears its music, and both are back afterwards',
  async (_, direction, address, answered) => {
    t.events.length = 0
    talk()
    t.engine.music({ leg: 'caller' }, await t.toneFile(600, 3000))
    const hold = seat.sdp(direction).replace('c=IN IP4 127.0.0.1', `c=IN IP4 ${address}`)
    expect(await t.engine.renegotiate('seat', hold)).toContain(`a=${answered}`)
    await t.event('held', ({ leg }) => leg === 'seat')
    await until(() => caller.hears([SEAT, 600]).join() === '600')
    await silence(seat)
    expect(await t.engine.renegotiate('seat', seat.sdp())).toContain('a=sendrecv')
    await t.event('unheld', ({ leg }) => leg === 'seat')
    await hearing([
      [caller, [SEAT]],
      [seat, [CALLER]],
    ])
    t.engine.music({ leg: 'caller' }, null)
  },
)

test('held by both sides nobody is heard by either; the talk is back when both have let go', async () => {
  talk()
  for (const [leg, phone] of [
    ['seat', seat],
    ['caller', caller],
  ] as const)
    // prettier-ignore
    expect(await t.engine.renegotiate(leg, phone.sdp('sendonly'))).toContain('a=recvonly')
  await Promise.all([silence(seat), silence(caller)])
  await t.engine.renegotiate('seat', seat.sdp())
  await silence(caller)
  expect(seat.hears(ALL)).toEqual([])
  await t.engine.renegotiate('caller', caller.sdp())
  await hearing([
    [caller, [SEAT]],
    [seat, [CALLER]],
  ])
})

test('a far end that only listens (recvonly) hears, and is no hold', async () => {
  talk()
  t.events.length = 0
  expect(await t.engine.renegotiate('seat', seat.sdp('recvonly'))).toContain('a=sendonly')
  await hearing([[seat, [CALLER]]])
  expect(t.events.filter(({ type }) => type === 'held')).toEqual([])
  await t.engine.renegotiate('seat', seat.sdp())
})

test('a recorded talk is one WAV file of its length with both voices', async () => {
  talk()
  const path = join(t.folder, 'talk.wav')
  t.engine.record('talk-1', { bridge: 'talk' }, path)
  await sleep(600)
  t.engine.stopRecord('talk-1')
  const { durationMs } = await t.event('recordFinished', ({ recording }) => recording === 'talk-1')
  const wav = await readFile(path)
  expect(wav.length).toBe(44 + durationMs * 16)
  expect(wav.readUInt32LE(40)).toBe(wav.length - 44)
  const samples = new Int16Array(wav.buffer.slice(wav.byteOffset + 44 + 3200, wav.byteOffset + wav.length))
  expect(ALL.filter((hz) => levelOf(samples, hz) > 1500)).toEqual([CALLER, SEAT])
  await hearing([
    [caller, [SEAT]],
    [seat, [CALLER]],
  ])
})

test('ring-back sounds while it is on', async () => {
  t.engine.ringback('caller', true)
  await until(() => caller.hears([450]).length === 1)
  t.engine.ringback('caller', false)
  await until(() => caller.hears([450]).length === 0)
})

test('a relayed payload arrives bit by bit as it was sent, with its own law, both ways', async () => {
  const [one, two] = [await t.call('one', 0, 'PCMA'), await t.call('two', 0, 'PCMA')]
  t.engine.createBridge('talk', 'mixing')
  t.engine.addToBridge('talk', 'one')
  t.engine.addToBridge('talk', 'two')
  for (const [from, to] of [
    [one, two],
    [two, one],
  ] as const) {
    const payload = Uint8Array.from({ length: 160 }, (_, i) => (i * 37) & 0xff)
    await until(() => {
      from.send({ payload })
      from.sequence += 1
      from.timestamp += 160
      return to.arrivals.some((packet) => Buffer.from(packet.payload).equals(payload))
    })
    expect(to.arrivals.at(-1)?.payloadType).toBe(8)
  }
  t.engine.closeLeg('one')
  t.engine.closeLeg('two')
})
