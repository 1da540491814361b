/**
 * A reason why Hearthline cannot start or go on that its operator can remove: one sentence in English and one in
 * Chinese. It is printed as it stands, without a stack, and ends the program with code 1.
 */
export class Trouble extends Error {
  /** Both sentences must name what is wrong and what to do about it, never anything secret. */
  constructor(english: string, chinese: string) {
    super(`${english} ${chinese}`)
  }
}

/** The text of any thrown thing: a Trouble's sentence, or the stack of what nobody expected. */
export function describe(error: unknown): string {
  if (error instanceof Trouble) return error.message
  return error instanceof Error ? (error.stack ?? error.message) : String(error)
}
