import fc from 'fast-check'
import { expect, test } from 'vitest'
import { StreamFramer } from './framing.ts'
import { SipParseError } from './parse-error.ts'

const message = (n: number, body: string): string =>
  `OPTIONS sip:${n} SIP/2.0\r\nl : ${Buffer.byteLength(body)}\r\nX: y\r\n\r\n${body}`
const messages = [message(1, ''), message(2, 'v=0\r\n\r\nContent-Length: 7\r\n'), message(3, '你好')]
const stream = Buffer.from(`${messages[0]}\r\n\r\n${messages[1]}${messages[2]}\r\n\r\n`)

function push(parts: Buffer[]): { messages: string[]; pings: number } {
  const framer = new StreamFramer(1000)
  const seen = parts.map((part) => framer.push(part))
  return {
    messages: seen.flatMap((one) => one.messages.map(String)),
    pings: seen.reduce((sum, one) => sum + one.pings, 0),
  }
}

test('a stream split at any byte gives the same messages and pings', () => {
  for (let at = 0; at <= stream.length; at += 1) {
    expect(push([stream.subarray(0, at), stream.subarray(at)])).toEqual({ messages, pings: 2 })
  }
  expect(push(Array.from(stream, (_, i) => stream.subarray(i, i + 1)))).toEqual({ messages, pings: 2 })
})

test('a stream split at many places gives the same messages', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(stream.length), { maxLength: 12 }), (cuts) => {
      const edges = [0, ...cuts.sort((a, b) => a - b), stream.length]
      const parts = edges.slice(1).map((end, i) => stream.subarray(edges[i], end))
      expect(push(parts)).toEqual({ messages, pings: 2 })
    }),
    { seed: 3, numRuns: 200 },
  )
})

test.each([
  ['no Content-Length', 'OPTIONS sip:1 SIP/2.0\r\n\r\n'],
  ['a message above the limit', 'OPTIONS sip:1 SIP/2.0\r\nContent-Length: 1000\r\n\r\n'],
  ['headers without end', 'x'.repeat(1001)],
])('%s ends the connection', (_, text) => {
  expect(() => push([Buffer.from(text)])).toThrow(SipParseError)
})
