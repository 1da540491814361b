/** The forms open in this window, by contact: they outlive a change of page, until everything typed is saved. */
import { readForm, saveForm } from '../../api/contacts.ts'
import { fittingAnswers } from '../../domain/answers.ts'
import { fromResponse, toResponse } from '../../domain/response.ts'
import { liveStore, onLive } from '../ui/live.ts'
import { request } from '../ui/request.ts'
import { FormKeeper } from './form-keeper.ts'

const keepers = new Map<string, FormKeeper>()

/** The keeper of a contact's form; reads the saved form at its first use. */
export function keeperOf(contactId: string): FormKeeper {
  const known = keepers.get(contactId)
  if (known) return known
  const keeper = new FormKeeper({
    read: async () => {
      const { questionnaire, response, ...rest } = await request(readForm, { params: { contactId } })
      return { ...rest, questionnaire, answers: fromResponse(questionnaire, response) }
    },
    save: ({ answers, stage, stageMs }, { questionnaire, revision }) => {
      const response = toResponse(questionnaire, fittingAnswers(questionnaire, answers))
      return request(saveForm, { params: { contactId }, body: { response, stage, stageMs, revision } })
    },
  })
  keepers.set(contactId, keeper)
  void keeper.load()
  return keeper
}

/** Forgets forms that are saved (record finished, seat taken over): personal words do not stay in memory. */
export function forgetForms(contactId?: string): void {
  for (const [id, keeper] of keepers) {
    if (contactId !== undefined && id !== contactId) continue
    keeper.close()
    keepers.delete(id)
  }
}

onLive((event) => {
  if (event.type === 'form') void keepers.get(event.contactId)?.heard(event.revision)
  if (event.type === 'session-ended') forgetForms()
})

// The server is back: what waited is saved now, not at the next try; what others saved meanwhile was not heard here.
liveStore.subscribe(() => {
  if (liveStore.read() !== 'live') return
  for (const keeper of keepers.values())
    if (keeper.unsaved) void keeper.flush()
    else void keeper.heard(Number.POSITIVE_INFINITY)
})

// What was typed in the last moment before a reload goes out with a request that outlives the page; only what the
// server refuses or cannot take now makes the browser ask.
window.addEventListener('beforeunload', (event) => {
  for (const keeper of keepers.values()) {
    if (!keeper.unsaved) continue
    void keeper.flush()
    if (keeper.read().save.kind !== 'pending') event.preventDefault()
  }
})
