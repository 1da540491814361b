import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { SwitchboardError } from '../../telephony/switchboard-error.ts'
import { aHotline, freshDatabase } from '../../test/database.ts'
import { inHotline } from '../db/database.ts'
import { openKeys } from '../records/keys.ts'
import { allDevices, startDevices } from './devices.ts'
import { addSeat, removeSeat, renewPassword } from './seats.ts'
import { addTrunk, removeTrunk } from './trunks.ts'

const { db } = await freshDatabase()
const folder = mkdtempSync(join(tmpdir(), 'hearthline-devices-'))
const keys = openKeys(folder, null)
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** Writes down what a switchboard would be told. */
function aSwitchboard() {
  const told: string[] = []
  const tell = async (text: string): Promise<void> => {
    if (text.includes('refused')) throw new SwitchboardError('refused', 'test')
    told.push(text)
  }
  return {
    told,
    putSeat: (spec: { seat: string; secret: object }) =>
      tell(`put ${spec.seat} ${JSON.stringify(spec.secret)}`),
    dropSeat: (seat: string) => tell(`drop ${seat}`),
    putTrunk: (spec: { trunk: string; host: string }) => tell(`put ${spec.trunk} ${spec.host}`),
    dropTrunk: (trunk: string) => tell(`drop ${trunk}`),
  }
}

test('a change made at one server reaches the switchboard through the one that controls it', async () => {
  const hotlineId = await aHotline(db)
  const switchboard = aSwitchboard()
  const warnings: string[] = []
  const log = (message: string): void => void warnings.push(message)
  const shared = {
    db,
    keys,
    online: () => false,
    trunkOnline: () => undefined,
    trunkRefuses: () => false,
    log,
  }
  const controlling = startDevices({ ...shared, switchboard: () => switchboard })
  const other = startDevices({ ...shared, switchboard: () => null })
  const said = (text: string): Promise<void> =>
    expect
      .poll(async () => {
        await other.seatChanged(hotlineId, 'nobody')
        return switchboard.told
      })
      .toContain(text)

  const phone = await inHotline(db, hotlineId, (tx) =>
    addSeat(tx, keys, hotlineId, { name: '话机', kind: 'phone', ownerId: null }),
  )
  await said('drop nobody')
  await other.seatChanged(hotlineId, phone.sipUser)
  await said(`put ${phone.sipUser} {"password":"${phone.sipPassword ?? ''}"}`)
  const renewed = await inHotline(db, hotlineId, (tx) => renewPassword(tx, keys, hotlineId, phone.seatId))
  await other.seatChanged(hotlineId, phone.sipUser)
  await said(`put ${phone.sipUser} {"password":"${renewed.sipPassword}"}`)
  const settings = {
    port: 5060,
    transport: 'udp',
    username: null,
    password: null,
    callerNumber: null,
    outboundPatterns: [],
    rank: 1,
    mostCalls: null,
    watched: true,
  } as const
  const given = {
    ...settings,
    outboundPatterns: [],
    rank: 1,
    mostCalls: null,
    watched: true,
    name: 'telecom',
    kind: 'address',
    host: '192.0.2.7',
  } as const
  const trunk = await inHotline(db, hotlineId, (tx) =>
    addTrunk(tx, keys, hotlineId, { ...given, outboundPatterns: [] }),
  )
  await other.trunkChanged(hotlineId, 'telecom')
  await said('put telecom 192.0.2.7')
  expect(await allDevices(db, keys)).toMatchObject({
    seats: [{ seat: phone.sipUser }],
    trunks: [{ trunk: 'telecom' }],
  })
  await inHotline(db, hotlineId, async (tx) => {
    await removeSeat(tx, phone.seatId, new Date())
    await removeTrunk(tx, trunk.trunkId, new Date())
  })
  await other.seatChanged(hotlineId, phone.sipUser)
  await other.trunkChanged(hotlineId, 'telecom')
  await said(`drop ${phone.sipUser}`)
  await said('drop telecom')
  await other.seatChanged(hotlineId, 'refused')
  await expect.poll(() => warnings).toEqual(['the switchboard did not take a change of devices'])
  controlling.stop()
  other.stop()
})
