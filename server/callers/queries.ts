import { sql, type RawBuilder } from 'kysely'
import type {
  AlertFields,
  AlertKind,
  CallerAnswer,
  EarlierFromNumber,
  FrequentRule,
} from '../../domain/caller.ts'
import { riskLevels, type RiskLevel } from '../../domain/risk.ts'
import { jsonb, type Tx } from '../db/database.ts'

/** A contact as far as its caller is concerned. */
export interface StoredContact {
  contact_id: string
  number: number
  person_id: string | null
  caller_number_key: Buffer | null
  number_trusted: boolean
  profile_id: string | null
  profile_answer: CallerAnswer | null
  profile_at: Date | null
  profile_by: string | null
  answered_by: string | null
  earlier: number
}

/** One contact; locked until the transaction ends where it is to be changed. */
export async function findContact(
  tx: Tx,
  contactId: string,
  lock: 'lock' | 'read',
): Promise<StoredContact | undefined> {
  const { rows } = await sql<StoredContact>`
    select c.contact_id, c.number, c.person_id, c.caller_number_key, c.number_trusted, c.profile_id, c.profile_answer,
      c.profile_at, c.profile_by, p.display_name as answered_by, earlier_contacts(c) as earlier
    from contact c left join person p on p.person_id = c.profile_by
    where c.contact_id = ${contactId} ${lock === 'lock' ? sql`for update of c` : sql``}`.execute(tx)
  return rows[0]
}

const levelOf = (risk: string | null): RiskLevel | null => riskLevels.find((level) => level === risk) ?? null

/** So many earlier contacts of one number are looked at. */
const most = 500

/** What came earlier from a number that was vouched for, latest first. */
export async function findFromNumber(
  tx: Tx,
  hotlineId: string,
  numberKey: Buffer,
  before: number,
): Promise<EarlierFromNumber[]> {
  const { rows } = await sql<{
    contact_id: string
    number: number
    started_at: Date
    risk: string | null
    profile_id: string | null
    profile_answer: CallerAnswer | null
  }>`
    select contact_id, number, started_at, risk, profile_id, profile_answer from contact
    where hotline_id = ${hotlineId} and caller_number_key = ${numberKey} and number_trusted and number < ${before}
    order by number desc limit ${most}`.execute(tx)
  return rows.map((row) => ({
    contactId: row.contact_id,
    number: row.number,
    at: row.started_at.getTime(),
    risk: levelOf(row.risk),
    profileId: row.profile_id,
    answer: row.profile_answer,
  }))
}

/** A caller with what all their contacts say. */
export interface StoredProfile {
  profile_id: string
  pseudonym: string
  contacts: number
  last_at: Date | null
  highest: number | null
  recent: number
}

const profileColumns = (
  since: Date,
): RawBuilder<unknown> => sql`p.profile_id, p.pseudonym, c.contacts, c.last_at, c.highest,
  c.recent from caller_profile p cross join lateral (
    select count(*) as contacts, max(started_at) as last_at, max(array_position(array['none', 'low', 'moderate', 'high',
      'acute'], risk)) as highest, count(*) filter (where started_at > ${since}) as recent
    from contact where profile_id = p.profile_id) c`

/** Callers by their ids who have a contact that may be seen; `since` is where a frequent caller's stretch begins. */
export async function findProfiles(tx: Tx, ids: readonly string[], since: Date): Promise<StoredProfile[]> {
  if (ids.length === 0) return []
  const { rows } =
    await sql<StoredProfile>`select ${profileColumns(since)} where p.profile_id = any(${ids}::uuid[])
      and c.contacts > 0`.execute(tx)
  return rows
}

/** The highest level of {@link StoredProfile} in words. */
export const highestOf = (row: Pick<StoredProfile, 'highest'>): RiskLevel | null =>
  row.highest === null ? null : (riskLevels[row.highest - 1] ?? null)

/** A line of the list of callers. */
export interface StoredCallerRow extends StoredProfile {
  alerts: number
  review_due: number
  next_review: Date | null
  has_plan: boolean
}

