/* The front of the directory of help (G24-1.2, 4.4.4): search, entries, verification, and what was offered to callers. */
import type { z } from 'zod'
import type { Offered, Resource, searchResources } from '../../api/referral.ts'
import { isOpenNow, minuteOfWeek } from '../../domain/hours.ts'
import { Problem } from '../../domain/problem.ts'
import { servingPlaces } from '../../domain/region.ts'
import {
  dueDay,
  resourceQuery,
  soonUntil,
  standingOf,
  type offerWays,
  type ResourceFields,
} from '../../domain/resource.ts'
import { dayOf } from '../../domain/zone.ts'
import { visible, type Asker } from '../contacts/contacts.ts'
import type { Tx } from '../db/database.ts'
import { newId } from '../db/id.ts'
import { readHotline } from '../lines/lines.ts'
import { demoResources } from './demo.ts'
import {
  appendEvent,
  countDue,
  entryOf,
  findOffered,
  findResource,
  findResources,
  insertOffered,
  lockResource,
  markRemoved,
  saveResources,
  type StoredResource,
  type Writer,
} from './queries.ts'

/** The hotline's clock: its zone, this instant, and the day it is there. */
export interface Clock {
  zone: string
  now: Date
  today: string
}

/** The clock of the transaction's hotline. */
export async function clockOf(tx: Tx, now: Date): Promise<Clock> {
  const { timeZone } = await readHotline(tx)
  return { zone: timeZone, now, today: dayOf(now.getTime(), timeZone) }
}

const shown = (row: StoredResource, clock: Clock): Resource => ({
  ...entryOf(row),
  resourceId: row.resource_id,
  standing: standingOf(row.verify_by, clock.today),
  openNow: isOpenNow(row.hours, clock.zone, clock.now),
  changedAt: row.changed_at.toISOString(),
  changedBy: row.changed_by,
  removedAt: row.removed_at?.toISOString() ?? null,
})

/** One page of the directory, nearest first where a place is named. */
export async function search(
  tx: Tx,
  query: z.output<(typeof searchResources)['query']>,
  now: Date,
): Promise<{ rows: Resource[]; next: string | null }> {
  const clock = await clockOf(tx, now)
  const due = { soon: soonUntil(clock.today), overdue: clock.today }
  const found = await findResources(tx, {
    words: resourceQuery(query),
    regions: query.place === undefined ? null : servingPlaces(query.place),
    minute: query.open === undefined ? null : minuteOfWeek(now, clock.zone),
    due: query.due === undefined ? null : due[query.due],
    order: query.due === undefined ? query.sort : 'verify',
    after: query.after ?? null,
    limit: query.limit,
  })
  const rows = found.slice(0, query.limit).map((row) => shown(row, clock))
  return { rows, next: found.length > query.limit ? (rows.at(-1)?.resourceId ?? null) : null }
}

/** How many entries there are and how many ask to be verified. */
export async function reminder(tx: Tx, now: Date): Promise<{ total: number; overdue: number; soon: number }> {
  const { today } = await clockOf(tx, now)
  return countDue(tx, today, soonUntil(today))
}

async function stored(tx: Tx, resourceId: string): Promise<StoredResource> {
  const row = await findResource(tx, resourceId)
  if (!row) throw new Problem('resource.notFound')
  return row
}

/** One entry, a removed one too; `resource.notFound`. */
export async function read(tx: Tx, resourceId: string, now: Date): Promise<Resource> {
  return shown(await stored(tx, resourceId), await clockOf(tx, now))
}

/** Adds an entry. */
export async function add(tx: Tx, hotlineId: string, entry: ResourceFields, by: Writer): Promise<Resource> {
  const { today } = await clockOf(tx, by.now)
  const resourceId = newId()
  await saveResources(tx, hotlineId, [{ ...entry, resourceId, verifyBy: dueDay(entry, today) }], by)
  return read(tx, resourceId, by.now)
}

/** Changes an entry; `resource.notFound` when it is not in the directory (any more). */
export async function change(
  tx: Tx,
  hotlineId: string,
  resourceId: string,
  entry: ResourceFields,
  by: Writer,
): Promise<Resource> {
  if (!(await lockResource(tx, resourceId))) throw new Problem('resource.notFound')
  const { today } = await clockOf(tx, by.now)
  await saveResources(tx, hotlineId, [{ ...entry, resourceId, verifyBy: dueDay(entry, today) }], by)
  return read(tx, resourceId, by.now)
}

/** Takes an entry out of the directory; repeating it is success. `resource.notFound`. */
export async function remove(tx: Tx, resourceId: string, by: Writer): Promise<void> {
  if (await markRemoved(tx, resourceId, by)) return
  if (!(await findResource(tx, resourceId))) throw new Problem('resource.notFound')
}

/** Verified today; to be asked again by the day given, else after half a year. */
export async function verify(
  tx: Tx,
  hotlineId: string,
  resourceId: string,
  verifyBy: string | undefined,
  by: Writer,
): Promise<Resource> {
  if (!(await lockResource(tx, resourceId))) throw new Problem('resource.notFound')
  const { today } = await clockOf(tx, by.now)
  if (verifyBy !== undefined && verifyBy <= today)
    throw new Problem('request.malformed', { fields: ['verifyBy'] })
  const row = await stored(tx, resourceId)
  const until = dueDay({ verifiedOn: today, verifyBy: verifyBy ?? null }, today)
  await saveResources(
    tx,
    hotlineId,
    [{ ...entryOf(row), resourceId, verifiedOn: today, verifyBy: until }],
    by,
  )
  return read(tx, resourceId, by.now)
}

const offeredOf = async (tx: Tx, contactId: string): Promise<Offered[]> =>
  (await findOffered(tx, contactId)).map((row) => ({
    resourceId: row.resource_id,
    organisation: row.organisation,
    service: row.service,
    phone: row.phone,
    how: row.how,
    at: row.at.toISOString(),
    person: row.person,
  }))

/** What was offered on a contact the asker may see. */
export async function offeredOn(tx: Tx, asker: Asker, contactId: string): Promise<Offered[]> {
  await visible(tx, asker, contactId)
  return offeredOf(tx, contactId)
}

/** Records on the contact and its chain that a resource was offered; the same way twice is written once. */
export async function offer(
  tx: Tx,
  hotlineId: string,
  asker: Asker,
  given: { contactId: string; resourceId: string; how: (typeof offerWays)[number]; at: Date },
): Promise<Offered[]> {
  await visible(tx, asker, given.contactId)
  const { contactId, resourceId, how, at } = given
  const resource = await findResource(tx, resourceId)
  if (!resource || resource.removed_at) throw new Problem('resource.notFound')
  const { personId } = asker
  const fresh = await insertOffered(tx, { ...given, contactResourceId: newId(), hotlineId, personId })
  if (fresh) await appendEvent(tx, contactId, at, personId, { resource: resourceId, how })
  return offeredOf(tx, contactId)
}

/** Furnishes the demonstration's directory: the country's public emergency numbers, and invented places. */
export async function furnishDirectory(tx: Tx, hotlineId: string, by: Writer): Promise<void> {
  const { today } = await clockOf(tx, by.now)
  const entries = demoResources(today)
  await saveResources(
    tx,
    hotlineId,
    entries.map((entry) => ({ ...entry, resourceId: newId(), verifyBy: dueDay(entry, today) })),
    by,
  )
}
