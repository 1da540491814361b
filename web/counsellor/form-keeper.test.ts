import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { valuesOf } from '../../domain/answers.ts'
import type { Answer, Answers } from '../../domain/questionnaire.ts'
import { baseForm } from '../../test/answers.ts'
import { Refusal } from '../ui/request.ts'
import { FormKeeper, withBothNotes, type Draft, type SavedMark, type ServerForm } from './form-keeper.ts'

beforeEach(() => vi.useFakeTimers())
afterEach(() => vi.useRealTimers())

/** One answer of one value, by its question. */
const said = (answers: Record<string, string>): Record<string, Answer> =>
  Object.fromEntries(Object.entries(answers).map(([linkId, value]) => [linkId, { values: [value] }]))

const notesIn = ({ answers }: { answers: Answers }): string => {
  const [notes] = valuesOf(answers['notes'])
  return typeof notes === 'string' ? notes : ''
}

/** A server as the contract says: it saves on the revision it has, and refuses any other. */
class Server {
  stored: ServerForm = {
    questionnaire: baseForm,
    answers: {},
    stage: 'rapport',
    stageMs: {},
    revision: 0,
    savedAt: null,
  }
  saves = 0
  away = false

  readonly doors = {
    read: async (): Promise<ServerForm> => {
      if (this.away) throw new Refusal('network')
      return this.stored
    },
    save: async (draft: Draft, { revision }: { revision: number }): Promise<SavedMark> => {
      await new Promise((resolve) => setTimeout(resolve, 50))
      if (this.away) throw new Refusal('network')
      if (revision !== this.stored.revision) throw new Refusal('contact.changedElsewhere')
      this.saves += 1
      this.stored = { ...this.stored, ...draft, revision: revision + 1, savedAt: '2026-11-21T12:03:07.000Z' }
      return this.stored
    },
  }

  /** Somebody else saves. */
  saveElsewhere(answers: Record<string, string>): void {
    this.stored = {
      ...this.stored,
      answers: { ...this.stored.answers, ...said(answers) },
      revision: this.stored.revision + 1,
    }
  }
}

async function opened(): Promise<{ server: Server; keeper: FormKeeper }> {
  const server = new Server()
  const keeper = new FormKeeper(server.doors)
  await keeper.load()
  return { server, keeper }
}

test('what is typed is on the server within a second, even while somebody types on', async () => {
  const { server, keeper } = await opened()
  for (let i = 1; i <= 20; i++) {
    keeper.change({ answers: said({ notes: 'x'.repeat(i) }) })
    await vi.advanceTimersByTimeAsync(100)
    if (i > 10) expect(notesIn(server.stored).length).toBeGreaterThanOrEqual(i - 10)
  }
  await vi.advanceTimersByTimeAsync(1000)
  expect(notesIn(server.stored)).toHaveLength(20)
  expect(keeper.unsaved).toBe(false)
  expect(keeper.read().save).toEqual({ kind: 'saved', at: '2026-11-21T12:03:07.000Z' })
})

test('a pause in typing saves once, not at every key', async () => {
  const { server, keeper } = await opened()
  for (const notes of ['a', 'ab', 'abc']) keeper.change({ answers: said({ notes }) })
  await vi.advanceTimersByTimeAsync(600)
  expect(server.saves).toBe(1)
})

test('danger is saved without waiting for a pause', async () => {
  const { server, keeper } = await opened()
  keeper.change({ answers: said({ risk: 'acute' }) }, false)
  await vi.advanceTimersByTimeAsync(60)
  expect(server.stored.answers['risk']).toEqual({ values: ['acute'] })
})

test('while the server is away what is typed stays and is saved when it returns', async () => {
  const { server, keeper } = await opened()
  server.away = true
  keeper.change({ answers: said({ notes: '睡不着' }) })
  await vi.advanceTimersByTimeAsync(3000)
  expect(keeper.read().save.kind).toBe('failed')
  expect(notesIn(keeper.read())).toBe('睡不着')
  expect(keeper.unsaved).toBe(true)
  server.away = false
  await vi.advanceTimersByTimeAsync(3000)
  expect(notesIn(server.stored)).toBe('睡不着')
  expect(keeper.unsaved).toBe(false)
})

