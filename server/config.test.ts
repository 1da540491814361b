import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { ConfigRefused, readConfig } from './config.ts'

const folder = mkdtempSync(join(tmpdir(), 'hearthline-config-'))
afterAll(() => rmSync(folder, { recursive: true }))
const store = (more: NodeJS.ProcessEnv) =>
  readConfig({ DATABASE_URL: 'postgresql:///x', HEARTHLINE_S3_BUCKET: 'sound', ...more }).store

test('recordings stay here unless a bucket is named, and none is used without its credentials', () => {
  expect(readConfig({ DATABASE_URL: 'postgresql:///x' }).store).toBeNull()
  expect(() => store({})).toThrow(ConfigRefused)
  expect(() => store({ HEARTHLINE_S3_CREDENTIALS: join(folder, 'none') })).toThrow(ConfigRefused)
})

test('credentials of a store come from a file as AWS writes it, or from the environment', () => {
  const file = join(folder, 'credentials')
  writeFileSync(file, '[default]\naws_access_key_id = one\naws_secret_access_key = two\n')
  expect(store({ HEARTHLINE_S3_CREDENTIALS: file, HEARTHLINE_S3_PREFIX: '/hotline/' })).toMatchObject({
    endpoint: null,
    pathStyle: false,
    prefix: 'hotline/',
    accessKeyId: 'one',
    secretAccessKey: 'two',
  })
  const env = { HEARTHLINE_S3_ACCESS_KEY_ID: 'a', HEARTHLINE_S3_SECRET_ACCESS_KEY: 'b' }
  expect(store({ ...env, HEARTHLINE_S3_ENDPOINT: 'http://127.0.0.1:9000' })).toMatchObject({
    pathStyle: true,
    prefix: '',
    secretAccessKey: 'b',
  })
  expect(() => store({ ...env, HEARTHLINE_S3_ENDPOINT: 'ftp://x' })).toThrow(/HEARTHLINE_S3_ENDPOINT/)
})

test('browsers are passed on to a port of this machine, or to one on each switchboard’s', () => {
  const doors = (text: string) =>
    readConfig({ DATABASE_URL: 'postgresql:///x', HEARTHLINE_SIP_WS_PORT: text }).sipDoors
  expect(doors('')).toEqual([])
  expect(doors('8088')).toEqual([{ host: '127.0.0.1', port: 8088 }])
  expect(doors('10.0.0.5:8088  [::1]:8089')).toEqual([
    { host: '10.0.0.5', port: 8088 },
    { host: '::1', port: 8089 },
  ])
  expect(() => doors('10.0.0.5')).toThrow(/HEARTHLINE_SIP_WS_PORT/)
  const url = 'http://a:b@10.0.0.5:8088 http://a:b@10.0.0.6:8088'
  const two = { DATABASE_URL: 'postgresql:///x', ARI_URL: url }
  expect(readConfig({ ...two, HEARTHLINE_SIP_WS_PORT: '10.0.0.5:8088 10.0.0.6:8088' }).ari?.url).toBe(url)
  expect(() => readConfig({ ...two, HEARTHLINE_SIP_WS_PORT: '8088' })).toThrow(/HEARTHLINE_SIP_WS_PORT/)
  expect(() => readConfig({ ...two, ARI_URL: `${url} 10.0.0.7` })).toThrow(/ARI_URL/)
})

test('a key management program is named by its whole path', () => {
  const kms = (path: string) =>
    readConfig({ DATABASE_URL: 'postgresql:///x', HEARTHLINE_KMS_COMMAND: path }).kms
  expect(kms('/etc/hearthline/kms')).toBe('/etc/hearthline/kms')
  expect(() => kms('kms --now')).toThrow(/HEARTHLINE_KMS_COMMAND/)
})
