/**
 * The hotline's time as the server has it. Desk computers are often minutes wrong, and waits shown wrong would mislead,
 * so the offset is taken from the Date header of every answer.
 */
let offset = 0

/** Learns from an answer's Date header (whole seconds), the request having gone out at `sentAt` (ms since 1970). */
export function learnClock(header: string | null, sentAt: number, receivedAt: number): void {
  const server = header ? Date.parse(header) : Number.NaN
  if (Number.isNaN(server)) return
  const seen = server + 500 - (sentAt + receivedAt) / 2
  // The header has whole seconds only: a smaller difference than 1.5 s is nothing.
  offset = Math.abs(seen) < 1500 ? 0 : seen
}

/** Now, by the server's clock; ms since 1970. */
export const hotlineNow = (): number => Date.now() + offset
