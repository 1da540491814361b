import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import type { Clock, DigestAlgorithm } from './contract.ts'
import { parseParams } from './headers.ts'
import type { Params } from './headers.ts'
import type { SipResponse } from './message.ts'
import { SipParseError } from './parse-error.ts'

const hash = (algorithm: string, text: string): string => createHash(algorithm).update(text).digest('hex')

/** Digest algorithms (RFC 8760 §2.1) as they are written in a challenge, with their names in OpenSSL. */
const algorithms = { MD5: 'md5', 'SHA-256': 'sha256', 'SHA-512-256': 'sha512-256' } as const

const isAlgorithm = (name: string): name is DigestAlgorithm => name in algorithms

/** The hash of user:realm:password: what is kept instead of a password (RFC 7616 §3.4.2). */
export const ha1Of = (algorithm: DigestAlgorithm, user: string, realm: string, password: string): string =>
  hash(algorithms[algorithm], `${user}:${realm}:${password}`)

function readDigest(value: string): Params | null {
  const match = /^digest\s+(.*)$/is.exec(value.trim())
  if (!match) return null
  try {
    return parseParams(match[1] ?? '', ',')
  } catch (error) {
    if (error instanceof SipParseError) return null
    throw error
  }
}

/** The digest of one request: RFC 2617 with qop=auth, or RFC 2069 without. */
function digestOf(algorithm: string, ha1: string, method: string, uri: string, p: Params): string {
  const ha2 = hash(algorithm, `${method}:${uri}`)
  const nonce = p.get('nonce') ?? ''
  const qop = p.get('qop')
  if (qop === undefined || qop === '') return hash(algorithm, `${ha1}:${nonce}:${ha2}`)
  return hash(algorithm, `${ha1}:${nonce}:${p.get('nc') ?? ''}:${p.get('cnonce') ?? ''}:${qop}:${ha2}`)
}

/** True when the response fits the secret. An unknown user costs the same time, so that names cannot be told by it. */
function provesSecret(
  given: Params,
  method: string,
  algorithm: DigestAlgorithm,
  ha1: string | null,
): boolean {
  const isServed = (given.get('qop') ?? 'auth') === 'auth'
  const name = algorithms[algorithm]
  const expected = digestOf(name, ha1 ?? hash(name, ''), method, given.get('uri') ?? '', given)
  const response = Buffer.from((given.get('response') ?? '').toLowerCase())
  const fits = response.length === expected.length && timingSafeEqual(response, Buffer.from(expected))
  return fits && isServed && ha1 !== null
}

/** The HA1 of a user by an algorithm; null when there is none. */
export type Ha1Source = (user: string, algorithm: DigestAlgorithm) => string | null

/** What checking credentials came to. `stale`: the secret may be right, the nonce is not: challenge anew. */
export type DigestVerdict =
  | { readonly kind: 'right'; readonly user: string }
  | { readonly kind: 'wrong'; readonly user: string }
  | { readonly kind: 'stale' }
  | { readonly kind: 'none' }

const nonceLife = 300_000

const algorithmOf = (params: Params): string => (params.get('algorithm') ?? 'MD5').toUpperCase()

/**
 * Challenges and checks, by MD5 alone unless told otherwise: baresip 1.0 gives up at any SHA-256 challenge, JsSIP knows
 * no other than MD5. A nonce carries its own proof; what is kept is only the highest count seen of nonces in use.
 */
export class DigestServer {
  private readonly realm: string
  private readonly clock: Clock
  private readonly served: readonly DigestAlgorithm[]
  private readonly key = randomBytes(32)
  private readonly counts = new Map<string, { count: number; expiresAt: number }>()

  constructor(realm: string, clock: Clock, served: readonly DigestAlgorithm[] = ['MD5']) {
    this.realm = realm
    this.clock = clock
    this.served = served
  }

  /** Values of the WWW-Authenticate or Proxy-Authenticate headers, the best algorithm first (RFC 8760 §2.4). */
  challenges(stale: boolean): string[] {
    const body = `${Math.floor(this.clock.now()).toString(36)}.${randomBytes(9).toString('hex')}`
    const nonce = `${body}.${this.seal(body)}`
    const end = stale ? ', stale=true' : ''
    return this.served.map(
      (algorithm) =>
        `Digest realm="${this.realm}", nonce="${nonce}", algorithm=${algorithm}, qop="auth"${end}`,
    )
  }

