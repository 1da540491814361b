import { randomBytes } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Decrypter, Encrypter, generateX25519Identity, identityToRecipient } from 'age-encryption'
import fc from 'fast-check'
import { afterAll, expect, test } from 'vitest'
import { openSealed, startSealing, type Opening } from './sealing.ts'

const folder = mkdtempSync(join(tmpdir(), 'hearthline-sealing-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
const path = join(folder, 'file.age')
const identity = await generateX25519Identity()
const recipient = await identityToRecipient(identity)

const sealed = async (pieces: Buffer[]): Promise<Uint8Array> => {
  const handle = await open(path, 'w')
  const sealer = await startSealing(handle, { to: [recipient] })
  for (const piece of pieces) await sealer.write(piece)
  await sealer.end()
  await handle.close()
  return sealer.fileKey
}

const opened = async (opening: Opening): Promise<Buffer> => {
  const parts: Buffer[] = []
  for await (const part of openSealed(path, opening)) parts.push(part)
  return Buffer.concat(parts)
}

const chunk = 65_536
/** Lengths around the ends of chunks and of what is written at once, and any other. */
const length = fc.oneof(
  fc.constantFrom(
    0,
    1,
    chunk - 1,
    chunk,
    chunk + 1,
    2 * chunk,
    16 * chunk,
    16 * chunk + 1,
    17 * chunk,
    33 * chunk,
  ),
  fc.nat(300_000),
)

test('G24-6.2.2c: what is sealed is opened by the key, by the file key, and by any program that knows age', async () => {
  await fc.assert(
    fc.asyncProperty(length, fc.integer({ min: 1000, max: 3 * chunk }), async (bytes, piece) => {
      const plain = randomBytes(bytes)
      const pieces = Array.from({ length: Math.ceil(bytes / piece) }, (_, n) =>
        plain.subarray(n * piece, (n + 1) * piece),
      )
      const fileKey = await sealed(pieces)
      expect((await opened({ identities: [identity] })).equals(plain)).toBe(true)
      expect((await opened({ fileKey })).equals(plain)).toBe(true)
      const decrypter = new Decrypter()
      decrypter.addIdentity(identity)
      expect(plain.equals(await decrypter.decrypt(readFileSync(path)))).toBe(true)
    }),
    { numRuns: 25 },
  )
})

test('a file sealed by another program that knows age is opened', async () => {
  const plain = randomBytes(200_000)
  const encrypter = new Encrypter()
  encrypter.addRecipient(recipient)
  writeFileSync(path, await encrypter.encrypt(plain))
  expect((await opened({ identities: [identity] })).equals(plain)).toBe(true)
})

test('chunks that change places, and a file that ends at the end of a chunk, are noticed', async () => {
  await sealed([randomBytes(3 * chunk)])
  const whole = readFileSync(path)
  const start = whole.length - 3 * (chunk + 16)
  const part = (n: number): Buffer => whole.subarray(start + n * (chunk + 16), start + (n + 1) * (chunk + 16))
  for (const order of [[1, 0, 2], [0, 1], [0, 2], [0, 1, 2, 2], [0]]) {
    writeFileSync(path, Buffer.concat([whole.subarray(0, start), ...order.map(part)]))
    await expect(opened({ identities: [identity] })).rejects.toThrow(/damaged or cut off/)
  }
})
