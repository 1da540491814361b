import { lookup, Resolver } from 'node:dns/promises'
import { isIP } from 'node:net'
import type { SipTransport } from './contract.ts'

/** Where a host name leads: addresses with their ports, best first. */
export interface Endpoint {
  readonly host: string
  readonly port: number
}

const resolver = new Resolver({ timeout: 2000, tries: 1 })

/**
 * Addresses of a SIP host (RFC 3263, in short): a number is itself, a name without a port is asked for SRV records,
 * then for addresses. Rejects when the name does not exist.
 */
export async function resolveHost(
  host: string,
  port: number | undefined,
  transport: SipTransport,
): Promise<Endpoint[]> {
  const usual = port ?? (transport === 'tls' ? 5061 : 5060)
  if (isIP(host) !== 0) return [{ host, port: usual }]
  if (port === undefined && host.includes('.')) {
    const service = transport === 'tls' ? '_sips._tcp' : transport === 'tcp' ? '_sip._tcp' : '_sip._udp'
    const records = await resolver.resolveSrv(`${service}.${host}`).catch(() => [])
    const sorted = records.sort((a, b) => a.priority - b.priority || b.weight - a.weight)
    const found: Endpoint[] = []
    for (const record of sorted.slice(0, 8)) found.push(...(await addressesOf(record.name, record.port)))
    if (found.length > 0) return found
  }
  return addressesOf(host, usual)
}

async function addressesOf(name: string, port: number): Promise<Endpoint[]> {
  const addresses = await lookup(name, { all: true, family: 4 })
  return addresses.map(({ address }) => ({ host: address, port }))
}
