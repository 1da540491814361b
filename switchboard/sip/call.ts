import { causeOfStatus, reasonCause } from './causes.ts'
import type { CallEnd, CallHandlers, Clock, HangupReason, RemoteAddress } from './contract.ts'
import { RequestFailed } from './contract.ts'
import type { Dialog } from './dialog.ts'
import {
  acceptSequence,
  allowedMethods,
  contactOn,
  refreshTarget,
  requestIn,
  supportedOptions,
} from './dialog.ts'
import type { Credentials } from './digest.ts'
import { answerChallenge } from './digest.ts'
import type { Flow } from './flow.ts'
import type { Headers } from './headers.ts'
import { digitOf, writeDigit } from './info.ts'
import type { SipRequest, SipResponse } from './message.ts'
import { parseCSeq, reasonOf, serialiseMessage } from './message.ts'
import { OfferExchange } from './offers.ts'
import type { SessionTerms } from './session-timer.ts'
import { SessionTimer } from './session-timer.ts'
import { receiveRefer } from './transfer.ts'
import { T1, T2 } from './transaction-tables.ts'
import type { ServerTransaction, Transactions } from './transactions.ts'
import { newBranch, viaFor } from './transactions.ts'

/** What a call needs of the stack. */
export interface CallHost {
  readonly clock: Clock
  readonly transactions: Transactions
  readonly userAgent: string
  /** Session interval we ask for, seconds; 0 never. */
  readonly sessionSeconds: number
  /** An open way to the peer of a call whose connection has closed, or null. */
  reopen(call: SipCall): Promise<Flow | null>
  /** The way for requests in a dialog we began; `used` is the one the answer came by. */
  wayTo(dialog: Dialog, used: Flow): Flow
  /** Calls are found by Call-ID and our tag while they are here. */
  add(call: SipCall): void
  remove(call: SipCall): void
  log(message: string, fields?: Record<string, string | number>): void
}

/** What a request inside the dialog carries. */
export interface RequestContent {
  readonly headers?: Readonly<Record<string, string>>
  readonly type?: string
  readonly body?: string
}

interface RepeatedAnswer {
  stop(): void
  readonly acked: (ack: SipRequest) => void
}

/** The half of a call that is the same whichever side began it: the dialog and all that happens in it. */
export abstract class SipCall {
  readonly id: string
  readonly localTag: string
  abstract readonly direction: 'in' | 'out'
  state: 'trying' | 'ringing' | 'answered' | 'ended' = 'trying'
  account: string | null = null
  trunk: string | null = null
  credentials: Credentials | null = null
  dialog: Dialog | null = null
  /** Of the session timer now running. */
  terms: SessionTerms | null = null
  /** User part of our Contact in this call. */
  contactUser = ''
  readonly host: CallHost
  /** Set once by whoever made the call. */
  handlers: CallHandlers = { ended() {} }
  readonly offers: OfferExchange
  protected flow: Flow
  protected remoteHeaders: Headers
  private readonly session: SessionTimer
  private readonly answers = new Map<number, RepeatedAnswer>()
  private over = false
  private byeAfterAck: number | null = null

  constructor(host: CallHost, id: string, localTag: string, flow: Flow, headers: Headers) {
    this.host = host
    this.id = id
    this.localTag = localTag
    this.flow = flow
    this.remoteHeaders = headers
    this.offers = new OfferExchange(this)
    this.session = new SessionTimer(
      host.clock,
      (terms) => void this.keepAlive(terms),
      () => this.vanish(),
    )
  }

  get remote(): RemoteAddress {
    const { transport, remoteHost, remotePort } = this.wayOut
    return { transport, host: remoteHost, port: remotePort }
  }

  get localHost(): string {
    return this.wayOut.localHost
  }

  get wayOut(): Flow {
    return this.dialog?.flow ?? this.flow
  }

  /** True once `ended` has been told or is about to be. */
  get isOver(): boolean {
    return this.over
  }

  /** True while a 2xx of ours has had no ACK. */
  get awaitsAck(): boolean {
    return this.answers.size > 0
  }

  header(name: string): string | null {
    return this.remoteHeaders.get(name)
  }

  /** Ends a call that has not been answered yet. */
  protected abstract giveUp(reason: HangupReason): void

  hangup(reason: HangupReason = {}): void {
    if (this.over) return
    if (this.state !== 'answered') return this.giveUp(reason)
    this.finish({ by: 'local', status: null, cause: reason.cause ?? 16, reason: null })
    this.bye(reason.cause ?? 16)
  }

  async reinvite(sdp: string): Promise<string> {
    return this.offers.send(sdp)
  }

