/** Reading a form from a file that somebody else may have written: what we can read of it, and what would be left out. */
import { canonical } from './form-comparison.ts'
import { chineseFirst } from './form-editing.ts'
import {
  allItems,
  extensions,
  isCore,
  questionnaire,
  type Item,
  type Questionnaire,
} from './questionnaire.ts'

/** A form from a file with the places of what is outside of the subset, or the places that cannot be read. */
export type ReadForm = { form: Questionnaire; dropped: string[] } | { unreadable: string[] }

const most = 20

/**
 * Reads a FHIR R4 Questionnaire; what it has beyond the subset of docs/forms.md is named and left out. Which questions the
 * record itself needs is for the shipped form (`core`) to say, not for a file.
 */
export function readForm(json: unknown, core: Questionnaire): ReadForm {
  const parsed = questionnaire.safeParse(json)
  if (!parsed.success) {
    const places = parsed.error.issues.map((issue) => issue.path.join('.') || 'resourceType')
    return { unreadable: [...new Set(places)].slice(0, most) }
  }
  const form = chineseFirst(parsed.data)
  const needed = new Set(
    allItems(core.item)
      .filter(isCore)
      .map((each) => each.linkId),
  )
  return {
    form: { ...form, item: form.item.map((item) => marked(item, needed)) },
    dropped: leftOut(json, parsed.data, '').slice(0, most),
  }
}

function marked(item: Item, needed: ReadonlySet<string>): Item {
  const held = item.item ? { item: item.item.map((each) => marked(each, needed)) } : {}
  if (isCore(item) === needed.has(item.linkId)) return { ...item, ...held }
  const others = (item.extension ?? []).filter((each) => each.url !== extensions.core)
  const extension = needed.has(item.linkId)
    ? [...others, { url: extensions.core, valueBoolean: true }]
    : others
  return { ...item, ...held, extension }
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
