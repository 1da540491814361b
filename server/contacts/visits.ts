/* Who is writing on which contact: a visit is one entry of the audit chain, however often its form is saved as typed. */
import { visitPauseMs } from '../../domain/visit.ts'

/** The visits of this process; another one, or a fresh start, begins them anew: an entry too many, never one too few. */
export interface Visits {
  /** Whether this save begins a visit, and so wants its entry. */
  begins(personId: string, contactId: string, at: Date): boolean
  /** Told of every save once it is written. */
  note(personId: string, contactId: string, at: Date): void
}

const mostKept = 5000

/** No visits yet. */
export function openVisits(): Visits {
  const last = new Map<string, number>()
  const keyOf = (personId: string, contactId: string): string => `${personId} ${contactId}`
  return {
    begins(personId, contactId, at) {
      const before = last.get(keyOf(personId, contactId))
      return before === undefined || at.getTime() - before > visitPauseMs
    },
    note(personId, contactId, at) {
      if (last.size > mostKept)
        for (const [key, then] of last) if (at.getTime() - then > visitPauseMs) last.delete(key)
      last.set(keyOf(personId, contactId), at.getTime())
    },
  }
}
