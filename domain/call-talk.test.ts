import { expect, test } from 'vitest'
import { answeredWith, arrived, waiting } from './testing/story.ts'

test('attended transfer: the caller hears calm audio until the counsellor hands over', () => {
  const told = answeredWith('1').tell({ type: 'transfer', to: { seat: 's2' }, attended: true })
  const guest = told.call.talk?.guests[0]?.leg ?? ''
  expect(told.call.phase).toBe('consulting')
  told.tell({ type: 'legUp', leg: guest }, { type: 'completeTransfer' })
  expect(told.call).toMatchObject({ phase: 'together', talk: { seat: 's2', leg: guest, guests: [] } })
  expect(told.last).toContainEqual({
    do: 'duty',
    seat: 's1',
    event: { type: 'released', contact: 'c', wrapUpFor: 300_000 },
  })
})

test('a blind transfer that fails brings the caller back to the counsellor', () => {
  const told = answeredWith('1').tell({ type: 'transfer', to: { seat: 's2' }, attended: false })
  told.at(30).tell({ type: 'deadline', kind: 'transfer' })
  expect(told.call).toMatchObject({ phase: 'together', talk: { seat: 's1', guests: [] } })
})

test('a blind transfer that fails after the counsellor has left puts the caller at the head of the queue', () => {
  const told = answeredWith('1').tell({ type: 'transfer', to: { seat: 's2' }, attended: false })
  told.tell({ type: 'hangUp' }).at(30).tell({ type: 'deadline', kind: 'transfer' })
  expect(told.call).toMatchObject({
    state: 'waiting',
    phase: 'queue',
    ringsAgain: true,
    queuedAt: 0,
    talk: null,
  })
})

test('a transfer to a line keeps the waiting time of the first queue', () => {
  const told = answeredWith('1')
    .at(500)
    .tell({ type: 'transfer', to: { line: 'event' }, attended: false })
  expect(told.call).toMatchObject({ state: 'waiting', line: 'event', queuedAt: 0 })
})

test('a call handed to an outside number is not recorded there', () => {
  const told = answeredWith('1').tell({ type: 'transfer', to: { number: 'sealed' }, attended: false })
  const guest = told.call.talk?.guests[0]?.leg ?? ''
  told.tell({ type: 'legUp', leg: guest })
  expect(told.call).toMatchObject({ phase: 'outside', recording: 0 })
  told.tell({ type: 'legEnded', leg: guest, cause: 'hangup' })
  expect(told.call).toMatchObject({ state: 'survey', endedBy: 'system' })
})

test('three-way: the caller is told before the supervisor is heard, and a supervisor who stays takes over', () => {
  const told = answeredWith('2').tell({ type: 'invite', seat: 'sup' })
  const guest = told.call.talk?.guests[0]?.leg ?? ''
  told.tell({ type: 'legUp', leg: guest })
  expect(told.spoken().at(-1)).toBe('join')
  told.tell({ type: 'hangUp' })
  expect(told.call).toMatchObject({ state: 'talking', talk: { seat: 'sup', leg: guest } })
})

test('a reload in mid-call: a short word, the seat is rung again and the talk goes on', () => {
  const told = answeredWith('1')
  told.tell({ type: 'legEnded', leg: told.call.talk?.leg ?? '', cause: 'lost' })
  expect(told.call).toMatchObject({ state: 'talking', phase: 'seat-lost', deadline: { kind: 'seat-back' } })
  expect(told.spoken().at(-1)).toBe('seat-back')
  told.tell({ type: 'seatReturned', seat: 's1' })
  expect(told.last).toContainEqual(expect.objectContaining({ do: 'dialSeat', seat: 's1', rejoin: true }))
  told.tell({ type: 'legUp', leg: told.call.talk?.leg ?? '' })
  expect(told.call.phase).toBe('together')
})

test('a seat that does not come back within 30 s leaves the caller at the head of the queue', () => {
  const told = answeredWith('1')
  told.tell({ type: 'legEnded', leg: told.call.talk?.leg ?? '', cause: 'lost' })
  told.at(40).tell({ type: 'deadline', kind: 'seat-back' })
  expect(told.call).toMatchObject({ state: 'waiting', ringsAgain: true, queuedAt: 0 })
  expect(told.last).toContainEqual({ do: 'duty', seat: 's1', event: { type: 'lost', contact: 'c' } })
})

