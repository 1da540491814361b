import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { generate } from 'selfsigned'
import { afterAll, expect, test } from 'vitest'
import { aKms } from '../../test/kms.ts'
import { startObjectStore } from '../../test/s3.ts'
import { ensureCertificate } from '../certificate.ts'
import { projectRoot, readSettings } from '../settings.ts'
import { lookAtDataFolder, lookAtDisk } from './machine.ts'
import { lookAtCertificate, lookAtMicrophone } from './network.ts'
import { lookAtKms, lookAtStore } from './outside.ts'
import { lookAtBackup } from './records.ts'
import { isTelephoneSound, lookAtSounds } from './sounds.ts'

const folder = mkdtempSync(join(tmpdir(), 'hearthline-doctor-'))
afterAll(() => rmSync(folder, { recursive: true }))

const settings = (env: NodeJS.ProcessEnv = {}) => readSettings({ HEARTHLINE_DATA: folder, ...env }, new Set())

const day = 24 * 60 * 60 * 1000

async function certificate(name: string, fromDays: number, toDays: number): Promise<NodeJS.ProcessEnv> {
  const made = await generate([{ name: 'commonName', value: 'hotline.example' }], {
    keyType: 'ec',
    algorithm: 'sha256',
    notBeforeDate: new Date(Date.now() + fromDays * day),
    notAfterDate: new Date(Date.now() + toDays * day),
  })
  const files = {
    HEARTHLINE_TLS_CERT: join(folder, `${name}.pem`),
    HEARTHLINE_TLS_KEY: join(folder, `${name}.key`),
  }
  writeFileSync(files.HEARTHLINE_TLS_CERT, made.cert)
  writeFileSync(files.HEARTHLINE_TLS_KEY, made.private)
  return files
}

test('a certificate is judged by its days', async () => {
  expect(lookAtCertificate(settings(await certificate('good', -1, 200))).state).toBe('ok')
  expect(lookAtCertificate(settings(await certificate('ending', -1, 10)))).toMatchObject({ state: 'warn' })
  expect(lookAtCertificate(settings(await certificate('ended', -10, -2)))).toMatchObject({ state: 'fail' })
  expect(lookAtCertificate(settings(await certificate('early', 5, 200)))).toMatchObject({ state: 'fail' })
})

test('a key of another certificate, and a file that is none, are told', async () => {
  const [one, other] = [await certificate('one', -1, 200), await certificate('other', -1, 200)]
  const mixed = { ...one, HEARTHLINE_TLS_KEY: other['HEARTHLINE_TLS_KEY'] }
  expect(lookAtCertificate(settings(mixed)).text).toMatch(/key does not belong/)
  writeFileSync(join(folder, 'text.pem'), 'not a certificate')
  const text = { ...one, HEARTHLINE_TLS_CERT: join(folder, 'text.pem') }
  expect(lookAtCertificate(settings(text)).state).toBe('fail')
})

test('the certificate of --self-signed holds for this machine and is kept while it is good', async () => {
  const files = await ensureCertificate(folder)
  const first = readFileSync(files.cert, 'utf8')
  await ensureCertificate(folder)
  expect(readFileSync(files.cert, 'utf8')).toBe(first)
  expect(lookAtCertificate(settings())).toMatchObject({
    state: 'ok',
    text: expect.stringContaining('self-signed'),
  })
  rmSync(join(folder, 'tls'), { recursive: true })
})

test('without HTTPS the microphone works on this machine only', () => {
  expect(lookAtMicrophone(settings({ HEARTHLINE_HOST: '127.0.0.1' })).state).toBe('ok')
  expect(lookAtMicrophone(settings({ HEARTHLINE_HOST: '0.0.0.0' })).state).toBe('warn')
})

test('the prompts of the house are complete, and one that is missing or no telephone sound is named', () => {
  expect(lookAtSounds()).toMatchObject({ state: 'ok' })
  const prompts = join(folder, 'prompts')
  cpSync(join(projectRoot, 'clinical', 'prompts'), prompts, { recursive: true })
  rmSync(join(prompts, 'en', 'consent.wav'))
  const bytes = readFileSync(join(prompts, 'zh-CN', 'greeting.wav'))
  bytes.writeUInt32LE(44_100, 24)
  writeFileSync(join(prompts, 'zh-CN', 'greeting.wav'), bytes)
  const finding = lookAtSounds(prompts)
  expect(finding.state).toBe('fail')
  expect(finding.text).toContain('en/consent.wav')
  expect(finding.text).toContain('zh-CN/greeting.wav')
  writeFileSync(join(folder, 'short.wav'), 'RIFF')
  expect(isTelephoneSound(join(folder, 'short.wav'))).toBe(false)
})

test('a data folder that is not there yet is judged by the one above it', () => {
  const later = settings({ HEARTHLINE_DATA: join(folder, 'not', 'yet') })
  expect(lookAtDataFolder(later).state).toBe('ok')
  expect(lookAtDisk(later).text).toMatch(/GB are free/)
  expect(lookAtDataFolder(settings({ HEARTHLINE_DATA: '/proc/hearthline' })).state).toBe('fail')
})

test('a hotline without a backup, and one whose last is older than eight days, is told so', () => {
  expect(lookAtBackup(settings())).toMatchObject({
    state: 'warn',
    text: expect.stringContaining('No backup'),
  })
  const madeAt = Date.parse('2026-11-21T03:00:00Z')
  writeFileSync(join(folder, 'last-backup'), '2026-11-21T03:00:00.000Z\n')
  expect(lookAtBackup(settings(), madeAt + 7.9 * day).state).toBe('ok')
  expect(lookAtBackup(settings(), madeAt + 8.1 * day)).toMatchObject({
    state: 'warn',
    text: expect.stringContaining('8 days'),
  })
})

test('a key management system that does not give back what it wrapped fails; where there is none nothing is said', () => {
  const kms = aKms()
  const found = (): string | undefined =>
    lookAtKms(settings({ HEARTHLINE_KMS_COMMAND: kms.program }))[0]?.state
  expect(found()).toBe('ok')
  for (const mood of ['away', 'babbling', 'echoing'] as const) {
    kms.mood(mood)
    expect(found()).toBe('fail')
  }
  expect(lookAtKms(settings())).toEqual([])
})

test('a store of recordings that does not answer is told', async () => {
  const store = await startObjectStore()
  const env = { HEARTHLINE_S3_BUCKET: 'recordings', HEARTHLINE_S3_ENDPOINT: store.settings.endpoint ?? '' }
  expect(await lookAtStore(settings(env))).toMatchObject([{ check: 'store', state: 'ok' }])
  await store.leave()
  expect(await lookAtStore(settings(env))).toMatchObject([{ check: 'store', state: 'warn' }])
  expect(await lookAtStore(settings())).toEqual([])
})
