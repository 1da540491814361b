import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { readAudio } from '../sdp/audio.ts'
import { MediaError } from './failure.ts'
import { encode } from './g711.ts'
import { writeKeyTone } from './key-tones.ts'
import { levelOf, tone } from './tone.ts'
import { TestPhone } from './test-phone.ts'
import { TestEngine, until } from './test-engine.ts'
import { tonesOf } from './tone-reader.ts'

let t: TestEngine
const legs = ['one', 'two']

beforeAll(async () => {
  t = await TestEngine.start(80, 2000, '::')
})
afterEach(() => {
  for (const leg of legs) t.engine.closeLeg(leg)
  t.engine.destroyBridge('talk')
  t.events.length = 0
})
afterAll(async () => t.close())

function together(): void {
  t.engine.createBridge('talk', 'mixing')
  for (const leg of legs) t.engine.addToBridge('talk', leg)
}

const codeOf = (error: unknown): string => (error instanceof MediaError ? error.code : String(error))
const keys = (tag: 4 | 10) => ({ key: randomBytes(16), salt: randomBytes(14), tag })

test.each([10, 4] as const)(
  'SDES with tags of %i bytes: a secured phone and a plain one hear each other',
  async (tag) => {
    const [safe, plain] = [await TestPhone.open(), await TestPhone.open('PCMU')]
    safe.keys = keys(tag)
    const answer = await t.offers('one', safe, 500)
    expect(answer).toContain('RTP/SAVP')
    expect(readAudio(answer).crypto?.keys.key.equals(safe.keys.key)).toBe(false)
    await t.offers('two', plain, 800)
    together()
    await until(() => safe.hears([500, 800]).includes(800) && plain.hears([500, 800]).includes(500))
    // A re-INVITE repeats the keys on both sides: the sound goes on.
    const again = await t.engine.renegotiate('one', safe.sdp('sendrecv', ['a=ptime:20']))
    expect(readAudio(again).crypto).toEqual(readAudio(answer).crypto)
    await sleep(100)
    await until(() => plain.hears([500], 60).includes(500))
  },
)

test('we call with SDES and the far end answers: both directions are secured by the keys agreed', async () => {
  const [safe, plain] = [await TestPhone.open(), await TestPhone.open()]
  safe.keys = keys(10)
  const offer = await t.engine.makeOffer('one', 'srtp')
  expect(offer).toMatch(/RTP\/SAVP [^]*a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:/)
  safe.follow(offer)
  await t.engine.acceptAnswer('one', safe.sdp())
  safe.speak(500)
  await t.offers('two', plain, 800)
  together()
  await until(() => safe.hears([800]).length === 1 && plain.hears([500]).length === 1)
  expect(await t.engine.renegotiate('one', safe.sdp().replaceAll(/RTP\/SAVP|a=crypto.*\r\n/g, (found) => (found.startsWith('R') ? 'RTP/AVP' : ''))).catch(codeOf)).toBe('not-acceptable') // prettier-ignore
  await safe.close()
})

test('keys that nobody took are left out of the next offer, and both are heard', async () => {
  const [first, second] = [await TestPhone.open(), await TestPhone.open()]
  expect(await t.engine.makeOffer('one', 'srtp')).toMatch(/RTP\/SAVP [^]*a=crypto:/)
  const offer = await t.engine.makeOffer('one', 'rtp')
  expect(offer).toContain('RTP/AVP')
  expect(offer).not.toContain('a=crypto')
  first.follow(offer)
  await t.engine.acceptAnswer('one', first.sdp())
  first.speak(500)
  await t.offers('two', second, 800)
  together()
  await until(() => first.hears([800]).length === 1 && second.hears([500]).length === 1)
  await first.close()
})

test('a phone that offers keys and could do without (RFC 8643) is answered with keys', async () => {
  const [safe, plain] = [await TestPhone.open(), await TestPhone.open()]
  safe.keys = keys(10)
  safe.optional = true
  expect(await t.offers('one', safe, 500)).toMatch(/RTP\/AVP [^]*a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:/)
  await t.offers('two', plain, 800)
  together()
  await until(() => safe.hears([800]).length === 1 && plain.hears([500]).length === 1)
  // An offer that was asked for later names them again, and whatever it offers itself, what is secured stays so.
  expect(await t.engine.makeOffer('one', 'rtp')).toMatch(/RTP\/AVP [^]*a=crypto:1 /)
  safe.keys = null
  expect(await t.engine.renegotiate('one', safe.sdp()).catch(codeOf)).toBe('not-acceptable')
})

