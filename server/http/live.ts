/* Live updates: sockets of logged-in people, and the way an event takes to them, also from another server process. */
import { randomUUID } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { fastifyCookie } from '@fastify/cookie'
import { WebSocketServer, type WebSocket } from 'ws'
import { z } from 'zod'
import { liveEvent, type LiveEvent } from '../../api/events.ts'
import { may, type Permission } from '../../domain/permission.ts'
import type { Database } from '../db/database.ts'
import { sessionToken } from './cookie.ts'
import { clientOf } from './origin.ts'
import type { SessionPerson } from './serve.ts'

/** To whom an event goes: one person's open tabs, or everybody of the hotline who holds the right. */
export type Audience = { personId: string } | { right: Permission }

/** The live updates of this server process; what it publishes reaches the sockets of every other one too. */
export interface Live {
  /** Sends the event; never throws and never waits: a socket that misses it is greeted anew when it returns. */
  publish(hotlineId: string, to: Audience, event: LiveEvent): void
  /** The same to this process's sockets alone: for what every server process finds out by itself. */
  publishHere(hotlineId: string, to: Audience, event: LiveEvent): void
  /** Told of every hotline that another server process told something of. */
  onElsewhere(heard: (hotlineId: string) => void): void
  /** Hotlines with an open socket here whose person holds the right. */
  watchedBy(right: Permission): string[]
  /** What a socket is told first; each slice adds its own (`desk`, `board`). */
  onConnect(greet: (person: SessionPerson) => Promise<LiveEvent[]>): void
  /** Told how many sockets a person has now, whenever that changes. */
  onPresence(heard: (hotlineId: string, personId: string, sockets: number) => void): void
  /** How many live sockets a person has at this server. */
  socketsOf(personId: string): number
  /** Tells the sockets of a session, or of all a person's sessions, that it ended, and closes them. */
  endSession(hotlineId: string, of: { session: string } | { personId: string }): void
  /** Takes over an upgrade request of `/api/v1/live` whose Origin is right. */
  accept(request: IncomingMessage, socket: Duplex, head: Buffer): void
  close(): Promise<void>
}

interface Open {
  socket: WebSocket
  person: SessionPerson
  alive: boolean
}

const ending = z.union([z.strictObject({ session: z.string() }), z.strictObject({ personId: z.string() })])
const wire = z.object({
  from: z.string(),
  hotlineId: z.string(),
  to: z.union([
    z.strictObject({ personId: z.string() }),
    z.strictObject({ right: z.custom<Permission>((right) => typeof right === 'string') }),
    z.strictObject({ end: ending }),
  ]),
  event: liveEvent,
})
type Wire = z.infer<typeof wire>

const channel = 'hearthline_live'
const silenceMs = 60_000
/** Bytes a socket may be behind before it is dropped; it comes back and is greeted with everything. */
const mostBehind = 4 * 1024 * 1024

interface Deps {
  db: Database
  findPerson: (token: string) => Promise<SessionPerson | null>
  /** Guards what travels between servers through the database; makes ASCII. */
  seal: (text: string) => string
  unseal: (sealed: string) => string
}

/** The open sockets of this process and those who have a say in them. */
interface Hall {
  deps: Deps
  open: Set<Open>
  greeters: ((person: SessionPerson) => Promise<LiveEvent[]>)[]
  listeners: ((hotlineId: string, personId: string, sockets: number) => void)[]
  elsewhere: ((hotlineId: string) => void)[]
}

/** Starts the live updates. */
export function startLive(deps: Deps): Live {
  const me = randomUUID()
  const hall: Hall = { deps, open: new Set(), greeters: [], listeners: [], elsewhere: [] }
  const server = new WebSocketServer({ noServer: true, maxPayload: 4096 })
  const parcels = startParcels(deps, (text) => {
    const parsed = wire.safeParse(JSON.parse(text))
    if (!parsed.success || parsed.data.from === me) return
    deliver(hall, parsed.data)
    for (const heard of hall.elsewhere) heard(parsed.data.hotlineId)
  })
  const heart = setInterval(() => checkAlive(hall.open), silenceMs / 2)
  const spread = (hotlineId: string, to: Wire['to'], event: LiveEvent): void => {
    deliver(hall, { hotlineId, to, event })
    parcels.send(JSON.stringify({ from: me, hotlineId, to, event }))
  }
  return {
    publish: spread,
    publishHere: (hotlineId, to, event) => deliver(hall, { hotlineId, to, event }),
    onElsewhere: (heard) => void hall.elsewhere.push(heard),
    watchedBy: (right) => [
      ...new Set(
        [...hall.open].filter((one) => may(one.person.roles, right)).map((one) => one.person.hotlineId),
      ),
    ],
    onConnect: (greet) => void hall.greeters.push(greet),
    onPresence: (heard) => void hall.listeners.push(heard),
    socketsOf: (personId) => socketsOf(hall, personId),
    endSession: (hotlineId, of) => spread(hotlineId, { end: of }, { type: 'session-ended' }),
    accept(request, socket, head) {
      const token = tokenOf(request)
      void admit(token, deps.findPerson).then((person) => {
        if (!person || token === undefined) return refuse(socket, '401 Unauthorized')
        return server.handleUpgrade(
          request,
          socket,
          head,
          (ready) => void welcome(hall, ready, person, token),
        )
      })
    },
    async close() {
      clearInterval(heart)
      for (const { socket } of hall.open) socket.close(1001, 'server stops')
      parcels.close()
      await new Promise<void>((resolve) => server.close(() => resolve()))
    },
  }
}

