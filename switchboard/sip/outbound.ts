import { SipCall } from './call.ts'
import type { CallHost } from './call.ts'
import type { CallRequest, HangupReason, OutboundCall, OutboundHandlers } from './contract.ts'
import { dialogAsClient, requestIn } from './dialog.ts'
import type { Dialog } from './dialog.ts'
import type { Credentials } from './digest.ts'
import { answerChallenge } from './digest.ts'
import type { Flow } from './flow.ts'
import { Headers, writeNameAddress } from './headers.ts'
import type { SipRequest, SipResponse } from './message.ts'
import { parseCSeq, sdpOf, tagOf } from './message.ts'
import { agreedSession, minSessionSeconds } from './session-timer.ts'
import type { ClientTransaction } from './transactions.ts'
import { newTag } from './transactions.ts'
import { escapeUser, hostText } from './uri.ts'
import type { Ways } from './ways.ts'

/** Where an INVITE goes, found before it is sent. */
export interface Destination {
  readonly flow: Flow
  /** Further addresses of the same far end, `flow` being the first of them; null when there are none. */
  readonly ways: Ways | null
  /** Request URI. */
  readonly uri: string
  /** Domain of From; null: our own address. */
  readonly domain: string | null
  /** User part of our Contact. */
  readonly contactUser: string
  readonly credentials: Credentials | null
  readonly account: string | null
  readonly trunk: string | null
}

const T64 = 32_000

/**
 * How long an address may say nothing at all before the next one is tried, ms. RFC 3263 §4.3 would wait for timer B (32 s):
 * too long for who is in distress. Four INVITEs have gone out by then; what they may still bring is heard.
 */
const patience = 4_000

/** A call we begin. */
export class OutboundLeg extends SipCall implements OutboundCall {
  readonly direction = 'out'
  declare handlers: OutboundHandlers
  private readonly wanted: CallRequest
  private destination: Destination | null = null
  private transaction: ClientTransaction | null = null
  private provisional = false
  /** Set when we no longer want it: the cause for the CANCEL. */
  private unwanted: number | null = null
  private readonly cancelled = new Set<ClientTransaction>()
  private sequence = Math.floor(Math.random() * 10_000) + 1
  private sessionSeconds: number
  private tries = 0
  private stopTimeout = (): void => {}
  private stopPatience = (): void => {}
  private stopCancel = (): void => {}
  /** ACKs by To tag, to be sent again when a 2xx is repeated; a second tag is another fork, which gets a BYE. */
  private readonly acks = new Map<string, { dialog: Dialog; wire: string }>()
  /** SDP of 183s by To tag: some far ends do not say it again in their 200. */
  private readonly early = new Map<string, string>()

  constructor(host: CallHost, id: string, flow: Flow, wanted: CallRequest, handlers: OutboundHandlers) {
    super(host, id, newTag(), flow, new Headers())
    this.wanted = wanted
    this.handlers = handlers
    this.sessionSeconds = host.sessionSeconds
    host.add(this)
    this.stopTimeout = host.clock.after(wanted.timeoutMs ?? 120_000, () => this.timedOut(19))
  }

  /** Sends the INVITE, unless the call has been given up meanwhile. */
  start(destination: Destination): void {
    if (this.isOver) return this.forget()
    this.destination = destination
    this.flow = destination.flow
    this.account = destination.account
    this.trunk = destination.trunk
    this.credentials = destination.credentials
    this.contactUser = destination.contactUser
    this.sendInvite({})
    this.tell(() => this.handlers.trying?.())
  }

  /** There is no way to the called side. */
  unreachable(status: number, cause: number): void {
    this.stopTimeout()
    this.finish({ by: 'error', status, cause, reason: null })
    this.forget()
  }

  /** A 2xx after its transaction has ended: acknowledge it again. */
  lateSuccess(response: SipResponse, flow: Flow): void {
    this.succeed(response, flow)
  }

  override forget(): void {
    this.stopTimeout()
    this.stopPatience()
    this.stopCancel()
    super.forget()
  }

  protected giveUp(reason: HangupReason): void {
    const cause = reason.cause ?? 16
    this.finish({ by: 'local', status: 487, cause, reason: null })
    this.abandonInvite(cause)
  }

  /** Nobody answered (Q.850 cause 19), or nothing was heard at all (18). */
  private timedOut(cause: 18 | 19): void {
    if (this.isOver || this.state === 'answered') return
    this.finish({ by: 'timeout', status: 408, cause, reason: null })
    this.abandonInvite(cause)
  }