test('recorded SRTP sent again, forged SRTP and plain RTP into a secured call are dropped; the call goes on', async () => {
  const [safe, plain] = [await TestPhone.open(), await TestPhone.open()]
  safe.keys = keys(10)
  await t.offers('one', safe, 500)
  await t.offers('two', plain, 0)
  together()
  await until(() => plain.hears([500]).length === 1 && safe.sent.length > 20)
  const recorded = safe.sent.slice(-20)
  const before = await t.engine.stats('one')
  for (const datagram of recorded) safe.sendRaw(datagram)
  for (const datagram of recorded) safe.sendRaw(Buffer.concat([datagram.subarray(0, -1), Buffer.of(0)]))
  for (const datagram of recorded) safe.sendRaw(datagram.subarray(0, -10))
  await sleep(150)
  const after = await t.engine.stats('one')
  expect(after.dropped - before.dropped).toBeGreaterThanOrEqual(60)
  expect(after.rxPackets - before.rxPackets).toBeLessThan(30)
  expect(plain.hears([500], 100)).toEqual([500])
})

test.each([
  ['a suite we do not know', 'a=crypto:1 AEAD_AES_256_GCM inline:AAAA', 'AVP'],
  ['a key identifier', `a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:${'A'.repeat(40)}|1:4`, 'AVP'],
  ['no keys at all', 'a=x', 'AVP'],
])('SRTP with %s is refused', async (_, line) => {
  const phone = await TestPhone.open()
  const offer = phone.sdp('sendrecv', [line]).replace('RTP/AVP', 'RTP/SAVP')
  expect(await t.engine.answerOffer('one', offer).catch(codeOf)).toBe('not-acceptable')
  await phone.close()
})

test('IPv6: a phone at ::1 and one at 127.0.0.1 hear each other, and the answer names an address of its family', async () => {
  const [six, four] = [await TestPhone.open('PCMA', '::1'), await TestPhone.open()]
  const answer = await t.engine.answerOffer('one', six.sdp(), { address: '::1' })
  expect(answer).toContain('c=IN IP6 ::1')
  six.follow(answer)
  six.speak(500)
  await t.offers('two', four, 800)
  together()
  await until(() => six.hears([800]).length === 1 && four.hears([500]).length === 1)
  expect((await t.engine.stats('one')).dropped).toBe(0)
  const hold = six.sdp().replace('c=IN IP6 ::1', 'c=IN IP6 ::')
  await t.engine.renegotiate('one', hold)
  await t.event('held', ({ leg }) => leg === 'one')
  await six.close()
})

test.each([
  [['a=ptime:10'], 80],
  [['a=ptime:30'], 240],
  [['a=ptime:60'], 480],
  [['a=ptime:20', 'a=maxptime:10'], 80],
  [['a=ptime:40', 'a=maxptime:35'], 240],
])(
  'a far end that asks for %j gets packets of %i samples, without a seam, whatever the other side sends',
  async (extra, length) => {
    const [asking, usual] = [await TestPhone.open(), await TestPhone.open()]
    await t.offers('one', asking, 500, extra)
    await t.offers('two', usual, 800)
    together()
    await until(() => asking.hears([800], 400).length === 1 && usual.hears([500]).length === 1)
    // Where the talk begins there is a seam: the eight packets come after it.
    const begun = asking.arrivals.length
    await until(() => asking.arrivals.length >= begun + 8)
    const packets = asking.arrivals.slice(-8)
    expect(new Set(packets.map(({ payload }) => payload.length))).toEqual(new Set([length]))
    for (const [at, packet] of packets.slice(1).entries()) {
      expect((packet.sequence - (packets[at]?.sequence ?? 0)) & 0xffff).toBe(1)
      expect((packet.timestamp - (packets[at]?.timestamp ?? 0)) | 0).toBe(length)
    }
  },
)

