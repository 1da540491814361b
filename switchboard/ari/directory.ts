import type { LegKind } from '../media/messages.ts'
import type { SipStack, Trunk } from '../sip/contract.ts'
import { AriFault, notFound } from './fault.ts'

/** One attribute of a pushed object, as ARI writes it. */
export interface ConfigTuple {
  attribute: string
  value: string
}

/** Objects of `res_pjsip` that may be pushed. */
const types = ['auth', 'aor', 'endpoint', 'registration', 'identify'] as const
type ObjectType = (typeof types)[number]

/** A pushed endpoint, put together from its objects: somebody who registers, or a trunk. */
export interface Endpoint {
  id: string
  kind: 'account' | 'trunk'
  /** What carries its sound: `webrtc=yes`, `media_encryption=sdes` (SRTP), else plain RTP. */
  media: LegKind
  /** `media_encryption_optimistic=yes`: SRTP only where the far end can. */
  optimistic: boolean
  context: string
  accountcode: string
  caller: string
  /** The far end's word on the caller's number is believed. */
  trustsNumbers: boolean
  /** Variables every channel of it begins with. */
  variables: [string, string][]
}

const yes = (value: string | undefined) => value === 'yes' || value === 'true' || value === '1'

/** Attributes of an object; an attribute may come several times, the last one counts where one is asked for. */
class Attributes {
  readonly tuples: readonly ConfigTuple[]
  private readonly lists = new Map<string, string[]>()

  constructor(tuples: readonly ConfigTuple[]) {
    this.tuples = tuples
  }

  one(name: string): string | undefined {
    return this.tuples.findLast((tuple) => tuple.attribute === name)?.value
  }

  all(name: string): string[] {
    return this.tuples.filter((tuple) => tuple.attribute === name).map((tuple) => tuple.value)
  }

  /** Kept once read: a thousand seats are asked for theirs at every change of one. */
  list(name: string): string[] {
    const known = this.lists.get(name)
    if (known) return known
    const read = this.all(name)
      .flatMap((value) => value.split(','))
      .map((value) => value.trim())
      .filter((value) => value !== '')
    this.lists.set(name, read)
    return read
  }
}

/** The configuration pushed over ARI, compiled into accounts and trunks of the SIP stack. Gone with the process. */
export class Directory {
  private readonly objects = new Map<ObjectType, Map<string, Attributes>>()
  private readonly endpoints = new Map<string, Endpoint>()
  private readonly compiled = new Map<string, string>()
  private readonly sip: SipStack

  constructor(sip: SipStack) {
    this.sip = sip
    for (const type of types) this.objects.set(type, new Map())
  }

  endpoint(id: string): Endpoint | undefined {
    return this.endpoints.get(id)
  }

  list(): Endpoint[] {
    return [...this.endpoints.values()]
  }

  /** An object's attributes; 404 when there is none. */
  get(type: string, id: string): readonly ConfigTuple[] {
    const found = this.of(type).get(id)
    if (!found) throw notFound('Object')
    return found.tuples
  }

  /** Adds or changes an object and carries that over to the SIP stack. */
  put(type: string, id: string, tuples: readonly ConfigTuple[]): readonly ConfigTuple[] {
    const known = this.of(type).get(id)?.tuples ?? []
    const kept = known.filter((old) => !tuples.some((tuple) => tuple.attribute === old.attribute))
    const changed = new Attributes([...kept, ...tuples])
    this.of(type).set(id, changed)
    this.compileThoseWith(type, id, changed)
    return this.get(type, id)
  }

  /** Forgets an object; 404 when there is none. */
  remove(type: string, id: string): void {
    const gone = this.of(type).get(id)
    if (!gone) throw notFound('Object')
    this.of(type).delete(id)
    const endpoint = type === 'endpoint' ? this.endpoints.get(id) : undefined
    if (endpoint) this.drop(endpoint)
    else this.compileThoseWith(type, id, gone)
  }

  private of(type: string): Map<string, Attributes> {
    const found = this.objects.get(type as ObjectType)
    if (!found) throw new AriFault(404, 'Object type not found')
    return found
  }

  /** Compiles the endpoints an object is part of; of a thousand seats only one is touched at a time. */
  private compileThoseWith(type: string, id: string, object: Attributes): void {
    const names: Record<string, string> = { auth: 'auth', aor: 'aors' }
    const name = names[type]
    const owner = object.one('endpoint')
    for (const [endpointId, endpoint] of this.of('endpoint')) {
      const refers =
        type === 'endpoint'
          ? endpointId === id
          : (name !== undefined && endpoint.list(name).includes(id)) ||
            (type === 'auth' && endpoint.list('outbound_auth').includes(id)) ||
            (type === 'registration' && owner === undefined) ||
            owner === endpointId
      if (refers) this.compile(endpointId, endpoint)
    }
  }

