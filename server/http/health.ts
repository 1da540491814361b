/* /healthz, /readyz and /metrics: for machines, so nothing in them is about a person. */
import { BlockList, isIPv6 } from 'node:net'
import type { FastifyInstance } from 'fastify'
import { sql } from 'kysely'
import { collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import { Problem } from '../../domain/problem.ts'
import { documentOf } from './openapi.ts'
import { inHotline, outside, type Database } from '../db/database.ts'
import { allHotlines } from '../db/hotlines.ts'
import { isCurrent } from '../db/migrate.ts'

/** Whether each thing a call needs is there. */
export interface Readiness {
  ready: boolean
  database: boolean
  switchboard: boolean
  migrations: boolean
}

/** Asks the database and the switchboard; never throws. */
async function readiness(db: Database, switchboardUp: () => boolean): Promise<Readiness> {
  const versions = await outside(() =>
    sql<{ version: number }>`select version from schema_version`.execute(db.doors),
  )
    .then(({ rows }) => rows.map((row) => row.version))
    .catch(() => null)
  const migrations = versions !== null && isCurrent(versions)
  const [database, switchboard] = [versions !== null, switchboardUp()]
  return { ready: database && migrations && switchboard, database, switchboard, migrations }
}

/** Serves health, readiness, metrics and the API document. */
export function healthRoutes(app: FastifyInstance, switchboardUp: () => boolean): void {
  const { db } = app.ground
  const metrics = openMetrics(app, db)
  app.get('/healthz', async () => ({ alive: true }))
  app.get('/readyz', async (_request, reply) => {
    const state = await readiness(db, switchboardUp)
    return reply
      .code(state.ready ? 200 : 503)
      .header('cache-control', 'no-store')
      .send(state)
  })
  app.get('/metrics', async (request, reply) => {
    if (!isNear(request.ip)) throw new Problem('request.notFound')
    return reply.type(textFormat).send(await metrics())
  })
  app.get('/api/openapi.json', async () => documentOf(app.served))
}

/** Networks that are nobody's on the internet (RFC 1918, 3927, 4193): the operator's own monitoring. */
const near = new BlockList()
for (const [net, bits] of [
  ['127.0.0.0', 8],
  ['10.0.0.0', 8],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
  ['169.254.0.0', 16],
] as const)
  near.addSubnet(net, bits)
for (const [net, bits] of [
  ['::1', 128],
  ['fc00::', 7],
  ['fe80::', 10],
] as const)
  near.addSubnet(net, bits, 'ipv6')

const isNear = (address: string): boolean => near.check(address, isIPv6(address) ? 'ipv6' : 'ipv4')

/** Prometheus' text format, version 0.0.4. */
const textFormat = 'text/plain; version=0.0.4; charset=utf-8'
const waitingStates = ['waiting', 'offered'] as const

/** Returns what asks for the counts of this moment and writes everything down. */
function openMetrics(app: FastifyInstance, db: Database): () => Promise<string> {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  const registers = [registry]
  const contacts = new Gauge({
    name: 'hearthline_contacts',
    help: 'Contacts by state; ended ones under "ended".',
    labelNames: ['state'],
    registers,
  })
  const waiting = new Gauge({ name: 'hearthline_waiting', help: 'Callers in the queue.', registers })
  const offers = new Gauge({ name: 'hearthline_offers', help: 'Calls ringing at a seat now.', registers })
  const seats = new Gauge({
    name: 'hearthline_seats',
    help: 'Seats somebody is on duty at, by state.',
    labelNames: ['state'],
    registers,
  })
  const notices = new Gauge({
    name: 'hearthline_notices',
    help: 'Troubles the board tells of now, by kind; "store-away": recordings stay in the data folder.',
    labelNames: ['kind'],
    registers,
  })
  const requests = new Histogram({
    name: 'hearthline_http_request_seconds',
    help: 'Duration of requests by route.',
    labelNames: ['method', 'route', 'status'],
    buckets: [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5],
    registers,
  })
  app.addHook('onResponse', async (request, reply) => {
    const route = request.routeOptions.url ?? 'none'
    requests.observe(
      { method: request.method, route, status: String(reply.statusCode) },
      reply.elapsedTime / 1000,
    )
  })
  return async () => {
    const now = await countNow(db).catch(() => null)
    for (const gauge of [contacts, seats, waiting, offers, notices]) gauge.reset()
    if (!now) return registry.metrics()
    for (const [state, count] of now.contacts) contacts.set({ state }, count)
    for (const [state, count] of now.seats) seats.set({ state }, count)
    for (const [kind, count] of now.notices) notices.set({ kind }, count)
    waiting.set([...waitingStates].reduce((sum, state) => sum + (now.contacts.get(state) ?? 0), 0))
    offers.set(now.contacts.get('offered') ?? 0)
    return registry.metrics()
  }
}

type Counts = Map<string, number>

/** Counts over all hotlines of this database. */
async function countNow(db: Database): Promise<Record<'contacts' | 'seats' | 'notices', Counts>> {
  const total = { contacts: new Map(), seats: new Map(), notices: new Map() } satisfies Record<string, Counts>
  const add = (to: Counts, state: string, count: number): void =>
    void to.set(state, (to.get(state) ?? 0) + count)
  for (const hotlineId of await allHotlines(db))
    await inHotline(db, hotlineId, async (tx) => {
      const live = await sql<{ state: string; count: number }>`
        select state, count(*) from contact where state not in ('closed', 'failed') group by state`.execute(
        tx,
      )
      const { last } = await tx
        .selectFrom('hotline')
        .select('last_contact_number as last')
        .executeTakeFirstOrThrow()
      const open = live.rows.reduce((sum, row) => sum + row.count, 0)
      for (const { state, count } of live.rows) add(total.contacts, state, count)
      add(total.contacts, 'ended', last - open)
      const staffed = await sql<{ state: string; count: number }>`
        select state, count(*) from duty group by state`.execute(tx)
      for (const { state, count } of staffed.rows) add(total.seats, state, count)
      const told = await sql<{ kind: string; count: number }>`
        select kind, count(*) from notice where ended_at is null group by kind`.execute(tx)
      for (const { kind, count } of told.rows) add(total.notices, kind, count)
    })
  return total
}
