import type { SrtpKeys } from '../rtp/srtp.ts'
import type { Attribute } from './description.ts'

/** Keys of one side with the number they are offered under (RFC 4568 §9.1). */
export interface CryptoTerms {
  readonly tag: string
  readonly keys: SrtpKeys
}

const suites = { AES_CM_128_HMAC_SHA1_80: 10, AES_CM_128_HMAC_SHA1_32: 4 } as const

const isSuite = (name: string): name is keyof typeof suites => name in suites

/** True for a session parameter that changes nothing for us: the peer's window, or one it leaves to us (§6.3.7). */
const isHarmless = (parameter: string): boolean => /^(WSH=\d+|-.+)$/.test(parameter)

/** Reads one `a=crypto`; null for suites, key identifiers and parameters we do not serve. */
export function readCrypto({ value }: Attribute): CryptoTerms | null {
  const [tag = '', suite = '', inline = '', ...parameters] = value.split(/\s+/)
  // One key, perhaps with its lifetime; a key identifier (`|1:4`) would lengthen every packet.
  const match = /^inline:([A-Za-z0-9+/]{40})(?:\|(?:2\^\d{1,2}|\d{1,15}))?$/.exec(inline)
  if (!/^\d{1,9}$/.test(tag) || !isSuite(suite) || !match || !parameters.every(isHarmless)) return null
  const bytes = Buffer.from(match[1] ?? '', 'base64')
  return { tag, keys: { key: bytes.subarray(0, 16), salt: bytes.subarray(16, 30), tag: suites[suite] } }
}

/** The value of `a=crypto` for keys of ours. */
export function writeCrypto({ tag, keys }: CryptoTerms): string {
  const suite = keys.tag === 10 ? 'AES_CM_128_HMAC_SHA1_80' : 'AES_CM_128_HMAC_SHA1_32'
  return `${tag} ${suite} inline:${Buffer.concat([keys.key, keys.salt]).toString('base64')}`
}
