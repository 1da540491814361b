/* Refusals for whoever watches the log: which rule, at which route, to whom. Never what was sent or from where. */
import type { Logger } from 'pino'
import type { ProblemCode } from '../../domain/problem.ts'

/** A request that was refused; `who` is a person's id, null for somebody who is not logged in. */
export interface Refused {
  code: ProblemCode
  method: string
  /** The route as it is written, with its parameters unfilled. */
  route: string
  who: string | null
}

/** The same refusal is written once in such a time, with how often it came. */
const quietMs = 60_000
/** Refusals told apart at once; more are told again from the start. */
const mostKinds = 2000

/** Makes the teller of refusals. One that comes again and again fills no log: it is counted, and told once a minute. */
export function tellRefusals(log: Logger, now: () => number = Date.now): (refused: Refused) => void {
  const told = new Map<string, { at: number; since: number }>()
  return (refused) => {
    // A page that asks who is logged in is answered so a thousand times a day.
    if (refused.code === 'session.needed') return
    const key = JSON.stringify(Object.values(refused))
    const before = told.get(key)
    if (before && now() - before.at < quietMs) {
      before.since += 1
      return
    }
    if (told.size > mostKinds) told.clear()
    told.set(key, { at: now(), since: 0 })
    log.warn({ ...refused, times: 1 + (before?.since ?? 0) }, 'a request was refused')
  }
}
