import type { CryptoTerms } from './crypto.ts'
import { readCrypto } from './crypto.ts'
import type { Description, MediaLine } from './description.ts'
import { attribute, parseDescription } from './description.ts'

/** Where audio may flow, as the writer of the SDP sees it (RFC 3264 §5.1). */
export type Direction = 'sendrecv' | 'sendonly' | 'recvonly' | 'inactive'

/** A law of G.711 with its payload type. */
export interface AudioFormat {
  codec: 'PCMU' | 'PCMA'
  payloadType: number
}

/** A hash of a certificate, as SDP names it (RFC 8122 §5). */
export interface Fingerprint {
  algorithm: string
  value: string
}

/** What a description says of DTLS (RFC 5763 §5). */
export interface DtlsTerms {
  fingerprints: Fingerprint[]
  setup: string
}

/** What a WebRTC description says of ICE and DTLS. */
export interface WebRtcTerms extends DtlsTerms {
  ufrag: string
  password: string
  /** Candidate lines without `a=candidate:`. */
  candidates: string[]
  iceLite: boolean
}

/** The audio part of a peer's description. */
export interface AudioTerms {
  /** Which `m=` line it is. */
  index: number
  /** Kind, protocol and formats of every `m=` line: an answer must mirror those it refuses. */
  lines: Pick<MediaLine, 'kind' | 'protocol' | 'formats'>[]
  protocol: string
  address: string
  port: number
  rtcpPort: number
  direction: Direction
  /** Sendonly, inactive or 0.0.0.0. */
  held: boolean
  /** G.711 formats in the peer's order; empty when it speaks none. */
  formats: AudioFormat[]
  /** Payload type of telephone-event at 8 kHz (RFC 4733), if offered. */
  eventType: number | null
  /** How much audio a packet to it should carry, 10 to 60 ms (ptime, within maxptime). */
  packetMs: number
  mid: string | null
  /** The first keys we can serve: SDES (RFC 4568), also in RTP/AVP descriptions, whose writer can do without (RFC 8643). */
  crypto: CryptoTerms | null
  /** Present in UDP/TLS/RTP/SAVPF descriptions with ICE. */
  webRtc: WebRtcTerms | null
  /** Present in UDP/TLS/RTP/SAVP(F) descriptions without ICE: desk phones. */
  dtls: DtlsTerms | null
  /** RTCP comes on the port of RTP where we agree (RFC 5761); only together with DTLS. */
  rtcpMux: boolean
}

/** SDP that we understand but cannot serve (SIP 488). */
export class NotAcceptable extends Error {}

const plain = new Set(['RTP/AVP', 'RTP/AVPF'])
/** True for a protocol that is served without keys. */
export const isPlain = (protocol: string): boolean => plain.has(protocol)
const keyed = new Set(['RTP/SAVP', 'RTP/SAVPF'])
const secure = new Set(['UDP/TLS/RTP/SAVPF', 'UDP/TLS/RTP/SAVP'])

function payloadTypeOf(format: string): number | null {
  const number = Number(format)
  return /^\d{1,3}$/.test(format) && number < 128 ? number : null
}

function nameOf(media: MediaLine, payloadType: number): string {
  for (const { name, value } of media.attributes) {
    if (name !== 'rtpmap') continue
    const [type, encoding = ''] = value.split(/\s+/)
    if (Number(type) === payloadType) return encoding.toUpperCase()
  }
  return payloadType === 0 ? 'PCMU/8000' : payloadType === 8 ? 'PCMA/8000' : ''
}

function directionOf(description: Description, media: MediaLine): Direction {
  const known = (name: string): name is Direction =>
    name === 'sendrecv' || name === 'sendonly' || name === 'recvonly' || name === 'inactive'
  for (const { attributes } of [media, description]) {
    const found = attributes.map((entry) => entry.name).find(known)
    if (found) return found
  }
  return 'sendrecv'
}

function dtlsOf(description: Description, media: MediaLine): DtlsTerms | null {
  const fingerprints = [...media.attributes, ...description.attributes]
    .filter((entry) => entry.name === 'fingerprint')
    .map((entry) => {
      const [algorithm = '', value = ''] = entry.value.split(/\s+/)
      return { algorithm, value }
    })
    .filter(({ algorithm, value }) => algorithm !== '' && /^[0-9A-Fa-f:]{32,200}$/.test(value))
  if (fingerprints.length === 0) return null
  return { fingerprints, setup: attribute(description, media, 'setup') ?? 'actpass' }
}

function webRtcOf(description: Description, media: MediaLine, dtls: DtlsTerms): WebRtcTerms | null {
  const ufrag = attribute(description, media, 'ice-ufrag')
  const password = attribute(description, media, 'ice-pwd')
  if (!ufrag || !password) return null
  return {
    ...dtls,
    ufrag,
    password,
    candidates: media.attributes.filter((entry) => entry.name === 'candidate').map((entry) => entry.value),
    iceLite: description.attributes.some((entry) => entry.name === 'ice-lite'),
  }
}

