import type { IncomingMessage } from 'node:http'
import { TLSSocket } from 'node:tls'

/**
 * Whether a request's Origin is our own page. Browsers send it with everything that changes something and with every
 * WebSocket; programs send none, and no foreign page can leave it out, so "none" passes.
 */
export function isOurs(origin: string | undefined, host: string | undefined): boolean {
  if (origin === undefined) return true
  const parsed = URL.parse(origin)
  return parsed !== null && host !== undefined && parsed.host === hostOf(parsed.protocol, host)
}

/** The host as an URL would write it (the scheme's own port left out). */
const hostOf = (protocol: string, host: string): string | undefined => URL.parse(`${protocol}//${host}`)?.host

const loopback = /^(127\.|::1$|::ffff:127\.)/

/** A client of a raw request: its address, the host it asked for, and whether it came by HTTPS. */
export interface Client {
  address: string
  host: string | undefined
  secure: boolean
}

/** Who sent a raw request; a proxy on this machine is believed. */
export function clientOf(request: IncomingMessage): Client {
  const direct = request.socket.remoteAddress ?? ''
  const secure = request.socket instanceof TLSSocket
  if (!loopback.test(direct)) return { address: direct, host: request.headers.host, secure }
  const last = (name: string): string =>
    String(request.headers[name] ?? '')
      .split(',')
      .at(-1)
      ?.trim() ?? ''
  const host = request.headers['x-forwarded-host']
  return {
    address: last('x-forwarded-for') || direct,
    host: typeof host === 'string' ? host : request.headers.host,
    secure: secure || last('x-forwarded-proto') === 'https',
  }
}
