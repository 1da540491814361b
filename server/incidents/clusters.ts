/* Clusters of similar contacts: proposed by a round, judged by a person (domain/cluster.ts has the rule). */
import type { ClusterRow, decideCluster } from '../../api/incidents.ts'
import type { z } from 'zod'
import { clustersOf, comparedWeeks, weekBefore, weekOf, type Told } from '../../domain/cluster.ts'
import { coreOfResponse, isCounselling } from '../../domain/form.ts'
import { problemTypes } from '../../domain/problem-type.ts'
import { Problem } from '../../domain/problem.ts'
import { placeOf, placeWords } from '../../domain/region.ts'
import { startOfDay } from '../../domain/zone.ts'
import type { Tx } from '../db/database.ts'
import { newId } from '../db/id.ts'
import type { AnswerSealing } from '../records/answers.ts'
import type { Words } from '../records/keys.ts'
import {
  findAnswered,
  findClusters,
  findReckoning,
  lockCluster,
  saveDecision,
  saveProposal,
  type AnsweredContact,
  type StoredCluster,
} from './cluster-queries.ts'
import { link, open, type Doer } from './incidents.ts'

const batch = 2000

function toldOf(row: AnsweredContact, sealing: AnswerSealing): Told | null {
  const answers = sealing.open(row)
  if (!answers) return null
  const core = coreOfResponse(answers)
  if (!isCounselling(core)) return null
  return {
    contactId: row.contact_id,
    at: row.started_at.getTime(),
    caller: row.caller,
    region: core.region,
    topics: core.problems,
  }
}

/** Batch by batch, and only what the rule needs is kept: the region is opened here and stands nowhere in plain. */
async function readTold(tx: Tx, hotlineId: string, from: Date, sealing: AnswerSealing): Promise<Told[]> {
  const told: Told[] = []
  for (let last: AnsweredContact | null = null; ;) {
    const rows = await findAnswered(tx, hotlineId, from, last, batch)
    for (const row of rows) {
      const one = toldOf(row, sealing)
      if (one) told.push(one)
    }
    last = rows.at(-1) ?? null
    if (rows.length < batch) return told
  }
}

/**
 * Proposes what stands out in this week and in the one before, whose last records are often finished after its end. Returns
 * whether a person has something new to look at.
 */
export async function proposeClusters(
  tx: Tx,
  hotlineId: string,
  now: Date,
  sealing: AnswerSealing,
): Promise<boolean> {
  const hotline = await findReckoning(tx, hotlineId)
  if (!hotline?.since) return false
  const { time_zone: zone, since } = hotline
  const week = weekOf(now.getTime(), zone)
  const last = weekBefore(week, 1)
  const from = new Date(startOfDay(weekBefore(last, comparedWeeks), zone))
  const told = await readTold(tx, hotlineId, from, sealing)
  let changed = false
  for (const each of [last, week])
    for (const cluster of clustersOf(told, each, zone, since.getTime()))
      changed = (await saveProposal(tx, hotlineId, newId(now.getTime()), cluster, now)) || changed
  return changed
}

const shown = (row: StoredCluster, sealed: Words): ClusterRow => ({
  clusterId: row.cluster_id,
  area: row.area,
  topic: row.topic,
  week: row.week,
  count: row.count,
  expected: row.expected,
  contacts: row.contacts,
  proposedAt: row.proposed_at.toISOString(),
  decision: row.decision,
  decidedAt: row.decided_at?.toISOString() ?? null,
  decidedBy: row.decided_by,
  reason: sealed.open(row.reason),
  incidentId: row.incident_id,
})

/** One page of clusters: those still to judge or watched, or the others. */
export async function listed(
  tx: Tx,
  hotlineId: string,
  query: { open: 'yes' | 'no'; after?: string | undefined; limit: number },
  sealed: Words,
): Promise<{ rows: ClusterRow[]; next: string | null }> {
  const found = await findClusters(tx, hotlineId, {
    open: query.open === 'yes',
    after: query.after,
    limit: query.limit,
  })
  const rows = found.slice(0, query.limit).map((row) => shown(row, sealed))
  return { rows, next: found.length > query.limit ? (rows.at(-1)?.clusterId ?? null) : null }
}

/** Judges a cluster; a group crisis opens an incident in which its contacts are linked one by one. */
export async function decide(
  tx: Tx,
  doer: Doer & { personId: string },
  clusterId: string,
  given: z.output<(typeof decideCluster)['body']>,
): Promise<ClusterRow> {
  const { words } = doer.sealing
  const row = await lockCluster(tx, clusterId)
  if (!row) throw new Problem('cluster.notFound')
  if (row.decision !== null && row.decision !== 'watch') {
    if (row.decision === given.decision) return shown(row, words)
    throw new Problem('cluster.alreadyDecided')
  }
  const incidentId = given.decision === 'group-crisis' ? await openFor(tx, doer, row, given.reason) : null
  const reason = words.seal(given.reason)
  await saveDecision(tx, clusterId, { ...given, reason, personId: doer.personId, at: doer.now, incidentId })
  const fresh = await lockCluster(tx, clusterId)
  if (!fresh) throw new Problem('cluster.notFound')
  return shown(fresh, words)
}

async function openFor(tx: Tx, doer: Doer, row: StoredCluster, reason: string): Promise<string> {
  const topic = problemTypes.find((each) => each.code === row.topic)?.zh ?? row.topic
  const area = placeOf(row.area) ? placeWords(row.area, 'zh-CN') : row.area
  const title = `${area} · ${topic} · ${row.week}`.slice(0, 120)
  const incident = await open(tx, doer, { kind: 'group', title, words: reason })
  for (const contact of row.contacts) await link(tx, doer, incident, { ...contact, words: '' })
  return incident.incidentId
}
