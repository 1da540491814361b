/** Being asked again who one is: what waits for the answer. The panel that asks is in FreshPanel.tsx. */

let waiting: ((shown: boolean) => void)[] = []
const listeners = new Set<() => void>()
const tell = (): void => listeners.forEach((heard) => heard())

/** Asks the person to show again who they are; false when they would rather not. Several askers share one answer. */
export function becomeFresh(): Promise<boolean> {
  return new Promise((resolve) => {
    waiting = [...waiting, resolve]
    tell()
  })
}

/** Tells everybody who waits whether the person showed who they are. */
export function answerFresh(shown: boolean): void {
  const told = waiting
  waiting = []
  tell()
  for (const resolve of told) resolve(shown)
}

/** Whether anybody waits, as a store for the panel. */
export const freshStore = {
  subscribe: (heard: () => void): (() => void) => {
    listeners.add(heard)
    return () => void listeners.delete(heard)
  },
  read: (): boolean => waiting.length > 0,
}
