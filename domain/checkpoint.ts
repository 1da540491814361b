/** A checkpoint of the audit chain, and the line by which somebody outside keeps it (G24-7.3). Signing is the server's. */

/** Where a hotline's audit chain stood at a time; `number` counts the hotline's checkpoints without gaps. */
export interface Checkpoint {
  hotlineId: string
  number: number
  at: Date
  /** The last entry's place in the chain, and its hash (hex). */
  seq: number
  hash: string
  /** Ed25519 (RFC 8032), raw, base64url: who signed, and the signature of {@link signedText}. */
  publicKey: string
  signature: string
}

const name = 'hearthline-checkpoint-1'

/** What is signed: everything of a checkpoint but the signature. */
export const signedText = (of: Omit<Checkpoint, 'signature'>): string =>
  [name, of.hotlineId, of.number, of.at.toISOString(), of.seq, of.hash, of.publicKey].join('/')

/** The checkpoint as one line without spaces, so that it can be printed, mailed and given to a command as it is. */
export const lineOf = (of: Checkpoint): string => `${signedText(of)}/${of.signature}`

const uuid = '[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}'
const count = '[1-9][0-9]{0,14}'
const shape = new RegExp(
  `^${name}/(${uuid})/(${count})/(\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z)/(${count})/([0-9a-f]{64})/([\\w-]{43})/([\\w-]{86})$`,
)

/** Reads a line back; null when it is not one. The signature is not checked here. */
export function checkpointOf(line: string): Checkpoint | null {
  const [, hotlineId, number, at, seq, hash, publicKey, signature] = shape.exec(line.trim()) ?? []
  if (!hotlineId || !at || !hash || !publicKey || !signature || Number.isNaN(Date.parse(at))) return null
  const read = { hotlineId, number: Number(number), at: new Date(at), seq: Number(seq), hash, publicKey }
  return { ...read, signature }
}
