import { isIPv4, isIPv6 } from 'node:net'

const MAX_LENGTH = 32_768
const MAX_LINES = 600
const MAX_MEDIA = 16

/** SDP that cannot be read (RFC 8866). */
export class SdpError extends Error {}

/** An `a=` line: `a=name` or `a=name:value`. */
export interface Attribute {
  name: string
  value: string
}

/** An `m=` line with what belongs to it. */
export interface MediaLine {
  kind: string
  port: number
  protocol: string
  formats: string[]
  /** Address of its own `c=` or the session's; null when neither is there, or it is no literal of its family. */
  address: string | null
  attributes: Attribute[]
}

/** A session description, as far as audio calls need it. */
export interface Description {
  attributes: Attribute[]
  media: MediaLine[]
}

function addressOf(value: string): string | null {
  const [net, family, address = ''] = value.split(/\s+/)
  const literal = address.split('/')[0] ?? ''
  if (net !== 'IN') return null
  if (family === 'IP6') return isIPv6(literal) ? literal.toLowerCase() : null
  return family === 'IP4' && isIPv4(literal) ? literal : null
}

function mediaOf(value: string, sessionAddress: string | null): MediaLine {
  const match = /^([\w-]{1,32}) (\d{1,5})(?:\/\d{1,5})? ([\w/]{1,64})((?: [!-~]{1,32}){0,64})\s*$/.exec(value)
  const port = Number(match?.[2])
  if (!match || port > 65_535) throw new SdpError('media line cannot be read')
  return {
    kind: match[1] ?? '',
    port,
    protocol: match[3] ?? '',
    formats: (match[4] ?? '').split(' ').filter((format) => format !== ''),
    address: sessionAddress,
    attributes: [],
  }
}

function attributeOf(value: string): Attribute {
  const colon = value.indexOf(':')
  if (colon < 0) return { name: value.trim(), value: '' }
  return { name: value.slice(0, colon), value: value.slice(colon + 1).trim() }
}

/** Reads SDP from a stranger. Throws SdpError; unknown lines are passed over. */
export function parseDescription(text: string): Description {
  if (text.length > MAX_LENGTH) throw new SdpError('too long')
  const lines = text.split(/\r\n|\n|\r/).filter((line) => line !== '')
  if (lines.length > MAX_LINES) throw new SdpError('too many lines')
  if (lines[0]?.trim() !== 'v=0') throw new SdpError('does not begin with v=0')
  const description: Description = { attributes: [], media: [] }
  let address: string | null = null
  let media: MediaLine | null = null
  for (const line of lines) {
    if (line[1] !== '=') throw new SdpError('line without a type')
    const value = line.slice(2)
    if (line[0] === 'm') {
      media = mediaOf(value, address)
      description.media.push(media)
      if (description.media.length > MAX_MEDIA) throw new SdpError('too many media')
    } else if (line[0] === 'c') {
      if (media) media.address = addressOf(value)
      else address = addressOf(value)
    } else if (line[0] === 'a') {
      const attributes = media ? media.attributes : description.attributes
      attributes.push(attributeOf(value))
    }
  }
  return description
}

/** The value of the first attribute of that name of a media line, else of the session; null when there is none. */
export function attribute(description: Description, media: MediaLine, name: string): string | null {
  const found =
    media.attributes.find((entry) => entry.name === name) ??
    description.attributes.find((entry) => entry.name === name)
  return found?.value ?? null
}
