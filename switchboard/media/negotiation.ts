import { randomBytes, randomInt } from 'node:crypto'
import type { RTCCertificate } from 'werift'
import { DtlsHandshake, fingerprintOf, ownCertificate } from '../dtls/handshake.ts'
import type { PortPool } from '../rtp/ports.ts'
import { SocketPair } from '../rtp/sockets.ts'
import type { SrtpKeys } from '../rtp/srtp.ts'
import type { AudioFormat, AudioTerms, DtlsTerms } from '../sdp/audio.ts'
import { isNowhere, isPlain, NotAcceptable, readAudio } from '../sdp/audio.ts'
import type { CryptoTerms } from '../sdp/crypto.ts'
import { SdpError } from '../sdp/description.ts'
import type { OwnAudio, OwnDtls } from '../sdp/writing.ts'
import { answering, writeAnswer, writeOffer } from '../sdp/writing.ts'
import { Peer } from '../webrtc/peer.ts'
import type { CallLeg } from './call-leg.ts'
import { MediaError } from './failure.ts'
import type { Codec } from './g711.ts'
import type { LegKind } from './messages.ts'

const OUR_EVENT_TYPE = 101
const payloadTypes: Record<Codec, number> = { PCMU: 0, PCMA: 8 }

/** Where legs listen. */
export interface Place {
  pool: PortPool
  bind: string
  publicAddress: string
  /** What the SDP of this leg says instead, where no browser is at the far end. */
  told: string | null
}

function termsOf(sdp: string): AudioTerms {
  try {
    return readAudio(sdp)
  } catch (error) {
    if (error instanceof SdpError) throw new MediaError('malformed', error.message)
    if (error instanceof NotAcceptable) throw new MediaError('not-acceptable', error.message)
    throw error
  }
}

/** One format of each law, in the peer's order. */
function chosen(terms: AudioTerms): AudioFormat[] {
  return terms.formats.filter(
    (format, index) => terms.formats.findIndex(({ codec }) => codec === format.codec) === index,
  )
}

/** DTLS on the sockets of a leg: agreed once, then the same in every description (RFC 8842 §5). */
interface Dtls {
  certificate: RTCCertificate
  setup: OwnDtls['setup']
  rtcpMux: boolean
  /** What the far end named when it was agreed; null before. */
  far: DtlsTerms | null
}

const newKeys = (tag: SrtpKeys['tag']): SrtpKeys => ({ key: randomBytes(16), salt: randomBytes(14), tag })

const newDtls = async (rtcpMux: boolean): Promise<Dtls> => ({
  certificate: await ownCertificate(),
  setup: 'actpass',
  rtcpMux,
  far: null,
})

const isSame = (one: DtlsTerms, other: DtlsTerms): boolean =>
  JSON.stringify(one.fingerprints) === JSON.stringify(other.fingerprints)

/** Browsers are served by IPv4 alone. */
const forBrowsers = (place: Place): Place => (place.bind === '::' ? { ...place, bind: '0.0.0.0' } : place)

/** Agrees with the far end of one call leg, by SDP offer and answer (RFC 3264), and opens what carries its packets. */
export class Negotiation {
  private readonly leg: CallLeg
  private readonly place: Place
  private readonly session = randomInt(1, 2 ** 47)
  private version = 1
  private pair: SocketPair | null = null
  private peer: Peer | null = null
  private formats: AudioFormat[] = []
  private eventType: number | null = null
  /** Our keys: fresh for the leg, then the same in every description (RFC 4568 §7.1). */
  private crypto: CryptoTerms | null = null
  private dtls: Dtls | null = null
  /** The far end offered its keys under RTP/AVP (RFC 8643), and so do we from then on. */
  private optional = false
  private settled = false

  constructor(leg: CallLeg, place: Place) {
    this.leg = leg
    this.place = place
  }

  /** Answers the first offer of a leg. Throws MediaError malformed, not-acceptable, no-ports. */
  async answer(sdp: string): Promise<string> {
    const terms = termsOf(sdp)
    await this.open(terms.webRtc ? 'webrtc' : 'rtp', 'answer')
    this.mustReach(terms)
    if (terms.crypto) this.crypto = { tag: terms.crypto.tag, keys: newKeys(terms.crypto.keys.tag) }
    this.optional = isPlain(terms.protocol)
    if (terms.dtls) this.dtls = await newDtls(true)
    return this.respond(terms)
  }

  /**
   * Our offer, with the law of `first` before the other; on an open leg a fresh one of the same session. Another kind than
   * before, where nobody took that, secures it otherwise.
   */
  async offer(kind: LegKind, first: Codec): Promise<string> {
    if (!this.pair && !this.peer) {
      await this.open(kind, 'offer')
      const codecs: Codec[] = first === 'PCMU' ? ['PCMU', 'PCMA'] : ['PCMA', 'PCMU']
      this.formats = codecs.map((codec) => ({ codec, payloadType: payloadTypes[codec] }))
      this.eventType = OUR_EVENT_TYPE
      this.leg.reception.expect(this.formats, [this.eventType])
    }
    if (!this.settled) {
      this.crypto = kind === 'srtp' ? (this.crypto ?? { tag: '1', keys: newKeys(10) }) : null
      // Beside keys for those who answer them with a certificate all the same.
      this.dtls = kind === 'srtp' || kind === 'dtls' ? (this.dtls ?? (await newDtls(kind === 'dtls'))) : null
    }
    return writeOffer(this.own('sendrecv'))
  }

