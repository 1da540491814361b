/* The web server: Fastify with its guards, one handler for every failure. */
import { createServer, type Server } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import cookie from '@fastify/cookie'
import helmet from '@fastify/helmet'
import rateLimit from '@fastify/rate-limit'
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import pg from 'pg'
import type { Logger } from 'pino'
import { z } from 'zod'
import { Problem } from '../../domain/problem.ts'
import { isOurs } from './origin.ts'
import type { Ground } from './serve.ts'

/** Bytes of a body unless a route says otherwise. */
const bodyBytes = 256 * 1024

/** Makes the app on its ground, without routes; `tls` makes it speak HTTPS. */
export async function openWeb(
  ground: Ground,
  tls: { cert: string; key: string } | null = null,
): Promise<FastifyInstance> {
  const app = fastify({
    logger: false,
    trustProxy: 'loopback',
    bodyLimit: bodyBytes,
    forceCloseConnections: true,
    // What the router refuses by itself (an address too long or wrongly encoded) is answered as everything else is.
    frameworkErrors: (_error, _request, reply) =>
      void answerFailure(new Problem('request.malformed'), reply, ground.log),
    routerOptions: { maxParamLength: 200, ignoreTrailingSlash: true },
    serverFactory: (handler) =>
      tls ? (createSecureServer(tls, handler) as unknown as Server) : createServer(handler),
  })
  app.decorate('ground', ground)
  app.decorate('served', [])
  await app.register(cookie)
  await app.register(rateLimit, { global: false, errorResponseBuilder: () => new Problem('request.tooMany') })
  await app.register(helmet, headers(ground.secure))
  app.addHook('onRequest', refuseForeignOrigin)
  app.addHook('onSend', async (request, reply) => {
    reply.header('permissions-policy', 'microphone=(self), camera=(), geolocation=()')
    if (request.url.startsWith('/api/') && !reply.hasHeader('cache-control'))
      reply.header('cache-control', 'no-store')
  })
  app.setErrorHandler(async (error, _request, reply) => answerFailure(error, reply, ground.log))
  app.setNotFoundHandler(async (_request, reply) =>
    answerFailure(new Problem('request.notFound'), reply, ground.log),
  )
  return app
}

const headers = (secure: boolean) => ({
  contentSecurityPolicy: {
    useDefaults: false,
    directives: {
      defaultSrc: ["'self'"],
      scriptSrc: ["'self'"],
      // Ant Design writes its styles into the page.
      styleSrc: ["'self'", "'unsafe-inline'"],
      imgSrc: ["'self'", 'data:'],
      fontSrc: ["'self'", 'data:'],
      mediaSrc: ["'self'", 'blob:'],
      connectSrc: ["'self'"],
      workerSrc: ["'self'", 'blob:'],
      objectSrc: ["'none'"],
      baseUri: ["'none'"],
      formAction: ["'self'"],
      frameAncestors: ["'none'"],
    },
  },
  strictTransportSecurity: secure && { maxAge: 31_536_000, includeSubDomains: false },
  frameguard: { action: 'deny' as const },
  referrerPolicy: { policy: 'same-origin' as const },
  crossOriginOpenerPolicy: secure,
  originAgentCluster: secure,
})

/** Besides SameSite=Strict: a page of another origin may not even ask us to change something. */
async function refuseForeignOrigin(request: FastifyRequest): Promise<void> {
  if (['GET', 'HEAD', 'OPTIONS'].includes(request.method)) return
  if (!isOurs(request.headers.origin, request.host))
    throw new Problem('permission.denied', { origin: 'foreign' })
}

function answerFailure(error: unknown, reply: FastifyReply, log: Logger): FastifyReply {
  const problem = problemOf(error)
  if (problem.code === 'server.failed') log.error(describe(error), 'a request failed')
  return reply.code(problem.status).send({ code: problem.code, detail: problem.detail })
}

/** The framework's own refusals by their status; everything nobody foresaw is `server.failed`. */
function problemOf(error: unknown): Problem {
  if (error instanceof Problem) return error
  const status = error instanceof Error && 'statusCode' in error ? error.statusCode : 500
  if (status === 413) return new Problem('request.tooLarge')
  if (status === 404) return new Problem('request.notFound')
  if (status === 429) return new Problem('request.tooMany')
  if (typeof status === 'number' && status >= 400 && status < 500) return new Problem('request.malformed')
  return new Problem('server.failed')
}

const safeNames = new Set(['Error', 'TypeError', 'ReferenceError', 'RangeError', 'AssertionError'])

/**
 * What of a failure may be logged. Messages of the database and of parsers can quote what somebody typed, so only where
 * it happened and which kind it was is told of them.
 */
export function describe(error: unknown): Record<string, unknown> {
  if (!(error instanceof Error)) return { kind: typeof error }
  const fields: Record<string, unknown> = { kind: error.name }
  if (safeNames.has(error.name)) fields['message'] = error.message
  if (error instanceof pg.DatabaseError)
    Object.assign(fields, { sqlstate: error.code, table: error.table, constraint: error.constraint })
  if (error instanceof z.ZodError)
    fields['issues'] = error.issues.map((issue) => `${issue.path.join('.')} ${issue.code}`)
  fields['frames'] = (error.stack ?? '')
    .split('\n')
    .filter((line) => line.startsWith('    at '))
    .slice(0, 12)
  if (error.cause !== undefined) fields['cause'] = describe(error.cause)
  return fields
}
