import { SipParseError } from './parse-error.ts'
import { remembered } from './remembered.ts'

/** Compact forms (RFC 3261 §7.3.3 and the registry of header fields). */
const compactNames: Readonly<Record<string, string>> = {
  a: 'accept-contact',
  b: 'referred-by',
  c: 'content-type',
  d: 'request-disposition',
  e: 'content-encoding',
  f: 'from',
  i: 'call-id',
  j: 'reject-contact',
  k: 'supported',
  l: 'content-length',
  m: 'contact',
  o: 'event',
  r: 'refer-to',
  s: 'subject',
  t: 'to',
  u: 'allow-events',
  v: 'via',
  x: 'session-expires',
}

const fullName = (name: string): string => {
  const lower = name.toLowerCase()
  return lower.length === 1 ? (compactNames[lower] ?? lower) : lower
}

/** Names as they are written: those whose usual spelling is not "each word with a capital", then all that were met. */
const spelled = new Map([
  ['call-id', 'Call-ID'],
  ['cseq', 'CSeq'],
  ['www-authenticate', 'WWW-Authenticate'],
  ['min-se', 'Min-SE'],
])

function spelling(key: string): string {
  const known = spelled.get(key)
  if (known !== undefined) return known
  const made = key.replace(/(^|-)([a-z])/g, (_, dash: string, letter: string) => dash + letter.toUpperCase())
  if (spelled.size < 500) spelled.set(key, made)
  return made
}

/** Splits at top-level commas: not inside quotes or angle brackets. Empty elements are dropped. */
export function splitList(value: string, separator = ','): string[] {
  if (!value.includes(separator)) {
    const only = value.trim()
    return only === '' ? [] : [only]
  }
  const parts: string[] = []
  let start = 0
  let quoted = false
  let angle = false
  for (let i = 0; i < value.length; i += 1) {
    const c = value[i]
    if (quoted) {
      if (c === '\\') i += 1
      else if (c === '"') quoted = false
    } else if (c === '"') quoted = true
    else if (c === '<') angle = true
    else if (c === '>') angle = false
    else if (c === separator && !angle) {
      parts.push(value.slice(start, i).trim())
      start = i + 1
    }
  }
  parts.push(value.slice(start).trim())
  return parts.filter((part) => part !== '')
}

/** The header fields of one message, in order. Names are matched without case and in either form. */
export class Headers {
  private readonly fields: { key: string; value: string }[] = []

  /** Appends a field. CR and LF in a value are replaced, so that no value can smuggle a field in. */
  add(name: string, value: string | number): this {
    const text = String(value)
    this.fields.push({
      key: fullName(name),
      value: /[\r\n]/.test(text) ? text.replace(/[\r\n]+/g, ' ') : text,
    })
    return this
  }

  /** Puts a field before all others (a Via). */
  prepend(name: string, value: string): this {
    this.fields.unshift({ key: fullName(name), value })
    return this
  }

  /** Replaces all fields of this name by one, in the place of the first. */
  set(name: string, value: string | number): this {
    const key = fullName(name)
    const first = this.fields.findIndex((field) => field.key === key)
    if (first < 0) return this.add(name, value)
    const kept = this.fields.filter((field, i) => field.key !== key || i === first)
    this.fields.splice(0, this.fields.length, ...kept)
    this.fields[first] = { key, value: String(value).replace(/[\r\n]+/g, ' ') }
    return this
  }

  remove(name: string): this {
    const key = fullName(name)
    const kept = this.fields.filter((field) => field.key !== key)
    this.fields.splice(0, this.fields.length, ...kept)
    return this
  }

  /** The first value as written, or null. */
  get(name: string): string | null {
    const key = fullName(name)
    for (const field of this.fields) if (field.key === key) return field.value
    return null
  }

  /** Every value as written, one a field. */
  all(name: string): string[] {
    const key = fullName(name)
    const values: string[] = []
    for (const field of this.fields) if (field.key === key) values.push(field.value)
    return values
  }

  /** The first of some headers that stands more than once, or null. */
  repeated(names: ReadonlySet<string>): string | null {
    const met = new Set<string>()
    for (const { key } of this.fields) {
      if (!names.has(key)) continue
      if (met.has(key)) return key
      met.add(key)
    }
    return null
  }

  /** Every element of a comma-separated header, over all its fields. */
  list(name: string): string[] {
    return this.all(name).flatMap((value) => splitList(value))
  }

  /** True when a comma-separated header of tokens (Supported, Require, Allow) has this token. */
  has(name: string, token: string): boolean {
    return this.list(name).some((element) => element.toLowerCase() === token.toLowerCase())
  }

  /** A whole number in 0..max, or null when absent. Throws SipParseError for anything else. */
  number(name: string, max = 0xffff_ffff): number | null {
    const value = this.get(name)
    if (value === null) return null
    const digits = value.trim()
    if (!/^\d{1,10}$/.test(digits) || Number(digits) > max)
      throw new SipParseError(`bad ${spelling(fullName(name))}`)
    return Number(digits)
  }

  copy(): Headers {
    const copied = new Headers()
    copied.fields.push(...this.fields.map((field) => ({ ...field })))
    return copied
  }

