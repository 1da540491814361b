import type { Call, CallState, Outcome } from './call-state.ts'
import type { Consent } from './consent.ts'
import { shownRisk, type RiskLevel } from './risk.ts'

/** How a contact came. */
export type Channel = 'phone' | 'web-call' | 'chat' | 'by-hand'

/** A contact as the doors of the house show it (`contacts --json`): nothing identifying. Instants are ISO 8601 text. */
export interface PublicContact {
  number: number
  line: string
  channel: Channel
  state: CallState
  outcome: Outcome | null
  risk: RiskLevel | 'danger-key' | null
  consent: Consent | null
  startedAt: string
  answeredAt: string | null
  endedAt: string | null
  recorded: boolean
}

const text = (instant: number | null): string | null =>
  instant === null ? null : new Date(instant).toISOString()

/** The public shape of a call; `line` is the line's number. */
export const publicContact = (
  call: Call,
  given: { number: number; line: string; channel: Channel; recorded: boolean },
): PublicContact => ({
  ...given,
  state: call.state,
  outcome: call.outcome,
  risk: shownRisk(call.danger, call.risk),
  consent: call.consent,
  startedAt: new Date(call.arrivedAt).toISOString(),
  answeredAt: text(call.answeredAt),
  endedAt: text(call.endedAt),
})
