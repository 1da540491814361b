/* The keys of the house: one master key in a file, data keys wrapped by it, everything that identifies sealed by those. */
import { createHmac, sign } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { identityToRecipient } from 'age-encryption'
import type { SealingWay } from './ciphers.ts'
import { checkOf, fileDoor, openMaster, writeSecret, type Master, type MasterDoor } from './master.ts'
import { makeRecordingKeys, publishRecordingKey } from './recording.ts'
import { rawPublic, signingKey } from './signing-key.ts'
import { makeRing, type HashedUse, type Ring, type SealingClass } from './ring.ts'

export { KeysRefused } from './master.ts'

/** Words sealed for a column of text, for one hotline; what was written before columns were sealed is read as it stands. */
export interface Words {
  seal(text: string): string
  open(stored: string): string
}

/** Seals what identifies a person and finds it again, each hotline with keys of its own. */
export interface Keys {
  /**
   * Bound to the hotline, and to `bound` when given (a row's id): a copy in another hotline's row, or another row, cannot be
   * opened there.
   */
  seal(hotlineId: string, text: string, of?: SealingClass, bound?: string): Buffer
  /** Throws when the bytes are not what seal() made for this hotline and `bound`. */
  open(hotlineId: string, sealed: Buffer, bound?: string): string
  /** Seals typed words for a text column; an empty text stays one. */
  wordsOf(hotlineId: string): Words
  /** Keyed hash by which contacts of one caller's number are found again. Country code and `+` do not matter. */
  numberKey(hotlineId: string, number: string): Buffer
  /** Keyed hash of a number's last four digits (of all of them, when it has fewer). */
  suffixKey(hotlineId: string, number: string): Buffer
  /** Keyed hash of a word, by which sealed texts are searched. */
  wordKey(hotlineId: string, word: string): Buffer
  /** Keyed hash of what must be found again but not be read (an address, a name), another one for every use. */
  keyedHash(hotlineId: string, use: 'address' | 'name', text: string): Buffer
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
  /** Seals the hotline's key files anew with the data key of today; returns how many. */
  resealFiles(hotlineId: string): number
  /** Whether a key file of the hotline is sealed with the key of this header. */
  filesUse(hotlineId: string, header: Buffer): boolean
  /** What a database remembers of the master key, to notice another one. */
  readonly check: Buffer
  /** The way in which new data keys seal. */
  readonly way: SealingWay
  /** What wraps data keys. */
  readonly door: MasterDoor
  /** The data keys that are known; server/records/data-keys.ts fills it from the database. */
  readonly ring: Ring
  /** Called when something is sealed with a key that is not known here yet. */
  missed: () => void
}

/**
 * Opens the keys of a data folder. `remembered` is the check kept in the database; null when nothing was ever sealed, the
 * only case in which a missing master key is made. Throws KeysRefused.
 */
export const openKeys = (
  dataFolder: string,
  remembered: Buffer | null,
  way: SealingWay = 'aes-256-gcm',
): Keys => {
  const root = openMaster(dataFolder, remembered)
  return keysUnder({ root, door: fileDoor(root) }, dataFolder, way)
}

const mark = 'sealed:'
// The second letter tells the format, 1 or 2; no sealed text is shorter.
const sealedText = /^sealed:A[Q-Za-v][A-Za-z0-9+/]{38,}={0,2}$/

/** Whether a text column holds sealed words; what was written before sealing is in plain. */
export const isSealedText = (stored: string): boolean => sealedText.test(stored)

/** What stands before every text sealed with a key: 24 characters that only this key has. */
export const textHeader = (header: Buffer): string => `${mark}${header.toString('base64')}`

