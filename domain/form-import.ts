/** Reading a form from a file that somebody else may have written: what we can read of it, and what would be left out. */
import { canonical } from './form-comparison.ts'
import { chineseFirst } from './form-editing.ts'
import { questionnaire, type Questionnaire } from './questionnaire.ts'

/** A form from a file with the places of what is outside of the subset, or the places that cannot be read. */
export type ReadForm = { form: Questionnaire; dropped: string[] } | { unreadable: string[] }

const most = 20

/** Reads a FHIR R4 Questionnaire; what it has beyond the subset of docs/forms.md is named and left out. */
export function readForm(json: unknown): ReadForm {
  const parsed = questionnaire.safeParse(json)
  if (!parsed.success) {
    const places = parsed.error.issues.map((issue) => issue.path.join('.') || 'resourceType')
    return { unreadable: [...new Set(places)].slice(0, most) }
  }
  return { form: chineseFirst(parsed.data), dropped: leftOut(json, parsed.data, '').slice(0, most) }
}

/** Places that are in the file and not in what was read. */
function leftOut(given: unknown, read: unknown, at: string): string[] {
  if (canonical(given) === canonical(read)) return []
  if (typeof given !== 'object' || given === null || typeof read !== 'object' || read === null) return [at]
  const kept = new Map(Object.entries(read))
  return Object.entries(given).flatMap(([key, value]) =>
    leftOut(value, kept.get(key), at === '' ? key : `${at}.${key}`),
  )
}
