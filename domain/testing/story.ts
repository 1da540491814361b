import { expect } from 'vitest'
import { newCall, step } from '../call.ts'
import type { Call, CallEvent, Effect, PlayPart } from '../call-state.ts'

/** A call in a story: events in order, with the clock in seconds. */
export function story(given: Partial<Parameters<typeof newCall>[0]> = {}) {
  let call = newCall({
    contact: 'c',
    line: 'general',
    callerLeg: 'caller',
    canCallBack: true,
    ringsAgain: false,
    arrivedAt: 0,
    ...given,
  })
  let now = 0
  const done: Effect[] = []
  const told = {
    get call(): Call {
      return call
    },
    done,
    last: [] as Effect[],
    at(seconds: number) {
      now = seconds * 1000
      return told
    },
    tell(...events: CallEvent[]) {
      for (const event of events) {
        const result = step(call, event, now)
        expect(result.refused, `${call.state}/${call.phase} refuses ${event.type}`).toBe(false)
        call = result.call
        told.last = result.effects
        done.push(...result.effects)
      }
      return told
    },
    refuses(event: CallEvent) {
      const before = structuredClone(call)
      const result = step(call, event, now)
      expect(result).toEqual({ call: before, effects: [], refused: true })
      return told
    },
    spoken() {
      const plays = done.filter((each) => each.do === 'play')
      return plays.flatMap((each) =>
        each.parts.map((part: PlayPart) => ('prompt' in part ? part.prompt : 'tone')),
      )
    },
    over(): CallEvent {
      return { type: 'playEnded', play: call.play ?? 'none' }
    },
    saidAll() {
      return told.tell(told.over())
    },
  }
  return told
}

/** A caller who was answered. */
export const arrived = () => story().tell({ type: 'arrived' })
/** A caller who waits and did not agree to be recorded. */
export const waiting = () => arrived().saidAll().tell({ type: 'digit', digit: '2' }).saidAll()
/** A caller who pressed 1 or 2 and talks to a counsellor. */
export const answeredWith = (digit: string) => {
  const told = arrived().saidAll().tell({ type: 'digit', digit }).saidAll()
  told.tell({ type: 'offered', seat: 's1' })
  return told.at(10).tell({ type: 'legUp', leg: told.call.offer?.leg ?? '' })
}