  private compile(id: string, endpoint: Attributes): void {
    const aor = this.of('aor').get(endpoint.list('aors')[0] ?? '')
    const contact = aor?.one('contact')
    const kind = contact === undefined ? 'account' : 'trunk'
    const known = this.endpoints.get(id)
    if (known && known.kind !== kind) this.drop(known)
    this.endpoints.set(id, {
      id,
      kind,
      media: mediaOf(endpoint),
      optimistic: yes(endpoint.one('media_encryption_optimistic')),
      context: endpoint.one('context') ?? 'hearthline',
      accountcode: endpoint.one('accountcode') ?? '',
      caller: endpoint.one('callerid') ?? '',
      trustsNumbers: endpoint.one('trust_id_inbound') === undefined || yes(endpoint.one('trust_id_inbound')),
      variables: endpoint.all('set_var').map(pairOf),
    })
    if (kind === 'trunk') this.putTrunk(id, endpoint, contact ?? '')
    else if (aor) this.putAccount(id, endpoint, aor)
  }

  private putAccount(id: string, endpoint: Attributes, aor: Attributes): void {
    const auth = this.of('auth').get(endpoint.list('auth')[0] ?? '')
    const ha1 = auth ? ha1Of(auth) : undefined
    const password = auth?.one('password')
    if (ha1 === undefined && password === undefined) return
    const sha256 = auth && digestOf(auth, 'SHA-256')
    const hashes = { ha1: ha1 ?? '', ...(sha256 === undefined ? {} : { ha1Sha256: sha256 }) }
    const secret = ha1 === undefined ? { password: password ?? '' } : hashes
    const account = { user: id, secret, maxContacts: Math.max(1, Number(aor.one('max_contacts') ?? 1) || 1) }
    if (this.changed(id, account)) this.sip.putAccount(account)
  }

  private putTrunk(id: string, endpoint: Attributes, contact: string): void {
    const auth = this.of('auth').get(endpoint.list('outbound_auth')[0] ?? '')
    const registration = [...this.of('registration').values()].find(
      (one) =>
        one.one('endpoint') === id ||
        (one.one('endpoint') === undefined && one.one('server_uri') === contact),
    )
    const sources = [...this.of('identify').values()]
      .filter((one) => one.one('endpoint') === id)
      .flatMap((one) => one.list('match'))
    const aor = this.of('aor').get(endpoint.list('aors')[0] ?? '')
    const trunk = trunkOf(id, contact, { endpoint, auth, aor, registration, sources })
    if (trunk && this.changed(id, trunk)) this.sip.putTrunk(trunk)
  }

  /** Whether this is news to the SIP stack: a repeat must not end registrations. */
  private changed(id: string, value: object): boolean {
    const text = JSON.stringify(value)
    if (this.compiled.get(id) === text) return false
    this.compiled.set(id, text)
    return true
  }

  private drop(endpoint: Endpoint): void {
    this.endpoints.delete(endpoint.id)
    if (!this.compiled.delete(endpoint.id)) return
    if (endpoint.kind === 'account') this.sip.removeAccount(endpoint.id)
    else this.sip.removeTrunk(endpoint.id)
  }
}

function mediaOf(endpoint: Attributes): LegKind {
  if (yes(endpoint.one('webrtc'))) return 'webrtc'
  const encryption = endpoint.one('media_encryption')
  if (encryption === 'dtls') return 'dtls'
  return encryption === 'sdes' ? 'srtp' : 'rtp'
}

function pairOf(text: string): [string, string] {
  const at = text.indexOf('=')
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)]
}

/** `md5_cred`, or `password_digest=MD5:...` as newer Asterisks write it. */
const ha1Of = (auth: Attributes): string | undefined => auth.one('md5_cred') ?? digestOf(auth, 'MD5')

function digestOf(auth: Attributes, algorithm: string): string | undefined {
  const prefix = `${algorithm}:`
  const digest = auth.all('password_digest').find((value) => value.toUpperCase().startsWith(prefix))
  return digest?.slice(prefix.length)
}

interface TrunkParts {
  endpoint: Attributes
  auth: Attributes | undefined
  aor: Attributes | undefined
  registration: Attributes | undefined
  sources: string[]
}

/** Host, port and transport of a SIP URI; null when it is none. */
function addressOf(uri: string): Pick<Trunk, 'host' | 'port' | 'transport'> | null {
  const found = /^<?(sips?):(?:[^@]*@)?(\[[^\]]+\]|[^:;>]+)(?::(\d+))?([^>]*)>?$/i.exec(uri)
  if (!found) return null
  const [, scheme = 'sip', host = '', port, rest = ''] = found
  const named = /;transport=(\w+)/i.exec(rest)?.[1]?.toLowerCase()
  const secure = scheme.toLowerCase() === 'sips' || named === 'tls'
  const transport = secure ? 'tls' : named === 'tcp' ? 'tcp' : 'udp'
  return { host, transport, ...(port === undefined ? {} : { port: Number(port) }) }
}

function trunkOf(id: string, contact: string, parts: TrunkParts): Trunk | null {
  const address = addressOf(contact)
  if (!address) return null
  const { auth, aor, registration, endpoint } = parts
  const known = {
    username: auth?.one('username'),
    password: auth?.one('password'),
    domain: endpoint.one('from_domain'),
    sources: parts.sources.length ? parts.sources : undefined,
    expiresSeconds: Number(registration?.one('expiration') ?? 0) || undefined,
    watchSeconds: Number(aor?.one('qualify_frequency') ?? 0) || undefined,
  }
  const given = Object.fromEntries(Object.entries(known).filter(([, value]) => value !== undefined))
  return { id, kind: registration ? 'registration' : 'address', ...address, ...given }
}
