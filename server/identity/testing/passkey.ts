/* An authenticator for tests: makes and shows a passkey as WebAuthn level 3 §6.5 and §7 describe it, by its own bytes. */
import { createHash, generateKeyPairSync, randomBytes, sign } from 'node:crypto'

type Answer = {
  id: string
  rawId: string
  type: 'public-key'
  response: Record<string, unknown>
  clientExtensionResults: Record<string, unknown>
}

/** A passkey of one relying party. */
export interface TestPasskey {
  id: string
  /** The answer to a registration. */
  made(challenge: string, origin: string): Answer
  /** The answer to an authentication; its count rises with each. */
  shown(challenge: string, origin: string): Answer
}

const sha256 = (bytes: string | Buffer): Buffer => createHash('sha256').update(bytes).digest()
const text = (type: string, challenge: string, origin: string): Buffer =>
  Buffer.from(JSON.stringify({ type, challenge, origin, crossOrigin: false }))
const uint = (value: number, bytes: number): Buffer => {
  const out = Buffer.alloc(bytes)
  out.writeUIntBE(value, 0, bytes)
  return out
}
/** CBOR (RFC 8949) of the few kinds needed here: byte strings and texts of less than 65,536 bytes. */
const head = (major: number, length: number): Buffer => {
  if (length < 24) return Buffer.of((major << 5) | length)
  return length < 256
    ? Buffer.of((major << 5) | 24, length)
    : Buffer.concat([Buffer.of((major << 5) | 25), uint(length, 2)])
}
const bytesOf = (value: Buffer): Buffer => Buffer.concat([head(2, value.length), value])
const textOf = (value: string): Buffer =>
  Buffer.concat([head(3, Buffer.byteLength(value)), Buffer.from(value)])

/** Makes a passkey (ES256) of the relying party. */
export function aPasskey(host: string): TestPasskey {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const { x = '', y = '' } = publicKey.export({ format: 'jwk' })
  const rawId = randomBytes(16)
  const id = rawId.toString('base64url')
  let count = 0
  // COSE_Key (RFC 9053 7.1): kty EC2, alg ES256, crv P-256, x, y.
  const cose = Buffer.concat([
    Buffer.of(0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21),
    bytesOf(Buffer.from(x, 'base64url')),
    Buffer.of(0x22),
    bytesOf(Buffer.from(y, 'base64url')),
  ])
  const authenticator = (flags: number): Buffer =>
    Buffer.concat([sha256(host), Buffer.of(flags), uint(count, 4)])
  const answer = (response: Record<string, unknown>): Answer => ({
    id,
    rawId: id,
    type: 'public-key',
    response,
    clientExtensionResults: {},
  })
  return {
    id,
    made(challenge, origin) {
      // User present and attested credential data included.
      const data = Buffer.concat([authenticator(0x41), Buffer.alloc(16), uint(16, 2), rawId, cose])
      const attestation = Buffer.concat([
        Buffer.of(0xa3),
        textOf('fmt'),
        textOf('none'),
        textOf('attStmt'),
        Buffer.of(0xa0),
        textOf('authData'),
        bytesOf(data),
      ])
      return answer({
        clientDataJSON: text('webauthn.create', challenge, origin).toString('base64url'),
        attestationObject: attestation.toString('base64url'),
        transports: ['internal'],
      })
    },
    shown(challenge, origin) {
      count += 1
      const client = text('webauthn.get', challenge, origin)
      const data = authenticator(0x01)
      const signature = sign('sha256', Buffer.concat([data, sha256(client)]), privateKey)
      return answer({
        clientDataJSON: client.toString('base64url'),
        authenticatorData: data.toString('base64url'),
        signature: signature.toString('base64url'),
      })
    },
  }
}
