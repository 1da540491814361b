/** A digit as SIP INFO carries it. */
export interface DigitPress {
  readonly digit: string
  readonly durationMs: number
}

const digitCode = (signal: string): string | null => {
  const text = signal.trim().toUpperCase()
  if (/^[0-9*#A-D]$/.test(text)) return text
  if (text === '10') return '*'
  if (text === '11') return '#'
  return /^1[2-5]$/.test(text) ? ('ABCD'[Number(text) - 12] ?? null) : null
}

/** Reads application/dtmf-relay or application/dtmf. Null: another type; 'unreadable': one of these, but broken. */
export function digitOf(type: string, body: string): DigitPress | 'unreadable' | null {
  if (/^application\/dtmf-relay\b/i.test(type)) {
    const digit = digitCode(/^\s*signal\s*=\s*([^\s;]+)/im.exec(body)?.[1] ?? '')
    const duration = Number(/^\s*duration\s*=\s*(\d{1,6})/im.exec(body)?.[1] ?? 160)
    return digit === null ? 'unreadable' : { digit, durationMs: duration }
  }
  if (/^application\/dtmf\b/i.test(type)) {
    const digit = digitCode(body)
    return digit === null ? 'unreadable' : { digit, durationMs: 160 }
  }
  return null
}

/** Body and type of an INFO that carries a digit. */
export const writeDigit = (digit: string, durationMs: number): { type: string; body: string } => ({
  type: 'application/dtmf-relay',
  body: `Signal=${digit}\r\nDuration=${Math.round(durationMs)}\r\n`,
})
