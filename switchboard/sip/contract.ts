// What the SIP layer offers to the switchboard's core, and what it asks of it. Types only.
// SDP is an opaque string here: it is made and read elsewhere.

/** How a message travels. `ws` is a browser (RFC 7118); the web server pipes it to us from its TLS port. */
export type SipTransport = 'udp' | 'tcp' | 'tls' | 'ws'

/** Where the other side is, as seen by our socket (after NAT, so not what its headers claim). */
export interface RemoteAddress {
  readonly transport: SipTransport
  readonly host: string
  readonly port: number
}

/** Time for the stack: replaced in tests, `Date` and `setTimeout` otherwise. */
export interface Clock {
  now(): number
  /** Runs `run` once after `delayMs`; the returned function cancels it. */
  after(delayMs: number, run: () => void): () => void
}

/** Caps that keep a flood or a scanner from harming calls that are going on. */
export interface SipLimits {
  /** Messages a second, with the burst allowed at once, from a source we do not know. Default 50 and 200. */
  readonly strangerRate: number
  readonly strangerBurst: number
  /** The same from all unknown sources together. Default 1000 and 2000. */
  readonly strangersRate: number
  readonly strangersBurst: number
  /** The same from loopback, a trunk's address, or a flow that has registered. Default 4000 and 8000. */
  readonly knownRate: number
  readonly knownBurst: number
  /** Inbound calls not yet acknowledged (no ACK so far) from one unknown source. Default 20. */
  readonly strangerHalfOpen: number
  /** The same from all sources together; above it 503 is answered. Default 1000. */
  readonly halfOpen: number
  /** Connections (TCP, TLS, WebSocket) open at once. Default 2000; from one unknown address 50. */
  readonly connections: number
  readonly strangerConnections: number
  /** Largest message in bytes over a connection. Default 65536. */
  readonly messageBytes: number
  /** Shortest and longest registration granted, in seconds. Default 60 and 3600. */
  readonly minExpiresSeconds: number
  readonly maxExpiresSeconds: number
}

/** How a password may be proved (RFC 8760). */
export type DigestAlgorithm = 'MD5' | 'SHA-256' | 'SHA-512-256'

/** How to start the stack. Port 0 takes a free one; see `SipStack.ports`. */
export interface SipStackOptions {
  /** Address to bind, e.g. `127.0.0.1` or `0.0.0.0`. */
  readonly host: string
  /** Address to put into Via and Contact; null takes the local address nearest to the peer. */
  readonly publicAddress: string | null
  /** UDP and TCP, the same number. */
  readonly port: number
  readonly tls?: { readonly port: number; readonly cert: string | Buffer; readonly key: string | Buffer }
  /** Name servers (`address:port`) instead of those of the system. */
  readonly nameServers?: readonly string[]
  /** Plain WebSocket on 127.0.0.1, sub-protocol `sip`; absent: none. An `X-Forwarded-For` header there is believed. */
  readonly wsPort?: number
  readonly realm: string
  /** What a challenge asks for, the best first; default MD5 alone, for many phones fail at any other (RFC 8760). */
  readonly digests?: readonly DigestAlgorithm[]
  /** True (loopback, demo): calls from nobody we know are accepted. False: they are challenged and then refused. */
  readonly acceptAnonymous: boolean
  /** Sent as Server and User-Agent; default `Hearthline`. */
  readonly userAgent?: string
  readonly limits?: Partial<SipLimits>
  /** False: loopback is as strange as any other address (a proxy on this machine, or a test). Default true. */
  readonly trustLoopback?: boolean
  /** Session timer we ask for (RFC 4028), seconds; default 1800, 0 never asks. Min-SE is 90. */
  readonly sessionSeconds?: number
  readonly clock?: Clock
  /** For tests of loss: return true to lose this datagram. */
  readonly loseDatagram?: (direction: 'in' | 'out') => boolean
  /** Told about refusals and oddities; never with numbers, names or SDP in it. */
  readonly log?: (message: string, fields?: Record<string, string | number>) => void
}

/** A name for a person or a number, as SIP shows it. */
export interface Party {
  readonly name: string | null
  readonly number: string
}

