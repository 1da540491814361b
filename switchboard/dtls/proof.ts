import { constants, createHash, createHmac, verify, X509Certificate } from 'node:crypto'
import type { DtlsSocket } from 'werift'
import { DtlsServer } from 'werift'

type Message = Parameters<DtlsSocket['handleFragmentHandshake']>[0][number]

const CLIENT_HELLO = 1
const SERVER_HELLO = 2
const CERTIFICATE = 11
const SERVER_KEY_EXCHANGE = 12
const CERTIFICATE_VERIFY = 15
const CLIENT_KEY_EXCHANGE = 16
const FINISHED = 20
const RANDOM_BYTES = 32
const SHARE_AT = 3

/** Signature schemes of TLS 1.2 that are taken, with their hash (RFC 5246 §7.4.1.4.1, RFC 8446 §4.2.3); none with SHA-1. */
const schemes = new Map<number, { hash: string; pss: boolean }>([
  [0x0401, { hash: 'sha256', pss: false }],
  [0x0403, { hash: 'sha256', pss: false }],
  [0x0501, { hash: 'sha384', pss: false }],
  [0x0503, { hash: 'sha384', pss: false }],
  [0x0601, { hash: 'sha512', pss: false }],
  [0x0603, { hash: 'sha512', pss: false }],
  [0x0804, { hash: 'sha256', pss: true }],
  [0x0805, { hash: 'sha384', pss: true }],
  [0x0806, { hash: 'sha512', pss: true }],
])

function isSigned(certificate: Buffer, scheme: number, signed: Buffer, signature: Buffer): boolean {
  const known = schemes.get(scheme)
  if (!known) return false
  const key = new X509Certificate(certificate).publicKey
  const padding = known.pss
    ? { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST }
    : {}
  return verify(known.hash, signed, { key, ...padding }, signature)
}

/** The first 12 bytes of the PRF with SHA-256 over a transcript (RFC 5246 §5, §7.4.9). */
function verifyDataOf(secret: Buffer, label: string, transcript: Buffer): Buffer {
  const seed = Buffer.concat([Buffer.from(label), createHash('sha256').update(transcript).digest()])
  const hmac = (data: Buffer): Buffer => createHmac('sha256', secret).update(data).digest()
  return hmac(Buffer.concat([hmac(seed), seed])).subarray(0, 12)
}

/** A length of so many bytes and what it measures. */
function vector(bytes: Buffer, at: number, lengthBytes: number): Buffer {
  const start = at + lengthBytes
  const end = start + bytes.readUIntBE(at, lengthBytes)
  if (end > bytes.length) throw new RangeError('a handshake message that ends too early')
  return bytes.subarray(start, end)
}

const bytesOf = (messages: readonly Message[]): Buffer =>
  Buffer.concat(messages.map((message) => message.serialize()))

const none = Buffer.alloc(0)

function one(messages: readonly Message[], type: number): Message {
  const found = messages.find(({ msg_type }) => msg_type === type)
  if (!found) throw new RangeError('a handshake without one of its messages')
  return found
}

/** The random bytes of a hello, after its version. */
const randomOf = ({ fragment }: Message): Buffer => fragment.subarray(2, 2 + RANDOM_BYTES)
/** The public key of a ServerKeyExchange, after the kind and the name of its curve (RFC 8422 §5.4). */
const shareOf = ({ fragment }: Message): Buffer => vector(fragment, SHARE_AT, 1)
const certificateIn = (message: Message | undefined): Buffer =>
  message ? vector(vector(message.fragment, 0, 3), 0, 3) : none

/**
 * Whether the far end of a DTLS 1.2 handshake holds the key of the certificate it shows. werift takes its word: it checks
 * neither the signatures (RFC 5246 §7.4.3, §7.4.8) nor Finished (§7.4.9), so a copy of a certificate would do, and every
 * certificate is sent in the clear. Made before the handshake begins; asked when it is done, before its keys are used.
 */
export class Proof {
  private readonly socket: DtlsSocket
  private farFinished: Message | null = null

  constructor(socket: DtlsSocket) {
    this.socket = socket
    const take = socket.onHandleHandshakes
    socket.onHandleHandshakes = (messages) => {
      this.farFinished ??= messages.find(({ msg_type }) => msg_type === FINISHED) ?? null
      return take(messages)
    }
  }

  /** True only when all of it fits together; false for whatever cannot be read. */
  holds(): boolean {
    try {
      return this.socket instanceof DtlsServer ? this.clientHolds() : this.serverHolds()
    } catch {
      return false
    }
  }

  /** The far end began: it signed all that was said up to then, both hellos and both shares of the keys among it. */
  private clientHolds(): boolean {
    const { cipher, dtls } = this.socket
    const all = dtls.sortedHandshakeCache
    const signature = one(all, CERTIFICATE_VERIFY)
    const before = all.slice(0, all.indexOf(signature))
    // Ours is the first one.
    const certificate = certificateIn(before.findLast(({ msg_type }) => msg_type === CERTIFICATE))
    const scheme = signature.fragment.readUInt16BE(0)
    return (
      randomOf(one(all, CLIENT_HELLO)).equals(cipher.remoteRandom.serialize()) &&
      randomOf(one(all, SERVER_HELLO)).equals(cipher.localRandom.serialize()) &&
      shareOf(one(all, SERVER_KEY_EXCHANGE)).equals(cipher.localKeyPair.publicKey) &&
      vector(one(all, CLIENT_KEY_EXCHANGE).fragment, 0, 1).equals(cipher.remoteKeyPair.publicKey ?? none) &&
      certificate.equals(cipher.remoteCertificate ?? none) &&
      isSigned(certificate, scheme, bytesOf(before), vector(signature.fragment, 2, 2)) &&
      this.isFinishedBy('client finished', [...before, signature])
    )
  }

  /** We began: the far end signed the random bytes of both hellos and its share of the keys. */
  private serverHolds(): boolean {
    const { cipher, dtls } = this.socket
    const all = dtls.sortedHandshakeCache
    const exchange = one(all, SERVER_KEY_EXCHANGE)
    const share = shareOf(exchange)
    const signedBytes = SHARE_AT + 1 + share.length
    const certificate = certificateIn(one(all, CERTIFICATE))
    const signed = Buffer.concat([
      cipher.localRandom.serialize(),
      cipher.remoteRandom.serialize(),
      exchange.fragment.subarray(0, signedBytes),
    ])
    const scheme = exchange.fragment.readUInt16BE(signedBytes)
    return (
      share.equals(cipher.remoteKeyPair.publicKey ?? none) &&
      certificate.equals(cipher.remoteCertificate ?? none) &&
      isSigned(certificate, scheme, signed, vector(exchange.fragment, signedBytes + 2, 2)) &&
      this.isFinishedBy('server finished', all)
    )
  }

  /** The far end's Finished is over these messages, so nobody changed any of them on the way. */
  private isFinishedBy(label: string, messages: readonly Message[]): boolean {
    const said = this.farFinished?.fragment
    return said?.equals(verifyDataOf(this.socket.cipher.masterSecret, label, bytesOf(messages))) === true
  }
}
