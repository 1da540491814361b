import type { Clock } from './contract.ts'
import type { Flow } from './flow.ts'
import { isReliable } from './flow.ts'
import { Headers, parseVia } from './headers.ts'
import type { SipMessage, SipRequest, SipResponse } from './message.ts'
import { parseCSeq, responseTo, serialiseMessage, tagOf } from './message.ts'
import {
  inviteClient,
  inviteServer,
  otherClient,
  otherServer,
  T1,
  timerLength,
} from './transaction-tables.ts'
import type {
  ClientEvent,
  ClientState,
  ServerEvent,
  ServerState,
  TimerName,
  TransactionAction,
} from './transaction-tables.ts'
import { unguessable } from './unguessable.ts'
import { hostText } from './uri.ts'

/** A new branch, unguessable, with the magic cookie of RFC 3261. */
export const newBranch = (): string => `z9hG4bK${unguessable(9)}`

/** A new tag or Call-ID part. */
export const newTag = (): string => unguessable(8)

/** Who began a request hears of its responses. */
export interface ClientOwner {
  response(response: SipResponse, flow: Flow): void
  /** No final answer came. */
  failed(why: 'timeout' | 'transport'): void
}

/** Runs the timers of one transaction. */
class TimerSet {
  private readonly running = new Map<TimerName, () => void>()
  private readonly rounds = new Map<TimerName, number>()
  private readonly clock: Clock
  private readonly reliable: boolean

  constructor(clock: Clock, reliable: boolean) {
    this.clock = clock
    this.reliable = reliable
  }

  /** Returns true when the timer has no length at all: it is due at once. */
  start(name: TimerName, proceeding: boolean, due: () => void): boolean {
    this.stop(name)
    const round = this.rounds.get(name) ?? 0
    this.rounds.set(name, round + 1)
    const length = timerLength(name, this.reliable, round, proceeding)
    if (length === 0) return true
    if (length !== null) this.running.set(name, this.clock.after(length, due))
    return false
  }

  stop(name: TimerName): void {
    this.running.get(name)?.()
    this.running.delete(name)
  }

  stopAll(): void {
    for (const stop of this.running.values()) stop()
    this.running.clear()
  }
}

const timerOf = (action: TransactionAction): TimerName => action.slice(-1) as TimerName

/** A request we sent, until its answer can no longer be repeated. */
export class ClientTransaction {
  state: ClientState
  readonly request: SipRequest
  readonly flow: Flow
  private readonly owner: ClientOwner
  private readonly timers: TimerSet
  private readonly wire: string
  private readonly gone: () => void

  constructor(request: SipRequest, flow: Flow, owner: ClientOwner, clock: Clock, gone: () => void) {
    this.request = request
    this.flow = flow
    this.owner = owner
    this.gone = gone
    this.state = request.method === 'INVITE' ? 'calling' : 'trying'
    this.timers = new TimerSet(clock, isReliable(flow))
    this.wire = serialiseMessage(request)
  }

  /** Moves by the table; `response` is the one that caused it. */
  step(event: ClientEvent, response: SipResponse | null = null): void {
    const table = this.request.method === 'INVITE' ? inviteClient : otherClient
    const move = table[this.state]?.[event]
    if (!move) return
    const [next, actions] = move
    this.state = next
    const due: TimerName[] = []
    for (const action of actions) this.run(action, response, due)
    for (const timer of due) this.step(`timer ${timer}`)
    if (next === 'terminated') this.end()
  }

  receive(response: SipResponse): void {
    const kind = response.status < 200 ? 'provisional' : response.status < 300 ? 'success' : 'refusal'
    this.step(kind, response)
  }

  /** Says it no more, but hears what may still come. */
  hush(): void {
    this.timers.stop('A')
  }

  /** Ends it without a word to its owner. */
  end(): void {
    this.timers.stopAll()
    this.state = 'terminated'
    this.gone()
  }

  private run(action: TransactionAction, response: SipResponse | null, due: TimerName[]): void {
    if (action === 'send') this.send(this.wire)
    else if (action === 'ack' && response) this.send(serialiseMessage(this.ackOf(response)))
    else if (action === 'tell' && response) this.owner.response(response, this.flow)
    else if (action === 'tell timeout') this.owner.failed('timeout')
    else if (action === 'tell failure') this.owner.failed('transport')
    else if (action.startsWith('start ')) {
      const name = timerOf(action)
      if (this.timers.start(name, this.state === 'proceeding', () => this.step(`timer ${name}`)))
        due.push(name)
    } else if (action.startsWith('stop ')) this.timers.stop(timerOf(action))
  }