function deliver(hall: Hall, { hotlineId, to, event }: Omit<Wire, 'from'>): void {
  const text = JSON.stringify(event)
  for (const one of hall.open) {
    if (one.person.hotlineId !== hotlineId || !isFor(one.person, to)) continue
    send(one, text)
    if ('end' in to) one.socket.close(4001, 'session ended')
  }
}

const socketsOf = (hall: Hall, personId: string): number =>
  [...hall.open].filter((one) => one.person.personId === personId).length

async function welcome(hall: Hall, socket: WebSocket, person: SessionPerson, token: string): Promise<void> {
  const one: Open = { socket, person, alive: true }
  const { hotlineId, personId } = person
  const tellPresence = (): void => {
    for (const heard of hall.listeners) heard(hotlineId, personId, socketsOf(hall, personId))
  }
  hall.open.add(one)
  tellPresence()
  socket.on('error', () => socket.terminate())
  socket.on('close', () => {
    hall.open.delete(one)
    tellPresence()
  })
  socket.on('message', () => {
    one.alive = true
    void stillValid(one, token, hall.deps.findPerson)
  })
  for (const greet of hall.greeters) {
    const events = await greet(person).catch(() => [])
    for (const event of events) send(one, JSON.stringify(event))
  }
}

function tokenOf(request: IncomingMessage): string | undefined {
  return sessionToken(fastifyCookie.parse(request.headers.cookie ?? ''), clientOf(request).secure)
}

/** Ends an upgrade that is not granted. */
export function refuse(socket: Duplex, status: string): void {
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`)
}

async function admit(
  token: string | undefined,
  findPerson: (token: string) => Promise<SessionPerson | null>,
): Promise<SessionPerson | null> {
  if (token === undefined) return null
  return findPerson(token).catch(() => null)
}

function isFor(person: SessionPerson, to: Wire['to']): boolean {
  if ('right' in to) return may(person.roles, to.right)
  if ('personId' in to) return person.personId === to.personId
  return 'session' in to.end ? person.session === to.end.session : person.personId === to.end.personId
}

function send(one: Open, text: string): void {
  if (one.socket.bufferedAmount > mostBehind) one.socket.terminate()
  else one.socket.send(text, () => undefined)
}

/** A tab says it is alive every 20 s; one that fell silent, or whose session ended meanwhile, is closed. */
function checkAlive(open: Set<Open>): void {
  for (const one of open) {
    if (!one.alive) one.socket.terminate()
    one.alive = false
  }
}

async function stillValid(
  one: Open,
  token: string,
  findPerson: (token: string) => Promise<SessionPerson | null>,
): Promise<void> {
  // A database that is away ends nobody's session.
  const person = await findPerson(token).catch(() => one.person)
  if (person) {
    one.person = person
    return
  }
  send(one, JSON.stringify({ type: 'session-ended' } satisfies LiveEvent))
  one.socket.close(4001, 'session ended')
}

const pieceBytes = 7000

/** Texts of any length over NOTIFY (8,000 bytes at most), sealed because the database keeps its queue on disk. */
function startParcels(
  { db, seal, unseal }: { db: Database; seal: (text: string) => string; unseal: (sealed: string) => string },
  arrived: (text: string) => void,
): { send: (text: string) => void; close: () => void } {
  const partial = new Map<string, string[]>()
  const stop = db.listen(
    channel,
    (payload) => {
      const [id = '', index = '', count = '', piece = ''] = payload.split('|')
      const pieces = [...(partial.get(id) ?? []), piece]
      partial.set(id, pieces)
      if (Number(index) + 1 < Number(count)) return
      partial.delete(id)
      if (pieces.length !== Number(count)) return
      try {
        arrived(unseal(pieces.join('')))
      } catch {
        // Sealed by a server with another key: not for us.
      }
    },
    () => partial.clear(),
  )
  let last: Promise<unknown> = Promise.resolve()
  return {
    send(text) {
      const sealed = seal(text)
      const count = Math.max(1, Math.ceil(sealed.length / pieceBytes))
      const id = randomUUID()
      for (let i = 0; i < count; i += 1) {
        const piece = sealed.slice(i * pieceBytes, (i + 1) * pieceBytes)
        last = last.then(() => db.notify(channel, `${id}|${i}|${count}|${piece}`)).catch(() => undefined)
      }
    },
    close: stop,
  }
}
