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
  StunProtocol,
} from 'werift'
import { guardRecords } from '../dtls/guard.ts'
import { fingerprintOf, keysOf, ownCertificate, SRTP_AES128_CM_HMAC_SHA1_80 } from '../dtls/handshake.ts'
import { Proof } from '../dtls/proof.ts'
import type { Carrier, CarrierEvents } from '../rtp/carrier.ts'
import { looksLikeRtcp, type RtpPacket, readRtp, writeRtp } from '../rtp/packet.ts'
import type { PortPool } from '../rtp/ports.ts'
import { readReports } from '../rtp/rtcp.ts'
import { SrtpStream } from '../rtp/srtp.ts'
import type { WebRtcTerms } from '../sdp/audio.ts'
import type { OwnWebRtc } from '../sdp/writing.ts'

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

/** What is agreed by DTLS: the socket that ICE chose, and the keys of both directions (RFC 5764 §4.2). */
interface Secured {
  transport: StunProtocol['transport']
  sealing: SrtpStream
  opening: SrtpStream
}

/** RTP and RTCP among STUN and DTLS on one port (RFC 7983 §7). */
const isMedia = (datagram: Buffer): boolean => {
  const first = datagram[0] ?? 0
  return first >= 128 && first <= 191
}

/**
 * One WebRTC connection for audio, on werift's ICE and DTLS without its SDP and SRTP: the description is ours, so payload
 * types stay ours and a hold is only a direction; and packets take our short way. One UDP port of the pool (with its
 * pair) and host candidates only.
 */
export class Peer implements Carrier {
  private readonly place: PeerPlace
  private readonly port: number
  private readonly events: CarrierEvents
  private readonly ice: RTCIceTransport
  private readonly dtls: RTCDtlsTransport
  private readonly certificate: RTCCertificate
  private readonly onUp: () => void
  /** Which of the two descriptions is ours. */
  private readonly ours: 'offer' | 'answer'
  private setup: OwnWebRtc['setup'] = 'actpass'
  private remoteUfrag: string | null = null
  private secured: Secured | null = null
  /** An authentic packet came: the peer has finished its handshake too. */
  private settled = false
  private closed = false

  private constructor(
    place: PeerPlace,
    port: number,
    certificate: RTCCertificate,
    ours: 'offer' | 'answer',
    events: CarrierEvents,
    onUp: () => void,
  ) {
    this.place = place
    this.port = port
    this.certificate = certificate
    this.events = events
    this.onUp = onUp
    this.ours = ours
    // No interface is looked up: exactly one socket, on the address we bind to.
    const gatherer = new RTCIceGatherer({
      useIpv4: false,
      useIpv6: false,
      additionalHostAddresses: [place.bind],
      interfaceAddresses: { udp4: place.bind },
      portRange: [port, port + 1],
    })
    this.ice = new RTCIceTransport(gatherer)
    // Who offers controls (RFC 8445 §6.1.1), from before the first check comes: told later, it would be a conflict of roles.
    this.ice.connection.iceControlling = ours === 'offer'
    this.dtls = new RTCDtlsTransport({}, this.ice, certificate, [SRTP_AES128_CM_HMAC_SHA1_80])
    this.dtls.onStateChange.subscribe((state) => {
      // Before the handshake is done nothing is authentic: a farewell then is not believed.
      if (this.secured && (state === 'closed' || state === 'failed')) this.lose(`DTLS ${state}`)
    })
    this.ice.onStateChange.subscribe((state) => {
      if (state === 'failed' || state === 'disconnected') this.lose(`ICE ${state}`)
    })
  }

  /** Takes a port and gathers; null when no port is free. `onUp` is called once, when audio can flow. */
  static async open(
    place: PeerPlace,
    ours: 'offer' | 'answer',
    events: CarrierEvents,
    onUp: () => void,
  ): Promise<Peer | null> {
    const certificate = await ownCertificate()
    // Another program may sit on a port of our range, so one that yields no candidate is not the end.
    for (let tries = 0; tries < MAX_TRIES; tries += 1) {
      const port = place.pool.take()
      if (port === null) return null
      const peer = new Peer(place, port, certificate, ours, events, onUp)
      await peer.ice.gather()
      if (peer.ice.localCandidates.length > 0) return peer
      await peer.close()
    }
    return null
  }

  get up(): boolean {
    return !this.closed && this.secured !== null
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
      fingerprint: fingerprintOf(this.certificate),
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
  connect(remote: WebRtcTerms): void {
    if (this.remoteUfrag !== null) return
    const { ours } = this
    this.remoteUfrag = remote.ufrag
    const active = ours === 'answer' ? remote.setup !== 'active' : remote.setup === 'passive'
    // Kept for answers to later offers (hold): an answer that says actpass is refused (RFC 8842 §5.3).
    this.setup = active ? 'active' : 'passive'
    if (remote.iceLite) this.ice.connection.iceControlling = true
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
    if (this.secured) this.put(this.secured.sealing.seal(writeRtp(packet)))
  }

  sendReport(report: Buffer): void {
    if (this.secured) this.put(this.secured.sealing.sealReport(report))
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
      const started = this.dtls.start()
      // It has made its socket by now, and nothing was read from it yet.
      const proof = this.dtls.dtls && new Proof(this.dtls.dtls)
      await started
      if (proof?.holds() !== true) return this.lose('DTLS without proof')
    } catch (error) {
      this.lose(error instanceof Error ? error.message : 'connection failed')
      return
    }
    if (this.closed) return
    const { dtls } = this.dtls
    const protocol = this.ice.connection.nominated?.protocol
    if (!dtls || !(protocol instanceof StunProtocol)) return this.lose('no connection')
    guardRecords(dtls, () => this.settled)
    const { ours, theirs } = keysOf(dtls)
    this.secured = {
      transport: protocol.transport,
      sealing: new SrtpStream(ours),
      opening: new SrtpStream(theirs),
    }
    this.listen(this.secured)
    this.onUp()
  }

  /** Takes media off the socket before ICE and DTLS look at it. */
  private listen({ transport, opening }: Secured): void {
    const others = transport.onData
    transport.onData = (datagram, from) => {
      if (!isMedia(datagram)) others(datagram, from)
      else if (looksLikeRtcp(datagram)) this.takeReport(opening.openReport(datagram))
      else this.take(opening.open(datagram))
    }
  }

  private take(clear: Buffer | null): void {
    const packet = clear && readRtp(clear)
    if (!packet || this.closed) return this.events.dropped()
    this.settled = true
    this.events.rtp(packet)
  }

  private takeReport(clear: Buffer | null): void {
    if (!clear || this.closed) return this.events.dropped()
    const reports = readReports(clear)
    if (reports.length > 0) this.events.reports(reports)
  }

  /** To where ICE says now; nothing once the consent of the far end has run out (RFC 7675 §5.1). */
  private put(datagram: Buffer): void {
    const { nominated, state } = this.ice.connection
    const { transport } = this.secured ?? {}
    if (!nominated || !transport || transport.closed || this.closed || state === 'failed') return
    const [address, port] = nominated.remoteAddr
    transport.socket.send(datagram, port, address)
  }

  private lose(reason: string): void {
    if (!this.closed) this.events.lost(reason)
  }
}