/** The keys of a data folder under a master key that was opened before. */
export function keysUnder({ root, door }: Master, dataFolder: string, way: SealingWay): Keys {
  const hashed = (hotlineId: string, use: HashedUse, text: string): Buffer =>
    createHmac('sha256', keys.ring.lookUpKey(hotlineId, use)).update(text).digest()
  const keys: Keys = {
    ring: makeRing(root, () => keys.missed()),
    missed: () => undefined,
    way,
    door,
    check: checkOf(root),
    seal: (hotlineId, text, of = 'identifying', bound = '') => keys.ring.seal(hotlineId, text, of, bound),
    open: (hotlineId, sealed, bound = '') => keys.ring.open(hotlineId, sealed, bound),
    wordsOf: (hotlineId) => ({
      seal: (text) => (text === '' ? '' : `${mark}${keys.seal(hotlineId, text, 'notes').toString('base64')}`),
      open: (stored) =>
        isSealedText(stored)
          ? keys.open(hotlineId, Buffer.from(stored.slice(mark.length), 'base64'))
          : stored,
    }),
    numberKey: (hotlineId, number) => hashed(hotlineId, 'number', bare(number)),
    suffixKey: (hotlineId, number) => hashed(hotlineId, 'suffix', bare(number).slice(-4)),
    keyedHash: (hotlineId, use, text) => hashed(hotlineId, use, text),
    wordKey: (hotlineId, word) => hashed(hotlineId, 'words', word),
    numbersOf: (hotlineId) => ({
      seal: (number) => keys.seal(hotlineId, number),
      open: (sealed) => keys.open(hotlineId, sealed),
      key: (number) => keys.numberKey(hotlineId, number),
      suffixKey: (lastFour) => keys.suffixKey(hotlineId, lastFour),
    }),
    ...filesOf(dataFolder, {
      seal: (hotlineId, text) => keys.seal(hotlineId, text),
      open: (hotlineId, sealed) => keys.open(hotlineId, sealed),
    }),
  }
  return keys
}

type KeyFiles = Pick<
  Keys,
  'makeRecordingKeys' | 'recordingIdentity' | 'sign' | 'signer' | 'resealFiles' | 'filesUse'
>

/** The keys that lie sealed in files of the key folder. */
function filesOf(dataFolder: string, { seal, open }: Pick<Keys, 'seal' | 'open'>): KeyFiles {
  const folder = join(dataFolder, 'keys')
  const bytesIn = (file: string): Buffer => Buffer.from(readFileSync(file, 'utf8'), 'base64')
  const sealedFiles = (hotlineId: string): string[] =>
    readdirSync(folder)
      .filter((name) => name.startsWith(`${hotlineId}.`) && name.endsWith('.sealed'))
      .map((name) => join(folder, name))
  const privateFile = (hotlineId: string): string => join(folder, `${hotlineId}.recording.sealed`)
  const identityOf = (hotlineId: string): string => open(hotlineId, bytesIn(privateFile(hotlineId)))
  const signing = (hotlineId: string): ReturnType<typeof signingKey> =>
    signingKey(join(folder, `${hotlineId}.signing`), {
      seal: (text) => seal(hotlineId, text),
      open: (sealed) => open(hotlineId, sealed),
    })
  return {
    async makeRecordingKeys(hotlineId) {
      const publicFile = join(folder, `${hotlineId}.recording.pub`)
      if (existsSync(publicFile) && existsSync(privateFile(hotlineId))) return
      const made = existsSync(privateFile(hotlineId)) ? null : await makeRecordingKeys()
      // The private half first: a public half alone would make recordings nobody can ever open.
      if (made) writeSecret(privateFile(hotlineId), seal(hotlineId, made.identity).toString('base64'))
      const recipient = made?.recipient ?? (await identityToRecipient(identityOf(hotlineId)))
      await publishRecordingKey(dataFolder, hotlineId, recipient)
    },
    recordingIdentity: identityOf,
    sign: (hotlineId, message) => sign(null, message, signing(hotlineId)),
    signer: (hotlineId) => rawPublic(signing(hotlineId)),
    resealFiles(hotlineId) {
      const files = sealedFiles(hotlineId)
      for (const file of files)
        writeSecret(file, seal(hotlineId, open(hotlineId, bytesIn(file))).toString('base64'))
      return files.length
    },
    filesUse: (hotlineId, header) =>
      sealedFiles(hotlineId).some((file) => bytesIn(file).subarray(0, header.length).equals(header)),
  }
}

/** The number without its punctuation and without China's country code, so that trunks may write it as they like. */
function bare(number: string): string {
  return number
    .replace(/[^0-9+]/g, '')
    .replace(/^(\+|00)86(?=\d{5})/, '')
    .replace(/\D/g, '')
}