/** One page of callers and one more, who came last first. */
export async function findCallers(
  tx: Tx,
  given: {
    after: string | undefined
    text: string | undefined
    only: 'review' | 'frequent' | 'alerts' | undefined
    limit: number
    rule: FrequentRule
    since: Date
    now: Date
  },
): Promise<StoredCallerRow[]> {
  const { after, text, only, rule, since, now } = given
  const conditions = [sql`p.hotline_id = current_hotline()`, sql`c.contacts > 0`]
  if (text) conditions.push(sql`position(upper(${text}) in p.pseudonym) > 0`)
  if (only === 'alerts') conditions.push(sql`a.alerts > 0`)
  if (only === 'review') conditions.push(sql`a.review_due > 0`)
  if (only === 'frequent') conditions.push(sql`c.recent >= ${rule.contacts} and not a.has_plan`)
  if (after)
    conditions.push(sql`(coalesce(c.last_at, '-infinity'), p.profile_id) < (select coalesce((select max(started_at)
      from contact where profile_id = ${after}), '-infinity'), ${after}::uuid)`)
  const { rows } = await sql<StoredCallerRow>`
    select a.*, ${profileColumns(since)} cross join lateral (
      select count(*) as alerts, count(*) filter (where review_at <= ${now}) as review_due, min(review_at) as next_review,
        coalesce(bool_or(kind = 'agreed-plan'), false) as has_plan
      from caller_alert where profile_id = p.profile_id and ended_at is null and expires_at > ${now}) a
    where ${sql.join(conditions, sql` and `)}
    order by coalesce(c.last_at, '-infinity') desc, p.profile_id desc limit ${given.limit + 1}`.execute(tx)
  return rows
}

/** How many alerts in force are to be looked at again by now. */
export async function countReview(tx: Tx, now: Date): Promise<number> {
  const { rows } = await sql<{ due: number }>`select count(*) as due from caller_alert
    where hotline_id = current_hotline() and ended_at is null and expires_at > ${now} and review_at <= ${now}
      and exists (select from contact c where c.profile_id = caller_alert.profile_id)`.execute(tx)
  return rows[0]?.due ?? 0
}

/** An earlier contact as stored. */
export interface StoredEarlier {
  contact_id: string
  number: number
  started_at: Date
  line_name: string
  channel: 'phone' | 'web-call' | 'chat' | 'by-hand'
  risk: 'danger-key' | RiskLevel | null
  person_id: string | null
  counsellor: string | null
  form: unknown
  answers_sealed: Buffer | null
}

/** A caller's contacts before one (all of them without), latest first, at most 100. */
export async function findEarlier(
  tx: Tx,
  profileId: string,
  before: number | null,
): Promise<StoredEarlier[]> {
  const { rows } = await sql<StoredEarlier>`
    select c.contact_id, c.number, c.started_at, l.name as line_name, c.channel, c.risk, c.person_id,
      p.display_name as counsellor, c.form, c.answers_sealed
    from contact c join line l on l.line_id = c.line_id left join person p on p.person_id = c.person_id
    where c.profile_id = ${profileId} ${before === null ? sql`` : sql`and c.number < ${before}`}
    order by c.number desc limit 100`.execute(tx)
  return rows
}

/** Whether a counsellor has had a contact of this caller. */
export async function hasContactOf(tx: Tx, profileId: string, personId: string): Promise<boolean> {
  const { rows } = await sql`select from contact where profile_id = ${profileId} and person_id = ${personId}
    limit 1`.execute(tx)
  return rows.length > 0
}

/** Makes a caller's profile with the hotline's next pseudonym; two at a time take their turns. */
export async function insertProfile(
  tx: Tx,
  given: {
    profileId: string
    hotlineId: string
    personId: string
    at: Date
    pseudonymOf: (n: number) => string
  },
): Promise<void> {
  await sql`select pg_advisory_xact_lock(hashtext('callers ' || ${given.hotlineId}::text))`.execute(tx)
  const { rows } = await sql<{
    last: number | null
  }>`select max(substr(pseudonym, 3)::int) as last from caller_profile
    where hotline_id = ${given.hotlineId}`.execute(tx)
  await sql`insert into caller_profile (profile_id, hotline_id, pseudonym, created_at, created_by)
    values (${given.profileId}, ${given.hotlineId}, ${given.pseudonymOf((rows[0]?.last ?? 0) + 1)}, ${given.at},
      ${given.personId})`.execute(tx)
}

/** Writes whose contacts these are. */
export async function saveAnswer(
  tx: Tx,
  contactIds: readonly string[],
  given: { answer: CallerAnswer | null; profileId: string | null; personId: string; at: Date },
): Promise<void> {
  await sql`update contact set profile_answer = ${given.answer}, profile_id = ${given.profileId},
      profile_by = ${given.answer === null ? null : given.personId}, profile_at = ${given.answer === null ? null : given.at}
    where contact_id = any(${contactIds}::uuid[])`.execute(tx)
}

/** The contacts that were given to a caller in one act, by the same person at the same instant. */
export async function findTogether(tx: Tx, contact: StoredContact): Promise<string[]> {
  const { rows } = await sql<{ contact_id: string }>`select contact_id from contact
    where profile_id = ${contact.profile_id} and profile_by = ${contact.profile_by} and profile_at = ${contact.profile_at}
    order by contact_id for update`.execute(tx)
  return rows.map((row) => row.contact_id)
}

/** Adds to a contact's chain what was said of its caller: the answer and the pseudonym, nothing else. */
export async function appendEvent(
  tx: Tx,
  contactId: string,
  at: Date,
  actor: string,
  data: { answer: string | null; caller: string | null },
): Promise<void> {
  await sql`select append_contact_event(${contactId}, ${at}, 'caller', ${actor}, ${jsonb(data)})`.execute(tx)
}