test('a far end that suppresses its silence is heard as noise of the level it says, and its voice ends that', async () => {
  const [gated, other] = [await TestPhone.open(), await TestPhone.open()]
  await t.offers('one', gated, 500)
  await t.offers('two', other, 0)
  together()
  await until(() => other.hears([500]).length === 1)
  gated.hush()
  gated.send({ payload: Uint8Array.of(40), payloadType: 13 })
  gated.sequence += 1
  await sleep(400)
  const noise = other.heard(200)
  const strength = Math.sqrt(noise.reduce((sum, sample) => sum + sample * sample, 0) / noise.length)
  // 40 dB below overload is 328 of 32,767.
  expect(strength).toBeGreaterThan(200)
  expect(strength).toBeLessThan(500)
  gated.timestamp += 6400
  gated.speak(500)
  await until(() => other.hears([500], 100).length === 1)
})

const withoutEvents = (phone: TestPhone): string =>
  phone
    .sdp()
    .replace(` ${phone.eventType}\r\n`, '\r\n')
    .replace(/a=rtpmap:101 .*\r\n/, '')

test('in-band: a phone without telephone events has its keys heard as tones, each once, with packets lost', async () => {
  const phone = await TestPhone.open()
  phone.follow(await t.engine.answerOffer('one', withoutEvents(phone)))
  const frame = new Int16Array(160)
  const bytes = new Uint8Array(160)
  const sendFrame = (key: string, at: number, lost: boolean): void => {
    if (key === '') frame.fill(0)
    else writeKeyTone(key, at, frame)
    encode('PCMA', frame, bytes)
    if (!lost) phone.send({ payload: bytes })
    phone.sequence += 1
    phone.timestamp += 160
  }
  for (const key of '1234567890*#ABCD11') {
    for (let at = 0; at < 6; at += 1) sendFrame(key, at, at === 3)
    for (let at = 0; at < 4; at += 1) sendFrame('', at, false)
    await sleep(2)
  }
  const pressed = (): string => t.events.map((event) => (event.type === 'digit' ? event.digit : '')).join('')
  await until(() => pressed().length >= 18)
  expect(pressed()).toBe('1234567890*#ABCD11')
  await phone.close()
})

test('in-band: single tones, music and loud noise are no keys', async () => {
  const phone = await TestPhone.open()
  phone.follow(await t.engine.answerOffer('one', withoutEvents(phone)))
  const sounds = [697, 1209, 440, 941, 1633].map((hz) => tone(hz, 300))
  const noise = Int16Array.from({ length: 8000 }, (_, i) => ((i * 7919 * 104_729) % 30_000) - 15_000)
  const chord = Int16Array.from(
    tone(700, 400, 6000),
    (sample, i) => sample + (tone(1210, 400, 6000)[i] ?? 0) / 9,
  )
  for (const sound of [...sounds, noise, chord]) {
    for (let at = 0; at + 160 <= sound.length; at += 160) {
      const bytes = new Uint8Array(160)
      encode('PCMA', sound.subarray(at, at + 160), bytes)
      phone.send({ payload: bytes })
      phone.sequence += 1
      phone.timestamp += 160
    }
    await sleep(5)
  }
  await until(async () => (await t.engine.stats('one')).rxPackets > 120)
  expect(t.events.filter(({ type }) => type === 'digit')).toEqual([])
  await phone.close()
})

test('in-band: keys we send to a phone without telephone events sound as their tones', async () => {
  const phone = await TestPhone.open()
  phone.follow(await t.engine.answerOffer('one', withoutEvents(phone)))
  phone.speak(0)
  await until(() => phone.arrivals.length > 0)
  t.engine.sendDigits('one', '5', { digitMs: 300 })
  const [low, high] = tonesOf('5') ?? [0, 0]
  await until(() => levelOf(phone.heard(100), low) > 3000 && levelOf(phone.heard(100), high) > 3000)
  await phone.close()
})

test('loss, jitter and round trip of both directions are in the figures of a leg', async () => {
  const phone = await t.call('one', 500)
  await until(() => phone.arrivals.length > 10)
  phone.hush()
  phone.sequence += 5
  phone.speak(500)
  await sleep(100)
  expect(await t.engine.stats('one')).toMatchObject({ lost: 5, remoteSsrc: phone.ssrc, ssrc: phone.arrivals[0]?.ssrc, txLost: null }) // prettier-ignore
})
