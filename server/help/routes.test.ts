import { afterAll, beforeAll, expect, test } from 'vitest'
import { giveHint, listHints, superviseCall } from '../../api/supervise.ts'
import { connectSwitchboard } from '../../telephony/switchboard.ts'
import { openTestApp } from '../../test/app.ts'
import { aHotline, aLine, aPerson, aSeat } from '../../test/database.ts'
import { startCalls } from '../calls/calls.ts'
import { newId } from '../db/id.ts'
import { openSounds } from '../lines/lines.ts'

/** Calls whose switchboard never answers: what is decided is decided, and nothing rings. */
const { db, owner, ask, cookieOf, published } = await openTestApp(({ db, keys, folder }) => {
  const calls = startCalls({
    db,
    keys,
    sounds: openSounds(db, folder),
    dataFolder: folder,
    now: Date.now,
    log: () => undefined,
    connect: async (on) => connectSwitchboard({ url: 'http://user:password@127.0.0.1:1', app: 'test', on }),
    switchboardName: 'test',
    trunkFor: async () => null,
    changed: () => undefined,
  })
  afterAll(() => calls.stop())
  return { calls }
})

interface House {
  hotlineId: string
  contactId: string
  counsellor: { personId: string; cookie: string }
  supervisor: { personId: string; cookie: string }
}

/** A hotline with a contact that is talked, its counsellor, and a supervisor on duty with a free seat. */
async function aHouse(): Promise<House> {
  const hotlineId = await aHotline(db)
  const { lineId } = await aLine(db, hotlineId)
  const [counsellor, supervisor] = [
    (await aPerson(db, hotlineId)).personId,
    (await aPerson(db, hotlineId, { roles: ['supervisor'] })).personId,
  ]
  const { seatId } = await aSeat(db, hotlineId)
  await owner(
    `insert into duty (duty_id, hotline_id, person_id, seat_id, state, since, idle_since, started_at, connected)
      values ($1, $2, $3, $4, 'free', now(), now(), now(), true)`,
    [newId(), hotlineId, supervisor, seatId],
  )
  const contactId = newId()
  await owner(
    `select create_contact($1, $2, 'phone', 'talking', now(), $4, null, null, null, false, null, null, null, '{}')
      from (select set_config('hearthline.hotline', $3, true)) hotline`,
    [contactId, lineId, hotlineId, contactId],
  )
  await owner('update contact set person_id = $1 where contact_id = $2', [counsellor, contactId])
  return {
    hotlineId,
    contactId,
    counsellor: { personId: counsellor, cookie: await cookieOf(hotlineId, counsellor) },
    supervisor: { personId: supervisor, cookie: await cookieOf(hotlineId, supervisor) },
  }
}

let here: House
let there: House

beforeAll(async () => {
  here = await aHouse()
  there = await aHouse()
})

const listen = { mode: 'listen', reason: 'quality' } as const

test('G24-3.3: only supervisors join a call, and only one of their own hotline', async () => {
  const params = { contactId: here.contactId }
  const join = (cookie: string, contactId = here.contactId) =>
    ask(superviseCall, { params: { contactId }, body: listen, cookie })
  expect(await join(here.counsellor.cookie)).toMatchObject({ status: 403 })
  expect(await join(here.supervisor.cookie, there.contactId)).toMatchObject({
    status: 404,
    body: { code: 'call.notFound' },
  })
  const hint = {
    params: { contactId: there.contactId },
    body: { words: '别处' },
    cookie: here.supervisor.cookie,
  }
  expect(await ask(giveHint, hint)).toMatchObject({ status: 404 })
  expect(
    await ask(giveHint, { params, body: { words: '  ' }, cookie: here.supervisor.cookie }),
  ).toMatchObject({
    status: 400,
  })
})

test('G24-7.3: whoever wishes to join is in the audit chain first, without the words of the reason', async () => {
  await ask(superviseCall, {
    params: { contactId: here.contactId },
    body: { mode: 'whisper', reason: '来电者是某某' },
    cookie: here.supervisor.cookie,
  })
  const rows = await owner<{ subject: string; actor: string; data: object }>(
    `select subject, actor, data from audit_event where action = 'call.supervised' and contact_id = $1`,
    [here.contactId],
  )
  expect(rows).toContainEqual({ subject: 'whisper', actor: here.supervisor.personId, data: {} })
})

test('a hint goes to the counsellor of the contact alone, and is read by whoever may see the contact', async () => {
  const params = { contactId: here.contactId }
  published.length = 0
  const given = await ask(giveHint, { params, body: { words: '慢一点' }, cookie: here.supervisor.cookie })
  expect(given.status).toBe(200)
  expect(published.map(({ to, event }) => ({ to, type: event.type }))).toContainEqual({
    to: { personId: here.counsellor.personId },
    type: 'hint',
  })
  const read = (cookie: string) => ask(listHints, { params, cookie })
  expect((await read(here.counsellor.cookie)).body).toMatchObject([{ words: '慢一点' }])
  const colleague = (await aPerson(db, here.hotlineId)).personId
  expect(await read(await cookieOf(here.hotlineId, colleague))).toMatchObject({ status: 404 })
  expect(await read(there.supervisor.cookie)).toMatchObject({ status: 404 })
})
