import { sql } from 'kysely'
import type { InstrumentResult } from '../../domain/instrument-score.ts'
import type { InstrumentText } from '../../domain/instrument.ts'
import type { Language, QuestionnaireResponse } from '../../domain/questionnaire.ts'
import { jsonb, type Tx } from '../db/database.ts'

/** A filled-in instrument as stored. */
export interface StoredAssessment {
  assessment_id: string
  contact_id: string
  instrument: string
  version: string
  language: Language
  licence: string
  result: InstrumentResult
  asked_by: string | null
  by_link: boolean
  at: Date
}

/** What is inserted: everything needed to read the answers again without the file. */
export interface NewAssessment {
  assessmentId: string
  hotlineId: string
  contactId: string
  instrument: string
  version: string
  language: Language
  licence: string
  response: QuestionnaireResponse
  result: InstrumentResult
  askedBy: string | null
  byLink: boolean
  at: Date
}

const columns = sql`a.assessment_id, a.contact_id, a.instrument, a.version, a.language, a.licence, a.result,
  p.display_name as asked_by, a.by_link, a.at`

/** Stores it; false when its id was there already. */
export async function insertAssessment(tx: Tx, one: NewAssessment): Promise<boolean> {
  const { rows } = await sql`
    insert into assessment (assessment_id, hotline_id, contact_id, instrument, version, language, licence, response, result,
      asked_by, by_link, at)
    values (${one.assessmentId}, ${one.hotlineId}, ${one.contactId}, ${one.instrument}, ${one.version}, ${one.language},
      ${one.licence}, ${jsonb(one.response)}, ${jsonb(one.result)}, ${one.askedBy}, ${one.byLink}, ${one.at})
    on conflict (assessment_id) do nothing returning 1`.execute(tx)
  return rows.length > 0
}

/** One result by its id. */
export async function findAssessment(tx: Tx, assessmentId: string): Promise<StoredAssessment | undefined> {
  const { rows } = await sql<StoredAssessment>`
    select ${columns} from assessment a left join person p on p.person_id = a.asked_by
    where a.assessment_id = ${assessmentId}`.execute(tx)
  return rows[0]
}

/** A contact's results, oldest first. */
export async function findAssessments(tx: Tx, contactId: string): Promise<StoredAssessment[]> {
  const { rows } = await sql<StoredAssessment>`
    select ${columns} from assessment a left join person p on p.person_id = a.asked_by
    where a.contact_id = ${contactId} order by a.at, a.assessment_id limit 200`.execute(tx)
  return rows
}

/** A link as stored; the token is not in it. */
export interface StoredLink {
  link_id: string
  hotline_id: string
  contact_id: string
  instrument: string
  language: Language
  made_by: string | null
  made_at: Date
  expires_at: Date
  opened_at: Date | null
  revoked_at: Date | null
  assessment_id: string | null
}

const linkColumns = sql`l.link_id, l.hotline_id, l.contact_id, l.instrument, l.language, p.display_name as made_by,
  l.made_at, l.expires_at, l.opened_at, l.revoked_at, l.assessment_id`

/** Stores a link by the hash of its token. */
export async function insertLink(
  tx: Tx,
  link: {
    linkId: string
    tokenHash: Buffer
    hotlineId: string
    contactId: string
    instrument: string
    language: Language
    madeBy: string
    now: Date
    expiresAt: Date
  },
): Promise<void> {
  await sql`
    insert into assessment_link (token_hash, link_id, hotline_id, contact_id, instrument, language, made_by, made_at, expires_at)
    values (${link.tokenHash}, ${link.linkId}, ${link.hotlineId}, ${link.contactId}, ${link.instrument}, ${link.language},
      ${link.madeBy}, ${link.now}, ${link.expiresAt})`.execute(tx)
}

/** A contact's links, newest first. */
export async function findLinks(tx: Tx, contactId: string): Promise<StoredLink[]> {
  const { rows } = await sql<StoredLink>`
    select ${linkColumns} from assessment_link l left join person p on p.person_id = l.made_by
    where l.contact_id = ${contactId} order by l.made_at desc, l.link_id limit 50`.execute(tx)
  return rows
}

/** The link of a token, locked until the transaction ends, so that two sendings cannot both be the first. */
export async function lockLink(tx: Tx, tokenHash: Buffer): Promise<StoredLink | undefined> {
  const { rows } = await sql<StoredLink>`
    select ${linkColumns} from assessment_link l left join person p on p.person_id = l.made_by
    where l.token_hash = ${tokenHash} for update of l`.execute(tx)
  return rows[0]
}

/** Remembers that the page was opened; true for the first time. */
export async function markOpened(tx: Tx, linkId: string, at: Date): Promise<boolean> {
  const { rows } = await sql`
    update assessment_link set opened_at = ${at} where link_id = ${linkId} and opened_at is null returning 1`.execute(
    tx,
  )
  return rows.length > 0
}

