import { useSyncExternalStore } from 'react'
import type { KeptForm } from './form-keeper.ts'
import { keeperOf } from './forms.ts'

/** The kept form of a contact, as it is on the screen. */
export function useKept(contactId: string): KeptForm {
  const keeper = keeperOf(contactId)
  return useSyncExternalStore(keeper.subscribe, keeper.read)
}
