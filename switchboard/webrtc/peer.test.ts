import { generateKeyPairSync } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ownCertificate } from '../dtls/handshake.ts'
import { MediaError } from '../media/failure.ts'
import { TestEngine, until } from '../media/test-engine.ts'
import { TestPhone } from '../media/test-phone.ts'
import { TestBrowser } from './test-browser.ts'

let t: TestEngine
beforeAll(async () => {
  t = await TestEngine.start(60)
})
afterAll(async () => {
  await t.close()
})

test('two browsers hear each other, one that called and one that was called, and a phone hears a browser', async () => {
  const [calling, called] = [new TestBrowser(), new TestBrowser()]
  calling.speak(440)
  called.speak(1000)
  await calling.accept(await t.engine.answerOffer('calling', await calling.offer()))
  const offer = await t.engine.makeOffer('called', 'webrtc', { codecsLike: 'calling' })
  expect(offer).toContain('a=end-of-candidates')
  await t.engine.acceptAnswer('called', await called.answer(offer))
  t.engine.createBridge('talk', 'mixing')
  t.engine.addToBridge('talk', 'calling')
  t.engine.addToBridge('talk', 'called')
  await t.event('connected', ({ leg }) => leg === 'calling')
  await t.event('connected', ({ leg }) => leg === 'called')
  await until(() => calling.hears([440, 1000]).join() === '1000')
  await until(() => called.hears([440, 1000]).join() === '440')

  const phone = await t.call('phone', 1700)
  t.engine.addToBridge('talk', 'phone')
  await until(() => called.hears([440, 1000, 1700]).join() === '440,1700')
  await until(() => phone.hears([440, 1000, 1700]).join() === '440,1000')
  expect(new Set(called.arrivals.map(({ ssrc }) => ssrc)).size).toBe(1)

  calling.send(126, Uint8Array.of(5, 10, 0, 160))
  expect((await t.event('digit')).digit).toBe('5')
  const stats = await t.engine.stats('calling')
  expect(stats.rxPackets).toBeGreaterThan(0)
  expect(stats.txPackets).toBeGreaterThan(0)

  await calling.close()
  await called.close()
  t.engine.closeLeg('phone')
  t.engine.closeLeg('calling')
  t.engine.closeLeg('called')
  await until(async () => (await t.engine.counts()).ports === 0)
})

test.each(['offer', 'answer'] as const)(
  'an impostor who shows a copy of the browser’s certificate without its key is not connected, and its leg is lost (our %s)',
  async (ours) => {
    const { certPem, signatureHash } = await ownCertificate()
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const keyPem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
    const impostor = new TestBrowser({ certPem, keyPem, signatureHash })
    const leg = `impostor-${ours}`
    if (ours === 'answer') await impostor.accept(await t.engine.answerOffer(leg, await impostor.offer()))
    else await t.engine.acceptAnswer(leg, await impostor.answer(await t.engine.makeOffer(leg, 'webrtc')))
    const lost = await t.event('legLost', (event) => event.leg === leg, 5_000)
    expect(lost.reason).toBe('DTLS without proof')
    expect(t.events.some((event) => event.type === 'connected' && event.leg === leg)).toBe(false)
    await impostor.close()
    t.engine.closeLeg(leg)
  },
)

test('a prompt to a browser waits until it can be heard from its first frame', async () => {
  const browser = new TestBrowser()
  const answer = await t.engine.answerOffer('late', await browser.offer())
  t.engine.play('greeting', { leg: 'late' }, [await t.toneFile(300, 600)])
  await sleep(400)
  expect(t.events.some(({ type }) => type === 'playStarted')).toBe(false)
  await browser.accept(answer)
  await t.event('playFinished', ({ playback }) => playback === 'greeting')
  await until(() => browser.hears([300], 5000).length === 1)
  const sequences = browser.arrivals.map(({ sequence }) => sequence)
  expect((sequences.at(-1) ?? 0) - (sequences[0] ?? 0)).toBe(sequences.length - 1)
  expect(sequences.length).toBeGreaterThanOrEqual(30)
  await browser.close()
  t.engine.closeLeg('late')
})

test('hold by re-INVITE keeps the connection; an ICE restart is refused and the leg goes on', async () => {
  const browser = new TestBrowser()
  const offer = await browser.offer()
  await browser.accept(await t.engine.answerOffer('hold', offer))
  await t.event('connected', ({ leg }) => leg === 'hold')
  const held = await t.engine.renegotiate('hold', offer.replace('a=sendrecv', 'a=sendonly'))
  expect(held).toContain('a=recvonly')
  await t.event('held', ({ leg }) => leg === 'hold')
  const back = await t.engine.renegotiate('hold', offer)
  expect(back).toContain('a=sendrecv')
  expect(/a=setup:(\w+)/.exec(back)?.[1]).toBe(/a=setup:(\w+)/.exec(held)?.[1])
  const restart = offer.replace(/a=ice-ufrag:\S+/, 'a=ice-ufrag:other')
  const refusal = await t.engine.renegotiate('hold', restart).catch((error: unknown) => error)
  expect(refusal instanceof MediaError && refusal.code).toBe('not-acceptable')
  t.engine.play('after', { leg: 'hold' }, [await t.toneFile(300, 400)])
  await until(() => browser.hears([300]).length === 1)
  await browser.close()
  t.engine.closeLeg('hold')
})

test('bound to all addresses, the public one comes first and a browser connects', async () => {
  const wide = await TestEngine.start(10, 2000, '0.0.0.0')
  const browser = new TestBrowser()
  const answer = await wide.engine.answerOffer('wide', await browser.offer())
  expect(/a=candidate:\S+ 1 udp \d+ (\S+)/.exec(answer)?.[1]).toBe('127.0.0.1')
  await browser.accept(answer)
  await wide.event('connected')
  wide.engine.play('greeting', { leg: 'wide' }, [await wide.toneFile(300, 400)])
  await until(() => browser.hears([300]).length === 1)
  await browser.close()
  await wide.close()
})

test("a stranger's datagrams cannot end a browser's call", async () => {
  const browser = new TestBrowser()
  browser.speak(440)
  const answer = await t.engine.answerOffer('safe', await browser.offer())
  await browser.accept(answer)
  await t.event('connected', ({ leg }) => leg === 'safe')
  await until(async () => (await t.engine.stats('safe')).rxPackets > 0)
  const stranger = await TestPhone.open()
  stranger.follow(answer)
  const record = (type: number, epoch: number, body: string): Buffer => {
    const bytes = Buffer.from(body, 'hex')
    const header = Buffer.from([type, 0xfe, 0xfd, 0, epoch, 0, 0, 0, 0, 0, 9, 0, bytes.length])
    return Buffer.concat([header, bytes])
  }
  t.events.length = 0
  for (const epoch of [0, 1]) {
    for (const type of [20, 21, 22, 23, 40, 63]) {
      for (const body of ['0100', '0228', '', '01000000000000000000000000000000000000000000000000']) {
        stranger.sendRaw(record(type, epoch, body))
      }
    }
  }
  for (const raw of ['16', '80c8', '8000000000000000000000000000', '0001000021 12a442'.replace(' ', '')]) {
    stranger.sendRaw(Buffer.from(raw, 'hex'))
  }
  await sleep(1300)
  expect(t.events.map(({ type }) => type)).not.toContain('legLost')
  t.engine.play('still', { leg: 'safe' }, [await t.toneFile(300, 400)])
  await until(() => browser.hears([300]).length === 1)
  await stranger.close()
  await browser.close()
  t.engine.closeLeg('safe')
})
