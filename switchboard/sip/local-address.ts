import type { NetworkInterfaceInfo } from 'node:os'
import { BlockList, isIPv4 } from 'node:net'
import { networkInterfaces } from 'node:os'

/** True for an address that only this machine reaches. */
export const isLoopback = (host: string): boolean =>
  host === '::1' || host === 'localhost' || /^(::ffff:)?127\./.test(host)

/** IPv4 addresses mapped into IPv6 in their plain form. */
export const plainHost = (host: string): string => host.replace(/^::ffff:(?=\d+\.\d+\.\d+\.\d+$)/i, '')

/** An IPv4 address as a number, or null. */
function ipv4Number(host: string): number | null {
  if (!isIPv4(host)) return null
  return host.split('.').reduce((sum, byte) => sum * 256 + Number(byte), 0)
}

/** True when `host` lies in `block`, an address or a CIDR block (IPv4), e.g. `203.0.113.0/24`. */
export function inBlock(host: string, block: string): boolean {
  const [base = '', bits] = block.split('/')
  if (bits === undefined) return plainHost(host) === base.toLowerCase()
  const [address, network, size] = [ipv4Number(plainHost(host)), ipv4Number(base), Number(bits)]
  if (address === null || network === null || !(size >= 0 && size <= 32)) return false
  const span = 2 ** (32 - size)
  return Math.floor(address / span) === Math.floor(network / span)
}

/** True for addresses of private networks and of this machine: behind NAT they mean nothing to the other side. */
export const isPrivate = (host: string): boolean =>
  isLoopback(host) ||
  ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '100.64.0.0/10', '169.254.0.0/16'].some((block) =>
    inBlock(host, block),
  )

/** An interface of this machine, as far as addresses go. */
export type OwnAddress = Pick<NetworkInterfaceInfo, 'address' | 'netmask' | 'family' | 'internal'>

const newFor = 1_000
let own: OwnAddress[] = []
let askedAt = -Infinity

/** Our addresses; the system is slow to tell them, and asked once a second at most. */
function ownAddresses(): OwnAddress[] {
  if (performance.now() - askedAt < newFor) return own
  askedAt = performance.now()
  own = Object.values(networkInterfaces()).flatMap((list) => list ?? [])
  return own
}

/** True when a peer is in the very network of an interface. */
function isBeside({ address, netmask, family }: OwnAddress, remote: string): boolean {
  const bits = family === 'IPv4' ? 32 : 128
  const length = [...netmask.matchAll(/[0-9a-f]+/gi)].reduce((sum, [part]) => {
    const value = Number.parseInt(part, family === 'IPv4' ? 10 : 16)
    return sum + value.toString(2).replaceAll('0', '').length
  }, 0)
  const network = new BlockList()
  network.addSubnet(address, Math.min(length, bits), family === 'IPv4' ? 'ipv4' : 'ipv6')
  return network.check(remote, remote.includes(':') ? 'ipv6' : 'ipv4')
}

/**
 * The address of ours to tell a peer: loopback for a local one; the interface in whose network it is (no NAT lies
 * between); else the public address; else the first interface of its family.
 */
export function localHostFor(
  remote: string,
  bound: string,
  publicAddress: string | null,
  interfaces: () => OwnAddress[] = ownAddresses,
): string {
  const isSix = remote.includes(':')
  const local = isSix ? '::1' : '127.0.0.1'
  if (isLoopback(remote)) return isLoopback(bound) ? bound : local
  const isAll = bound === '0.0.0.0' || bound === '::'
  const candidates = interfaces().filter(
    ({ address, family, internal }) =>
      !internal && (family === 'IPv6') === isSix && (isAll || address === bound),
  )
  const near = candidates.find((one) => isBeside(one, remote))
  if (near) return near.address
  if (publicAddress !== null && publicAddress.includes(':') === isSix) return publicAddress
  return isAll ? (candidates[0]?.address ?? publicAddress ?? local) : bound
}