function formatsOf(media: MediaLine): Pick<AudioTerms, 'formats' | 'eventType'> {
  const formats: AudioFormat[] = []
  let eventType: number | null = null
  for (const format of media.formats) {
    const payloadType = payloadTypeOf(format)
    if (payloadType === null) continue
    const name = nameOf(media, payloadType)
    if (/^PCMU\/8000(\/1)?$/.test(name)) formats.push({ codec: 'PCMU', payloadType })
    else if (/^PCMA\/8000(\/1)?$/.test(name)) formats.push({ codec: 'PCMA', payloadType })
    else if (/^TELEPHONE-EVENT\/8000(\/1)?$/.test(name)) eventType ??= payloadType
  }
  return { formats, eventType }
}

function rtcpPortOf(media: MediaLine, mux: boolean): number {
  const explicit = media.attributes.find((entry) => entry.name === 'rtcp')?.value
  const port = Number(explicit?.split(/\s+/)[0])
  if (Number.isInteger(port) && port > 0 && port < 65_536) return port
  return mux ? media.port : Math.min(media.port + 1, 65_535)
}

const cryptoOf = (media: MediaLine): CryptoTerms | null =>
  media.attributes
    .filter((entry) => entry.name === 'crypto')
    .map(readCrypto)
    .find((terms) => terms !== null) ?? null

/** ptime is a wish, maxptime a limit (RFC 4566 §6); we send whole tens from 10 to 60 ms. */
function packetMsOf(media: MediaLine): number {
  const read = (name: string): number =>
    Number(media.attributes.find((entry) => entry.name === name)?.value ?? NaN)
  const [wish, most] = [read('ptime'), read('maxptime')]
  const ms = Math.min(wish > 0 ? wish : 20, most > 0 ? most : 60)
  return Math.min(60, Math.max(10, Math.floor(ms / 10) * 10))
}

/** Nobody is at these addresses: a hold of old (RFC 2543), in either family. */
export const isNowhere = (address: string): boolean => address === '0.0.0.0' || address === '::'

function canCarry(description: Description, line: MediaLine): boolean {
  if (line.kind !== 'audio' || line.port === 0) return false
  if (plain.has(line.protocol) || secure.has(line.protocol)) return true
  return keyed.has(line.protocol) && (cryptoOf(line) ?? dtlsOf(description, line)) !== null
}

/** By what a line is secured; throws NotAcceptable where it must be by DTLS and names no certificate. */
function securityOf(
  description: Description,
  media: MediaLine,
): Pick<AudioTerms, 'crypto' | 'webRtc' | 'dtls' | 'rtcpMux'> {
  // Some answer SDES with a certificate and the protocol of SDES (baresip 1.0), where both were offered.
  const crypto = secure.has(media.protocol) ? null : cryptoOf(media)
  const dtls = isPlain(media.protocol) || crypto ? null : dtlsOf(description, media)
  if (secure.has(media.protocol) && !dtls) throw new NotAcceptable('no DTLS terms')
  const webRtc = dtls && webRtcOf(description, media, dtls)
  // We share one port only where there is DTLS; elsewhere it is not answered, so not agreed (RFC 5761 §5.1.1).
  const rtcpMux = dtls !== null && media.attributes.some((entry) => entry.name === 'rtcp-mux')
  return { crypto, webRtc, dtls: webRtc ? null : dtls, rtcpMux }
}

/**
 * Reads the first usable audio line of an SDP. Throws SdpError when it cannot be read, NotAcceptable when there is no
 * audio with G.711 over RTP/AVP, RTP/SAVP with keys or UDP/TLS/RTP/SAVP(F), or no address.
 */
export function readAudio(text: string): AudioTerms {
  const description = parseDescription(text)
  const index = description.media.findIndex((line) => canCarry(description, line))
  const media = description.media[index]
  if (!media) throw new NotAcceptable('no audio that can be carried')
  const { formats, eventType } = formatsOf(media)
  if (formats.length === 0) throw new NotAcceptable('no G.711')
  const security = securityOf(description, media)
  const { webRtc, rtcpMux } = security
  if (media.address === null && !webRtc) throw new NotAcceptable('no address')
  const direction = directionOf(description, media)
  const nowhere = media.address !== null && isNowhere(media.address) && !webRtc
  return {
    index,
    lines: description.media.map(({ kind, protocol, formats: mirrored }) => ({
      kind,
      protocol,
      formats: mirrored,
    })),
    protocol: media.protocol,
    address: media.address ?? '0.0.0.0',
    port: media.port,
    rtcpPort: rtcpPortOf(media, rtcpMux),
    direction,
    held: direction === 'sendonly' || direction === 'inactive' || nowhere,
    formats,
    eventType,
    packetMs: packetMsOf(media),
    mid: attribute(description, media, 'mid'),
    ...security,
  }
}
