/* Routes from the contract: permission, parsing, running, parsing again; problems into answers. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Logger } from 'pino'
import type { z } from 'zod'
import type { Endpoint } from '../../api/endpoint.ts'
import { may, type Permission, type Role } from '../../domain/permission.ts'
import { Problem } from '../../domain/problem.ts'
import { isFresh } from '../../domain/session-limit.ts'
import { appendAudit } from '../db/audit.ts'
import { inHotline, type Database, type Tx } from '../db/database.ts'
import { sessionToken } from './cookie.ts'
import type { Refused } from './refusals.ts'

/** Who is logged in, as the session says at the moment of the request. */
export interface SessionPerson {
  hotlineId: string
  personId: string
  name: string
  displayName: string
  roles: Role[]
  /** The session's hashed token in hex: names the session, cannot open it. */
  session: string
  /** Whether a second factor was shown, where one is needed; who is not in yet is only let on with the log-in. */
  isIn: boolean
  /** When passphrase and second factor were last shown; null before. */
  freshAt: Date | null
}

/** What every route stands on; `app.ground` once openWeb() has made the app. */
export interface Ground {
  db: Database
  now: () => Date
  log: Logger
  /**
   * The person of a session cookie's token; null when there is no such session (any more). A log-in that still waits for
   * the second factor is no session either, unless `begun` asks for it.
   */
  findPerson: (token: string, begun?: 'begun') => Promise<SessionPerson | null>
  /** Cookies travel by HTTPS only. */
  secure: boolean
}

declare module 'fastify' {
  interface FastifyInstance {
    ground: Ground
    /** Every endpoint served so far, for the API document. */
    served: Served[]
    /** Notes a refusal for whoever watches the log. */
    tellRefused: (refused: Refused) => void
  }
  interface FastifyRequest {
    /** Who asks, once that is known; for the log of refusals. */
    asker: string | null
  }
}

/** What a public handler is given. */
export interface PublicContext {
  db: Database
  now: () => Date
  log: Logger
  /** Address of the client's end, for rate limits and lock-out only: never stored or logged as it is. */
  address: string
  request: FastifyRequest
  reply: FastifyReply
}

/** What a handler is given besides its input; `tx` and `audit` are of the person's own hotline. */
export interface Context extends PublicContext {
  person: SessionPerson
  hotlineId: string
  /** One transaction of the person's hotline. */
  tx: <T>(work: (tx: Tx) => Promise<T>) => Promise<T>
  /** Adds to the audit chain within the transaction of what it tells of; `subject` is an id or a code, never a name. */
  audit: (tx: Tx, action: string, subject?: string, contactId?: string | null, data?: object) => Promise<void>
}

/** The parsed input of an endpoint. */
export interface Parsed<E extends Endpoint> {
  params: z.output<E['params']>
  query: z.output<E['query']>
  body: z.output<E['body']>
}

/** An endpoint as the API document needs it. */
export type Served = Pick<Endpoint, 'method' | 'path' | 'needs' | 'summary' | 'params'> & Partial<Endpoint>

/** What an endpoint demands of who asks. */
type Demands = Pick<Endpoint, 'needs' | 'fresh' | 'begun'>

/** Limits other than the usual ones: bytes of the body (256 kB), requests of one address in a minute (none). */
export interface Limits {
  bodyBytes?: number
  perMinute?: number
}

/** Serves an endpoint that needs a right: session -> right -> parse -> run -> parse the reply. */
export function serve<E extends Endpoint>(
  app: FastifyInstance,
  endpoint: E,
  run: (context: Context, input: Parsed<E>) => Promise<z.input<E['reply']>>,
  limits: Limits = {},
): void {
  if (endpoint.needs === 'anyone') throw new Error(`${endpoint.path} is public: use servePublic`)
  const answer = async (request: FastifyRequest, reply: FastifyReply): Promise<unknown> => {
    const context = await contextOf(request, reply, endpoint)
    return run(context, parsedInput(endpoint, request))
  }
  // Who may not upload is refused before the first of many bytes is read.
  const isUpload = limits.bodyBytes !== undefined
  route(app, endpoint, limits, answer, isUpload ? (...asked) => contextOf(...asked, endpoint) : null)
}

/** Serves an endpoint that anyone may call. */
export function servePublic<E extends Endpoint>(
  app: FastifyInstance,
  endpoint: E,
  run: (context: PublicContext, input: Parsed<E>) => Promise<z.input<E['reply']>>,
  limits: Limits = {},
): void {
  if (endpoint.needs !== 'anyone') throw new Error(`${endpoint.path} needs a right: use serve`)
  route(app, endpoint, limits, async (request, reply) =>
    run(publicContextOf(request, reply), parsedInput(endpoint, request)),
  )
}