/** The three parts of a dialog's identity, as a Replaces header names it: tags as its sender sees them. */
export interface DialogId {
  readonly callId: string
  readonly toTag: string
  readonly fromTag: string
}

/** Why and by whom a call ended. Told exactly once for every call. */
export interface CallEnd {
  /** `timeout`: no ACK, no answer in time, or the session timer ran out; `error`: transport or protocol failure. */
  readonly by: 'remote' | 'local' | 'timeout' | 'error'
  /** The final SIP status if the call was never answered (486, 487, ...), else null. */
  readonly status: number | null
  /** Q.850 cause: from the Reason header if there was one, else mapped from the status; 16 is normal clearing. */
  readonly cause: number
  /** The Reason header as received, or null. */
  readonly reason: string | null
}

/** Why we hang up. Without one: 16 (normal clearing), or 603 when not yet answered. */
export interface HangupReason {
  /** Q.850 cause; also decides the status of a refusal (17 -> 486, 19 -> 480, 21 -> 403, 34 -> 503, ...). */
  readonly cause?: number
  /** Status of a refusal, if it shall not be mapped from the cause. */
  readonly status?: number
}

/** Told while a transfer that was asked for by REFER goes on; ends with `final`. */
export interface ReferProgress {
  /** Sends NOTIFY with `SIP/2.0 status reason` (RFC 3515). A status >= 200 ends the subscription. */
  notify(status: number, reason: string): void
}

/** The peer asks us to connect it elsewhere (blind transfer, or attended when `replaces` is set). */
export interface ReferRequest {
  /** Refer-To as a URI, without its headers. */
  readonly to: string
  /** Its user part: the number or account to reach. */
  readonly user: string
  /** Attended transfer: the call of ours that shall be taken over; see `SipStack.findCall`. */
  readonly replaces: DialogId | null
  readonly referredBy: string | null
  /** Answers 202; the outcome is then reported by `notify`. */
  accept(): ReferProgress
  reject(status: number, reason?: string): void
}

/** A re-INVITE or UPDATE offer we cannot take: throw it from `offered` for a 488 instead of a 500. */
export class OfferRefused extends Error {}

/** The peer refused our re-INVITE or INFO, or did not answer: `status` says how (408 when it was silent). */
export class RequestFailed extends Error {
  readonly status: number
  constructor(status: number, reason: string) {
    super(`${status} ${reason}`)
    this.name = 'RequestFailed'
    this.status = status
  }
}

/** What happens in a call, whichever side began it. Only `ended` must be there. */
export interface CallHandlers {
  /** ACK for our 2xx came. `sdp` is the peer's answer when the INVITE (or re-INVITE) had no offer. */
  acked?(sdp: string | null): void
  /**
   * The peer offers anew (hold, resume, moved): return our answer. `offer` null asks for an offer from us; the answer
   * then comes in `acked`. Without this handler 488 is answered. Session refreshes without SDP are not shown.
   */
  offered?(offer: string | null): string | Promise<string>
  /** A digit by SIP INFO (application/dtmf-relay or application/dtmf): 0-9 * # A-D. */
  digit?(digit: string, durationMs: number): void
  /** Any other INFO. It has been answered 200. */
  info?(contentType: string, body: string): void
  /** Without this handler REFER is answered 603. */
  refer?(request: ReferRequest): void
  /** The call is over; no other handler is called after this one. */
  ended(end: CallEnd): void
}

