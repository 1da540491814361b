/** One more call among the others, whose every packet is known: how long a packet is under way, and how evenly they come. */
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { readRtp, writeRtp } from '../../switchboard/rtp/packet.ts'
import { startSipStack } from '../../switchboard/sip/stack.ts'

const frame = 160
const frameMs = 20
/** First bytes of a payload that was numbered by us; no sound of a tone or of silence begins like this. */
const mark = Buffer.from([0x2a, 0xd5, 0x2a, 0xd5])

/** What one probe heard. */
export interface Heard {
  sent: number
  /** From sending a numbered packet until it came back, in milliseconds. */
  roundTrips: number[]
  /** How far the pause between two packets was from 20 ms. */
  deviations: number[]
}

const offer = (port: number): string =>
  [
    'v=0',
    'o=- 1 1 IN IP4 127.0.0.1',
    's=-',
    'c=IN IP4 127.0.0.1',
    't=0 0',
    `m=audio ${port} RTP/AVP 0`,
    'a=rtpmap:0 PCMU/8000',
    '',
  ].join('\r\n')

/** Calls, listens for `ms` from the first packet on, and hangs up; numbers its own packets when it `speaks`. */
export async function probe(
  sipPort: number,
  given: { number: string; ms: number; speaks: boolean },
): Promise<Heard> {
  const heard: Heard = { sent: 0, roundTrips: [], deviations: [] }
  const socket = createSocket('udp4').on('error', () => undefined)
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  const sentAt: number[] = []
  let last = Number.NaN
  const first = Promise.withResolvers<void>()
  socket.on('message', (datagram) => {
    const now = performance.now()
    const packet = readRtp(datagram)
    if (!packet) return
    if (!Number.isNaN(last)) heard.deviations.push(Math.abs(now - last - frameMs))
    last = now
    first.resolve()
    const payload = Buffer.from(packet.payload)
    if (payload.length < 8 || !payload.subarray(0, 4).equals(mark)) return
    heard.roundTrips.push(now - (sentAt[payload.readUInt32BE(4)] ?? Number.NaN))
  })
  const stack = await startSipStack(
    { host: '127.0.0.1', publicAddress: null, port: 0, realm: 'probe', acceptAnonymous: true },
    { invite: () => ({ ended: () => undefined }) },
  )
  stack.putTrunk({ id: 'board', kind: 'address', host: '127.0.0.1', port: sipPort, transport: 'udp' })
  const speak = (port: number): NodeJS.Timeout =>
    setInterval(() => {
      const payload = Buffer.alloc(frame, 0xff)
      mark.copy(payload)
      payload.writeUInt32BE(heard.sent, 4)
      sentAt.push(performance.now())
      const at = { sequence: heard.sent & 0xffff, timestamp: (heard.sent * frame) >>> 0 }
      const packet = { payloadType: 0, marker: false, ...at, ssrc: 0x0b_e7_c4_00, payload }
      heard.sent += 1
      socket.send(writeRtp(packet), port, '127.0.0.1')
    }, frameMs)
  let speaking: NodeJS.Timeout | undefined
  const call = stack.call(
    { kind: 'trunk', trunk: 'board', number: given.number },
    { from: { name: null, number: '13800138001' }, offer: offer(socket.address().port) },
    {
      answered: (sdp) => {
        const port = Number(/^m=audio (\d+)/m.exec(sdp)?.[1] ?? 0)
        if (given.speaks) speaking = speak(port)
      },
      ended: () => first.reject(new Error('the probe was not answered, or was put down')),
    },
  )
  try {
    await first.promise
    await new Promise((resolve) => setTimeout(resolve, given.ms))
  } finally {
    clearInterval(speaking)
    call.hangup()
    await stack.stop(200)
    socket.close()
  }
  return heard
}
