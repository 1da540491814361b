import type { SipHandlers, SipLimits } from './contract.ts'
import type { CallHost, SipCall } from './call.ts'
import { allowedMethods, supportedOptions } from './dialog.ts'
import type { Gate } from './gate.ts'
import { parseNameAddress } from './headers.ts'
import type { Headers } from './headers.ts'
import type { Identity } from './inbound.ts'
import { InboundLeg } from './inbound.ts'
import { SipParseError } from './parse-error.ts'
import type { Registrar } from './registrar.ts'
import type { GrantedSession } from './session-timer.ts'
import { grantSession, minSessionSeconds } from './session-timer.ts'
import { replacesOf } from './transfer.ts'
import type { ServerTransaction } from './transactions.ts'
import type { Trunks } from './trunks.ts'
import { parseUri, userOf } from './uri.ts'

/** What the reception needs. */
export interface ReceptionOptions {
  readonly calls: CallHost
  readonly limits: SipLimits
  readonly isKnown: (host: string) => boolean
  readonly acceptAnonymous: boolean
  readonly gate: Gate
  readonly registrar: Registrar
  readonly trunks: Trunks
  readonly owner: SipHandlers
  readonly findReplaced: (call: { callId: string; toTag: string; fromTag: string }) => SipCall | null
}

/** Methods that exist and are not served here (405); others are not known at all (501). */
const unserved = new Set(['MESSAGE', 'SUBSCRIBE', 'PUBLISH', 'PRACK', 'NOTIFY', 'INFO', 'UPDATE', 'REFER'])

/** Takes requests that belong to no call: who may come in, and as whom. */
export class Reception {
  private readonly options: ReceptionOptions
  /** Calls without ACK, by source. */
  private readonly halfOpen = new Map<string, number>()
  halfOpenCount = 0

  constructor(options: ReceptionOptions) {
    this.options = options
  }

  /** A request outside any dialog. */
  receive(transaction: ServerTransaction): void {
    const { request } = transaction
    const extensions = request.headers
      .list('require')
      .filter((option) => !supportedOptions.some((known) => known === option.toLowerCase()))
    if (extensions.length > 0)
      return this.refuseWith(transaction, 420, { unsupported: extensions.join(', ') })
    const uri = parseUri(request.uri)
    if (!uri) return transaction.answer(416)
    switch (request.method) {
      case 'INVITE':
        return this.receiveInvite(transaction)
      case 'REGISTER':
        return this.options.registrar.receive(transaction, this.options.gate)
      case 'OPTIONS':
        return this.refuseWith(transaction, 200, { accept: 'application/sdp' })
      case 'BYE':
        return transaction.answer(481)
      default:
        return this.refuseWith(transaction, unserved.has(request.method) ? 405 : 501, {})
    }
  }

  private refuseWith(transaction: ServerTransaction, status: number, headers: Record<string, string>): void {
    const response = transaction.response(status)
    response.headers.add('allow', allowedMethods).add('supported', supportedOptions.join(', '))
    for (const [name, value] of Object.entries(headers)) response.headers.add(name, value)
    transaction.respond(response)
  }

  private receiveInvite(transaction: ServerTransaction): void {
    const { request, flow } = transaction
    const type = request.headers.get('content-type') ?? ''
    if (request.headers.get('content-encoding') !== null || isUnknownBody(type, request.body)) {
      return this.refuseWith(transaction, 415, { accept: 'application/sdp', 'accept-encoding': 'identity' })
    }
    if (!wantsSdp(request.headers)) return this.refuseWith(transaction, 406, { accept: 'application/sdp' })
    if (this.isFull(flow.remoteHost)) return this.refuseWith(transaction, 503, { 'retry-after': '10' })
    const identity = this.identify(transaction)
    if (!identity) return
    transaction.answer(100)
    const granted = grantSession(request.headers, this.options.calls.sessionSeconds)
    if (granted === 'too small')
      return this.refuseWith(transaction, 422, { 'min-se': String(minSessionSeconds) })
    try {
      const replaces = replacesOf(request.headers)
      if (replaces && !this.options.findReplaced(replaces)) return transaction.answer(481)
    } catch (error) {
      if (!(error instanceof SipParseError)) throw error
      return transaction.answer(400)
    }
    this.letIn(transaction, identity, granted)
  }

  /** Who calls; null when that has been, or will be, answered. */
  private identify(transaction: ServerTransaction): Identity | null {
    const { request, flow } = transaction
    const { registrar, trunks, gate, acceptAnonymous } = this.options
    const claimed = userOf(parseNameAddress(request.headers.get('from') ?? '').uri)
    const here = registrar.accountsOn(flow)
    // A connection cannot be forged, so who registered on it needs no second proof. A UDP source can be.
    if (flow.transport !== 'udp' && here.includes(claimed)) return { account: claimed, trunk: null }
    const trunk = trunks.match(flow, userOf(request.uri))
    if (trunk && (trunk.exact || (here.length === 0 && !registrar.has(claimed)))) {
      return { account: null, trunk: trunk.id }
    }
    const proves = request.headers.get('proxy-authorization') !== null
    if (acceptAnonymous && !proves && here.length === 0 && !registrar.has(claimed)) {
      return { account: null, trunk: null }
    }
    const account = gate.check(transaction, 'proxy')
    return account === null ? null : { account, trunk: null }
  }

  private isFull(host: string): boolean {
    const { limits, isKnown } = this.options
    const known = isKnown(host)
    // Strangers leave a quarter of the room to those we know.
    if (this.halfOpenCount >= (known ? limits.halfOpen : 0.75 * limits.halfOpen)) return true
    return !known && (this.halfOpen.get(host) ?? 0) >= limits.strangerHalfOpen
  }

  private letIn(transaction: ServerTransaction, identity: Identity, granted: GrantedSession): void {
    const source = transaction.flow.remoteHost
    this.halfOpen.set(source, (this.halfOpen.get(source) ?? 0) + 1)
    this.halfOpenCount += 1
    let open = true
    const call = new InboundLeg(this.options.calls, transaction, identity, granted, () => {
      if (!open) return
      open = false
      this.halfOpenCount -= 1
      const left = (this.halfOpen.get(source) ?? 1) - 1
      if (left > 0) this.halfOpen.set(source, left)
      else this.halfOpen.delete(source)
    })
    try {
      call.handlers = this.options.owner.invite(call)
    } catch (error) {
      this.options.calls.log('an incoming call could not be served', { error: String(error) })
      call.reject(500)
    }
  }
}

/** False when the caller says which bodies it reads, and SDP is not among them (§13.2.1, §20.1). */
function wantsSdp(headers: Headers): boolean {
  const types = headers.list('accept').map((type) => (type.split(';')[0] ?? '').trim().toLowerCase())
  return (
    types.length === 0 || types.some((type) => ['application/sdp', 'application/*', '*/*'].includes(type))
  )
}

const isUnknownBody = (type: string, body: string): boolean =>
  body.trim() !== '' && !/^(application\/sdp|multipart\/(mixed|alternative))\b/i.test(type)