  private abandonInvite(cause: number): void {
    this.stopTimeout()
    this.unwanted = cause
    if (this.transaction === null) this.forget()
    else if (this.provisional) this.cancel()
  }

  // ---- INVITE ----------------------------------------------------------------------------------------------------

  private sendInvite(extra: Record<string, string>): void {
    const { destination } = this
    if (!destination) return
    this.tries += 1
    const request = this.inviteTo(destination)
    for (const [name, value] of Object.entries(extra)) request.headers.set(name, value)
    this.provisional = false
    const sent = this.host.transactions.send(request, this.flow, {
      response: (response, flow) => {
        if (this.transaction === sent) this.receiveResponse(request, response, flow)
        else this.receiveLate(sent, response, flow)
      },
      failed: (why) => {
        if (this.transaction === sent) this.failed(why)
      },
    })
    this.transaction = sent
    this.stopPatience()
    if (destination.ways?.hasMore)
      this.stopPatience = this.host.clock.after(patience, () => void this.moveOn(() => {}))
    else if (this.wanted.silenceMs !== undefined)
      this.stopPatience = this.host.clock.after(this.wanted.silenceMs, () => this.timedOut(18))
  }

  /** The INVITE goes to the next address, with a number of its own lest it be taken for a loop; else `otherwise`. */
  private async moveOn(otherwise: () => void): Promise<void> {
    const before = this.transaction
    const flow = (await this.destination?.ways?.next()) ?? null
    // Meanwhile the call may have been given up, or the silent address have spoken.
    if (this.isOver || this.provisional || this.state !== 'trying' || this.transaction !== before) return
    if (!flow) return otherwise()
    before?.hush()
    this.flow = flow
    this.tries = 0
    this.sendInvite({})
  }

  /** An address that was given up for another speaks after all: nothing may go on ringing there, nor be answered twice. */
  private receiveLate(sent: ClientTransaction, response: SipResponse, flow: Flow): void {
    if (response.status < 200) return this.cancel(sent)
    if (response.status >= 300) return
    if (this.isOver) this.unwanted ??= 16
    if (!this.dialog) {
      const slower = this.transaction
      slower?.hush()
      this.transaction = sent
      if (slower) this.cancel(slower)
    }
    this.succeed(response, flow, sent.request)
  }

  private inviteTo(destination: Destination): SipRequest {
    const { flow } = this
    const { uri } = destination
    const { from, offer } = this.wanted
    this.sequence += 1
    const domain = destination.domain ?? hostText(flow.localHost)
    // A caller who withheld the number stays anonymous (RFC 3323 §4.1.1.3).
    const own =
      from.number === '' ? 'sip:anonymous@anonymous.invalid' : `sip:${escapeUser(from.number)}@${domain}`
    const headers = new Headers()
    headers.add('max-forwards', 70)
    headers.add('from', `${writeNameAddress(from.name, own)};tag=${this.localTag}`)
    headers.add('to', `<${uri}>`).add('call-id', this.id).add('cseq', `${this.sequence} INVITE`)
    this.describe(headers, flow)
    if (this.sessionSeconds > 0) {
      headers.add('session-expires', this.sessionSeconds).add('min-se', minSessionSeconds)
    }
    headers.add('user-agent', this.host.userAgent)
    for (const [name, value] of Object.entries(this.wanted.headers ?? {})) headers.add(name, value)
    headers.add('content-type', 'application/sdp')
    this.offers.localSdp = offer
    return { kind: 'request', method: 'INVITE', uri, headers, body: offer }
  }

  private receiveResponse(invite: SipRequest, response: SipResponse, flow: Flow): void {
    this.stopPatience()
    if (response.status < 200) return this.progress(response)
    if (response.status < 300) return this.succeed(response, flow)
    this.stopCancel()
    if (this.unwanted === null && this.tryAgain(invite, response)) return
    // It cannot serve anybody: the next address may (RFC 3263 §4.3).
    if (response.status === 503 && this.leaveAddress(() => this.refused(response))) return
    this.refused(response)
  }

  /** True when there is another address to go to; what is awaited here is over. */
  private leaveAddress(otherwise: () => void): boolean {
    if (this.unwanted !== null || this.state !== 'trying' || !this.destination?.ways?.hasMore) return false
    this.transaction = null
    this.provisional = false
    this.stopPatience()
    void this.moveOn(otherwise)
    return true
  }

  private refused(response: SipResponse): void {
    this.stopTimeout()
    this.remoteHeaders = response.headers
    this.finish(this.endBy('remote', response.status, response.headers))
    this.forget()
  }

