import { expect, test } from 'vitest'
import { MediaError } from './failure.ts'
import { TestPhone } from './test-phone.ts'
import { TestEngine, until } from './test-engine.ts'

const codeOf = (error: unknown): string => (error instanceof MediaError ? error.code : String(error))

test('when all ports are taken the next call is refused as such, and one port freed serves it', async () => {
  const t = await TestEngine.start(4)
  const phone = await TestPhone.open()
  await t.engine.answerOffer('a', phone.sdp())
  await t.engine.makeOffer('b', 'rtp')
  expect((await t.engine.counts()).ports).toBe(4)
  expect(await t.engine.answerOffer('c', phone.sdp()).catch(codeOf)).toBe('no-ports')
  expect(await t.engine.makeOffer('c', 'webrtc').catch(codeOf)).toBe('no-ports')
  expect((await t.engine.counts()).legs).toBe(2)
  t.engine.closeLeg('a')
  await until(async () => (await t.engine.counts()).ports === 2)
  expect(await t.engine.makeOffer('c', 'webrtc')).toContain('a=fingerprint:sha-256')
  await phone.close()
  await t.close()
})

test('offers we cannot serve are refused with their reason and leave nothing behind', async () => {
  const t = await TestEngine.start(20)
  const phone = await TestPhone.open()
  const refused = async (sdp: string): Promise<string> =>
    codeOf(await t.engine.answerOffer('x', sdp).catch((e) => e))
  const opus = 'v=0\r\nc=IN IP4 1.2.3.4\r\nm=audio 4000 RTP/AVP 111\r\na=rtpmap:111 opus/48000/2\r\n'
  expect(await refused(opus)).toBe('not-acceptable')
  expect(await refused('v=0\r\nc=IN IP6 ::1\r\nm=audio 4000 RTP/AVP 0\r\n')).toBe('not-acceptable')
  expect(await refused('v=0\r\nc=IN IP4 1.2.3.4\r\nm=video 4000 RTP/AVP 99\r\n')).toBe('not-acceptable')
  expect(await refused('hello')).toBe('malformed')
  expect(await refused('')).toBe('malformed')
  await t.engine.answerOffer('x', phone.sdp())
  expect(await refused(phone.sdp())).toBe('exists')
  expect(codeOf(await t.engine.renegotiate('x', opus).catch((e) => e))).toBe('not-acceptable')
  expect(codeOf(await t.engine.renegotiate('y', phone.sdp()).catch((e) => e))).toBe('no-leg')
  t.engine.closeLeg('x')
  await until(async () => (await t.engine.counts()).ports === 0)
  await phone.close()
  await t.close()
})

test('after 120 calls opened, bridged, played to and closed nothing is left', async () => {
  const t = await TestEngine.start(40)
  const phone = await TestPhone.open()
  const file = await t.toneFile(300, 1000)
  for (let i = 0; i < 120; i += 6) {
    const round = Array.from({ length: 6 }, (_, n) => `leg-${i + n}`)
    await Promise.all(
      round.map((leg, n) =>
        n % 6 === 5 ? t.engine.makeOffer(leg, 'webrtc') : t.engine.answerOffer(leg, phone.sdp()),
      ),
    )
    t.engine.createBridge(`b-${i}`, 'mixing')
    for (const leg of round) t.engine.addToBridge(`b-${i}`, leg)
    t.engine.play(`p-${i}`, { bridge: `b-${i}` }, [file])
    t.engine.play(`q-${i}`, { leg: `leg-${i}` }, [file])
    t.engine.openSnoop(`s-${i}`, `leg-${i}`, { spy: 'both', whisper: 'both' })
    t.engine.openExternal(`e-${i}`, 'ws://127.0.0.1:9/')
    for (const leg of [...round, `e-${i}`]) t.engine.closeLeg(leg)
    t.engine.destroyBridge(`b-${i}`)
    await until(async () => (await t.engine.counts()).ports === 0)
  }
  const { worstTickLateMs, ...left } = await t.engine.counts()
  expect(left).toEqual({ legs: 0, bridges: 0, ports: 0, playbacks: 0, externals: 0 })
  expect(worstTickLateMs).toBeGreaterThanOrEqual(0)
  await phone.close()
  await t.close()
})

test('a leg closed while it is being opened leaves no port', async () => {
  const t = await TestEngine.start(10)
  const opening = t.engine.makeOffer('x', 'webrtc').catch(codeOf)
  t.engine.closeLeg('x')
  expect(await opening).toBe('no-leg')
  await until(async () => (await t.engine.counts()).ports === 0)
  await t.close()
})
