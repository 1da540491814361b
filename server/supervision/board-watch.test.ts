import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import type { Board } from '../../api/board.ts'
import { Problem } from '../../domain/problem.ts'
import { aHotline, aLine, freshDatabase } from '../../test/database.ts'
import { inHotline } from '../db/database.ts'
import { watchBoards } from './board-watch.ts'
import { readBoardNow } from './supervision.ts'
import { findTrunkNames, noteTroubles, recorderAway, type Trouble } from './troubles.ts'

const { db } = await freshDatabase()
const now = new Date('2026-11-21T04:00:00Z')

/** A watch over one hotline whose reading a test can change; `end` must be called. */
const watching = async (change: (board: Board) => Board) => {
  const hotlineId = await aHotline(db)
  await aLine(db, hotlineId)
  const sent: Board[] = []
  let reads = 0
  const watch = watchBoards({
    hotlines: async () => [hotlineId],
    read: async () => {
      reads += 1
      return change(await inHotline(db, hotlineId, (tx) => readBoardNow(tx, hotlineId, now)))
    },
    publish: (_, event) => void (event.type === 'board' && sent.push(event.board)),
    failed: () => undefined,
  })
  return { sent, watch, reads: () => reads }
}

test('a crowd of changes is one reading and one sending, and a board that says the same is not sent', async () => {
  const { sent, watch, reads } = await watching((board) => ({ ...board, at: new Date().toISOString() }))
  for (let n = 0; n < 500; n += 1) watch.poke()
  await expect.poll(() => sent.length, { timeout: 10_000 }).toBe(1)
  const before = reads()
  for (let n = 0; n < 500; n += 1) watch.poke()
  await expect.poll(reads, { timeout: 10_000 }).toBeGreaterThan(before)
  await sleep(300)
  expect(sent).toHaveLength(1)
  expect(reads()).toBeLessThan(12)
  watch.stop()
})

test('G24-5.3.6: while the database is away the last board stays and says so, and the next one after it does not', async () => {
  let away = false
  const { sent, watch } = await watching((board) => {
    if (away) throw new Problem('database.away')
    return board
  })
  watch.poke()
  await expect.poll(() => sent.length, { timeout: 10_000 }).toBe(1)
  away = true
  watch.poke()
  await expect.poll(() => sent.length, { timeout: 10_000 }).toBe(2)
  expect(sent[1]?.notices.map((notice) => notice.kind)).toEqual(['database-away'])
  expect(sent[1]?.lights.find((light) => light.kind === 'system')?.colour).toBe('red')
  away = false
  watch.poke()
  await expect.poll(() => sent.length, { timeout: 10_000 }).toBe(3)
  expect(sent[2]?.notices).toEqual([])
  watch.stop()
})

test('G24-5.3.6: a trouble stands on the board once, from the round that found it to the round that did not', async () => {
  const hotlineId = await aHotline(db)
  await aLine(db, hotlineId)
  const round = (present: readonly Trouble[]): Promise<Board> =>
    inHotline(db, hotlineId, async (tx) => {
      await noteTroubles(tx, hotlineId, ['recorder-away', 'trunk-down'], present, now)
      return readBoardNow(tx, hotlineId, now)
    })
  const kinds = (board: Board): string[] => board.notices.map((notice) => notice.kind)
  const away: Trouble = { kind: 'recorder-away' }
  expect(kinds(await round([away]))).toEqual(['recorder-away'])
  expect(kinds(await round([away]))).toEqual(['recorder-away'])
  expect(kinds(await round([]))).toEqual([])
  const down = (trunk: string): Trouble => ({ kind: 'trunk-down', trunk })
  const trunks = (board: Board) => new Set(board.notices.map((notice) => notice.trunk))
  expect(trunks(await round([down('mobile'), down('telecom')]))).toEqual(new Set(['mobile', 'telecom']))
  expect(trunks(await round([down('telecom')]))).toEqual(new Set(['telecom']))
  expect(await round([])).toMatchObject({ notices: [] })
  expect(await inHotline(db, hotlineId, (tx) => findTrunkNames(tx, hotlineId))).toEqual([])
})

test('a recorder that does not answer is away', async () => {
  expect(await recorderAway('ws://127.0.0.1:9/')).toBe(true)
})
