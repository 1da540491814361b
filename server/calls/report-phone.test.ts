import { sql } from 'kysely'
import { expect, test } from 'vitest'
import { until } from '../../telephony/testing/house.ts'
import { aPerson, freshDatabase } from '../../test/database.ts'
import { heard } from '../crisis/crisis.ts'
import { watchReports } from '../crisis/escalating.ts'
import { inHotline } from '../db/database.ts'
import { newId } from '../db/id.ts'
import { Hall } from './testing/hall.ts'

const data = await freshDatabase()

test('G24-4.3.1b: with nobody at a screen a report rings the phone on call; key 1 acknowledges it for that person', async () => {
  const hall = await Hall.open(data)
  const { hotlineId, keys } = hall
  const supervisor = await aPerson(data.db, hotlineId, { roles: ['supervisor'] })
  const phone = await hall.phone()
  await hall.trunkTo(phone)
  await data.owner('update person set on_call = true, phone_sealed = $1 where person_id = $2', [
    keys.seal(hotlineId, '13900002222'),
    supervisor.personId,
  ])
  const failures: unknown[] = []
  const watching = watchReports({
    db: data.db,
    live: { publish: () => undefined },
    keys,
    bell: () => hall.calls,
    now: () => new Date(),
    poke: () => undefined,
    failed: (error) => void failures.push(error),
  })
  const contactId = newId()
  await inHotline(data.db, hotlineId, async (tx) => {
    const now = new Date()
    await sql`select create_contact(${contactId}, ${hall.line.lineId}, 'phone', 'wrap-up', ${now}, null, null, null, null,
      false, null, null, null, '{}')`.execute(tx)
    const findings = [{ source: 'criteria', level: 'acute', code: 'danger.in-progress' }] as const
    await heard(tx, { hotlineId, contactId, personId: null, now, findings })
  })
  const rung = await phone.rings()
  rung.answer()
  await until('something is said', () => rung.sound.packets > 50)
  void rung.sound.press('1').catch(() => undefined)
  await rung.ended
  const consult = (): Promise<{ acknowledged_by: string | null }[]> =>
    data.owner(`select acknowledged_by from report where contact_id = $1 and kind = 'consult'`, [contactId])
  await until('it is acknowledged', async () => (await consult())[0]?.acknowledged_by === supervisor.personId)
  expect(failures).toEqual([])
  await watching.stop()
  await hall.close()
})
