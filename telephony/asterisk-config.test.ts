import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  asteriskConfig,
  AsteriskSettingRefused,
  debianPlaces,
  type AsteriskSettings,
} from './asterisk-config.ts'

const settings: AsteriskSettings = {
  name: 'hearthline',
  host: '10.0.0.5',
  publicAddress: '198.51.100.7',
  sipPort: 5060,
  tls: { sipsPort: 5061, wssPort: 8089, pem: '/etc/hearthline/asterisk.pem' },
  rtpPorts: { first: 16384, last: 17407 },
  ari: { host: '127.0.0.1', port: 8088, user: 'hearthline', password: 'MADE-AT-THE-FIRST-RUN' },
  app: 'hotline',
  realm: 'hearthline',
  recorderUrl: 'ws://127.0.0.1:8090/',
  fallbackSound: '/opt/hearthline/clinical/prompts/zh-CN/trouble.wav',
  music: '/opt/hearthline/clinical/prompts/music/calm.wav',
  acceptAnonymous: false,
  places: { ...debianPlaces, etc: '/etc/hearthline/asterisk' },
}
const shown = join(import.meta.dirname, '..', 'deploy', 'asterisk', 'example')

test('the same settings always give the same files, and deploy/asterisk shows them', () => {
  const files = asteriskConfig(settings)
  expect([...asteriskConfig({ ...settings })]).toEqual([...files])
  expect(readdirSync(shown).toSorted()).toEqual([...files.keys()].toSorted())
  for (const [name, text] of files) expect(readFileSync(join(shown, name), 'utf8')).toBe(text)
})

test('no call of a stranger is taken, nothing but ARI can command, and no log names a caller', () => {
  const files = asteriskConfig(settings)
  const all = [...files.values()].join('')
  expect(files.get('pjsip.conf')).not.toContain('anonymous')
  expect(asteriskConfig({ ...settings, acceptAnonymous: true }).get('pjsip.conf')).toContain('[anonymous]')
  expect(files.get('asterisk.conf')).toContain('live_dangerously=no')
  expect(files.get('logger.conf')).toContain('messages=warning,error')
  expect(files.get('modules.conf')).toMatch(/autoload=no/)
  expect(files.get('modules.conf')).not.toMatch(
    /load=(app_system|res_agi|res_cli|app_externalivr|func_shell)/,
  )
  expect(all.match(/MADE-AT-THE-FIRST-RUN/g)).toHaveLength(1)
})

test('everything that a file points to is there', () => {
  const files = asteriskConfig(settings)
  const dialplan = files.get('extensions.conf') ?? ''
  for (const [, label = ''] of dialplan.matchAll(/\?(\w+)\)/g)) expect(dialplan).toContain(`n(${label})`)
  const [, music = ''] = /MusicOnHold\((\w+),/.exec(dialplan) ?? []
  expect(files.get('musiconhold.conf')).toContain(`[${music}]`)
  for (const [, file = ''] of (files.get('sorcery.conf') ?? '').matchAll(/config,([\w.]+),/g))
    expect(files.has(file)).toBe(true)
  const modules = files.get('modules.conf') ?? ''
  for (const needed of [
    'chan_pjsip',
    'chan_websocket',
    'res_ari_channels',
    'res_srtp',
    'app_stasis',
    'cdr_csv',
  ])
    expect(modules).toContain(`load=${needed}\n`)
  expect(existsSync(shown)).toBe(true)
})

test('no setting can add a line, a section or a comment of its own', () => {
  const odd = fc.string().filter((text) => /[;,[\]\s]/.test(text) || text === '')
  fc.assert(
    fc.property(odd, (text) => {
      expect(() => asteriskConfig({ ...settings, ari: { ...settings.ari, password: text } })).toThrow(
        AsteriskSettingRefused,
      )
      expect(() => asteriskConfig({ ...settings, app: text })).toThrow(AsteriskSettingRefused)
      expect(() => asteriskConfig({ ...settings, music: `/${text}.mp3` })).toThrow(AsteriskSettingRefused)
    }),
  )
})
