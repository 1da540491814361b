import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  lineAfter,
  linesAway,
  linesTogether,
  mayTake,
  talkAfter,
  type LineEvent,
  type LineState,
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

test('a telephone with a line to each of several switchboards is ready as soon as one is', () => {
  expect(linesTogether([])).toBe('off')
  expect(linesTogether(['connecting', 'connecting'])).toBe('connecting')
  expect(linesTogether(['lost', 'ready'])).toBe('ready')
  expect(linesTogether(['lost', 'connecting'])).toBe('connecting')
  expect(linesTogether(['lost', 'lost'])).toBe('lost')
})

test('a telephone with one line is what its line is, and nothing of it is away', () => {
  for (const line of ['off', 'connecting', 'ready', 'lost'] as const) {
    expect(linesTogether([line])).toBe(line)
    expect(linesAway([line])).toBe(0)
  }
})

test('a lost line is told of only while another one takes calls, and never one that is just being opened', () => {
  const lines = fc.array(fc.constantFrom<LineState>('off', 'connecting', 'ready', 'lost'))
  fc.assert(
    fc.property(lines, (states) => {
      const lost = states.filter((state) => state === 'lost').length
      expect(linesAway(states)).toBe(linesTogether(states) === 'ready' ? lost : 0)
    }),
  )
  expect(linesAway(['ready', 'lost'])).toBe(1)
  expect(linesAway(['ready', 'connecting'])).toBe(0)
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
