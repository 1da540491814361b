import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import {
  isMadeHere,
  kamailioConfig,
  KamailioSettingRefused,
  type KamailioSettings,
} from './kamailio-config.ts'

const settings: KamailioSettings = {
  listen: { host: '10.0.0.4', port: 5060 },
  publicAddress: '198.51.100.7',
  asterisks: [
    { host: '10.0.0.5', port: 5060 },
    { host: '10.0.0.6', port: 5060 },
  ],
  carriers: [
    { host: '203.0.113.9', port: 5060 },
    { host: '2001:db8::9', port: 5060 },
  ],
  folder: '/etc/hearthline/kamailio',
  modules: '/usr/lib/x86_64-linux-gnu/kamailio/modules',
}

test('Asterisks and carriers are two lists, the first carrier before the others', () => {
  const text = kamailioConfig(settings).get('dispatcher.list') ?? ''
  expect(isMadeHere(text)).toBe(true)
  expect(text.split('\n').slice(1)).toEqual([
    '1 sip:10.0.0.5:5060 0 0',
    '1 sip:10.0.0.6:5060 0 0',
    '2 sip:203.0.113.9:5060 0 2',
    '2 sip:[2001:db8::9]:5060 0 1',
    '',
  ])
})

test('the address outside is told to carriers, and left out where there is none', () => {
  const line = 'listen=udp:10.0.0.4:5060'
  expect(kamailioConfig(settings).get('kamailio.cfg')).toContain(`${line} advertise 198.51.100.7:5060\n`)
  const plain = kamailioConfig({ ...settings, publicAddress: null }).get('kamailio.cfg')
  expect(plain).toContain(`${line}\n`)
})

test('what would break out of its line, or cannot be meant, is refused', () => {
  const odd: Partial<KamailioSettings>[] = [
    { folder: 'relative' },
    { folder: '/a"b' },
    { modules: '/a\nb' },
    { asterisks: [] },
    { carriers: [] },
    { publicAddress: 'x y' },
    { carriers: [{ host: 'carrier.example', port: 5060 }] },
  ]
  for (const more of odd)
    expect(() => kamailioConfig({ ...settings, ...more })).toThrow(KamailioSettingRefused)
})

test('deploy/cluster shows what is written', () => {
  const example = join(import.meta.dirname, '..', 'deploy', 'cluster', 'example')
  const files = kamailioConfig({ ...settings, carriers: settings.carriers.slice(0, 1) })
  // These two are no work of ours: `npm run test:cluster` runs them as they stand there.
  const byHand = ['haproxy.cfg', 'patroni.yml']
  expect(readdirSync(example).toSorted()).toEqual([...files.keys(), ...byHand].toSorted())
  for (const [name, text] of files) expect(readFileSync(join(example, name), 'utf8'), name).toBe(text)
})
