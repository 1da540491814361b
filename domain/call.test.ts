import { expect, test } from 'vitest'
import { newCall } from './call.ts'
import type { Effect } from './call-state.ts'
import { answeredWith, arrived, story, waiting } from './testing/story.ts'

const recordingStarts = (effects: Effect[]) =>
  effects.filter((each) => each.do === 'startRecording' && each.kind === 'talk').length

test('a caller is answered at once and hears greeting, danger words and the question for consent, in this order', () => {
  const told = arrived().saidAll()
  expect(told.done[0]).toEqual({ do: 'answer', leg: 'caller' })
  expect(told.spoken()).toEqual(['greeting', 'danger', 'consent'])
})

test('an event line greets with its own words', () => {
  const { settings } = newCall({
    contact: 'c',
    line: 'l',
    callerLeg: 'k',
    canCallBack: true,
    ringsAgain: false,
    arrivedAt: 0,
  })
  const told = story({ settings: { ...settings, eventLine: true } }).tell({ type: 'arrived' })
  expect(told.spoken()).toEqual(['greeting-event', 'danger'])
})

test('G24-7.5a: silence after one repeat counts as not recorded, and the caller waits like everybody', () => {
  const told = arrived().saidAll().saidAll()
  told.tell({ type: 'deadline', kind: 'silence' }).saidAll().tell({ type: 'deadline', kind: 'silence' })
  expect(told.spoken().filter((each) => each === 'consent')).toHaveLength(2)
  expect(told.call).toMatchObject({ state: 'waiting', phase: 'queue', consent: 'silent' })
})

test('G24-7.5a: recording starts when talking starts, and only with consent given', () => {
  const agreed = answeredWith('1')
  expect(agreed.call.consent).toBe('given')
  expect(recordingStarts(agreed.last)).toBe(1)
  expect(recordingStarts(agreed.done)).toBe(1)
  expect(recordingStarts(answeredWith('2').done)).toBe(0)
})

test('G24-7.5a: who agrees before the question was heard is first told in full what was agreed', () => {
  const told = arrived().tell({ type: 'digit', digit: '1' })
  expect(told.call).toMatchObject({ state: 'greeting', phase: 'thank', consent: 'given' })
  expect(told.saidAll().call.state).toBe('waiting')
  expect(told.spoken()).toEqual(['greeting', 'danger', 'consent-yes'])
})

test('consent can be taken back by key 2 while waiting', () => {
  const told = arrived().saidAll().tell({ type: 'digit', digit: '1' }, { type: 'digit', digit: '2' })
  expect(told.call.consent).toBe('refused')
})

test('consent withdrawn in the talk stops the recording for good', () => {
  const told = answeredWith('1').tell({ type: 'consentWithdrawn' })
  expect(told.last).toContainEqual({ do: 'stopRecording', kind: 'talk' })
  told.tell({ type: 'hold', on: true }, { type: 'hold', on: false })
  expect(recordingStarts(told.done)).toBe(1)
  expect(told.refuses({ type: 'consentGiven' }).call.consent).toBe('withdrawn')
})

test('G24-5.3.5: key 0 in the greeting goes straight into the queue with the danger flag', () => {
  const told = arrived().tell({ type: 'digit', digit: '0' })
  expect(told.call).toMatchObject({ state: 'waiting', danger: true, consent: 'silent', risk: null })
  expect(told.last).toContainEqual({ do: 'notify', what: 'danger' })
  expect(told.spoken().at(-1)).toBe('danger-heard')
})

test('key 0 counts while a seat is being rung, while nobody is on duty, and during a message', () => {
  expect(waiting().tell({ type: 'offered', seat: 's' }, { type: 'digit', digit: '0' }).call.danger).toBe(true)
  const nobody = waiting().tell({ type: 'nobodyOnDuty' })
  expect(nobody.tell({ type: 'digit', digit: '0' }).call).toMatchObject({ danger: true, phase: 'nobody' })
  const message = waiting().tell({ type: 'nobodyOnDuty' }).saidAll().saidAll()
  message.tell({ type: 'digit', digit: '0' })
  expect(message.call).toMatchObject({ danger: true, phase: 'nobody' })
  expect(message.last).toContainEqual({ do: 'stopRecording', kind: 'message' })
})

