import type { CallHandlers } from './contract.ts'
import { OfferRefused, RequestFailed } from './contract.ts'
import type { SipCall } from './call.ts'
import { refreshTarget } from './dialog.ts'
import { answerChallenge } from './digest.ts'
import type { SipResponse } from './message.ts'
import { parseCSeq, reasonOf, sdpOf } from './message.ts'
import type { GrantedSession, SessionTerms } from './session-timer.ts'
import { agreedSession, grantSession, minSessionSeconds } from './session-timer.ts'
import type { ClientTransaction, ServerTransaction } from './transactions.ts'

type Outcome = { readonly status: number; readonly response: SipResponse | null }

/** Says in a refresh, or any re-INVITE, that the session goes on as agreed (RFC 4028 §7.4). */
const sessionHeader = (terms: SessionTerms | null): Record<string, string> =>
  terms === null || terms.duty === 'probe'
    ? {}
    : {
        'session-expires': `${terms.seconds};refresher=${terms.duty === 'refresh' ? 'uac' : 'uas'}`,
        ...(terms.least === undefined ? {} : { 'min-se': String(terms.least) }),
      }

/** Offers after the first one: our re-INVITEs and the peer's re-INVITEs and UPDATEs, one at a time (RFC 3261 §14). */
export class OfferExchange {
  /** What we said last: it is said again by a refreshing re-INVITE. */
  localSdp: string | null = null
  private readonly call: SipCall
  private sending = false
  private receiving = false
  private queue: Promise<unknown> = Promise.resolve()
  private waiting: (() => void) | null = null
  private abandoned = false
  private unanswered: ServerTransaction | null = null

  constructor(call: SipCall) {
    this.call = call
  }

  /** Offers anew, after those before it. Resolves with the answer; rejects with RequestFailed. */
  async send(sdp: string): Promise<string> {
    const turn = this.queue.then(async () => this.sendNow(sdp))
    this.queue = turn.catch(() => {})
    return turn
  }

  /** The session refresh: UPDATE where the peer knows it, else re-INVITE, else (no timers there) OPTIONS. */
  async refresh(terms: SessionTerms): Promise<number> {
    const { call } = this
    if (terms.duty === 'probe') {
      const { status } = await call.request('OPTIONS')
      if (status !== 408 && status !== 481) call.setSession(terms)
      return status
    }
    if (call.header('allow')?.toUpperCase().includes('UPDATE')) {
      const status = await this.update()
      if (status !== 405 && status !== 501) return status
    }
    try {
      await this.send(this.localSdp ?? '')
      return 200
    } catch (error) {
      return error instanceof RequestFailed ? error.status : 500
    }
  }

  private async update(): Promise<number> {
    const { call } = this
    const { status, response } = await call.request('UPDATE', { headers: sessionHeader(call.terms) })
    if (response && status < 300) call.setSession(agreedSession(response.headers, call.host.sessionSeconds))
    return status === 422 && this.lengthen(response) ? this.update() : status
  }

  /** 422: the peer allows no interval so short; true when there is a longer one to ask for (RFC 4028 §7.4). */
  private lengthen(response: SipResponse | null): boolean {
    const { terms } = this.call
    const least = Number(response?.headers.get('min-se'))
    if (!terms || !(least > terms.seconds && least < 100_000)) return false
    this.call.terms = { ...terms, seconds: least, least }
    return true
  }

  /** The call is over: whoever waits is told. */
  abandon(): void {
    this.abandoned = true
    this.waiting?.()
    this.unanswered?.answer(487)
  }

  private async sendNow(sdp: string): Promise<string> {
    const { call } = this
    for (let attempt = 0; ; attempt += 1) {
      if (call.state !== 'answered') throw new RequestFailed(481, reasonOf(481))
      // Not before the peer's own offer is done with, nor before it has acknowledged our answer (§14.1).
      while ((this.receiving || call.awaitsAck) && !this.abandoned) await this.pause(100)
      this.sending = true
      const { status, response } = await this.inviteWithProof(sdp).finally(() => {
        this.sending = false
      })
      if (response && status < 300) {
        this.localSdp = sdp
        return sdpOf(response) ?? ''
      }
      if (status === 408 || status === 481) call.vanish()
      if (!this.mayTryAgain(status, response, attempt)) throw new RequestFailed(status, reasonOf(status))
      if (status === 422) continue
      // Glare (§14.1): whoever made the Call-ID waits longer, so the two do not meet again.
      await this.pause(call.direction === 'out' ? 2100 + Math.random() * 1900 : Math.random() * 2000)
    }
  }

  private mayTryAgain(status: number, response: SipResponse | null, attempt: number): boolean {
    return status === 422 ? this.lengthen(response) : status === 491 && attempt < 4
  }

  private async pause(ms: number): Promise<void> {
    if (this.abandoned) return
    return new Promise((resolve) => {
      const done = (): void => {
        stop()
        this.waiting = null
        resolve()
      }
      const stop = this.call.host.clock.after(ms, done)
      this.waiting = done
    })
  }

