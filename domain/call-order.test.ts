import fc from 'fast-check'
import { expect, test } from 'vitest'
import { isLive, isOver, moves, step } from './call.ts'
import type { Call, CallEvent, CallState, Effect } from './call-state.ts'
import { dutyAfter, offDuty, type Duty } from './duty.ts'
import { anyCall, line, play, seats, type Line } from './testing/orders.ts'

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
      const supervisesBusy = (call: Call, event: CallEvent): boolean =>
        event.type === 'supervise' &&
        !call.talk?.guests.some((guest) => 'seat' in guest.to && guest.to.seat === event.seat) &&
        duties.get(event.seat)?.state !== 'free'
      const careful = script.map((each): Line => (call) => {
        const event = each(call)
        return asksForBusy(event) || supervisesBusy(call, event) ? { type: 'close' } : event
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
