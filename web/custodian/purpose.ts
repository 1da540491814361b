/** For what somebody looked at a record, in words. */
import { sayOr } from '../ui/catalogue.ts'
import type { Say } from '../ui/words.ts'

/** Words of a noted purpose: one of the roles' own, or what a disclosure was for; the code itself where neither knows it. */
export const purposeWords = (say: Say, purpose: string): string =>
  sayOr(say, `oversight.purpose.${purpose}`, sayOr(say, `disclosure.purpose.${purpose}`, purpose))