/** An alert as stored, its words sealed, with names. */
export interface StoredAlert {
  alert_id: string
  profile_id: string
  pseudonym: string
  kind: AlertKind
  words: string
  reason: string
  preferred_person: string | null
  preferred: string | null
  times: string
  review_at: Date
  expires_at: Date
  created_by: string
  created_at: Date
  reviewed_by: string | null
  reviewed_at: Date | null
  ended_by: string | null
  ended_at: Date | null
}

const alertQuery = sql`select a.alert_id, a.profile_id, p.pseudonym, a.kind, a.words, a.reason, a.preferred_person,
    f.display_name as preferred, a.times, a.review_at, a.expires_at, m.display_name as created_by, a.created_at,
    r.display_name as reviewed_by, a.reviewed_at, e.display_name as ended_by, a.ended_at
  from caller_alert a join caller_profile p on p.profile_id = a.profile_id
  join person m on m.person_id = a.created_by left join person f on f.person_id = a.preferred_person
  left join person r on r.person_id = a.reviewed_by left join person e on e.person_id = a.ended_by`

/** Alerts of callers: those in force, or every one there ever was; safety first, then limits, plans, the rest. */
export async function findAlerts(
  tx: Tx,
  profileIds: readonly string[],
  inForceAt: Date | null,
): Promise<StoredAlert[]> {
  if (profileIds.length === 0) return []
  const { rows } = await sql<StoredAlert>`${alertQuery} where a.profile_id = any(${profileIds}::uuid[])
    ${inForceAt === null ? sql`` : sql`and a.ended_at is null and a.expires_at > ${inForceAt}`}
    order by a.ended_at is not null, array_position(array['safety', 'agreed-plan', 'limits', 'note'], a.kind), a.created_at
    desc limit 200`.execute(tx)
  return rows
}

/** One alert. */
export async function findAlert(tx: Tx, alertId: string): Promise<StoredAlert | undefined> {
  const { rows } = await sql<StoredAlert>`${alertQuery} where a.alert_id = ${alertId}`.execute(tx)
  return rows[0]
}

/** Adds an alert; its words are sealed. */
export async function insertAlert(
  tx: Tx,
  given: AlertFields & { alertId: string; hotlineId: string; profileId: string; personId: string; at: Date },
): Promise<void> {
  await sql`insert into caller_alert (alert_id, hotline_id, profile_id, kind, words, reason, preferred_person, times,
      review_at, expires_at, created_by, created_at)
    values (${given.alertId}, ${given.hotlineId}, ${given.profileId}, ${given.kind}, ${given.words}, ${given.reason},
      ${given.preferredPerson}, ${given.times}, ${given.reviewAt}, ${given.expiresAt}, ${given.personId}, ${given.at})`.execute(
    tx,
  )
}

/** Writes a review, its words sealed; false when the alert is over or not there. */
export async function saveReview(
  tx: Tx,
  alertId: string,
  given: AlertFields & { personId: string; at: Date },
): Promise<boolean> {
  const { rows } =
    await sql`update caller_alert set kind = ${given.kind}, words = ${given.words}, reason = ${given.reason},
      preferred_person = ${given.preferredPerson}, times = ${given.times}, review_at = ${given.reviewAt},
      expires_at = ${given.expiresAt}, reviewed_by = ${given.personId}, reviewed_at = ${given.at}
    where alert_id = ${alertId} and ended_at is null and expires_at > ${given.at} returning 1`.execute(tx)
  return rows.length > 0
}

/** Ends an alert that has not been ended. */
export async function saveEnd(tx: Tx, alertId: string, personId: string, at: Date): Promise<void> {
  await sql`update caller_alert set ended_by = ${personId}, ended_at = ${at}
    where alert_id = ${alertId} and ended_at is null`.execute(tx)
}

/** The hotline's settings as stored. */
export async function findSettings(tx: Tx): Promise<unknown> {
  const { settings } = await tx.selectFrom('hotline').select('settings').executeTakeFirstOrThrow()
  return settings
}

/** Writes when a caller counts as frequent; the hotline's other settings stay. */
export async function saveRule(tx: Tx, rule: FrequentRule): Promise<void> {
  await sql`update hotline set settings = jsonb_set(settings, '{frequentCaller}', ${jsonb(rule)})`.execute(tx)
}

/** Everybody who answers calls, by name. */
export async function findCounsellors(tx: Tx): Promise<{ personId: string; name: string }[]> {
  const { rows } = await sql<{ personId: string; name: string }>`
    select person_id as "personId", display_name as name from person where hotline_id = current_hotline()
      and disabled_at is null and roles && array['counsellor', 'supervisor'] order by display_name, person_id limit 500`.execute(
    tx,
  )
  return rows
}
