import { sql } from 'kysely'
import type { Questionnaire } from '../../domain/questionnaire.ts'
import { jsonb, type Tx } from '../db/database.ts'

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
