/* The keys of the house: one master key in a file, everything else derived from it or sealed by it. */
import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  hkdfSync,
  randomBytes,
  sign,
  timingSafeEqual,
  type KeyObject,
} from 'node:crypto'
import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import { identityToRecipient } from 'age-encryption'
import { makeRecordingKeys, publishRecordingKey } from './recording.ts'

/** Why the keys cannot be used: one sentence for the operator. */
export class KeysRefused extends Error {}

/** Seals what identifies a person and finds it again, each hotline with keys of its own. */
export interface Keys {
  /** AES-256-GCM; bound to the hotline, so a copy into another hotline's row cannot be opened there. */
  seal(hotlineId: string, text: string): Buffer
  /** Throws when the bytes are not what seal() made for this hotline. */
  open(hotlineId: string, sealed: Buffer): string
  /** Keyed hash by which contacts of one caller's number are found again. Country code and `+` do not matter. */
  numberKey(hotlineId: string, number: string): Buffer
  /** Keyed hash of a number's last four digits (of all of them, when it has fewer). */
  suffixKey(hotlineId: string, number: string): Buffer
  /** The four ways with callers' numbers, for one hotline. */
  numbersOf(hotlineId: string): {
    seal(number: string): Buffer
    open(sealed: Buffer): string
    key(number: string): Buffer
    suffixKey(lastFour: string): Buffer
  }
  /** Makes the hotline's recording key pair if it has none; the recorder reads the public half from its file. */
  makeRecordingKeys(hotlineId: string): Promise<void>
  /** The private half of the recording key pair (an age identity), to be handed to the decrypter and forgotten. */
  recordingIdentity(hotlineId: string): string
  /**
   * Signs for the hotline (Ed25519): packages that leave, checkpoints that others keep. The key is made at the first use;
   * throws KeysRefused when it was made before and is missing.
   */
  sign(hotlineId: string, message: Buffer): Buffer
  /** The public half of the signing key, 32 bytes: what others check a signature with. */
  signer(hotlineId: string): Buffer
  /** What a database remembers of the master key, to notice another one. */
  readonly check: Buffer
}

const format = 1

/**
 * Opens the keys of a data folder. `remembered` is the check kept in the database; null when nothing was ever sealed, the
 * only case in which a missing master key is made. Throws KeysRefused.
 */
export function openKeys(dataFolder: string, remembered: Buffer | null): Keys {
  const folder = join(dataFolder, 'keys')
  const file = join(folder, 'master.key')
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  if (!existsSync(file)) {
    if (remembered)
      throw new KeysRefused(
        `The key file ${file} is missing, but the database holds data sealed with it: put the file back from your backup. 缺少主密钥文件,请从备份中恢复。`,
      )
    writeSecret(file, `${randomBytes(32).toString('base64')}\n`)
  }
  const master = Buffer.from(readFileSync(file, 'utf8').trim(), 'base64')
  if (master.length !== 32)
    throw new KeysRefused(
      `The key file ${file} is damaged: put it back from your backup. 主密钥文件已损坏,请从备份中恢复。`,
    )
  const keys = keysOf(master, dataFolder)
  if (remembered && (remembered.length !== keys.check.length || !timingSafeEqual(remembered, keys.check)))
    throw new KeysRefused(
      `The key file ${file} is not the one this database was sealed with: put the right one back. 主密钥与数据库不匹配,请恢复正确的密钥文件。`,
    )
  return keys
}

