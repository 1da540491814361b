import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { DigitReader } from '../rtp/digits.ts'
import type { Arrival } from './test-phone.ts'
import { TestPhone } from './test-phone.ts'
import { TestEngine, until } from './test-engine.ts'

let t: TestEngine
beforeAll(async () => {
  t = await TestEngine.start(120, 300)
})
afterAll(async () => {
  await t.close()
})

const digitsOf = (leg: string): string =>
  t.events.map((event) => (event.type === 'digit' && event.leg === leg ? event.digit : '')).join('')

interface Key {
  event: number
  /** Which of start 0..4 and ends 5, 6, 7 arrive. */
  arrive: number[]
}

/** Presses a key on a phone: five growing packets and three ends, of which only some arrive. */
function press(phone: TestPhone, { event, arrive }: Key, payloadType: number): void {
  for (let i = 0; i < 8; i++) {
    const duration = Math.min(i + 1, 6) * 160
    const payload = Uint8Array.of(event, i >= 5 ? 0x8a : 0x0a, duration >> 8, duration & 0xff)
    if (arrive.includes(i)) phone.send({ payloadType, payload, marker: i === 0 })
    phone.sequence += 1
  }
  phone.timestamp += 6 * 160
}

const whole = [0, 1, 2, 3, 4, 5, 6, 7]

test('keys count once each, with lost starts, lost ends, doubled ends, the same key twice and any payload type', async () => {
  const phone = await TestPhone.open()
  phone.eventType = 96
  phone.follow(await t.engine.answerOffer('keys', phone.sdp()))
  press(phone, { event: 1, arrive: whole }, 96)
  press(phone, { event: 1, arrive: [3, 4, 5, 6, 7] }, 96)
  press(phone, { event: 2, arrive: [0, 1, 2] }, 96)
  press(phone, { event: 10, arrive: [7] }, 96)
  press(phone, { event: 11, arrive: [0] }, 96)
  press(phone, { event: 15, arrive: whole }, 96)
  press(phone, { event: 3, arrive: whole }, 101)
  await until(() => digitsOf('keys') === '112*#D')
  await sleep(50)
  expect(digitsOf('keys')).toBe('112*#D')
  t.engine.closeLeg('keys')
  await phone.close()
})

test('a late packet of an earlier key fires nothing, and a key held for more than eight seconds is one key', () => {
  const reader = new DigitReader()
  const read = (timestamp: number, event: number, duration: number, marker = false): string | undefined =>
    reader.read({
      payloadType: 101,
      marker,
      sequence: 0,
      timestamp,
      ssrc: 1,
      payload: Uint8Array.of(event, 10, duration >> 8, duration & 0xff),
    })?.digit
  expect(read(1000, 1, 160, true)).toBe('1')
  expect(read(3000, 2, 160, true)).toBe('2')
  expect(read(1000, 1, 320)).toBeUndefined()
  expect(read(10_000, 5, 160, true)).toBe('5')
  expect(read(10_000, 5, 65_535)).toBeUndefined()
  expect(read(75_535, 5, 160)).toBeUndefined()
  expect(read(80_000, 5, 160, true)).toBe('5')
})

test('keys are heard in a talk too, and keys we send are read as such by the far end', async () => {
  const [one, two] = [await t.call('one', 500), await t.call('two', 900)]
  t.engine.createBridge('talk', 'mixing')
  t.engine.addToBridge('talk', 'one')
  t.engine.addToBridge('talk', 'two')
  await until(() => two.hears([500]).length === 1)
  one.hush()
  press(one, { event: 7, arrive: whole }, 101)
  await until(() => digitsOf('one') === '7')
  one.speak(500)
  t.engine.sendDigits('two', '4#4')
  const reader = new DigitReader()
  let read = ''
  let seen = 0
  await until(() => {
    for (const packet of two.arrivals.slice(seen)) {
      if (packet.payloadType === 101) read += reader.read(packet)?.digit ?? ''
    }
    seen = two.arrivals.length
    return read === '4#4'
  })
  await until(() => two.hears([500]).length === 1)
  expectOneStream(two.arrivals)
  for (const leg of ['one', 'two']) t.engine.closeLeg(leg)
})

