import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { Refusal } from '../ui/request.ts'
import { merged, StepKeeper, type ServerStep, type StepEnd, type StepRecord } from './step-keeper.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

/** A server with one step. */
const aServer = (start: ServerStep = { record: {}, revision: 0 }) => {
  const server = {
    step: start,
    saves: 0,
    ends: [] as StepEnd[],
    away: false,
    read: async () => server.step,
    save: async (record: StepRecord, revision: number, end: StepEnd): Promise<ServerStep> => {
      if (server.away) throw new Refusal('network')
      if (revision !== server.step.revision) throw new Refusal('protocol.changedElsewhere')
      server.saves += 1
      server.ends.push(end)
      server.step = { record, revision: revision + 1 }
      return server.step
    },
  }
  return server
}

test('what is typed at a step is saved within a second, even while typing goes on', async () => {
  const server = aServer()
  const keeper = new StepKeeper(server, server.step)
  for (let key = 1; key <= 5; key += 1) {
    keeper.change('place', '湖边'.repeat(key))
    await vi.advanceTimersByTimeAsync(200)
  }
  expect(server.saves).toBe(1)
  await vi.advanceTimersByTimeAsync(1000)
  expect(server.step.record).toEqual({ place: '湖边'.repeat(5) })
  expect(keeper.read().saved).toBe(true)
})

test('a time taken by a key is saved at once', async () => {
  const server = aServer()
  new StepKeeper(server, server.step).change('called', '2026-11-21T12:00:00.000Z', false)
  await vi.advanceTimersByTimeAsync(0)
  expect(server.step.record).toEqual({ called: '2026-11-21T12:00:00.000Z' })
})

test('a counsellor and a supervisor at one step do not overwrite each other', async () => {
  const server = aServer()
  const one = new StepKeeper(server, server.step)
  const other = new StepKeeper(server, server.step)
  one.change('means', '药物')
  other.change('place', '家里')
  await vi.advanceTimersByTimeAsync(1000)
  expect(server.step.record).toEqual({ means: '药物', place: '家里' })
})

test('where both wrote at one item the words of both stay, once', async () => {
  const server = aServer()
  const one = new StepKeeper(server, server.step)
  const other = new StepKeeper(server, server.step)
  one.change('means', '药物')
  await vi.advanceTimersByTimeAsync(1000)
  other.change('means', '窗户')
  await vi.advanceTimersByTimeAsync(1000)
  expect(server.step.record).toEqual({ means: '药物\n窗户' })
  other.change('means', '药物\n窗户,已关')
  await vi.advanceTimersByTimeAsync(1000)
  expect(server.step.record).toEqual({ means: '药物\n窗户,已关' })
})

test('a server that is away loses nothing: the screen says so, and it is saved when the server is back', async () => {
  const server = aServer()
  const keeper = new StepKeeper(server, server.step)
  server.away = true
  keeper.change('means', '药物')
  await vi.advanceTimersByTimeAsync(1000)
  expect(keeper.read()).toMatchObject({ saved: false, record: { means: '药物' } })
  expect(keeper.read().failure).toBeInstanceOf(Refusal)
  server.away = false
  await vi.advanceTimersByTimeAsync(2500)
  expect(server.step.record).toEqual({ means: '药物' })
  expect(keeper.read()).toMatchObject({ saved: true, failure: null })
})

test('finishing a step takes what was just typed with it, and a refusal is told', async () => {
  const server = aServer()
  const keeper = new StepKeeper(server, server.step)
  keeper.change('means', '药物')
  await keeper.end({ done: true })
  expect(server.step.record).toEqual({ means: '药物' })
  expect(server.ends).toEqual([{ done: true }])
  server.away = true
  await expect(keeper.end({ skipped: '断线' })).rejects.toThrow('network')
})

test('what others record is shown at once; an answer can be taken back', async () => {
  const server = aServer({ record: { near: true }, revision: 3 })
  const keeper = new StepKeeper(server, server.step)
  keeper.heard({ record: { near: true, place: '家里' }, revision: 4 })
  server.step = { record: { near: true, place: '家里' }, revision: 4 }
  expect(keeper.read().record).toEqual({ near: true, place: '家里' })
  keeper.change('near', undefined)
  await vi.advanceTimersByTimeAsync(1000)
  expect(server.step.record).toEqual({ place: '家里' })
})

test('merging keeps the newest of what we did not touch', () => {
  expect(merged({ a: '1' }, { a: '2', b: true }, new Map([['c', ['x']]]))).toEqual({
    a: '2',
    b: true,
    c: ['x'],
  })
})
