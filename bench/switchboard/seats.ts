/* Seats for measurements, a process of its own: registers one, answers every call by WebRTC and says back what it hears. */
import {
  MediaStreamTrack,
  RTCPeerConnection,
  RTCRtpCodecParameters,
  RtpHeader,
  type RTCRtpSender,
} from 'werift'
import type { CallHandlers, InboundCall } from '../../switchboard/sip/contract.ts'
import { startSipStack } from '../../switchboard/sip/stack.ts'

const [port = '', user = '', password = ''] = process.argv.slice(2)

const codec = (name: string, payloadType: number): RTCRtpCodecParameters =>
  new RTCRtpCodecParameters({
    mimeType: `audio/${name}`,
    clockRate: 8000,
    channels: 1,
    payloadType,
    rtcpFeedback: [],
  })

function peer(): RTCPeerConnection {
  const connection = new RTCPeerConnection({
    // As browsers do, it names telephone events, so nobody has to listen for keys as tones.
    codecs: { audio: [codec('PCMU', 0), codec('PCMA', 8), codec('telephone-event', 126)], video: [] },
    headerExtensions: { audio: [], video: [] },
    iceServers: [],
    bundlePolicy: 'max-bundle',
    iceUseIpv6: false,
    iceInterfaceAddresses: { udp4: '127.0.0.1' },
    iceAdditionalHostAddresses: ['127.0.0.1'],
  })
  connection.addTransceiver(new MediaStreamTrack({ kind: 'audio' }), { direction: 'sendrecv' })
  connection.onTrack.subscribe((track) => {
    const [sender] = connection.getSenders()
    if (!sender) return
    track.onReceiveRtp.subscribe(({ header, payload }) => echo(sender, header, payload))
  })
  return connection
}

function echo(sender: RTCRtpSender, heard: RtpHeader, payload: Buffer): void {
  if (sender.dtlsTransport.state !== 'connected') return
  const { payloadType, sequenceNumber, timestamp, marker } = heard
  const header = new RtpHeader({
    version: 2,
    payloadType,
    sequenceNumber,
    timestamp,
    marker,
    ssrc: sender.ssrc,
  })
  void sender.dtlsTransport.sendRtp(payload, header)
}

function take(call: InboundCall): CallHandlers {
  const connection = peer()
  const answer = async (): Promise<void> => {
    await connection.setRemoteDescription({ type: 'offer', sdp: call.offer ?? '' })
    await connection.setLocalDescription(await connection.createAnswer())
    call.answer(connection.localDescription?.sdp ?? '')
  }
  call.ring()
  answer().catch(() => call.hangup())
  return {
    offered: () => connection.localDescription?.sdp ?? '',
    ended: () => void connection.close().catch(() => undefined),
  }
}

const stack = await startSipStack(
  { host: '127.0.0.1', publicAddress: null, port: 0, realm: 'seats', acceptAnonymous: true },
  {
    invite: take,
    trunkState: ({ state }) => {
      if (state === 'registered') process.send?.({ type: 'ready' })
    },
  },
)
stack.putTrunk({
  id: 'board',
  kind: 'registration',
  host: '127.0.0.1',
  port: Number(port),
  transport: 'udp',
  username: user,
  password,
  expiresSeconds: 120,
})
process.on('disconnect', () => process.exit(0))
