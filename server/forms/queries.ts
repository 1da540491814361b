import { sql } from 'kysely'
import type { Questionnaire } from '../../domain/questionnaire.ts'
import { jsonb, type Tx } from '../db/database.ts'
import { pageClauses, type ListQuery } from '../db/paging.ts'

/** A published version as stored; the questionnaire is not parsed yet. */
export interface StoredVersion {
  form_version_id: string
  questionnaire: unknown
}

/** The versions a line's contacts get now: of the base form and, where the line has one, of its overlay. */
export async function findPublished(
  tx: Tx,
  hotlineId: string,
  lineId: string,
): Promise<{ base: string | null; overlay: string | null }> {
  const { rows } = await sql<{ kind: 'base' | 'overlay'; form_version_id: string }>`
    select distinct on (f.kind) f.kind, v.form_version_id from form f join form_version v using (form_id)
    where f.hotline_id = ${hotlineId} and (f.line_id is null or f.line_id = ${lineId})
    order by f.kind, v.version desc`.execute(tx)
  const of = (kind: string): string | null => rows.find((row) => row.kind === kind)?.form_version_id ?? null
  return { base: of('base'), overlay: of('overlay') }
}

/** Published versions by id. */
export async function findVersions(tx: Tx, ids: readonly string[]): Promise<StoredVersion[]> {
  const { rows } = await sql<StoredVersion>`
    select form_version_id, questionnaire from form_version where form_version_id = any(${ids}::uuid[])`.execute(
    tx,
  )
  return rows
}

/** Makes the hotline's base form with its first version, unless somebody just did. */
export async function insertBase(
  tx: Tx,
  given: { hotlineId: string; formId: string; versionId: string; form: Questionnaire; sha256: Buffer },
): Promise<void> {
  await sql`
    with made as (
      insert into form (form_id, hotline_id, kind) values (${given.formId}, ${given.hotlineId}, 'base')
      on conflict do nothing returning form_id
    )
    insert into form_version (form_version_id, hotline_id, form_id, version, questionnaire, sha256)
    select ${given.versionId}, ${given.hotlineId}, form_id, 1, ${jsonb(given.form)}, ${given.sha256} from made`.execute(
    tx,
  )
}

/** A form as the list and the editor show it; `line_*` null for the base, `form_id` null for a line that adds nothing. */
export interface StoredForm {
  form_id: string | null
  kind: 'base' | 'overlay'
  line_id: string | null
  line_name: string | null
  line_number: string | null
  version: number
  questions: number
  published_at: Date | null
  publisher: string | null
  note: string
  draft_at: Date | null
  drafter: string | null
}

/** Of a form `f` joined with its newest version `v`. */
const newest = sql`left join lateral (
    select * from form_version v where v.form_id = f.form_id order by v.version desc limit 1) v on true
  left join person publisher on publisher.person_id = v.published_by
  left join person drafter on drafter.person_id = f.draft_by`

const shown = sql`f.form_id, coalesce(v.version, 0) as version,
  jsonb_array_length(jsonb_path_query_array(coalesce(v.questionnaire, '{}'),
    'strict $.** ? (exists (@.linkId) && @.type != "group" && @.type != "display")', '{}', true)) as questions,
  v.published_at, publisher.display_name as publisher, coalesce(v.note, '') as note,
  case when f.draft is null then null else f.draft_at end as draft_at,
  case when f.draft is null then null else drafter.display_name end as drafter`

/** One page of lines with what each adds to the base form. */
export async function findOverlays(tx: Tx, query: ListQuery): Promise<StoredForm[]> {
  const listed = {
    table: 'line',
    id: 'line_id',
    name: `(t.name || ' ' || t.number)`,
    first: '(t.closed_at is not null)',
  }
  const { rows } = await sql<StoredForm>`
    select 'overlay' as kind, t.line_id, t.name as line_name, t.number as line_number, ${shown}
    from line t left join form f on f.line_id = t.line_id ${newest} ${pageClauses(query, listed)}`.execute(tx)
  return rows
}

/** A form, or the base (null). */
export async function findForm(tx: Tx, formId: string | null): Promise<StoredForm | undefined> {
  const { rows } = await sql<StoredForm>`
    select f.kind, t.line_id, t.name as line_name, t.number as line_number, ${shown}
    from form f left join line t using (line_id) ${newest}
    where ${formId === null ? sql`f.kind = 'base'` : sql`f.form_id = ${formId}`}`.execute(tx)
  return rows[0]
}

/** A form to be changed, held until the transaction ends. */
export interface LockedForm {
  form_id: string
  kind: 'base' | 'overlay'
  draft: unknown
  draft_revision: number
  draft_by: string | null
  draft_at: Date | null
}

/** Locks a form; the base comes first, so that an overlay is never published on a base that is just being replaced. */
export async function lockForm(tx: Tx, formId: string): Promise<LockedForm | undefined> {
  await sql`select 1 from form where kind = 'base' and form_id <> ${formId} for share`.execute(tx)
  const { rows } = await sql<LockedForm>`
    select form_id, kind, draft, draft_revision, draft_by, draft_at from form where form_id = ${formId}
    for no key update`.execute(tx)
  return rows[0]
}

