/* The front of the database: pools, transactions that see one hotline, and notifications. */
import { Kysely, PostgresDialect, sql, type RawBuilder } from 'kysely'
import pg from 'pg'
import { translated } from './failure.ts'
import { startListening, type Listening } from './notifications.ts'
import type { DB, Json } from './schema.ts'

export type { DB } from './schema.ts'

/** A transaction that sees one hotline: the only way to that hotline's rows. Columns have their SQL names. */
export type Tx = Kysely<DB>

/** The product's connection to its database. `doors` sees no hotline's rows: only the functions made for that. */
export interface Database {
  readonly doors: Kysely<DB>
  /**
   * Calls `handler` with the payload of every NOTIFY on the channel, reconnecting for ever; `onGap` is told when some
   * may have been missed. Returns a function that stops it.
   */
  listen(channel: string, handler: (payload: string) => void, onGap?: () => void): () => void
  /** Sends a payload (at most 7,900 bytes) to everybody who listens on the channel. */
  notify(channel: string, payload: string): Promise<void>
  close(): Promise<void>
}

/** Opens the pool; nothing connects before the first query. `log` gets static words only. */
export function openDatabase(options: {
  url: string
  connections?: number
  log?: (message: string, fields?: Record<string, string | number>) => void
}): Database {
  const log = options.log ?? (() => undefined)
  const settings: pg.PoolConfig = {
    connectionString: options.url,
    application_name: 'hearthline',
    max: options.connections ?? 16,
    connectionTimeoutMillis: 4000,
    idleTimeoutMillis: 60_000,
    keepAlive: true,
    // Whoever logs in, statements run as the role that owns nothing, so row-level security holds.
    options: '-c role=hearthline -c statement_timeout=30000 -c idle_in_transaction_session_timeout=60000',
    types: { getTypeParser: typeParser },
  }
  const pool = new pg.Pool(settings)
  pool.on('error', (error) => log('a database connection was lost', { error: error.name }))
  // While a connection is in use its loss shows in the query; without a listener it would end the process besides.
  pool.on('connect', (client) => client.on('error', () => undefined))
  const doors = new Kysely<DB>({ dialect: new PostgresDialect({ pool }) })
  let listening: Listening | null = null
  return {
    doors,
    listen(channel, handler, onGap) {
      listening ??= startListening(settings, log)
      return listening.add(channel, handler, onGap)
    },
    async notify(channel, payload) {
      await outside(() => sql`select pg_notify(${channel}, ${payload})`.execute(doors))
    },
    async close() {
      await listening?.close()
      await doors.destroy()
    },
  }
}

/** Statements that each open transaction still has to run when it commits. */
const lastStatements = new WeakMap<Tx, string[]>()

/**
 * Adds a whole statement, its values written into it, to the message that commits the transaction. What everybody waits
 * for is locked there, after all other rows and for no round trip. Throws outside of `inHotline`.
 */
export function withCommit(tx: Tx, statement: string): void {
  const statements = lastStatements.get(tx)
  if (!statements) throw new Error('not the transaction of a hotline')
  statements.push(statement)
}

/**
 * The message that ends a transaction. Row locks are held until a commit is on disk, so where statements came with the
 * commit, it goes only as far as the log's memory and lets go; the last statement's own commit then flushes the log up to
 * itself. Nobody is answered before that, and all who wait for a lock share one flush (docs/decisions/audit-chain.md).
 */
const endOf = (statements: readonly string[]): string =>
  statements.length === 0
    ? 'commit'
    : [
        ...statements,
        'set local synchronous_commit = off',
        'commit',
        `select pg_logical_emit_message(true, 'hearthline', '')`,
      ].join('; ')

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

/**
 * Runs `work` in one transaction that sees only this hotline; commits when it returns, rolls back when it throws.
 * Throws `database.away`, `disk.full` and the problems of broken constraints besides what `work` throws.
 */
export async function inHotline<T>(
  db: Database,
  hotlineId: string,
  work: (tx: Tx) => Promise<T>,
): Promise<T> {
  if (!uuid.test(hotlineId)) throw new Error('not a hotline id')
  return outside(() =>
    db.doors.connection().execute(async (tx) => {
      // One message for both: a round trip less in every transaction.
      await sql.raw(`begin; select set_config('hearthline.hotline', '${hotlineId}', true)`).execute(tx)
      try {
        const statements: string[] = []
        lastStatements.set(tx, statements)
        const result = await work(tx)
        await sql.raw(endOf(statements)).execute(tx)
        return result
      } catch (error) {
        await sql
          .raw('rollback')
          .execute(tx)
          .catch(() => undefined)
        throw error
      }
    }),
  )
}

/** Runs a query outside of any hotline (a door function), with the database's failures translated. */
export async function outside<T>(query: () => Promise<T>): Promise<T> {
  try {
    return await query()
  } catch (error) {
    throw translated(error)
  }
}

/** A value for a jsonb column (the driver would send a plain array as an SQL array). */
export const jsonb = (value: unknown): RawBuilder<Json> => sql<Json>`${JSON.stringify(value)}::jsonb`

/** bigint comes as a number: what we count stays far below 2^53. */
const typeParser: pg.CustomTypesConfig['getTypeParser'] = (oid: number, format?: 'text' | 'binary') =>
  oid === pg.types.builtins.INT8 ? Number : (pg.types.getTypeParser(oid, format) as (text: string) => unknown)
