import { SipParseError } from './parse-error.ts'
import { parseParams } from './headers.ts'
import type { Params } from './headers.ts'
import { remembered } from './remembered.ts'

/** A SIP, SIPS or tel URI, taken apart (RFC 3261 §19.1, RFC 3966). */
export interface SipUri {
  readonly scheme: 'sip' | 'sips' | 'tel'
  /** Unescaped; '' when there is none. For tel the number. */
  readonly user: string
  /** Lower case; IPv6 without its brackets; '' for tel. */
  readonly host: string
  readonly port: number | null
  readonly params: Params
  /** What stands behind the question mark, as written. */
  readonly headers: string
}

/** Undoes %XX escapes; those that make no sense stay as they are. */
export function unescapeUri(text: string): string {
  if (!text.includes('%')) return text
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

/** Writes a user part so that nothing in it can end it early. */
export const escapeUser = (user: string): string =>
  user.replace(/[^A-Za-z0-9\-_.!~*'()&=+$,]/gu, (c) =>
    c === '#' ? '%23' : encodeURIComponent(c.isWellFormed() ? c : '?'),
  )

const hostPattern = /^(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9.])?)(?::(\d{1,5}))?$/

function parseTel(rest: string): SipUri {
  const semicolon = rest.indexOf(';')
  const user = semicolon < 0 ? rest : rest.slice(0, semicolon)
  if (!/^\+?[0-9A-Fa-f*#().-]+$/.test(user)) throw new SipParseError('bad tel URI')
  const params = parseParams(semicolon < 0 ? '' : rest.slice(semicolon))
  return { scheme: 'tel', user: user.replace(/[().-]/g, ''), host: '', port: null, params, headers: '' }
}

/** Reads a URI; null for a scheme we do not serve, SipParseError for one that is broken. */
export const parseUri = remembered(readUri)

function readUri(text: string): SipUri | null {
  const colon = text.indexOf(':')
  const scheme = text.slice(0, Math.max(colon, 0)).toLowerCase()
  if (!/^[a-z][a-z0-9+.-]*$/.test(scheme) || /[\s<>"\p{Cc}]/u.test(text)) throw new SipParseError('bad URI')
  const rest = text.slice(colon + 1)
  if (scheme === 'tel') return parseTel(rest)
  return scheme === 'sip' || scheme === 'sips' ? parseSip(scheme, rest) : null
}

function splitOnce(text: string, mark: string): [string, string] {
  const at = text.indexOf(mark)
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)]
}

function parseSip(scheme: 'sip' | 'sips', rest: string): SipUri {
  const at = rest.indexOf('@')
  const afterUser = rest.slice(at + 1)
  if (at === 0 || afterUser.includes('@')) throw new SipParseError('bad URI')
  const [hostAndParams, headers] = splitOnce(afterUser, '?')
  const [hostAndPort, params] = splitOnce(hostAndParams, ';')
  const match = hostPattern.exec(hostAndPort)
  if (!match || Number(match[2] ?? 0) > 65535) throw new SipParseError('bad URI host')
  const userinfo = at < 0 ? '' : rest.slice(0, at)
  return {
    scheme,
    user: unescapeUri(splitOnce(userinfo, ':')[0]),
    host: (match[1] ?? '').toLowerCase().replace(/^\[|\]$/g, ''),
    port: match[2] === undefined ? null : Number(match[2]),
    params: parseParams(params),
    headers,
  }
}

/** The user part of a URI, without control characters (escaped ones too); '' when it has none or cannot be read. */
export function userOf(uri: string): string {
  try {
    // A telephone number may carry parameters inside the user part: sip:+123;phone-context=x@host
    return ((parseUri(uri)?.user ?? '').split(';')[0] ?? '').replace(/\p{Cc}/gu, '')
  } catch {
    return ''
  }
}

/** Host as it stands in a URI or a Via: IPv6 in brackets. */
export const hostText = (host: string): string => (host.includes(':') ? `[${host}]` : host)
