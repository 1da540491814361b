import { createHash, generateKeyPairSync, randomBytes } from 'node:crypto'
import { createSocket } from 'node:dgram'
import { setTimeout as sleep } from 'node:timers/promises'
import fc from 'fast-check'
import { RTCCertificate } from 'werift'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { MediaError } from '../media/failure.ts'
import { TestEngine, until } from '../media/test-engine.ts'
import { TestPhone } from '../media/test-phone.ts'
import { readAudio } from '../sdp/audio.ts'
import { fingerprintOf, isNamed, ownCertificate } from './handshake.ts'

let t: TestEngine
const legs = ['one', 'two']

beforeAll(async () => {
  t = await TestEngine.start(60)
})
afterEach(() => {
  for (const leg of legs) t.engine.closeLeg(leg)
  t.engine.destroyBridge('talk')
  t.events.length = 0
})
afterAll(async () => t.close())

const codeOf = (error: unknown): string => (error instanceof MediaError ? error.code : String(error))

/** A phone that secures by DTLS and one that does not; both are in one talk once they are answered. */
async function two(setup: 'actpass' | 'active' | 'passive'): Promise<[TestPhone, TestPhone]> {
  const [safe, plain] = [await TestPhone.open(), await TestPhone.open()]
  await safe.wantDtls(setup)
  return [safe, plain]
}

function together(): void {
  t.engine.createBridge('talk', 'mixing')
  for (const leg of legs) t.engine.addToBridge('talk', leg)
}

const print = (certificate: Buffer, hash: string): string =>
  (createHash(hash).update(certificate).digest('hex').toUpperCase().match(/../g) ?? []).join(':')

test('a certificate is the one named by its strongest hash, whatever weaker ones say', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 1 }), fc.uint8Array({ minLength: 1 }), (one, other) => {
      const [own, strange] = [Buffer.from(one), Buffer.from(other)]
      const strong = { algorithm: 'SHA-256', value: print(own, 'sha256') }
      const weak = { algorithm: 'sha-1', value: print(strange, 'sha1') }
      expect(isNamed(own, [weak, strong])).toBe(true)
      expect(isNamed(strange, [weak, strong])).toBe(own.equals(strange))
      expect(isNamed(own, [{ algorithm: 'md5', value: print(own, 'md5') }])).toBe(false)
      expect(isNamed(own, [])).toBe(false)
    }),
  )
})

test.each([
  ['actpass', 'passive'],
  ['active', 'passive'],
  ['passive', 'active'],
] as const)(
  'DTLS without ICE: a phone that offers %s is answered %s, and is heard and hears',
  async (setup, ours) => {
    const [safe, plain] = await two(setup)
    const answer = await t.offers('one', safe, 500)
    expect(answer).toMatch(/m=audio \d+ UDP\/TLS\/RTP\/SAVP /)
    expect(answer).toContain('a=rtcp-mux')
    expect(readAudio(answer).dtls?.setup).toBe(ours)
    await t.offers('two', plain, 800)
    together()
    await until(() => safe.hears([800]).length === 1 && plain.hears([500]).length === 1)
    // Named again in a hold, and after it the sound goes on by the same keys.
    const held = await t.engine.renegotiate('one', safe.sdp('sendonly'))
    expect(readAudio(held).dtls).toEqual(readAudio(answer).dtls)
    await t.engine.renegotiate('one', safe.sdp())
    await sleep(200)
    await until(() => plain.hears([500], 100).length === 1)
    const other = safe.sdp().replace(/sha-256 ..:../, 'sha-256 00:00')
    expect(await t.engine.renegotiate('one', other).catch(codeOf)).toBe('not-acceptable')
  },
)

test.each(['dtls', 'srtp'] as const)(
  'we call with %s, and are answered with a certificate: both hear each other',
  async (kind) => {
    const [safe, plain] = await two('active')
    const offer = await t.engine.makeOffer('one', kind)
    expect(offer).toContain('a=setup:actpass')
    safe.follow(offer.replace(/a=crypto.*\r\n/, ''))
    safe.speak(500)
    const answer = safe.sdp()
    await t.engine.acceptAnswer(
      'one',
      kind === 'srtp' ? answer.replace(/UDP.TLS.|a=rtcp-mux\r\n/g, '') : answer,
    )
    await t.offers('two', plain, 800)
    together()
    await until(() => safe.hears([800]).length === 1 && plain.hears([500]).length === 1)
  },
)

