/**
 * Keeps one contact's form: saves as typed, retries until saved, and loses nothing when somebody else saved meanwhile.
 * What is not saved stays in memory only, never in the browser's storage: it is about a person in distress.
 */
import { valuesOf } from '../../domain/answers.ts'
import type { Answer, Answers, Questionnaire } from '../../domain/questionnaire.ts'
import type { Stage } from '../../domain/stage.ts'
import { Refusal } from '../ui/request.ts'

/** What is typed: the answers, the stage that is open and the time spent in each. */
export interface Draft {
  answers: Answers
  stage: Stage
  stageMs: Partial<Record<Stage, number>>
}

/** A change of it; an answer of null is taken back. */
export interface DraftChange {
  answers?: Readonly<Record<string, Answer | null>>
  stage?: Stage
  stageMs?: Draft['stageMs']
}

/** When something was saved. */
export interface SavedMark {
  revision: number
  savedAt: string | null
}

/** A form as the server has it, with its questions. */
export type ServerForm = Draft & SavedMark & { questionnaire: Questionnaire }

/** Whether what is on the screen is safe. */
export type SaveState =
  | { kind: 'saved'; at: string | null }
  | { kind: 'pending' }
  | { kind: 'failed'; failure: unknown }
  | { kind: 'conflict'; newer: ServerForm }

/** What the screens show; without questions until it is loaded. */
export interface KeptForm extends Draft {
  loaded: boolean
  questionnaire: Questionnaire
  save: SaveState
}

/** The two doors to the server. */
export interface FormDoors {
  read: () => Promise<ServerForm>
  save: (draft: Draft, form: { questionnaire: Questionnaire; revision: number }) => Promise<SavedMark>
}

const noForm: Questionnaire = {
  resourceType: 'Questionnaire',
  url: '',
  version: '',
  title: '',
  status: 'draft',
  item: [],
}

const noDraft: Draft = { answers: {}, stage: 'rapport', stageMs: {} }

/** After the last key this long ... */
const pause = 400
/** ... but never longer than this after the first unsaved one. */
const limit = 900
const retryAfter = 2000

/** Answers that trying again does not change. */
const finalRefusals: readonly string[] = [
  'contact.alreadyClosed',
  'contact.notFound',
  'call.notYours',
  'permission.denied',
  'answers.invalid',
]

/** Whether trying again is of no use. */
export const isFinal = (failure: unknown): boolean =>
  failure instanceof Refusal && finalRefusals.includes(failure.code)

const isAnswer = (answer: Answer | null | undefined): answer is Answer =>
  answer !== null && answer !== undefined

const sorted = (answers: Answers): string =>
  JSON.stringify(Object.entries(answers).sort(([one], [other]) => (one < other ? -1 : 1)))

const changed = (draft: Draft, { answers, ...rest }: DraftChange): Draft => {
  const all = Object.entries({ ...draft.answers, ...answers })
  const kept = all.filter((one): one is [string, Answer] => isAnswer(one[1]))
  return { ...draft, ...rest, answers: Object.fromEntries(kept) }
}

const notesOf = (answers: Answers): string => {
  const [notes] = valuesOf(answers['notes'])
  return typeof notes === 'string' ? notes : ''
}

/** Answers with the notes of both sides, when "keep mine" must not lose what somebody else wrote. */
export function withBothNotes(mine: Answers, newer: Answers, between: string): Answers {
  const [ours, theirs] = [notesOf(mine), notesOf(newer)]
  if (theirs.trim() === '' || ours.includes(theirs.trim())) return mine
  const both = theirs.startsWith(ours) ? theirs : `${ours}\n${between}\n${theirs}`.slice(0, 20_000)
  return { ...mine, notes: { values: [both] } }
}

/** Keeps one form; see the top of this file. */
export class FormKeeper {
  readonly #doors: FormDoors
  readonly #watchers = new Set<() => void>()
  #view: KeptForm = { ...noDraft, loaded: false, questionnaire: noForm, save: { kind: 'saved', at: null } }
  #revision = 0
  #server: Answers = {}
  #savedAt: string | null = null
  /** Typed before the saved form arrived. */
  #early: DraftChange = {}
  #dirtySince: number | null = null
  #saving: Promise<void> | null = null
  #loading: Promise<void> | null = null
  #timer: ReturnType<typeof setTimeout> | undefined

  constructor(doors: FormDoors) {
    this.#doors = doors
  }

  /** For `useSyncExternalStore`. */
  readonly subscribe = (watcher: () => void): (() => void) => {
    this.#watchers.add(watcher)
    return () => this.#watchers.delete(watcher)
  }

  /** What to show now. */
  readonly read = (): KeptForm => this.#view

  /** Whether something typed is not on the server yet. */
  get unsaved(): boolean {
    return this.#dirtySince !== null || this.#saving !== null
  }

