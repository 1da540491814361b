import type { Flow } from './flow.ts'
import { Headers, parseNameAddress } from './headers.ts'
import type { SipRequest, SipResponse } from './message.ts'
import { parseCSeq, tagOf } from './message.ts'
import { escapeUser, hostText, parseUri } from './uri.ts'

/** The state of a dialog (RFC 3261 §12). It changes as requests go and come. */
export interface Dialog {
  readonly callId: string
  readonly localTag: string
  readonly remoteTag: string
  /** From and To as we write them: ours and the peer's, with tags. */
  readonly local: string
  readonly remote: string
  /** The peer's Contact. */
  target: string
  /** Proxies to pass, first to last. */
  readonly routes: readonly string[]
  localSeq: number
  remoteSeq: number
  /** The way to the peer; the newest one it used. */
  flow: Flow
}

/** What we serve inside a dialog; every INVITE and its answers say it. */
export const allowedMethods = 'INVITE, ACK, CANCEL, BYE, OPTIONS, INFO, UPDATE, REFER, NOTIFY'

/** Extensions we know. */
export const supportedOptions = ['timer', 'replaces', 'norefersub'] as const

/** Our Contact on a flow. */
export function contactOn(flow: Flow, user: string): string {
  const transport = flow.transport === 'udp' ? '' : `;transport=${flow.transport}`
  const who = user === '' ? '' : `${escapeUser(user)}@`
  return `<sip:${who}${hostText(flow.localHost)}:${flow.localPort}${transport}>`
}

const contactUri = (headers: Headers, otherwise: string): string => {
  const contact = headers.list('contact')[0]
  return contact === undefined || contact === '*' ? otherwise : parseNameAddress(contact).uri
}

/** The dialog an INVITE we received begins (§12.1.1). */
export function dialogAsServer(invite: SipRequest, localTag: string, flow: Flow): Dialog {
  const { headers } = invite
  const to = headers.get('to') ?? ''
  return {
    callId: headers.get('call-id') ?? '',
    localTag,
    remoteTag: tagOf(headers, 'from') ?? '',
    local: `${to};tag=${localTag}`,
    remote: headers.get('from') ?? '',
    target: contactUri(headers, parseNameAddress(headers.get('from') ?? '').uri),
    routes: headers.list('record-route'),
    localSeq: Math.floor(Math.random() * 10_000) + 1,
    remoteSeq: parseCSeq(headers).number,
    flow,
  }
}

/** The dialog a 2xx to our INVITE begins (§12.1.2). */
export function dialogAsClient(invite: SipRequest, response: SipResponse, flow: Flow): Dialog {
  return {
    callId: invite.headers.get('call-id') ?? '',
    localTag: tagOf(invite.headers, 'from') ?? '',
    remoteTag: tagOf(response.headers, 'to') ?? '',
    local: invite.headers.get('from') ?? '',
    remote: response.headers.get('to') ?? '',
    target: contactUri(response.headers, invite.uri),
    routes: response.headers.list('record-route').reverse(),
    localSeq: parseCSeq(invite.headers).number,
    remoteSeq: -1,
    flow,
  }
}

/** Follows a Contact in a re-INVITE, an UPDATE or their 2xx (target refresh, §12.2). */
export function refreshTarget(dialog: Dialog, headers: Headers): void {
  dialog.target = contactUri(headers, dialog.target)
}

/** True for a request of the peer that is in order; remembers its number (§12.2.2). */
export function acceptSequence(dialog: Dialog, request: SipRequest): boolean {
  const { number } = parseCSeq(request.headers)
  if (number < dialog.remoteSeq) return false
  dialog.remoteSeq = number
  return true
}

/** A request inside the dialog (§12.2.1.1), still without Via. ACK takes the number of the INVITE it is for. */
export function requestIn(dialog: Dialog, method: string, ackFor?: number): SipRequest {
  if (ackFor === undefined) dialog.localSeq += 1
  const headers = new Headers()
  let uri = dialog.target
  let routes = [...dialog.routes]
  const first = routes[0] === undefined ? null : parseNameAddress(routes[0])
  if (first && !parseUri(first.uri)?.params.has('lr')) {
    // A strict router of old: it wants itself in the request line and the target at the end.
    uri = first.uri
    routes = [...routes.slice(1), `<${dialog.target}>`]
  }
  for (const route of routes) headers.add('route', route)
  headers.add('max-forwards', 70).add('from', dialog.local).add('to', dialog.remote)
  headers.add('call-id', dialog.callId).add('cseq', `${ackFor ?? dialog.localSeq} ${method}`)
  return { kind: 'request', method, uri, headers, body: '' }
}
