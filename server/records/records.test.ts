import { sql } from 'kysely'
import { expect, test } from 'vitest'
import { aHotline, freshDatabase } from '../../test/database.ts'
import { inHotline } from '../db/database.ts'
import { placesOf, settleRecordings, soundOf, wantedRange } from './records.ts'
import { endedAt, keys, recordedTalk } from './testing/recorded-talk.ts'

const { db } = await freshDatabase()

/** A recorded talk, and what is done with it. */
const aRecording = async (given: { sides: ('caller' | 'seat')[]; summaries: boolean }) => {
  const { hotlineId, recordingId, data } = await recordedTalk(db, given)
  const vault = { places: placesOf(data), identityOf: () => keys.identity }
  const settle = (afterMs: number) =>
    inHotline(db, hotlineId, (tx) =>
      settleRecordings(tx, vault.places, hotlineId, new Date(endedAt.getTime() + afterMs)),
    )
  const state = async () => {
    const { rows } = await inHotline(db, hotlineId, (tx) =>
      sql<{
        state: string
        duration_ms: number | null
      }>`select state, duration_ms from recording where recording_id = ${recordingId}`.execute(tx),
    )
    return rows[0]
  }
  const sound = (range?: string) =>
    inHotline(db, hotlineId, (tx) => soundOf(tx, vault, hotlineId, recordingId, range))
  return { settle, state, sound, recordingId, hotlineId, vault }
}

test('a recording is kept with its length once the recorder has said how it ended', async () => {
  const one = await aRecording({ sides: ['caller', 'seat'], summaries: true })
  await expect(one.sound()).rejects.toMatchObject({ code: 'recording.notFound' })
  expect(await one.settle(1000)).toBe(1)
  expect(await one.state()).toEqual({ state: 'kept', duration_ms: 2000 })
  const sound = await one.sound()
  const bytes = Buffer.concat(await sound.stream.toArray())
  expect(bytes.length).toBe(44 + 16_000 * 4)
  expect(bytes.toString('latin1', 0, 4)).toBe('RIFF')
  const part = await one.sound('bytes=44-47')
  expect(Buffer.concat(await part.stream.toArray())).toEqual(bytes.subarray(44, 48))
})

test('a recorder that died leaves a truncated recording, one that never began a lost one; neither is waited for without end', async () => {
  const dead = await aRecording({ sides: ['caller'], summaries: false })
  expect(await dead.settle(1000)).toBe(0)
  expect(await dead.settle(60_000)).toBe(1)
  expect(await dead.state()).toMatchObject({ state: 'truncated' })
  const none = await aRecording({ sides: [], summaries: false })
  await none.settle(60_000)
  expect(await none.state()).toMatchObject({ state: 'lost' })
  await expect(none.sound()).rejects.toMatchObject({ code: 'recording.notFound' })
})

test('G24-7.5c: a recording of another hotline is not there', async () => {
  const ours = await aRecording({ sides: ['caller'], summaries: true })
  await ours.settle(1000)
  const theirs = await aHotline(db)
  await expect(
    inHotline(db, theirs, (tx) => soundOf(tx, ours.vault, theirs, ours.recordingId, undefined)),
  ).rejects.toMatchObject({ code: 'recording.notFound' })
})

test('ranges are read as RFC 9110 writes them', () => {
  expect(wantedRange(undefined, 100)).toEqual({ start: 0, end: 100 })
  expect(wantedRange('bytes=10-', 100)).toEqual({ start: 10, end: 100 })
  expect(wantedRange('bytes=-20', 100)).toEqual({ start: 80, end: 100 })
  expect(wantedRange('bytes=0-999', 100)).toEqual({ start: 0, end: 100 })
  expect(wantedRange('bytes=100-', 100)).toBeNull()
  expect(wantedRange('bytes=-', 100)).toBeNull()
  expect(wantedRange('lines=1-2', 100)).toBeNull()
})
