import fc from 'fast-check'
import { expect, test } from 'vitest'
import { isLive, isOver, moves, newCall, step } from './call.ts'
import type { Call, CallEvent, CallState, Effect } from './call-state.ts'
import { dutyAfter, offDuty, type Duty } from './duty.ts'
import { riskLevels } from './risk.ts'

const seats = ['s1', 's2', 's3']
const anyCall = (canCallBack: boolean): Call =>
  newCall({ contact: 'c', line: 'l', callerLeg: 'caller', canCallBack, ringsAgain: false, arrivedAt: 0 })

/** An event as a script names it; the ids of legs and plays are filled in from the call, as telephony would know them. */
type Line = (call: Call) => CallEvent

const legOf = (call: Call, pick: number): string => {
  const legs = [
    call.offer?.leg,
    call.talk?.leg,
    ...(call.talk?.guests.map((guest) => guest.leg) ?? []),
    'stranger',
  ]
  const known = legs.filter((leg) => typeof leg === 'string')
  return known[pick % known.length] ?? 'stranger'
}

const seat = fc.constantFrom(...seats)
const causes = fc.constantFrom('hangup', 'declined', 'busy', 'no-answer', 'unreachable', 'lost')
const to = fc.oneof(
  seat.map((each) => ({ seat: each })),
  fc.constant({ line: 'other' }),
  fc.constant({ number: 'sealed' }),
)
const line: fc.Arbitrary<Line> = fc.oneof(
  { weight: 4, arbitrary: fc.constant<Line>((call) => ({ type: 'playEnded', play: call.play ?? 'none' })) },
  {
    weight: 4,
    arbitrary: fc.constantFrom(...'0129#4').map((digit): Line => () => ({ type: 'digit', digit })),
  },
  {
    weight: 4,
    arbitrary: fc.constant<Line>((call) => ({
      type: 'deadline',
      kind: call.deadline?.kind ?? 'news',
      spot: { ahead: 1, minutes: 2 },
    })),
  },
  { weight: 4, arbitrary: seat.map((each): Line => () => ({ type: 'offered', seat: each })) },
  {
    weight: 6,
    arbitrary: fc.nat(5).map((pick): Line => (call) => ({ type: 'legUp', leg: legOf(call, pick) })),
  },
  {
    weight: 4,
    arbitrary: fc
      .tuple(fc.nat(5), causes)
      .map(([pick, cause]): Line => (call) => ({ type: 'legEnded', leg: legOf(call, pick), cause })),
  },
  {
    weight: 3,
    arbitrary: fc
      .tuple(to, fc.boolean())
      .map(([where, attended]): Line => () => ({ type: 'transfer', to: where, attended })),
  },
  { weight: 2, arbitrary: fc.boolean().map((on): Line => () => ({ type: 'hold', on })) },
  { weight: 2, arbitrary: seat.map((each): Line => () => ({ type: 'invite', seat: each })) },
  { weight: 1, arbitrary: seat.map((each): Line => () => ({ type: 'dismiss', seat: each })) },
  { weight: 2, arbitrary: seat.map((each): Line => () => ({ type: 'callBack', seat: each })) },
  { weight: 2, arbitrary: fc.constant<Line>((call) => ({ type: 'legUp', leg: call.callerLeg })) },
  { weight: 2, arbitrary: seat.map((each): Line => () => ({ type: 'seatReturned', seat: each })) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(...riskLevels).map((risk): Line => () => ({ type: 'assessed', risk })),
  },
  {
    weight: 6,
    arbitrary: fc
      .constantFrom<CallEvent[]>(
        { type: 'hangUp' },
        { type: 'mute', on: true },
        { type: 'decline' },
        { type: 'completeTransfer' },
        { type: 'cancelTransfer' },
        { type: 'consentGiven' },
        { type: 'consentWithdrawn' },
        { type: 'nobodyOnDuty' },
        { type: 'somebodyOnDuty' },
        { type: 'arrived' },
        { type: 'close' },
        { type: 'recordingBroken', segment: 1 },
      )
      .map(
        (event): Line =>
          () =>
            event,
      ),
  },
  {
    weight: 1,
    arbitrary: fc.boolean().map((all): Line => (call) => {
      const legs: Record<string, 'up'> = { caller: 'up' }
      if (all) for (let pick = 0; pick < 5; pick += 1) legs[legOf(call, pick)] = 'up'
      return { type: 'reconciled', legs }
    }),
  },
)

function play(
  call: Call,
  script: readonly Line[],
  see: (before: Call, after: Call, effects: Effect[], event: CallEvent) => void,
): Call {
  let now = 0
  return script.reduce(
    (before, each) => {
      now += 1000
      const event = each(before)
      const copy = structuredClone(before)
      const result = step(before, event, now)
      expect(before).toEqual(copy)
      if (result.refused) expect(result.call).toBe(before)
      see(before, result.call, result.effects, event)
      return result.call
    },
    step(call, { type: 'arrived' }, 0).call,
  )
}

test('the random orders reach every state and phase, so the properties below speak of all of them', () => {
  const seen = new Set<string>()
  for (const script of fc.sample(fc.array(line, { minLength: 30, maxLength: 80 }), {
    numRuns: 3000,
    seed: 7,
  })) {
    play(anyCall(true), script, (_, after) => seen.add(`${after.state}/${after.phase}`))
  }
  const all = [
    'greeting/ask',
    'greeting/listen',
    'greeting/thank',
    'waiting/queue',
    'waiting/nobody',
    'waiting/message',
  ]
  const talks = ['calling', 'together', 'held', 'consulting', 'handing', 'seat-lost', 'outside'].map(
    (each) => `talking/${each}`,
  )
  const ends = [
    'waiting/goodbye',
    'offered/ringing',
    'survey/asking',
    'survey/goodbye',
    'wrap-up/none',
    'closed/none',
  ]
  for (const each of [...all, ...talks, ...ends]) expect(seen, each).toContain(each)
})

