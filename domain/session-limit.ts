/* How long somebody stays logged in, and how long they count as having just shown who they are. */

/** A session without a sign of life for so long is over. */
export const idleMs = 12 * 3_600_000
/** How long a session lasts however busy it is. */
export const sessionMs = 24 * 3_600_000
/** How long a log-in may take from the passphrase to the second factor. */
export const begunMs = 15 * 60_000
/** How long after passphrase and second factor somebody may do what needs them fresh (roles, keys, disclosure). */
export const freshMs = 10 * 60_000
/** How long a passkey's challenge or a secret not yet confirmed may be answered. */
export const challengeMs = 5 * 60_000

/** Whether a session is still open: all instants in ms since 1970. */
export const isOpen = (session: { seenAt: number; expiresAt: number }, nowMs: number): boolean =>
  nowMs < session.expiresAt && nowMs - session.seenAt < idleMs

/** Whether who logged in has shown passphrase and second factor lately enough. An instant to come is none. */
export const isFresh = (freshAt: number | null, nowMs: number): boolean =>
  freshAt !== null && freshAt <= nowMs && nowMs - freshAt < freshMs

/** What a log-in still needs after the passphrase: nothing, a second factor, or to set one up (G24-7.5c). */
export function stageAfterPassphrase(given: { factors: number; demo: boolean }): 'in' | 'prove' | 'set-up' {
  if (given.factors > 0) return 'prove'
  return given.demo ? 'in' : 'set-up'
}
