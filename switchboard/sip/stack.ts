import type { CallHost, SipCall } from './call.ts'
import { realClock } from './clock.ts'
import type {
  Account,
  Call,
  CallRequest,
  CallTarget,
  Clock,
  DialogId,
  OutboundCall,
  OutboundHandlers,
  Registration,
  SipCounts,
  SipHandlers,
  SipLimits,
  SipStack,
  SipStackOptions,
  Trunk,
  TrunkState,
} from './contract.ts'
import type { Dialog } from './dialog.ts'
import { DigestServer } from './digest.ts'
import type { Flow } from './flow.ts'
import { Gate } from './gate.ts'
import { defaultLimits } from './guard.ts'
import { InboundLeg } from './inbound.ts'
import { isLoopback } from './local-address.ts'
import type { SipMessage, SipRequest, SipResponse } from './message.ts'
import { tagOf } from './message.ts'
import { OutboundLeg } from './outbound.ts'
import { Outward } from './outward.ts'
import { Reception } from './reception.ts'
import { Registrar } from './registrar.ts'
import { Names } from './resolve.ts'
import type { ServerTransaction } from './transactions.ts'
import { newTag, Transactions } from './transactions.ts'
import { Transport } from './transport.ts'
import { Trunks } from './trunks.ts'

type Log = (message: string, fields?: Record<string, string | number>) => void

class Stack implements SipStack, CallHost {
  readonly clock: Clock
  readonly userAgent: string
  readonly sessionSeconds: number
  readonly transactions: Transactions
  readonly log: Log
  private readonly handlers: SipHandlers
  private readonly limits: SipLimits
  private readonly transport: Transport
  private readonly registrar: Registrar
  private readonly trunks: Trunks
  private readonly outward: Outward
  private readonly reception: Reception
  /** By Call-ID and our tag. */
  private readonly calls = new Map<string, SipCall>()
  private emptied: (() => void) | null = null
  private stopping = false

  constructor(options: SipStackOptions, handlers: SipHandlers) {
    this.clock = options.clock ?? realClock
    this.userAgent = options.userAgent ?? 'Hearthline'
    this.sessionSeconds = options.sessionSeconds ?? 1800
    this.log = options.log ?? (() => {})
    this.handlers = handlers
    this.limits = { ...defaultLimits, ...options.limits }
    this.transactions = new Transactions(
      {
        request: (transaction) => this.route(transaction),
        ack: (request, flow) => this.callOf(request.headers, 'to')?.ack(request, flow),
        strayResponse: (response, flow) => this.takeStray(response, flow),
      },
      this.clock,
    )
    const trustsLoopback = options.trustLoopback ?? true
    const isKnown = (host: string): boolean =>
      (trustsLoopback && isLoopback(host)) || this.trunks.knowsHost(host) || this.registrar.knowsHost(host)
    this.transport = new Transport(options, this.limits, this.clock, {
      message: (message, flow) => this.take(message, flow),
      flowClosed: (flow) => this.flowClosed(flow),
      isKnown: (host) => isKnown(host),
    })
    this.registrar = new Registrar({
      realm: options.realm,
      clock: this.clock,
      limits: this.limits,
      registered: (registration, refresh) => this.tell(() => handlers.registered?.(registration, refresh)),
      unregistered: (registration, reason) => this.tell(() => handlers.unregistered?.(registration, reason)),
    })
    const names = new Names(options.host, options.nameServers)
    this.trunks = new Trunks({
      names,
      clock: this.clock,
      transactions: this.transactions,
      userAgent: this.userAgent,
      flowTo: async (endpoint, name) => this.transport.flowTo(endpoint, name),
      trunkState: (state) => this.tell(() => handlers.trunkState?.(state)),
    })
    this.outward = new Outward(this.registrar, this.trunks, this.transport, names)
    this.reception = new Reception({
      calls: this,
      isKnown,
      limits: this.limits,
      acceptAnonymous: options.acceptAnonymous,
      gate: new Gate(
        new DigestServer(options.realm, this.clock, options.digests),
        this.clock,
        (user, algorithm) => this.registrar.ha1Of(user, algorithm),
      ),
      registrar: this.registrar,
      trunks: this.trunks,
      owner: handlers,
      findReplaced: (dialog) => this.find(dialog),
    })
  }

  async open(): Promise<void> {
    await this.transport.open()
  }

  // ---- for the owner ---------------------------------------------------------------------------------------------

  get ports(): SipStack['ports'] {
    return this.transport.ports
  }

  putAccount(account: Account): void {
    this.registrar.put(account)
  }

  removeAccount(user: string): void {
    this.registrar.remove(user)
  }

  putTrunk(trunk: Trunk): void {
    this.trunks.put(trunk)
  }

  removeTrunk(id: string): void {
    this.trunks.remove(id)
  }

  trunkStates(): TrunkState[] {
    return this.trunks.states()
  }

  registrations(user?: string): Registration[] {
    return this.registrar.list(user)
  }

  call(target: CallTarget, request: CallRequest, handlers: OutboundHandlers): OutboundCall {
    const nowhere = this.transport.nowhere()
    const leg = new OutboundLeg(this, `${newTag()}${newTag()}`, nowhere, request, handlers)
    this.outward.find(target).then(
      (found) => {
        if ('flow' in found) leg.start(found)
        else leg.unreachable(found.status, found.cause)
      },
      () => leg.unreachable(503, 38),
    )
    return leg
  }