test('every random order of events leaves a legal state or is refused without change', () => {
  fc.assert(
    fc.property(fc.boolean(), fc.array(line, { maxLength: 60 }), (canCallBack, script) => {
      play(anyCall(canCallBack), script, (before, after, _, event) => {
        if (before !== after) expect(moves[before.state][event.type]).toContain(after.state)
        expect((after.state === 'talking') === (after.talk !== null)).toBe(true)
        expect((after.state === 'offered') === (after.offer !== null)).toBe(true)
        if (!isLive(after.state)) expect(after.deadline).toBe(null)
      })
    }),
    { numRuns: 2000 },
  )
})

test('whatever happened, a caller who hangs up ends the call, and a record can be closed', () => {
  fc.assert(
    fc.property(fc.array(line, { maxLength: 60 }), (script) => {
      const call = play(anyCall(true), script, () => undefined)
      const gone = step(call, { type: 'callerHungUp' }, 1e6).call
      expect(isLive(gone.state)).toBe(false)
      const closed = gone.state === 'wrap-up' ? step(gone, { type: 'close' }, 1e6).call : gone
      expect(isOver(closed.state)).toBe(true)
    }),
    { numRuns: 1000 },
  )
})

test('a live call that neither talks nor waits in the queue always has a deadline, so it cannot hang', () => {
  fc.assert(
    fc.property(fc.array(line, { maxLength: 60 }), (script) => {
      play(anyCall(true), script, (_, after) => {
        const calm = after.state === 'talking' && !['seat-lost', 'handing'].includes(after.phase)
        if (isLive(after.state) && !calm)
          expect(after.deadline, `${after.state}/${after.phase}`).not.toBe(null)
      })
    }),
    { numRuns: 2000 },
  )
})

test('a caller who only listens is never cut off before being answered or having heard what is possible', () => {
  let call = step(anyCall(true), { type: 'arrived' }, 0).call
  let now = 0
  for (let turn = 0; turn < 200; turn += 1) {
    now = Math.max(now, call.deadline?.at ?? now)
    call = step(
      call,
      { type: 'deadline', kind: call.deadline?.kind ?? 'news', spot: { ahead: 2, minutes: 9 } },
      now,
    ).call
  }
  expect(call).toMatchObject({ state: 'waiting', phase: 'queue', consent: 'silent' })
})

test('G24-7.5a: no order of events starts a recording of a talk without consent given at that moment', () => {
  fc.assert(
    fc.property(fc.array(line, { maxLength: 80 }), (script) => {
      let running = false
      play(anyCall(true), script, (_, after, effects) => {
        for (const effect of effects) {
          if (effect.do === 'startRecording' && effect.kind === 'talk') {
            expect(after.consent).toBe('given')
            expect(after.state).toBe('talking')
            running = true
          }
          if (effect.do === 'stopRecording' && effect.kind === 'talk') running = false
        }
        expect(running).toBe(after.recording > 0)
        if (after.consent !== 'given') expect(running).toBe(false)
      })
    }),
    { numRuns: 2000 },
  )
})

test('no seat has two calls, and every seat a call took is given back', () => {
  fc.assert(
    fc.property(fc.array(line, { maxLength: 80 }), (script) => {
      const duties = new Map<string, Duty>(seats.map((each) => [each, { ...offDuty(0), state: 'free' }]))
      const heard = (effects: Effect[]): void => {
        for (const effect of effects) {
          if (effect.do !== 'duty') continue
          const before = duties.get(effect.seat) ?? offDuty(0)
          const after = dutyAfter(before, effect.event, 0)
          expect(after, `${before.state} refuses ${effect.event.type}`).not.toBe(null)
          if (after) duties.set(effect.seat, after)
        }
      }
      // The shell offers and rings only seats that are free, in the same transaction: so does this script.
      const asksForBusy = (event: CallEvent): boolean => {
        const asked = event.type === 'transfer' && 'seat' in event.to ? event.to.seat : null
        const wanted =
          event.type === 'offered' || event.type === 'invite' || event.type === 'callBack'
            ? event.seat
            : asked
        return wanted !== null && duties.get(wanted)?.state !== 'free'
      }
      const careful = script.map((each): Line => (call) => {
        const event = each(call)
        return asksForBusy(event) ? { type: 'close' } : event
      })
      const last = play(anyCall(true), careful, (_, __, effects) => {
        heard(effects)
      })
      const end = step(last, { type: 'callerHungUp' }, 1e6)
      heard(end.effects)
      for (const own of duties.values()) expect(['free', 'wrap-up', 'paused']).toContain(own.state)
    }),
    { numRuns: 2000 },
  )
})

test('no state is without a way to the end', () => {
  const reaches = (from: CallState, seen = new Set<CallState>()): boolean => {
    if (isOver(from)) return true
    seen.add(from)
    return Object.values(moves[from])
      .flat()
      .some((next) => !seen.has(next) && reaches(next, seen))
  }
  for (const state of Object.keys(moves) as CallState[]) expect(reaches(state), state).toBe(true)
})

test('the same events give the same effects with the same ids, so a crash can be healed by repeating', () => {
  fc.assert(
    fc.property(fc.array(line, { maxLength: 40 }), (script) => {
      const seen = (): string[] => {
        const effects: string[] = []
        play(anyCall(true), script, (_, __, each) => effects.push(JSON.stringify(each)))
        return effects
      }
      expect(seen()).toEqual(seen())
    }),
    { numRuns: 200 },
  )
})
