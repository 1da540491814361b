/* What to know when a caller comes again: reasoned, reviewed, ending by itself (G24-7.4). Nothing here is read by routing. */
import type { CallerAlert } from '../../api/callers.ts'
import { alertStanding, wrongTimes, type AlertFields } from '../../domain/caller.ts'
import { Problem } from '../../domain/problem.ts'
import type { Tx } from '../db/database.ts'
import { newId } from '../db/id.ts'
import type { Words } from '../records/keys.ts'
import {
  findAlert,
  findCounsellors,
  findProfiles,
  insertAlert,
  saveEnd,
  saveReview,
  type StoredAlert,
} from './queries.ts'

/** Who acts, and when. */
export interface Actor {
  hotlineId: string
  personId: string
  now: Date
  /** Seals what is typed. */
  words: Words
}

const sealedFields = (given: AlertFields, sealed: Words): AlertFields => ({
  ...given,
  words: sealed.seal(given.words),
  reason: sealed.seal(given.reason),
  times: sealed.seal(given.times),
})

const iso = (date: Date | null): string | null => date?.toISOString() ?? null

/** An alert as shown; `possible` when nobody has confirmed that the contact is this caller's. */
export const shownAlert = (row: StoredAlert, sealed: Words, now: Date, possible = false): CallerAlert => ({
  alertId: row.alert_id,
  profileId: row.profile_id,
  pseudonym: row.pseudonym,
  kind: row.kind,
  words: sealed.open(row.words),
  reason: sealed.open(row.reason),
  preferredPerson: row.preferred_person,
  preferred: row.preferred,
  times: sealed.open(row.times),
  reviewAt: row.review_at.toISOString(),
  expiresAt: row.expires_at.toISOString(),
  standing: alertStanding(
    {
      reviewAt: row.review_at.getTime(),
      expiresAt: row.expires_at.getTime(),
      endedAt: row.ended_at?.getTime() ?? null,
    },
    now.getTime(),
  ),
  createdBy: row.created_by,
  createdAt: row.created_at.toISOString(),
  reviewedBy: row.reviewed_by,
  reviewedAt: iso(row.reviewed_at),
  endedBy: row.ended_by,
  endedAt: iso(row.ended_at),
  possible,
})

async function judge(tx: Tx, given: AlertFields, now: Date): Promise<void> {
  const times = { reviewAt: Date.parse(given.reviewAt), expiresAt: Date.parse(given.expiresAt) }
  const fields: string[] = wrongTimes({ kind: given.kind, ...times }, now.getTime())
  const counsellors = given.preferredPerson === null ? [] : await findCounsellors(tx)
  if (given.preferredPerson !== null && !counsellors.some((each) => each.personId === given.preferredPerson))
    fields.push('preferredPerson')
  if (fields.length > 0) throw new Problem('request.malformed', { fields })
}

async function alertOf(tx: Tx, alertId: string): Promise<StoredAlert> {
  const alert = await findAlert(tx, alertId)
  if (!alert) throw new Problem('alert.notFound')
  return alert
}

/** Adds an alert to a caller; `caller.notFound`, `request.malformed` with the times that are not allowed. */
export async function add(tx: Tx, profileId: string, given: AlertFields, by: Actor): Promise<CallerAlert> {
  const [profile] = await findProfiles(tx, [profileId], by.now)
  if (!profile) throw new Problem('caller.notFound')
  await judge(tx, given, by.now)
  const alertId = newId()
  await insertAlert(tx, { ...by, ...sealedFields(given, by.words), alertId, profileId, at: by.now })
  return shownAlert(await alertOf(tx, alertId), by.words, by.now)
}

/** Looked at again, with what is to hold from now on; `alert.notFound` once it is over. */
export async function review(tx: Tx, alertId: string, given: AlertFields, by: Actor): Promise<CallerAlert> {
  await judge(tx, given, by.now)
  const sealed = sealedFields(given, by.words)
  if (!(await saveReview(tx, alertId, { ...sealed, personId: by.personId, at: by.now })))
    throw new Problem('alert.notFound')
  return shownAlert(await alertOf(tx, alertId), by.words, by.now)
}

/** Ends an alert; repeating it is success. */
export async function end(tx: Tx, alertId: string, by: Actor): Promise<StoredAlert> {
  const alert = await alertOf(tx, alertId)
  await saveEnd(tx, alertId, by.personId, by.now)
  return alert
}
