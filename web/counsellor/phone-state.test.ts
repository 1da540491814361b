import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  lineAfter,
  mayTake,
  talkAfter,
  type LineEvent,
  type TalkEvent,
  type TalkState,
} from './phone-state.ts'

const lineEvents: LineEvent[] = ['start', 'registered', 'refused', 'disconnected', 'stop']
const talkEvents: TalkEvent[] = ['invite', 'rejoin', 'answer', 'confirmed', 'microphoneFailed', 'ended']
const talkBy = (...events: TalkEvent[]): TalkState => events.reduce<TalkState>(talkAfter, 'none')

test('a telephone becomes ready by registering and comes back after a broken line', () => {
  const way: LineEvent[] = ['start', 'registered', 'disconnected', 'registered']
  expect(way.reduce(lineAfter, 'off')).toBe('ready')
})

test('a stopped telephone does not come back by itself', () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...lineEvents.filter((e) => e !== 'start'))), (events) => {
      expect(events.reduce(lineAfter, 'off')).toBe('off')
    }),
  )
})

test('an offer rings until it is answered, and the call is up when both sides agree', () => {
  expect(talkBy('invite')).toBe('ringing')
  expect(talkBy('invite', 'answer')).toBe('answering')
  expect(talkBy('invite', 'answer', 'confirmed')).toBe('up')
  expect(talkBy('invite', 'ended')).toBe('none')
})

test('after a reload the call is taken up without ringing', () => {
  expect(talkBy('rejoin')).toBe('answering')
  expect(talkBy('rejoin', 'confirmed')).toBe('up')
})

test('a call taken up again replaces the broken talk the page still believed in', () => {
  expect(talkBy('invite', 'answer', 'confirmed', 'rejoin', 'confirmed')).toBe('up')
})

test('a seat takes one talk at a time, whatever happens', () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...talkEvents)), (events) => {
      const state = talkBy(...events)
      expect(mayTake(state)).toBe(state === 'none')
      if (state !== 'none') expect(talkAfter(state, 'invite')).toBe(state)
      expect(talkAfter(state, 'ended')).toBe('none')
    }),
  )
})
