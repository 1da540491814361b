import type { Clock, Trunk, TrunkState } from './contract.ts'
import type { Credentials } from './digest.ts'
import { answerChallenge } from './digest.ts'
import { contactOn } from './dialog.ts'
import type { Flow } from './flow.ts'
import { Headers, parseNameAddress } from './headers.ts'
import { inBlock } from './local-address.ts'
import type { SipRequest, SipResponse } from './message.ts'
import type { Endpoint, Names } from './resolve.ts'
import type { ClientTransaction, Transactions } from './transactions.ts'
import { newTag } from './transactions.ts'
import { TrunkWatch } from './trunk-watch.ts'
import { escapeUser } from './uri.ts'
import { Ways } from './ways.ts'

/** What the trunks need of the stack. */
export interface TrunkHost {
  readonly clock: Clock
  readonly transactions: Transactions
  readonly userAgent: string
  readonly names: Names
  flowTo(endpoint: Endpoint, serverName: string): Promise<Flow>
  trunkState(state: TrunkState): void
}

/** Name of ours at a trunk: the user part of the Contact we register. */
const contactUserOf = (trunk: Trunk): string => trunk.username ?? trunk.id

const credentialsOf = (trunk: Trunk): Credentials | null =>
  trunk.password === undefined
    ? null
    : { user: trunk.authUser ?? trunk.username ?? trunk.id, password: trunk.password }

const placeOf = ({ host, port }: Endpoint): string => `${host} ${port}`
const flowPlace = ({ remoteHost, remotePort }: Flow): string => `${remoteHost} ${remotePort}`

const firstRetry = 5_000
const longestRetry = 300_000
const lookAgainAfter = 300_000

/** One trunk: its addresses, and (kind `registration`) the registration we keep there. */
class TrunkLine {
  readonly trunk: Trunk
  state: TrunkState
  endpoints: Endpoint[] = []
  private readonly host: TrunkHost
  private readonly callId = newTag()
  private readonly tag = newTag()
  private sequence = 0
  private failures = 0
  private expires: number
  private stopped = false
  private flow: Flow | null = null
  private sent: ClientTransaction | null = null
  private watch: TrunkWatch | null = null
  /** When an address led nowhere: it is tried last for a while. */
  private readonly lostAt = new Map<string, number>()
  private stopTimer = (): void => {}
  private stopLooking = (): void => {}

  constructor(trunk: Trunk, host: TrunkHost) {
    this.trunk = trunk
    this.host = host
    this.expires = trunk.expiresSeconds ?? 300
    this.state = { trunk: trunk.id, state: trunk.kind === 'address' ? 'ready' : 'registering', status: null }
    void this.look().then(() => this.begin())
  }

  private begin(): void {
    if (this.stopped) return
    const { clock } = this.host
    const every = (this.trunk.watchSeconds ?? 0) * 1000
    if (this.trunk.kind === 'registration') void this.register()
    if (every > 0)
      this.watch = new TrunkWatch({
        clock,
        every,
        ask: (answered) => this.ask(answered),
        changed: (isThere) => this.watched(isThere),
      })
  }

  /** The ways to the trunk: where we are registered, then the others, and last those that led nowhere lately. */
  async ways(): Promise<Ways> {
    if (this.endpoints.length === 0) await this.look()
    const { clock } = this.host
    const since = clock.now() - lookAgainAfter
    const registered = this.state.state === 'registered' ? this.flow : null
    const rank = (endpoint: Endpoint): number => {
      if (registered && placeOf(endpoint) === flowPlace(registered)) return 0
      return (this.lostAt.get(placeOf(endpoint)) ?? -Infinity) < since ? 1 : 2
    }
    return new Ways(
      this.endpoints.toSorted((a, b) => rank(a) - rank(b)),
      async (endpoint) => this.host.flowTo(endpoint, this.trunk.host),
      (endpoint) => this.lostAt.set(placeOf(endpoint), clock.now()),
    )
  }

  /** Unregisters, without waiting for an answer. */
  stop(): void {
    this.stopped = true
    this.stopTimer()
    this.stopLooking()
    this.watch?.stop()
    this.sent?.end()
    if (this.state.state === 'registered' && this.flow?.open) this.send(this.flow, 0, {})
  }

