/** Saves a draft by itself: after a pause in the changes, one request at a time, again after a failure. */
import type { Questionnaire } from '../../../domain/questionnaire.ts'
import { Refusal } from '../../ui/request.ts'

/** Whether what was changed is safe; `conflict`: somebody else saved meanwhile, and nothing is saved from here. */
export type DraftState =
  | { kind: 'none' }
  | { kind: 'pending' }
  | { kind: 'saved'; at: string }
  | { kind: 'failed'; failure: unknown }
  | { kind: 'conflict' }

/** What is saved here and there. */
export interface DraftKeeper {
  changed: (form: Questionnaire) => void
  /** Saves at once what is not saved yet; throws what the server says. */
  flush: () => Promise<void>
  /** The revision that is here, and whether anything here is not on the server yet. */
  stands: () => { revision: number; busy: boolean }
  /** Forgets what was not saved, once no request is under way. */
  forget: () => Promise<void>
  /** Goes on from what was read. */
  take: (revision: number) => void
}

/** Longest time (ms) between a change and its saving, and between a failure and the next try. */
export const pauses = { quiet: 700, again: 3000 }

/** A keeper that begins at a revision; `save` asks the server, `tell` hears every change of state. */
export function keepDraft(
  start: number,
  save: (questionnaire: Questionnaire, revision: number) => Promise<{ revision: number; draftAt: string }>,
  tell: (state: DraftState) => void,
): DraftKeeper {
  let revision = start
  let waiting: Questionnaire | null = null
  let stopped = false
  let running: Promise<void> | null = null
  let timer: ReturnType<typeof setTimeout> | undefined

  const run = async (): Promise<void> => {
    while (waiting && !stopped) {
      const form = waiting
      waiting = null
      try {
        const saved = await save(form, revision)
        revision = saved.revision
        if (!waiting) tell({ kind: 'saved', at: saved.draftAt })
      } catch (failure) {
        waiting ??= form
        stopped = failure instanceof Refusal && failure.code === 'form.changedElsewhere'
        tell(stopped ? { kind: 'conflict' } : { kind: 'failed', failure })
        throw failure
      }
    }
  }
  const flush = (): Promise<void> => {
    clearTimeout(timer)
    return (running ??= run().finally(() => (running = null)))
  }
  const soon = (after: number): void => {
    clearTimeout(timer)
    timer = setTimeout(() => void flush().catch(() => stopped || soon(pauses.again)), after)
  }
  return {
    changed(form) {
      waiting = form
      if (stopped) return
      tell({ kind: 'pending' })
      soon(pauses.quiet)
    },
    flush,
    stands: () => ({ revision, busy: waiting !== null || running !== null }),
    async forget() {
      clearTimeout(timer)
      waiting = null
      await running?.catch(() => undefined)
      waiting = null
    },
    take(next) {
      clearTimeout(timer)
      revision = next
      waiting = null
      stopped = false
    },
  }
}