/** One SSRC, sequence numbers without a gap, timestamps that never go back nor leap. */
function expectOneStream(arrivals: Arrival[]): void {
  expect(new Set(arrivals.map(({ ssrc }) => ssrc)).size).toBe(1)
  for (let i = 1; i < arrivals.length; i++) {
    const [before, packet] = [arrivals[i - 1], arrivals[i]]
    if (!before || !packet) continue
    expect((packet.sequence - before.sequence) & 0xffff).toBe(1)
    expect((packet.timestamp - before.timestamp) | 0).toBeGreaterThanOrEqual(0)
    expect((packet.timestamp - before.timestamp) | 0).toBeLessThan(8000 * 5)
  }
}

test('one stream without a seam: prompt, music, relay, a new source, a jump, mix, relay, silence', async () => {
  const [one, two] = [await t.call('one', 0, 'PCMU'), await t.call('two', 0)]
  t.engine.play('p', { leg: 'two' }, [await t.toneFile(300, 200)])
  await t.event('playFinished', ({ playback }) => playback === 'p')
  t.engine.music({ leg: 'two' }, await t.toneFile(600, 1000))
  await until(() => two.hears([600]).length === 1)
  one.sequence = 65_530
  one.speak(440)
  t.engine.createBridge('b', 'mixing')
  t.engine.addToBridge('b', 'one')
  t.engine.addToBridge('b', 'two')
  await until(() => two.hears([440]).length === 1)
  one.ssrc += 1
  one.sequence = 40_000
  one.timestamp += 1_000_000
  await sleep(100)
  one.sequence = 100
  await sleep(100)
  const third = await t.call('three', 1200)
  t.engine.addToBridge('b', 'three')
  await until(() => two.hears([440, 1200]).length === 2)
  t.engine.closeLeg('three')
  await until(() => two.hears([440, 1200]).join() === '440')
  t.engine.music({ leg: 'two' }, null)
  t.engine.destroyBridge('b')
  await sleep(150)
  expectOneStream(two.arrivals)
  const marked = two.arrivals.filter(({ marker }) => marker).length
  expect(marked).toBeGreaterThan(5)
  expect(two.arrivals.length).toBeGreaterThan(40)
  const [first, last] = [two.arrivals[0], two.arrivals.at(-1)]
  if (!first || !last) throw new Error('nothing came')
  const drift = ((last.timestamp - first.timestamp) | 0) / 8 - (last.at - first.at)
  expect(drift).toBeLessThan(160)
  void third
  for (const leg of ['one', 'two']) t.engine.closeLeg(leg)
})

test("a stranger's packets are neither heard nor counted, before and after the latch", async () => {
  const [one, two] = [await t.call('one', 440), await t.call('two', 0)]
  t.engine.createBridge('b', 'mixing')
  t.engine.addToBridge('b', 'one')
  t.engine.addToBridge('b', 'two')
  await until(() => two.hears([440]).length === 1)
  const stranger = await TestPhone.open()
  stranger.target = one.target
  stranger.speak(1200)
  await until(async () => (await t.engine.stats('one')).dropped > 20)
  await until(() => two.hears([440, 1200]).join() === '440')
  expect(two.hears([1200], 5000)).toEqual([])
  expect(stranger.arrivals).toEqual([])
  expect((await t.engine.stats('one')).lost).toBe(0)
  await stranger.close()
  for (const leg of ['one', 'two']) t.engine.closeLeg(leg)
})