  async isThere(withinMs: number): Promise<boolean> {
    if (this.over || this.state !== 'answered') return false
    return new Promise((resolve) => {
      const stop = this.host.clock.after(withinMs, () => resolve(false))
      void this.request('OPTIONS').then(({ status }) => {
        stop()
        resolve(status !== 408 && status !== 481)
      })
    })
  }

  async sendDigit(digit: string, durationMs = 160): Promise<void> {
    const { status } = await this.request('INFO', writeDigit(digit, durationMs))
    if (status >= 300) throw new RequestFailed(status, reasonOf(status))
  }

  /** Calls a handler of the owner; what it throws is logged and ends nothing. */
  tell(what: (handlers: CallHandlers) => void): void {
    if (this.over) return
    try {
      what(this.handlers)
    } catch (error) {
      this.host.log('a call handler failed', { error: String(error) })
    }
  }

  /** Tells the end, once, after the present step; nothing is told afterwards. */
  finish(end: CallEnd): void {
    if (this.over) return
    this.over = true
    this.state = 'ended'
    this.session.stop()
    queueMicrotask(() => {
      try {
        this.handlers.ended(end)
      } catch (error) {
        this.host.log('a call handler failed', { error: String(error) })
      }
    })
  }

  /** The end as a message tells it: its Reason, else its status. */
  endBy(by: CallEnd['by'], status: number | null, headers: Headers | null): CallEnd {
    const said = headers ? reasonCause(headers) : null
    const cause = said ?? (status === null ? 16 : causeOfStatus(status))
    return { by, status, cause, reason: headers?.get('reason') ?? null }
  }

  /** Headers of every 2xx and every request that sets a session up. */
  describe(headers: Headers, flow: Flow): void {
    headers.add('contact', contactOn(flow, this.contactUser))
    headers.add('allow', allowedMethods).add('supported', supportedOptions.join(', '))
  }

  setSession(terms: SessionTerms | null): void {
    this.terms = terms
    if (!this.over) this.session.start(terms)
  }

  // ---- requests of ours ------------------------------------------------------------------------------------------

  /** Sends a request in the dialog; resolves with its final status and response (408 and null when none came). */
  async request(
    method: string,
    content: RequestContent = {},
  ): Promise<{ status: number; response: SipResponse | null }> {
    const first = await this.requestOnce(method, content)
    if (first.status !== 401 && first.status !== 407) return first
    const { response } = first
    const answer =
      this.credentials && response && this.dialog
        ? answerChallenge(response, method, this.dialog.target, this.credentials)
        : null
    if (!answer) return first
    return this.requestOnce(method, {
      ...content,
      headers: { ...content.headers, [answer.name]: answer.value },
    })
  }

  /** Builds a request in the dialog, with our usual headers. */
  build(dialog: Dialog, method: string, content: RequestContent): SipRequest {
    const request = requestIn(dialog, method)
    if (method === 'INVITE' || method === 'UPDATE') this.describe(request.headers, dialog.flow)
    request.headers.add('user-agent', this.host.userAgent)
    for (const [name, value] of Object.entries(content.headers ?? {})) request.headers.add(name, value)
    if (content.type !== undefined) request.headers.add('content-type', content.type)
    return { ...request, body: content.body ?? '' }
  }

  /** An open way to the peer: the dialog's, or a new one when that has closed. Null when there is none. */
  async openFlow(): Promise<Flow | null> {
    if (this.wayOut.open) return this.wayOut
    const flow = await this.host.reopen(this)
    if (flow && this.dialog) this.dialog.flow = flow
    return flow
  }

  /** ACK for a 2xx to our INVITE; returns what to send again when the 2xx is repeated. */
  acknowledge(dialog: Dialog, number: number): string {
    const ack = requestIn(dialog, 'ACK', number)
    ack.headers.prepend('via', viaFor(dialog.flow, newBranch()))
    const wire = serialiseMessage(ack)
    dialog.flow.send(wire)
    return wire
  }

  /** Sends BYE and forgets the call when it is answered. Not before an outstanding ACK (RFC 3261 §15). */
  bye(cause: number): void {
    if (this.answers.size > 0) {
      this.byeAfterAck = cause
      return
    }
    const headers = { reason: `Q.850;cause=${cause}` }
    void this.request('BYE', { headers }).finally(() => this.forget())
  }

  /** The peer is gone for good: told to nobody but our owner and, in case it is not, the peer. */
  vanish(): void {
    if (this.over) return
    this.finish({ by: 'timeout', status: null, cause: 102, reason: null })
    this.bye(102)
  }

