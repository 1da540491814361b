import { expect, test } from 'vitest'
import type { ProtocolRun } from '../../api/crisis.ts'
import { isOverdue, nextDue, openSteps, runsInOrder } from './protocol-order.ts'
import type { Step } from './step-keeper.ts'

const words = { 'zh-CN': '步骤', en: 'step' }
const aStep = (step: string, given: Partial<Step> = {}): Step => ({
  step,
  words,
  help: words,
  who: 'counsellor',
  must: true,
  dueAt: null,
  items: [],
  record: {},
  revision: 0,
  doneAt: null,
  doneBy: null,
  skipped: null,
  ...given,
})
const aRun = (protocol: string, steps: Step[], given: Partial<ProtocolRun> = {}): ProtocolRun => ({
  runId: protocol,
  protocol,
  version: 1,
  words,
  openedAt: '2026-11-21T12:00:00.000Z',
  openedFrom: 'form',
  closedAt: null,
  steps,
  ...given,
})
const at = (minute: number): string => new Date(Date.UTC(2026, 10, 21, 12, minute)).toISOString()

test('what was done or cannot be done no longer waits, and is never overdue', () => {
  const steps = [
    aStep('a', { doneAt: at(1), dueAt: at(0) }),
    aStep('b', { skipped: '断线', dueAt: at(0) }),
    aStep('c'),
  ]
  expect(openSteps(aRun('suicide', steps)).map((step) => step.step)).toEqual(['c'])
  expect(steps.some((step) => isOverdue(step, Date.parse(at(30))))).toBe(false)
})

test('a step is overdue from the instant after its time, and never without one', () => {
  const due = Date.parse(at(5))
  expect(isOverdue(aStep('a', { dueAt: at(5) }), due)).toBe(false)
  expect(isOverdue(aStep('a', { dueAt: at(5) }), due + 1)).toBe(true)
  expect(isOverdue(aStep('a'), due)).toBe(false)
})

test('the strip names the step that is due next in everything that runs', () => {
  const suicide = aRun('suicide', [aStep('stay', { dueAt: at(9) }), aStep('resources')])
  const medical = aRun('medical-emergency', [aStep('call-120', { dueAt: at(3) })])
  expect(nextDue([suicide, medical])?.step).toBe('call-120')
  expect(nextDue([suicide, { ...medical, closedAt: at(4) }])?.step).toBe('stay')
  expect(nextDue([aRun('psychosis', [aStep('a', { doneAt: at(1) })])])).toBeUndefined()
})

test('running protocols stand before ended ones, each in the order in which they were opened', () => {
  const runs = [
    aRun('ended', [], { closedAt: at(9) }),
    aRun('later', [], { openedAt: at(5) }),
    aRun('earlier', [], { openedAt: at(1) }),
  ]
  expect(runsInOrder(runs).map((run) => run.protocol)).toEqual(['earlier', 'later', 'ended'])
})
