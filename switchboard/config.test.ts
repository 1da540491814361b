import { expect, test } from 'vitest'
import { ConfigError, readConfig } from './config.ts'

test('a wrong setting is named in one sentence', () => {
  const password = { HEARTHLINE_ARI_PASSWORD: 'x' }
  expect(() => readConfig({ ...password, HEARTHLINE_SIP_PORT: '99999' })).toThrow(/^HEARTHLINE_SIP_PORT: /)
  expect(() => readConfig({ ...password, HEARTHLINE_RTP_PORTS: '20000-10000' })).toThrow(ConfigError)
  expect(() =>
    readConfig({ ...password, HEARTHLINE_TLS_CERT: '/no/such', HEARTHLINE_TLS_KEY: '/no' }),
  ).toThrow(ConfigError)
  expect(() => readConfig({})).toThrow(/HEARTHLINE_ARI_PASSWORD/)
})

test('calls from nobody we know are taken on loopback only, unless it is said', () => {
  const env = { HEARTHLINE_ARI_PASSWORD: 'x' }
  expect(readConfig(env).acceptAnonymous).toBe(true)
  expect(readConfig({ ...env, HEARTHLINE_HOST: '0.0.0.0' }).acceptAnonymous).toBe(false)
  expect(
    readConfig({ ...env, HEARTHLINE_HOST: '0.0.0.0', HEARTHLINE_SIP_ANONYMOUS: '1' }).acceptAnonymous,
  ).toBe(true)
  expect(readConfig({ ...env, HEARTHLINE_SIP_PORT: '' }).sipPort).toBe(5060)
})

test('a challenge asks for MD5 unless other digests are named, and those alone that exist', () => {
  const env = { HEARTHLINE_ARI_PASSWORD: 'x' }
  expect(readConfig(env).digests).toEqual(['MD5'])
  expect(readConfig({ ...env, HEARTHLINE_SIP_DIGESTS: 'SHA-256, MD5' }).digests).toEqual(['SHA-256', 'MD5'])
  expect(() => readConfig({ ...env, HEARTHLINE_SIP_DIGESTS: 'SHA-1' })).toThrow(/^HEARTHLINE_SIP_DIGESTS/)
})
