import { sql } from 'kysely'
import { expect, test } from 'vitest'
import { askLowering, decideLowering, listLowerings } from '../../api/crisis.ts'
import { openTestApp } from '../../test/app.ts'
import { aHotline, aLine, aPerson } from '../../test/database.ts'
import { inHotline } from '../db/database.ts'
import { newId } from '../db/id.ts'
import { heard } from './crisis.ts'

const { db, ask, cookieOf, clock } = await openTestApp()

test('G24-4.3.5: a request to lower a level waits before every other supervisor of the hotline until one decides', async () => {
  const hotlineId = await aHotline(db)
  const { lineId } = await aLine(db, hotlineId)
  const asker = await aPerson(db, hotlineId, { name: '王督导', roles: ['counsellor', 'supervisor'] })
  const mine = await cookieOf(hotlineId, asker.personId)
  const other = await cookieOf(hotlineId, (await aPerson(db, hotlineId, { roles: ['supervisor'] })).personId)
  const elsewhere = await aHotline(db)
  const foreign = await cookieOf(
    elsewhere,
    (await aPerson(db, elsewhere, { roles: ['supervisor'] })).personId,
  )
  const counsellor = await cookieOf(hotlineId, (await aPerson(db, hotlineId)).personId)
  const contactId = newId()
  await inHotline(db, hotlineId, async (tx) => {
    await sql`select create_contact(${contactId}, ${lineId}, 'phone', 'talking', ${clock.now}, null, null, null, null, false,
      null, null, null, '{}')`.execute(tx)
    await sql`update contact set person_id = ${asker.personId} where contact_id = ${contactId}`.execute(tx)
    const findings = [{ source: 'criteria', level: 'high', code: 'danger.within-week' }] as const
    await heard(tx, { hotlineId, contactId, personId: asker.personId, now: clock.now, findings })
  })
  const waiting = async (cookie: string) => (await ask(listLowerings, { cookie })).body
  expect(await waiting(other)).toEqual([])
  const body = { to: 'low', reason: '家人已到身边' } as const
  await ask(askLowering, { cookie: mine, params: { contactId }, body })
  expect(await waiting(other)).toMatchObject([
    { contactId, from: 'high', to: 'low', reason: '家人已到身边', askedBy: '王督导', mine: false },
  ])
  const [own] = (await waiting(mine)) as unknown as { loweringId: string; mine: boolean }[]
  expect(own?.mine).toBe(true)
  expect(await waiting(foreign)).toEqual([])
  expect((await ask(listLowerings, { cookie: counsellor })).status).toBe(403)
  const params = { loweringId: own?.loweringId ?? '' }
  expect((await ask(decideLowering, { cookie: mine, params, body: { granted: true } })).status).toBe(409)
  expect((await ask(decideLowering, { cookie: other, params, body: { granted: true } })).status).toBe(200)
  expect(await waiting(other)).toEqual([])
})
