/* WebSockets of the web port: live updates, and telephony which is passed through to the switchboard as it is. */
import type { IncomingMessage } from 'node:http'
import { connect } from 'node:net'
import type { Duplex } from 'node:stream'
import type { FastifyInstance } from 'fastify'
import { refuse, type Live } from './live.ts'
import { clientOf, isOurs } from './origin.ts'

/** Telephony sockets of one address; a whole office may sit behind one. */
const mostPerAddress = 200
/** What the switchboard says to who showed a password, or calls with an account: a socket that is in use. */
const inUseSign = /SIP\/2\.0 (?:18|2\d)\d[^]*?\bCSeq:\s*\d+ (?:REGISTER|INVITE)\b/i

/** Where a switchboard takes SIP over WebSockets without TLS. */
export interface SipDoor {
  host: string
  port: number
}

/** The path at which browsers reach each of the switchboards: `/sip`, `/sip/2` and so on. */
export const sipPaths = (doors: readonly SipDoor[]): string[] =>
  doors.length === 0 ? ['/sip'] : doors.map((_, at) => (at === 0 ? '/sip' : `/sip/${at + 1}`))

/** A telephony socket; `used` once somebody registered or called by it. */
interface Line {
  socket: Duplex
  used: boolean
}

/** Serves `/api/v1/live`, and the paths of sipPaths() by the door of the same place. */
export function serveUpgrades(app: FastifyInstance, live: Live, doors: readonly SipDoor[]): void {
  const paths = sipPaths(doors)
  const lines = new Map<string, Set<Line>>()
  app.server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    socket.on('error', () => socket.destroy())
    const path = (request.url ?? '').split('?')[0] ?? ''
    const { address, host } = clientOf(request)
    if (!isOurs(request.headers.origin, host)) {
      app.tellRefused({ code: 'permission.denied', method: 'GET', route: 'upgrade', who: null })
      return refuse(socket, '403 Forbidden')
    }
    if (path === '/api/v1/live') return live.accept(request, socket, head)
    if (!paths.includes(path)) return refuse(socket, '404 Not Found')
    const door = doors[paths.indexOf(path)]
    if (!door) return refuse(socket, '503 Service Unavailable')
    const line = takeLine(lines, address, socket)
    if (!line) {
      app.tellRefused({ code: 'request.tooMany', method: 'GET', route: '/sip', who: null })
      return refuse(socket, '429 Too Many Requests')
    }
    return passThrough(request, line, head, door)
  })
}

/**
 * A place for one more socket of the address. Where all are taken the oldest that nobody registered or called by gives way:
 * whoever opens sockets to fill them up must not keep a caller behind the same address out.
 */
function takeLine(lines: Map<string, Set<Line>>, address: string, socket: Duplex): Line | null {
  const own = lines.get(address) ?? new Set()
  if (own.size >= mostPerAddress) {
    const idle = [...own].find((one) => !one.used)
    if (!idle) return null
    own.delete(idle)
    idle.socket.destroy()
  }
  const line = { socket, used: false }
  lines.set(address, own.add(line))
  socket.once('close', () => {
    own.delete(line)
    if (own.size === 0 && lines.get(address) === own) lines.delete(address)
  })
  return line
}

function passThrough(request: IncomingMessage, line: Line, head: Buffer, door: SipDoor): void {
  const { socket } = line
  let connected = false
  const inner = connect({ ...door, noDelay: true })
  if ('setNoDelay' in socket && typeof socket.setNoDelay === 'function') socket.setNoDelay(true)
  inner.once('connect', () => {
    connected = true
    inner.write(headOf(request))
    if (head.length > 0) inner.write(head)
    socket.pipe(inner)
    inner.pipe(socket)
    inner.on('data', (bytes: Buffer) => {
      line.used ||= inUseSign.test(bytes.toString('latin1'))
    })
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
