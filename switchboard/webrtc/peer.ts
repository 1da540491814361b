import { networkInterfaces } from 'node:os'
import type { RTCCertificate } from 'werift'
import {
  IceCandidate,
  RTCDtlsFingerprint,
  RTCDtlsParameters,
  RTCDtlsTransport,
  RTCIceGatherer,
  RTCIceParameters,
  RTCIceTransport,
  RtpHeader,
} from 'werift'
import type { Carrier, CarrierEvents } from '../rtp/carrier.ts'
import type { RtpPacket } from '../rtp/packet.ts'
import type { PortPool } from '../rtp/ports.ts'
import type { Report } from '../rtp/rtcp.ts'
import type { WebRtcTerms } from '../sdp/audio.ts'
import type { OwnWebRtc } from '../sdp/writing.ts'
import { guardRecords } from './guard.ts'

const SRTP_AES128_CM_HMAC_SHA1_80 = 1
const HOST_PRIORITY = 2_130_706_431
const MAX_CANDIDATES = 6
const MAX_TRIES = 8

/** Where a WebRTC leg listens and what address it tells. */
export interface PeerPlace {
  pool: PortPool
  bind: string
  publicAddress: string
}

/** What a browser may reach us by: the public address first, then those of this machine that the socket listens on. */
function addressesOf({ bind, publicAddress }: PeerPlace): string[] {
  if (bind !== '0.0.0.0') return [...new Set([publicAddress, bind])]
  const own = Object.values(networkInterfaces()).flatMap((entries) => entries ?? [])
  const reachable = own.filter(({ family, internal }) => family === 'IPv4' && !internal)
  return [...new Set([publicAddress, ...reachable.map(({ address }) => address)])].slice(0, MAX_CANDIDATES)
}

/** A candidate line of a peer as werift wants it; null for mDNS names, TCP and nonsense. */
function candidateOf(line: string): IceCandidate | null {
  const [foundation = '', component, protocol = '', priority, ip = '', port, , type = ''] = line.split(/\s+/)
  const numbers = [Number(component), Number(priority), Number(port)]
  if (numbers.some((number) => !Number.isInteger(number) || number < 0)) return null
  if (protocol.toLowerCase() !== 'udp' || !/^[\d.]{7,15}$/.test(ip)) return null
  const [componentId = 1, rank = 0, portNumber = 0] = numbers
  if (portNumber === 0 || portNumber > 65_535) return null
  return new IceCandidate(componentId, foundation, ip, portNumber, rank, 'udp', type)
}

/**
 * One WebRTC connection for audio, on werift's ICE and DTLS-SRTP without its SDP: the description is ours, so payload types
 * stay ours and a hold is only a direction. One UDP port of the pool (with its pair) and host candidates only.
 */
export class Peer implements Carrier {
  private readonly place: PeerPlace
  private readonly port: number
  private readonly events: CarrierEvents
  private readonly ice: RTCIceTransport
  private readonly dtls: RTCDtlsTransport
  private readonly certificate: RTCCertificate
  private readonly onUp: () => void
  private readonly header = new RtpHeader({ version: 2 })
  private setup: OwnWebRtc['setup'] = 'actpass'
  private remoteUfrag: string | null = null
  private connected = false
  /** An authentic packet came: the peer has finished its handshake too. */
  private settled = false
  private closed = false

  private constructor(
    place: PeerPlace,
    port: number,
    certificate: RTCCertificate,
    events: CarrierEvents,
    onUp: () => void,
  ) {
    this.place = place
    this.port = port
    this.certificate = certificate
    this.events = events
    this.onUp = onUp
    // No interface is looked up: exactly one socket, on the address we bind to.
    const gatherer = new RTCIceGatherer({
      useIpv4: false,
      useIpv6: false,
      additionalHostAddresses: [place.bind],
      interfaceAddresses: { udp4: place.bind },
      portRange: [port, port + 1],
    })
    this.ice = new RTCIceTransport(gatherer)
    this.dtls = new RTCDtlsTransport({}, this.ice, certificate, [SRTP_AES128_CM_HMAC_SHA1_80])
    this.dtls.onRtp.subscribe(({ header, payload }) => {
      this.settled = true
      events.rtp({
        payloadType: header.payloadType,
        marker: header.marker,
        sequence: header.sequenceNumber,
        timestamp: header.timestamp,
        ssrc: header.ssrc,
        payload,
      })
    })
    this.dtls.onRtcp.subscribe((packet) => {
      const reports = reportsOf(packet)
      if (reports.length > 0) events.reports(reports)
    })
    this.dtls.onStateChange.subscribe((state) => {
      // Before the handshake is done nothing is authentic: a farewell then is not believed.
      if (this.connected && (state === 'closed' || state === 'failed')) this.lose(`DTLS ${state}`)
    })
    this.ice.onStateChange.subscribe((state) => {
      if (state === 'failed' || state === 'disconnected') this.lose(`ICE ${state}`)
    })
  }

