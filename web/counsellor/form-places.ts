/** Where the parts of a form stand at the desk: five stages, what is always at the side, and the notes with every stage. */
import { allItems, stageOf, wordsOf, type Item, type Questionnaire } from '../../domain/questionnaire.ts'
import type { Stage } from '../../domain/stage.ts'
import type { Language } from '../ui/time.ts'

const holds = (group: Item, linkId: string): boolean =>
  allItems([group]).some((item) => item.linkId === linkId)

/** The groups of one stage. */
export const stageGroups = (form: Questionnaire, stage: Stage): Item[] =>
  form.item.filter((group) => stageOf(group) === stage)

/** What stands with every stage: the group with the notes. */
export const notesGroups = (form: Questionnaire): Item[] =>
  form.item.filter((group) => stageOf(group) === null && holds(group, 'notes'))

/** What is always in sight at the side: the groups without a stage. */
export const sideGroups = (form: Questionnaire): Item[] =>
  form.item.filter((group) => stageOf(group) === null && !holds(group, 'notes'))

/** The stage that must be open for a question to be seen; null when it is always in sight. */
export const placeOf = (form: Questionnaire, linkId: string): Stage | null => {
  const group = form.item.find((one) => holds(one, linkId))
  return group ? stageOf(group) : null
}

/** A question in words, by its link id. */
export const questionWords = (form: Questionnaire, linkId: string, language: Language): string => {
  const item = allItems(form.item).find((one) => one.linkId === linkId)
  return item ? wordsOf(item, language) : linkId
}

/** Brings a question into view and puts the focus on its first control. */
export function jumpTo(question: string): void {
  // After the stage that holds it has been drawn.
  setTimeout(() => {
    const field = document.getElementById(`q-${question}`)
    field?.scrollIntoView({ block: 'center' })
    field?.querySelector<HTMLElement>('input:not([disabled]), textarea')?.focus()
  }, 0)
}

/** Puts the focus on the notes; right after the answer it waits for the form to be read, two seconds at most. */
export function focusNotes(tries = 40): void {
  const notes = document.querySelector<HTMLElement>('#q-notes textarea')
  if (notes) notes.focus()
  else if (tries > 0) setTimeout(() => focusNotes(tries - 1), 50)
}