  /** Checks the headers `values` (those for our realm count). `ha1For` gives a user's HA1 or null. */
  check(values: readonly string[], method: string, ha1For: Ha1Source): DigestVerdict {
    const given = values.map(readDigest).find((params) => params?.get('realm') === this.realm)
    const algorithm = given ? algorithmOf(given) : ''
    if (!given || !isAlgorithm(algorithm) || !this.served.includes(algorithm)) return { kind: 'none' }
    const nonce = given.get('nonce') ?? ''
    if (!this.isOurs(nonce)) return { kind: 'stale' }
    const user = given.get('username') ?? ''
    if (!provesSecret(given, method, algorithm, ha1For(user, algorithm))) return { kind: 'wrong', user }
    const count = given.has('qop') ? Number.parseInt(given.get('nc') ?? '', 16) : 1
    return this.useUp(nonce, count) ? { kind: 'right', user } : { kind: 'stale' }
  }

  private seal(body: string): string {
    return createHmac('sha256', this.key).update(body).digest('hex').slice(0, 32)
  }

  private isOurs(nonce: string): boolean {
    const [time = '', random = '', seal = ''] = nonce.split('.')
    const expected = this.seal(`${time}.${random}`)
    const age = this.clock.now() - Number.parseInt(time, 36)
    if (seal.length !== expected.length || Buffer.byteLength(seal) !== seal.length) return false
    return timingSafeEqual(Buffer.from(seal), Buffer.from(expected)) && Math.abs(age) < nonceLife
  }

  /** A count must be higher than any before on the same nonce: a recorded request is no use a second time. */
  private useUp(nonce: string, count: number): boolean {
    const now = this.clock.now()
    const last = this.counts.get(nonce)?.count ?? 0
    if (!(count > last)) return false
    this.counts.set(nonce, { count, expiresAt: now + 2 * nonceLife })
    if (this.counts.size > 5000) {
      for (const [old, { expiresAt }] of this.counts) if (expiresAt < now) this.counts.delete(old)
    }
    return true
  }
}

/** What we prove ourselves with to a trunk. */
export interface Credentials {
  readonly user: string
  readonly password: string
}

function answerTo(
  params: Params,
  algorithm: string,
  method: string,
  uri: string,
  credentials: Credentials,
): string {
  const realm = params.get('realm') ?? ''
  const nonce = params.get('nonce') ?? ''
  const offered = (params.get('qop') ?? '').split(',').some((qop) => qop.trim() === 'auth')
  const cnonce = randomBytes(8).toString('hex')
  const given = new Map(Object.entries({ nonce, qop: offered ? 'auth' : '', nc: '00000001', cnonce }))
  const ha1 = hash(algorithm, `${credentials.user}:${realm}:${credentials.password}`)
  const opaque = params.get('opaque')
  const parts = [
    `username="${credentials.user}", realm="${realm}", nonce="${nonce}", uri="${uri}"`,
    `response="${digestOf(algorithm, ha1, method, uri, given)}"`,
    `algorithm=${params.get('algorithm') ?? 'MD5'}`,
    ...(offered ? [`qop=auth, nc=00000001, cnonce="${cnonce}"`] : []),
    ...(opaque === undefined ? [] : [`opaque="${opaque}"`]),
  ]
  return `Digest ${parts.join(', ')}`
}

/**
 * Answers a 401 or 407: the header to add to the next try, or null when there is no challenge we can meet. The first
 * algorithm we know is taken, as RFC 8760 says.
 */
export function answerChallenge(
  response: SipResponse,
  method: string,
  uri: string,
  credentials: Credentials,
): { readonly name: string; readonly value: string; readonly stale: boolean } | null {
  const proxy = response.status === 407
  for (const value of response.headers.all(proxy ? 'proxy-authenticate' : 'www-authenticate')) {
    const params = readDigest(value)
    const algorithm = params ? algorithmOf(params) : ''
    if (!params || !isAlgorithm(algorithm)) continue
    const name = proxy ? 'proxy-authorization' : 'authorization'
    return {
      name,
      value: answerTo(params, algorithms[algorithm], method, uri, credentials),
      stale: params.get('stale')?.toLowerCase() === 'true',
    }
  }
  return null
}
