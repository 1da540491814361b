import { SipCall } from './call.ts'
import type { CallHost } from './call.ts'
import { readCaller } from './caller.ts'
import type { CallerClaim } from './caller.ts'
import { statusOfCause } from './causes.ts'
import type { DialogId, HangupReason, InboundCall, Party } from './contract.ts'
import { dialogAsServer } from './dialog.ts'
import type { SipResponse } from './message.ts'
import { sdpOf } from './message.ts'
import type { GrantedSession } from './session-timer.ts'
import { replacesOf } from './transfer.ts'
import type { ServerTransaction } from './transactions.ts'
import { userOf } from './uri.ts'

/** Who the caller was found to be, before the call was let in. */
export interface Identity {
  readonly account: string | null
  readonly trunk: string | null
}

/** A provisional response is said again this often, or proxies give the call up (RFC 3261 §13.3.1.1), ms. */
const ringAgainEvery = 60_000

/** A call that came in. */
export class InboundLeg extends SipCall implements InboundCall {
  readonly direction = 'in'
  readonly from: Party
  readonly callerNumber: string
  readonly callerName: string | null
  readonly callerPrivate: boolean
  readonly divertedFrom: string | null
  readonly numberTrusted: boolean
  readonly dialled: string
  readonly replaces: DialogId | null
  readonly offer: string | null
  private readonly invite: ServerTransaction
  private readonly granted: GrantedSession
  private stopRinging = (): void => {}
  /** Told when the call is no longer half open: acknowledged, or gone. */
  private readonly settled: () => void

  constructor(
    host: CallHost,
    invite: ServerTransaction,
    identity: Identity,
    granted: GrantedSession,
    settled: () => void,
  ) {
    const { request } = invite
    super(host, request.headers.get('call-id') ?? '', invite.localTag, invite.flow, request.headers)
    this.invite = invite
    this.granted = granted
    this.settled = settled
    this.account = identity.account
    this.trunk = identity.trunk
    const claim: CallerClaim = readCaller(request.headers, identity.account)
    this.from = claim.from
    this.callerNumber = claim.callerNumber
    this.callerName = claim.callerName
    this.callerPrivate = claim.callerPrivate
    this.divertedFrom = claim.divertedFrom
    this.numberTrusted = identity.account !== null || identity.trunk !== null
    this.dialled = userOf(request.uri)
    this.contactUser = this.dialled
    this.replaces = replacesOf(request.headers)
    this.offer = sdpOf(request)
    this.dialog = dialogAsServer(request, invite.localTag, invite.flow)
    invite.onFailed = (why) => this.unheard(why)
    host.add(this)
  }

  ring(sdp?: string): void {
    if (this.isOver || this.state === 'answered') return
    this.state = 'ringing'
    this.say(sdp === undefined ? 180 : 183, sdp)
  }

  answer(sdp: string): void {
    if (this.isOver || this.state === 'answered') return
    this.stopRinging()
    this.state = 'answered'
    this.offers.localSdp = sdp
    const response = this.responseWith(200, sdp)
    if (this.granted.value !== null) response.headers.add('session-expires', this.granted.value)
    if (this.granted.require) response.headers.add('require', 'timer')
    this.setSession(this.granted.terms)
    const { offer } = this
    this.answerReliably(
      this.invite,
      response,
      (ack) => {
        this.settled()
        const answer = offer === null ? sdpOf(ack) : null
        if (offer === null && answer === null) return this.endUnanswered()
        this.tell((handlers) => handlers.acked?.(answer))
      },
      () => {
        this.settled()
        this.vanish()
      },
    )
  }

  reject(status: number, reason?: string): void {
    if (this.isOver || this.state === 'answered') return
    const final = status >= 300 && status < 700 ? status : 500
    this.refuse(final, reason)
    this.finish(this.endBy('local', final, null))
    this.forget()
  }

  /** CANCEL came. Nothing happens when we have answered already: the peer will send BYE (RFC 3261 §9.2). */
  cancelled(cancel: ServerTransaction): void {
    cancel.answer(200)
    if (this.isOver || this.state === 'answered') return
    this.refuse(487)
    this.finish(this.endBy('remote', 487, cancel.request.headers))
    this.forget()
  }

  override forget(): void {
    this.stopRinging()
    this.settled()
    this.invite.answer(487) // only heard when no final answer was given, as when BYE comes first
    super.forget()
  }

  protected giveUp(reason: HangupReason): void {
    const status = reason.status ?? (reason.cause === undefined ? 603 : statusOfCause(reason.cause))
    this.refuse(status)
    this.finish({
      ...this.endBy('local', status, null),
      ...(reason.cause === undefined ? {} : { cause: reason.cause }),
    })
    this.forget()
  }

  private refuse(status: number, reason?: string): void {
    this.stopRinging()
    this.invite.answer(status, reason)
  }

  private say(status: number, sdp: string | undefined): void {
    this.stopRinging()
    this.invite.respond(this.responseWith(status, sdp))
    this.stopRinging = this.host.clock.after(ringAgainEvery, () => this.say(status, sdp))
  }

  private responseWith(status: number, sdp: string | undefined): SipResponse {
    const response = this.invite.response(status)
    for (const route of this.invite.request.headers.all('record-route'))
      response.headers.add('record-route', route)
    this.describe(response.headers, this.invite.flow)
    response.headers.add('server', this.host.userAgent)
    if (sdp === undefined) return response
    response.headers.add('content-type', 'application/sdp')
    return { ...response, body: sdp }
  }

  /** The ACK must answer the offer of our 2xx (RFC 3261 §13.2.2.4); without it there is no sound, and nobody left to mend it. */
  private endUnanswered(): void {
    if (this.isOver) return
    this.finish({ by: 'error', status: null, cause: 111, reason: null })
    this.bye(111)
  }

  /** Our answer could not be brought to the peer: a refusal needs no more; an unanswered call has lost its way back. */
  private unheard(why: 'timeout' | 'transport'): void {
    if (this.isOver || this.state === 'answered') return
    this.finish(this.endBy(why === 'timeout' ? 'timeout' : 'error', null, null))
    this.forget()
  }
}
