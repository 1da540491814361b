import { expect, test } from 'vitest'
import { Names, orderOf } from './resolve.ts'
import { a, aaaa, aNameServer, naptr, srv } from './test-name-server.ts'
import type { Answers } from './test-name-server.ts'

const carrier: Answers = {
  'NAPTR carrier.test': [
    naptr(20, 10, 'SIP+D2U', '_sip._udp.carrier.test'),
    naptr(10, 50, 'SIP+D2T', '_sip._tcp.carrier.test'),
    naptr(10, 10, 'SIPS+D2T', '_sips._tcp.carrier.test'),
    naptr(5, 5, 'E2U+web', 'nothing.test'),
  ],
  'SRV _sips._tcp.carrier.test': [srv(20, 0, 5062, 'spare.test'), srv(10, 0, 5061, 'first.test')],
  'SRV _sip._udp.carrier.test': [srv(10, 0, 5070, 'first.test')],
  'A first.test': [a('192.0.2.1'), a('192.0.2.2')],
  'A spare.test': [a('192.0.2.3')],
  'AAAA first.test': [aaaa],
  'A carrier.test': [a('192.0.2.9')],
  'A plain.test': [a('192.0.2.8')],
}

test('RFC 3263: NAPTR says what is spoken, SRV where, with the spare one last', async () => {
  const names = new Names('0.0.0.0', [await aNameServer(carrier)])
  expect(await names.find({ host: 'carrier.test' })).toEqual([
    { host: '192.0.2.1', port: 5061, transport: 'tls' },
    { host: '192.0.2.2', port: 5061, transport: 'tls' },
    { host: '192.0.2.3', port: 5062, transport: 'tls' },
  ])
})

test('a transport that is given asks for its own SRV; a port that is given asks for addresses alone', async () => {
  const names = new Names('0.0.0.0', [await aNameServer(carrier)])
  expect((await names.find({ host: 'carrier.test', transport: 'udp' }))[0]).toEqual({ host: '192.0.2.1', port: 5070, transport: 'udp' }) // prettier-ignore
  expect(await names.find({ host: 'carrier.test', port: 5080, transport: 'tcp' })).toEqual([{ host: '192.0.2.9', port: 5080, transport: 'tcp' }]) // prettier-ignore
  expect(await names.find({ host: 'plain.test' })).toEqual([{ host: '192.0.2.8', port: 5060, transport: 'udp' }]) // prettier-ignore
  await expect(names.find({ host: 'nobody.test' })).rejects.toThrow('no address')
})

test('only addresses of our own family are given, and both where we are bound to both', async () => {
  const server = await aNameServer(carrier)
  const hosts = async (bound: string): Promise<string[]> =>
    (await new Names(bound, [server]).find({ host: 'carrier.test', transport: 'udp' })).map(
      ({ host }) => host,
    )
  expect(await hosts('::1')).toEqual(['::1'])
  expect(await hosts('::')).toEqual(['192.0.2.1', '192.0.2.2', '::1'])
})

test('numbers are themselves, IPv6 in its brackets too', async () => {
  const names = new Names('::')
  expect(await names.find({ host: '192.0.2.1', transport: 'tls' })).toEqual([{ host: '192.0.2.1', port: 5061, transport: 'tls' }]) // prettier-ignore
  expect(await names.find({ host: '[2001:db8::1]', port: 5070 })).toEqual([{ host: '2001:db8::1', port: 5070, transport: 'udp' }]) // prettier-ignore
})

test('RFC 2782: in one priority the heavier is first as often as its weight says, the light one not never', () => {
  const record = (priority: number, weight: number) => ({ name: `${weight}`, port: 1, priority, weight })
  let state = 1
  const random = (): number => (state = (state * 16_807) % 2_147_483_647) / 2_147_483_647
  const firsts = Array.from({ length: 2000 }, () =>
    orderOf([record(1, 25), record(1, 75), record(0, 0)], random),
  )
  expect(firsts.every(([first]) => first?.priority === 0)).toBe(true)
  const heavy = firsts.filter(([, second]) => second?.weight === 75).length
  expect(heavy).toBeGreaterThan(1400)
  expect(heavy).toBeLessThan(1600)
})
