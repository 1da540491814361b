import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sql } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { aHotline, aLine, aPerson, aSeat, freshDatabase, passphrase } from '../../test/database.ts'
import { inHotline } from '../db/database.ts'
import { newId } from '../db/id.ts'
import { logIn } from '../identity/log-in.ts'
import { openKeys } from '../records/keys.ts'

const { db, url, ownerUrl, owner } = await freshDatabase()
const folder = mkdtempSync(join(tmpdir(), 'hearthline-command-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
let hotlineId: string

const program = join(import.meta.dirname, '..', 'command.ts')
const env = {
  ...process.env,
  DATABASE_URL: url,
  HEARTHLINE_OWNER_DATABASE_URL: ownerUrl,
  HEARTHLINE_DATA: folder,
  HEARTHLINE_PORT: '1',
}

/** Runs a verb as an operator would, with something piped in. */
function run(args: string[], input = ''): Promise<{ code: number; out: string; err: string }> {
  return new Promise((resolve) => {
    const child = execFile(process.execPath, [program, ...args], { env }, (error, out, err) =>
      resolve({ code: typeof error?.code === 'number' ? error.code : error ? 1 : 0, out, err }),
    )
    child.stdin?.end(input)
  })
}

beforeAll(async () => {
  hotlineId = await aHotline(db)
  const { lineId } = await aLine(db, hotlineId, { number: '1001' })
  const { personId } = await aPerson(db, hotlineId)
  const { seatId } = await aSeat(db, hotlineId)
  await inHotline(db, hotlineId, async (tx) => {
    for (const state of ['waiting', 'talking', 'closed']) {
      const at = new Date(state === 'closed' ? '2026-11-20T08:00:00Z' : '2026-11-21T08:00:00Z')
      await sql`select create_contact(${newId()}, ${lineId}, 'phone', ${state}, ${at}, null, ${Buffer.from('13800138000')},
        null, null, false, null, null, null, '{}')`.execute(tx)
    }
    const at = new Date()
    const times = { since: at, idle_since: at, started_at: at }
    const duty = {
      duty_id: newId(),
      hotline_id: hotlineId,
      person_id: personId,
      seat_id: seatId,
      state: 'wrap-up',
    }
    await tx
      .insertInto('duty')
      .values({ ...duty, ...times })
      .execute()
  })
})

test('status tells what waits, talks and sits, also while the server is down', async () => {
  const { code, out } = await run(['status', '--json'])
  expect(code).toBe(0)
  const seats = { free: 0, busy: 1, away: 0 }
  expect(JSON.parse(out)).toEqual({ ready: false, waiting: 1, talking: 1, seats, switchboard: false })
})

test('contacts are one line each, since an instant, and identify nobody', async () => {
  const all = await run(['contacts', '--json'])
  const lines = all.out.trim().split('\n')
  expect(lines).toHaveLength(3)
  expect(JSON.parse(lines[0] ?? '')).toEqual({
    number: 1,
    line: '1001',
    channel: 'phone',
    state: 'waiting',
    outcome: null,
    risk: null,
    consent: null,
    startedAt: '2026-11-21T08:00:00.000Z',
    answeredAt: null,
    endedAt: null,
    recorded: false,
  })
  const since = await run(['contacts', '--json', '--since', '2026-11-21T00:00:00Z'])
  expect(since.out.trim().split('\n')).toHaveLength(2)
  expect(await run(['contacts', '--since', 'yesterday'])).toMatchObject({ code: 1, out: '' })
})

test('an operator adds an administrator and renews a passphrase without showing it to the machine', async () => {
  const added = await run(['user', 'add', 'rescue', '--role', 'administrator'], 'a passphrase piped in\n')
  expect(added).toMatchObject({ code: 0, err: '' })
  const enter = (passphrase: string): Promise<unknown> =>
    logIn(
      { db, keys: openKeys(folder, null) },
      { name: 'rescue', passphrase, address: 'x', agent: '', now: new Date(), demo: false },
    )
  await enter('a passphrase piped in')
  const renewed = await run(['user', 'passphrase', 'rescue'])
  const made = /: (\S+)/.exec(renewed.out)?.[1] ?? ''
  await enter(made)
  await expect(enter('a passphrase piped in')).rejects.toMatchObject({ code: 'session.wrongName' })
  expect((await run(['user', 'list'])).out).toContain('rescue\trescue\tadministrator\tactive')
  const audit = await owner(`select action from audit_event where data->>'by' = 'command line' order by seq`)
  expect(audit).toEqual([{ action: 'person.added' }, { action: 'passphrase.changed' }])
})

test('G24-7.3: a checkpoint is one line for somebody outside; verify holds the chain against it', async () => {
  const refused = await run(['checkpoint'])
  expect(refused).toMatchObject({ code: 1, out: '' })
  const keys = openKeys(folder, null)
  await sql`insert into key_check (value) values (${keys.check})`.execute(db.doors)
  await keys.makeRecordingKeys(hotlineId)
  const printed = await run(['checkpoint'])
  expect(printed).toMatchObject({ code: 0, err: '' })
  const line = printed.out.trim()
  expect(line).toMatch(/^hearthline-checkpoint-1\/\S+$/)
  expect((await run(['verify', '--checkpoint', line])).out).not.toContain('checkpoint\t')
  const forged = line.replace(/\/1\/2/, '/2/2')
  expect((await run(['verify', '--checkpoint', forged])).out).toContain('checkpoint\t2\tchanged')
  expect(await run(['verify', '--checkpoint', line.slice(0, -1)])).toMatchObject({ code: 1, out: '' })
})

test('G24-7.5c: an operator takes the second factor of who lost it away; they set up a new one', async () => {
  const { personId, name } = await aPerson(db, hotlineId)
  await inHotline(db, hotlineId, async (tx) => {
    const about = { hotline_id: hotlineId, person_id: personId }
    const at = new Date()
    const sealed = { secret_sealed: Buffer.from('sealed'), created_at: at, confirmed_at: at }
    await tx
      .insertInto('factor')
      .values({ factor_id: newId(), kind: 'totp', ...about, ...sealed })
      .execute()
    await tx
      .insertInto('recovery_code')
      .values({ code_id: newId(), code_hash: 'x', ...about })
      .execute()
  })
  const given = { name, passphrase, address: 'x', agent: '', now: new Date(), demo: false }
  const stageNow = async (): Promise<string> =>
    (await logIn({ db, keys: openKeys(folder, null) }, given)).entered.stage
  expect(await stageNow()).toBe('prove')
  expect(await run(['user', 'reset-factors', name])).toMatchObject({ code: 0, err: '' })
  expect(await stageNow()).toBe('set-up')
  expect(await owner('select 1 from recovery_code where person_id = $1', [personId])).toEqual([])
  const audit = await owner(`select data from audit_event where action = 'factor.reset'`)
  expect(audit).toEqual([{ data: { by: 'command line' } }])
})

test('what cannot be done is one sentence and exit code 1', async () => {
  const answers = await Promise.all([
    run(['dance']),
    run(['user', 'passphrase', 'nobody'], 'x'),
    run(['user', 'reset-factors', 'nobody']),
    run(['user', 'add']),
  ])
  for (const { code, out, err } of answers) {
    expect(code).toBe(1)
    expect(out).toBe('')
    expect(err).not.toContain('    at ')
  }
})
