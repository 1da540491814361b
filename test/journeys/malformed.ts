/** Datagrams that no telephone should send, the same ones every time. */
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'

/** Numbers that look random and are the same at every run (mulberry32). */
const seeded = (seed: number): (() => number) => {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

const message = (method: string, user: string, own: string, id: number, sdp: string): string =>
  [
    `${method} sip:${user}@127.0.0.1 SIP/2.0`,
    `Via: SIP/2.0/UDP ${own};branch=z9hG4bKbad${id}`,
    `From: <sip:nobody@${own}>;tag=bad${id}`,
    `To: <sip:${user}@127.0.0.1>`,
    `Call-ID: bad-${id}`,
    `CSeq: 1 ${method}`,
    `Contact: <sip:nobody@${own}>`,
    'Max-Forwards: 70',
    ...(sdp === '' ? [] : ['Content-Type: application/sdp']),
    `Content-Length: ${Buffer.byteLength(sdp)}`,
    '',
    sdp,
  ].join('\r\n')

const sound =
  'v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 9 RTP/AVP 0\r\n'

/** Descriptions with which nobody can talk; an INVITE with one is refused. */
const hopeless = [
  'nonsense',
  'v=0\r\n',
  sound.replace('m=audio 9', 'm=video 9'),
  sound.replace('RTP/AVP 0', 'RTP/AVP 96'),
  sound.replace('m=audio 9', 'm=audio 99999999'),
  sound.replace('m=audio 9 RTP/AVP 0', 'm=audio'),
  sound.replace('c=IN IP4 127.0.0.1', 'c=IN IP4 999.999.999.999'),
  `${sound}${'a=x'.repeat(5000)}`.replace('v=0', 'v=9'),
]

const methods = ['INVITE', 'REGISTER', 'BYE', 'CANCEL', 'OPTIONS', 'INFO', 'REFER', 'ACK', 'NOTIFY', 'PRACK']

/** Bytes changed, taken out, doubled, or all cut off somewhere. */
const mutated = (text: string, random: () => number): Buffer => {
  let bytes = Buffer.from(text, 'latin1')
  for (let times = 1 + Math.floor(random() * 6); times > 0; times -= 1) {
    const at = Math.floor(random() * bytes.length)
    const kind = random()
    if (kind < 0.5) bytes[at] = Math.floor(random() * 256)
    else if (kind < 0.7)
      bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1 + Math.floor(random() * 9))])
    else if (kind < 0.9) bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(Math.max(0, at - 20))])
    else bytes = bytes.subarray(0, at)
  }
  return bytes
}

/** What came back for the INVITEs that cannot be a call. */
export interface Answers {
  /** How many INVITEs with a hopeless description were sent to the line. */
  hopeless: number
  /** Final statuses of those, in any order. */
  statuses: number[]
}

/**
 * Sends `count` mutated messages over `ms`, to a number nobody has, and INVITEs with hopeless descriptions to `line`.
 * The ones to the line are acknowledged, as a telephone would.
 */
export const disturb = async (sipPort: number, line: string, count: number, ms: number): Promise<Answers> => {
  const random = seeded(20_261_121)
  const socket = createSocket('udp4').bind(0, '127.0.0.1')
  await once(socket, 'listening')
  const own = `127.0.0.1:${socket.address().port}`
  const finals = new Map<string, number>()
  const put = (bytes: string | Buffer): void => socket.send(bytes, sipPort, '127.0.0.1')
  socket.on('message', (bytes) => {
    const text = bytes.toString('latin1')
    const status = Number(/^SIP\/2\.0 (\d{3})/.exec(text)?.[1] ?? 0)
    const id = /^call-id:\s*bad-(9\d{5})\s*$/im.exec(text)?.[1]
    if (id === undefined || status < 200) return
    finals.set(id, status)
    const to = /^to:.*$/im.exec(text)?.[0] ?? ''
    put(message('ACK', line, own, Number(id), '').replace(/^To:.*$/m, to))
  })
  for (let index = 0; index < count; index += 1) {
    const method = methods[index % methods.length] ?? 'INVITE'
    put(mutated(message(method, '9999', own, index, index % 3 === 0 ? sound : ''), random))
    const every = Math.floor(count / hopeless.length)
    const sdp = index % every === 0 ? hopeless[index / every] : undefined
    if (sdp !== undefined) put(message('INVITE', line, own, 900_000 + index, sdp))
    await sleep(ms / count)
  }
  await sleep(1000)
  socket.close()
  return { hopeless: hopeless.length, statuses: [...finals.values()] }
}