/** A call, whichever side began it. Every method may be called in any state and does the nearest sensible thing. */
export interface Call {
  /** The SIP Call-ID. */
  readonly id: string
  readonly direction: 'in' | 'out'
  readonly state: 'trying' | 'ringing' | 'answered' | 'ended'
  readonly remote: RemoteAddress
  /** Our own address as this peer reaches it: fit for SDP when no public address is set. */
  readonly localHost: string
  /** The account of the other side, or null. Proved by digest, or by the connection it registered on. */
  readonly account: string | null
  /** The trunk the call came in by or goes out through, or null. */
  readonly trunk: string | null
  /** First value of a header of the INVITE (inbound) or of the newest answer to it (outbound). Compact names too. */
  header(name: string): string | null
  /** Ends it: BYE when answered, CANCEL when we called, a refusal when we are called. `ended` follows, by 'local'. */
  hangup(reason?: HangupReason): void
  /** Offers anew; resolves with the peer's answer, rejects with RequestFailed. Glare (491) is retried inside. */
  reinvite(sdp: string): Promise<string>
  /** Whether an answered call's peer still knows of it (OPTIONS, RFC 3261 §11); false too when it says nothing in time. */
  isThere(withinMs: number): Promise<boolean>
  /** Sends a digit by SIP INFO (application/dtmf-relay). Rejects with RequestFailed. */
  sendDigit(digit: string, durationMs?: number): Promise<void>
}

/** Somebody calls us. 100 Trying has been sent. */
export interface InboundCall extends Call {
  readonly direction: 'in'
  /** From, as written by the caller: anybody can write anything there. */
  readonly from: Party
  /** Best known number of the caller: account, else P-Asserted-Identity, Remote-Party-ID, From. '' when withheld. */
  readonly callerNumber: string
  readonly callerName: string | null
  /** True when an account proved it or a trunk of ours said it; otherwise it is only a claim. */
  readonly numberTrusted: boolean
  /** The caller asked that the number is not shown (Privacy: id, or anonymous From). */
  readonly callerPrivate: boolean
  /** User part of the request URI: the number dialled. */
  readonly dialled: string
  /** Number first dialled, when the call was diverted to us (Diversion, History-Info), or null. */
  readonly divertedFrom: string | null
  /** INVITE with Replaces (attended transfer, call pick-up): the dialog to be replaced; see `SipStack.findCall`. */
  readonly replaces: DialogId | null
  /** SDP of the INVITE; null when it had none: then `answer(sdp)` carries our offer and `acked` the answer. */
  readonly offer: string | null
  /** 180 Ringing, or 183 with early media. May be repeated. */
  ring(sdp?: string): void
  /** 200 OK; repeated until the ACK comes. */
  answer(sdp: string): void
  /** Refuses with a final status 300-699. `ended` follows, by 'local'. */
  reject(status: number, reason?: string): void
}

/** A call we begin. `hangup` before the answer is CANCEL. */
export interface OutboundCall extends Call {
  readonly direction: 'out'
}

/** What happens in a call we begin. A failed one (486, 408, no contact...) is told by `ended` with its status. */
export interface OutboundHandlers extends CallHandlers {
  /** 100, or sent and not yet answered: at most once. */
  trying?(): void
  /** 180-183: `sdp` is early media, or null. May come several times. */
  ringing?(sdp: string | null, status: number): void
  /** 2xx came and has been acknowledged. `sdp` is the answer (empty string if it had none). */
  answered(sdp: string): void
}

/** Whom to call. An account is rung at its newest contact, on the flow it registered from. */
export type CallTarget =
  | { readonly kind: 'account'; readonly user: string }
  | { readonly kind: 'trunk'; readonly trunk: string; readonly number: string }
  | { readonly kind: 'uri'; readonly uri: string }

/** A call to be begun. */
export interface CallRequest {
  /** Shown to the called side as From. */
  readonly from: Party
  readonly offer: string
  /** More headers for the INVITE, e.g. `{ 'X-Contact': '42', 'Alert-Info': '...' }`; CR and LF become spaces. */
  readonly headers?: Readonly<Record<string, string>>
  /** After this long without a final answer: CANCEL, `ended` by 'timeout' with 408. Default 120000. */
  readonly timeoutMs?: number
  /** After this long without any answer at all from the last address: the same, not waiting for timer B (32 s). */
  readonly silenceMs?: number
}

/** Somebody who may register: a seat's browser or desk phone. */
export interface Account {
  readonly user: string
  /** MD5(user:realm:password) in hex (and by SHA-256), or the password itself. */
  readonly secret: { readonly ha1: string; readonly ha1Sha256?: string } | { readonly password: string }
  /** Contacts at once; a new one beyond it replaces the oldest. Default 1. */
  readonly maxContacts?: number
}

