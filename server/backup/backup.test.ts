import { spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Decrypter, generateX25519Identity, identityToRecipient } from 'age-encryption'
import fc from 'fast-check'
import pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { freshDatabase } from '../../test/database.ts'
import { knownSteps, migrate } from '../db/migrate.ts'
import { recordedTalk } from '../records/testing/recorded-talk.ts'
import { backUp, checkBackup, restoreBackup, type BackupMade, type BackupOrder } from './backup.ts'
import { BackupRefused } from './refusal.ts'
import { emptyDatabaseOfTest, stateOf } from './testing/empty-database.ts'

const { db, url, ownerUrl } = await freshDatabase()
const folder = mkdtempSync(join(tmpdir(), 'hearthline-backup-'))
const identity = await generateX25519Identity()
const to = [await identityToRecipient(identity)]
let data: string
let made: BackupMade

const newFolder = (name: string): string => mkdtempSync(join(folder, `${name}-`))
const order = (given: Partial<BackupOrder>): BackupOrder => ({
  ownerUrl,
  data,
  target: join(folder, `${randomBytes(6).toString('hex')}.age`),
  sealing: { to },
  withKeys: false,
  product: '9.9.9',
  now: new Date('2026-11-21T04:00:00.123Z'),
  ...given,
})
const put = (path: string, bytes: string | Buffer): void => {
  mkdirSync(join(data, path, '..'), { recursive: true })
  writeFileSync(join(data, path), bytes, { mode: 0o600 })
}
const filesIn = (of: string): Record<string, string> =>
  Object.fromEntries(
    readdirSync(of, { recursive: true, withFileTypes: true })
      .filter((each) => each.isFile())
      .map((each) => join(each.parentPath, each.name))
      .map((path) => [path.slice(of.length + 1), readFileSync(path, 'base64')]),
  )

let place = ''

beforeAll(async () => {
  const talk = await recordedTalk(db, { sides: ['caller', 'seat'], summaries: true })
  data = talk.data
  put(`keys/${talk.hotlineId}.recording.sealed`, 'sealed')
  put('keys/master.key', 'the master key')
  put('keys/database.json', '{}')
  put('keys/backup.key', 'AGE-SECRET-KEY-1')
  put('prompts/喂.wav', randomBytes(200_000))
  put('cdr/Master.csv', '"a","b"\n')
  put('log/server.log', 'not of interest')
  place = newFolder('made')
  made = await backUp(order({ target: place }))
})
afterAll(() => {
  rmSync(folder, { recursive: true, force: true })
  rmSync(data, { recursive: true, force: true })
})

test('G24-6.2.2b: a backup restored onto an empty machine has every row, right, sequence and file, and no master key', async () => {
  expect(made.file).toBe(join(place, 'hearthline-20261121T040000Z.age'))
  expect(statSync(made.file).mode & 0o777).toBe(0o600)
  expect(readdirSync(place)).toHaveLength(1)
  const site = { ...(await emptyDatabaseOfTest()), data: newFolder('restored') }
  const contents = await restoreBackup(site, made.file, { identities: [identity] })
  expect(contents).toEqual(made.contents)
  expect(await stateOf(site.ownerUrl)).toEqual(await stateOf(ownerUrl))
  const left = /^(log|keys\/(master\.key|database\.json|backup\.key)$)/
  const expected = Object.entries(filesIn(data)).filter(([path]) => !left.test(path))
  expect(filesIn(site.data)).toEqual(Object.fromEntries(expected))
  expect(expected.length).toBeGreaterThan(5)
})

test('G24-6.2.2c: any byte changed, cut off or added is refused in one sentence', async () => {
  const whole = readFileSync(made.file)
  const path = join(folder, 'changed.age')
  const refused = async (bytes: Buffer): Promise<void> => {
    writeFileSync(path, bytes)
    const error: unknown = await checkBackup(path, { identities: [identity] }).catch(
      (reason: unknown) => reason,
    )
    expect(error).toBeInstanceOf(BackupRefused)
    expect(String(error)).toMatch(/damaged/)
    expect(String(error)).not.toContain('\n')
  }
  const header = whole.indexOf('\n--- ') + 60
  // Half of the places in the header, where a clever reader could be careless.
  const anywhere = fc.oneof(fc.nat(header), fc.nat(whole.length - 1))
  await fc.assert(
    fc.asyncProperty(anywhere, fc.integer({ min: 1, max: 255 }), async (at, by) => {
      const changed = Buffer.from(whole)
      changed[at] = (changed[at] ?? 0) ^ by
      await refused(changed)
    }),
    { numRuns: 120 },
  )
  await fc.assert(
    fc.asyncProperty(anywhere, async (length) => refused(whole.subarray(0, length))),
    { numRuns: 60, examples: [[0], [header], [whole.length - 1]] },
  )
  await refused(Buffer.concat([whole, Buffer.of(0)]))
  await refused(Buffer.concat([whole, whole]))
})

