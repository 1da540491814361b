import { Headers, parseNameAddress, parseVia } from './headers.ts'
import { SipParseError } from './parse-error.ts'
import { parseUri } from './uri.ts'

/** A request as read from, or to be written to, the wire. */
export interface SipRequest {
  readonly kind: 'request'
  readonly method: string
  readonly uri: string
  readonly headers: Headers
  readonly body: string
}

/** A response likewise. */
export interface SipResponse {
  readonly kind: 'response'
  readonly status: number
  readonly reason: string
  readonly headers: Headers
  readonly body: string
}

export type SipMessage = SipRequest | SipResponse

const requestLine = /^([A-Za-z0-9\-.!%*_+`'~]+) (\S+) (SIP\/\d+\.\d+)$/i
/** Start lines of requests with spaces too many, or of other versions: enough to be refused politely. */
const looseLine = /^([A-Za-z0-9\-.!%*_+`'~]+)\s+(\S.*?)\s+SIP\/(\d+\.\d+)\s*$/i
const statusLine = /^SIP\/2\.0 ([1-6]\d\d)(?: (.*))?$/i
const bareLineEnd = /\r(?!\n)|(?<!\r)\n/
const fieldLine = /^([A-Za-z0-9\-.!%*_+`'~]+)[ \t]*:[ \t]*([^]*)$/

/** Headers that may stand only once (RFC 3261 table 2). */
const singletons = new Set([
  'from',
  'to',
  'call-id',
  'cseq',
  'max-forwards',
  'content-length',
  'content-type',
  'expires',
])

/** Read as far as the header lines: enough to answer 400 to, not enough to act upon. */
export interface RawMessage {
  readonly message: SipMessage
  /** What is wrong with it, or null. */
  readonly flaw: string | null
  /** The status a request with that flaw deserves: 505 for another version of SIP, else 400. */
  readonly refusal: 400 | 505
}

function readHeaders(lines: readonly string[]): Headers {
  const headers = new Headers()
  const unfolded: string[] = []
  for (const line of lines) {
    if (line.startsWith(' ') || line.startsWith('\t')) {
      const last = unfolded.pop()
      if (last === undefined) throw new SipParseError('folding without a header')
      unfolded.push(`${last} ${line.trim()}`)
    } else unfolded.push(line)
  }
  for (const line of unfolded) {
    const match = fieldLine.exec(line)
    if (!match) throw new SipParseError('bad header line')
    headers.add(match[1] ?? '', (match[2] ?? '').trim())
  }
  return headers
}

interface StartLine {
  readonly message: SipMessage
  readonly flaw: string | null
  readonly refusal: 400 | 505
}

function readStartLine(line: string, headers: Headers): StartLine {
  const status = statusLine.exec(line)
  if (status) {
    const reason = status[2] ?? ''
    const message: SipResponse = { kind: 'response', status: Number(status[1]), reason, headers, body: '' }
    return { message, flaw: null, refusal: 400 }
  }
  const loose = looseLine.exec(line)
  if (!loose) throw new SipParseError('bad start line')
  const [, method = '', uri = '', version] = loose
  const message: SipRequest = { kind: 'request', method, uri, headers, body: '' }
  if (version !== '2.0') return { message, flaw: 'other SIP version', refusal: 505 }
  return { message, flaw: requestLine.test(line) ? null : 'bad start line', refusal: 400 }
}

/** CSeq, read. Throws SipParseError. */
export function parseCSeq(headers: Headers): { readonly number: number; readonly method: string } {
  const match = /^(\d{1,10})\s+([A-Za-z0-9\-.!%*_+`'~]+)$/.exec(headers.get('cseq') ?? '')
  const number = Number(match?.[1])
  if (!match || number > 0x7fff_ffff) throw new SipParseError('bad CSeq')
  return { number, method: match[2] ?? '' }
}

function checkRequest(request: SipRequest): void {
  if (parseCSeq(request.headers).method !== request.method) throw new SipParseError('CSeq of another method')
  // Neither headers nor a second meaning may hide in a request line (§19.1.1).
  if (parseUri(request.uri)?.headers) throw new SipParseError('request URI with headers')
  request.headers.number('max-forwards', 255)
  request.headers.number('expires')
  if (request.method === 'INVITE') {
    const contacts = request.headers.list('contact')
    // Without a tag in From it is a call of old (RFC 2543), which is answered to its From.
    const isOld = contacts.length === 0 && tagOf(request.headers, 'from') === null
    if (contacts.length !== 1 && !isOld) throw new SipParseError('INVITE needs one Contact')
  }
}

/** Everything an endpoint relies on is checked here, so that nothing behind it need be afraid. */
function check(message: SipMessage): void {
  const { headers } = message
  const repeated = headers.repeated(singletons)
  if (repeated !== null) throw new SipParseError(`repeated ${repeated}`)
  if (!/^[^\s]{1,256}$/.test(headers.get('call-id') ?? '')) throw new SipParseError('bad Call-ID')
  const vias = headers.list('via')
  if (vias.length === 0) throw new SipParseError('no Via')
  for (const via of vias) parseVia(via)
  for (const name of ['from', 'to'] as const) {
    const address = parseNameAddress(headers.get(name) ?? '')
    parseUri(address.uri)
  }
  for (const name of ['contact', 'route', 'record-route']) {
    for (const value of headers.list(name)) if (value !== '*') parseUri(parseNameAddress(value).uri)
  }
  if (message.kind === 'request') checkRequest(message)
  else parseCSeq(headers)
}

/** Body by Content-Length: a datagram may carry more (dropped) but not less. */
function readBody(headers: Headers, body: Buffer): string {
  const length = headers.number('content-length')
  if (length !== null && length > body.length) throw new SipParseError('body shorter than Content-Length')
  return body.toString('utf8', 0, length ?? body.length)
}

/** True for control characters other than tab, CR and LF, and those that stand behind a backslash (§25.1, quoted-pair). */
function hasControl(text: string): boolean {
  for (let i = 0; i < text.length; i += 1) {
    const code = text.charCodeAt(i)
    if (code === 92) i += text.charCodeAt(i + 1) === 13 ? 0 : 1
    else if (code < 32 && code !== 9 && code !== 10 && code !== 13) return true
  }
  return false
}

/** Reads start line and headers and says what is wrong with them. Throws SipParseError if even that is hopeless. */
export function readMessage(data: Buffer): RawMessage {
  let start = 0
  while (data[start] === 13 || data[start] === 10) start += 1
  const end = data.indexOf('\r\n\r\n', start, 'latin1')
  if (end < 0) throw new SipParseError('no end of headers')
  const text = data.toString('utf8', start, end)
  if (hasControl(text)) throw new SipParseError('control characters')
  const [first = '', ...lines] = text.split('\r\n')
  if (bareLineEnd.test(text)) throw new SipParseError('bare CR or LF')
  const headers = readHeaders(lines)
  const { message, flaw, refusal } = readStartLine(first, headers)
  if (flaw !== null) return { message, flaw, refusal }
  try {
    check(message)
    return { message: { ...message, body: readBody(headers, data.subarray(end + 4)) }, flaw: null, refusal }
  } catch (error) {
    if (error instanceof SipParseError) return { message, flaw: error.message, refusal }
    throw error
  }
}

/** Reads one whole message, as it stands in a datagram or a WebSocket frame. Throws SipParseError and nothing else. */
export function parseMessage(data: Buffer): SipMessage {
  const { message, flaw } = readMessage(data)
  if (flaw !== null) throw new SipParseError(flaw)
  return message
}

/** Writes a message, with its Content-Length. */
export function serialiseMessage(message: SipMessage): string {
  const first =
    message.kind === 'request'
      ? `${message.method} ${message.uri} SIP/2.0`
      : `SIP/2.0 ${message.status} ${message.reason}`
  const { headers, body } = message
  const others = headers.get('content-length') === null ? headers : headers.copy().remove('content-length')
  return `${first}\r\n${others.toString()}Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`
}

/** The tag of From or To, or null. */
export const tagOf = (headers: Headers, name: 'from' | 'to'): string | null =>
  parseNameAddress(headers.get(name) ?? '').params.get('tag') ?? null

const reasons: Readonly<Record<number, string>> = {
  100: 'Trying',
  180: 'Ringing',
  183: 'Session Progress',
  200: 'OK',
  202: 'Accepted',
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  406: 'Not Acceptable',
  407: 'Proxy Authentication Required',
  408: 'Request Timeout',
  410: 'Gone',
  415: 'Unsupported Media Type',
  416: 'Unsupported URI Scheme',
  420: 'Bad Extension',
  422: 'Session Interval Too Small',
  423: 'Interval Too Brief',
  480: 'Temporarily Unavailable',
  481: 'Call/Transaction Does Not Exist',
  482: 'Loop Detected',
  486: 'Busy Here',
  487: 'Request Terminated',
  488: 'Not Acceptable Here',
  489: 'Bad Event',
  491: 'Request Pending',
  500: 'Server Internal Error',
  501: 'Not Implemented',
  503: 'Service Unavailable',
  504: 'Server Time-out',
  505: 'Version Not Supported',
  600: 'Busy Everywhere',
  603: 'Decline',
}

/** The usual reason phrase of a status. */
export const reasonOf = (status: number): string => reasons[status] ?? (status < 300 ? 'OK' : 'Refused')

/** A response to a request with the headers RFC 3261 §8.2.6 demands; the To tag is added when it is missing. */
export function responseTo(request: SipRequest, status: number, toTag: string | null = null): SipResponse {
  const headers = new Headers()
  for (const via of request.headers.all('via')) headers.add('via', via)
  headers.add('from', request.headers.get('from') ?? '')
  const to = request.headers.get('to') ?? ''
  const tagged = /;\s*tag\s*=/i.test(to.slice(to.lastIndexOf('>') + 1))
  headers.add('to', toTag === null || tagged ? to : `${to};tag=${toTag}`)
  headers.add('call-id', request.headers.get('call-id') ?? '').add('cseq', request.headers.get('cseq') ?? '')
  return { kind: 'response', status, reason: reasonOf(status), headers, body: '' }
}

/** The SDP a message carries: its body, or the SDP part of a multipart body (SIP-I trunks); null when none. */
export function sdpOf(message: SipMessage): string | null {
  if (message.body.trim() === '') return null
  const type = message.headers.get('content-type') ?? ''
  if (/^application\/sdp\b/i.test(type)) return message.body
  const boundary = /^multipart\/.*;\s*boundary\s*=\s*("?)([^";]{1,70})\1/is.exec(type)?.[2]
  if (boundary === undefined) return null
  for (const part of message.body.split(`--${boundary}`)) {
    const [head = '', ...rest] = part.split(/\r?\n\r?\n/)
    if (/^content-type\s*:\s*application\/sdp\b/im.test(head)) return rest.join('\r\n\r\n')
  }
  return null
}