  private send(wire: string): void {
    // Told later, so that nobody hears of a failure before the call that sent the request has returned.
    if (!this.flow.send(wire)) queueMicrotask(() => this.step('error'))
  }

  /** ACK for a refusal: same branch, Route and number, To of the response (RFC 3261 §17.1.1.3). */
  private ackOf(response: SipResponse): SipRequest {
    const from = this.request.headers
    const headers = new Headers()
    headers.add('via', from.get('via') ?? '').add('max-forwards', 70)
    for (const route of from.all('route')) headers.add('route', route)
    headers.add('from', from.get('from') ?? '').add('to', response.headers.get('to') ?? '')
    headers.add('call-id', from.get('call-id') ?? '').add('cseq', `${parseCSeq(from).number} ACK`)
    return { kind: 'request', method: 'ACK', uri: this.request.uri, headers, body: '' }
  }
}

/** A request we received, until it can no longer be repeated. */
export class ServerTransaction {
  state: ServerState
  readonly request: SipRequest
  readonly flow: Flow
  /** The tag we put into To when the request had none. */
  readonly localTag = newTag()
  /** ACK for our 2xx never takes this way; a refusal's does, and is not shown. */
  onFailed: ((why: 'timeout' | 'transport') => void) | null = null
  private readonly timers: TimerSet
  private newest: string | null = null
  private readonly stopPatience: () => void = () => {}
  private readonly gone: () => void

  constructor(request: SipRequest, flow: Flow, clock: Clock, gone: () => void) {
    this.request = request
    this.flow = flow
    this.gone = gone
    this.state = request.method === 'INVITE' ? 'proceeding' : 'trying'
    this.timers = new TimerSet(clock, isReliable(flow))
    // Whoever asked has given up by then (RFC 4320 §4.2); an owner who never answers must leave nothing behind.
    if (request.method !== 'INVITE')
      this.stopPatience = clock.after(64 * T1, () => this.pending && this.end())
  }

  /** True until a final response has been given. */
  get pending(): boolean {
    return this.state === 'trying' || this.state === 'proceeding'
  }

  /** A response with the headers every response needs, to be completed and given to `respond`. */
  response(status: number, reason?: string): SipResponse {
    const made = responseTo(this.request, status, status === 100 ? null : this.localTag)
    return reason === undefined ? made : { ...made, reason: reason.replace(/[\r\n]+/g, ' ') }
  }

  respond(response: SipResponse): void {
    const kind = response.status < 200 ? 'provisional' : response.status < 300 ? 'success' : 'refusal'
    if (!this.pending && !(kind === 'success' && this.state === 'accepted')) return
    this.newest = serialiseMessage(response)
    this.step(kind)
  }

  /** `respond` with nothing but a status. */
  answer(status: number, reason?: string): void {
    this.respond(this.response(status, reason))
  }

  step(event: ServerEvent): void {
    const table = this.request.method === 'INVITE' ? inviteServer : otherServer
    const move = table[this.state]?.[event]
    if (!move) return
    const [next, actions] = move
    this.state = next
    const due: TimerName[] = []
    for (const action of actions) this.run(action, due)
    for (const timer of due) this.step(`timer ${timer}`)
    if (next === 'terminated') this.end()
  }

  end(): void {
    this.stopPatience()
    this.timers.stopAll()
    this.state = 'terminated'
    this.gone()
  }

  private run(action: TransactionAction, due: TimerName[]): void {
    if (action === 'send') {
      if (this.newest !== null && !this.flow.send(this.newest)) queueMicrotask(() => this.step('error'))
    } else if (action === 'tell timeout') this.onFailed?.('timeout')
    else if (action === 'tell failure') this.onFailed?.('transport')
    else if (action.startsWith('start ')) {
      const name = timerOf(action)
      if (this.timers.start(name, false, () => this.step(`timer ${name}`))) due.push(name)
    } else if (action.startsWith('stop ')) this.timers.stop(timerOf(action))
  }
}

/** Who owns the transactions: hears of what belongs to none. */
export interface TransactionOwner {
  /** A new request other than ACK. */
  request(transaction: ServerTransaction): void
  /** An ACK that belongs to no refusal of ours: for a 2xx, or stray. */
  ack(request: SipRequest, flow: Flow): void
  /** A response to nothing we know: perhaps a 2xx that comes very late. */
  strayResponse(response: SipResponse, flow: Flow): void
}