test('digits nobody asked for change nothing', () => {
  arrived().refuses({ type: 'digit', digit: '7' })
  waiting().refuses({ type: 'digit', digit: '5' })
  answeredWith('2').refuses({ type: 'digit', digit: '9' })
})

test('a waiting caller hears place and expected wait at once, then the place every 45 s', () => {
  const told = waiting()
  expect(told.call.deadline).toEqual({ kind: 'news', at: 0 })
  told.tell({ type: 'deadline', kind: 'news', spot: { ahead: 3, minutes: 7 } })
  expect(told.last).toContainEqual(
    expect.objectContaining({
      do: 'play',
      parts: [{ prompt: 'waiting-first', values: { n: 3, m: 7 } }, { prompt: 'callback-offer' }],
    }),
  )
  told.at(20).saidAll()
  expect(told.last).toContainEqual({ do: 'music', leg: 'caller', on: true })
  expect(told.call.deadline).toEqual({ kind: 'news', at: 45_000 })
  told.at(45).tell({ type: 'deadline', kind: 'news', spot: { ahead: 0, minutes: 2 } })
  expect(told.spoken().at(-1)).toBe('waiting-soon')
})

test('without an honest expected wait only the place is told', () => {
  const told = waiting().tell({ type: 'deadline', kind: 'news', spot: { ahead: 2, minutes: null } })
  expect(told.spoken().slice(-2)).toEqual(['waiting-next', 'callback-offer'])
})

test('a seat that is free at once spares the caller the words about waiting', () => {
  expect(answeredWith('2').spoken()).not.toContain('waiting-first')
})

test('key 9 makes a call-back that keeps the place, says so, and we hang up', () => {
  const told = arrived().at(5).saidAll().tell({ type: 'digit', digit: '2' }).at(60)
  told.tell({ type: 'digit', digit: '9' })
  expect(told.last).toContainEqual({ do: 'makeCallBack', since: 5000, danger: false })
  told.saidAll()
  expect(told.last).toContainEqual({ do: 'hangUp', leg: 'caller' })
  expect(told.call).toMatchObject({ state: 'closed', outcome: 'call-back', endedBy: 'system' })
})

test('key 9 while a seat is being rung takes the offer back', () => {
  const told = waiting().tell({ type: 'offered', seat: 's1' }, { type: 'digit', digit: '9' })
  expect(told.last).toContainEqual({ do: 'duty', seat: 's1', event: { type: 'withdrawn', contact: 'c' } })
  expect(told.call.outcome).toBe('call-back')
})

test('a caller without a number is told what is possible instead of a call-back, and keeps waiting', () => {
  const told = story({ canCallBack: false })
    .tell({ type: 'arrived' })
    .saidAll()
    .tell({ type: 'digit', digit: '2' })
  told.tell({ type: 'digit', digit: '9' })
  expect(told.call).toMatchObject({ state: 'waiting', phase: 'queue' })
  expect(told.done.some((each) => each.do === 'makeCallBack')).toBe(false)
  expect(told.spoken().at(-1)).toBe('callback-no')
})

test('nobody on duty: the words, the tone, a message of three minutes at most, thanks', () => {
  const told = waiting().tell({ type: 'nobodyOnDuty' }).saidAll()
  expect(told.spoken().slice(-2)).toEqual(['nobody', 'tone'])
  told.saidAll()
  expect(told.last).toContainEqual({ do: 'startRecording', kind: 'message', leg: 'caller', segment: 1 })
  expect(told.call.deadline?.kind).toBe('message')
  told.tell({ type: 'digit', digit: '#' }).saidAll()
  expect(told.call).toMatchObject({ state: 'closed', outcome: 'message' })
  expect(told.spoken().at(-1)).toBe('thanks')
})

test('key 9 after the tone is still the wish to be called back, and the message ends', () => {
  const told = waiting().tell({ type: 'nobodyOnDuty' }).saidAll().saidAll()
  told.tell({ type: 'digit', digit: '9' })
  expect(told.last).toContainEqual({ do: 'stopRecording', kind: 'message' })
  told.saidAll()
  expect(told.call).toMatchObject({ state: 'closed', outcome: 'call-back' })
})

test('somebody who comes on duty brings back the caller who was told that nobody is there', () => {
  const told = waiting().tell({ type: 'nobodyOnDuty' }, { type: 'somebodyOnDuty' })
  expect(told.call).toMatchObject({ state: 'waiting', phase: 'queue' })
})

