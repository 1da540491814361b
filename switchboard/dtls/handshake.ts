import { createHash } from 'node:crypto'
import type { DtlsSocket, RTCCertificate } from 'werift'
import { DtlsClient, DtlsServer, RTCDtlsTransport } from 'werift'
import type { Address } from '../rtp/latch.ts'
import type { Handshake, HandshakePort } from '../rtp/seal.ts'
import type { SrtpKeys } from '../rtp/srtp.ts'
import type { Fingerprint } from '../sdp/audio.ts'
import { guardRecords } from './guard.ts'
import { Proof } from './proof.ts'

/** The one way of SRTP that is agreed by DTLS (RFC 5764 §4.1.2). */
export const SRTP_AES128_CM_HMAC_SHA1_80 = 1
const KEY_LENGTH = 16
const SALT_LENGTH = 14
const ALERT = 21
/** Beyond all that a handshake waits for (RFC 6347 §4.2.4). */
const LAST_FLIGHT = 7
/** Whoever finds our port may shake hands, and only the fingerprint tells who is meant: so many at once are heard. */
const MOST_TRIES = 4

/** Hashes of certificates, the strongest first (RFC 8122 §5). */
const hashes = [
  ['sha-512', 'sha512'],
  ['sha-384', 'sha384'],
  ['sha-256', 'sha256'],
  ['sha-224', 'sha224'],
  ['sha-1', 'sha1'],
] as const

/** True when a certificate (DER) is the one that the SDP names, judged by the strongest of its hashes (RFC 8122 §5.1). */
export function isNamed(certificate: Buffer, fingerprints: readonly Fingerprint[]): boolean {
  for (const [name, algorithm] of hashes) {
    const named = fingerprints.filter((print) => print.algorithm.toLowerCase() === name)
    if (named.length === 0) continue
    const own = createHash(algorithm).update(certificate).digest('hex')
    return named.some(({ value }) => value.replaceAll(':', '').toLowerCase() === own)
  }
  return false
}

/** Keys of both directions by what the handshake came to (RFC 5764 §4.2). */
export function keysOf(socket: DtlsSocket): { ours: SrtpKeys; theirs: SrtpKeys } {
  const { localKey, localSalt, remoteKey, remoteSalt } = socket.extractSessionKeys(KEY_LENGTH, SALT_LENGTH)
  return {
    ours: { key: localKey, salt: localSalt, tag: 10 },
    theirs: { key: remoteKey, salt: remoteSalt, tag: 10 },
  }
}

/** Who we are and who is expected. */
export interface HandshakeTerms {
  certificate: RTCCertificate
  /** We begin; else the far end does, from wherever it sits behind its NAT. */
  active: boolean
  /** Where the SDP says it is. */
  far: Address
  fingerprints: readonly Fingerprint[]
}

/** One far end, or somebody who pretends to be it. */
interface Try {
  socket: DtlsSocket
  proof: Proof
  transport: DtlsSocket['options']['transport']
}

/** The certificate of this process, for DTLS. */
export const ownCertificate = (): Promise<RTCCertificate> => RTCDtlsTransport.SetupCertificate()

/** The value of `a=fingerprint` by SHA-256. */
export const fingerprintOf = (certificate: RTCCertificate): string =>
  certificate.getFingerprints()[0]?.value ?? ''

/**
 * DTLS-SRTP on a port without ICE (RFC 5763, 5764). Each source that shakes hands is heard by itself, so a stranger's
 * records spoil nobody's; the first that proves to hold the certificate named by the SDP gives the keys.
 */
export class DtlsHandshake implements Handshake {
  private readonly terms: HandshakeTerms
  private readonly port: HandshakePort
  private readonly tries = new Map<string, Try>()
  private done = false

  constructor(terms: HandshakeTerms, port: HandshakePort) {
    this.terms = terms
    this.port = port
    if (terms.active) this.begin(terms.far)
  }

  take(datagram: Buffer, from: Address): void {
    const source = `${from.address} ${from.port}`
    let found = this.tries.get(source)
    if (!found) {
      // Where we begin, and once there are keys, nobody else is heard.
      if (this.done || this.terms.active || !this.hasRoomFor(from)) return
      found = this.begin(from)
    }
    // Nothing is authentic before the handshake is done: a farewell then is not believed.
    if (!this.done && datagram[0] === ALERT) return
    try {
      found.transport.onData(datagram, [from.address, from.port])
    } catch {
      this.drop(source)
    }
  }

  close(): void {
    this.done = true
    for (const source of this.tries.keys()) this.drop(source)
  }

  /** Whoever calls from where the SDP says is heard before those who do not. */
  private hasRoomFor({ address }: Address): boolean {
    if (this.tries.size < MOST_TRIES) return true
    const { far } = this.terms
    const stranger = [...this.tries.keys()].find((source) => !source.startsWith(`${far.address} `))
    if (address !== far.address || stranger === undefined) return false
    this.drop(stranger)
    return true
  }

  private begin(to: Address): Try {
    const { certificate, active } = this.terms
    const source = `${to.address} ${to.port}`
    const transport: Try['transport'] = {
      type: 'udp',
      address: { address: to.address, port: to.port, family: 'IPv4' },
      closed: false,
      onData: () => undefined,
      send: (datagram) => {
        if (!transport.closed) this.port.send(datagram, to)
        return Promise.resolve()
      },
      close: () => {
        transport.closed = true
        return Promise.resolve()
      },
    }
    const options = {
      transport,
      cert: certificate.certPem,
      key: certificate.privateKey,
      signatureHash: certificate.signatureHash,
      srtpProfiles: [SRTP_AES128_CM_HMAC_SHA1_80] satisfies [typeof SRTP_AES128_CM_HMAC_SHA1_80],
      extendedMasterSecret: true,
    }
    const client = active ? new DtlsClient(options) : null
    const socket = client ?? new DtlsServer({ ...options, certificateRequest: true })
    const found = { socket, proof: new Proof(socket), transport }
    this.tries.set(source, found)
    socket.onConnect.once(() => this.finish(source, found))
    socket.onError.subscribe(() => this.drop(source))
    client?.connect().catch(() => this.drop(source))
    return found
  }

  private finish(source: string, { socket, proof }: Try): void {
    const certificate = socket.remoteCertificate
    const meant =
      certificate !== undefined &&
      socket.srtp.srtpProfile === SRTP_AES128_CM_HMAC_SHA1_80 &&
      isNamed(certificate, this.terms.fingerprints) &&
      proof.holds()
    if (this.done || !meant) return this.drop(source)
    this.done = true
    for (const other of this.tries.keys()) if (other !== source) this.drop(other)
    guardRecords(socket, () => this.port.settled())
    const { ours, theirs } = keysOf(socket)
    this.port.secured(ours, theirs)
  }

  private drop(source: string): void {
    const found = this.tries.get(source)
    if (!found) return
    void found.transport.close()
    // Else werift repeats its last flight for half a minute.
    found.socket.dtls.flight = LAST_FLIGHT
    this.tries.delete(source)
  }
}