  /**
   * Reads the saved form; what is typed before it arrives is kept. Tries again until it is read. Asking twice reads once:
   * a second answer, older than what was saved in between, must never replace what was typed.
   */
  async load(): Promise<void> {
    if (this.#view.loaded) return
    this.#loading ??= this.#loadOnce().finally(() => (this.#loading = null))
    await this.#loading
  }

  async #loadOnce(): Promise<void> {
    try {
      this.#take(await this.#doors.read())
    } catch (failure) {
      this.#show({ save: { kind: 'failed', failure } })
      if (failure instanceof Refusal && failure.code === 'network') {
        clearTimeout(this.#timer)
        this.#timer = setTimeout(() => void this.load(), retryAfter)
      }
    }
  }

  /** Somebody saved `revision` (infinity: perhaps): takes it over unless something here is unsaved; then saving finds the conflict. */
  async heard(revision: number): Promise<void> {
    if (!this.#view.loaded || revision <= this.#revision || this.unsaved) return
    const newer = await this.#doors.read().catch(() => null)
    if (newer && !this.unsaved && newer.revision > this.#revision) this.#take(newer)
  }

  /** Changes answers; `soon: false` saves at once (danger must not wait for a pause in typing). */
  change(given: DraftChange, soon = true): void {
    this.#dirtySince ??= Date.now()
    if (!this.#view.loaded)
      this.#early = { ...this.#early, ...given, answers: { ...this.#early.answers, ...given.answers } }
    const save: SaveState = this.#view.save.kind === 'conflict' ? this.#view.save : { kind: 'pending' }
    this.#show({ ...changed(this.#view, given), save })
    this.#plan(soon ? Math.min(pause, Math.max(0, this.#dirtySince + limit - Date.now())) : 0)
  }

  /** Saves what is unsaved now; resolves when that is done or has failed (then retried by itself). */
  async flush(): Promise<void> {
    clearTimeout(this.#timer)
    await this.#saving
    if (this.#dirtySince !== null && this.#view.save.kind !== 'conflict') await this.#save()
  }

  /** Ends a conflict: the newer form replaces ours, or ours is saved on top of it. */
  async settle(keep: 'newer' | 'mine', between: string): Promise<void> {
    if (this.#view.save.kind !== 'conflict') return
    const { newer } = this.#view.save
    if (keep === 'newer') {
      this.#dirtySince = null
      this.#take(newer)
      return
    }
    this.#revision = newer.revision
    this.#dirtySince ??= Date.now()
    this.#show({
      answers: withBothNotes(this.#view.answers, newer.answers, between),
      save: { kind: 'pending' },
    })
    await this.flush()
  }

  /** Stops timers; after everything is saved. */
  close(): void {
    clearTimeout(this.#timer)
  }

  #show(part: Partial<KeptForm>): void {
    this.#view = { ...this.#view, ...part }
    for (const watcher of this.#watchers) watcher()
  }

  #take(server: ServerForm): void {
    this.#revision = server.revision
    this.#server = server.answers
    this.#savedAt = server.savedAt
    // What was typed before the first reading is put on top of it.
    const typed = this.#dirtySince !== null
    const save: SaveState = typed ? { kind: 'pending' } : { kind: 'saved', at: server.savedAt }
    const { questionnaire, answers, stage, stageMs } = server
    const draft = changed({ answers, stage, stageMs }, this.#early)
    this.#show({ loaded: true, questionnaire, ...draft, save })
    this.#early = {}
    if (typed) this.#plan(0)
  }

  #plan(wait: number): void {
    clearTimeout(this.#timer)
    if (!this.#view.loaded || this.#view.save.kind === 'conflict') return
    this.#timer = setTimeout(() => void this.flush(), wait)
  }

  async #save(): Promise<void> {
    this.#dirtySince = null
    const { answers, stage, stageMs } = this.#view
    this.#saving = this.#send({ answers, stage, stageMs })
    await this.#saving
    this.#saving = null
  }

  async #send(draft: Draft): Promise<void> {
    try {
      const { questionnaire } = this.#view
      const saved = await this.#doors.save(draft, { questionnaire, revision: this.#revision })
      this.#revision = saved.revision
      this.#server = draft.answers
      this.#savedAt = saved.savedAt
      if (this.#dirtySince === null) this.#show({ save: { kind: 'saved', at: saved.savedAt } })
      else this.#plan(Math.max(0, this.#dirtySince + pause - Date.now()))
    } catch (failure) {
      await this.#refused(failure)
    }
  }

  async #refused(failure: unknown): Promise<void> {
    this.#dirtySince ??= Date.now()
    if (failure instanceof Refusal && failure.code === 'contact.changedElsewhere') {
      const newer = await this.#doors.read().catch(() => null)
      if (newer) {
        this.#show({ save: { kind: 'conflict', newer } })
        return
      }
    }
    const final = isFinal(failure)
    // The call went to somebody else: time spent in a stage is not worth a warning, words are.
    if (final && sorted(this.#view.answers) === sorted(this.#server)) {
      this.#dirtySince = null
      this.#show({ save: { kind: 'saved', at: this.#savedAt } })
      return
    }
    this.#show({ save: { kind: 'failed', failure } })
    if (!final) this.#plan(retryAfter)
  }
}
