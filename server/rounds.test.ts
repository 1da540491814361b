import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import type { LiveEvent } from '../api/events.ts'
import { aHotline, aLine, aPerson, freshDatabase } from '../test/database.ts'
import { someKeys } from '../test/keys.ts'
import { isOutsideFull } from './calls/outside.ts'
import { inHotline } from './db/database.ts'
import { newId } from './db/id.ts'
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