/** The draft of a form with its revision. */
export async function findDraft(
  tx: Tx,
  formId: string,
): Promise<{ draft: unknown; draft_revision: number } | undefined> {
  const { rows } = await sql<{ draft: unknown; draft_revision: number }>`
    select draft, draft_revision from form where form_id = ${formId}`.execute(tx)
  return rows[0]
}

/** The newest version of a form, not parsed yet. */
export async function findNewest(tx: Tx, formId: string): Promise<unknown> {
  const { rows } = await sql<{ questionnaire: unknown }>`
    select questionnaire from form_version where form_id = ${formId} order by version desc limit 1`.execute(
    tx,
  )
  return rows[0]?.questionnaire ?? null
}

/** The newest version of every line's overlay, with the line's name. */
export async function findPublishedOverlays(
  tx: Tx,
): Promise<{ form_id: string; line_name: string; questionnaire: unknown }[]> {
  const { rows } = await sql<{ form_id: string; line_name: string; questionnaire: unknown }>`
    select distinct on (f.form_id) f.form_id, l.name as line_name, v.questionnaire
    from form f join line l using (line_id) join form_version v using (form_id)
    where f.kind = 'overlay' order by f.form_id, v.version desc`.execute(tx)
  return rows
}

/** Makes a line's overlay unless it is there. */
export async function insertOverlay(
  tx: Tx,
  given: { formId: string; hotlineId: string; lineId: string },
): Promise<boolean> {
  const { numInsertedOrUpdatedRows } = await tx
    .insertInto('form')
    .values({ form_id: given.formId, hotline_id: given.hotlineId, kind: 'overlay', line_id: given.lineId })
    .onConflict((clash) => clash.doNothing())
    .executeTakeFirst()
  return numInsertedOrUpdatedRows === 1n
}

/** Writes the draft (null: none) under a new revision. */
export async function writeDraft(
  tx: Tx,
  formId: string,
  given: { draft: Questionnaire | null; revision: number; by: string; at: Date },
): Promise<void> {
  await tx
    .updateTable('form')
    .set({
      draft: given.draft === null ? null : jsonb(given.draft),
      draft_revision: given.revision,
      draft_by: given.by,
      draft_at: given.at,
    })
    .where('form_id', '=', formId)
    .execute()
}

/** Adds a version; it is never changed again (the product's role may only insert and read). */
export async function insertVersion(
  tx: Tx,
  given: {
    versionId: string
    hotlineId: string
    formId: string
    version: number
    form: Questionnaire
    sha256: Buffer
    note: string
    by: string
    at: Date
  },
): Promise<void> {
  await tx
    .insertInto('form_version')
    .values({
      form_version_id: given.versionId,
      hotline_id: given.hotlineId,
      form_id: given.formId,
      version: given.version,
      questionnaire: jsonb(given.form),
      sha256: given.sha256,
      note: given.note,
      published_by: given.by,
      published_at: given.at,
    })
    .execute()
}

/** A version with who published it and how many contacts are answered in it. */
export interface StoredVersionRow {
  form_version_id: string
  version: number
  note: string
  publisher: string | null
  published_at: Date
  sha256: Buffer
  open_contacts: number
  contacts: number
}

/** The versions of a form, newest first; `before` and `only` are version numbers. */
export async function findVersionRows(
  tx: Tx,
  formId: string,
  query: { before?: number; only?: number; limit: number },
): Promise<StoredVersionRow[]> {
  const { rows } = await sql<StoredVersionRow>`
    select v.form_version_id, v.version, v.note, publisher.display_name as publisher, v.published_at, v.sha256,
      counted.open_contacts, counted.contacts
    from form_version v left join person publisher on publisher.person_id = v.published_by
      cross join lateral (
        select count(*) filter (where closed_at is null) as open_contacts, count(*) as contacts from (
          select closed_at from contact where base_version_id = v.form_version_id
          union all select closed_at from contact where overlay_version_id = v.form_version_id) as used) as counted
    where v.form_id = ${formId} and v.version < ${query.before ?? 2_147_483_647}
      and v.version = ${query.only ?? sql`v.version`}
    order by v.version desc limit ${query.limit + 1}`.execute(tx)
  return rows
}

/** Open lines, and contacts that are not closed: whom a new version is for, and who keeps the old one. */
export async function countReach(
  tx: Tx,
  lineId: string | null,
): Promise<{ lines: number; open_contacts: number }> {
  const { rows } = await sql<{ lines: number; open_contacts: number }>`
    select (select count(*) from line where closed_at is null and line_id = coalesce(${lineId}, line_id)) as lines,
      (select count(*) from contact where closed_at is null and line_id = coalesce(${lineId}, line_id)) as open_contacts`.execute(
    tx,
  )
  return rows[0] ?? { lines: 0, open_contacts: 0 }
}
