import { existsSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { sql } from 'kysely'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { freshDatabase } from '../../test/database.ts'
import { startObjectStore, type ObjectStore } from '../../test/s3.ts'
import { inHotline } from '../db/database.ts'
import { faultsOf, type Fault } from '../verify/verify.ts'
import { moveRecordings, startMoving } from './moving.ts'
import type { Places, Store } from './place.ts'
import { destroySound, openPlaces, settleRecordings, soundOf } from './records.ts'
import { endedAt, keys, recordedTalk, type Recorded } from './testing/recorded-talk.ts'

const { db, forced } = await freshDatabase()
const hour = 3_600_000

let outside: ObjectStore
beforeEach(async () => {
  await forced(`update recording set state = 'lost' where state <> 'lost'`)
  outside = await startObjectStore()
})
afterEach(async () => {
  await outside.leave()
})

/** A settled recording of two sides in a house that has a store. */
const aSettledTalk = async (given = { summaries: true, settledAfter: 1000 }) => {
  const talk = await recordedTalk(db, { sides: ['caller', 'seat'], summaries: given.summaries })
  const places = await openPlaces({ data: talk.data, store: outside.settings })
  await inHotline(db, talk.hotlineId, (tx) =>
    settleRecordings(tx, places, talk.hotlineId, new Date(endedAt.getTime() + given.settledAfter)),
  )
  return { ...talk, places: places as Places & { store: Store } }
}
type Talk = Awaited<ReturnType<typeof aSettledTalk>>

const move = (talk: Talk, at: number, signal = new AbortController().signal): Promise<number> =>
  moveRecordings({ db, places: talk.places, now: () => new Date(endedAt.getTime() + at), signal })

const soundHeard = async (talk: Recorded & { places: Places }, range?: string): Promise<Buffer> => {
  const vault = { places: talk.places, identityOf: () => keys.identity }
  const { stream } = await inHotline(db, talk.hotlineId, (tx) =>
    soundOf(tx, vault, talk.hotlineId, talk.recordingId, range),
  )
  return Buffer.concat(await stream.toArray())
}

const faultsIn = async (talk: Talk): Promise<Fault[]> => {
  const faults: Fault[] = []
  const vault = { places: talk.places, identity: keys.identity }
  for await (const fault of faultsOf(db, talk.hotlineId, vault, { links: 0, recordings: 0 }))
    faults.push(fault)
  return faults
}

test('G24-6.2.2c: a settled recording goes into the store, is heard from there, and leaves the folder an hour later', async () => {
  const talk = await aSettledTalk()
  const before = await soundHeard(talk)
  expect(await move(talk, 10_000)).toBe(1)
  expect(outside.objects.size).toBe(4)
  expect(
    [...outside.objects.keys()].every((key) => key.startsWith(`hearthline/${talk.hotlineId}/2026/11/`)),
  ).toBe(true)
  expect(readdirSync(talk.folder)).toHaveLength(4)
  expect(await move(talk, 20_000)).toBe(0)
  expect(await move(talk, 2 * hour)).toBe(1)
  expect(readdirSync(talk.folder)).toEqual([])
  expect(await move(talk, 4 * hour)).toBe(0)
  expect((await soundHeard(talk)).equals(before)).toBe(true)
  for (const [from, to] of [
    [0, 43],
    [44, 47],
    [20_001, 50_000],
    [before.length - 5, before.length - 1],
  ] as const)
    expect((await soundHeard(talk, `bytes=${from}-${to}`)).equals(before.subarray(from, to + 1))).toBe(true)
  expect(await faultsIn(talk)).toEqual([])
})

test('G24-6.2.2c: nothing of a recording is written to the store that can be read without the hotline’s key', async () => {
  const talk = await aSettledTalk()
  await move(talk, 10_000)
  const plain = Buffer.alloc(32, 0x55)
  for (const bytes of outside.objects.values()) expect(bytes.includes(plain)).toBe(false)
})

test('G24-6.2.2c: verify finds a byte that was changed in the store, an object that is gone, and says when the store is away', async () => {
  const talk = await aSettledTalk()
  await move(talk, 10_000)
  const [key = ''] = [...outside.objects.keys()].filter((each) => each.endsWith('.seat.age'))
  const whole = outside.objects.get(key) ?? Buffer.alloc(0)
  const changed = Buffer.from(whole)
  changed[9_000] = (changed[9_000] ?? 0) ^ 1
  outside.objects.set(key, changed)
  const where = `${talk.recordingId} seat.0`
  expect(await faultsIn(talk)).toMatchObject([{ of: 'recording', where }])
  outside.objects.delete(key)
  expect(await faultsIn(talk)).toEqual([{ of: 'recording', where, what: 'missing' }])
  outside.objects.set(key, whole)
  expect(await faultsIn(talk)).toEqual([])
  await outside.leave()
  expect(await faultsIn(talk)).toEqual([{ of: 'recording', where: talk.recordingId, what: 'away' }])
})

test('a server that dies at any request of a move loses nothing, and the next one goes on', async () => {
  let deaths = 0
  for (let at = 1; at <= 13; at += 1) {
    outside.objects.clear()
    const talk = await aSettledTalk()
    const heard = await soundHeard(talk)
    const dying = new AbortController()
    let requests = 0
    outside.onRequest = async () => {
      requests += 1
      if (requests !== at) return
      dying.abort()
      await outside.leave()
      await outside.back()
      throw new Error('the line is dead')
    }
    const died = await move(talk, 10_000, dying.signal).then(
      () => false,
      () => true,
    )
    outside.onRequest = () => undefined
    expect(readdirSync(talk.folder)).toHaveLength(4)
    expect((await soundHeard(talk)).equals(heard)).toBe(true)
    await move(talk, 20_000)
    await move(talk, 2 * hour)
    expect(readdirSync(talk.folder)).toEqual([])
    expect((await soundHeard(talk)).equals(heard)).toBe(true)
    deaths += died ? 1 : 0
    await forced(`update recording set state = 'lost' where recording_id = '${talk.recordingId}'`)
  }
  expect(deaths).toBeGreaterThan(8)
}, 60_000)

test('a server that dies while it frees the folder goes on there, and sound is heard all the time', async () => {
  const talk = await aSettledTalk()
  const heard = await soundHeard(talk)
  await move(talk, 10_000)
  const { folder } = talk.places
  const dying: Places & { store: Store } = {
    ...talk.places,
    folder: {
      ...folder,
      remove: async (name) => {
        await folder.remove(name)
        throw new Error('killed')
      },
    },
  }
  await expect(move({ ...talk, places: dying }, 2 * hour)).rejects.toThrow('killed')
  expect(readdirSync(talk.folder)).toHaveLength(3)
  expect((await soundHeard(talk)).equals(heard)).toBe(true)
  expect(await move(talk, 2 * hour)).toBe(1)
  expect(readdirSync(talk.folder)).toEqual([])
})

test('a store that is away, fails, or does not keep what it is given leaves the sound here, to be heard', async () => {
  const talk = await aSettledTalk()
  const heard = await soundHeard(talk)
  for (const mood of ['failing', 'lying'] as const) {
    outside.mood = mood
    await expect(move(talk, 10_000)).rejects.toMatchObject({ code: 'recording.away' })
    expect((await soundHeard(talk)).equals(heard)).toBe(true)
  }
  outside.mood = 'well'
  await outside.leave()
  await expect(move(talk, 10_000)).rejects.toMatchObject({ code: 'recording.away' })
  expect((await soundHeard(talk)).equals(heard)).toBe(true)
  await outside.back()
  expect(await move(talk, 20_000)).toBe(1)
  expect((await soundHeard(talk)).equals(heard)).toBe(true)
})

test('a store that knows no checksums is read back, and a lie of it is found', async () => {
  const talk = await aSettledTalk()
  outside.mood = 'no-checksums'
  expect(await move(talk, 10_000)).toBe(1)
  const [key = ''] = [...outside.objects.keys()].filter((each) => each.endsWith('.age'))
  const changed = Buffer.from(outside.objects.get(key) ?? '')
  changed[5_000] = (changed[5_000] ?? 0) ^ 1
  outside.objects.set(key, changed)
  // Before the folder is freed everything is compared once more, and what is not right is brought again.
  expect(await move(talk, 2 * hour)).toBe(1)
  expect(await faultsIn(talk)).toEqual([])
})

test('sound in a store that went away is said to be away, neither lost nor unreadable', async () => {
  const talk = await aSettledTalk()
  await move(talk, 10_000)
  outside.mood = 'cutting'
  await expect(soundHeard(talk)).rejects.toMatchObject({ code: 'recording.away' })
  outside.mood = 'well'
  await outside.leave()
  await expect(soundHeard(talk)).rejects.toMatchObject({ code: 'recording.away' })
  const elsewhere = await openPlaces({ data: talk.data, store: null })
  await expect(soundHeard({ ...talk, places: elsewhere })).rejects.toMatchObject({ code: 'recording.away' })
})

test('G24-6.2.2b: what is destroyed is destroyed in the store as well, with all its versions, or it is not yet said to be', async () => {
  const talk = await aSettledTalk()
  outside.versioned = true
  await move(talk, 10_000)
  const destroy = (): Promise<boolean> =>
    inHotline(db, talk.hotlineId, (tx) =>
      destroySound(tx, talk.places, talk.hotlineId, {
        recordingId: talk.recordingId,
        startedAt: new Date('2026-11-21T10:00:00Z'),
        endedAt,
        storedAt: endedAt,
      }),
    )
  await outside.leave()
  expect(await destroy()).toBe(false)
  await outside.back()
  expect(await destroy()).toBe(true)
  expect([outside.objects.size, outside.versions.size]).toEqual([0, 0])
  expect(readdirSync(talk.folder)).toEqual([])
  expect(await destroy()).toBe(true)
})

test('G24-6.2.2b: a recording is not destroyed while it is being moved, and nothing of it is moved after', async () => {
  const talk = await aSettledTalk()
  const given = { recordingId: talk.recordingId, startedAt: endedAt, endedAt, storedAt: null }
  const answers: boolean[] = []
  outside.onRequest = async (asked) => {
    if (!asked.startsWith('PUT') || answers.length > 0) return
    answers.push(
      await inHotline(db, talk.hotlineId, (tx) => destroySound(tx, talk.places, talk.hotlineId, given)),
    )
  }
  expect(await move(talk, 10_000)).toBe(1)
  expect(answers).toEqual([false])
  await forced(`update recording set state = 'destroyed' where recording_id = '${talk.recordingId}'`)
  expect(
    await inHotline(db, talk.hotlineId, (tx) => destroySound(tx, talk.places, talk.hotlineId, given)),
  ).toBe(true)
  expect(await move(talk, 2 * hour)).toBe(0)
  expect(outside.objects.size).toBe(0)
})

test('a piece whose recorder was said to be dead is moved late, and what it still wrote comes along', async () => {
  const talk = await aSettledTalk({ summaries: false, settledAfter: 60_000 })
  expect(await move(talk, 120_000)).toBe(0)
  expect(await move(talk, 2 * hour)).toBe(1)
  expect(outside.objects.size).toBe(2)
  writeFileSync(join(talk.folder, `${talk.recordingId}.seat.json`), '{}')
  expect(await move(talk, 4 * hour)).toBe(1)
  expect(outside.objects.size).toBe(3)
})

test('the round goes on by itself when the store is back, and tells how it is', async () => {
  const talk = await aSettledTalk()
  await outside.leave()
  const failures: unknown[] = []
  const round = startMoving({
    db,
    places: talk.places,
    now: () => new Date(),
    failed: (error) => failures.push(error),
  })
  try {
    await expect.poll(round.isAway, { timeout: 10_000 }).toBe(true)
    expect(existsSync(join(talk.folder, `${talk.recordingId}.seat.age`))).toBe(true)
    await outside.back()
    const stored = async (): Promise<unknown> =>
      (
        await sql`select stored_at is not null as stored from recording where recording_id = ${talk.recordingId}`.execute(
          db.doors,
        )
      ).rows
    await expect.poll(() => outside.objects.size, { timeout: 30_000 }).toBe(4)
    await expect.poll(round.isAway, { timeout: 10_000 }).toBe(false)
    expect(await stored()).toBeDefined()
  } finally {
    await round.stop()
  }
  expect(failures).toEqual([])
}, 60_000)
