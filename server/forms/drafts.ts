/* Making forms: what each line adds, drafts under a revision, and publishing a draft as a version that never changes again. */
import type { z } from 'zod'
import type { FormDraft, FormRow, formFault, VersionRow } from '../../api/forms.ts'
import { canonical, compareVersions, type FormChange } from '../../domain/form-comparison.ts'
import { judgeForm } from '../../domain/form-judgement.ts'
import { Problem } from '../../domain/problem.ts'
import { questionnaire, type Questionnaire } from '../../domain/questionnaire.ts'
import type { Tx } from '../db/database.ts'
import { newId } from '../db/id.ts'
import { pageFrom, type ListQuery } from '../db/paging.ts'
import { hashOf, shippedBase, startBase } from './forms.ts'
import {
  countReach,
  findDraft,
  findForm,
  findNewest,
  findOverlays,
  findPublishedOverlays,
  findVersionRows,
  findVersions,
  insertOverlay,
  insertVersion,
  lockForm,
  writeDraft,
  type LockedForm,
  type StoredForm,
  type StoredVersionRow,
} from './queries.ts'

/** Who changes a form, and when. */
export interface By {
  personId: string
  now: Date
}

/** A fault of a form as the contract shows it. */
export type ShownFault = z.infer<typeof formFault>

const iso = (date: Date | null): string | null => date?.toISOString() ?? null

const rowOf = (form: StoredForm): FormRow => ({
  formId: form.form_id,
  kind: form.kind,
  line:
    form.line_id === null
      ? null
      : { lineId: form.line_id, name: form.line_name ?? '', number: form.line_number ?? '' },
  version: form.version,
  questions: form.questions,
  publishedAt: iso(form.published_at),
  publishedBy: form.publisher,
  note: form.note,
  draftAt: iso(form.draft_at),
  draftBy: form.drafter,
})

/** The base form; the shipped one is published first where there is none yet. */
async function baseForm(tx: Tx, hotlineId: string): Promise<StoredForm> {
  const found = await findForm(tx, null)
  if (found) return found
  await startBase(tx, hotlineId)
  const made = await findForm(tx, null)
  if (!made) throw new Error('the base form could not be published')
  return made
}

/** The base form, and one page of lines with what each adds to it. */
export async function listForms(
  tx: Tx,
  hotlineId: string,
  query: ListQuery,
): Promise<{ base: FormRow; rows: FormRow[]; next: string | null }> {
  const base = rowOf(await baseForm(tx, hotlineId))
  const overlays = await findOverlays(tx, query)
  return { base, ...pageFrom(overlays.map(rowOf), query.limit, (row) => row.line?.lineId ?? '') }
}

/** Starts what a line adds to the base form; asked again it gives the same. `line.notFound`, `line.closed`. */
export async function startOverlay(
  tx: Tx,
  hotlineId: string,
  lineId: string,
): Promise<{ formId: string; started: boolean }> {
  const line = await tx
    .selectFrom('line')
    .select('closed_at')
    .where('line_id', '=', lineId)
    .executeTakeFirst()
  if (!line) throw new Problem('line.notFound')
  if (line.closed_at) throw new Problem('line.closed')
  await baseForm(tx, hotlineId)
  const started = await insertOverlay(tx, { formId: newId(), hotlineId, lineId })
  const { form_id: formId } = await tx
    .selectFrom('form')
    .select('form_id')
    .where('line_id', '=', lineId)
    .executeTakeFirstOrThrow()
  return { formId, started }
}

/** What an overlay begins as: nothing but its name. */
const emptyOverlay = (lineId: string, lineName: string): Questionnaire => ({
  resourceType: 'Questionnaire',
  url: `urn:hearthline:form:line:${lineId}`,
  version: '0',
  title: lineName,
  status: 'draft',
  language: 'zh-CN',
  item: [],
})

interface Standing {
  row: FormRow
  /** The newest version, null where nothing was published. */
  published: Questionnaire | null
  /** The newest base under an overlay. */
  base: Questionnaire | null
}

