/** The only thing the parsers throw. Its message names the flaw in a few words and quotes nothing of the input. */
export class SipParseError extends Error {
  constructor(flaw: string) {
    super(flaw)
    this.name = 'SipParseError'
  }
}
