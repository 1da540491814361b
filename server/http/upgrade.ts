/* WebSockets of the web port: live updates, and telephony which is passed through to the switchboard as it is. */
import type { IncomingMessage } from 'node:http'
import { connect } from 'node:net'
import type { Duplex } from 'node:stream'
import type { FastifyInstance } from 'fastify'
import { refuse, type Live } from './live.ts'
import { clientOf, isOurs } from './origin.ts'

/** Telephony sockets of one address; a whole office may sit behind one. */
const mostPerAddress = 200

/** Serves `/api/v1/live` and `/sip`; `sipPort` is the switchboard's WebSocket port on this machine. */
export function serveUpgrades(app: FastifyInstance, live: Live, sipPort: number | null): void {
  const inUse = new Map<string, number>()
  app.server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    socket.on('error', () => socket.destroy())
    const path = (request.url ?? '').split('?')[0]
    const { address, host } = clientOf(request)
    if (!isOurs(request.headers.origin, host)) return refuse(socket, '403 Forbidden')
    if (path === '/api/v1/live') return live.accept(request, socket, head)
    if (path !== '/sip') return refuse(socket, '404 Not Found')
    if (sipPort === null) return refuse(socket, '503 Service Unavailable')
    const count = inUse.get(address) ?? 0
    if (count >= mostPerAddress) return refuse(socket, '429 Too Many Requests')
    inUse.set(address, count + 1)
    socket.once('close', () => {
      const left = (inUse.get(address) ?? 1) - 1
      if (left > 0) inUse.set(address, left)
      else inUse.delete(address)
    })
    return passThrough(request, socket, head, sipPort)
  })
}

function passThrough(request: IncomingMessage, socket: Duplex, head: Buffer, port: number): void {
  let connected = false
  const inner = connect({ port, host: '127.0.0.1', noDelay: true })
  if ('setNoDelay' in socket && typeof socket.setNoDelay === 'function') socket.setNoDelay(true)
  inner.once('connect', () => {
    connected = true
    inner.write(headOf(request))
    if (head.length > 0) inner.write(head)
    socket.pipe(inner)
    inner.pipe(socket)
  })
  inner.once('error', () => (connected ? socket.destroy() : refuse(socket, '503 Service Unavailable')))
  inner.once('close', () => socket.destroy())
  socket.once('close', () => inner.destroy())
}

/**
 * The request as it came, at the path where an Asterisk waits (ours takes any); the session's cookie is nothing the
 * switchboard should see.
 */
function headOf(request: IncomingMessage): string {
  const lines = ['GET /ws HTTP/1.1']
  for (let i = 0; i + 1 < request.rawHeaders.length; i += 2) {
    const [name = '', value = ''] = request.rawHeaders.slice(i, i + 2)
    if (name.toLowerCase() !== 'cookie') lines.push(`${name}: ${value}`)
  }
  return `${lines.join('\r\n')}\r\n\r\n`
}
