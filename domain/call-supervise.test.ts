import fc from 'fast-check'
import { expect, test } from 'vitest'
import { step } from './call.ts'
import { defaultSettings, type Call, type Effect, type SuperviseMode } from './call-state.ts'
import { anyCall, line, play, type Line } from './testing/orders.ts'
import { answeredWith, story } from './testing/story.ts'

const supervise = (mode: SuperviseMode, seat = 'sup') =>
  ({ type: 'supervise', seat, mode, reason: 'new counsellor', by: 'wang' }) as const

/** A talk with a supervisor who answered at the own seat. */
function supervised(mode: SuperviseMode) {
  const told = answeredWith('1').tell(supervise(mode))
  const leg = told.call.talk?.guests[0]?.leg ?? ''
  return { told: told.tell({ type: 'legUp', leg }), leg, ear: told.call.talk?.leg ?? '' }
}

test('G24-5.3.5: listening and whispering go by the counsellor’s leg; caller and recording are left alone', () => {
  const { told, leg, ear } = supervised('listen')
  const listening = { do: 'supervise', leg, target: ear, mode: 'listen' }
  expect(told.last.filter((each) => each.do !== 'duty')).toEqual([listening])
  told.tell(supervise('whisper'))
  expect(told.last).toEqual([{ ...listening, mode: 'whisper' }])
  expect(told.call).toMatchObject({ phase: 'together', recording: 1, talk: { seat: 's1' } })
  expect(told.spoken()).not.toContain('join')
})

test('G24-7.5a: a supervisor who barges in is heard only after the caller was told', () => {
  const { told, leg } = supervised('barge')
  const room = told.call.talk?.room ?? ''
  expect(told.spoken().at(-1)).toBe('join')
  expect(told.last).not.toContainEqual({ do: 'join', leg, room })
  told.saidAll()
  expect(told.last).toContainEqual({ do: 'join', leg, room })
  expect(told.last).toContainEqual(expect.objectContaining({ do: 'supervise', leg, mode: 'off' }))
})

test('words that are cut off by a hold have told nobody: they are said again when the caller is back', () => {
  const { told, leg } = supervised('barge')
  told.tell({ type: 'hold', on: true }).saidAll().tell({ type: 'hold', on: false })
  expect(told.spoken().filter((each) => each === 'join')).toHaveLength(2)
  const room = told.call.talk?.room ?? ''
  told.saidAll()
  expect(told.last).toContainEqual({ do: 'join', leg, room })
})

test('G24-5.3.5: taking over makes the supervisor the one who answers, and the counsellor finishes what was theirs', () => {
  const { told, leg } = supervised('take-over')
  expect(told.call.talk?.seat).toBe('s1')
  told.saidAll()
  expect(told.call).toMatchObject({ phase: 'together', recording: 1, talk: { seat: 'sup', leg, guests: [] } })
  const released = { type: 'released', contact: 'c', wrapUpFor: defaultSettings.wrapUpFor }
  expect(told.last).toContainEqual({ do: 'duty', seat: 's1', event: released })
})

test('one supervisor goes from listening to whispering, barging and taking over on the same leg', () => {
  const { told, leg } = supervised('listen')
  told.tell(supervise('whisper'), supervise('barge')).saidAll().tell(supervise('listen'))
  expect(told.last).toContainEqual({ do: 'leave', leg })
  told.tell(supervise('take-over')).saidAll()
  expect(told.call.talk).toMatchObject({ seat: 'sup', leg })
})

test('two supervisors listen at once, and each leaves alone', () => {
  const { told, leg } = supervised('listen')
  told.tell(supervise('whisper', 'sup2'))
  const second = told.call.talk?.guests[1]?.leg ?? ''
  told.tell({ type: 'legUp', leg: second }, { type: 'dismiss', seat: 'sup' })
  expect(told.last).toContainEqual({ do: 'hangUp', leg })
  expect(told.call.talk?.guests.map((guest) => guest.leg)).toEqual([second])
})

test('the counsellor hangs up while somebody listens: the talk is over, and the listener’s seat is free', () => {
  const { told, leg } = supervised('whisper')
  told.tell({ type: 'hangUp' })
  expect(told.call).toMatchObject({ state: 'survey', talk: null })
  expect(told.last).toContainEqual({ do: 'hangUp', leg })
  const free = { type: 'released', contact: 'c', wrapUpFor: 0 }
  expect(told.last).toContainEqual({ do: 'duty', seat: 'sup', event: free })
})

