/** Whom a counsellor's call for help rings, and when (G24-5.3.5). Durations in milliseconds. */

/** The next supervisor is rung after this long without an answer. */
export const nextAfter = 20_000
/** From then on everybody is rung, again and again. */
export const everybodyAfter = 40_000
/** How often everybody is rung until somebody comes. */
const againAfter = 30_000

/** Somebody who may come. */
export interface Helper {
  person: string
  /** On duty with a free seat: since when; null for who is only logged in. */
  idleSince: number | null
}

/** Who is rung now, and when to look again. */
export interface Ring {
  people: string[]
  nextAt: number
}

/** The one who has been free longest comes first; who is on no duty comes after those who are. */
const order = (a: Helper, b: Helper): number =>
  (a.idleSince ?? Number.POSITIVE_INFINITY) - (b.idleSince ?? Number.POSITIVE_INFINITY) ||
  a.person.localeCompare(b.person)

/**
 * Whom to ring at `now` for help asked at `at`: one after the other, longest free first, everybody after 40 s or when
 * nobody is left who was not asked. Never the one who asks.
 */
export function ringForHelp(
  helpers: readonly Helper[],
  asked: readonly string[],
  asker: string,
  at: number,
  now: number,
): Ring {
  const others = helpers.filter(({ person }) => person !== asker)
  const fresh = others.filter(({ person }) => !asked.includes(person)).toSorted(order)
  const [first] = fresh
  if (now - at >= everybodyAfter || !first) {
    return { people: others.map(({ person }) => person), nextAt: now + againAfter }
  }
  return { people: [first.person], nextAt: Math.min(now + nextAfter, Math.max(now, at + everybodyAfter)) }
}
