import { lookup, Resolver } from 'node:dns/promises'
import { isIP } from 'node:net'

/** Transports a name can lead to. */
export type Wire = 'udp' | 'tcp' | 'tls'

/** Where a host name leads: an address, its port, and what is spoken there. */
export interface Endpoint {
  readonly host: string
  readonly port: number
  readonly transport: Wire
}

/** What is known of the far end before any name is asked for. */
export interface Wanted {
  readonly host: string
  readonly port?: number | undefined
  /** Absent: the far end's NAPTR records say it, else UDP. */
  readonly transport?: Wire | undefined
}

interface SrvRecord {
  readonly name: string
  readonly port: number
  readonly priority: number
  readonly weight: number
}

const services: Readonly<Record<string, Wire>> = { 'SIP+D2U': 'udp', 'SIP+D2T': 'tcp', 'SIPS+D2T': 'tls' }
const srvNames: readonly (readonly [string, Wire])[] = [
  ['_sip._udp', 'udp'],
  ['_sip._tcp', 'tcp'],
  ['_sips._tcp', 'tls'],
]
const most = 8
const usualPort = (transport: Wire): number => (transport === 'tls' ? 5061 : 5060)

/** Orders SRV records by priority, and those of one priority by chance in the ratio of their weights (RFC 2782). */
export function orderOf<T extends SrvRecord>(records: readonly T[], random = Math.random): T[] {
  const ordered: T[] = []
  const left = records.toSorted((a, b) => a.priority - b.priority || a.weight - b.weight)
  while (left[0] !== undefined) {
    const { priority } = left[0]
    const same = left.filter((record) => record.priority === priority)
    let point = random() * same.reduce((sum, { weight }) => sum + weight, 0)
    const chosen = same.find(({ weight }) => (point -= weight) < 0) ?? same[0]
    if (!chosen) break
    ordered.push(chosen)
    left.splice(left.indexOf(chosen), 1)
  }
  return ordered
}

/** Finds the addresses of a SIP host (RFC 3263): numbers, NAPTR, SRV, then plain addresses. */
export class Names {
  private readonly resolver = new Resolver({ timeout: 2000, tries: 1 })
  private readonly ownServers: boolean
  private readonly families: readonly (4 | 6)[]

  /** `bound` is our own address: only addresses that can be reached from it are given. */
  constructor(bound: string, servers: readonly string[] = []) {
    this.families = bound === '::' ? [4, 6] : bound.includes(':') ? [6] : [4]
    this.ownServers = servers.length > 0
    if (this.ownServers) this.resolver.setServers(servers)
  }

  /** Addresses, best first. Rejects when the name does not exist. */
  async find({ host, port, transport }: Wanted): Promise<Endpoint[]> {
    const bare = host.replace(/^\[|\]$/g, '')
    const plain = transport ?? 'udp'
    if (isIP(bare) !== 0) return [{ host: bare, port: port ?? usualPort(plain), transport: plain }]
    if (port === undefined && bare.includes('.')) {
      const found = await this.byService(bare, transport)
      if (found.length > 0) return found
    }
    return this.addressesOf(bare, port ?? usualPort(plain), plain)
  }

  private async byService(host: string, transport: Wire | undefined): Promise<Endpoint[]> {
    const named = transport === undefined ? await this.naptr(host) : []
    const usual = srvNames
      .filter(([, wire]) => transport === undefined || wire === transport)
      .map(([service, wire]) => [`${service}.${host}`, wire] as const)
    for (const [name, wire] of [...named, ...usual]) {
      const found = await this.srv(name, wire)
      if (found.length > 0) return found
    }
    return []
  }

  /** Names of the SRV records, and what is spoken there, in the far end's order (§4.1). */
  private async naptr(host: string): Promise<(readonly [string, Wire])[]> {
    const records = await this.resolver.resolveNaptr(host).catch(() => [])
    return records
      .filter(({ flags }) => flags.toLowerCase() === 's')
      .toSorted((a, b) => a.order - b.order || a.preference - b.preference)
      .flatMap(({ service, replacement }) => {
        const wire = services[service.toUpperCase()]
        return wire === undefined ? [] : [[replacement, wire] as const]
      })
  }

  private async srv(name: string, wire: Wire): Promise<Endpoint[]> {
    const records = await this.resolver.resolveSrv(name).catch(() => [])
    const found: Endpoint[] = []
    for (const record of orderOf(records).slice(0, most)) {
      found.push(...(await this.addressesOf(record.name, record.port, wire).catch(() => [])))
    }
    return found
  }

  private async addressesOf(name: string, port: number, transport: Wire): Promise<Endpoint[]> {
    const hosts = this.ownServers ? await this.askedFor(name) : await this.lookedUp(name)
    if (hosts.length === 0) throw new Error('the name has no address that can be reached')
    return hosts.map((host) => ({ host, port, transport }))
  }

  private async askedFor(name: string): Promise<string[]> {
    const asked = this.families.map(async (family) =>
      (family === 4 ? this.resolver.resolve4(name) : this.resolver.resolve6(name)).catch(() => []),
    )
    return (await Promise.all(asked)).flat()
  }

  private async lookedUp(name: string): Promise<string[]> {
    const addresses = await lookup(name, { all: true })
    return addresses
      .filter(({ family }) => this.families.some((one) => one === family))
      .map(({ address }) => address)
  }
}