  /** The connection we registered on has closed: register again at once. */
  flowClosed(flow: Flow): void {
    if (this.flow !== flow) return
    this.flow = null
    if (!this.stopped && this.state.state === 'registered') this.retryIn(firstRetry, null)
  }

  /** A registration that is silent is made anew, with the same growing pauses as one that failed. */
  private watched(isThere: boolean): void {
    if (this.trunk.kind === 'address') return this.tell(isThere ? 'ready' : 'failed', isThere ? 200 : 408)
    if (!isThere && this.state.state === 'registered') this.fail(408)
    else if (isThere && this.state.status === 408) this.later(0)
  }

  /** One question by OPTIONS; what gives it up is returned. */
  private ask(answered: (isThere: boolean) => void): () => void {
    let question: ClientTransaction | null = null
    let over = false
    let heard = false
    void this.connect().then((flow) => {
      if (over) return
      if (!flow) return answered(false)
      const owner = {
        response: ({ status }: SipResponse) => {
          heard ||= status >= 200 && status !== 503
          if (status >= 200) answered(heard)
        },
        failed: () => answered(false),
      }
      question = this.host.transactions.send(this.question(flow), flow, owner)
    })
    return () => {
      over = true
      question?.end()
      // Asked again soon, and then at the next address.
      if (question && !heard) this.lose(question.flow)
    }
  }

  private async connect(): Promise<Flow | null> {
    return (await this.ways()).next()
  }

  private lose(flow: Flow): void {
    this.lostAt.set(flowPlace(flow), this.host.clock.now())
  }

  private question(flow: Flow): SipRequest {
    const domain = this.trunk.domain ?? this.trunk.host
    const uri = `sip:${domain}`
    const headers = new Headers()
    headers
      .add('max-forwards', 70)
      .add('from', `<sip:${escapeUser(contactUserOf(this.trunk))}@${domain}>;tag=${newTag()}`)
    headers.add('to', `<${uri}>`).add('call-id', newTag()).add('cseq', '1 OPTIONS')
    headers.add('contact', contactOn(flow, contactUserOf(this.trunk))).add('accept', 'application/sdp')
    headers.add('user-agent', this.host.userAgent)
    return { kind: 'request', method: 'OPTIONS', uri, headers, body: '' }
  }

  private async look(): Promise<void> {
    this.endpoints = await this.host.names.find(this.trunk).catch(() => this.endpoints)
    if (!this.stopped) this.stopLooking = this.host.clock.after(lookAgainAfter, () => void this.look())
  }

  private async register(): Promise<void> {
    if (this.stopped) return
    this.flow = await this.connect()
    if (!this.flow) this.fail(503)
    else if (!this.stopped) this.send(this.flow, this.expires, {})
  }

  private send(flow: Flow, expires: number, extra: Record<string, string>): void {
    const { trunk } = this
    const domain = trunk.domain ?? trunk.host
    const own = `<sip:${escapeUser(contactUserOf(trunk))}@${domain}>`
    this.sequence += 1
    const headers = new Headers()
    headers.add('max-forwards', 70).add('from', `${own};tag=${this.tag}`).add('to', own)
    headers.add('call-id', this.callId).add('cseq', `${this.sequence} REGISTER`)
    headers.add('contact', contactOn(flow, contactUserOf(trunk))).add('expires', expires)
    headers.add('user-agent', this.host.userAgent)
    for (const [name, value] of Object.entries(extra)) headers.add(name, value)
    const request: SipRequest = {
      kind: 'request',
      method: 'REGISTER',
      uri: `sip:${domain}`,
      headers,
      body: '',
    }
    this.sent = this.host.transactions.send(request, flow, {
      response: (response) => this.receive(request, response, flow, expires),
      failed: () => this.fail(408),
    })
  }

  private receive(request: SipRequest, response: SipResponse, flow: Flow, expires: number): void {
    const { status } = response
    if (status < 200) return
    if (status < 300) return expires > 0 ? this.succeed(response) : undefined
    const credentials = credentialsOf(this.trunk)
    if ((status === 401 || status === 407) && credentials) {
      const answer = answerChallenge(response, 'REGISTER', request.uri, credentials)
      if (answer && (request.headers.get(answer.name) === null || answer.stale)) {
        return this.send(flow, expires, { [answer.name]: answer.value })
      }
    }
    const least = Number(response.headers.get('min-expires'))
    if (status === 423 && least > this.expires && least < 100_000) {
      this.expires = least
      return this.send(flow, least, {})
    }
    this.fail(status)
  }

