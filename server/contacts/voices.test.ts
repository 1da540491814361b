import { sql } from 'kysely'
import { expect, test } from 'vitest'
import { aHotline, aLine, aPerson, aSeat, freshDatabase } from '../../test/database.ts'
import { someKeys } from '../../test/keys.ts'
import { inHotline } from '../db/database.ts'
import { newId } from '../db/id.ts'
import { contactSealing } from '../records/answers.ts'
import { read, type Asker } from './contacts.ts'

const { db } = await freshDatabase()
const keys = someKeys()
const now = new Date('2026-11-21T12:00:00Z')

test('G24-3.2.2b: a supervisor sees on the contact how each leg was heard; whose call it was does not', async () => {
  const hotlineId = await aHotline(db)
  const { lineId } = await aLine(db, hotlineId)
  const { personId } = await aPerson(db, hotlineId)
  const { seatId } = await aSeat(db, hotlineId)
  const contactId = newId()
  const inside = <T>(work: Parameters<typeof inHotline<T>>[2]): Promise<T> => inHotline(db, hotlineId, work)
  await inside(async (tx) => {
    await sql`select create_contact(${contactId}, ${lineId}, 'phone', 'closed', ${now}, null, null, null, null, false, null,
      null, null, '{}')`.execute(tx)
    await sql`update contact set person_id = ${personId}, seat_id = ${seatId} where contact_id = ${contactId}`.execute(
      tx,
    )
    const leg = (side: string, seat: string | null, trunk: string | null, opinion: number) =>
      sql`insert into voice_quality (contact_id, leg, hotline_id, side, seat_id, trunk, started_at, measured_at, ended_at,
          loss_percent, jitter_ms, opinion, least_opinion)
        values (${contactId}, ${side}, ${hotlineId}, ${side}, ${seat}, ${trunk}, ${now}, ${now}, ${now}, 2.5, 12, ${opinion}, 3)`.execute(
        tx,
      )
    await leg('caller', null, 'telecom', 4.1)
    await leg('seat', seatId, null, 3.9)
  })
  const as = (asker: Asker) => inside((tx) => read(tx, asker, contactId, contactSealing(keys, hotlineId)))
  const supervisor: Asker = { personId: newId(), roles: ['supervisor'] }
  expect((await as(supervisor)).voices).toMatchObject([
    {
      side: 'caller',
      seat: null,
      trunk: 'telecom',
      lossPercent: 2.5,
      rttMs: null,
      opinion: 4.1,
      leastOpinion: 3,
    },
    { side: 'seat', trunk: null, jitterMs: 12, opinion: 3.9 },
  ])
  expect((await as({ personId, roles: ['counsellor'] })).voices).toEqual([])
})