  /** Takes the answer to our offer. */
  accept(sdp: string): void {
    const terms = termsOf(sdp)
    if (terms.crypto) this.dtls = null
    else if (terms.dtls) this.crypto = null
    this.mustFit(terms)
    if (terms.webRtc) this.peer?.connect(terms.webRtc)
    if (terms.dtls) this.shake(terms, terms.dtls)
    this.settle(terms)
  }

  /** Answers a later offer. Throws MediaError and leaves the leg as it was. */
  renegotiate(sdp: string): string {
    const terms = termsOf(sdp)
    this.mustFit(terms)
    if (terms.webRtc && this.peer?.restarts(terms.webRtc))
      throw new MediaError('not-acceptable', 'ICE restart')
    return this.respond(terms)
  }

  /** A leg never changes what secures it, nor the length of its tags. */
  private mustFit(terms: AudioTerms): void {
    if ((terms.webRtc !== null) !== (this.peer !== null) || terms.crypto?.keys.tag !== this.crypto?.keys.tag)
      throw new MediaError('not-acceptable', 'other protocol')
    const { far } = this.dtls ?? {}
    if ((terms.dtls !== null) !== (this.dtls !== null) || (far && terms.dtls && !isSame(far, terms.dtls)))
      throw new MediaError('not-acceptable', 'other certificate')
    this.mustReach(terms)
  }

  private mustReach(terms: AudioTerms): void {
    if (this.pair && !isNowhere(terms.address) && !this.pair.reaches(terms.address))
      throw new MediaError('not-acceptable', 'address of another family')
  }

  private async open(kind: LegKind, ours: 'offer' | 'answer'): Promise<void> {
    const { leg, place } = this
    if (kind === 'webrtc')
      this.peer = await Peer.open(forBrowsers(place), ours, leg.carrierEvents, () => leg.connect())
    else this.pair = await SocketPair.open(place.pool, place.bind, leg.carrierEvents)
    const carrier = this.peer ?? this.pair
    if (!carrier) throw new MediaError('no-ports')
    leg.carrier = carrier
    if (!leg.closed) return
    await carrier.close()
    throw new MediaError('no-leg', 'closed meanwhile')
  }

  private respond(terms: AudioTerms): string {
    this.formats = chosen(terms)
    this.eventType = terms.eventType
    if (terms.webRtc) this.peer?.connect(terms.webRtc)
    if (terms.dtls) this.shake(terms, terms.dtls)
    this.settle(terms)
    return writeAnswer(this.own(answering(terms.direction)), terms)
  }

  /** Begins the handshake, or waits for it; later descriptions of the same change nothing. */
  private shake({ address, port, rtcpPort, rtcpMux }: AudioTerms, far: DtlsTerms): void {
    const { dtls, pair } = this
    if (!dtls || !pair || dtls.far) return
    dtls.far = far
    // Who may choose begins: its datagrams open its NAT for ours.
    const active = far.setup === 'passive'
    dtls.setup = active ? 'active' : 'passive'
    dtls.rtcpMux &&= rtcpMux
    const { certificate } = dtls
    const { fingerprints } = far
    pair.shake(
      (own, to) => new DtlsHandshake({ certificate, active, far: to, fingerprints }, own),
      { address, port },
      dtls.rtcpMux ? null : { address, port: rtcpPort },
    )
  }

  /** What both sides said becomes how the leg sends and what it expects. */
  private settle(terms: AudioTerms): void {
    const { leg } = this
    this.settled = true
    const nowhere = isNowhere(terms.address) && this.pair !== null
    if (this.crypto && terms.crypto) {
      this.crypto = { tag: terms.crypto.tag, keys: this.crypto.keys }
      this.pair?.secure(this.crypto.keys, terms.crypto.keys)
    }
    if (!nowhere) {
      this.pair?.expect(
        { address: terms.address, port: terms.port },
        { address: terms.address, port: terms.rtcpPort },
      )
    }
    const [first] = chosen(terms)
    if (!first) throw new MediaError('not-acceptable')
    leg.reception.expect([...this.formats, ...terms.formats], [this.eventType, terms.eventType])
    leg.agree({
      codec: first.codec,
      payloadType: first.payloadType,
      eventType: terms.eventType,
      allowed: !nowhere && (terms.direction === 'sendrecv' || terms.direction === 'recvonly'),
      held: terms.held,
      packetMs: this.pair ? terms.packetMs : 20,
    })
  }

  private own(direction: OwnAudio['direction']): OwnAudio {
    return {
      session: this.session,
      version: this.version++,
      address: (this.pair && this.place.told) ?? this.place.publicAddress,
      port: this.peer?.localPort ?? this.pair?.port ?? 0,
      formats: this.formats,
      eventType: this.eventType,
      direction,
      ssrc: this.leg.out.ssrc,
      webRtc: this.peer?.terms() ?? null,
      crypto: this.crypto,
      dtls: this.dtls && { ...this.dtls, fingerprint: fingerprintOf(this.dtls.certificate) },
      optional: this.optional,
    }
  }
}