test('a listener follows the counsellor’s seat that was lost and came back, and a transfer to another seat', () => {
  const { told, leg, ear } = supervised('listen')
  told.tell({ type: 'legEnded', leg: ear, cause: 'lost' }, { type: 'seatReturned', seat: 's1' })
  const back = told.call.talk?.leg ?? ''
  told.tell({ type: 'legUp', leg: back })
  expect(told.last).toContainEqual({ do: 'supervise', leg, target: back, mode: 'listen' })
  told.tell({ type: 'transfer', to: { seat: 's2' }, attended: false })
  const next = told.call.talk?.guests.find((guest) => guest.role === 'transfer')?.leg ?? ''
  told.tell({ type: 'legUp', leg: next })
  expect(told.last).toContainEqual({ do: 'supervise', leg, target: next, mode: 'listen' })
})

test('a supervisor whose page reloads is gone from the call, and nobody else is disturbed', () => {
  const { told, leg, ear } = supervised('barge')
  told.saidAll().tell({ type: 'legEnded', leg, cause: 'lost' })
  expect(told.call).toMatchObject({ phase: 'together', talk: { seat: 's1', leg: ear, guests: [] } })
  const free = { type: 'released', contact: 'c', wrapUpFor: 0 }
  expect(told.last).toEqual([{ do: 'duty', seat: 'sup', event: free }])
  told.tell(supervise('listen'))
  expect(told.call.talk?.guests).toHaveLength(1)
})

test('the counsellor hangs up while a supervisor speaks with the caller: the supervisor goes on', () => {
  const { told, leg } = supervised('barge')
  told.saidAll().tell({ type: 'hangUp' })
  expect(told.call).toMatchObject({ state: 'talking', talk: { seat: 'sup', leg, guests: [] } })
})

test('taking over in the middle of a consultation brings the caller back and lets the third person go', () => {
  const { told } = supervised('listen')
  told.tell({ type: 'transfer', to: { seat: 's2' }, attended: true })
  const consulted = told.call.talk?.guests.find((guest) => guest.role === 'transfer')?.leg ?? ''
  told.tell({ type: 'legUp', leg: consulted }, supervise('take-over')).saidAll()
  expect(told.call).toMatchObject({ phase: 'together', talk: { seat: 'sup', guests: [] } })
  expect(told.last).toContainEqual({ do: 'hangUp', leg: consulted })
})

test('a supervisor is dropped who only listened when the caller is handed to an outside number', () => {
  const { told, leg } = supervised('listen')
  told.tell({ type: 'transfer', to: { number: 'sealed' }, attended: false })
  const outside = told.call.talk?.guests.find((guest) => guest.role === 'transfer')?.leg ?? ''
  told.tell({ type: 'legUp', leg: outside })
  expect(told.last).toContainEqual({ do: 'hangUp', leg })
  expect(told.call.talk?.guests.map((guest) => guest.leg)).toEqual([outside])
})

test('G24-7.5a: a supervisor whom the caller was not told of does not go along to an outside number', () => {
  const told = answeredWith('2').tell({ type: 'transfer', to: { number: 'sealed' }, attended: true })
  const outside = told.call.talk?.guests[0]?.leg ?? ''
  told.tell(supervise('barge'))
  const leg = told.call.talk?.guests[1]?.leg ?? ''
  told.tell({ type: 'legUp', leg }, { type: 'legUp', leg: outside }, { type: 'completeTransfer' })
  expect(told.call).toMatchObject({ phase: 'outside', talk: { guests: [{ leg: outside }] } })
  expect(told.last).toContainEqual({ do: 'hangUp', leg })
})

test('after a restart of the server a listener hears again, and words that told the caller are said once more', () => {
  const { told, leg, ear } = supervised('listen')
  const legs = { caller: 'up', [ear]: 'up', [leg]: 'up' } as const
  told.tell({ type: 'reconciled', legs })
  expect(told.last).toContainEqual({ do: 'supervise', leg, target: ear, mode: 'listen' })
  told.tell(supervise('barge'), { type: 'reconciled', legs })
  expect(told.spoken().at(-1)).toBe('join')
  told.saidAll()
  expect(told.call.talk?.guests[0]).toMatchObject({ supervision: { inRoom: true, told: true } })
})

test('a line that tells of supervision tells also of a supervisor who listens, before anything is heard', () => {
  const told = story({ settings: { ...defaultSettings, tellOfSupervision: true } }).tell({ type: 'arrived' })
  told.saidAll().tell({ type: 'digit', digit: '2' }).saidAll().tell({ type: 'offered', seat: 's1' })
  told.tell({ type: 'legUp', leg: told.call.offer?.leg ?? '' }, supervise('listen'))
  const leg = told.call.talk?.guests[0]?.leg ?? ''
  told.tell({ type: 'legUp', leg })
  expect(told.spoken().at(-1)).toBe('join')
  expect(told.done.some((each) => each.do === 'supervise')).toBe(false)
  told.saidAll()
  expect(told.last).toContainEqual(expect.objectContaining({ do: 'supervise', mode: 'listen' }))
})