  private async inviteWithProof(sdp: string): Promise<Outcome> {
    const first = await this.invite(sdp)
    const { credentials, dialog } = this.call
    if ((first.status !== 401 && first.status !== 407) || !credentials || !dialog || !first.response)
      return first
    const answer = answerChallenge(first.response, 'INVITE', dialog.target, credentials)
    return answer ? this.invite(sdp, { [answer.name]: answer.value }) : first
  }

  private async invite(sdp: string, headers: Record<string, string> = {}): Promise<Outcome> {
    const { call } = this
    const flow = await call.openFlow()
    const { dialog } = call
    if (!flow || !dialog) return { status: 408, response: null }
    const content = {
      headers: { ...sessionHeader(call.terms), ...headers },
      body: sdp,
      ...(sdp === '' ? {} : { type: 'application/sdp' }),
    }
    const request = call.build(dialog, 'INVITE', content)
    const number = parseCSeq(request.headers).number
    return new Promise((resolve) => {
      let ackWire: string | null = null
      let sent: ClientTransaction | null = null
      const stop = call.host.clock.after(64_000, () => {
        sent?.end()
        resolve({ status: 408, response: null })
      })
      sent = call.host.transactions.send(request, flow, {
        response: (response) => {
          if (response.status < 200) return
          stop()
          if (response.status >= 300) return resolve({ status: response.status, response })
          if (ackWire !== null) return void dialog.flow.send(ackWire)
          refreshTarget(dialog, response.headers)
          ackWire = call.acknowledge(dialog, number)
          call.setSession(agreedSession(response.headers, call.host.sessionSeconds))
          resolve({ status: response.status, response })
        },
        failed: () => {
          stop()
          resolve({ status: 408, response: null })
        },
      })
    })
  }

  /** A re-INVITE or UPDATE of the peer. */
  async receive(transaction: ServerTransaction): Promise<void> {
    const { call } = this
    const { request } = transaction
    if (request.method === 'INVITE' || sdpOf(request) !== null) {
      // The offer of the first INVITE waits for its answer still (§14.2; RFC 3311 §5.2).
      if (call.state !== 'answered' || this.receiving) return this.busy(transaction)
      if (this.sending) return transaction.answer(491)
    } else if (call.state !== 'answered') return transaction.respond(this.success(transaction, null))
    const granted = grantSession(request.headers, call.host.sessionSeconds)
    if (granted === 'too small') {
      const response = transaction.response(422)
      response.headers.add('min-se', minSessionSeconds)
      return transaction.respond(response)
    }
    this.receiving = true
    this.unanswered = transaction
    try {
      await this.answerOffer(transaction, granted)
    } catch (error) {
      if (!(error instanceof OfferRefused))
        call.host.log('an offer could not be answered', { error: String(error) })
      transaction.answer(error instanceof OfferRefused ? 488 : 500)
    } finally {
      this.receiving = false
      this.unanswered = null
    }
  }

  private async answerOffer(transaction: ServerTransaction, granted: GrantedSession): Promise<void> {
    const { call } = this
    const offer = sdpOf(transaction.request)
    const isInvite = transaction.request.method === 'INVITE'
    const answer = offer === null && !isInvite ? null : await this.ask(offer)
    // Over, or cancelled, while the answer was being made.
    if (call.isOver || !transaction.pending) return transaction.answer(481)
    const response = this.success(transaction, answer)
    if (granted.value !== null) response.headers.add('session-expires', granted.value)
    if (granted.require) response.headers.add('require', 'timer')
    call.setSession(granted.terms)
    if (isInvite) this.answerInvite(transaction, response, offer === null)
    else transaction.respond(response)
  }

  private busy(transaction: ServerTransaction): void {
    const response = transaction.response(500)
    response.headers.add('retry-after', 1)
    transaction.respond(response)
  }

  private async ask(offer: string | null): Promise<string> {
    const { handlers } = this.call
    if (!handlers.offered) throw new OfferRefused('no offers are taken here')
    const answer = await handlers.offered(offer)
    this.localSdp = answer
    return answer
  }

  private success(transaction: ServerTransaction, sdp: string | null): SipResponse {
    const response = transaction.response(200)
    this.call.describe(response.headers, transaction.flow)
    if (sdp === null) return response
    response.headers.add('content-type', 'application/sdp')
    return { ...response, body: sdp }
  }

  private answerInvite(transaction: ServerTransaction, response: SipResponse, offerWasOurs: boolean): void {
    const { call } = this
    const acked = (sdp: string | null): void => call.tell((handlers: CallHandlers) => handlers.acked?.(sdp))
    call.answerReliably(
      transaction,
      response,
      (ack) => acked(offerWasOurs ? sdpOf(ack) : null),
      () => call.vanish(),
    )
  }
}
