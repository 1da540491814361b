/** What an ARI operation answers when it cannot be done: an HTTP status and Asterisk's `{"message"}` body. */
export class AriFault extends Error {
  readonly status: number
  constructor(status: number, message: string) {
    super(message)
    this.status = status
  }
}

/** 404 with the words Asterisk uses, e.g. "Channel not found". */
export const notFound = (what: string) => new AriFault(404, `${what} not found`)

/** 501 naming the operation this switchboard leaves out. */
export const leftOut = (operation: string) =>
  new AriFault(501, `This switchboard does not serve the operation ${operation}`)
