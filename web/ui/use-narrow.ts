import { useSyncExternalStore } from 'react'

const narrow = window.matchMedia('(max-width: 900px)')

/** Whether the screen is as narrow as a phone: lists become cards. */
export const useNarrow = (): boolean =>
  useSyncExternalStore(
    (watcher) => {
      narrow.addEventListener('change', watcher)
      return () => narrow.removeEventListener('change', watcher)
    },
    () => narrow.matches,
  )