/** Serves a GET that answers with something else than JSON (sound); the handler sends by `context.reply`. */
export function serveFile<P extends z.ZodType>(
  app: FastifyInstance,
  given: { path: Endpoint['path']; needs: Permission; fresh?: boolean; summary: string; params: P },
  run: (context: Context, params: z.output<P>) => Promise<void>,
): void {
  app.served.push({ method: 'GET', ...given })
  app.get(given.path, async (request, reply) => {
    const context = await contextOf(request, reply, { fresh: false, begun: false, ...given })
    await run(context, parsed(given.params, request.params, 'params'))
    return reply
  })
}

/** The context of a logged-in request that holds the right; `session.needed`, `permission.denied`, `session.notFresh`. */
async function contextOf(request: FastifyRequest, reply: FastifyReply, demands: Demands): Promise<Context> {
  const { ground } = request.server
  const token = sessionToken(request.cookies, isSecure(request))
  const begun = demands.begun ? 'begun' : undefined
  const person = token === undefined ? null : await ground.findPerson(token, begun)
  if (!person) throw new Problem('session.needed')
  request.asker = person.personId
  if (demands.needs === 'anyone' || !may(person.roles, demands.needs)) throw new Problem('permission.denied')
  // Who is still logging in has shown the passphrase a moment ago.
  if (demands.fresh && person.isIn && !isFresh(person.freshAt?.getTime() ?? null, ground.now().getTime()))
    throw new Problem('session.notFresh')
  const { hotlineId, personId } = person
  return {
    ...publicContextOf(request, reply),
    person,
    hotlineId,
    tx: (work) => inHotline(ground.db, hotlineId, work),
    audit: (tx, action, subject = '', contactId = null, data = {}) =>
      appendAudit(tx, { at: ground.now(), actor: personId, action, subject, contactId, data }),
  }
}

/** Whether the browser speaks HTTPS, to us or to a proxy on this machine. */
export const isSecure = (request: FastifyRequest): boolean =>
  request.server.ground.secure || request.protocol === 'https'

function publicContextOf(request: FastifyRequest, reply: FastifyReply): PublicContext {
  const { db, now, log } = request.server.ground
  return { db, now, log, address: request.ip, request, reply }
}

function route(
  app: FastifyInstance,
  endpoint: Endpoint,
  limits: Limits,
  run: (request: FastifyRequest, reply: FastifyReply) => Promise<unknown>,
  before: ((request: FastifyRequest, reply: FastifyReply) => Promise<unknown>) | null = null,
): void {
  app.served.push(endpoint)
  const rateLimit = limits.perMinute === undefined ? false : { max: limits.perMinute, timeWindow: 60_000 }
  app.route({
    method: endpoint.method,
    url: endpoint.path,
    config: { rateLimit },
    ...(limits.bodyBytes === undefined ? {} : { bodyLimit: limits.bodyBytes }),
    onRequest: async (request, reply) => {
      await before?.(request, reply)
    },
    handler: async (request, reply) => {
      const answer = endpoint.reply.safeParse(await run(request, reply))
      if (answer.success) return reply.send(answer.data)
      throw new Error(`the reply of ${endpoint.method} ${endpoint.path} is not as agreed`, {
        cause: answer.error,
      })
    },
  })
}

function parsedInput<E extends Endpoint>(endpoint: E, request: FastifyRequest): Parsed<E> {
  return {
    params: parsed(endpoint.params, request.params ?? {}, 'params'),
    query: parsed(endpoint.query, request.query ?? {}, 'query'),
    body: parsed(endpoint.body, request.body ?? {}, 'body'),
  } as Parsed<E>
}

/** A step of a path that may be said again: a place in a list, or a word as a programmer would write it. */
const sayable = (step: PropertyKey): string =>
  typeof step === 'number' || /^[A-Za-z][A-Za-z-]{0,39}$/.test(String(step)) ? String(step) : '?'

/** What was sent is never sent back: only where it was wrong. */
function parsed<S extends z.ZodType>(schema: S, value: unknown, part: string): z.output<S> {
  const result = schema.safeParse(value)
  if (result.success) return result.data
  const fields = result.error.issues.flatMap((issue) =>
    issue.code === 'unrecognized_keys'
      ? issue.keys.map((key) => [...issue.path, key].map(sayable).join('.'))
      : [issue.path.map(sayable).join('.') || part],
  )
  throw new Problem('request.malformed', { fields: [...new Set(fields)].slice(0, 20) })
}