test('an unanswered offer pauses the seat with a visible reason and goes to the next seat', () => {
  const told = waiting().tell({ type: 'offered', seat: 's1' })
  expect(told.call.deadline).toEqual({ kind: 'offer', at: 20_000 })
  told.at(20).tell({ type: 'deadline', kind: 'offer' })
  expect(told.last).toContainEqual({ do: 'duty', seat: 's1', event: { type: 'missed', contact: 'c' } })
  expect(told.call).toMatchObject({ state: 'waiting', passed: [{ seat: 's1', at: 20_000 }], queuedAt: 0 })
})

test('a declined offer goes to the next seat without pausing the first', () => {
  const told = waiting().tell({ type: 'offered', seat: 's1' })
  told.tell({ type: 'legEnded', leg: told.call.offer?.leg ?? '', cause: 'declined' })
  expect(told.last).toContainEqual({ do: 'duty', seat: 's1', event: { type: 'declined', contact: 'c' } })
})

test('an answer that comes after the offer went on is refused', () => {
  const told = waiting().tell({ type: 'offered', seat: 's1' })
  const leg = told.call.offer?.leg ?? ''
  told.at(20).tell({ type: 'deadline', kind: 'offer' }).refuses({ type: 'legUp', leg })
})

test('recording pauses while on hold and goes on in a new segment', () => {
  const told = answeredWith('1').tell({ type: 'hold', on: true })
  expect(told.last).toContainEqual({ do: 'stopRecording', kind: 'talk' })
  expect(told.spoken().at(-1)).toBe('hold')
  told.saidAll()
  expect(told.last).toContainEqual({ do: 'music', leg: 'caller', on: true })
  told.tell({ type: 'hold', on: false })
  expect(told.last).toContainEqual({ do: 'startRecording', kind: 'talk', leg: 'caller', segment: 2 })
})

test('a desk phone that holds by its own key gives the caller calm audio too', () => {
  const told = answeredWith('2')
  const leg = told.call.talk?.leg ?? ''
  expect(told.tell({ type: 'legHeld', leg, on: true }).call.phase).toBe('held')
  expect(told.tell({ type: 'legHeld', leg, on: false }).call.phase).toBe('together')
})

test('after the counsellor hangs up: one question, thanks, and the record is left to be finished', () => {
  const told = answeredWith('2').tell({ type: 'hangUp' })
  expect(told.call).toMatchObject({ state: 'survey', endedBy: 'counsellor', outcome: 'answered' })
  told.tell({ type: 'digit', digit: '4' }).saidAll()
  expect(told.call).toMatchObject({ state: 'wrap-up', satisfaction: 4, endedBy: 'counsellor' })
  expect(told.spoken().slice(-2)).toEqual(['survey', 'thanks'])
  expect(told.tell({ type: 'close' }).call.state).toBe('closed')
})

test('after a crisis call nobody is asked for marks', () => {
  const acute = answeredWith('2').tell({ type: 'assessed', risk: 'high' }, { type: 'hangUp' })
  expect(acute.spoken()).not.toContain('survey')
  const told = arrived().tell({ type: 'digit', digit: '0' }, { type: 'offered', seat: 's1' })
  told.tell({ type: 'legUp', leg: told.call.offer?.leg ?? '' }, { type: 'hangUp' })
  expect(told.spoken()).not.toContain('survey')
})

test('a caller who hangs up in the talk leaves a record to be finished, and it says who hung up', () => {
  const told = answeredWith('1').tell({ type: 'callerHungUp' })
  expect(told.call).toMatchObject({ state: 'wrap-up', endedBy: 'caller', outcome: 'answered', talk: null })
  expect(told.last).toContainEqual({
    do: 'duty',
    seat: 's1',
    event: { type: 'released', contact: 'c', wrapUpFor: 300_000 },
  })
})

test('left in the menu, abandoned in the queue: closed at once with the right outcome', () => {
  expect(arrived().tell({ type: 'callerHungUp' }).call).toMatchObject({
    state: 'closed',
    outcome: 'left-in-menu',
  })
  expect(waiting().tell({ type: 'callerHungUp' }).call).toMatchObject({
    state: 'closed',
    outcome: 'abandoned',
  })
})