  private progress(response: SipResponse): void {
    this.provisional = true
    if (this.unwanted !== null) return this.cancel()
    if (response.status === 100 || this.state === 'answered') return
    this.remoteHeaders = response.headers
    this.state = 'ringing'
    const sdp = sdpOf(response)
    if (sdp !== null && this.early.size < 16) this.early.set(tagOf(response.headers, 'to') ?? '', sdp)
    this.tell(() => this.handlers.ringing?.(sdp, response.status))
  }

  /** Credentials asked for, or a longer session interval: once more with them. */
  private tryAgain(invite: SipRequest, response: SipResponse): boolean {
    const { status } = response
    if (status === 422 && this.tries < 4) {
      const least = Number(response.headers.get('min-se'))
      if (!(least > this.sessionSeconds && least < 100_000)) return false
      this.sessionSeconds = least
      this.sendInvite({ 'min-se': String(least) })
      return true
    }
    if ((status !== 401 && status !== 407) || !this.credentials || this.tries > 3) return false
    const answer = answerChallenge(response, 'INVITE', invite.uri, this.credentials)
    if (!answer || (invite.headers.get(answer.name) !== null && !answer.stale)) return false
    this.sendInvite({ [answer.name]: answer.value })
    return true
  }

  private failed(why: 'timeout' | 'transport'): void {
    if (!this.leaveAddress(() => this.unanswered(why))) this.unanswered(why)
  }

  private unanswered(why: 'timeout' | 'transport'): void {
    this.stopTimeout()
    this.finish(
      why === 'timeout'
        ? { by: 'timeout', status: 408, cause: 18, reason: null }
        : { by: 'error', status: 503, cause: 38, reason: null },
    )
    this.forget()
  }

  /** 2xx: acknowledge it; keep the first, end any other fork and anything no longer wanted. */
  private succeed(response: SipResponse, flow: Flow, invite = this.transaction?.request): void {
    const tag = tagOf(response.headers, 'to') ?? ''
    const known = this.acks.get(tag)
    if (known) {
      known.dialog.flow.send(known.wire)
      return
    }
    if (!invite || this.acks.size >= 16) return
    const dialog = dialogAsClient(invite, response, flow)
    if (this.account === null) dialog.flow = this.host.wayTo(dialog, flow)
    this.acks.set(tag, {
      dialog,
      wire: this.acknowledge(dialog, parseCSeq(invite.headers).number),
    })
    if (this.dialog) return this.endFork(dialog)
    this.dialog = dialog
    this.stopTimeout()
    this.stopCancel()
    if (this.unwanted !== null) {
      this.bye(this.unwanted)
      return
    }
    this.state = 'answered'
    this.remoteHeaders = response.headers
    this.setSession(agreedSession(response.headers, this.host.sessionSeconds))
    this.tell(() => this.handlers.answered(sdpOf(response) ?? this.early.get(tag) ?? ''))
  }

  private endFork(dialog: Dialog): void {
    const bye = requestIn(dialog, 'BYE')
    bye.headers.add('reason', 'Q.850;cause=26')
    this.host.transactions.send(bye, dialog.flow, { response() {}, failed() {} })
  }

  /** CANCEL: the INVITE's request line, Via, To and number (RFC 3261 §9.1). */
  private cancel(transaction = this.transaction): void {
    if (!transaction || this.cancelled.has(transaction) || transaction.state !== 'proceeding') return
    this.cancelled.add(transaction)
    const invite = transaction.request.headers
    const headers = new Headers()
    headers.add('max-forwards', 70)
    for (const route of invite.all('route')) headers.add('route', route)
    for (const name of ['from', 'to', 'call-id']) headers.add(name, invite.get(name) ?? '')
    headers.add('cseq', `${parseCSeq(invite).number} CANCEL`)
    headers.add('reason', `Q.850;cause=${this.unwanted ?? 16}`)
    const branch = /;branch=([^;]+)/.exec(invite.get('via') ?? '')?.[1] ?? ''
    const cancel: SipRequest = {
      kind: 'request',
      method: 'CANCEL',
      uri: transaction.request.uri,
      headers,
      body: '',
    }
    this.host.transactions.send(cancel, transaction.flow, { response() {}, failed() {} }, branch)
    const stop = this.host.clock.after(T64, () => {
      transaction.end()
      if (transaction === this.transaction) this.forget()
    })
    if (transaction === this.transaction) this.stopCancel = stop
  }
}