test('a phone that moves is followed by its re-INVITE, and one behind NAT by its packets', async () => {
  const two = await t.call('two', 0)
  const nat = await TestPhone.open()
  const sdp = nat.sdp().replaceAll('127.0.0.1', '10.255.255.1')
  nat.follow(await t.engine.answerOffer('one', sdp))
  nat.speak(440)
  t.engine.createBridge('b', 'mixing')
  t.engine.addToBridge('b', 'one')
  t.engine.addToBridge('b', 'two')
  await until(() => two.hears([440]).length === 1)
  await until(() => nat.arrivals.length > 0)
  const moved = await TestPhone.open()
  moved.follow(await t.engine.renegotiate('one', moved.sdp()))
  moved.speak(1200)
  await until(() => two.hears([440, 1200]).join() === '1200')
  await until(() => moved.arrivals.length > 0)
  await nat.close()
  await moved.close()
  for (const leg of ['one', 'two']) t.engine.closeLeg(leg)
})

test('doubled and malformed packets are dropped, those of unknown types are silence, and 10 to 60 ms packets pass', async () => {
  const [one, two] = [await t.call('one', 0), await t.call('two', 0)]
  t.engine.createBridge('b', 'mixing')
  t.engine.addToBridge('b', 'one')
  t.engine.addToBridge('b', 'two')
  await sleep(50)
  const from = two.arrivals.length
  for (const length of [80, 160, 240, 480]) {
    const payload = new Uint8Array(length).fill(length & 0x7f)
    one.send({ payload })
    one.send({ payload })
    one.sequence += 1
    one.timestamp += length
    one.send({ payload: Uint8Array.of(70), payloadType: 96 })
    one.sequence += 1
  }
  for (const raw of [
    '',
    '80',
    '80080001000000000000',
    'c008000100000000000000001234',
    'bf08000100000000000000001234ff',
  ]) {
    one.sendRaw(Buffer.from(raw, 'hex'))
  }
  one.sendRaw(Buffer.alloc(1600, 0x80))
  await until(() => two.arrivals.length >= from + 4)
  await sleep(60)
  const lengths = two.arrivals.slice(from).map(({ payload }) => payload.length)
  expect(lengths).toEqual([80, 160, 240, 480])
  expectOneStream(two.arrivals.slice(from))
  expect((await t.engine.stats('one')).dropped).toBeGreaterThanOrEqual(9)
  for (const leg of ['one', 'two']) t.engine.closeLeg(leg)
})

test('a leg that falls silent is reported, and when it is heard again; a held one is not', async () => {
  const phone = await t.call('quiet', 440)
  await t.event('connected', ({ leg }) => leg === 'quiet')
  await sleep(100)
  phone.hush()
  await t.event('silent', ({ leg }) => leg === 'quiet')
  phone.speak(440)
  await t.event('heard', ({ leg }) => leg === 'quiet')
  t.events.length = 0
  await t.engine.renegotiate('quiet', phone.sdp('inactive'))
  phone.hush()
  await sleep(450)
  const types = t.events.map(({ type }) => type)
  expect(types).toContain('held')
  expect(types.slice(types.indexOf('held'))).not.toContain('silent')
  t.engine.closeLeg('quiet')
})

test('a missing or unplayable file fails its playback with the reason, and a stopped one says so', async () => {
  await t.call('leg', 0)
  t.engine.play('missing', { leg: 'leg' }, [`${t.folder}/nothing.wav`])
  expect((await t.event('playFailed', ({ playback }) => playback === 'missing')).reason).toBe('no such file')
  t.engine.play('text', { leg: 'leg' }, [import.meta.filename])
  expect((await t.event('playFailed', ({ playback }) => playback === 'text')).reason).toBe('not a WAV file')
  t.engine.play('long', { leg: 'leg' }, [await t.toneFile(300, 3000)])
  t.engine.play('next', { leg: 'leg' }, [await t.toneFile(300, 100)])
  await t.event('playStarted', ({ playback }) => playback === 'long')
  t.engine.stopPlay('long')
  expect((await t.event('playFinished', ({ playback }) => playback === 'long')).outcome).toBe('stopped')
  expect((await t.event('playFinished', ({ playback }) => playback === 'next')).outcome).toBe('done')
  t.engine.closeLeg('leg')
})
