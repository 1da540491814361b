/**
 * Keeps what is recorded at one step of a protocol: saves as typed, tries again until saved. Two people may work at a step
 * (counsellor and supervisor): each saves only the items they touched, on top of the newest record, so nobody's words go.
 */
import type { ProtocolRun } from '../../api/crisis.ts'
import { Refusal } from '../ui/request.ts'

/** A step as the protocol has it. */
export type Step = ProtocolRun['steps'][number]
/** What is recorded at a step, by item. */
export type StepRecord = Step['record']
/** One recorded answer. */
export type StepValue = StepRecord[string]

/** A step as the server has it. */
export interface ServerStep {
  record: StepRecord
  revision: number
}

/** What goes out with a record: finishing the step, or why it cannot be done. */
export interface StepEnd {
  done?: boolean
  skipped?: string
}

/** The two doors to the server. */
export interface StepDoors {
  read: () => Promise<ServerStep>
  save: (record: StepRecord, revision: number, end: StepEnd) => Promise<ServerStep>
}

/** What the screen shows. `failure` stands until the next try succeeds. */
export interface KeptStep {
  record: StepRecord
  saved: boolean
  failure: unknown
}

/** After the last key this long ... */
const pause = 400
/** ... but never longer than this after the first unsaved one. */
const limit = 900
const retryAfter = 2000

const without = (record: StepRecord, id: string): StepRecord =>
  Object.fromEntries(Object.entries(record).filter(([key]) => key !== id))

/** The newest record with our own items on it; where both wrote words at one item, both stay. */
export function merged(
  base: StepRecord,
  newest: StepRecord,
  mine: ReadonlyMap<string, StepValue | undefined>,
): StepRecord {
  let whole = newest
  for (const [id, value] of mine) {
    const theirs = newest[id]
    const both =
      typeof value === 'string' &&
      typeof theirs === 'string' &&
      theirs !== base[id] &&
      theirs.trim() !== '' &&
      !value.includes(theirs)
    if (value === undefined) whole = without(whole, id)
    else whole = { ...whole, [id]: both ? `${theirs}\n${value}` : value }
  }
  return whole
}

/** Keeps one step; see the top of this file. */
export class StepKeeper {
  readonly #doors: StepDoors
  readonly #watchers = new Set<() => void>()
  /** As the server last said. */
  #server: ServerStep
  /** What was touched here and is not on the server yet; undefined takes an answer back. */
  #mine = new Map<string, StepValue | undefined>()
  #dirtySince: number | null = null
  #sending: Promise<boolean> | null = null
  #timer: ReturnType<typeof setTimeout> | undefined
  #view: KeptStep

  constructor(doors: StepDoors, start: ServerStep) {
    this.#doors = doors
    this.#server = start
    this.#view = { record: start.record, saved: true, failure: null }
  }

  /** For `useSyncExternalStore`. */
  readonly subscribe = (watcher: () => void): (() => void) => {
    this.#watchers.add(watcher)
    return () => this.#watchers.delete(watcher)
  }

  /** What to show now. */
  readonly read = (): KeptStep => this.#view

  /** Whether something typed is not on the server yet. */
  get unsaved(): boolean {
    return this.#mine.size > 0
  }

  /** The server has this now: what is not ours is shown at once. */
  heard(step: ServerStep): void {
    if (step.revision <= this.#server.revision) return
    // While ours is under way it may be ours that comes back: saving settles which is newer.
    if (this.#sending || this.unsaved) return
    this.#server = step
    this.#show({ record: step.record })
  }

  /** Records an answer, or takes it back; `soon: false` saves at once (a time taken by a key). */
  change(id: string, value: StepValue | undefined, soon = true): void {
    this.#dirtySince ??= Date.now()
    this.#mine.set(id, value)
    const record =
      value === undefined ? without(this.#view.record, id) : { ...this.#view.record, [id]: value }
    this.#show({ record, saved: false })
    this.#plan(soon ? Math.min(pause, Math.max(0, this.#dirtySince + limit - Date.now())) : 0)
  }

  /** Finishes the step, or says why it cannot be done, together with what is unsaved. Throws what the server refuses. */
  async end(end: StepEnd): Promise<void> {
    clearTimeout(this.#timer)
    await this.#sending
    await this.#send(end)
  }

  /** Saves what is unsaved now. */
  async flush(): Promise<void> {
    clearTimeout(this.#timer)
    if (this.#sending) await this.#sending
    if (this.unsaved) await this.#try()
  }

  /** Stops timers; after everything is saved. */
  close(): void {
    clearTimeout(this.#timer)
  }

  #show(part: Partial<KeptStep>): void {
    this.#view = { ...this.#view, ...part }
    for (const watcher of this.#watchers) watcher()
  }

  #plan(wait: number): void {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => void this.flush(), wait)
  }

  async #try(): Promise<void> {
    this.#sending = this.#send({}).then(
      () => true,
      (failure: unknown) => {
        this.#show({ failure })
        this.#plan(retryAfter)
        return false
      },
    )
    await this.#sending
    this.#sending = null
  }

  async #send(end: StepEnd, again = true): Promise<void> {
    const sent = new Map(this.#mine)
    const record = merged(this.#server.record, this.#server.record, sent)
    try {
      this.#take(await this.#doors.save(record, this.#server.revision, end), sent)
    } catch (failure) {
      const elsewhere = failure instanceof Refusal && failure.code === 'protocol.changedElsewhere'
      if (!elsewhere || !again) throw failure
      const newest = await this.#doors.read()
      for (const [id, value] of sent) {
        const both = merged(this.#server.record, newest.record, new Map([[id, value]]))[id]
        if (this.#mine.get(id) === value) this.#mine.set(id, both)
      }
      this.#server = newest
      await this.#send(end, false)
    }
  }

  /** What was sent is on the server; what was typed meanwhile is still ours. */
  #take(step: ServerStep, sent: ReadonlyMap<string, StepValue | undefined>): void {
    this.#server = step
    for (const [id, value] of sent) if (this.#mine.get(id) === value) this.#mine.delete(id)
    this.#dirtySince = this.unsaved ? Date.now() : null
    this.#show({
      record: merged(step.record, step.record, this.#mine),
      saved: !this.unsaved,
      failure: null,
    })
    if (this.unsaved) this.#plan(pause)
  }
}
