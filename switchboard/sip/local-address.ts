import { isIPv4 } from 'node:net'
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

/** The address of ours to tell a peer: loopback for a local peer, else the public one, else the nearest interface. */
export function localHostFor(remote: string, bound: string, publicAddress: string | null): string {
  if (isLoopback(remote)) return isLoopback(bound) ? bound : '127.0.0.1'
  if (publicAddress !== null) return publicAddress
  if (bound !== '0.0.0.0' && bound !== '::') return bound
  const own = Object.values(networkInterfaces())
    .flatMap((list) => list ?? [])
    .filter((address) => address.family === 'IPv4' && !address.internal)
  const near = own.find((address) => address.cidr !== null && inBlock(remote, address.cidr))
  return (near ?? own[0])?.address ?? '127.0.0.1'
}
