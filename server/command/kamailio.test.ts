import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { writeKamailioConfig } from './kamailio.ts'
import { CommandRefused } from './users.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hearthline-kamailio-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

const usual = ['--listen', '10.0.0.4', '--asterisk', '10.0.0.5', '--carrier', '[2001:db8::9]:5070']

test('the configuration is written, again with other options, and says how Kamailio is started', () => {
  writeKamailioConfig([folder, ...usual])
  writeKamailioConfig([folder, ...usual, '--asterisk', '10.0.0.6:5080'])
  expect(readdirSync(folder).toSorted()).toEqual(['dispatcher.list', 'kamailio.cfg'])
  const lists = readFileSync(join(folder, 'dispatcher.list'), 'utf8')
  for (const line of ['1 sip:10.0.0.5:5060 ', '1 sip:10.0.0.6:5080 ', '2 sip:[2001:db8::9]:5070 '])
    expect(lists).toContain(line)
})

test("somebody else's configuration is not overwritten", () => {
  writeFileSync(join(folder, 'kamailio.cfg'), '#!KAMAILIO\n')
  expect(() => writeKamailioConfig([folder, ...usual])).toThrow(CommandRefused)
  expect(readdirSync(folder)).toEqual(['kamailio.cfg'])
})

test('what cannot be meant is refused before anything is written', () => {
  for (const args of [
    [],
    ['--listen', 'kamailio.example'],
    ['--listen', '10.0.0.4:99999', ...usual.slice(2)],
    usual.slice(0, 2),
    [...usual, '--nonsense'],
    [...usual, 'more'],
  ])
    expect(() => writeKamailioConfig([folder, ...args])).toThrow(CommandRefused)
  expect(readdirSync(folder)).toEqual([])
})
