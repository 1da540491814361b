/** What kind of contact it is, in words; lists show it where it is not counselling. */
import { isCounselling, type ContactClass } from '../../domain/form.ts'
import type { WordKey } from '../ui/words.ts'

/** A class in words. */
export const classWords = (of: ContactClass): WordKey => `form.class.${of}`

/** Whether the contact has a class of its own beside counselling. */
export const isOther = <T extends { class: ContactClass | null }>(
  row: T,
): row is T & { class: ContactClass } => !isCounselling(row)
