import { spawn } from 'node:child_process'
import { generateKeyPairSync, sign } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { fileOf } from '../disclosure/archive.ts'
import { writePackage } from '../disclosure/package.ts'

const folder = mkdtempSync(join(tmpdir(), 'hearthline-receiver-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** Runs the command where there is no hotline: no database, no keys, no settings. */
const hearthline = (...args: string[]) =>
  new Promise<{ code: number | null; out: string; err: string }>((resolve) => {
    const program = join(import.meta.dirname, '..', 'command.ts')
    const child = spawn(process.execPath, [program, ...args], {
      cwd: folder,
      env: { PATH: process.env['PATH'] },
    })
    let [out, err] = ['', '']
    child.stdout.on('data', (text: Buffer) => (out += text.toString()))
    child.stderr.on('data', (text: Buffer) => (err += text.toString()))
    child.once('close', (code) => resolve({ code, out, err }))
  })

test('G24-6.2.2c: a receiver makes a key, checks a package without any database, and reads out its receipt', async () => {
  const key = await hearthline('verify', '--make-identity', 'key.txt')
  const recipient = /age1[0-9a-z]{58}/.exec(key.out)?.[0] ?? ''
  expect(readFileSync(join(folder, 'key.txt'), 'utf8')).toContain(recipient)
  expect(statSync(join(folder, 'key.txt')).mode & 0o077).toBe(0)
  const { privateKey, publicKey } = generateKeyPairSync('ed25519')
  const signer = publicKey.export({ format: 'jwk' }).x ?? ''
  const made = await writePackage(join(folder, 'p.age'), {
    head: {
      format: 'hearthline-package',
      version: 1,
      packageId: '0198a000-0000-7000-8000-000000000001',
      number: 7,
      hotline: '测试热线',
      receiver: '示例医院',
      recipient,
      purpose: 'continued-care',
      basis: 'consent',
      madeAt: '2026-11-21T10:00:00.000Z',
    },
    files: (async function* () {
      yield fileOf('contacts.csv', Buffer.from('x\r\n'))
    })(),
    signer: {
      publicKey: Buffer.from(signer, 'base64url'),
      sign: (message) => sign(null, message, privateKey),
    },
  })
  const whole = await hearthline(
    'verify',
    'p.age',
    '--identity',
    'key.txt',
    '--signer',
    signer,
    '--out',
    'open',
  )
  expect([whole.code, whole.err]).toEqual([0, ''])
  expect(whole.out.trimEnd().split('\n').at(-1)).toBe(made.receipt)
  expect(readFileSync(join(folder, 'open', 'contacts.csv'), 'utf8')).toBe('x\r\n')
  const bytes = readFileSync(join(folder, 'p.age'))
  bytes[bytes.length - 40] = (bytes.at(-40) ?? 0) ^ 1
  writeFileSync(join(folder, 'changed.age'), bytes)
  const changed = await hearthline('verify', 'changed.age', '--identity', 'key.txt')
  expect([changed.code, changed.out]).toEqual([1, ''])
  expect(changed.err).toContain('CHANGED')
})
