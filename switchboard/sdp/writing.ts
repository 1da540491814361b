import type { AudioFormat, AudioTerms, Direction } from './audio.ts'
import type { CryptoTerms } from './crypto.ts'
import { writeCrypto } from './crypto.ts'

/** Our own DTLS terms. */
export interface OwnDtls {
  /** By SHA-256. */
  fingerprint: string
  setup: 'actpass' | 'active' | 'passive'
}

/** Our own ICE and DTLS terms. */
export interface OwnWebRtc extends OwnDtls {
  ufrag: string
  password: string
  /** Candidate lines without `a=candidate:`. */
  candidates: string[]
}

/** What we say of our side of a leg. */
export interface OwnAudio {
  /** Session id and version for `o=`; the version grows with every description. */
  session: number
  version: number
  address: string
  port: number
  formats: AudioFormat[]
  eventType: number | null
  direction: Direction
  ssrc: number
  webRtc: OwnWebRtc | null
  /** Our DTLS terms where there is no ICE; beside keys in an offer of both. */
  dtls: (OwnDtls & { rtcpMux: boolean }) | null
  /** Our keys, where the leg is secured by SDES. */
  crypto: CryptoTerms | null
  /** The far end may do without those keys (RFC 8643). */
  optional: boolean
}

/** What the other side's direction leaves to us (RFC 3264 §6.1). */
export function answering(direction: Direction): Direction {
  if (direction === 'sendonly') return 'recvonly'
  return direction === 'recvonly' ? 'sendonly' : direction
}

const addressLine = (address: string): string => `IN IP${address.includes(':') ? 6 : 4} ${address}`

function head(own: OwnAudio): string[] {
  return [
    'v=0',
    `o=- ${own.session} ${own.version} ${addressLine(own.address)}`,
    's=-',
    `c=${addressLine(own.address)}`,
    't=0 0',
  ]
}

const dtlsLines = ({ fingerprint, setup }: OwnDtls): string[] => [
  `a=fingerprint:sha-256 ${fingerprint}`,
  `a=setup:${setup}`,
]

function webRtcLines(own: OwnAudio, terms: OwnWebRtc, mid: string): string[] {
  return [
    `a=mid:${mid}`,
    'a=rtcp-mux',
    `a=ice-ufrag:${terms.ufrag}`,
    `a=ice-pwd:${terms.password}`,
    ...dtlsLines(terms),
    ...terms.candidates.map((candidate) => `a=candidate:${candidate}`),
    'a=end-of-candidates',
    'a=msid:hearthline audio',
    `a=ssrc:${own.ssrc} cname:hearthline`,
  ]
}

function audioLines(own: OwnAudio, protocol: string, mid: string): string[] {
  const types = own.formats.map((format) => format.payloadType)
  if (own.eventType !== null) types.push(own.eventType)
  const lines = [
    `m=audio ${own.port} ${protocol} ${types.join(' ')}`,
    `c=${addressLine(own.address)}`,
    ...own.formats.map((format) => `a=rtpmap:${format.payloadType} ${format.codec}/8000`),
  ]
  if (own.eventType !== null) {
    lines.push(`a=rtpmap:${own.eventType} telephone-event/8000`, `a=fmtp:${own.eventType} 0-15`)
  }
  lines.push('a=ptime:20', `a=${own.direction}`)
  if (own.crypto) lines.push(`a=crypto:${writeCrypto(own.crypto)}`)
  if (own.webRtc) lines.push(...webRtcLines(own, own.webRtc, mid))
  if (own.dtls) lines.push(...dtlsLines(own.dtls), ...(own.dtls.rtcpMux ? ['a=rtcp-mux'] : []))
  return lines
}

function protocolOf(own: OwnAudio): string {
  if (own.webRtc) return 'UDP/TLS/RTP/SAVPF'
  if (own.crypto) return own.optional ? 'RTP/AVP' : 'RTP/SAVP'
  return own.dtls ? 'UDP/TLS/RTP/SAVP' : 'RTP/AVP'
}

/** An offer with one audio line. */
export function writeOffer(own: OwnAudio): string {
  const lines = head(own)
  if (own.webRtc) lines.push('a=group:BUNDLE 0')
  lines.push(...audioLines(own, protocolOf(own), '0'))
  return `${lines.join('\r\n')}\r\n`
}

/** The answer to a peer's offer: its audio line taken, every other line refused with port 0 (RFC 3264 §6). */
export function writeAnswer(own: OwnAudio, offer: AudioTerms): string {
  const lines = head(own)
  const mid = offer.mid ?? '0'
  if (own.webRtc && offer.mid !== null) lines.push(`a=group:BUNDLE ${mid}`)
  offer.lines.forEach((line, index) => {
    if (index === offer.index) lines.push(...audioLines(own, offer.protocol, mid))
    else lines.push(`m=${line.kind} 0 ${line.protocol} ${line.formats.join(' ') || '0'}`)
  })
  return `${lines.join('\r\n')}\r\n`
}