  private succeed(response: SipResponse): void {
    this.failures = 0
    this.tell('registered', 200)
    const ours = response.headers
      .list('contact')
      .map((value) => parseNameAddress(value).params.get('expires'))
    const said = Number(
      (ours.length === 1 ? ours[0] : undefined) ?? response.headers.get('expires') ?? this.expires,
    )
    const seconds = said > 0 && said <= this.expires ? said : this.expires
    this.later(Math.max(seconds * 850, 1000))
  }

  private fail(status: number): void {
    if (this.stopped) return
    if (this.flow && (status === 408 || status === 503)) this.lose(this.flow)
    this.failures += 1
    // A wrong password does not mend itself: asking often would only get us banned.
    const wait = status === 403 || status === 401 ? longestRetry : firstRetry * 2 ** (this.failures - 1)
    this.retryIn(Math.min(wait, longestRetry), status)
  }

  private retryIn(wait: number, status: number | null): void {
    this.tell('failed', status)
    this.later(wait * (0.9 + Math.random() * 0.2))
  }

  private later(wait: number): void {
    this.stopTimer()
    this.stopTimer = this.host.clock.after(wait, () => void this.register())
  }

  private tell(state: TrunkState['state'], status: number | null): void {
    if (this.state.state === state && this.state.status === status) return
    this.state = { trunk: this.trunk.id, state, status }
    this.host.trunkState(this.state)
  }
}

/** The trunks, found by name or by who calls. */
export class Trunks {
  private readonly lines = new Map<string, TrunkLine>()
  private readonly host: TrunkHost

  constructor(host: TrunkHost) {
    this.host = host
  }

  put(trunk: Trunk): void {
    this.remove(trunk.id)
    const line = new TrunkLine(trunk, this.host)
    this.lines.set(trunk.id, line)
    this.host.trunkState(line.state)
  }

  remove(id: string): void {
    this.lines.get(id)?.stop()
    this.lines.delete(id)
  }

  states(): TrunkState[] {
    return [...this.lines.values()].map((line) => line.state)
  }

  flowClosed(flow: Flow): void {
    for (const line of this.lines.values()) line.flowClosed(flow)
  }

  /** What a call out by this trunk needs; null when there is no such trunk, rejects when it cannot be reached. */
  async way(id: string): Promise<{
    readonly flow: Flow
    readonly ways: Ways
    readonly domain: string
    readonly contactUser: string
    readonly credentials: Credentials | null
  } | null> {
    const line = this.lines.get(id)
    if (!line) return null
    const { trunk } = line
    const ways = await line.ways()
    const flow = await ways.next()
    if (!flow) throw new Error('no way to the trunk')
    return {
      flow,
      ways,
      domain: trunk.domain ?? trunk.host,
      contactUser: contactUserOf(trunk),
      credentials: credentialsOf(trunk),
    }
  }

  /** True when some trunk calls from this address. */
  knowsHost(host: string): boolean {
    return [...this.lines.values()].some((line) => isSource(line, host))
  }

  /** The trunk a request comes from: by the user we registered, by address and port, then by address alone. */
  match(flow: Flow, requestUser: string): { readonly id: string; readonly exact: boolean } | null {
    const candidates = [...this.lines.values()].filter((line) => isSource(line, flow.remoteHost))
    const named = candidates.find(
      (line) => line.trunk.kind === 'registration' && contactUserOf(line.trunk) === requestUser,
    )
    const exact = candidates.find((line) =>
      line.endpoints.some(({ host, port }) => host === flow.remoteHost && port === flow.remotePort),
    )
    const found = named ?? exact ?? candidates[0]
    return found ? { id: found.trunk.id, exact: found === exact || found === named } : null
  }

  /** Unregisters everywhere. */
  clear(): void {
    for (const line of this.lines.values()) line.stop()
    this.lines.clear()
  }
}

const isSource = (line: TrunkLine, host: string): boolean =>
  line.endpoints.some((endpoint) => endpoint.host === host) ||
  (line.trunk.sources ?? []).some((block) => inBlock(host, block))