  /** The fields as they go on the wire, each with its CRLF. */
  toString(): string {
    let text = ''
    for (const { key, value } of this.fields) text += `${spelling(key)}: ${value}\r\n`
    return text
  }
}

/** Parameters behind a semicolon. Names in lower case; a flag has the value ''. */
export type Params = ReadonlyMap<string, string>

const unquote = (value: string): string =>
  value.startsWith('"') && value.endsWith('"') && value.length > 1
    ? value.slice(1, -1).replace(/\\(.)/gs, '$1')
    : value

/** Reads `;a=b;c` (with or without the first semicolon), or with commas the parts of a digest header. */
export function parseParams(text: string, separator = ';'): Params {
  const params = new Map<string, string>()
  for (const part of splitList(text, separator)) {
    const equals = part.indexOf('=')
    const name = (equals < 0 ? part : part.slice(0, equals)).trim().toLowerCase()
    if (!/^[a-z0-9\-.!%*_+`'~[\]:$]+$/.test(name)) throw new SipParseError('bad parameter')
    const value = equals < 0 ? '' : part.slice(equals + 1).trim()
    if (value.startsWith('"') !== value.endsWith('"') || value === '"')
      throw new SipParseError('unbalanced quotes')
    if (!params.has(name)) params.set(name, unquote(value))
  }
  return params
}

/** From, To, Contact, Route, Refer-To, P-Asserted-Identity...: a name, a URI as written, and header parameters. */
export interface NameAddress {
  readonly name: string | null
  readonly uri: string
  readonly params: Params
}

/** End of a quoted string that begins at 0, or -1. */
function endOfQuoted(text: string): number {
  for (let i = 1; i < text.length; i += 1) {
    if (text[i] === '\\') i += 1
    else if (text[i] === '"') return i
  }
  return -1
}

/** Reads one name-addr or addr-spec (RFC 3261 §20.10). Throws SipParseError. */
export const parseNameAddress = remembered(readNameAddress)

function readNameAddress(value: string): NameAddress {
  const text = value.trim()
  let rest = text
  let name: string | null = null
  if (text.startsWith('"')) {
    const end = endOfQuoted(text)
    if (end < 0) throw new SipParseError('unbalanced quotes')
    name = unquote(text.slice(0, end + 1))
    rest = text.slice(end + 1).trim()
    if (!rest.startsWith('<')) throw new SipParseError('bad address')
  }
  const open = rest.indexOf('<')
  if (open < 0) return bareAddress(rest)
  const close = rest.indexOf('>', open)
  if (close < 0) throw new SipParseError('bad address')
  if (open > 0) {
    name = rest.slice(0, open).trim()
    if (/[",;:@<>\\]/.test(name)) throw new SipParseError('bad display name')
  }
  const after = rest.slice(close + 1).trim()
  if (after !== '' && !after.startsWith(';')) throw new SipParseError('bad address')
  const uri = rest.slice(open + 1, close)
  if (!/^[A-Za-z][A-Za-z0-9+.-]*:[^\s<>"]+$/.test(uri)) throw new SipParseError('bad URI')
  // Control characters may stand in a quoted name; nobody shall be shown them.
  const shown = name?.replace(/\p{Cc}/gu, '') ?? ''
  return { name: shown === '' ? null : shown, uri, params: parseParams(after) }
}

/** Without brackets, parameters belong to the header, and the URI may have neither comma nor question mark. */
function bareAddress(text: string): NameAddress {
  const semicolon = text.indexOf(';')
  const uri = (semicolon < 0 ? text : text.slice(0, semicolon)).trim()
  if (!/^[A-Za-z][A-Za-z0-9+.-]*:[^\s<>",?]+$/.test(uri)) throw new SipParseError('bad URI')
  return { name: null, uri, params: parseParams(semicolon < 0 ? '' : text.slice(semicolon)) }
}

/** Writes a display name as a quoted string with its URI in brackets. */
export function writeNameAddress(name: string | null, uri: string): string {
  if (name === null || name === '') return `<${uri}>`
  const clean = name.replace(/\p{Cc}/gu, '')
  return `"${clean.replace(/["\\]/g, '\\$&')}" <${uri}>`
}

/** The topmost Via, read (RFC 3261 §20.42). */
export interface Via {
  readonly transport: string
  readonly host: string
  readonly port: number | null
  readonly params: Params
}

const viaPattern =
  /^SIP\s*\/\s*2\.0\s*\/\s*([A-Za-z0-9-]+)\s+(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+)\s*(?::\s*(\d{1,5}))?\s*(;.*)?$/is

/** Reads one Via. Throws SipParseError. */
export const parseVia = remembered(readVia)

function readVia(value: string): Via {
  const match = viaPattern.exec(value.trim())
  if (!match) throw new SipParseError('bad Via')
  const [, transport = '', host = '', port, params = ''] = match
  if (port !== undefined && Number(port) > 65535) throw new SipParseError('bad Via')
  return {
    transport: transport.toUpperCase(),
    host: host.toLowerCase(),
    port: port === undefined ? null : Number(port),
    params: parseParams(params),
  }
}
