import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { emptyForm, type FormAnswers } from '../../domain/form.ts'
import { Refusal } from '../ui/request.ts'
import { FormKeeper, withBothNotes, type ServerForm } from './form-keeper.ts'

beforeEach(() => vi.useFakeTimers())
afterEach(() => vi.useRealTimers())

/** A server as the contract says: it saves on the revision it has, and refuses any other. */
class Server {
  stored: ServerForm = { form: emptyForm(), revision: 0, savedAt: null }
  saves = 0
  away = false

  readonly doors = {
    read: async (): Promise<ServerForm> => {
      if (this.away) throw new Refusal('network')
      return this.stored
    },
    save: async (form: FormAnswers, revision: number): Promise<ServerForm> => {
      await new Promise((resolve) => setTimeout(resolve, 50))
      if (this.away) throw new Refusal('network')
      if (revision !== this.stored.revision) throw new Refusal('contact.changedElsewhere')
      this.saves += 1
      this.stored = { form, revision: revision + 1, savedAt: '2026-11-21T12:03:07.000Z' }
      return this.stored
    },
  }

  /** Somebody else saves. */
  saveElsewhere(answers: Partial<FormAnswers>): void {
    this.stored = {
      ...this.stored,
      form: { ...this.stored.form, ...answers },
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
    keeper.change({ notes: 'x'.repeat(i) })
    await vi.advanceTimersByTimeAsync(100)
    if (i > 10) expect(server.stored.form.notes.length).toBeGreaterThanOrEqual(i - 10)
  }
  await vi.advanceTimersByTimeAsync(1000)
  expect(server.stored.form.notes).toHaveLength(20)
  expect(keeper.unsaved).toBe(false)
  expect(keeper.read().save).toEqual({ kind: 'saved', at: '2026-11-21T12:03:07.000Z' })
})

test('a pause in typing saves once, not at every key', async () => {
  const { server, keeper } = await opened()
  for (const notes of ['a', 'ab', 'abc']) keeper.change({ notes })
  await vi.advanceTimersByTimeAsync(600)
  expect(server.saves).toBe(1)
})

test('danger is saved without waiting for a pause', async () => {
  const { server, keeper } = await opened()
  keeper.change({ risk: 'acute' }, false)
  await vi.advanceTimersByTimeAsync(60)
  expect(server.stored.form.risk).toBe('acute')
})

test('while the server is away what is typed stays and is saved when it returns', async () => {
  const { server, keeper } = await opened()
  server.away = true
  keeper.change({ notes: '睡不着' })
  await vi.advanceTimersByTimeAsync(3000)
  expect(keeper.read().save.kind).toBe('failed')
  expect(keeper.read().form.notes).toBe('睡不着')
  expect(keeper.unsaved).toBe(true)
  server.away = false
  await vi.advanceTimersByTimeAsync(3000)
  expect(server.stored.form.notes).toBe('睡不着')
  expect(keeper.unsaved).toBe(false)
})

test('what is typed before the saved form arrives does not overwrite its other answers', async () => {
  const server = new Server()
  server.saveElsewhere({ notes: 'from before', danger: 'plan' })
  const keeper = new FormKeeper(server.doors)
  keeper.change({ risk: 'acute' }, false)
  await keeper.load()
  await vi.advanceTimersByTimeAsync(1000)
  expect(server.stored.form).toMatchObject({ notes: 'from before', danger: 'plan', risk: 'acute' })
})

test('a newer form from elsewhere is taken over while nothing is unsaved here', async () => {
  const { server, keeper } = await opened()
  server.saveElsewhere({ outcome: 'referred' })
  await keeper.heard(1)
  expect(keeper.read().form.outcome).toBe('referred')
})

test('in a conflict nothing is saved before the person chose, and both choices lose nothing of the notes', async () => {
  const { server, keeper } = await opened()
  server.saveElsewhere({ notes: 'theirs' })
  keeper.change({ notes: 'mine' })
  await vi.advanceTimersByTimeAsync(1000)
  expect(keeper.read().save.kind).toBe('conflict')
  keeper.change({ notes: 'mine, longer' })
  await vi.advanceTimersByTimeAsync(5000)
  expect(server.stored.form.notes).toBe('theirs')
  const settled = keeper.settle('mine', '--')
  await vi.advanceTimersByTimeAsync(100)
  await settled
  expect(server.stored.form.notes).toBe('mine, longer\n--\ntheirs')
})

test('the newer form replaces ours when the person chose it', async () => {
  const { server, keeper } = await opened()
  server.saveElsewhere({ notes: 'theirs' })
  keeper.change({ notes: 'mine' })
  await vi.advanceTimersByTimeAsync(1000)
  await keeper.settle('newer', '--')
  expect(keeper.read().form.notes).toBe('theirs')
  expect(keeper.unsaved).toBe(false)
})

test('notes that are already in ours are not doubled', () => {
  const mine = { ...emptyForm(), notes: 'one two' }
  expect(withBothNotes(mine, { ...emptyForm(), notes: 'one' }, '--').notes).toBe('one two')
  expect(withBothNotes(mine, { ...emptyForm(), notes: 'one two three' }, '--').notes).toBe('one two three')
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
  keeper.change({ notes: 'too late' })
  await vi.advanceTimersByTimeAsync(10_000)
  expect(keeper.read().save.kind).toBe('failed')
  expect(keeper.read().form.notes).toBe('too late')
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
  keeper.change({ notes: '刚接起就说的话' })
  await vi.advanceTimersByTimeAsync(3000)
  keeper.change({ stageMs: { rapport: 1000 } })
  await vi.advanceTimersByTimeAsync(2000)
  expect(keeper.read().form.notes).toBe('刚接起就说的话')
  expect(server.stored.form.notes).toBe('刚接起就说的话')
  expect(reads).toBe(1)
})