  private async requestOnce(
    method: string,
    content: RequestContent,
  ): Promise<{ status: number; response: SipResponse | null }> {
    const flow = await this.openFlow()
    const { dialog } = this
    if (!flow || !dialog) return { status: 408, response: null }
    return new Promise((resolve) => {
      this.host.transactions.send(this.build(dialog, method, content), flow, {
        response: (response) => {
          if (response.status >= 200) resolve({ status: response.status, response })
        },
        failed: () => resolve({ status: 408, response: null }),
      })
    })
  }

  /** Refresh or probe when half of the session interval has passed. */
  private async keepAlive(terms: SessionTerms): Promise<void> {
    if (this.over) return
    const status = await this.offers.refresh(terms)
    if (status === 408 || status === 481) this.vanish()
    else if (status >= 300 && !this.over && this.terms?.duty === 'refresh') this.session.again(this.terms)
  }

  // ---- requests of the peer --------------------------------------------------------------------------------------

  /** A request of the peer in this dialog, other than ACK and CANCEL. */
  receive(transaction: ServerTransaction): void {
    const { request } = transaction
    const { dialog } = this
    if (!dialog || !acceptSequence(dialog, request)) {
      transaction.answer(dialog ? 500 : 481)
      return
    }
    if (transaction.flow.open) dialog.flow = transaction.flow
    if (request.method === 'BYE') return this.receiveBye(transaction)
    if (this.over) return transaction.answer(481)
    switch (request.method) {
      case 'INVITE':
      case 'UPDATE':
        refreshTarget(dialog, request.headers)
        return void this.offers.receive(transaction)
      case 'INFO':
        return this.receiveInfo(transaction)
      case 'REFER':
        return receiveRefer(this, transaction)
      case 'NOTIFY':
        return transaction.answer(request.headers.get('event') === null ? 489 : 200)
      case 'OPTIONS':
        return this.respondWith(transaction, 200)
      default:
        return this.respondWith(transaction, 405)
    }
  }

  respondWith(transaction: ServerTransaction, status: number): void {
    const response = transaction.response(status)
    response.headers.add('allow', allowedMethods).add('supported', supportedOptions.join(', '))
    transaction.respond(response)
  }

  /** Sends a 2xx to an INVITE again and again until its ACK comes (§13.3.1.4), 64*T1 at most. */
  answerReliably(
    transaction: ServerTransaction,
    response: SipResponse,
    acked: (ack: SipRequest) => void,
    lost: () => void,
  ): void {
    const { clock } = this.host
    const number = parseCSeq(transaction.request.headers).number
    const wire = serialiseMessage(response)
    let wait = T1
    const repeat = (): void => {
      this.wayOut.send(wire)
      wait = Math.min(2 * wait, T2)
      stopRepeating = clock.after(wait, repeat)
    }
    let stopRepeating = clock.after(wait, repeat)
    const stopWaiting = clock.after(64 * T1, () => {
      this.endAnswer(number)
      lost()
    })
    const stop = (): void => {
      stopRepeating()
      stopWaiting()
    }
    this.answers.set(number, { stop, acked })
    transaction.respond(response)
  }

  /** ACK for one of our 2xx. */
  ack(request: SipRequest, flow: Flow): void {
    const number = parseCSeq(request.headers).number
    const answer = this.answers.get(number)
    if (!answer) return
    if (this.dialog && flow.open) this.dialog.flow = flow
    this.endAnswer(number)
    answer.acked(request)
  }

  private endAnswer(number: number): void {
    this.answers.get(number)?.stop()
    this.answers.delete(number)
    if (this.byeAfterAck !== null && this.answers.size === 0) this.bye(this.byeAfterAck)
  }

  private receiveBye(transaction: ServerTransaction): void {
    transaction.answer(200)
    this.offers.abandon()
    this.finish(this.endBy('remote', null, transaction.request.headers))
    this.forget()
  }

  private receiveInfo(transaction: ServerTransaction): void {
    const { request } = transaction
    const type = request.headers.get('content-type') ?? ''
    const press = digitOf(type, request.body)
    if (press === 'unreadable') return transaction.answer(400)
    transaction.answer(200)
    if (press) this.tell((handlers) => handlers.digit?.(press.digit, press.durationMs))
    else this.tell((handlers) => handlers.info?.(type, request.body))
  }

  /** Takes the call out of the stack: no timer of it is left. */
  forget(): void {
    this.session.stop()
    for (const answer of this.answers.values()) answer.stop()
    this.answers.clear()
    this.byeAfterAck = null
    this.offers.abandon()
    this.host.remove(this)
  }
}
