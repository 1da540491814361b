import type {
  Account,
  Clock,
  DigestAlgorithm,
  Registration,
  SipLimits,
  UnregisterReason,
} from './contract.ts'
import { ha1Of } from './digest.ts'
import type { Flow } from './flow.ts'
import type { Gate } from './gate.ts'
import type { NameAddress } from './headers.ts'
import { parseNameAddress } from './headers.ts'
import type { SipRequest } from './message.ts'
import { parseCSeq } from './message.ts'
import { SipParseError } from './parse-error.ts'
import type { ServerTransaction } from './transactions.ts'
import { userOf } from './uri.ts'

/** A contact of an account, and the way to it. */
export interface Binding {
  readonly user: string
  /** `+sip.instance` with `reg-id` where there are (the same device after a restart, RFC 5626 §6), else the URI. */
  readonly key: string
  readonly contact: string
  readonly device: string
  readonly callId: string
  readonly sequence: number
  readonly flow: Flow
  readonly userAgent: string | null
  readonly expiresAt: number
  readonly registeredAt: number
  readonly stopExpiry: () => void
}

/** What the registrar needs. */
export interface RegistrarOptions {
  readonly realm: string
  readonly clock: Clock
  readonly limits: SipLimits
  readonly registered: (registration: Registration, refresh: boolean) => void
  readonly unregistered: (registration: Registration, reason: UnregisterReason) => void
}

/** Hashes of a user's password, by algorithm. */
type Ha1 = Readonly<Partial<Record<DigestAlgorithm, string>>>

interface WantedContact {
  readonly key: string
  readonly uri: string
  readonly seconds: number
  /** Device and flow of RFC 5626, as they stand in the 2xx. */
  readonly device: string
}

const asRegistration = (binding: Binding): Registration => ({
  user: binding.user,
  contact: binding.contact,
  remote: {
    transport: binding.flow.transport,
    host: binding.flow.remoteHost,
    port: binding.flow.remotePort,
  },
  userAgent: binding.userAgent,
  expiresAt: binding.expiresAt,
})

/** Accounts and where they can be reached now (RFC 3261 §10.3). */
export class Registrar {
  private readonly options: RegistrarOptions
  private readonly accounts = new Map<string, { readonly ha1: Ha1; readonly maxContacts: number }>()
  /** By user; oldest first. */
  private readonly bindings = new Map<string, Binding[]>()

  constructor(options: RegistrarOptions) {
    this.options = options
  }

  put(account: Account): void {
    const { user } = account
    const ha1 = this.ha1From(account)
    const before = this.accounts.get(user)
    this.accounts.set(user, { ha1, maxContacts: Math.max(1, account.maxContacts ?? 1) })
    if (before && before.ha1.MD5 !== ha1.MD5) this.drop(user, () => true, 'removed')
  }

  remove(user: string): void {
    this.accounts.delete(user)
    this.drop(user, () => true, 'removed')
  }

  has(user: string): boolean {
    return this.accounts.has(user)
  }

  ha1Of(user: string, algorithm: DigestAlgorithm): string | null {
    return this.accounts.get(user)?.ha1[algorithm] ?? null
  }

  private ha1From({ user, secret }: Account): Ha1 {
    if ('ha1' in secret) {
      const sha256 = secret.ha1Sha256 === undefined ? {} : { 'SHA-256': secret.ha1Sha256.toLowerCase() }
      return { MD5: secret.ha1.toLowerCase(), ...sha256 }
    }
    const by = (algorithm: DigestAlgorithm): string =>
      ha1Of(algorithm, user, this.options.realm, secret.password)
    return { MD5: by('MD5'), 'SHA-256': by('SHA-256'), 'SHA-512-256': by('SHA-512-256') }
  }

  get count(): number {
    return [...this.bindings.values()].reduce((sum, list) => sum + list.length, 0)
  }

  /** Newest first. */
  find(user: string): Binding[] {
    return [...(this.bindings.get(user) ?? [])].reverse()
  }

  list(user?: string): Registration[] {
    const found =
      user === undefined ? [...this.bindings.keys()].flatMap((name) => this.find(name)) : this.find(user)
    return found.map(asRegistration)
  }

  /** Accounts registered by this very flow. */
  accountsOn(flow: Flow): string[] {
    return [...this.bindings.values()]
      .flat()
      .filter((binding) => binding.flow.id === flow.id)
      .map((binding) => binding.user)
  }

  /** True when some account is registered from this address. */
  knowsHost(host: string): boolean {
    return [...this.bindings.values()].some((list) =>
      list.some((binding) => binding.flow.remoteHost === host),
    )
  }

  /** A connection closed: what was registered by it cannot be reached any more. */
  flowClosed(flow: Flow): void {
    for (const user of this.bindings.keys())
      this.drop(user, (binding) => binding.flow.id === flow.id, 'closed')
  }

  /** Ends all timers without a word. */
  clear(): void {
    for (const list of this.bindings.values()) for (const binding of list) binding.stopExpiry()
    this.bindings.clear()
  }

