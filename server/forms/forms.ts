/* Forms: which questions a contact is asked, in the versions it was opened with (G24-4.4.1). */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { canonical } from '../../domain/form-comparison.ts'
import { withOverlay } from '../../domain/overlay.ts'
import { questionnaire, type Questionnaire } from '../../domain/questionnaire.ts'
import type { Tx } from '../db/database.ts'
import { newId } from '../db/id.ts'
import { findPublished, findVersions, insertBase } from './queries.ts'

/** A form as a contact's answers are given to it. */
export interface EffectiveForm {
  form: Questionnaire
  baseVersionId: string
  overlayVersionId: string | null
}

/** A published version never changes, so it is read once. Keys are the versions' ids. */
const known = new Map<string, Questionnaire>()
const most = 200

async function effective(
  tx: Tx,
  baseVersionId: string,
  overlayVersionId: string | null,
): Promise<EffectiveForm> {
  const key = `${baseVersionId} ${overlayVersionId ?? ''}`
  const found = known.get(key)
  if (found) return { form: found, baseVersionId, overlayVersionId }
  const ids = overlayVersionId === null ? [baseVersionId] : [baseVersionId, overlayVersionId]
  const stored = await findVersions(tx, ids)
  const of = (id: string): Questionnaire =>
    questionnaire.parse(stored.find((row) => row.form_version_id === id)?.questionnaire)
  const form = withOverlay(of(baseVersionId), overlayVersionId === null ? null : of(overlayVersionId))
  if (known.size >= most) known.clear()
  known.set(key, form)
  return { form, baseVersionId, overlayVersionId }
}

/** The form the product comes with: its core questions are those the record itself needs. */
export const shippedBase = questionnaire.parse(
  JSON.parse(readFileSync(join(import.meta.dirname, '../../clinical/forms/base.json'), 'utf8')),
)

/** What a version is told from any other by: the hash of its canonical JSON. */
export const hashOf = (form: Questionnaire): Buffer => createHash('sha256').update(canonical(form)).digest()

/** Publishes the shipped form as the hotline's first version when it has none. */
export async function startBase(tx: Tx, hotlineId: string): Promise<void> {
  const given = { hotlineId, formId: newId(), versionId: newId(), form: shippedBase }
  await insertBase(tx, { ...given, sha256: hashOf(shippedBase) })
}

/** The form a new contact of the line gets now. */
export async function effectiveForm(tx: Tx, hotlineId: string, lineId: string): Promise<EffectiveForm> {
  let published = await findPublished(tx, hotlineId, lineId)
  if (published.base === null) {
    await startBase(tx, hotlineId)
    published = await findPublished(tx, hotlineId, lineId)
  }
  if (published.base === null) throw new Error('the base form could not be published')
  return effective(tx, published.base, published.overlay)
}

/** The form of a contact: in the versions it was opened with, else in today's. */
export async function formOfContact(
  tx: Tx,
  contact: {
    hotline_id: string
    line_id: string
    base_version_id: string | null
    overlay_version_id: string | null
  },
): Promise<EffectiveForm> {
  return contact.base_version_id === null
    ? effectiveForm(tx, contact.hotline_id, contact.line_id)
    : effective(tx, contact.base_version_id, contact.overlay_version_id)
}
