/*
 * A package: one file that only its receiver opens. Outside the age format (X25519, age-encryption.org/v1), inside a tar
 * archive whose last two entries are a manifest with the hash of every other one, and its signature (Ed25519).
 */
import { createHash, createPublicKey, randomBytes, verify } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { mkdir, open, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { Readable } from 'node:stream'
import type { ReadableStream as WebStream } from 'node:stream/web'
import { Decrypter, Encrypter, generateX25519Identity, identityToRecipient } from 'age-encryption'
import { z } from 'zod'
import { archived, archiveEnd, archiveFiles, fileOf, NotAnArchive, type ArchiveFile } from './archive.ts'

const manifestName = 'manifest.json'
const signatureName = 'manifest.sig'
/** No manifest of ours comes near it: a package of somebody else must not fill the memory. */
const longestManifest = 4 * 1024 * 1024

const head = z.object({
  format: z.literal('hearthline-package'),
  version: z.literal(1),
  packageId: z.uuid(),
  number: z.number().int(),
  hotline: z.string(),
  receiver: z.string(),
  recipient: z.string(),
  purpose: z.string(),
  basis: z.string(),
  madeAt: z.iso.datetime(),
})
/** What a package says of itself. */
export type PackageHead = z.infer<typeof head>

const manifest = head.extend({
  /** Public key of the hotline's signature, base64url. */
  signer: z.string(),
  /** Known only to whoever opened the package: what the receipt is made of. */
  receiptSecret: z.string(),
  entries: z.array(z.object({ name: z.string(), bytes: z.number().int().min(0), sha256: z.string() })),
})
/** The list of a package's entries with their hashes. */
export type Manifest = z.infer<typeof manifest>

/** Who signs a package. */
export interface PackageSigner {
  publicKey: Buffer
  sign: (message: Buffer) => Buffer
}

/** A package as it lies on the disk; `sha256` is of the whole file, `receipt` what its receiver must answer. */
export interface MadePackage {
  sha256: string
  bytes: number
  entries: number
  receipt: string
}

const letters = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'

/**
 * The receipt of a package: 100 bits that follow from the secret inside it and the hash of the whole file, so that nobody
 * can give it who has not opened this very file. In groups of four, without letters that are misread (Crockford's base 32).
 */
function receiptOf(secret: string, fileHash: string): string {
  const digest = createHash('sha256').update(`hearthline receipt 1\n${secret}\n${fileHash}`).digest()
  const bits = [...digest.subarray(0, 13)].map((byte) => byte.toString(2).padStart(8, '0')).join('')
  const text = Array.from(
    { length: 20 },
    (_, at) => letters[Number.parseInt(bits.slice(at * 5, at * 5 + 5), 2)],
  )
  return (text.join('').match(/.{4}/g) ?? []).join('-')
}

/** A receipt as it may be typed: letter case, spaces and letters that are misread do not matter. */
export const plainReceipt = (typed: string): string =>
  typed
    .toUpperCase()
    .replace(/O/g, '0')
    .replace(/[IL]/g, '1')
    .replace(/[^0-9A-Z]/g, '')

async function* inside(
  files: AsyncIterable<ArchiveFile>,
  told: PackageHead,
  signer: PackageSigner,
  receiptSecret: string,
  count: (entries: number) => void,
): AsyncGenerator<Uint8Array> {
  const entries: Manifest['entries'] = []
  for await (const file of files) {
    const digest = createHash('sha256')
    for await (const chunk of archived({ ...file, content: () => hashed(file.content(), digest) }))
      yield chunk
    entries.push({ name: file.name, bytes: file.bytes, sha256: digest.digest('hex') })
  }
  count(entries.length)
  const whole: Manifest = { ...told, signer: signer.publicKey.toString('base64url'), receiptSecret, entries }
  const text = Buffer.from(`${JSON.stringify(whole, null, 2)}\n`)
  yield* archived(fileOf(manifestName, text))
  yield* archived(fileOf(signatureName, Buffer.from(`${signer.sign(text).toString('base64url')}\n`)))
  yield archiveEnd()
}

async function* hashed(
  source: AsyncIterable<Uint8Array>,
  digest: ReturnType<typeof createHash>,
): AsyncGenerator<Uint8Array> {
  for await (const chunk of source) {
    digest.update(chunk)
    yield chunk
  }
}

const webStream = (source: AsyncIterable<Uint8Array>): WebStream<Uint8Array> =>
  Readable.toWeb(Readable.from(source, { objectMode: true })) as WebStream<Uint8Array>

/** Writes a package beside its place, synced, and moves it there; nothing plain ever touches the disk. */
export async function writePackage(
  path: string,
  given: { head: PackageHead; files: AsyncIterable<ArchiveFile>; signer: PackageSigner },
): Promise<MadePackage> {
  const secret = randomBytes(16).toString('base64url')
  let entries = 0
  const plain = inside(given.files, given.head, given.signer, secret, (n) => {
    entries = n
  })
  const encrypter = new Encrypter()
  encrypter.addRecipient(given.head.recipient)
  const sealed = await encrypter.encrypt(webStream(plain))
  await mkdir(dirname(path), { recursive: true, mode: 0o700 })
  const digest = createHash('sha256')
  let bytes = 0
  const handle = await open(`${path}.part`, 'w', 0o600)
  try {
    for await (const chunk of sealed) {
      digest.update(chunk)
      bytes += chunk.length
      await handle.writeFile(chunk)
    }
    await handle.sync()
  } catch (error) {
    await rm(`${path}.part`, { force: true })
    throw error
  } finally {
    await handle.close()
  }
  await rename(`${path}.part`, path)
  const fileHash = digest.digest('hex')
  return { sha256: fileHash, bytes, entries, receipt: receiptOf(secret, fileHash) }
}

/** A receiver's key: the identity opens packages and stays with the receiver, the recipient is given to the hotline. */
export async function makeIdentity(): Promise<{ identity: string; recipient: string }> {
  const identity = await generateX25519Identity()
  return { identity, recipient: await identityToRecipient(identity) }
}

/** Why a package cannot be accepted. */
export class PackageRefused extends Error {
  readonly why: 'notOpened' | 'changed' | 'otherSigner' | 'notThere'

  constructor(why: PackageRefused['why']) {
    super(why)
    this.name = 'PackageRefused'
    this.why = why
  }
}

/** What a receiver's check found, every hash being right. */
export interface CheckedPackage {
  manifest: Manifest
  sha256: string
  receipt: string
}

/**
 * Opens a package with the receiver's identity (`AGE-SECRET-KEY-1...`) and checks every byte of it: encryption, archive,
 * hashes, signature. With `signer` (base64url) the signature must be that hotline's; with `into` the entries are written
 * to that folder. Throws PackageRefused; what was written into the folder before is then taken away again.
 */
export async function checkPackage(
  path: string,
  identity: string,
  wish: { signer?: string | undefined; into?: string | undefined } = {},
): Promise<CheckedPackage> {
  const digest = createHash('sha256')
  const plain = await opened(path, identity, digest)
  const into = wish.into === undefined ? undefined : `${wish.into}.part`
  try {
    const read = await readInside(plain, into)
    if (wish.signer !== undefined && wish.signer !== read.signer) throw new PackageRefused('otherSigner')
    if (wish.into !== undefined && into !== undefined) await rename(into, wish.into)
    const fileHash = digest.digest('hex')
    return { manifest: read, sha256: fileHash, receipt: receiptOf(read.receiptSecret, fileHash) }
  } catch (error) {
    if (into !== undefined) await rm(into, { recursive: true, force: true })
    if (error instanceof PackageRefused || isFromSystem(error)) throw error
    // The decrypter's own errors, and everything that is not as we write it.
    throw new PackageRefused('changed')
  }
}

const isFromSystem = (error: unknown): boolean =>
  error instanceof Error && 'syscall' in error && typeof error.syscall === 'string'

async function opened(
  path: string,
  identity: string,
  digest: ReturnType<typeof createHash>,
): Promise<AsyncIterable<Uint8Array>> {
  const handle = await open(path, 'r').catch(() => {
    throw new PackageRefused('notThere')
  })
  await handle.close()
  const decrypter = new Decrypter()
  decrypter.addIdentity(identity)
  const source = hashed(createReadStream(path), digest)
  try {
    return await decrypter.decrypt(webStream(source))
  } catch {
    // A changed line of the header and a line for somebody else look the same.
    throw new PackageRefused('notOpened')
  }
}

async function readInside(plain: AsyncIterable<Uint8Array>, into: string | undefined): Promise<Manifest> {
  const found: Manifest['entries'] = []
  const ends = new Map<string, Buffer>()
  for await (const file of archiveFiles(plain)) {
    const digest = createHash('sha256')
    if (file.name === manifestName || file.name === signatureName) {
      if (file.bytes > longestManifest) throw new NotAnArchive()
      ends.set(file.name, await wholeOf(file))
    } else {
      if (ends.size > 0) throw new NotAnArchive()
      await kept(hashed(file.content(), digest), into === undefined ? undefined : join(into, file.name))
      found.push({ name: file.name, bytes: file.bytes, sha256: digest.digest('hex') })
    }
  }
  const text = ends.get(manifestName) ?? Buffer.alloc(0)
  const read = manifest.parse(JSON.parse(text.toString()))
  if (!isSigned(text, ends.get(signatureName)?.toString() ?? '', read.signer))
    throw new PackageRefused('changed')
  if (JSON.stringify(found) !== JSON.stringify(read.entries)) throw new PackageRefused('changed')
  if (into !== undefined) await kept(fileOf(manifestName, text).content(), join(into, manifestName))
  return read
}

async function wholeOf(file: ArchiveFile): Promise<Buffer> {
  const parts: Uint8Array[] = []
  for await (const part of file.content()) parts.push(part)
  return Buffer.concat(parts)
}

async function kept(source: AsyncIterable<Uint8Array>, path: string | undefined): Promise<void> {
  if (path === undefined) {
    for await (const chunk of source) void chunk
    return
  }
  await mkdir(dirname(path), { recursive: true, mode: 0o700 })
  const handle = await open(path, 'wx', 0o600)
  try {
    for await (const chunk of source) await handle.writeFile(chunk)
  } finally {
    await handle.close()
  }
}

function isSigned(message: Buffer, signature: string, signer: string): boolean {
  const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: signer }, format: 'jwk' })
  return verify(null, message, key, Buffer.from(signature.trim(), 'base64url'))
}
