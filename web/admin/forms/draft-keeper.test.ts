import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { Questionnaire } from '../../../domain/questionnaire.ts'
import { Refusal } from '../../ui/request.ts'
import { keepDraft, pauses, type DraftState } from './draft-keeper.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

const form = (title: string): Questionnaire => ({
  resourceType: 'Questionnaire',
  url: 'urn:test:form',
  version: '1',
  title,
  status: 'draft',
  item: [],
})

/** A keeper whose server answers as told, one answer a request; what it was asked and what it told. */
const aKeeper = (...answers: ('saved' | Refusal)[]) => {
  const asked: [string, number][] = []
  const told: DraftState['kind'][] = []
  let revision = 4
  const keeper = keepDraft(
    revision,
    async (questionnaire, on) => {
      asked.push([questionnaire.title, on])
      const answer = answers.shift() ?? 'saved'
      if (answer instanceof Refusal) throw answer
      revision += 1
      return { revision, draftAt: '2026-11-21T12:00:00.000Z' }
    },
    (state) => told.push(state.kind),
  )
  return { keeper, asked, told }
}

test('changes are saved together after a pause, on the revision they were made on', async () => {
  const { keeper, asked, told } = aKeeper()
  keeper.changed(form('a'))
  keeper.changed(form('b'))
  expect(asked).toEqual([])
  await vi.advanceTimersByTimeAsync(pauses.quiet)
  keeper.changed(form('c'))
  await vi.advanceTimersByTimeAsync(pauses.quiet)
  expect(asked).toEqual([
    ['b', 4],
    ['c', 5],
  ])
  expect(told.at(-1)).toBe('saved')
  expect(keeper.stands()).toEqual({ revision: 6, busy: false })
})

test('without a network the change stays and is tried again', async () => {
  const { keeper, asked, told } = aKeeper(new Refusal('network'))
  keeper.changed(form('a'))
  await vi.advanceTimersByTimeAsync(pauses.quiet)
  expect(told.at(-1)).toBe('failed')
  expect(keeper.stands().busy).toBe(true)
  await vi.advanceTimersByTimeAsync(pauses.again)
  expect(asked).toHaveLength(2)
  expect(told.at(-1)).toBe('saved')
})

test('when somebody else saved, nothing more is sent from here until the new one is taken', async () => {
  const { keeper, asked, told } = aKeeper(new Refusal('form.changedElsewhere'))
  keeper.changed(form('a'))
  await vi.advanceTimersByTimeAsync(pauses.quiet)
  keeper.changed(form('b'))
  await vi.advanceTimersByTimeAsync(pauses.again * 3)
  expect(asked).toHaveLength(1)
  expect(told.at(-1)).toBe('conflict')
  keeper.take(9)
  keeper.changed(form('c'))
  await vi.advanceTimersByTimeAsync(pauses.quiet)
  expect(asked.at(-1)).toEqual(['c', 9])
})

test('publishing saves at once what is not saved yet', async () => {
  const { keeper, asked } = aKeeper()
  keeper.changed(form('a'))
  await keeper.flush()
  expect(asked).toEqual([['a', 4]])
  await keeper.flush()
  expect(asked).toHaveLength(1)
})