const parsed = (stored: unknown): Questionnaire | null =>
  stored === null || stored === undefined ? null : questionnaire.parse(stored)

async function standing(tx: Tx, formId: string): Promise<Standing> {
  const form = await findForm(tx, formId)
  if (!form) throw new Problem('form.notFound')
  const base = form.kind === 'overlay' ? (await findForm(tx, null))?.form_id : null
  return {
    row: rowOf(form),
    published: parsed(await findNewest(tx, formId)),
    base: base ? parsed(await findNewest(tx, base)) : null,
  }
}

/** Every fault of a form where it stands: an overlay on its base, a base by itself. */
const faultsOf = (form: Questionnaire, base: Questionnaire | null): ShownFault[] =>
  judgeForm(form, base ? { base } : { core: shippedBase })

/** What an editor works with: the draft, or the newest version while there is none. `form.notFound`. */
export async function readDraft(tx: Tx, formId: string): Promise<FormDraft> {
  const { row, published, base } = await standing(tx, formId)
  const stored = await findDraft(tx, formId)
  const form =
    parsed(stored?.draft) ?? published ?? emptyOverlay(row.line?.lineId ?? formId, row.line?.name ?? '')
  const { lines, open_contacts: openContacts } = await countReach(tx, row.line?.lineId ?? null)
  return {
    ...row,
    formId,
    questionnaire: form,
    revision: stored?.draft_revision ?? 0,
    published,
    base,
    core: shippedBase,
    lines,
    openContacts,
    faults: faultsOf(form, base),
  }
}

async function locked(tx: Tx, formId: string): Promise<LockedForm> {
  const form = await lockForm(tx, formId)
  if (!form) throw new Problem('form.notFound')
  return form
}

const refuseOther = (form: LockedForm, revision: number): void => {
  if (form.draft_revision !== revision)
    throw new Problem('form.changedElsewhere', { revision: form.draft_revision })
}

/** What two texts of a form have in common does not depend on their version, date and status. */
const asks = (form: Questionnaire): string =>
  canonical({ ...form, version: '', date: undefined, status: 'draft' })

/** A saved draft; `changed` false when the same was saved already. */
export interface SavedDraft {
  revision: number
  changed: boolean
  faults: ShownFault[]
}

/** Saves the draft as it is, faults and all; `form.changedElsewhere` when somebody saved since `revision`. */
export async function saveDraft(
  tx: Tx,
  formId: string,
  given: { questionnaire: Questionnaire; revision: number },
  by: By,
): Promise<SavedDraft> {
  const form = await locked(tx, formId)
  const { published, base } = await standing(tx, formId)
  const faults = faultsOf(given.questionnaire, base)
  const before = parsed(form.draft) ?? published
  if (form.draft !== null && before && asks(before) === asks(given.questionnaire))
    return { revision: form.draft_revision, changed: false, faults }
  refuseOther(form, given.revision)
  const revision = given.revision + 1
  await writeDraft(tx, formId, { draft: given.questionnaire, revision, by: by.personId, at: by.now })
  return { revision, changed: true, faults }
}

/** Throws the draft away; nothing happens where there is none. `form.changedElsewhere`. */
export async function discardDraft(tx: Tx, formId: string, revision: number, by: By): Promise<boolean> {
  const form = await locked(tx, formId)
  if (form.draft === null) return false
  refuseOther(form, revision)
  await writeDraft(tx, formId, { draft: null, revision: revision + 1, by: by.personId, at: by.now })
  return true
}

const told = (fault: ShownFault): string => [fault.linkId, fault.code, fault.about].filter(Boolean).join(' ')

function refuseFaulty(faults: readonly ShownFault[]): void {
  const missing = faults.filter((fault) => fault.code === 'coreMissing')
  if (missing.length > 0) throw new Problem('form.coreMissing', { items: missing.map((each) => each.linkId) })
  if (faults.length > 0) throw new Problem('form.invalid', { faults: faults.slice(0, 50).map(told) })
}

