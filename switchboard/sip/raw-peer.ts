// For tests: a peer that writes SIP by hand, so that it can do what no sound stack would.
import { createSocket } from 'node:dgram'
import type { Socket } from 'node:dgram'
import { once } from 'node:events'
import type { Clock } from './contract.ts'
import type { SipMessage, SipRequest, SipResponse } from './message.ts'
import { parseMessage } from './message.ts'

/** A request as text: start line, the headers given, and those that every request needs where they are missing. */
export function requestText(method: string, uri: string, lines: readonly string[], body = ''): string {
  const has = (name: string): boolean => lines.some((line) => line.toLowerCase().startsWith(`${name}:`))
  const usual: [string, string][] = [
    ['via', `Via: SIP/2.0/UDP 127.0.0.1:9;branch=z9hG4bK${Math.random().toString(36).slice(2)};rport`],
    ['max-forwards', 'Max-Forwards: 70'],
    ['from', 'From: "Anna" <sip:13800000000@127.0.0.1>;tag=raw1'],
    ['to', `To: <${uri}>`],
    ['call-id', `Call-ID: ${Math.random().toString(36).slice(2)}`],
    ['cseq', `CSeq: 1 ${method}`],
    ['contact', 'Contact: <sip:raw@127.0.0.1:9>'],
  ]
  const missing = usual.filter(([name]) => !has(name)).map(([, line]) => line)
  return [
    `${method} ${uri} SIP/2.0`,
    ...missing,
    ...lines,
    `Content-Length: ${Buffer.byteLength(body)}`,
    '',
    body,
  ].join('\r\n')
}

/** A UDP socket that keeps what it receives until it is asked for. */
export class RawPeer {
  readonly port: number
  private readonly socket: Socket
  private readonly target: number
  private readonly inbox: SipMessage[] = []
  private readonly waiting: { fits: (message: SipMessage) => boolean; got: (message: SipMessage) => void }[] =
    []

  private constructor(socket: Socket, target: number) {
    this.socket = socket
    this.target = target
    this.port = socket.address().port
    socket.on('message', (data) => {
      const message = parseMessage(data)
      const waiter = this.waiting.findIndex(({ fits }) => fits(message))
      if (waiter < 0) this.inbox.push(message)
      else this.waiting.splice(waiter, 1)[0]?.got(message)
    })
  }

  /** `target`: port of the stack on 127.0.0.1. */
  static async open(target: number): Promise<RawPeer> {
    const socket = createSocket('udp4')
    const listening = once(socket, 'listening')
    socket.bind(0, '127.0.0.1')
    await listening
    return new RawPeer(socket, target)
  }

  send(text: string | Buffer): void {
    this.socket.send(text, this.target, '127.0.0.1')
  }

  /** The next response with this status (any final one without), in order of arrival. */
  async response(status?: number): Promise<SipResponse> {
    const fits = (m: SipMessage): boolean =>
      m.kind === 'response' && (status === undefined ? m.status >= 200 : m.status === status)
    const message = await this.next(fits, `response ${status ?? ''}`)
    if (message.kind !== 'response') throw new Error('not a response')
    return message
  }

  /** The next final response to the request of this number, e.g. `2 INVITE`. */
  async responseTo(cseq: string): Promise<SipResponse> {
    const fits = (m: SipMessage): boolean =>
      m.kind === 'response' && m.status >= 200 && m.headers.get('cseq') === cseq
    const message = await this.next(fits, `response to ${cseq}`)
    if (message.kind !== 'response') throw new Error('not a response')
    return message
  }

  async request(method: string): Promise<SipRequest> {
    const message = await this.next((m) => m.kind === 'request' && m.method === method, method)
    if (message.kind !== 'request') throw new Error('not a request')
    return message
  }

  /** How many messages have come and not been asked for. */
  count(fits: (message: SipMessage) => boolean): number {
    return this.inbox.filter(fits).length
  }

  close(): void {
    this.socket.close()
  }

  private async next(fits: (message: SipMessage) => boolean, what: string): Promise<SipMessage> {
    const at = this.inbox.findIndex(fits)
    const found = at < 0 ? undefined : this.inbox.splice(at, 1)[0]
    if (found) return found
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`no ${what} came`)), 5000)
      this.waiting.push({
        fits,
        got: (message) => {
          clearTimeout(timer)
          resolve(message)
        },
      })
    })
  }
}

/** Time that moves only when told to. */
export class HandClock implements Clock {
  private time = 0
  private timers: { at: number; run: () => void }[] = []

  now(): number {
    return this.time
  }

  after(delayMs: number, run: () => void): () => void {
    const timer = { at: this.time + delayMs, run }
    this.timers.push(timer)
    return () => {
      this.timers = this.timers.filter((other) => other !== timer)
    }
  }

  get running(): number {
    return this.timers.length
  }

  /** How long until the next timer, ms; Infinity when none runs. */
  get nextIn(): number {
    return Math.min(...this.timers.map(({ at }) => at)) - this.time
  }

  /** Runs everything that is due until `ms` from now, in order. */
  pass(ms: number): void {
    const end = this.time + ms
    for (;;) {
      const next = this.timers.filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0]
      if (!next) break
      this.timers = this.timers.filter((other) => other !== next)
      this.time = next.at
      next.run()
    }
    this.time = end
  }
}

/** Time that runs `factor` times as fast as the real one. */
export const fastClock = (
  factor: number,
): { now(): number; after(ms: number, run: () => void): () => void } => ({
  now: () => performance.timeOrigin + performance.now() * factor,
  after(ms, run) {
    const timer = setTimeout(run, ms / factor)
    return () => clearTimeout(timer)
  },
})

/** Waits until something is true, for at most five seconds. */
export async function until(isTrue: () => boolean, what: string, withinMs = 5000): Promise<void> {
  const end = performance.now() + withinMs
  while (!isTrue()) {
    if (performance.now() > end) throw new Error(`not within ${withinMs} ms: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}
