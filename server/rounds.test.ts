import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import type { LiveEvent } from '../api/events.ts'
import { aHotline, aLine, freshDatabase } from '../test/database.ts'
import { someKeys } from '../test/keys.ts'
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
