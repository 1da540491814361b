/* The web server: Fastify with its guards, one handler for every failure. */
import { createServer, type Server } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import cookie from '@fastify/cookie'
import helmet from '@fastify/helmet'
import rateLimit from '@fastify/rate-limit'
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import pg from 'pg'
import { z } from 'zod'
import { Problem } from '../../domain/problem.ts'
import { isOurs } from './origin.ts'
import { tellRefusals } from './refusals.ts'
import { isSecure, type Ground } from './serve.ts'

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
    frameworkErrors: (_error, request, reply) =>
      void answerFailure(new Problem('request.malformed'), request, reply),
    routerOptions: { maxParamLength: 200, ignoreTrailingSlash: true },
    serverFactory: (handler) =>
      tls
        ? (createSecureServer({ ...tls, ...tlsTerms }, handler) as unknown as Server)
        : createServer(handler),
  })
  app.decorate('ground', ground)
  app.decorate('served', [])
  app.decorate('tellRefused', tellRefusals(ground.log))
  app.decorateRequest('asker', null)
  await app.register(cookie)
  await app.register(rateLimit, { global: false, errorResponseBuilder: () => new Problem('request.tooMany') })
  await app.register(helmet, headers(ground.secure))
  app.addHook('onRequest', refuseForeignOrigin)
  app.addHook('onSend', async (request, reply) => {
    reply.header('permissions-policy', 'microphone=(self), camera=(), geolocation=()')
    if (isSecure(request)) reply.header('strict-transport-security', 'max-age=31536000; includeSubDomains')
    if (request.url.startsWith('/api/') && !reply.hasHeader('cache-control'))
      reply.header('cache-control', 'no-store')
  })
  app.setErrorHandler(async (error, request, reply) => answerFailure(error, request, reply))
  app.setNotFoundHandler(async (request, reply) =>
    answerFailure(new Problem('request.notFound'), request, reply),
  )
  return app
}

/** TLS 1.2 with forward secrecy and authenticated ciphers, and 1.3; ours first. */
const tlsTerms = {
  minVersion: 'TLSv1.2',
  honorCipherOrder: true,
  ciphers: [
    'TLS_AES_256_GCM_SHA384',
    'TLS_CHACHA20_POLY1305_SHA256',
    'TLS_AES_128_GCM_SHA256',
    'ECDHE-ECDSA-AES256-GCM-SHA384',
    'ECDHE-RSA-AES256-GCM-SHA384',
    'ECDHE-ECDSA-CHACHA20-POLY1305',
    'ECDHE-RSA-CHACHA20-POLY1305',
    'ECDHE-ECDSA-AES128-GCM-SHA256',
    'ECDHE-RSA-AES128-GCM-SHA256',
  ].join(':'),
} as const

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
  // Written below: also where a proxy speaks HTTPS for us.
  strictTransportSecurity: false,
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

function answerFailure(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const { server, method, asker: who } = request
  const problem = problemOf(error)
  if (problem.code === 'server.failed') server.ground.log.error(describe(error), 'a request failed')
  else if (problem.status < 500)
    server.tellRefused({ code: problem.code, method, route: request.routeOptions.url ?? '', who })
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