/** A base under which a line's own questions would no longer fit is not published: its contacts could not be opened. */
async function refuseUnderOverlays(tx: Tx, base: Questionnaire): Promise<void> {
  const faults = (await findPublishedOverlays(tx)).flatMap((overlay) =>
    judgeForm(questionnaire.parse(overlay.questionnaire), { base }).map(
      (fault) => `${overlay.line_name}: ${told(fault)}`,
    ),
  )
  if (faults.length > 0) throw new Problem('form.invalid', { faults: faults.slice(0, 50) })
}

/**
 * Publishes the draft as a new version for contacts that begin from now on. `form.nothingToPublish`, `form.coreMissing`,
 * `form.invalid`, `form.changedElsewhere`.
 */
export async function publish(
  tx: Tx,
  hotlineId: string,
  formId: string,
  given: { revision: number; note: string },
  by: By,
): Promise<VersionRow> {
  const form = await locked(tx, formId)
  const { row, published, base } = await standing(tx, formId)
  refuseOther(form, given.revision)
  const draft = parsed(form.draft)
  if (!draft || asks(draft) === (published && asks(published))) throw new Problem('form.nothingToPublish')
  refuseFaulty(faultsOf(draft, base))
  if (form.kind === 'base') await refuseUnderOverlays(tx, draft)
  const version = row.version + 1
  const made: Questionnaire = {
    ...draft,
    url: published?.url ?? draft.url,
    version: String(version),
    status: 'active',
    date: by.now.toISOString(),
  }
  await insertVersion(tx, {
    versionId: newId(),
    hotlineId,
    formId,
    version,
    form: made,
    sha256: hashOf(made),
    note: given.note,
    by: by.personId,
    at: by.now,
  })
  await writeDraft(tx, formId, { draft: null, revision: given.revision + 1, by: by.personId, at: by.now })
  return shownVersion((await findVersionRows(tx, formId, { only: version, limit: 1 }))[0])
}

function shownVersion(row: StoredVersionRow | undefined): VersionRow {
  if (!row) throw new Problem('form.notFound')
  return {
    formVersionId: row.form_version_id,
    version: row.version,
    note: row.note,
    publishedBy: row.publisher,
    publishedAt: row.published_at.toISOString(),
    sha256: row.sha256.toString('hex'),
    openContacts: row.open_contacts,
    contacts: row.contacts,
  }
}

/** The versions of a form, newest first; `after` is the version number the page before ended with. */
export async function listVersions(
  tx: Tx,
  formId: string,
  query: { after?: string | undefined; limit: number },
): Promise<{ rows: VersionRow[]; next: string | null }> {
  if (!(await findForm(tx, formId))) throw new Problem('form.notFound')
  const before = Number(query.after ?? 2_147_483_647)
  if (!Number.isInteger(before)) throw new Problem('request.malformed', { fields: ['after'] })
  const rows = await findVersionRows(tx, formId, { before, limit: query.limit })
  return pageFrom(rows.map(shownVersion), query.limit, (row) => String(row.version))
}

/** One version with its questionnaire; `form.notFound`. */
export async function readVersion(
  tx: Tx,
  formId: string,
  version: number,
): Promise<VersionRow & { questionnaire: Questionnaire }> {
  const [found] = await findVersionRows(tx, formId, { only: version, limit: 1 })
  const row = shownVersion(found)
  const [stored] = await findVersions(tx, [row.formVersionId])
  return { ...row, questionnaire: questionnaire.parse(stored?.questionnaire) }
}

/** What changed from one version to another; `form.notFound`. */
export async function compare(tx: Tx, formId: string, from: number, to: number): Promise<FormChange[]> {
  const before = await readVersion(tx, formId, from)
  const after = await readVersion(tx, formId, to)
  return compareVersions(before.questionnaire, after.questionnaire)
}
