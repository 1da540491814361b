import { afterAll, beforeAll, expect, test } from 'vitest'
import { aPerson, aSeat, freshDatabase } from '../../test/database.ts'
import { Hall } from '../calls/testing/hall.ts'
import { until } from '../../switchboard/testing/phone.ts'
import { inHotline, type Tx } from '../db/database.ts'
import { seatSpecs } from '../lines/seats.ts'
import { endForsaken, goOffDuty, goOnDuty } from './roster.ts'
import { makeSoftphone, softphoneMs } from './softphone.ts'

const data = await freshDatabase()
let hall: Hall
beforeAll(async () => {
  hall = await Hall.open(data)
})
afterAll(async () => {
  await hall.close()
})

const inside = <T>(work: (tx: Tx) => Promise<T>): Promise<T> => inHotline(data.db, hall.hotlineId, work)
const known = (): Promise<string[]> =>
  inside(async (tx) => (await seatSpecs(tx, hall.keys, hall.hotlineId)).map(({ seat }) => seat))

/** Somebody goes on duty at a browser seat of their own; gives what the page would register with. */
async function onDuty() {
  const { hotlineId } = hall
  const { personId } = await aPerson(data.db, hotlineId)
  const { seatId, sipUser } = await aSeat(data.db, hotlineId, { kind: 'browser', ownerId: personId })
  const now = Date.now()
  const made = await inside(async (tx) => {
    const seat = await goOnDuty(tx, hotlineId, { personId, seatId, takeOver: false, now })
    const given = { hotlineId, seatId, sipUser, domain: 'hotline.test', addresses: ['/sip'], now }
    return { seat, ...(await makeSoftphone(tx, hall.keys, given)) }
  })
  hall.calls.seatChanged(hotlineId, seatId, made.seat, personId)
  await hall.calls.putSeat(made.spec)
  return { personId, seatId, sipUser, password: made.softphone.sipPassword, now }
}

test('P34-3.3: a browser’s SIP password is made for one duty: another duty has another, and its end ends it', async () => {
  const { hotlineId } = hall
  const { personId, seatId, sipUser, password, now } = await onDuty()
  expect(password).toMatch(/^[\w-]{24}$/)
  expect((await onDuty()).password).not.toBe(password)
  const [row] = await data.owner<{ sealed: Buffer }>(
    'select sip_secret_sealed as sealed from seat where seat_id = $1',
    [seatId],
  )
  expect(row?.sealed.includes(password)).toBe(false)
  const login = { user: sipUser, password }
  await hall.phone(login)

  await inside((tx) => goOffDuty(tx, hotlineId, personId, now))
  expect(await known()).not.toContain(sipUser)
  hall.calls.seatChanged(hotlineId, seatId, null, personId)
  // The account is taken away at the switchboard a moment after the duty's end.
  await until('the password opens nothing', () =>
    hall.phone(login).then(
      () => false,
      () => true,
    ),
  )
})

test('P34-3.3: the password of a page that never came back ends after a long shift, and the duty with it', async () => {
  const { hotlineId } = hall
  const { sipUser, seatId, now } = await onDuty()
  const after = (ms: number): Promise<number> => inside((tx) => endForsaken(tx, hotlineId, now + ms))
  await after(softphoneMs - 1)
  expect(await known()).toContain(sipUser)
  expect(await after(softphoneMs + 1)).toBeGreaterThan(0)
  expect(await known()).not.toContain(sipUser)
  expect(await data.owner('select from duty where seat_id = $1', [seatId])).toEqual([])
})
