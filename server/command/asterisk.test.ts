import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { writeAsteriskConfig } from './asterisk.ts'
import { CommandRefused } from './users.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hearthline-asterisk-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

const read = (name: string): string => readFileSync(join(folder, name), 'utf8')

test('the configuration is written for its owner alone, and its secret stays when an option changes', () => {
  writeAsteriskConfig([folder])
  const modes = readdirSync(folder).map((name) => statSync(join(folder, name)).mode & 0o777)
  expect(new Set(modes)).toEqual(new Set([0o600]))
  const [, password = ''] = /^password=(\S{32})$/m.exec(read('ari.conf')) ?? []
  expect(read('ari.env')).toBe(`ARI_URL=http://hearthline:${password}@127.0.0.1:8088\n`)
  const before = read('pjsip.conf')
  writeAsteriskConfig([folder, '--sip-port', '5070'])
  expect(read('ari.conf')).toContain(`password=${password}\n`)
  expect(read('pjsip.conf')).toBe(before.replaceAll(':5060', ':5070'))
})

test('two hotlines have different secrets', () => {
  writeAsteriskConfig([join(folder, 'one')])
  writeAsteriskConfig([join(folder, 'two')])
  expect(read('one/ari.conf')).not.toBe(read('two/ari.conf'))
})

test("somebody else's configuration is not overwritten, and no file of it is touched", () => {
  writeFileSync(join(folder, 'http.conf'), '[general]\n')
  expect(() => writeAsteriskConfig([folder])).toThrow(CommandRefused)
  expect(readdirSync(folder)).toEqual(['http.conf'])
})

test('an option that cannot be meant is refused before anything is written', () => {
  for (const args of [
    ['--host', 'x'],
    ['--rtp', '2000-1000'],
    ['--recorder', 'http://x'],
    ['--nonsense'],
    ['more'],
  ])
    expect(() => writeAsteriskConfig([folder, ...args])).toThrow(CommandRefused)
  expect(readdirSync(folder)).toEqual([])
})
