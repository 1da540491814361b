import { sql } from 'kysely'
import type { ClusterRow } from '../../api/incidents.ts'
import type { Cluster } from '../../domain/cluster.ts'
import type { Tx } from '../db/database.ts'

/** What a hotline's clusters are reckoned by. */
export interface Reckoning {
  time_zone: string
  /** When its first contact came; null before it. */
  since: Date | null
}

/** The hotline's zone and the time of its first contact. */
export async function findReckoning(tx: Tx, hotlineId: string): Promise<Reckoning | undefined> {
  const { rows } = await sql<Reckoning>`
    select h.time_zone, (select min(c.started_at) from contact c where c.hotline_id = h.hotline_id) as since
    from hotline h where h.hotline_id = ${hotlineId}`.execute(tx)
  return rows[0]
}

/** A contact with its answers, as a round reads it. */
export interface AnsweredContact {
  contact_id: string
  started_at: Date
  caller: string | null
  form: unknown
  answers_sealed: Buffer | null
}

/** The next contacts with answers since `from`, beyond the last one read. */
export async function findAnswered(
  tx: Tx,
  hotlineId: string,
  from: Date,
  last: AnsweredContact | null,
  limit: number,
): Promise<AnsweredContact[]> {
  const beyond = last ?? { started_at: from, contact_id: '00000000-0000-0000-0000-000000000000' }
  const { rows } = await sql<AnsweredContact>`
    select contact_id, started_at, encode(caller_number_key, 'hex') as caller, form, answers_sealed from contact
    where hotline_id = ${hotlineId} and (started_at, contact_id) > (${beyond.started_at}, ${beyond.contact_id}::uuid)
      and form <> '{}' order by started_at, contact_id limit ${limit}`.execute(tx)
  return rows
}

/** Puts a cluster before a person; one not judged yet, or watched, grows with its contacts. Says whether anything changed. */
export async function saveProposal(
  tx: Tx,
  hotlineId: string,
  clusterId: string,
  cluster: Cluster,
  now: Date,
): Promise<boolean> {
  const { rows } = await sql`
    insert into cluster (cluster_id, hotline_id, area, topic, week, count, expected, contact_ids, proposed_at)
    values (${clusterId}, ${hotlineId}, ${cluster.area}, ${cluster.topic}, ${cluster.week}, ${cluster.count},
      ${cluster.expected}, ${cluster.contactIds}::uuid[], ${now})
    on conflict (hotline_id, area, topic, week) do update
      set count = excluded.count, expected = excluded.expected, contact_ids = excluded.contact_ids
      where coalesce(cluster.decision, 'watch') = 'watch' and cluster.contact_ids <> excluded.contact_ids
    returning cluster_id`.execute(tx)
  return rows.length > 0
}

/** A cluster as stored, with the numbers of its contacts. */
export interface StoredCluster {
  cluster_id: string
  area: string
  topic: string
  week: string
  count: number
  expected: number
  contacts: { contactId: string; number: number }[]
  proposed_at: Date
  decision: ClusterRow['decision']
  decided_at: Date | null
  decided_by: string | null
  reason: string
  incident_id: string | null
}

const from = sql`select k.cluster_id, k.area, k.topic, to_char(k.week, 'YYYY-MM-DD') as week, k.count, k.expected,
  coalesce((select json_agg(json_build_object('contactId', c.contact_id, 'number', c.number) order by c.number)
    from contact c where c.contact_id = any(k.contact_ids)), '[]') as contacts,
  k.proposed_at, k.decision, k.decided_at, p.display_name as decided_by, k.reason, k.incident_id
  from cluster k left join person p on p.person_id = k.decided_by`

/** One page, newest first, and one row more. */
export async function findClusters(
  tx: Tx,
  hotlineId: string,
  query: { open: boolean; after: string | undefined; limit: number },
): Promise<StoredCluster[]> {
  const { rows } = await sql<StoredCluster>`${from} where k.hotline_id = ${hotlineId}
    and (coalesce(k.decision, 'watch') = 'watch') = ${query.open}
    and (${query.after ?? null}::uuid is null or k.cluster_id < ${query.after ?? null}::uuid)
    order by k.cluster_id desc limit ${query.limit + 1}`.execute(tx)
  return rows
}

/** One cluster, locked until the transaction ends; undefined when it is not there. */
export async function lockCluster(tx: Tx, clusterId: string): Promise<StoredCluster | undefined> {
  const { rows } =
    await sql<StoredCluster>`${from} where k.cluster_id = ${clusterId} for update of k`.execute(tx)
  return rows[0]
}

/** Saves what a person made of a cluster. */
export async function saveDecision(
  tx: Tx,
  clusterId: string,
  given: { decision: string; reason: string; personId: string; at: Date; incidentId: string | null },
): Promise<void> {
  await sql`update cluster set decision = ${given.decision}, reason = ${given.reason}, decided_by = ${given.personId},
    decided_at = ${given.at}, incident_id = ${given.incidentId} where cluster_id = ${clusterId}`.execute(tx)
}
