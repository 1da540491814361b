// For tests: a name server of our own.
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { endsWithTest } from './test-stack.ts'

/** What a name server knows, by `TYPE name`. */
export type Answers = Readonly<Record<string, readonly Buffer[]>>

const nameBytes = (name: string): Buffer =>
  Buffer.concat([
    ...name.split('.').map((label) => Buffer.from([label.length, ...Buffer.from(label)])),
    Buffer.of(0),
  ])
const text = (value: string): Buffer => Buffer.from([value.length, ...Buffer.from(value)])
const numbers = (...values: number[]): Buffer =>
  Buffer.from(values.flatMap((value) => [value >> 8, value & 0xff]))
const types: Readonly<Record<string, number>> = { A: 1, AAAA: 28, SRV: 33, NAPTR: 35 }

/** The data of an SRV record. */
export const srv = (priority: number, weight: number, port: number, name: string): Buffer =>
  Buffer.concat([numbers(priority, weight, port), nameBytes(name)])
/** Of a NAPTR record that leads to an SRV record. */
export const naptr = (order: number, preference: number, service: string, name: string): Buffer =>
  Buffer.concat([numbers(order, preference), text('s'), text(service), text(''), nameBytes(name)])
/** Of an A record. */
export const a = (address: string): Buffer => Buffer.from(address.split('.').map(Number))
/** Of an AAAA record: `::1`. */
export const aaaa = Buffer.concat([Buffer.alloc(15), Buffer.of(1)])

/** A name server on a real socket that knows these answers; its address, with port. */
export async function aNameServer(answers: Answers): Promise<string> {
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