  /** A REGISTER. */
  receive(transaction: ServerTransaction, gate: Gate): void {
    const user = gate.check(transaction, 'registrar')
    if (user === null) return
    const { request } = transaction
    if (userOf(parseNameAddress(request.headers.get('to') ?? '').uri) !== user) return transaction.answer(403)
    const contacts = request.headers.list('contact')
    try {
      if (contacts.includes('*')) this.removeAll(transaction, user, contacts)
      else this.update(transaction, user, contacts)
    } catch (error) {
      if (!(error instanceof SipParseError)) throw error
      transaction.answer(400)
    }
  }

  private removeAll(transaction: ServerTransaction, user: string, contacts: string[]): void {
    const { request } = transaction
    if (contacts.length > 1 || request.headers.number('expires') !== 0) return transaction.answer(400)
    if (this.find(user).some((binding) => isOutOfOrder(binding, request))) return transaction.answer(500)
    this.drop(user, () => true, 'removed')
    this.accept(transaction, user)
  }

  private update(transaction: ServerTransaction, user: string, contacts: string[]): void {
    const { request } = transaction
    const wanted = contacts.map((value) => this.wantedContact(parseNameAddress(value), request))
    const { minExpiresSeconds } = this.options.limits
    if (wanted.some(({ seconds }) => seconds > 0 && seconds < minExpiresSeconds)) {
      const response = transaction.response(423)
      response.headers.add('min-expires', minExpiresSeconds)
      return transaction.respond(response)
    }
    const known = this.find(user)
    const late = wanted.some(({ key }) =>
      known.some((binding) => binding.key === key && isOutOfOrder(binding, request)),
    )
    // All or nothing (§10.3, step 7): nothing has been changed so far.
    if (late) return transaction.answer(500)
    for (const contact of wanted) this.bind(transaction, user, contact)
    this.accept(transaction, user)
  }

  private wantedContact(address: NameAddress, request: SipRequest): WantedContact {
    const asked = address.params.get('expires')
    if (asked !== undefined && !/^\d{1,10}$/.test(asked)) throw new SipParseError('bad expires')
    const seconds = asked === undefined ? (request.headers.number('expires') ?? 3600) : Number(asked)
    const instance = address.params.get('+sip.instance')
    const flow = address.params.get('reg-id')
    if (flow !== undefined && !(/^\d{1,9}$/.test(flow) && Number(flow) > 0))
      throw new SipParseError('bad reg-id')
    // A flow counts only for a device that says it keeps several (RFC 5626 §6).
    const several =
      instance !== undefined && flow !== undefined && request.headers.has('supported', 'outbound')
    const device =
      instance === undefined ? '' : `;+sip.instance="${instance}"${several ? `;reg-id=${flow}` : ''}`
    return {
      key: device === '' ? address.uri : device,
      device,
      uri: address.uri,
      seconds: Math.min(seconds, this.options.limits.maxExpiresSeconds),
    }
  }

  private bind(transaction: ServerTransaction, user: string, contact: WantedContact): void {
    const { key, uri, seconds, device } = contact
    if (seconds === 0)
      return this.drop(user, (binding) => binding.key === key || binding.contact === uri, 'removed')
    const { clock } = this.options
    const { request, flow } = transaction
    const before = this.bindings.get(user)?.find((binding) => binding.key === key)
    const now = clock.now()
    const binding: Binding = {
      user,
      key,
      contact: uri,
      device,
      callId: request.headers.get('call-id') ?? '',
      sequence: parseCSeq(request.headers).number,
      flow,
      userAgent: request.headers.get('user-agent'),
      expiresAt: now + seconds * 1000,
      registeredAt: before?.registeredAt ?? now,
      stopExpiry: clock.after(seconds * 1000, () => this.drop(user, (other) => other === binding, 'expired')),
    }
    before?.stopExpiry()
    const others = (this.bindings.get(user) ?? []).filter((other) => other !== before)
    this.bindings.set(user, [...others, binding])
    const most = this.accounts.get(user)?.maxContacts ?? 1
    const surplus = new Set(others.slice(0, Math.max(0, others.length + 1 - most)))
    this.drop(user, (other) => surplus.has(other), 'replaced')
    this.options.registered(asRegistration(binding), before !== undefined)
  }

  private accept(transaction: ServerTransaction, user: string): void {
    const now = this.options.clock.now()
    const response = transaction.response(200)
    for (const binding of this.find(user)) {
      const left = Math.max(1, Math.round((binding.expiresAt - now) / 1000))
      response.headers.add('contact', `<${binding.contact}>;expires=${left}${binding.device}`)
    }
    if (this.find(user).some(({ device }) => device.includes(';reg-id=')))
      response.headers.add('require', 'outbound')
    response.headers.add('date', new Date(now).toUTCString())
    transaction.respond(response)
  }

  private drop(user: string, which: (binding: Binding) => boolean, reason: UnregisterReason): void {
    const list = this.bindings.get(user) ?? []
    const gone = list.filter(which)
    if (gone.length === 0) return
    const kept = list.filter((binding) => !gone.includes(binding))
    if (kept.length === 0) this.bindings.delete(user)
    else this.bindings.set(user, kept)
    for (const binding of gone) {
      binding.stopExpiry()
      this.options.unregistered(asRegistration(binding), reason)
    }
  }
}

/** An older request of the same device that was overtaken (§10.3, step 7). */
const isOutOfOrder = (binding: Binding, request: SipRequest): boolean =>
  binding.callId === request.headers.get('call-id') && parseCSeq(request.headers).number <= binding.sequence
