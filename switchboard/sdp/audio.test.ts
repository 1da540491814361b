import fc from 'fast-check'
import { expect, test } from 'vitest'
import { NotAcceptable, readAudio } from './audio.ts'
import { parseDescription, SdpError } from './description.ts'
import type { OwnAudio } from './writing.ts'
import { answering, writeAnswer, writeOffer } from './writing.ts'

/** What a Chromium offers for audio, shortened where it is only long. */
const browserOffer = [
  'v=0',
  'o=- 4611731400430051336 2 IN IP4 127.0.0.1',
  's=-',
  't=0 0',
  'a=group:BUNDLE 0 1',
  'a=msid-semantic: WMS stream',
  'm=audio 52011 UDP/TLS/RTP/SAVPF 111 63 9 0 8 13 110 126',
  'c=IN IP4 192.0.2.7',
  'a=rtcp:9 IN IP4 0.0.0.0',
  'a=candidate:1 1 udp 2113937151 0b6f.local 52011 typ host generation 0 network-cost 999',
  'a=ice-ufrag:Yw3b',
  'a=ice-pwd:abcdefghijklmnopqrstuvwx',
  `a=fingerprint:sha-256 ${Array.from({ length: 32 }, () => 'AB').join(':')}`,
  'a=setup:actpass',
  'a=mid:0',
  'a=sendrecv',
  'a=rtcp-mux',
  'a=rtpmap:111 opus/48000/2',
  'a=rtpmap:63 red/48000/2',
  'a=rtpmap:9 G722/8000',
  'a=rtpmap:0 PCMU/8000',
  'a=rtpmap:8 PCMA/8000',
  'a=rtpmap:13 CN/8000',
  'a=rtpmap:110 telephone-event/48000',
  'a=rtpmap:126 telephone-event/8000',
  'm=video 9 UDP/TLS/RTP/SAVPF 96',
  'a=mid:1',
  '',
].join('\r\n')

const phoneOffer = [
  'v=0',
  'o=- 1 1 IN IP4 192.0.2.9',
  's=call',
  'c=IN IP4 192.0.2.9',
  't=0 0',
  'm=audio 4000 RTP/AVP 18 8 0 96',
  'a=rtpmap:96 telephone-event/8000',
  'a=rtcp:4007',
  'a=sendonly',
  '',
].join('\n')

const own: OwnAudio = {
  session: 7,
  version: 1,
  address: '198.51.100.1',
  port: 16_384,
  formats: [{ codec: 'PCMA', payloadType: 8 }],
  eventType: 96,
  direction: 'recvonly',
  ssrc: 1,
  webRtc: null,
  dtls: null,
  crypto: null,
  optional: false,
}

test("a browser's offer: G.711 in its order, the telephone-event of 8 kHz, ICE and DTLS", () => {
  const terms = readAudio(browserOffer)
  expect(terms.formats).toEqual([
    { codec: 'PCMU', payloadType: 0 },
    { codec: 'PCMA', payloadType: 8 },
  ])
  expect(terms.eventType).toBe(126)
  expect(terms.webRtc).toMatchObject({ ufrag: 'Yw3b', setup: 'actpass', iceLite: false })
  expect(terms.held).toBe(false)
  const answer = writeAnswer(
    { ...own, webRtc: { ufrag: 'u', password: 'p', candidates: [], fingerprint: 'F', setup: 'active' } },
    terms,
  )
  expect(answer).toContain('a=group:BUNDLE 0\r\n')
  expect(answer).toContain('m=video 0 UDP/TLS/RTP/SAVPF 96\r\n')
})

test("a phone's offer on hold, its RTCP port and its payload types", () => {
  const terms = readAudio(phoneOffer)
  expect(terms).toMatchObject({ address: '192.0.2.9', port: 4000, rtcpPort: 4007, eventType: 96, held: true })
  expect(answering(terms.direction)).toBe('recvonly')
  expect(writeAnswer(own, terms)).toContain('m=audio 16384 RTP/AVP 8 96\r\n')
})

test('0.0.0.0 is a hold, recvonly is none', () => {
  expect(readAudio(phoneOffer.replaceAll('192.0.2.9', '0.0.0.0').replace('sendonly', 'sendrecv')).held).toBe(
    true,
  )
  expect(readAudio(phoneOffer.replace('sendonly', 'recvonly')).held).toBe(false)
})

test('what we write we can read', () => {
  expect(readAudio(writeOffer(own))).toMatchObject({
    address: '198.51.100.1',
    port: 16_384,
    direction: 'recvonly',
  })
})

test('whatever comes, only SdpError and NotAcceptable escape', () => {
  const check = (text: string): void => {
    try {
      readAudio(text)
    } catch (error) {
      if (!(error instanceof SdpError) && !(error instanceof NotAcceptable)) throw error
    }
  }
  const mutation = fc.record({
    of: fc.constantFrom(browserOffer, phoneOffer),
    at: fc.nat(1200),
    cut: fc.nat(40),
    put: fc.string({ maxLength: 20, unit: 'binary' }),
  })
  fc.assert(
    fc.property(mutation, ({ of, at, cut, put }) => check(of.slice(0, at) + put + of.slice(at + cut))),
  )
  fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 200 }), check))
})

test('SDP without measure is refused', () => {
  expect(() => parseDescription(`v=0\r\n${'a=x\r\n'.repeat(10_000)}`)).toThrow(SdpError)
  expect(() => parseDescription(`v=0\r\n${'m=audio 1 RTP/AVP 0\r\n'.repeat(20)}`)).toThrow(SdpError)
  expect(() => parseDescription('v=0\r\nm=audio 99999 RTP/AVP 0\r\n')).toThrow(SdpError)
})
