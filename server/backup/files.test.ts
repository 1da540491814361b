import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { wholeOf, type Entry } from './archive.ts'
import { fileEntries, firstFileIn, isFileEntry, putFile } from './files.ts'

let data: string
beforeEach(() => {
  data = mkdtempSync(join(tmpdir(), 'hearthline-files-'))
  mkdirSync(join(data, 'recordings', 'h', '2026', '11'), { recursive: true })
  mkdirSync(join(data, 'cdr'))
})
afterEach(() => rmSync(data, { recursive: true, force: true }))

test('a file that grows while it is read is taken as long as it was, one that shrinks is refused', async () => {
  const path = join(data, 'cdr', 'Master.csv')
  writeFileSync(path, 'one\n')
  for await (const entry of fileEntries(data)) {
    appendFileSync(path, 'two\n')
    expect((await wholeOf(entry)).toString()).toBe('one\n')
    expect(entry.size).toBe(4)
  }
  for await (const entry of fileEntries(data)) {
    truncateSync(path, 2)
    await expect(wholeOf(entry)).rejects.toThrow(/became shorter/)
  }
})

test('a recording that ends while the backup goes on is taken under its last name', async () => {
  const folder = join(data, 'recordings', 'h', '2026', '11')
  writeFileSync(join(folder, 'a.caller.age'), 'first')
  writeFileSync(join(folder, 'b.caller.age.part'), 'second')
  const names: string[] = []
  for await (const entry of fileEntries(data)) {
    names.push(entry.name)
    if (names.length === 1) renameSync(join(folder, 'b.caller.age.part'), join(folder, 'b.caller.age'))
  }
  expect(names).toEqual(['a', 'b'].map((name) => `data/recordings/h/2026/11/${name}.caller.age`))
})

test('G24-6.2.2c: a package that waits for its receiver is in the backup: made anew it would have another hash than the register', async () => {
  const path = join(data, 'packages', 'h')
  mkdirSync(path, { recursive: true })
  writeFileSync(join(path, 'd.age'), 'sealed')
  const names: string[] = []
  for await (const entry of fileEntries(data)) {
    names.push(entry.name)
    expect(isFileEntry(entry)).toBe(true)
    const fresh = join(data, 'fresh')
    await putFile(fresh, entry)
    expect(readFileSync(join(fresh, 'packages', 'h', 'd.age'), 'utf8')).toBe('sealed')
  }
  expect(names).toEqual(['data/packages/h/d.age'])
  expect(await firstFileIn(data)).toBe(join(path, 'd.age'))
})

test('links are not followed out of the data folder', async () => {
  symlinkSync('/etc/hostname', join(data, 'cdr', 'link'))
  symlinkSync('/etc', join(data, 'recordings', 'elsewhere'))
  expect(await firstFileIn(data)).toBeNull()
})

const entry = (name: string): Entry => ({ name, size: 1, mode: 0o640, body: [Buffer.from('x')] })

test('no name in a backup leads out of the data folder or to another part of it', async () => {
  const names = [
    'data/../x',
    'data/cdr/../../x',
    'data/cdr/',
    'data/pg/x',
    'data/keys',
    '/etc/x',
    'data/cdr//x',
    'cdr/x',
    'data/cdr/./x',
  ]
  for (const name of names) expect([name, isFileEntry(entry(name))]).toEqual([name, false])
  expect(isFileEntry(entry('data/recordings/h/2026/11/a.age'))).toBe(true)
  await putFile(data, entry('data/instruments/own/a.json'))
  expect(readFileSync(join(data, 'instruments', 'own', 'a.json'), 'utf8')).toBe('x')
  expect(statSync(join(data, 'instruments', 'own')).mode & 0o777).toBe(0o700)
})
