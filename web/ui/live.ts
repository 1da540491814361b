/** Live updates: one socket for the whole app; every event goes to the listeners, most of them patch the query cache. */
import type { QueryClient } from '@tanstack/react-query'
import { liveEvent, type LiveEvent } from '../../api/events.ts'

/** Whether the screen is live: `lost` means that what it shows may be old. */
export type LiveState = 'connecting' | 'live' | 'lost'

type Listener = (event: LiveEvent) => void

const listeners = new Set<Listener>()
const watchers = new Set<() => void>()
let state: LiveState = 'connecting'
let socket: WebSocket | null = null
let wanted = false
let failures = 0
let retry: ReturnType<typeof setTimeout> | undefined
let alive: ReturnType<typeof setInterval> | undefined

function setState(next: LiveState): void {
  if (state === next) return
  state = next
  for (const watcher of watchers) watcher()
}

/** Hears every live event until the returned function is called. */
export function onLive(listener: Listener): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

/** For `useSyncExternalStore`: the state of the live connection. */
export const liveStore = {
  subscribe: (watcher: () => void): (() => void) => {
    watchers.add(watcher)
    return () => watchers.delete(watcher)
  },
  read: (): LiveState => state,
}

function hear(data: unknown): void {
  if (typeof data !== 'string') return
  let json: unknown
  try {
    json = JSON.parse(data)
  } catch {
    return
  }
  const parsed = liveEvent.safeParse(json)
  if (!parsed.success) return
  for (const listener of listeners) listener(parsed.data)
}

function connect(): void {
  clearTimeout(retry)
  const scheme = location.protocol === 'https:' ? 'wss' : 'ws'
  const opened = new WebSocket(`${scheme}://${location.host}/api/v1/live`)
  socket = opened
  opened.addEventListener('open', () => {
    failures = 0
    setState('live')
    clearInterval(alive)
    alive = setInterval(() => opened.send('{"type":"alive"}'), 20_000)
  })
  opened.addEventListener('message', (message) => hear(message.data))
  opened.addEventListener('close', () => {
    if (socket !== opened) return
    clearInterval(alive)
    socket = null
    if (!wanted) return
    setState('lost')
    failures += 1
    retry = setTimeout(connect, Math.min(5000, 250 * 2 ** failures) * (0.7 + Math.random() * 0.6))
  })
}

/** Opens the live connection; it comes back by itself until `closeLive`. */
export function openLive(): void {
  if (wanted) return
  wanted = true
  connect()
}

/** Closes the live connection (log-out). */
export function closeLive(): void {
  wanted = false
  clearTimeout(retry)
  clearInterval(alive)
  socket?.close()
  socket = null
  setState('connecting')
}

/** Contacts whose page is read again in a moment: once for many steps that are typed, for every reading is on the record. */
const waiting = new Set<string>()

function readAgainSoon(cache: QueryClient, contactId: string): void {
  if (waiting.has(contactId)) return
  waiting.add(contactId)
  setTimeout(() => {
    waiting.delete(contactId)
    void cache.invalidateQueries({ queryKey: ['contact', contactId] })
  }, 3000)
}

/** Keeps the cache in step: pushes go in whole, `changed` makes lists be read again. */
export function feedCache(cache: QueryClient): () => void {
  let before = state
  const stopWatching = liveStore.subscribe(() => {
    // Nothing is replayed after a reconnect: everything shown is read again.
    if (before === 'lost' && state === 'live') void cache.invalidateQueries()
    before = state
  })
  const stopHearing = onLive((event) => {
    if (event.type === 'desk') cache.setQueryData(['desk'], event.desk)
    if (event.type === 'board') cache.setQueryData(['board'], event.board)
    if (event.type === 'form') readAgainSoon(cache, event.contactId)
    if (event.type === 'crisis') {
      void cache.invalidateQueries({ queryKey: ['crisis', event.contactId] })
      readAgainSoon(cache, event.contactId)
      void cache.invalidateQueries({ queryKey: ['reports', 'lowerings'] })
    }
    if (event.type === 'report' || event.type === 'report-over')
      void cache.invalidateQueries({ queryKey: ['reports'] })
    if (event.type === 'changed') void cache.invalidateQueries({ queryKey: [event.what] })
  })
  return () => {
    stopWatching()
    stopHearing()
  }
}