/** Key of a server transaction (RFC 3261 §17.2.3); branches without the cookie are told apart as of old. */
function serverKey(request: SipRequest, method: string): string {
  const via = parseVia(request.headers.list('via')[0] ?? '')
  const branch = via.params.get('branch') ?? ''
  const sentBy = `${via.host}:${via.port ?? ''}`
  // The cookie alone tells nothing apart.
  if (branch.length > 7 && branch.toLowerCase().startsWith('z9hg4bk')) return `${branch}|${sentBy}|${method}`
  const { headers } = request
  const number = parseCSeq(headers).number
  return `${headers.get('call-id')}|${number}|${tagOf(headers, 'from')}|${branch}|${sentBy}|${method}`
}

/** Our Via on a flow. */
export const viaFor = (flow: Flow, branch: string): string =>
  `SIP/2.0/${flow.transport.toUpperCase()} ${hostText(flow.localHost)}:${flow.localPort};branch=${branch};rport`

/** The transactions of a stack, found by what arrives. */
export class Transactions {
  private readonly clients = new Map<string, ClientTransaction>()
  private readonly servers = new Map<string, ServerTransaction>()
  /** Requests outside dialogs by From tag, Call-ID and CSeq: the same one by two ways is a loop (§8.2.2.2). */
  private readonly merged = new Map<string, ServerTransaction>()
  private readonly owner: TransactionOwner
  private readonly clock: Clock

  constructor(owner: TransactionOwner, clock: Clock) {
    this.owner = owner
    this.clock = clock
  }

  get count(): number {
    return this.clients.size + this.servers.size
  }

  /** Takes a checked message. `flow` is where responses to it go. */
  receive(message: SipMessage, flow: Flow): void {
    if (message.kind === 'response') this.receiveResponse(message, flow)
    else this.receiveRequest(message, flow)
  }

  /** Sends a request with a Via of ours (`branch` only for CANCEL, which shares the INVITE's). */
  send(request: SipRequest, flow: Flow, owner: ClientOwner, branch = newBranch()): ClientTransaction {
    request.headers.prepend('via', viaFor(flow, branch))
    const key = `${branch}|${request.method}`
    const transaction = new ClientTransaction(request, flow, owner, this.clock, () =>
      this.clients.delete(key),
    )
    this.clients.set(key, transaction)
    transaction.step('begin')
    return transaction
  }

  /** The INVITE a CANCEL means, if it is still known. */
  inviteOf(cancel: SipRequest): ServerTransaction | null {
    return this.servers.get(serverKey(cancel, 'INVITE')) ?? null
  }

  /** A connection ended: whatever waits for an answer by it has failed. */
  flowClosed(flow: Flow): void {
    for (const transaction of this.clients.values()) {
      if (transaction.flow === flow) transaction.step('error')
    }
    for (const transaction of this.servers.values()) {
      if (transaction.flow === flow) transaction.step('error')
    }
  }

  /** Ends everything without a word. */
  clear(): void {
    for (const transaction of [...this.clients.values(), ...this.servers.values()]) transaction.end()
  }

  private receiveResponse(response: SipResponse, flow: Flow): void {
    const branch = parseVia(response.headers.list('via')[0] ?? '').params.get('branch') ?? ''
    const transaction = this.clients.get(`${branch}|${parseCSeq(response.headers).method}`)
    if (transaction) transaction.receive(response)
    else this.owner.strayResponse(response, flow)
  }

  private receiveRequest(request: SipRequest, flow: Flow): void {
    const isAck = request.method === 'ACK'
    const key = serverKey(request, isAck ? 'INVITE' : request.method)
    const known = this.servers.get(key)
    if (isAck) {
      if (known && known.state !== 'accepted') known.step('ack')
      else this.owner.ack(request, flow)
      return
    }
    if (known) {
      known.step('request')
      return
    }
    const mergeKey = this.mergeKeyOf(request)
    const transaction = new ServerTransaction(request, flow, this.clock, () => {
      this.servers.delete(key)
      if (mergeKey !== null && this.merged.get(mergeKey) === transaction) this.merged.delete(mergeKey)
    })
    this.servers.set(key, transaction)
    if (mergeKey !== null) {
      if (this.merged.has(mergeKey)) {
        transaction.answer(482)
        return
      }
      this.merged.set(mergeKey, transaction)
    }
    this.owner.request(transaction)
  }

  private mergeKeyOf(request: SipRequest): string | null {
    const { headers } = request
    if (request.method === 'CANCEL' || tagOf(headers, 'to') !== null) return null
    return `${tagOf(headers, 'from')}|${headers.get('call-id')}|${headers.get('cseq')}`
  }
}
