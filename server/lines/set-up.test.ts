import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { logIn, setUp, setUpState } from '../../api/session.ts'
import { roles } from '../../domain/permission.ts'
import { openTestApp, type Answer } from '../../test/app.ts'
import { freshDatabase } from '../../test/database.ts'
import { inHotline } from '../db/database.ts'
import { logIn as enter } from '../identity/log-in.ts'
import { openKeys } from '../records/keys.ts'
import { seatSpecs } from './seats.ts'
import { furnishDemo, makeSetUpToken, setUpNeeded } from './set-up.ts'

const { db, owner, clock, ask, keys, folder } = await openTestApp()
const site = { db, keys, dataFolder: folder, now: () => clock.now }
const demoFolder = mkdtempSync(join(tmpdir(), 'hearthline-demo-'))
afterAll(() => rmSync(demoFolder, { recursive: true, force: true }))

const wanted = {
  hotline: '杭州心理援助热线',
  lineName: '心理援助热线',
  lineNumber: '12356',
  seats: 3,
  administrator: { name: 'boss', displayName: '王主任', passphrase: 'a good long passphrase' },
}
const tryIt = (token: string, given: object = {}): Promise<Answer> =>
  ask(setUp, { body: { token, ...wanted, ...given } })

test('the first start is set up by its newest link, once, and not by a guess or an old link', async () => {
  expect((await ask(setUpState)).body).toEqual({ needed: true })
  const old = await makeSetUpToken(site)
  const token = await makeSetUpToken(site)
  expect((await tryIt('x'.repeat(32))).body).toMatchObject({ code: 'setup.linkInvalid' })
  expect((await tryIt(old)).body).toMatchObject({ code: 'setup.linkInvalid' })
  const weak = { ...wanted.administrator, passphrase: 'hearthline-demo' }
  expect((await tryIt(token, { administrator: weak })).body).toMatchObject({ code: 'person.weakPassphrase' })
  const start = clock.now
  clock.now = new Date(start.getTime() + 25 * 3_600_000)
  expect((await tryIt(token)).body).toMatchObject({ code: 'setup.linkInvalid' })
  clock.now = start
  const answers = await Promise.all([tryIt(token), tryIt(token)])
  expect(answers.map((answer) => answer.status).toSorted((a, b) => a - b)).toEqual([200, 403])
  expect((await ask(setUpState)).body).toEqual({ needed: false })
  expect((await tryIt(token)).body).toMatchObject({ code: 'setup.alreadyDone' })
})

test('what was set up is a working hotline: administrator, line, seats, prompts, recording key', async () => {
  const { name, passphrase } = wanted.administrator
  const entered = await ask(logIn, { body: { name, passphrase } })
  expect(entered.body).toEqual({ stage: 'set-up' })
  const [made] = await owner<{ hotline_id: string; name: string; demo: boolean; roles: string[] }>(
    'select h.hotline_id, h.name, h.demo, p.roles from hotline h join person p using (hotline_id)',
  )
  expect(made).toMatchObject({ name: wanted.hotline, demo: false, roles: ['administrator'] })
  const hotlineId = made?.hotline_id ?? ''
  const count = async (table: string): Promise<number> => (await owner(`select 1 from ${table}`)).length
  expect([await count('hotline'), await count('line'), await count('seat')]).toEqual([1, 1, 3])
  expect(await count('prompt')).toBeGreaterThan(40)
  expect(existsSync(join(folder, 'keys', `${hotlineId}.recording.pub`))).toBe(true)
})

test('the demonstration is furnished as the README says, and its passphrase opens nothing outside of it', async () => {
  const demo = await freshDatabase()
  const demoKeys = openKeys(demoFolder, null)
  const hotlineId = await furnishDemo({
    db: demo.db,
    keys: demoKeys,
    dataFolder: demoFolder,
    now: () => clock.now,
  })
  expect(await setUpNeeded(demo.db)).toBe(false)
  const lines = await demo.owner('select number, kind from line order by number')
  expect(lines).toEqual([
    { number: '1001', kind: 'general' },
    { number: '1002', kind: 'event' },
  ])
  const phones = await inHotline(demo.db, hotlineId, (tx) => seatSpecs(tx, demoKeys, hotlineId))
  const secret = { password: 'hearthline-demo' }
  expect(phones).toEqual([
    { seat: 'phone1', kind: 'phone', secret },
    { seat: 'phone2', kind: 'phone', secret },
  ])
  const who = (name: string) => ({
    name,
    passphrase: 'hearthline-demo',
    address: '127.0.0.1',
    agent: '',
    now: clock.now,
  })
  const held = new Set<string>()
  const names = [
    'admin',
    'supervisor',
    'counsellor1',
    'counsellor4',
    'custodian',
    'security',
    'auditor',
    'department',
    'evaluator',
  ]
  for (const name of names) {
    const { entered } = await enter({ db: demo.db, keys: demoKeys }, { ...who(name), demo: true })
    if (entered.stage === 'in') entered.roles.forEach((role) => held.add(role))
  }
  expect(held).toEqual(new Set(roles))
  const outside = enter({ db: demo.db, keys: demoKeys }, { ...who('admin'), demo: false })
  await expect(outside).rejects.toMatchObject({ code: 'person.weakPassphrase' })
})