function keysOf(master: Buffer, dataFolder: string): Keys {
  const folder = join(dataFolder, 'keys')
  const derived = new Map<string, Buffer>()
  const keyFor = (hotlineId: string, use: string): Buffer => {
    const name = `${hotlineId}/${use}`
    const key = derived.get(name) ?? Buffer.from(hkdfSync('sha256', master, 'hearthline', name, 32))
    derived.set(name, key)
    return key
  }
  const hashed = (hotlineId: string, use: string, text: string): Buffer =>
    createHmac('sha256', keyFor(hotlineId, use)).update(text).digest()
  const privateFile = (hotlineId: string): string => join(folder, `${hotlineId}.recording.sealed`)
  const signing = (hotlineId: string): KeyObject =>
    signingKey(join(folder, `${hotlineId}.signing`), {
      seal: (text) => keys.seal(hotlineId, text),
      open: (sealed) => keys.open(hotlineId, sealed),
    })
  const keys: Keys = {
    seal(hotlineId, text) {
      const nonce = randomBytes(12)
      const cipher = createCipheriv('aes-256-gcm', keyFor(hotlineId, 'seal'), nonce)
      const body = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()])
      return Buffer.concat([Buffer.of(format), nonce, cipher.getAuthTag(), body])
    },
    open(hotlineId, sealed) {
      if (sealed[0] !== format || sealed.length < 29) throw new Error('not sealed by us')
      const decipher = createDecipheriv('aes-256-gcm', keyFor(hotlineId, 'seal'), sealed.subarray(1, 13))
      decipher.setAuthTag(sealed.subarray(13, 29))
      return Buffer.concat([decipher.update(sealed.subarray(29)), decipher.final()]).toString('utf8')
    },
    numberKey: (hotlineId, number) => hashed(hotlineId, 'number', bare(number)),
    suffixKey: (hotlineId, number) => hashed(hotlineId, 'suffix', bare(number).slice(-4)),
    numbersOf: (hotlineId) => ({
      seal: (number) => keys.seal(hotlineId, number),
      open: (sealed) => keys.open(hotlineId, sealed),
      key: (number) => keys.numberKey(hotlineId, number),
      suffixKey: (lastFour) => keys.suffixKey(hotlineId, lastFour),
    }),
    async makeRecordingKeys(hotlineId) {
      const publicFile = join(folder, `${hotlineId}.recording.pub`)
      if (existsSync(publicFile) && existsSync(privateFile(hotlineId))) return
      const made = existsSync(privateFile(hotlineId)) ? null : await makeRecordingKeys()
      // The private half first: a public half alone would make recordings nobody can ever open.
      if (made) writeSecret(privateFile(hotlineId), keys.seal(hotlineId, made.identity).toString('base64'))
      await publishRecordingKey(
        dataFolder,
        hotlineId,
        made?.recipient ?? (await identityToRecipient(keys.recordingIdentity(hotlineId))),
      )
    },
    recordingIdentity: (hotlineId) =>
      keys.open(hotlineId, Buffer.from(readFileSync(privateFile(hotlineId), 'utf8'), 'base64')),
    sign: (hotlineId, message) => sign(null, message, signing(hotlineId)),
    signer: (hotlineId) => rawPublic(signing(hotlineId)),
    check: createHmac('sha256', Buffer.from(hkdfSync('sha256', master, 'hearthline', 'check', 32)))
      .update('hearthline')
      .digest(),
  }
  return keys
}

/** An Ed25519 public key's own 32 bytes: the end of its SPKI form (RFC 8410 §4). */
const rawPublic = (key: KeyObject): Buffer =>
  createPublicKey(key).export({ type: 'spki', format: 'der' }).subarray(-32)

/** The signing key that lies sealed beside its public half; made when neither is there. */
function signingKey(
  path: string,
  { seal, open }: { seal: (text: string) => Buffer; open: (sealed: Buffer) => string },
): KeyObject {
  const [secret, known] = [`${path}.sealed`, `${path}.pub`]
  if (existsSync(secret)) return createPrivateKey(open(Buffer.from(readFileSync(secret, 'utf8'), 'base64')))
  // What was signed with a lost key could no longer be told from a forgery.
  if (existsSync(known))
    throw new KeysRefused(
      `The key file ${secret} is missing: put it back from your backup. 缺少签名密钥文件,请从备份中恢复。`,
    )
  const { privateKey } = generateKeyPairSync('ed25519')
  writeSecret(secret, seal(privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()).toString('base64'))
  writeSecret(known, `${rawPublic(privateKey).toString('base64url')}\n`)
  return privateKey
}

/** The number without its punctuation and without China's country code, so that trunks may write it as they like. */
function bare(number: string): string {
  return number
    .replace(/[^0-9+]/g, '')
    .replace(/^(\+|00)86(?=\d{5})/, '')
    .replace(/\D/g, '')
}

/** Written beside its place, synced, and moved there: a killed start leaves no half of a key. */
function writeSecret(file: string, text: string): void {
  const fresh = `${file}.new`
  const handle = openSync(fresh, 'w', 0o600)
  try {
    writeSync(handle, text)
    fsyncSync(handle)
  } finally {
    closeSync(handle)
  }
  renameSync(fresh, file)
}
