import type { DtlsKeys } from 'werift'
import { MediaStreamTrack, RTCPeerConnection, RTCRtpCodecParameters, RtpHeader, RtpPacket } from 'werift'
import { decode, encode } from '../media/g711.ts'
import { levelOf, tone } from '../media/tone.ts'

const FRAME = 160
const codec = (name: string, payloadType: number, parameters = ''): RTCRtpCodecParameters =>
  new RTCRtpCodecParameters({
    mimeType: `audio/${name}`,
    clockRate: 8000,
    channels: 1,
    payloadType,
    rtcpFeedback: [],
    parameters,
  })

/** For tests: a WebRTC peer (werift's own) in the place of a browser, that sends a tone and remembers what it hears. */
export class TestBrowser {
  readonly connection: RTCPeerConnection
  readonly arrivals: {
    at: number
    payload: Uint8Array
    payloadType: number
    sequence: number
    ssrc: number
  }[] = []
  private readonly track = new MediaStreamTrack({ kind: 'audio' })
  private timer: NodeJS.Timeout | null = null
  private sequence = 100
  private timestamp = 0

  /** With a certificate and a key of its own where they are given. */
  constructor(keys?: DtlsKeys) {
    this.connection = new RTCPeerConnection({
      dtls: keys ? { keys } : {},
      codecs: {
        audio: [codec('PCMU', 0), codec('PCMA', 8), codec('telephone-event', 126, '0-15')],
        video: [],
      },
      headerExtensions: { audio: [], video: [] },
      iceServers: [],
      bundlePolicy: 'max-bundle',
      iceUseIpv6: false,
      iceInterfaceAddresses: { udp4: '127.0.0.1' },
      iceAdditionalHostAddresses: ['127.0.0.1'],
    })
    this.connection.addTransceiver(this.track, { direction: 'sendrecv' })
    this.connection.onTrack.subscribe((track) => {
      track.onReceiveRtp.subscribe(({ header, payload }) => {
        this.arrivals.push({
          at: performance.now(),
          payload,
          payloadType: header.payloadType,
          sequence: header.sequenceNumber,
          ssrc: header.ssrc,
        })
      })
    })
  }

  async offer(): Promise<string> {
    await this.connection.setLocalDescription(await this.connection.createOffer())
    return this.connection.localDescription?.sdp ?? ''
  }

  async accept(answer: string): Promise<void> {
    await this.connection.setRemoteDescription({ type: 'answer', sdp: answer })
  }

  async answer(offer: string): Promise<string> {
    await this.connection.setRemoteDescription({ type: 'offer', sdp: offer })
    await this.connection.setLocalDescription(await this.connection.createAnswer())
    return this.connection.localDescription?.sdp ?? ''
  }

  /** Speaks one frequency in µ-law from now on. */
  speak(hz: number): void {
    const bytes = new Uint8Array(8000)
    encode('PCMU', tone(hz, 1000), bytes)
    const begun = performance.now()
    let sent = 0
    this.timer = setInterval(() => {
      while (begun + sent * 20 <= performance.now()) {
        const at = (sent * FRAME) % bytes.length
        this.send(0, bytes.subarray(at, at + FRAME))
        this.timestamp += FRAME
        sent += 1
      }
    }, 5)
  }

  /** Sends one packet with a payload type of the caller's choice. */
  send(payloadType: number, payload: Uint8Array): void {
    const [sender] = this.connection.getSenders()
    if (!sender || sender.dtlsTransport.state !== 'connected') return
    this.sequence += 1
    const header = new RtpHeader({
      version: 2,
      payloadType,
      sequenceNumber: this.sequence,
      timestamp: this.timestamp,
      ssrc: sender.ssrc,
    })
    const packet = new RtpPacket(header, Buffer.from(payload))
    void sender.dtlsTransport.sendRtp(packet.payload, packet.header)
  }

  hears(frequencies: number[], ms = 200): number[] {
    const since = performance.now() - ms
    const packets = this.arrivals.filter(({ at }) => at >= since)
    const samples = new Int16Array(packets.length * FRAME)
    packets.forEach(({ payload, payloadType }, index) =>
      decode(payloadType === 0 ? 'PCMU' : 'PCMA', payload, samples.subarray(index * FRAME)),
    )
    return frequencies.filter((hz) => levelOf(samples, hz) > 1500)
  }

  async close(): Promise<void> {
    if (this.timer) clearInterval(this.timer)
    await this.connection.close()
  }
}
