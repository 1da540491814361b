/** The sound of a cheap phone: one voice that never changes, keys, and a count of what comes back. */
import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { silentByte } from '../../switchboard/media/g711.ts'
import { DigitWriter } from '../../switchboard/rtp/digits.ts'
import { OutStream } from '../../switchboard/rtp/out-stream.ts'
import { writeRtp } from '../../switchboard/rtp/packet.ts'
import { every } from './clock.ts'

const frame = 160
const frameMs = 20
const eventType = 101
const header = 12

/** A byte of G.711 that is no silence; a mix of it with silence leaves it as it is. */
const spoken = 0x2a
const payloads = {
  voice: new Uint8Array(frame).fill(spoken),
  silence: new Uint8Array(frame).fill(silentByte.PCMU),
}

/** The SDP of somebody who speaks µ-law alone and has telephone events. */
export const sdpOf = (port: number, direction = 'sendrecv', version = 1): string =>
  [
    'v=0',
    `o=- 1 ${version} IN IP4 127.0.0.1`,
    's=-',
    'c=IN IP4 127.0.0.1',
    't=0 0',
    `m=audio ${port} RTP/AVP 0 ${eventType}`,
    'a=rtpmap:0 PCMU/8000',
    `a=rtpmap:${eventType} telephone-event/8000`,
    `a=${direction}`,
    '',
  ].join('\r\n')

/** The port that an SDP wants sound at. */
export const portIn = (sdp: string): number => Number(/^m=audio (\d+)/m.exec(sdp)?.[1] ?? 0)

/** A UDP socket on a free port of 127.0.0.1 that outlives a far end which is gone. */
export async function openSocket(): Promise<Socket> {
  const socket = createSocket('udp4').on('error', () => undefined)
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  return socket
}

/** What all of them have received so far, in packets. */
export const traffic = { received: 0 }

const speaking = new Set<Voice>()

/** One clock for all of them. */
export const startVoices = (): (() => void) =>
  every(frameMs, () => {
    const now = performance.now()
    for (const voice of speaking) voice.tick(now)
  })

/** One phone's sound; it sends from `speakTo` until `close`, whenever the common clock runs. */
export class Voice {
  readonly port: number
  /** Packets of sound that came, and those of them that carry a voice. */
  received = 0
  voiced = 0
  private readonly socket: Socket
  private readonly digits = new DigitWriter()
  private readonly payload: Uint8Array
  private readonly out: OutStream
  private target = 0
  private closed = false

  private constructor(socket: Socket, sound: keyof typeof payloads) {
    this.socket = socket
    this.payload = payloads[sound]
    this.port = socket.address().port
    this.out = new OutStream((packet) => this.socket.send(writeRtp(packet), this.target, '127.0.0.1'))
    socket.on('message', (datagram) => {
      this.received += 1
      traffic.received += 1
      if (datagram[header] === spoken) this.voiced += 1
    })
  }

  static async open(sound: keyof typeof payloads = 'voice'): Promise<Voice> {
    return new Voice(await openSocket(), sound)
  }

  speakTo(port: number): void {
    this.target = port
    speaking.add(this)
  }

  press(digits: string): void {
    this.digits.push(digits, 100, 100)
  }

  tick(now: number): void {
    if (!this.digits.tick(this.out, 1, eventType, now)) this.out.paced(0, 0, this.payload, now)
  }

  close(): void {
    if (this.closed) return
    this.closed = true
    speaking.delete(this)
    this.socket.close()
  }
}
