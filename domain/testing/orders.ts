import fc from 'fast-check'
import { expect } from 'vitest'
import { newCall, step } from '../call.ts'
import { type Call, type CallEvent, type Effect, superviseModes } from '../call-state.ts'
import { riskLevels } from '../risk.ts'

/** The seats of the orders. */
export const seats = ['s1', 's2', 's3']
/** A call that has just come in. */
export const anyCall = (canCallBack: boolean): Call =>
  newCall({ contact: 'c', line: 'l', callerLeg: 'caller', canCallBack, ringsAgain: false, arrivedAt: 0 })

/** An event as a script names it; the ids of legs and plays are filled in from the call, as telephony would know them. */
export type Line = (call: Call) => CallEvent

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
/** Any one event. */
export const line: fc.Arbitrary<Line> = fc.oneof(
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
  {
    weight: 6,
    arbitrary: fc.tuple(seat, fc.constantFrom(...superviseModes)).map(([each, mode]): Line => () => ({
      type: 'supervise',
      seat: each,
      mode,
      reason: 'why',
      by: 'somebody',
    })),
  },
  { weight: 1, arbitrary: seat.map((each): Line => () => ({ type: 'dismiss', seat: each })) },
  { weight: 2, arbitrary: seat.map((each): Line => () => ({ type: 'callBack', seat: each })) },
  { weight: 2, arbitrary: fc.constant<Line>((call) => ({ type: 'legUp', leg: call.callerLeg })) },
  {
    weight: 1,
    arbitrary: fc.nat(5).map((pick): Line => (call) => ({ type: 'seatSilent', leg: legOf(call, pick) })),
  },
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

/** Plays a script on a call; `see` is told every step. */
export function play(
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