test('nothing is restored from a damaged backup, over anything, or with another key', async () => {
  const site = { ...(await emptyDatabaseOfTest()), data: newFolder('untouched') }
  const before = await stateOf(site.ownerUrl)
  const broken = join(folder, 'broken.age')
  writeFileSync(broken, readFileSync(made.file).subarray(0, -70_000))
  const other = await generateX25519Identity()
  await expect(restoreBackup(site, broken, { identities: [identity] })).rejects.toThrow(/damaged or cut off/)
  await expect(restoreBackup(site, made.file, { identities: [other] })).rejects.toThrow(/cannot be opened/)
  await expect(restoreBackup(site, join(folder, 'none'), { identities: [identity] })).rejects.toThrow(
    /not there/,
  )
  const occupied = { ...site, data }
  await expect(restoreBackup(occupied, made.file, { identities: [identity] })).rejects.toThrow(/not empty/)
  expect(await stateOf(site.ownerUrl)).toEqual(before)
  expect(filesIn(site.data)).toEqual({})
  const full = { ...site, ownerUrl }
  await expect(restoreBackup(full, made.file, { identities: [identity] })).rejects.toThrow(/not empty/)
})

test('a restore that fails on its way leaves the machine as empty as it was', async () => {
  const site = { ...(await emptyDatabaseOfTest()), data: newFolder('half') }
  const hotlineKey = Object.keys(filesIn(data)).find((path) => path.endsWith('.recording.sealed')) ?? ''
  mkdirSync(join(site.data, 'keys'))
  writeFileSync(join(site.data, hotlineKey), 'another key')
  const before = await stateOf(site.ownerUrl)
  await expect(restoreBackup(site, made.file, { identities: [identity] })).rejects.toThrow(
    /not the file of the backup/,
  )
  expect(await stateOf(site.ownerUrl)).toEqual(before)
  expect(Object.keys(filesIn(site.data)).filter((path) => !path.startsWith('keys/'))).toEqual([])
  writeFileSync(join(site.data, hotlineKey), 'sealed')
  await restoreBackup(site, made.file, { identities: [identity] })
  expect(await stateOf(site.ownerUrl)).toEqual(await stateOf(ownerUrl))
})

test('a passphrase closes and opens a backup, and with the keys it holds everything but who can open it', async () => {
  const passphrase = 'nine calm geese over the river'
  const withKeys = await backUp(order({ sealing: { passphrase }, withKeys: true }))
  expect(withKeys.contents.about.withKeys).toBe(true)
  await expect(checkBackup(withKeys.file, { passphrase: `${passphrase}!` })).rejects.toThrow(
    /cannot be opened/,
  )
  const site = { ...(await emptyDatabaseOfTest()), data: newFolder('with-keys') }
  await restoreBackup(site, withKeys.file, { passphrase })
  expect(readFileSync(join(site.data, 'keys', 'master.key'), 'utf8')).toBe('the master key')
  expect(readdirSync(join(site.data, 'keys'))).not.toContain('backup.key')
})

test('a backup replaces no file, needs a recipient that is one, and says what is wrong with its place', async () => {
  await expect(backUp(order({ target: made.file }))).rejects.toThrow(/exists already/)
  await expect(backUp(order({ sealing: { to: ['age1nobody'] } }))).rejects.toThrow(/no age recipient/)
  await expect(backUp(order({ target: join(folder, 'no', 'such') }))).rejects.toThrow(
    /folder for the backup is not there/,
  )
  // As the product's role row-level security would hide every row.
  await expect(backUp(order({ ownerUrl: url }))).rejects.toThrow(/needs the owner/)
  const empty = await emptyDatabaseOfTest()
  const target = join(folder, 'of-nothing.age')
  await expect(backUp(order({ target, ownerUrl: empty.ownerUrl }))).rejects.toThrow(/holds no Hearthline/)
  expect(readdirSync(folder).filter((name) => /\.part$|^of-nothing/.test(name))).toEqual([])
})

test('a backup of a newer version is refused in one sentence', async () => {
  const newer = await freshDatabase()
  await newer.owner(`insert into schema_version (version, name, sha256) values (9000, '9000-later.sql', 'x')`)
  const { file } = await backUp(order({ ownerUrl: newer.ownerUrl }))
  const site = { ...(await emptyDatabaseOfTest()), data: newFolder('older') }
  await expect(restoreBackup(site, file, { identities: [identity] })).rejects.toThrow(
    /newer Hearthline \(9\.9\.9, schema 9000\)/,
  )
})

test('a backup of an older version is brought to this one by its restore', async () => {
  const old = await emptyDatabaseOfTest()
  await migrate(old.ownerUrl, old.appUrl, knownSteps().slice(0, 3))
  const client = new pg.Client({ connectionString: old.ownerUrl })
  await client.connect()
  await client.query(`insert into hotline (hotline_id, name) values (gen_random_uuid(), '老热线')`)
  await client.end()
  const { file } = await backUp(order({ ownerUrl: old.ownerUrl }))
  const site = { ...(await emptyDatabaseOfTest()), data: newFolder('newer') }
  await restoreBackup(site, file, { identities: [identity] })
  const state = await stateOf(site.ownerUrl)
  expect(state).toMatchObject({ schema_version: { count: knownSteps().length }, hotline: { count: 1 } })
  expect(state['definitions']).toEqual((await stateOf(ownerUrl))['definitions'])
})

test('a backup opens without this product: age, then tar', async () => {
  const decrypter = new Decrypter()
  decrypter.addIdentity(identity)
  const plain = await decrypter.decrypt(readFileSync(made.file))
  const { stdout, status } = spawnSync('tar', ['-tf', '-'], {
    input: plain,
    encoding: 'utf8',
    env: { LC_ALL: 'C.UTF-8' },
  })
  expect(status).toBe(0)
  const names = stdout.trim().split('\n')
  expect(names).toContain('tables/contact/000001.copy.zst')
  expect(names).toContain('data/cdr/Master.csv')
  expect(names.at(-1)).toBe('manifest.json')
})
