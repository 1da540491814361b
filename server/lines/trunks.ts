/* Trunks: the hotline's ways to the telephone network. */
import { sql } from 'kysely'
import type { z } from 'zod'
import type { trunk, trunkSettings } from '../../api/administration.ts'
import { Problem } from '../../domain/problem.ts'
import type { TrunkSpec } from '../../telephony/switchboard.ts'
import type { Tx } from '../db/database.ts'
import { newId } from '../db/id.ts'
import { pageClauses, pageFrom, type ListQuery } from '../db/paging.ts'
import type { Keys } from '../records/keys.ts'
import { type Heard, heardWhere } from './heard.ts'

/** A trunk as listed, but for its state, which the switchboard knows. */
export type Trunk = Omit<z.infer<typeof trunk>, 'state'>
type TrunkSettings = z.output<typeof trunkSettings>

interface Row {
  trunk_id: string
  name: string
  kind: 'address' | 'registration'
  host: string
  port: number
  transport: 'udp' | 'tcp' | 'tls'
  username: string | null
  secret_sealed: Buffer | null
  caller_number: string | null
  outbound_patterns: string[]
  rank: number
  most_calls: number | null
  watched: boolean
  heard: Heard
  troubles: Trunk['troubles']
}

const columns = sql`t.trunk_id, t.name, t.kind, t.host, t.port, t.transport, t.username, t.secret_sealed,
  t.caller_number, t.outbound_patterns, t.rank, t.most_calls, t.watched,
  ${heardWhere(sql`v.hotline_id = t.hotline_id and v.trunk = t.name`)} as heard,
  array(select json_build_object('kind', n.kind, 'since', to_char(n.at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'))
    from notice n where n.hotline_id = t.hotline_id and n.ended_at is null and n.data->>'trunk' = t.name
    order by n.at) as troubles`

const shown = (row: Row): Trunk => ({
  trunkId: row.trunk_id,
  name: row.name,
  kind: row.kind,
  host: row.host,
  port: row.port,
  transport: row.transport,
  username: row.username,
  callerNumber: row.caller_number,
  outboundPatterns: row.outbound_patterns,
  rank: row.rank,
  mostCalls: row.most_calls,
  watched: row.watched,
  heard: row.heard,
  troubles: row.troubles,
})

/** One page of trunks. */
export async function listTrunks(tx: Tx, query: ListQuery): Promise<{ rows: Trunk[]; next: string | null }> {
  const listed = { table: 'trunk', id: 'trunk_id', name: 't.name' }
  const clauses = pageClauses(query, listed, sql`t.removed_at is null`)
  const { rows } = await sql<Row>`select ${columns} from trunk t ${clauses}`.execute(tx)
  return pageFrom(rows.map(shown), query.limit, (one) => one.trunkId)
}

async function findRow(tx: Tx, trunkId: string): Promise<Row> {
  const { rows } = await sql<Row>`
    select ${columns} from trunk t where t.trunk_id = ${trunkId} and t.removed_at is null`.execute(tx)
  const [row] = rows
  if (!row) throw new Problem('trunk.notFound')
  return row
}

const columnsOf = (given: TrunkSettings) => ({
  name: given.name,
  kind: given.kind,
  host: given.host,
  port: given.port,
  transport: given.transport,
  username: given.username,
  caller_number: given.callerNumber,
  outbound_patterns: given.outboundPatterns,
  rank: given.rank,
  most_calls: given.mostCalls,
  watched: given.watched,
})

/** Adds a trunk, its password sealed; `trunk.nameTaken`. */
export async function addTrunk(tx: Tx, keys: Keys, hotlineId: string, given: TrunkSettings): Promise<Trunk> {
  const trunkId = newId()
  const sealed = given.password === null ? null : keys.seal(hotlineId, given.password, 'devices')
  await tx
    .insertInto('trunk')
    .values({ trunk_id: trunkId, hotline_id: hotlineId, ...columnsOf(given), secret_sealed: sealed })
    .execute()
  return shown(await findRow(tx, trunkId))
}

/** Changes a trunk; a null password keeps the old one. Returns the name it had before too. */
export async function changeTrunk(
  tx: Tx,
  keys: Keys,
  hotlineId: string,
  trunkId: string,
  given: TrunkSettings,
): Promise<{ trunk: Trunk; formerName: string }> {
  const before = await findRow(tx, trunkId)
  const fresh =
    given.password === null ? {} : { secret_sealed: keys.seal(hotlineId, given.password, 'devices') }
  await tx
    .updateTable('trunk')
    .set({ ...columnsOf(given), ...fresh })
    .where('trunk_id', '=', trunkId)
    .execute()
  return { trunk: shown(await findRow(tx, trunkId)), formerName: before.name }
}

/** Removes a trunk and returns its name; calls on it go on. */
export async function removeTrunk(tx: Tx, trunkId: string, now: Date): Promise<string> {
  const { name } = await findRow(tx, trunkId)
  await tx.updateTable('trunk').set({ removed_at: now }).where('trunk_id', '=', trunkId).execute()
  return name
}

/** What the switchboard must know of the hotline's trunks. */
export async function trunkSpecs(tx: Tx, keys: Keys, hotlineId: string): Promise<TrunkSpec[]> {
  const { rows } =
    await sql<Row>`select ${columns} from trunk t where t.removed_at is null order by name`.execute(tx)
  return rows.map((row) => ({
    trunk: row.name,
    host: row.host,
    port: row.port,
    transport: row.transport,
    from: [row.host],
    register: row.kind === 'registration',
    trusted: true,
    watched: row.watched,
    ...(row.username !== null && row.secret_sealed
      ? { login: { user: row.username, password: keys.open(hotlineId, row.secret_sealed) } }
      : {}),
  }))
}