  /** Takes a port and gathers; null when no port is free. `onUp` is called once, when audio can flow. */
  static async open(place: PeerPlace, events: CarrierEvents, onUp: () => void): Promise<Peer | null> {
    const certificate = await RTCDtlsTransport.SetupCertificate()
    // Another program may sit on a port of our range, so one that yields no candidate is not the end.
    for (let tries = 0; tries < MAX_TRIES; tries += 1) {
      const port = place.pool.take()
      if (port === null) return null
      const peer = new Peer(place, port, certificate, events, onUp)
      await peer.ice.gather()
      if (peer.ice.localCandidates.length > 0) return peer
      await peer.close()
    }
    return null
  }

  get up(): boolean {
    return !this.closed && this.dtls.state === 'connected'
  }

  /** The UDP port that `m=` and the candidates name. */
  get localPort(): number {
    return this.ice.localCandidates[0]?.port ?? this.port
  }

  /** Our side for the SDP; ICE and DTLS terms never change while the leg lives. */
  terms(): OwnWebRtc {
    const addresses = addressesOf(this.place)
    return {
      ufrag: this.ice.localParameters.usernameFragment,
      password: this.ice.localParameters.password,
      fingerprint: this.certificate.getFingerprints()[0]?.value ?? '',
      candidates: addresses.map(
        (address, index) =>
          `${index + 1} 1 udp ${HOST_PRIORITY - index} ${address} ${this.localPort} typ host`,
      ),
      setup: this.setup,
    }
  }

  /** True when the peer wants other ICE credentials than those it began with (ICE restart). */
  restarts(remote: WebRtcTerms): boolean {
    return this.remoteUfrag !== null && this.remoteUfrag !== remote.ufrag
  }

  /** Takes the terms of an offer, or of the answer to ours, and connects in the background; twice is once. */
  connect(remote: WebRtcTerms, ours: 'offer' | 'answer'): void {
    if (this.remoteUfrag !== null) return
    this.remoteUfrag = remote.ufrag
    const active = ours === 'answer' ? remote.setup !== 'active' : remote.setup === 'passive'
    // Kept for answers to later offers (hold): an answer that says actpass is refused (RFC 8842 §5.3).
    this.setup = active ? 'active' : 'passive'
    this.ice.connection.iceControlling = ours === 'offer' || remote.iceLite
    this.dtls.role = active ? 'client' : 'server'
    const { ufrag, password, iceLite } = remote
    this.ice.setRemoteParams(new RTCIceParameters({ iceLite, usernameFragment: ufrag, password }))
    // An answerer leaves the checks to the offerer, who may learn our address only seconds later: checks that begin
    // before would fail for good. Its address is learnt from its own checks.
    if (ours === 'offer' || iceLite) this.addCandidates(remote.candidates)
    const fingerprints = remote.fingerprints.map(
      ({ algorithm, value }) => new RTCDtlsFingerprint(algorithm, value),
    )
    this.dtls.setRemoteParams(new RTCDtlsParameters(fingerprints, active ? 'server' : 'client'))
    void this.start()
  }

  send(packet: RtpPacket): void {
    if (!this.up) return
    const { header } = this
    header.payloadType = packet.payloadType
    header.marker = packet.marker
    header.sequenceNumber = packet.sequence
    header.timestamp = packet.timestamp
    header.ssrc = packet.ssrc
    void this.dtls.sendRtp(asBuffer(packet.payload), header)
  }

  sendReport(report: Buffer): void {
    if (this.up) void this.ice.connection.send(this.dtls.srtcp.encrypt(report)).catch(() => undefined)
  }

  async close(): Promise<void> {
    if (this.closed) return
    this.closed = true
    this.dtls.dtls?.close()
    await this.dtls.stop().catch(() => undefined)
    this.place.pool.release(this.port)
  }

  private addCandidates(lines: string[]): void {
    for (const line of lines.slice(0, 20)) {
      const candidate = candidateOf(line)
      if (candidate) void this.ice.addRemoteCandidate(candidate)
    }
  }

  private async start(): Promise<void> {
    try {
      await this.ice.start()
      await this.dtls.start()
    } catch (error) {
      this.lose(error instanceof Error ? error.message : 'connection failed')
      return
    }
    if (this.closed) return
    this.connected = true
    if (this.dtls.dtls) guardRecords(this.dtls.dtls, () => this.settled)
    this.onUp()
  }

  private lose(reason: string): void {
    if (!this.closed) this.events.lost(reason)
  }
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

type WeriftReport = Parameters<Parameters<RTCDtlsTransport['onRtcp']['subscribe']>[0]>[0]

/** A report as werift reads it, in our words. */
function reportsOf(packet: WeriftReport): Report[] {
  if (packet.type !== 200 && packet.type !== 201) return []
  if (!('reports' in packet) || !('ssrc' in packet)) return []
  const sentAt =
    'senderInfo' in packet ? Number((packet.senderInfo.ntpTimestamp >> 16n) & 0xffff_ffffn) : null
  const blocks = packet.reports.map((block) => ({
    ssrc: block.ssrc,
    fractionLost: block.fractionLost,
    lost: block.packetsLost,
    highest: block.highestSequence,
    jitter: block.jitter,
    lastReport: block.lsr,
    sinceLastReport: block.dlsr,
  }))
  return [{ ssrc: packet.ssrc, sentAt, blocks }]
}