test('nobody supervises the own call, a call that is not talked, or one that is with an outside number', () => {
  story().refuses(supervise('listen'))
  answeredWith('1').refuses(supervise('listen', 's1'))
})

/** Where each leg is, by the effects alone: what the switchboard would be doing. */
interface Sound {
  rooms: Map<string, string>
  ears: Map<string, { target: string; mode: string }>
}

const hears: { [D in Effect['do']]?: (sound: Sound, effect: Extract<Effect, { do: D }>) => void } = {
  join: ({ rooms }, { leg, room }) => void rooms.set(leg, room),
  leave: ({ rooms }, { leg }) => void rooms.delete(leg),
  hangUp: ({ rooms, ears }, { leg }) => {
    rooms.delete(leg)
    ears.delete(leg)
  },
  closeRoom: ({ rooms }, { room }) => {
    for (const [leg, at] of rooms) if (at === room) rooms.delete(leg)
  },
  supervise: ({ ears }, { leg, target, mode }) => {
    if (mode === 'off') ears.delete(leg)
    else ears.set(leg, { target, mode })
  },
}

function follow(sound: Sound, effects: readonly Effect[]): void {
  for (const effect of effects) {
    const hear = hears[effect.do] as ((sound: Sound, effect: Effect) => void) | undefined
    hear?.(sound, effect)
  }
}

/** A talk with a supervisor in it, from which the random orders go on. */
const talk: Line[] = [
  (call) => ({ type: 'playEnded', play: call.play ?? '' }),
  () => ({ type: 'digit', digit: '1' }),
  (call) => ({ type: 'playEnded', play: call.play ?? '' }),
  () => ({ type: 'offered', seat: 's1' }),
  (call) => ({ type: 'legUp', leg: call.offer?.leg ?? '' }),
  () => supervise('barge', 's2'),
  (call) => ({ type: 'legUp', leg: call.talk?.guests[0]?.leg ?? '' }),
]
const orders = fc.array(line, { maxLength: 60 }).map((rest) => [...talk, ...rest])

const supervisors = (call: Call) => (call.talk?.guests ?? []).filter((guest) => guest.role === 'supervisor')

test('G24-7.5a: in no order of events is a supervisor heard by a caller who was not told, or a whisper by the caller', () => {
  let spoke = 0
  let listened = 0
  fc.assert(
    fc.property(orders, (script) => {
      const sound: Sound = { rooms: new Map(), ears: new Map() }
      const said = new Set<string>()
      play(anyCall(true), script, (before, after, effects, event) => {
        if (event.type === 'playEnded' && event.play === before.play) {
          for (const { leg, supervision } of supervisors(before)) {
            if (supervision.play === event.play) said.add(leg)
          }
        }
        if (event.type === 'legEnded') follow(sound, [{ do: 'hangUp', leg: event.leg }])
        follow(sound, effects)
        for (const { leg, supervision } of supervisors(after)) {
          const withCaller = sound.rooms.has(leg) && sound.rooms.get(leg) === sound.rooms.get(after.callerLeg)
          const quiet = supervision.mode === 'listen' || supervision.mode === 'whisper'
          if (quiet) expect(sound.rooms.has(leg)).toBe(false)
          if (withCaller) expect(said).toContain(leg)
          spoke += withCaller ? 1 : 0
          const ear = sound.ears.get(leg)
          if (!ear) continue
          listened += 1
          expect(ear.target).not.toBe(after.callerLeg)
          expect(sound.rooms.has(leg)).toBe(false)
          if (ear.mode === 'whisper') expect(supervision.mode).toBe('whisper')
        }
      })
    }),
    { numRuns: 3000, seed: 5 },
  )
  expect(spoke).toBeGreaterThan(20)
  expect(listened).toBeGreaterThan(100)
})

test('whatever happened, when the caller has gone no supervisor is left in the line', () => {
  fc.assert(
    fc.property(orders, (script) => {
      const dialled = new Set<string>()
      const gone = new Set<string>()
      const watch = (effects: readonly Effect[]): void => {
        for (const effect of effects) {
          if (effect.do === 'dialSeat') dialled.add(effect.leg)
          if (effect.do === 'hangUp') gone.add(effect.leg)
        }
      }
      const last = play(anyCall(true), script, (_, __, effects, event) => {
        if (event.type === 'legEnded') gone.add(event.leg)
        if (event.type === 'reconciled') {
          for (const leg of dialled) if (!event.legs[leg]) gone.add(leg)
        }
        watch(effects)
      })
      watch(step(last, { type: 'callerHungUp' }, 1e6).effects)
      expect([...dialled].filter((leg) => !gone.has(leg))).toEqual([])
    }),
    { numRuns: 2000 },
  )
})
