// For tests: the messages of one call of a peer that writes SIP by hand.
import type { SipRequest, SipResponse } from './message.ts'
import type { RawPeer } from './raw-peer.ts'
import { requestText } from './raw-peer.ts'
import { sdp } from './test-stack.ts'

/** Whom the peer calls. */
export const line = 'sip:1001@127.0.0.1'
/** What an INVITE with SDP carries. */
export const withOffer = ['Content-Type: application/sdp']

/** The lines that identify an INVITE and all that belongs to it. */
export const callLines = (peer: RawPeer, name: string, cseq = '1 INVITE'): string[] => [
  `Via: SIP/2.0/UDP 127.0.0.1:${peer.port};branch=z9hG4bK${name};rport`,
  `Call-ID: ${name}`,
  `CSeq: ${cseq}`,
  `Contact: <sip:raw@127.0.0.1:${peer.port}>`,
]

/** An INVITE of the peer. */
export const invite = (peer: RawPeer, name: string, more: string[] = []): string =>
  requestText('INVITE', line, [...callLines(peer, name), ...withOffer, ...more], sdp('raw'))

/** A request in the dialog that a 2xx of the stack has made. */
export const inDialog = (
  peer: RawPeer,
  method: string,
  ok: SipResponse,
  cseq: number,
  more: string[] = [],
  body = '',
): string =>
  requestText(
    method,
    line,
    [
      `Via: SIP/2.0/UDP 127.0.0.1:${peer.port};branch=z9hG4bK${method}${cseq}${ok.headers.get('call-id')};rport`,
      `Call-ID: ${ok.headers.get('call-id') ?? ''}`,
      `CSeq: ${cseq} ${method}`,
      `To: ${ok.headers.get('to') ?? ''}`,
      ...more,
    ],
    body,
  )

/** A response of the peer to a request of the stack. */
export function respond(
  peer: RawPeer,
  request: SipRequest,
  status: number,
  toTag: string,
  more: string[] = [],
  body = '',
): void {
  const { headers } = request
  const to = headers.get('to') ?? ''
  const lines = [
    `SIP/2.0 ${status} Whatever`,
    `Via: ${headers.get('via') ?? ''}`,
    `From: ${headers.get('from') ?? ''}`,
    `To: ${/;tag=/.test(to) ? to : `${to};tag=${toTag}`}`,
    `Call-ID: ${headers.get('call-id') ?? ''}`,
    `CSeq: ${headers.get('cseq') ?? ''}`,
    ...more,
  ]
  const type = body === '' ? [] : withOffer
  peer.send([...lines, ...type, `Content-Length: ${Buffer.byteLength(body)}`, '', body].join('\r\n'))
}
