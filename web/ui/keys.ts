/** Keys of the screens: one table in force, so that `?` can show exactly what works now. */
import { useEffect, useLayoutEffect, useRef, useSyncExternalStore } from 'react'
import type { WordKey } from './words.ts'

/** One key: `Alt+A` style name, what it does in words, and the deed. */
export interface Key {
  key: string
  words: WordKey
  group: 'keys.groupCall' | 'keys.groupForm' | 'keys.groupScreen'
  run: (pressed: string) => void
}

let tables: Key[][] = []
let shown: readonly Key[] = []
const watchers = new Set<() => void>()

function changed(): void {
  shown = tables.flat()
  for (const watcher of watchers) watcher()
}

/** Whether the event comes from a place where letters are typed. */
function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false
  if (target.isContentEditable || target instanceof HTMLTextAreaElement) return true
  return target instanceof HTMLInputElement && !['button', 'checkbox', 'radio', 'range'].includes(target.type)
}

/** The name of a pressed key: by place on the keyboard, so that Alt+A is the same in every layout. */
export function nameOf(event: {
  code: string
  key: string
  altKey: boolean
  ctrlKey: boolean
  metaKey: boolean
}): string {
  if (event.ctrlKey || event.metaKey) return ''
  if (event.altKey) return `Alt+${event.code.replace(/^(Key|Digit|Numpad)/, '')}`
  return event.key
}

/** Whether a table entry ("Alt+1..5") is meant by a pressed key. */
export function matches(entry: string, pressed: string): boolean {
  const range = /^(.*)(\d)\.\.(\d)$/.exec(entry)
  if (!range) return entry === pressed
  const [, before, from, to] = range
  const last = pressed.at(-1) ?? ''
  return pressed === `${before}${last}` && last >= (from ?? '') && last <= (to ?? '')
}

function press(event: KeyboardEvent): void {
  const pressed = nameOf(event)
  if (pressed === '' || event.repeat || event.isComposing) return
  if (!event.altKey && isTyping(event.target)) return
  // The newest table wins: a panel's keys before the page's.
  const found = shown.findLast((entry) => matches(entry.key, pressed))
  if (!found) return
  event.preventDefault()
  found.run(pressed)
}

/** Puts keys in force while the component is shown. */
export function useKeys(keys: Key[]): void {
  const current = useRef(keys)
  useLayoutEffect(() => {
    current.current = keys
  })
  const names = keys.map((k) => k.key).join(' ')
  useEffect(() => {
    const table = current.current.map((entry, place) => ({
      ...entry,
      run: (pressed: string) => current.current[place]?.run(pressed),
    }))
    if (tables.length === 0) document.addEventListener('keydown', press)
    tables = [...tables, table]
    changed()
    return () => {
      tables = tables.filter((t) => t !== table)
      if (tables.length === 0) document.removeEventListener('keydown', press)
      changed()
    }
  }, [names])
}

/** The keys in force now. */
export const useKeyTable = (): readonly Key[] =>
  useSyncExternalStore(
    (watcher) => {
      watchers.add(watcher)
      return () => watchers.delete(watcher)
    },
    () => shown,
  )
