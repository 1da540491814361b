import { createPublicKey, verify } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { KeysRefused, openKeys } from './keys.ts'

const folder = mkdtempSync(join(tmpdir(), 'hearthline-keys-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
const keys = openKeys(folder, null)
const [one, two] = ['0198a000-0000-7000-8000-000000000001', '0198a000-0000-7000-8000-000000000002']

test('what one hotline sealed is opened by it and by no other', () => {
  const sealed = keys.seal(one, '13800138000')
  expect(keys.open(one, sealed)).toBe('13800138000')
  expect(sealed.includes('13800138000')).toBe(false)
  expect(() => keys.open(two, sealed)).toThrow()
  sealed[sealed.length - 1] = (sealed.at(-1) ?? 0) ^ 1
  expect(() => keys.open(one, sealed)).toThrow()
})

test('sealing the same twice looks different, looking it up does not', () => {
  expect(keys.seal(one, 'x').equals(keys.seal(one, 'x'))).toBe(false)
  expect(keys.numberKey(one, '13800138000')).toEqual(keys.numberKey(one, '+86 138 0013 8000'))
  expect(keys.numberKey(one, '13800138000')).not.toEqual(keys.numberKey(two, '13800138000'))
  expect(keys.suffixKey(one, '008613800138000')).toEqual(keys.suffixKey(one, '8000'))
  expect(keys.numbersOf(one).suffixKey('8000')).toEqual(keys.suffixKey(one, '8000'))
})

test('the keys are the same after a restart, and only their owner may read the file', () => {
  const again = openKeys(folder, keys.check)
  expect(again.open(one, keys.seal(one, 'kept'))).toBe('kept')
  expect(statSync(join(folder, 'keys', 'master.key')).mode & 0o777).toBe(0o600)
})

test('a missing or foreign master key is never replaced when data was sealed', () => {
  const other = mkdtempSync(join(tmpdir(), 'hearthline-keys-'))
  expect(() => openKeys(other, keys.check)).toThrow(KeysRefused)
  openKeys(other, null)
  expect(() => openKeys(other, keys.check)).toThrow(KeysRefused)
  writeFileSync(join(other, 'keys', 'master.key'), 'short')
  expect(() => openKeys(other, null)).toThrow(KeysRefused)
  rmSync(other, { recursive: true, force: true })
})

test('the recorder finds the public half of the recording key, the private half lies sealed', async () => {
  await keys.makeRecordingKeys(one)
  const recipient = readFileSync(join(folder, 'keys', `${one}.recording.pub`), 'utf8')
  expect(recipient).toMatch(/^age1[0-9a-z]{58}\n$/)
  expect(keys.recordingIdentity(one)).toMatch(/^AGE-SECRET-KEY-1/)
  expect(readFileSync(join(folder, 'keys', `${one}.recording.sealed`), 'utf8')).not.toContain('AGE-SECRET')
  await keys.makeRecordingKeys(one)
  expect(readFileSync(join(folder, 'keys', `${one}.recording.pub`), 'utf8')).toBe(recipient)
})

test('a hotline signs with one key of its own, which lies sealed and is never silently made again', () => {
  const [message, signature] = [Buffer.from('kept'), keys.sign(one, Buffer.from('kept'))]
  const holds = (signer: Buffer, of: Buffer): boolean => {
    const der = Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), signer])
    return verify(null, of, createPublicKey({ key: der, format: 'der', type: 'spki' }), signature)
  }
  expect(holds(keys.signer(one), message)).toBe(true)
  expect(holds(keys.signer(one), Buffer.from('kepT'))).toBe(false)
  expect(holds(keys.signer(two), message)).toBe(false)
  const sealed = join(folder, 'keys', `${one}.signing.sealed`)
  expect(readFileSync(sealed, 'utf8')).not.toContain('PRIVATE')
  expect(openKeys(folder, keys.check).signer(one)).toEqual(keys.signer(one))
  rmSync(sealed)
  expect(() => keys.sign(one, message)).toThrow(KeysRefused)
})