test('before the keys are there nothing is sent, and nothing that comes is believed', async () => {
  const [safe, plain] = await two('actpass')
  safe.mute = true
  await t.offers('one', safe, 500)
  await t.offers('two', plain, 800)
  together()
  await until(async () => (await t.engine.stats('one')).dropped > 10)
  await sleep(300)
  expect(safe.arrivals).toEqual([])
  expect(plain.hears([500])).toEqual([])
  expect(await t.engine.stats('one')).toMatchObject({ rxPackets: 0 })
})

test('whoever has another certificate than the SDP names gets no keys', async () => {
  const [safe, plain] = await two('actpass')
  if (!safe.dtls) throw new Error('no terms')
  safe.dtls.fingerprint = safe.dtls.fingerprint.replace(/^..:../, '00:00')
  await t.offers('one', safe, 500)
  await t.offers('two', plain, 800)
  together()
  await sleep(1_500)
  expect(safe.arrivals).toEqual([])
  expect(plain.hears([500])).toEqual([])
})

test.each(['active', 'passive'] as const)(
  'an impostor who shows a copy of the right certificate and has not its key gets no keys (%s)',
  async (setup) => {
    const [impostor, plain] = await two(setup)
    const { certPem, signatureHash } = await ownCertificate()
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const other = privateKey.export({ type: 'pkcs8', format: 'pem' })
    await impostor.wantDtls(setup, new RTCCertificate(other.toString(), certPem, signatureHash))
    expect(impostor.dtls?.fingerprint).toBe(fingerprintOf(await ownCertificate()))
    await t.offers('one', impostor, 500)
    await t.offers('two', plain, 800)
    together()
    await sleep(1_500)
    expect(impostor.arrivals).toEqual([])
    expect(plain.hears([500])).toEqual([])
  },
)

test('strangers who shake hands, say farewell or send nonsense first and in between spoil nothing', async () => {
  const [safe, plain] = await two('actpass')
  // A first flight as a stranger has it: of another handshake with us.
  const flights = await TestPhone.open()
  await flights.wantDtls('active')
  await t.offers('two', flights, 0)
  await until(() => flights.sent.length > 0)
  const [hello = Buffer.alloc(0)] = flights.sent
  t.engine.closeLeg('two')
  safe.mute = true
  const answer = await t.offers('one', safe, 0)
  const { port } = readAudio(answer)
  const strangers = ['127.0.0.2', '127.0.0.3', '127.0.0.4', '127.0.0.5', '127.0.0.6', '127.0.0.7'].map(
    (host) => {
      const socket = createSocket('udp4')
      socket.bind(0, host)
      return (datagram: Buffer) => socket.send(datagram, port, '127.0.0.1')
    },
  )
  const farewell = Buffer.from('1500fefd000000000000000000020100', 'hex')
  const disturb = (): void => {
    for (const send of strangers) {
      for (const datagram of [hello, farewell, Buffer.concat([hello.subarray(0, 40), randomBytes(200)])])
        send(datagram)
      for (let length = 1; length < 60; length += 7) send(Buffer.concat([Buffer.of(22), randomBytes(length)]))
    }
  }
  disturb()
  await sleep(100)
  safe.mute = false
  safe.follow(answer)
  safe.speak(500)
  disturb()
  await t.offers('two', plain, 800)
  together()
  await until(() => safe.hears([800]).length === 1 && plain.hears([500]).length === 1, 6_000)
  disturb()
  safe.sendRaw(farewell)
  await sleep(400)
  expect(plain.hears([500], 100)).toEqual([500])
  expect(safe.hears([800], 100)).toEqual([800])
  expect(t.events.filter(({ type }) => type === 'legLost')).toEqual([])
})