/** A line to the telephone network. */
export interface Trunk {
  readonly id: string
  /** `address`: known by its source address. `registration`: we register there, and are called by that way. */
  readonly kind: 'address' | 'registration'
  /** Host name or address; its port (default 5060, TLS 5061). */
  readonly host: string
  readonly port?: number
  readonly transport?: 'udp' | 'tcp' | 'tls'
  /** Further addresses it calls from (`address`), each an IP or a CIDR block. */
  readonly sources?: readonly string[]
  /** For the digest the far end asks of us; `authUser` where it is not the user name. */
  readonly username?: string
  readonly authUser?: string
  readonly password?: string
  /** Domain in From and in the request URI; default `host`. */
  readonly domain?: string
  /** Asked-for expiry of our registration; default 300 s. */
  readonly expiresSeconds?: number
  /** Asked so often by OPTIONS whether it is there; never, when this is missing. */
  readonly watchSeconds?: number
}

/**
 * How a trunk is. `address` trunks are `ready` at once; a refusal's status is shown with `failed`, and 408 for one that is
 * watched and silent. Calls are tried all the same.
 */
export interface TrunkState {
  readonly trunk: string
  readonly state: 'ready' | 'registering' | 'registered' | 'failed'
  readonly status: number | null
}

/** One registered contact. */
export interface Registration {
  readonly user: string
  readonly contact: string
  readonly remote: RemoteAddress
  readonly userAgent: string | null
  /** Epoch milliseconds. */
  readonly expiresAt: number
}

/** Why a contact is no longer registered. `closed`: its connection ended. */
export type UnregisterReason = 'expired' | 'removed' | 'replaced' | 'closed'

/** What the stack tells its owner. */
export interface SipHandlers {
  /** A call comes in. Return what to do with its events; call `answer`, `ring` or `reject` now or later. */
  invite(call: InboundCall): CallHandlers
  /** A contact is new, or (`refresh`) has been renewed. */
  registered?(registration: Registration, refresh: boolean): void
  unregistered?(registration: Registration, reason: UnregisterReason): void
  /** A connection ended. Its calls go on (a browser may come back on another one): you decide when they are lost. */
  flowClosed?(flow: {
    readonly remote: RemoteAddress
    readonly accounts: string[]
    readonly calls: Call[]
  }): void
  trunkState?(state: TrunkState): void
}

/** How much is alive in the stack; all zero (but flows and registrations) when no call is on. */
export interface SipCounts {
  readonly transactions: number
  readonly dialogs: number
  readonly flows: number
  readonly registrations: number
  /** Inbound calls that have had no ACK yet. */
  readonly halfOpen: number
  /** Messages refused unread, since the start: over a limit, or not SIP. */
  readonly dropped: number
}

/** A running stack. */
export interface SipStack {
  /** Ports really bound. */
  readonly ports: { readonly sip: number; readonly tls: number | null; readonly ws: number | null }
  /** Adds or changes an account. A change of its secret ends its registrations. */
  putAccount(account: Account): void
  /** Forgets an account and its registrations (told as 'removed'); its calls go on. */
  removeAccount(user: string): void
  /** Adds or changes a trunk. */
  putTrunk(trunk: Trunk): void
  removeTrunk(id: string): void
  trunkStates(): TrunkState[]
  /** Contacts now registered, of one account or of all, newest first. */
  registrations(user?: string): Registration[]
  /** Calls out. Returns at once; what comes of it is told to `handlers`, never before this returns. */
  call(target: CallTarget, request: CallRequest, handlers: OutboundHandlers): OutboundCall
  /** The call a Replaces names, whichever way round its tags are; or null. */
  findCall(dialog: DialogId): Call | null
  /** Our own address as the called side would reach it, fit for SDP; null when there is no way to it. */
  addressTowards(target: CallTarget): Promise<string | null>
  counts(): SipCounts
  /** Hangs up every call, unregisters from trunks, waits at most `graceMs` (default 1000) for answers, closes all. */
  stop(graceMs?: number): Promise<void>
}
