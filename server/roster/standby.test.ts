import { afterAll, expect, test } from 'vitest'
import { goOnDuty } from '../../api/desk.ts'
import { openTestApp } from '../../test/app.ts'
import { aHotline, aPerson, aSeat } from '../../test/database.ts'
import { startCalls } from '../calls/calls.ts'
import { openSounds } from '../lines/lines.ts'

/** Calls of a process that does not control the switchboard, because another does. */
const { db, ask, cookieOf, devices } = await openTestApp(({ db, keys, folder }) => {
  const calls = startCalls({
    db,
    keys,
    sounds: openSounds(db, folder),
    dataFolder: folder,
    now: Date.now,
    log: () => undefined,
    connect: () => Promise.reject(new Error('another process has it')),
    switchboardName: 'test',
    trunkFor: async () => null,
    changed: () => undefined,
  })
  afterAll(() => calls.stop())
  return { calls }
})

test('who goes on duty at a server that does not control the switchboard has an account there all the same', async () => {
  const hotlineId = await aHotline(db)
  const { personId } = await aPerson(db, hotlineId)
  const { seatId, sipUser } = await aSeat(db, hotlineId, { kind: 'browser', ownerId: personId })
  const cookie = await cookieOf(hotlineId, personId)
  const begun = await ask(goOnDuty, { body: { seatId, takeOver: false }, cookie })
  expect(begun.body).toMatchObject({ softphone: { sipUser, sipAddresses: ['/sip'] } })
  expect(devices).toEqual([`seat ${sipUser}`])
})
