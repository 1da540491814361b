/** What happens to the deployment is told here: who called so far, and where people are. */
import type { Session } from '../journeys/hotline.ts'
import type { TestAsterisk } from '../asterisk/asterisk.ts'
import type { Server } from './machines.ts'
import type { PatroniTrial } from './patroni.ts'
import type { Caller, Carrier, DeskPhone } from './people.ts'

/** Everything that runs. */
export interface Trial {
  database: PatroniTrial
  asterisks: readonly [TestAsterisk, TestAsterisk]
  servers: readonly [Server, Server]
  phones: readonly DeskPhone[]
  carrier: Carrier
  /** Starts the Asterisk of this place again. */
  again: (place: 0 | 1) => Promise<void>
}

/** What has happened so far. */
export interface Story extends Trial {
  /** Every call that was ever made. */
  callers: Caller[]
  /** The server that people use now, and the counsellors of both phones there. */
  server: Server
  supervisor: Session
  counsellors: Session[]
  /** Settles when the primary that was killed follows the new one. */
  rejoined: Promise<void>
}

const begun = performance.now()
/** How long ago it was, in seconds. */
export const since = (from: number): string => `${((performance.now() - from) / 1000).toFixed(1)} s`

/** Prints what was seen; throws when it is not so. */
export function must(what: string, holds: boolean): void {
  if (!holds) throw new Error(`not so: ${what}`)
  console.log(`ok  ${since(begun).padStart(7)}  ${what}`)
}

/** Calls, and remembers the callers. */
export async function callIn(story: Story, numbers: readonly string[], agree = false): Promise<Caller[]> {
  const made = await story.carrier.calls(numbers, agree)
  story.callers.push(...made)
  return made
}