/** The link has done its work. */
export async function markUsed(tx: Tx, linkId: string, assessmentId: string): Promise<void> {
  await sql`update assessment_link set assessment_id = ${assessmentId} where link_id = ${linkId}`.execute(tx)
}

/** Takes an unused link of the contact back; false when there is no such link. */
export async function markRevoked(tx: Tx, contactId: string, linkId: string, at: Date): Promise<boolean> {
  const { rows } = await sql`
    update assessment_link set revoked_at = case when assessment_id is null then coalesce(revoked_at, ${at}) end
    where link_id = ${linkId} and contact_id = ${contactId} returning 1`.execute(tx)
  return rows.length > 0
}

/** Who has the contact now. */
export async function findCounsellor(tx: Tx, contactId: string): Promise<string | null> {
  const { rows } = await sql<{ person_id: string | null }>`
    select person_id from contact where contact_id = ${contactId}`.execute(tx)
  return rows[0]?.person_id ?? null
}

/** Who has the contact now, and whether its call is over. */
export interface LinkedContact {
  person_id: string | null
  line_id: string
  ended_at: Date | null
}

/** The contact an instrument belongs to, its row locked as whoever hears of a danger must hold it. */
export async function lockContact(tx: Tx, contactId: string): Promise<LinkedContact | undefined> {
  const { rows } = await sql<LinkedContact>`
    select person_id, line_id, ended_at from contact where contact_id = ${contactId} for update`.execute(tx)
  return rows[0]
}

/** Adds an event to the contact's chain. */
export async function appendEvent(
  tx: Tx,
  given: { contactId: string; at: Date; kind: string; actor: string | null; data: object },
): Promise<void> {
  const { contactId, at, kind, actor, data } = given
  await sql`select append_contact_event(${contactId}, ${at}, ${kind}, ${actor}, ${jsonb(data)})`.execute(tx)
}

/** Whether the contact's chain says the same already: a person who changes an answer to and fro is noted once. */
export async function wasNoted(
  tx: Tx,
  event: { contactId: string; kind: string; data: object },
): Promise<boolean> {
  const { rows } = await sql`
    select from contact_event where contact_id = ${event.contactId} and kind = ${event.kind}
      and data = ${jsonb(event.data)} limit 1`.execute(tx)
  return rows.length > 0
}

/** Wording that an operator loaded. */
export interface StoredText {
  instrument: string
  language: Language
  items: InstrumentText
  source: string
  confirmed_by: string
  confirmed_at: Date
}

/** All wording that the hotline loaded. */
export async function findTexts(tx: Tx): Promise<StoredText[]> {
  const { rows } = await sql<StoredText>`
    select t.instrument, t.language, t.items, t.source, p.display_name as confirmed_by, t.confirmed_at
    from instrument_text t join person p on p.person_id = t.confirmed_by`.execute(tx)
  return rows
}

/** Loads wording, in place of what was loaded before. */
export async function saveText(
  tx: Tx,
  text: {
    hotlineId: string
    instrument: string
    language: Language
    items: InstrumentText
    source: string
    personId: string
    now: Date
  },
): Promise<void> {
  await sql`
    insert into instrument_text (hotline_id, instrument, language, items, source, confirmed_by, confirmed_at)
    values (${text.hotlineId}, ${text.instrument}, ${text.language}, ${jsonb(text.items)}, ${text.source},
      ${text.personId}, ${text.now})
    on conflict (hotline_id, instrument, language) do update set items = excluded.items, source = excluded.source,
      confirmed_by = excluded.confirmed_by, confirmed_at = excluded.confirmed_at`.execute(tx)
}

/** The hotline's settings as stored, its name and the numbers a caller can dial. */
export async function findHotline(tx: Tx): Promise<{ name: string; settings: unknown }> {
  const { rows } = await sql<{ name: string; settings: unknown }>`
    select name, settings from hotline where hotline_id = current_hotline()`.execute(tx)
  return rows[0] ?? { name: '', settings: {} }
}

/** Names and numbers of the lines that are open. */
export async function findNumbers(tx: Tx): Promise<{ name: string; number: string }[]> {
  const { rows } = await sql<{ name: string; number: string }>`
    select name, number from line where hotline_id = current_hotline() and closed_at is null
    order by kind desc, opened_at limit 3`.execute(tx)
  return rows
}

/** Stores the choices for one instrument beside the hotline's other settings. */
export async function saveChoice(tx: Tx, instrument: string, choice: object): Promise<void> {
  await sql`
    update hotline set settings = jsonb_set(
      jsonb_set(settings, '{instruments}', coalesce(settings->'instruments', '{}')),
      array['instruments', ${instrument}]::text[], ${jsonb(choice)})
    where hotline_id = current_hotline()`.execute(tx)
}
