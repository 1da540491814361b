import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { expect, test } from 'vitest'
import { Names, orderOf } from './resolve.ts'
import { endsWithTest } from './test-stack.ts'

type Answers = Readonly<Record<string, readonly Buffer[]>>

const nameBytes = (name: string): Buffer =>
  Buffer.concat([
    ...name.split('.').map((label) => Buffer.from([label.length, ...Buffer.from(label)])),
    Buffer.of(0),
  ])
const text = (value: string): Buffer => Buffer.from([value.length, ...Buffer.from(value)])
const numbers = (...values: number[]): Buffer =>
  Buffer.from(values.flatMap((value) => [value >> 8, value & 0xff]))
const types: Readonly<Record<string, number>> = { A: 1, AAAA: 28, SRV: 33, NAPTR: 35 }

const srv = (priority: number, weight: number, port: number, name: string): Buffer =>
  Buffer.concat([numbers(priority, weight, port), nameBytes(name)])
const naptr = (order: number, preference: number, service: string, name: string): Buffer =>
  Buffer.concat([numbers(order, preference), text('s'), text(service), text(''), nameBytes(name)])
const a = (address: string): Buffer => Buffer.from(address.split('.').map(Number))
const aaaa = Buffer.concat([Buffer.alloc(15), Buffer.of(1)])

/** A name server on a real socket that knows these answers, by `TYPE name`. */
async function aNameServer(answers: Answers): Promise<string> {
  const socket = createSocket('udp4')
  socket.on('message', (query, from) => {
    const end = query.indexOf(0, 12) + 1
    const labels: string[] = []
    for (let at = 12; at < end - 1; at += 1 + (query[at] ?? 0))
      labels.push(query.toString('latin1', at + 1, at + 1 + (query[at] ?? 0)))
    const type = query.readUInt16BE(end)
    const kind = Object.keys(types).find((name) => types[name] === type) ?? ''
    const found = answers[`${kind} ${labels.join('.')}`] ?? []
    const head = Buffer.from(query.subarray(0, 12))
    head.writeUInt16BE(found.length > 0 ? 0x8180 : 0x8183, 2)
    head.writeUInt16BE(found.length, 6)
    head.writeUInt16BE(0, 10)
    const records = found.map((data) => Buffer.concat([numbers(0xc00c, type, 1, 0, 60, data.length), data]))
    socket.send(Buffer.concat([head, query.subarray(12, end + 4), ...records]), from.port, from.address)
  })
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  endsWithTest({ stop: () => socket.close() })
  return `127.0.0.1:${socket.address().port}`
}

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