  findCall(dialog: DialogId): Call | null {
    return this.find(dialog)
  }

  async addressTowards(target: CallTarget): Promise<string | null> {
    const found = await this.outward.find(target).catch(() => null)
    return found && 'flow' in found ? found.flow.localHost : null
  }

  counts(): SipCounts {
    return {
      transactions: this.transactions.count,
      dialogs: this.calls.size,
      flows: this.transport.flows.length,
      registrations: this.registrar.count,
      halfOpen: this.reception.halfOpenCount,
      dropped: this.transport.dropped,
    }
  }

  async stop(graceMs = 1000): Promise<void> {
    this.stopping = true
    this.trunks.clear()
    for (const call of this.calls.values()) call.hangup()
    if (this.calls.size > 0) {
      await new Promise<void>((resolve) => {
        setTimeout(resolve, graceMs).unref()
        this.emptied = resolve
      })
    }
    for (const call of this.calls.values()) call.forget()
    this.transactions.clear()
    this.registrar.clear()
    await this.transport.close()
  }

  // ---- for the calls ---------------------------------------------------------------------------------------------

  add(call: SipCall): void {
    this.calls.set(`${call.id}|${call.localTag}`, call)
  }

  remove(call: SipCall): void {
    this.calls.delete(`${call.id}|${call.localTag}`)
    if (this.calls.size === 0) this.emptied?.()
  }

  async reopen(call: SipCall): Promise<Flow | null> {
    return this.outward.wayBack(call)
  }

  wayTo(dialog: Dialog, used: Flow): Flow {
    return this.outward.wayTo(dialog, used)
  }

  // ---- from the wire ---------------------------------------------------------------------------------------------

  private take(message: SipMessage, flow: Flow): void {
    this.transactions.receive(message, flow)
  }

  private route(transaction: ServerTransaction): void {
    const { request } = transaction
    if (request.method === 'CANCEL') return this.cancel(transaction)
    const begins = tagOf(request.headers, 'to') === null
    // Nobody would take the call over, nor write down that it was.
    if (begins && this.stopping && request.method === 'INVITE') return transaction.answer(503)
    if (begins || request.method === 'REGISTER') {
      return this.reception.receive(transaction)
    }
    const call = this.callOf(request.headers, 'to')
    if (!call) return transaction.answer(481)
    call.receive(transaction)
  }

  private cancel(transaction: ServerTransaction): void {
    const invite = this.transactions.inviteOf(transaction.request)
    if (!invite) return transaction.answer(481)
    const call = this.calls.get(`${invite.request.headers.get('call-id')}|${invite.localTag}`)
    if (call instanceof InboundLeg) return call.cancelled(transaction)
    transaction.answer(200)
    invite.answer(487)
  }

  /** The call a message belongs to; our tag stands in To of requests and in From of responses. */
  private callOf(headers: SipRequest['headers'], ours: 'to' | 'from'): SipCall | null {
    const call = this.calls.get(`${headers.get('call-id')}|${tagOf(headers, ours)}`)
    if (!call || ours === 'from') return call ?? null
    return call.dialog?.remoteTag === (tagOf(headers, 'from') ?? '') ? call : null
  }

  private takeStray(response: SipResponse, flow: Flow): void {
    const isInvite = /\sINVITE$/.test(response.headers.get('cseq') ?? '')
    if (!isInvite || response.status < 200 || response.status > 299) return
    const call = this.callOf(response.headers, 'from')
    if (call instanceof OutboundLeg) call.lateSuccess(response, flow)
  }

  private flowClosed(flow: Flow): void {
    this.transactions.flowClosed(flow)
    const accounts = this.registrar.accountsOn(flow)
    const calls = [...this.calls.values()].filter((call) => call.wayOut === flow && !call.isOver)
    this.registrar.flowClosed(flow)
    this.trunks.flowClosed(flow)
    const remote = { transport: flow.transport, host: flow.remoteHost, port: flow.remotePort }
    this.tell(() => this.handlers.flowClosed?.({ remote, accounts, calls: calls.filter(isCall) }))
  }

  private find(dialog: DialogId): (SipCall & Call) | null {
    const { callId, toTag, fromTag } = dialog
    for (const [ours, theirs] of [
      [toTag, fromTag],
      [fromTag, toTag],
    ]) {
      // prettier-ignore
      const call = this.calls.get(`${callId}|${ours}`)
      if (call && isCall(call) && !call.isOver && call.dialog?.remoteTag === theirs) return call
    }
    return null
  }

  private tell(what: () => void): void {
    try {
      what()
    } catch (error) {
      this.log('a SIP handler failed', { error: String(error) })
    }
  }
}

const isCall = (call: SipCall): call is SipCall & Call =>
  call instanceof InboundLeg || call instanceof OutboundLeg

/**
 * Opens the sockets and serves SIP on them until `stop`. Rejects when a port is taken. The types of everything are in
 * `contract.ts`.
 */
export async function startSipStack(options: SipStackOptions, handlers: SipHandlers): Promise<SipStack> {
  const stack = new Stack(options, handlers)
  await stack.open()
  return stack
}
