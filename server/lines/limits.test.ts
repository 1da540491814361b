import { beforeEach, expect, test } from 'vitest'
import { changeLimits, readLimits } from '../../api/limits.ts'
import { openTestApp } from '../../test/app.ts'
import { aHotline, aPerson } from '../../test/database.ts'
import { newId } from '../db/id.ts'

const { ask, cookieOf, db, owner, clock } = await openTestApp()
let hotlineId: string
let personId: string
let cookie: string

beforeEach(async () => {
  hotlineId = await aHotline(db)
  const administrator = await aPerson(db, hotlineId, { roles: ['administrator'] })
  personId = administrator.personId
  cookie = await cookieOf(hotlineId, personId)
})

const usual = {
  outbound: { perPerson: 30, perHotline: 200 },
  lights: { voice: { amber: 3.6, red: 3.1 }, loss: { amber: 0.03, red: 0.05 } },
}

test('toll fraud: an administrator sees the limits and what the last hour used of them', async () => {
  const { personId: other } = await aPerson(db, hotlineId)
  const called = (by: string, minutesAgo: number): Promise<unknown> =>
    owner(
      `insert into outbound_call (outbound_id, hotline_id, person_id, kind, at) values ($1, $2, $3, 'call-back', $4)`,
      [newId(), hotlineId, by, new Date(clock.now.getTime() - minutesAgo * 60_000)],
    )
  expect((await ask(readLimits, { cookie })).body).toEqual({
    ...usual,
    lastHour: { byHotline: 0, byPerson: 0 },
  })
  for (const [by, minutesAgo] of [
    [personId, 1],
    [other, 2],
    [other, 59],
    [other, 61],
  ] as const)
    await called(by, minutesAgo)
  expect((await ask(readLimits, { cookie })).body).toMatchObject({ lastHour: { byHotline: 3, byPerson: 2 } })
})

test('changed limits hold at once, are on the audit chain, and leave the other settings as they were', async () => {
  await owner(
    `update hotline set settings = '{"lights":{"seats":{"red":0.4}},"frequentCaller":{"contacts":5,"days":7}}'
      where hotline_id = $1`,
    [hotlineId],
  )
  const body = {
    outbound: { perPerson: 5, perHotline: 40 },
    lights: { voice: { amber: 3.8, red: 3.8 }, loss: { amber: 0.015, red: 0.1 } },
  }
  expect(await ask(changeLimits, { cookie, body })).toMatchObject({ status: 200, body })
  expect((await ask(readLimits, { cookie })).body).toMatchObject(body)
  const [stored] = await owner('select settings from hotline where hotline_id = $1', [hotlineId])
  expect(stored?.['settings']).toEqual({
    frequentCaller: { contacts: 5, days: 7 },
    outbound: body.outbound,
    lights: { seats: { red: 0.4 }, ...body.lights },
  })
  const [entry] = await owner(
    `select action, actor, data from audit_event where hotline_id = $1 order by seq desc limit 1`,
    [hotlineId],
  )
  const hash = expect.stringMatching(/^[0-9a-f]{64}$/)
  expect(entry).toMatchObject({
    action: 'limits.changed',
    actor: personId,
    data: { ...body, before: hash, after: hash },
  })
})

test('limits that make no sense are refused, and nobody but an administrator may see or change them', async () => {
  const status = async (lights: object, outbound: object = usual.outbound): Promise<number> =>
    (
      await ask(changeLimits, {
        cookie,
        body: { outbound, lights: { ...usual.lights, ...lights } } as never,
      })
    ).status
  expect(await status({ voice: { amber: 3, red: 3.5 } })).toBe(400)
  expect(await status({ loss: { amber: 0.2, red: 0.1 } })).toBe(400)
  expect(await status({ loss: { amber: 2, red: 3 } })).toBe(400)
  expect(await status({}, { perPerson: -1, perHotline: 200 })).toBe(400)
  expect(await status({}, { perPerson: 1.5, perHotline: 200 })).toBe(400)
  const supervisor = await aPerson(db, hotlineId, { roles: ['supervisor'] })
  const other = await cookieOf(hotlineId, supervisor.personId)
  expect((await ask(readLimits, { cookie: other })).status).toBe(403)
  expect((await ask(changeLimits, { cookie: other, body: usual })).status).toBe(403)
  expect((await ask(readLimits, { cookie })).body).toMatchObject(usual)
})