test('the server comes back: who hung up meanwhile is ended, who is there goes on', () => {
  expect(waiting().tell({ type: 'reconciled', legs: {} }).call.outcome).toBe('abandoned')
  const told = answeredWith('1')
  const legs = { caller: 'up', [told.call.talk?.leg ?? '']: 'up' } as const
  expect(told.tell({ type: 'reconciled', legs }).call).toMatchObject({ state: 'talking', phase: 'together' })
  expect(told.tell({ type: 'reconciled', legs: { caller: 'up' } }).call.phase).toBe('seat-lost')
  const offered = waiting().tell({ type: 'offered', seat: 's1' })
  const leg = offered.call.offer?.leg ?? ''
  expect(offered.tell({ type: 'reconciled', legs: { caller: 'up', [leg]: 'up' } }).call.state).toBe('talking')
})

test('a call-back rings the seat, then the caller, on the same contact, and asks for consent anew', () => {
  const told = arrived().tell(
    { type: 'digit', digit: '0' },
    { type: 'callerHungUp' },
    { type: 'callBack', seat: 's1' },
  )
  expect(told.call).toMatchObject({ state: 'offered', phase: 'calling-back', consent: null })
  told.tell({ type: 'legUp', leg: told.call.offer?.leg ?? '' })
  expect(told.call).toMatchObject({ state: 'talking', phase: 'calling' })
  expect(told.last).toContainEqual(expect.objectContaining({ do: 'dialCaller', leg: told.call.callerLeg }))
  told.tell({ type: 'legUp', leg: told.call.callerLeg })
  expect(told.call).toMatchObject({ phase: 'together', outcome: 'abandoned', answeredAt: null })
  expect(told.tell({ type: 'callerHungUp' }).call.state).toBe('wrap-up')
})

test('a call-back that reaches nobody leaves the contact as it was and the seat free', () => {
  const told = waiting().tell({ type: 'callerHungUp' }, { type: 'callBack', seat: 's1' })
  told.tell({ type: 'legUp', leg: told.call.offer?.leg ?? '' }, { type: 'callerHungUp' })
  expect(told.call).toMatchObject({ state: 'closed', outcome: 'abandoned', talk: null })
  expect(told.last).toContainEqual({
    do: 'duty',
    seat: 's1',
    event: { type: 'released', contact: 'c', wrapUpFor: 0 },
  })
})

test('the switchboard dies: failed with the time; a talk that was over is left to be finished', () => {
  expect(answeredWith('1').at(99).tell({ type: 'switchboardLost' }).call).toMatchObject({
    state: 'failed',
    outcome: 'failed',
    endedAt: 99_000,
  })
  expect(answeredWith('2').tell({ type: 'hangUp' }, { type: 'switchboardLost' }).call.state).toBe('wrap-up')
})

test('G24-3.2.2b: a seat that answered and was never heard is passed over; the caller keeps the place and waits on', () => {
  const told = answeredWith('1')
  told.at(10).tell({ type: 'seatSilent', leg: told.call.talk?.leg ?? '' })
  expect(told.call).toMatchObject({ state: 'waiting', phase: 'queue', ringsAgain: true, queuedAt: 0 })
  expect(told.call).toMatchObject({ answeredAt: null, outcome: null, recording: 0, passed: [{ seat: 's1' }] })
  expect(told.last).toContainEqual({ do: 'duty', seat: 's1', event: { type: 'lost', contact: 'c' } })
  told.tell({ type: 'callerHungUp' })
  expect(told.call).toMatchObject({ state: 'closed', outcome: 'abandoned' })
})

test('a seat that is silent while the caller is on hold, or another leg, changes nothing', () => {
  const told = answeredWith('2')
  const leg = told.call.talk?.leg ?? ''
  told.refuses({ type: 'seatSilent', leg: 'stranger' })
  told.tell({ type: 'hold', on: true }).refuses({ type: 'seatSilent', leg })
})
