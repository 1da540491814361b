import { generateKeyPairSync, sign } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Decrypter, Encrypter, generateX25519Identity, identityToRecipient } from 'age-encryption'
import fc from 'fast-check'
import { afterAll, expect, test } from 'vitest'
import { fileOf, type ArchiveFile } from './archive.ts'
import { checkPackage, plainReceipt, writePackage, type PackageHead } from './package.ts'

const folder = mkdtempSync(join(tmpdir(), 'hearthline-package-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const identity = await generateX25519Identity()
const { privateKey, publicKey } = generateKeyPairSync('ed25519')
const signer = {
  publicKey: Buffer.from(publicKey.export({ format: 'jwk' }).x ?? '', 'base64url'),
  sign: (message: Buffer) => sign(null, message, privateKey),
}
const head: PackageHead = {
  format: 'hearthline-package',
  version: 1,
  packageId: '0198a000-0000-7000-8000-000000000001',
  number: 7,
  hotline: '测试热线',
  receiver: '示例医院',
  recipient: await identityToRecipient(identity),
  purpose: 'continued-care',
  basis: 'consent',
  madeAt: '2026-11-21T10:00:00.000Z',
}

async function* each(files: ArchiveFile[]): AsyncGenerator<ArchiveFile> {
  yield* files
}
const made = async (name: string, files: ArchiveFile[]) => {
  const path = join(folder, name)
  return { path, ...(await writePackage(path, { head, files: each(files), signer })) }
}
const files = [
  fileOf('contacts.csv', Buffer.from('来电编号,风险等级\r\n12,低\r\n')),
  fileOf('contacts/12/response.json', Buffer.from('{"resourceType":"QuestionnaireResponse"}')),
  fileOf('contacts/12/recording-1.wav', Buffer.alloc(70_000, 7)),
  fileOf('empty.txt', Buffer.alloc(0)),
]
const one = await made('one.age', files)
const bytes = readFileSync(one.path)

test('G24-6.2.2c: the receiver finds every entry whole, who signed it, and the receipt the hotline waits for', async () => {
  const into = join(folder, 'unpacked')
  const checked = await checkPackage(one.path, identity, {
    into,
    signer: signer.publicKey.toString('base64url'),
  })
  expect(checked).toMatchObject({ sha256: one.sha256, receipt: one.receipt, manifest: head })
  expect(checked.manifest.entries.map(({ name }) => name)).toEqual(files.map(({ name }) => name))
  expect(readFileSync(join(into, 'contacts/12/response.json'), 'utf8')).toBe(
    '{"resourceType":"QuestionnaireResponse"}',
  )
  expect(one.receipt).toMatch(/^([0-9A-HJKMNP-TV-Z]{4}-){4}[0-9A-HJKMNP-TV-Z]{4}$/)
  expect(plainReceipt(` ${one.receipt.toLowerCase().replaceAll('-', ' ')} `)).toBe(plainReceipt(one.receipt))
})

test('G24-6.2.2c: nothing of what is inside can be read outside', () => {
  for (const word of ['contacts', '来电编号', 'QuestionnaireResponse', '示例医院'])
    expect(bytes.includes(word)).toBe(false)
})

test('G24-6.2.2c: any changed byte of a package is found', async () => {
  const path = join(folder, 'changed.age')
  await fc.assert(
    fc.asyncProperty(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), async (at, by) => {
      const changed = Buffer.from(bytes)
      changed[at] = (changed[at] ?? 0) ^ by
      writeFileSync(path, changed)
      await expect(checkPackage(path, identity)).rejects.toMatchObject({ name: 'PackageRefused' })
    }),
    { numRuns: 150 },
  )
})

test('G24-6.2.2c: any byte of its header changed, cut off or added at the end is found, and nothing is left behind', async () => {
  const path = join(folder, 'cut.age')
  const start = bytes.indexOf('\n--- ') + 60
  for (let at = 0; at < start; at += 1) {
    const changed = Buffer.from(bytes)
    changed[at] = (changed[at] ?? 0) ^ 1
    writeFileSync(path, changed)
    await expect(checkPackage(path, identity)).rejects.toMatchObject({ name: 'PackageRefused' })
  }
  const into = join(folder, 'nothing')
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: -bytes.length, max: 40 }), async (by) => {
      fc.pre(by !== 0)
      writeFileSync(path, by < 0 ? bytes.subarray(0, by) : Buffer.concat([bytes, Buffer.alloc(by)]))
      await expect(checkPackage(path, identity, { into })).rejects.toMatchObject({ name: 'PackageRefused' })
    }),
    { numRuns: 40 },
  )
  expect(readdirSync(folder).filter((name) => name.startsWith('nothing'))).toEqual([])
})

test('G24-6.2.2c: whoever holds the receiver’s key and changes what is inside cannot make it look like ours', async () => {
  const decrypter = new Decrypter()
  decrypter.addIdentity(identity)
  const plain = Buffer.from(await decrypter.decrypt(bytes))
  const path = join(folder, 'forged.age')
  const seal = async (inside: Uint8Array): Promise<void> => {
    const encrypter = new Encrypter()
    encrypter.addRecipient(head.recipient)
    writeFileSync(path, await encrypter.encrypt(inside))
  }
  await seal(plain)
  const again = await checkPackage(path, identity)
  // The same inside in another envelope is whole, but it is not the file that was handed over.
  expect(again.receipt).not.toBe(one.receipt)
  await fc.assert(
    fc.asyncProperty(fc.nat(plain.length - 1), fc.integer({ min: 1, max: 255 }), async (at, by) => {
      const changed = Buffer.from(plain)
      changed[at] = (changed[at] ?? 0) ^ by
      await seal(changed)
      await expect(checkPackage(path, identity)).rejects.toMatchObject({ why: 'changed' })
    }),
    { numRuns: 100 },
  )
})

test('G24-6.2.2c: another receiver cannot open it, and a package signed by somebody else is not ours', async () => {
  for (let n = 0; n < 10; n += 1)
    await expect(checkPackage(one.path, await generateX25519Identity())).rejects.toMatchObject({
      why: 'notOpened',
    })
  await expect(checkPackage(one.path, identity, { signer: 'x' })).rejects.toMatchObject({
    why: 'otherSigner',
  })
  await expect(checkPackage(join(folder, 'nowhere.age'), identity)).rejects.toMatchObject({ why: 'notThere' })
})

test('files of any number and length come out as they went in', async () => {
  const content = fc.uint8Array({ maxLength: 2000 })
  await fc.assert(
    fc.asyncProperty(fc.array(content, { maxLength: 6 }), async (contents) => {
      const given = contents.map((each, at) => fileOf(`part-${at}.bin`, Buffer.from(each)))
      const { path } = await made('any.age', given)
      const into = join(folder, 'any')
      await checkPackage(path, identity, { into })
      for (const [at, each] of contents.entries())
        expect(readFileSync(join(into, `part-${at}.bin`))).toEqual(Buffer.from(each))
      rmSync(into, { recursive: true })
    }),
    { numRuns: 20 },
  )
})

test('a file that is shorter than it said makes no package', async () => {
  const short = { ...fileOf('short.txt', Buffer.from('x')), bytes: 2 }
  await expect(made('short.age', [short])).rejects.toThrow('not as long')
  expect(readdirSync(folder).filter((name) => name.startsWith('short'))).toEqual([])
})