test('what is typed before the saved form arrives does not overwrite its other answers', async () => {
  const server = new Server()
  server.saveElsewhere({ notes: 'from before', danger: 'plan' })
  const keeper = new FormKeeper(server.doors)
  keeper.change({ answers: said({ risk: 'acute' }) }, false)
  await keeper.load()
  await vi.advanceTimersByTimeAsync(1000)
  expect(server.stored.answers).toEqual(said({ notes: 'from before', danger: 'plan', risk: 'acute' }))
})

test('a newer form from elsewhere is taken over while nothing is unsaved here', async () => {
  const { server, keeper } = await opened()
  server.saveElsewhere({ outcome: 'referred' })
  await keeper.heard(1)
  expect(keeper.read().answers['outcome']).toEqual({ values: ['referred'] })
})

test('in a conflict nothing is saved before the person chose, and both choices lose nothing of the notes', async () => {
  const { server, keeper } = await opened()
  server.saveElsewhere({ notes: 'theirs' })
  keeper.change({ answers: said({ notes: 'mine' }) })
  await vi.advanceTimersByTimeAsync(1000)
  expect(keeper.read().save.kind).toBe('conflict')
  keeper.change({ answers: said({ notes: 'mine, longer' }) })
  await vi.advanceTimersByTimeAsync(5000)
  expect(notesIn(server.stored)).toBe('theirs')
  const settled = keeper.settle('mine', '--')
  await vi.advanceTimersByTimeAsync(100)
  await settled
  expect(notesIn(server.stored)).toBe('mine, longer\n--\ntheirs')
})

test('the newer form replaces ours when the person chose it', async () => {
  const { server, keeper } = await opened()
  server.saveElsewhere({ notes: 'theirs' })
  keeper.change({ answers: said({ notes: 'mine' }) })
  await vi.advanceTimersByTimeAsync(1000)
  await keeper.settle('newer', '--')
  expect(notesIn(keeper.read())).toBe('theirs')
  expect(keeper.unsaved).toBe(false)
})

test('notes that are already in ours are not doubled', () => {
  const mine = said({ notes: 'one two' })
  const both = (newer: string): string =>
    notesIn({ answers: withBothNotes(mine, said({ notes: newer }), '--') })
  expect(both('one')).toBe('one two')
  expect(both('one two three')).toBe('one two three')
})

test('an answer taken back is gone on the server too', async () => {
  const { server, keeper } = await opened()
  keeper.change({ answers: said({ outcome: 'referred', notes: 'stays' }) })
  await vi.advanceTimersByTimeAsync(1000)
  keeper.change({ answers: { outcome: null } })
  await vi.advanceTimersByTimeAsync(1000)
  expect(server.stored.answers).toEqual(said({ notes: 'stays' }))
})

test('when the call went to somebody else, unsaved words are kept on the screen and not sent again and again', async () => {
  const { server, keeper } = await opened()
  let tries = 0
  server.doors.save = async () => {
    tries += 1
    throw new Refusal('call.notYours')
  }
  keeper.change({ stageMs: { rapport: 1000 } })
  await vi.advanceTimersByTimeAsync(10_000)
  expect(keeper.read().save.kind).toBe('saved')
  keeper.change({ answers: said({ notes: 'too late' }) })
  await vi.advanceTimersByTimeAsync(10_000)
  expect(keeper.read().save.kind).toBe('failed')
  expect(notesIn(keeper.read())).toBe('too late')
  expect(tries).toBe(2)
})

test('a form asked for twice at once is read once: a late second answer does not take away what was typed', async () => {
  const server = new Server()
  let reads = 0
  const read = async (): Promise<ServerForm> => {
    reads += 1
    const asItWas = server.stored
    await new Promise((resolve) => setTimeout(resolve, reads * 300))
    return asItWas
  }
  const keeper = new FormKeeper({ ...server.doors, read })
  void keeper.load()
  void keeper.load()
  keeper.change({ answers: said({ notes: '刚接起就说的话' }) })
  await vi.advanceTimersByTimeAsync(3000)
  keeper.change({ stageMs: { rapport: 1000 } })
  await vi.advanceTimersByTimeAsync(2000)
  expect(notesIn(keeper.read())).toBe('刚接起就说的话')
  expect(notesIn(server.stored)).toBe('刚接起就说的话')
  expect(reads).toBe(1)
})
