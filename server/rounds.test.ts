import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sql } from 'kysely'
import { afterAll, expect, test } from 'vitest'
import type { LiveEvent } from '../api/events.ts'
import { aHotline, aLine, aPerson, freshDatabase } from '../test/database.ts'
import { someKeys } from '../test/keys.ts'
import { isOutsideFull } from './calls/outside.ts'
import { inHotline } from './db/database.ts'
import { newId } from './db/id.ts'
import type { TrunkState } from './lines/devices.ts'
import { placesOf } from './records/records.ts'
import { startRounds } from './rounds.ts'

const { db, owner } = await freshDatabase()
const keys = someKeys()
const folder = mkdtempSync(join(tmpdir(), 'hearthline-rounds-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

test('the board says that the disk is full as long as it is, once, and is sent only when it changed', async () => {
  const hotlineId = await aHotline(db)
  await aLine(db, hotlineId)
  const boards: Extract<LiveEvent, { type: 'board' }>[] = []
  const failures: unknown[] = []
  let disk: 'disk-full' | null = 'disk-full'
  const rounds = startRounds({
    db,
    keys,
    dataFolder: folder,
    places: placesOf(folder),
    now: () => new Date(),
    live: {
      publish: () => undefined,
      publishHere: (_hotline, _to, event) => void (event.type === 'board' && boards.push(event)),
      watchedBy: () => [hotlineId],
    },
    failed: (error) => failures.push(error),
    disk: async () => disk,
  })
  const shown = (): (string | undefined)[] => boards.map((event) => event.board.notices[0]?.kind)
  await expect.poll(shown, { timeout: 10_000 }).toEqual([undefined, 'disk-full'])
  disk = null
  await expect.poll(shown, { timeout: 10_000 }).toEqual([undefined, 'disk-full', undefined])
  await rounds.stop()
  expect(await owner(`select kind from notice where ended_at is not null`)).toEqual([{ kind: 'disk-full' }])
  expect(failures).toEqual([])
})

test('toll fraud: when calls out reach the hourly limit the board says so until the hour is over', async () => {
  const hotlineId = await aHotline(db)
  const { personId } = await aPerson(db, hotlineId)
  await owner(`update hotline set settings = '{"outbound":{"perPerson":2}}' where hotline_id = $1`, [
    hotlineId,
  ])
  const called = (minutesAgo: number): Promise<unknown> =>
    owner(
      `insert into outbound_call (outbound_id, hotline_id, person_id, kind, at)
        values ($1, $2, $3, 'call-back', now() - make_interval(mins => $4))`,
      [newId(), hotlineId, personId, minutesAgo],
    )
  const isFull = (): Promise<boolean> =>
    inHotline(db, hotlineId, (tx) => isOutsideFull(tx, hotlineId, new Date()))
  await called(70)
  await called(30)
  expect(await isFull()).toBe(false)
  await called(1)
  expect(await isFull()).toBe(true)
  const failures: unknown[] = []
  const rounds = startRounds({
    db,
    keys,
    dataFolder: folder,
    places: placesOf(folder),
    now: () => new Date(),
    live: { publish: () => undefined, publishHere: () => undefined, watchedBy: () => [] },
    failed: (error) => failures.push(error),
    disk: async () => null,
  })
  const open = () => owner(`select kind from notice where hotline_id = $1 and ended_at is null`, [hotlineId])
  await expect.poll(open, { timeout: 10_000 }).toEqual([{ kind: 'outbound-limit' }])
  await owner(`update outbound_call set at = at - interval '2 hours'`)
  await expect.poll(open, { timeout: 10_000 }).toEqual([])
  await rounds.stop()
  expect(failures).toEqual([])
})

test('G24-3.2.2b: the board says which trunk is gone, refuses calls or sounds bad, as long as it does', async () => {
  const hotlineId = await aHotline(db)
  const { lineId } = await aLine(db, hotlineId)
  const states = new Map<string, TrunkState>()
  for (const name of ['telecom', 'mobile', 'unicom']) {
    states.set(name, 'up')
    await owner(
      `insert into trunk (trunk_id, hotline_id, name, kind, host, port) values ($1, $2, $3, 'address', '192.0.2.1', 5060)`,
      [newId(), hotlineId, name],
    )
  }
  const contactId = newId()
  await inHotline(db, hotlineId, (tx) =>
    sql`select create_contact(${contactId}, ${lineId}, 'phone', 'closed', now(), null, null, null, null, false, null,
      null, null, '{}')`.execute(tx),
  )
  const heard = (trunk: string, leg: string, opinion: number): Promise<unknown> =>
    owner(
      `insert into voice_quality (contact_id, leg, hotline_id, side, trunk, started_at, measured_at, opinion, loss_percent)
        values ($1, $2, $3, 'caller', $4, now(), now(), $5, 1)`,
      [contactId, leg, hotlineId, trunk, opinion],
    )
  const failures: unknown[] = []
  const rounds = startRounds({
    db,
    keys,
    dataFolder: folder,
    places: placesOf(folder),
    now: () => new Date(),
    live: { publish: () => undefined, publishHere: () => undefined, watchedBy: () => [] },
    failed: (error) => failures.push(error),
    disk: async () => null,
    around: {
      storeAway: () => false,
      recorderAway: async () => false,
      trunkState: (name) => states.get(name) ?? 'unknown',
    },
  })
  const open = () =>
    owner(
      `select kind, data->>'trunk' as trunk from notice where hotline_id = $1 and ended_at is null order by 1, 2`,
      [hotlineId],
    )
  const becomes = (...wanted: [string, string][]): Promise<void> =>
    expect.poll(open, { timeout: 10_000 }).toEqual(wanted.map(([kind, trunk]) => ({ kind, trunk })))
  states.set('telecom', 'down').set('mobile', 'refusing')
  for (const leg of ['one', 'two']) await heard('unicom', leg, 2.8)
  await becomes(['trunk-down', 'telecom'], ['trunk-refusing', 'mobile'])
  await heard('unicom', 'three', 3.4)
  states.set('telecom', 'up').set('mobile', 'down')
  await becomes(['trunk-down', 'mobile'], ['trunk-poor', 'unicom'])
  states.set('mobile', 'up')
  await owner(`update voice_quality set measured_at = now() - interval '31 minutes'`)
  await becomes()
  await rounds.stop()
  expect(failures).toEqual([])
})
