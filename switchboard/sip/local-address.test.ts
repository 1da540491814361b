import { expect, test } from 'vitest'
import type { OwnAddress } from './local-address.ts'
import { localHostFor } from './local-address.ts'

const four = (address: string, netmask: string): OwnAddress => ({
  address,
  netmask,
  family: 'IPv4',
  internal: false,
})
const machine = (): OwnAddress[] => [
  { address: '127.0.0.1', netmask: '255.0.0.0', family: 'IPv4', internal: true },
  four('198.51.100.7', '255.255.255.0'),
  four('10.1.0.5', '255.255.0.0'),
  { address: '2001:db8::7', netmask: 'ffff:ffff:ffff:ffff::', family: 'IPv6', internal: false },
]

test.each([
  [
    'a phone in the second network is told the address of that interface',
    '10.1.9.9',
    '0.0.0.0',
    null,
    '10.1.0.5',
  ],
  [
    'so it is where there is an external address: no NAT lies between',
    '10.1.9.9',
    '0.0.0.0',
    '203.0.113.1',
    '10.1.0.5',
  ],
  ['a carrier far away is told the external address', '192.0.2.200', '0.0.0.0', '203.0.113.1', '203.0.113.1'],
  ['without one it is told the first interface', '192.0.2.200', '0.0.0.0', null, '198.51.100.7'],
  ['bound to one address, that one', '192.0.2.200', '10.1.0.5', null, '10.1.0.5'],
  [
    'a peer of IPv6 is told an address of IPv6, whatever the external one is',
    '2001:db8:1::1',
    '::',
    '203.0.113.1',
    '2001:db8::7',
  ],
  ['a peer on this machine is told loopback', '127.0.0.9', '0.0.0.0', '203.0.113.1', '127.0.0.1'],
  ['by IPv6 too', '::1', '::', null, '::1'],
])('%s', (_, remote, bound, external, expected) => {
  expect(localHostFor(remote, bound, external, machine)).toBe(expected)
})
