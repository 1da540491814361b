/** Mutated messages, thrown at a SIP stack beside a live call: the same ones for the same seed. */
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { readRtp } from '../rtp/packet.ts'
import { readReports } from '../rtp/rtcp.ts'
import { NotAcceptable, readAudio } from '../sdp/audio.ts'
import { SdpError } from '../sdp/description.ts'
import type { CallHandlers, InboundCall, OutboundCall, SipStack } from '../sip/contract.ts'
import { startSipStack } from '../sip/stack.ts'
import { torture, torture6 } from '../sip/torture-messages.ts'

/** How long to go on: until either is reached. */
export interface FuzzPlan {
  readonly seed: number
  readonly messages: number
  readonly ms: number
}

/** What came of it. `faults` are errors of ours; there must be none, and the live call must live. */
export interface FuzzOutcome {
  readonly sent: number
  readonly answered: number
  readonly faults: readonly string[]
  readonly alive: boolean
}

const tokens = ['\r\n', '\r\n\r\n', '\0', '"', '<', '>', ';', ',', ':', '@', '%', '%00', '[::', '\\', ' ', '\t', '-1', '4294967296', 'z9hG4bK', ';tag=', 'SIP/2.0', '\u00ff', 'a='.repeat(300)] // prettier-ignore

/** Random numbers by a seed (mulberry32): below `limit`. */
function numbersFrom(seed: number): (limit: number) => number {
  let state = seed >>> 0
  return (limit) => {
    state = (state + 0x6d2b_79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000) * limit)
  }
}

function mutateOnce(data: Buffer, other: Buffer, random: (limit: number) => number): Buffer {
  const at = random(data.length + 1)
  const end = Math.min(data.length, at + 1 + random(40))
  const [before, part, after] = [data.subarray(0, at), data.subarray(at, end), data.subarray(end)]
  switch (random(7)) {
    case 0:
      return Buffer.concat([before, Buffer.of(random(256)), after])
    case 1:
      return Buffer.concat([before, after])
    case 2:
      return Buffer.concat([before, part, part, part, after])
    case 3:
      return Buffer.concat([before, Buffer.from(tokens[random(tokens.length)] ?? ''), part, after])
    case 4:
      return before
    case 5:
      return Buffer.concat([before, other.subarray(random(other.length))])
    default: {
      const lines = data.toString('latin1').split('\r\n')
      const [from, to] = [random(lines.length), random(lines.length)]
      lines.splice(to, 0, ...lines.splice(from, 1))
      return Buffer.from(lines.join('\r\n'), 'latin1')
    }
  }
}

/** Reads the sound's addresses as the media engine would, and answers. */
function take(call: InboundCall): CallHandlers {
  try {
    if (call.offer !== null) readAudio(call.offer)
    call.ring()
    call.answer('v=0\r\n')
  } catch (error) {
    if (!(error instanceof SdpError || error instanceof NotAcceptable)) throw error
    call.reject(488)
  }
  return { ended() {}, offered: (offer) => offer ?? 'v=0\r\n' }
}

const sound =
  'v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 9 RTP/AVP 0\r\n'

async function liveCall(from: SipStack, to: SipStack): Promise<OutboundCall> {
  const answered = Promise.withResolvers<void>()
  const request = { from: { name: null, number: 'live' }, offer: sound }
  const uri = `sip:live@127.0.0.1:${to.ports.sip}`
  const call = from.call({ kind: 'uri', uri }, request, { answered: () => answered.resolve(), ended() {} })
  await answered.promise
  return call
}

/** Throws mutated torture messages at a stack of its own, on loopback. Ends by itself and leaves nothing open. */
export async function fuzz(plan: FuzzPlan): Promise<FuzzOutcome> {
  const faults: string[] = []
  const common = { host: '127.0.0.1', publicAddress: null, port: 0, realm: 'fuzz', acceptAnonymous: true }
  const log = (message: string, fields?: Record<string, string | number>): void => {
    if (fields?.['error'] !== undefined) faults.push(`${message}: ${fields['error']}`)
  }
  const limits = { knownRate: 1e6, knownBurst: 1e6, halfOpen: 200 }
  const stack = await startSipStack({ ...common, limits, log }, { invite: take })
  const caller = await startSipStack(common, { invite: () => ({ ended() {} }) })
  const socket = createSocket('udp4')
  let answered = 0
  socket.on('message', () => (answered += 1))
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  const live = await liveCall(caller, stack)

  const random = numbersFrom(plan.seed)
  const corpus = [...torture, ...torture6].map(({ data }) => data)
  const pick = (): Buffer => corpus[random(corpus.length)] ?? Buffer.alloc(0)
  const end = performance.now() + plan.ms
  let sent = 0
  while (sent < plan.messages && performance.now() < end) {
    let data = pick()
    for (let times = 1 + random(4); times > 0; times -= 1) data = mutateOnce(data, pick(), random)
    readRtp(data)
    readReports(data)
    if (data.length < 60_000) socket.send(data, stack.ports.sip, '127.0.0.1')
    sent += 1
    if (sent % 50 === 0) await new Promise((resolve) => setTimeout(resolve, 2))
  }
  const alive = await live.isThere(5000)
  socket.close()
  await caller.stop(200)
  await stack.stop(0)
  return { sent, answered, faults, alive }
}
