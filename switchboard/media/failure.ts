/**
 * Why the media engine refused: `not-acceptable` (no common codec; SIP 488), `no-ports` (pool exhausted; SIP 503),
 * `malformed` (SDP that cannot be read; SIP 400), `no-leg` (unknown leg), `exists` (the id is taken), `lost` (worker died).
 */
export type MediaErrorCode = 'not-acceptable' | 'no-ports' | 'malformed' | 'no-leg' | 'exists' | 'lost'

/** The one error the media engine throws; branch on `code`, never on the message. */
export class MediaError extends Error {
  readonly code: MediaErrorCode

  constructor(code: MediaErrorCode, detail?: string) {
    super(detail === undefined ? code : `${code}: ${detail}`)
    this.name = 'MediaError'
    this.code = code
  }
}
