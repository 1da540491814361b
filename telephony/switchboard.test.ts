import { randomUUID } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import { generateX25519Identity, identityToRecipient } from 'age-encryption'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { startPhone, type Phone, type PhoneCall } from '../switchboard/testing/phone.ts'
import { levelOf } from '../switchboard/testing/sound.ts'
import { asterisk, House, refusedAsGone, until, type WatchedLink } from './testing/house.ts'
import type { SeatSpec, TrunkSpec } from './switchboard.ts'

const seat: SeatSpec = { seat: 'phone1', kind: 'phone', secret: { password: 'pw1' } }
let house: House
let link: WatchedLink
let phones: Phone[]

beforeEach(async () => {
  house = await House.open()
  phones = []
  link = house.connect({ seats: [seat] })
  await link.next('node.up')
})

afterEach(async () => {
  for (const each of phones) each.stack.removeTrunk('board')
  if (asterisk) await pause(200)
  for (const each of phones) await each.stop()
  await house.close()
})

async function phone(login?: { user: string; password: string }): Promise<Phone> {
  const made = await startPhone(house.sipPort, login)
  phones.push(made)
  if (login) await made.registered()
  return made
}

const online = (name: string) =>
  until(`${name} is online`, () => link.snapshot().seats.some((one) => one.seat === name && one.online))

/** A caller who is answered. */
async function caller(number = '1001'): Promise<{ call: PhoneCall; leg: string }> {
  const call = await (await phone()).dial(number)
  const { leg } = await link.next('call.offered')
  await link.answer(leg.id)
  await link.next('leg.up', (event) => event.leg === leg.id)
  await call.answered
  return { call, leg: leg.id }
}

/** A seat's phone that rang and answered. */
async function counsellor(headers: Record<string, string> = {}): Promise<{ call: PhoneCall; leg: string }> {
  const desk = await phone({ user: 'phone1', password: 'pw1' })
  await online('phone1')
  const leg = randomUUID()
  await link.dial({ leg, to: { seat: 'phone1' }, timeoutMs: 20_000, headers, tags: { contact: 'c1' } })
  const call = await desk.rings()
  await link.next('leg.ringing')
  call.answer()
  await link.next('leg.up', (event) => event.leg === leg)
  return { call, leg }
}

async function talking() {
  const one = await caller()
  const two = await counsellor()
  const room = randomUUID()
  await link.openRoom(room, 'talk', { contact: 'c1' })
  await link.join(one.leg, room)
  await link.join(two.leg, room)
  await link.next('leg.moved', (event) => event.leg === two.leg && event.room === room)
  one.call.sound.hz = 440
  two.call.sound.hz = 1_000
  return { one, two, room }
}

const hears = (call: PhoneCall, hz: number) => until(`${hz} Hz is heard`, () => call.sound.level(hz) > -25)
/** Nothing of the tone in what comes from now on: a muted leg may send no sound at all. */
async function hearsNot(call: PhoneCall, hz: number): Promise<void> {
  for (let tries = 0; tries < 8; tries += 1) {
    call.sound.forget()
    await pause(500)
    if (call.sound.level(hz) < -45) return
  }
  throw new Error(`${hz} Hz is heard`)
}

test('a caller and a counsellor hear each other, and each leg and room is told of once', async () => {
  const { one, two, room } = await talking()
  await hears(one.call, 1_000)
  await hears(two.call, 440)
  const { legs, rooms } = link.snapshot()
  expect(legs).toContainEqual(expect.objectContaining({ id: one.leg, dir: 'in', state: 'up', room }))
  expect(legs).toContainEqual(
    expect.objectContaining({
      id: two.leg,
      dir: 'out',
      room,
      party: { kind: 'seat', seat: 'phone1', dialled: null },
    }),
  )
  expect(rooms).toEqual([
    { id: room, kind: 'talk', legs: expect.arrayContaining([one.leg, two.leg]), tags: { contact: 'c1' } },
  ])
  await link.mute(one.leg, true)
  await hearsNot(two.call, 440)
  await link.mute(one.leg, false)
  await hears(two.call, 440)
  one.call.call.hangup()
  expect(await link.next('leg.ended')).toMatchObject({ leg: one.leg, cause: 'hangup', by: 'them' })
  await link.hangup(two.leg)
  expect(await link.next('leg.ended')).toMatchObject({ leg: two.leg, cause: 'hangup', by: 'us' })
  await link.closeRoom(room)
  await link.next('room.closed')
  expect(link.snapshot()).toMatchObject({ legs: [], rooms: [] })
})

test('a call that comes in says who rings whom', async () => {
  const call = await (await phone()).dial('1002')
  const { leg } = await link.next('call.offered')
  expect(leg).toMatchObject({
    dir: 'in',
    state: 'offered',
    party: {
      kind: 'caller',
      number: 'caller',
      dialled: '1002',
      trunk: 'anonymous',
      trusted: false,
      web: false,
    },
  })
  await link.ring(leg.id)
  await link.hangup(leg.id, 'busy')
  expect(await call.ended).toMatchObject({ status: 486 })
  expect(await link.next('leg.ended')).toMatchObject({ cause: 'cancelled', by: 'us' })
})

test('prompts are played one after the other, their end is told once, and a key interrupts', async () => {
  const { call, leg } = await caller()
  const low = house.toneFile('low.wav', 300, 1)
  const high = house.toneFile('high.wav', 1_500, 1)
  await link.play('p1', { leg }, [{ file: low }, { file: high }])
  await link.play('p1', { leg }, [{ file: low }, { file: high }])
  await hears(call, 300)
  await hears(call, 1_500)
  expect(await link.next('play.ended')).toMatchObject({ play: 'p1', outcome: 'done' })
  await link.play('p2', { leg }, [{ file: low }, { file: low }])
  await hears(call, 300)
  await call.sound.press('1')
  expect(await link.next('leg.digit')).toMatchObject({ leg, digit: '1' })
  await link.stopPlay('p2')
  await link.stopPlay('p2')
  expect(await link.next('play.ended')).toMatchObject({ play: 'p2', outcome: 'stopped' })
  await link.play('p3', { leg }, [{ file: '/nowhere/at-all.wav' }])
  expect(await link.next('play.ended')).toMatchObject({ play: 'p3', outcome: 'failed' })
  await expect(link.play('p4', { leg }, [{ file: 'relative.wav' }])).rejects.toMatchObject({
    code: 'refused',
  })
  const told = (type: string) => link.events.filter((event) => event.type === type).length
  expect([told('play.ended'), told('leg.digit')]).toEqual([3, 1])
})

test('a seat without a device is not rung, one that does not answer ends as no-answer', async () => {
  const spec = { leg: randomUUID(), to: { seat: 'phone1' }, timeoutMs: 1_000 }
  await expect(link.dial(spec)).rejects.toMatchObject({ code: 'offline' })
  await expect(link.dial({ ...spec, to: { seat: 'nobody' } })).rejects.toMatchObject({ code: 'offline' })
  const desk = await phone({ user: 'phone1', password: 'pw1' })
  await link.next('seat.state', (event) => event.seat === 'phone1' && event.online)
  await link.dial({ ...spec, headers: { 'X-Rejoin': 'yes' } })
  await link.dial(spec)
  const call = await desk.rings()
  expect('header' in call.call && call.call.header('X-Rejoin')).toBe('yes')
  expect(await link.next('leg.ended')).toMatchObject({ leg: spec.leg, cause: 'no-answer', by: 'us' })
  desk.stack.removeTrunk('board')
  await link.next('seat.state', (event) => event.seat === 'phone1' && !event.online)
})

test('a call goes out by a trunk with the caller id given, and the trunk is seen to be there', async () => {
  const far = await phone()
  const port = far.stack.ports.sip
  const trunk: TrunkSpec = {
    trunk: 'out',
    host: '127.0.0.1',
    port,
    transport: 'udp',
    from: ['127.0.0.1'],
    register: false,
    trusted: true,
  }
  await link.putTrunk({ ...trunk, trusted: false })
  await link.putTrunk(trunk)
  // As at every reconnect.
  await link.putTrunk(trunk)
  // Asterisk asks for the first time after some part of half a minute.
  if (!asterisk) await until('the trunk is there', () => link.snapshot().trunks.some((one) => one.online))
  const leg = randomUUID()
  const to = { number: '13800138000', trunk: 'out' }
  await link.dial({ leg, to, from: { name: 'Hotline', number: '12356' }, timeoutMs: 5_000 })
  const call = await far.rings()
  if (call.call.direction !== 'in') throw new Error('not a call that came in')
  expect(call.call).toMatchObject({ dialled: '13800138000', callerNumber: '12356', callerName: 'Hotline' })
  call.answer()
  await link.next('leg.up')
  expect(link.snapshot().legs).toContainEqual(
    expect.objectContaining({ id: leg, party: { kind: 'number', number: '13800138000', trunk: 'out' } }),
  )
  const back = await far.dial('1001', '13900004321')
  const { leg: came } = await link.next('call.offered')
  expect(came.party).toMatchObject({ kind: 'caller', number: '13900004321', trunk: 'out', trusted: true })
  back.call.hangup()
  await link.next('leg.ended')
  await link.dropTrunk('out')
  const again = { leg: randomUUID(), to, timeoutMs: 5_000 }
  await expect(link.dial(again)).rejects.toMatchObject({ code: 'refused' })
})

test('a phone that puts the call on hold is told of, and its return', async () => {
  const { call, leg } = await caller()
  await call.call.reinvite(call.sound.sdp(true))
  expect(await link.next('leg.held')).toMatchObject({ leg })
  expect(link.snapshot().legs).toContainEqual(expect.objectContaining({ id: leg, held: true }))
  await call.call.reinvite(call.sound.sdp())
  expect(await link.next('leg.unheld')).toMatchObject({ leg })
})

test.skipIf(asterisk)('a seat that loses its registration in the middle of a talk is seen to', async () => {
  await talking()
  await link.next('seat.state', (event) => event.online)
  phones.at(-1)?.stack.removeTrunk('board')
  expect(await link.next('seat.state')).toMatchObject({ seat: 'phone1', online: false })
  expect(link.snapshot().legs).toHaveLength(2)
})

test('every command may be repeated, and a thing that is gone is gone without complaint', async () => {
  const { one, two, room } = await talking()
  await link.openRoom(room, 'talk')
  await link.join(one.leg, room)
  await link.answer(one.leg)
  await link.leave(two.leg)
  await link.next('leg.moved', (event) => event.leg === two.leg && event.room === null)
  await link.leave(two.leg)
  await link.hangup(two.leg)
  await link.hangup(two.leg)
  await link.closeRoom(room)
  await link.closeRoom(room)
  await link.next('room.closed', (event) => event.room === room)
  await link.stopRecord(randomUUID())
  await refusedAsGone('a leg that was hung up', () => link.join(two.leg, room))
  await refusedAsGone('a room that was closed', () => link.join(one.leg, room))
  await refusedAsGone('a note on a leg that was hung up', () => link.tag({ leg: two.leg }, { a: 'b' }))
})

test('a server that comes back finds its calls, rooms, tags and seats, and hears of what follows', async () => {
  const { one, two, room } = await talking()
  await link.tag({ leg: one.leg }, { contact: 'c1', stage: 'talk' })
  await link.tag({ leg: one.leg }, { stage: 'hold', extra: '' })
  await link.close()
  await hears(one.call, 1_000)
  const again = house.connect({ seats: [seat] })
  const up = await again.next('node.up')
  expect(up.legs).toContainEqual(
    expect.objectContaining({
      id: one.leg,
      dir: 'in',
      state: 'up',
      room,
      tags: { contact: 'c1', stage: 'hold' },
    }),
  )
  expect(up.legs).toContainEqual(
    expect.objectContaining({ id: two.leg, dir: 'out', state: 'up', room, tags: { contact: 'c1' } }),
  )
  expect(up.rooms).toEqual([
    { id: room, kind: 'talk', legs: expect.arrayContaining([one.leg, two.leg]), tags: { contact: 'c1' } },
  ])
  expect(up.seats).toEqual([{ seat: 'phone1', online: true }])
  two.call.call.hangup()
  expect(await again.next('leg.ended')).toMatchObject({ leg: two.leg, by: 'them' })
  await hearsNot(one.call, 1_000)
})

test('a caller who rings while no server is there is handed over once when one comes', async () => {
  await link.close()
  const call = await (await phone()).dial('1001')
  await call.answered
  const again = house.connect({ seats: [seat] })
  const up = await again.next('node.up')
  const told = () => [
    ...up.legs,
    ...again.events.flatMap((event) => (event.type === 'call.offered' ? [event.leg] : [])),
  ]
  await until('the caller is told of', () => told().length > 0)
  expect(told()).toHaveLength(1)
  const party = { kind: 'caller', dialled: '1001' }
  expect(told()[0]).toMatchObject({ dir: 'in', state: 'up', tags: {}, party })
})

test.skipIf(asterisk)(
  'a switchboard that dies is told as down, commands are refused, and its return brings an empty snapshot',
  async () => {
    await caller()
    await house.switchboard.stop('SIGKILL')
    expect(await link.next('node.down')).toMatchObject({ replaced: false })
    expect(link.up()).toBe(false)
    await expect(link.openRoom('r', 'talk')).rejects.toMatchObject({ code: 'node-down' })
    await link.putSeat({ seat: 'phone2', kind: 'phone', secret: { password: 'pw2' } })
    await house.switchboard.start()
    const up = await link.next('node.up')
    expect(up).toMatchObject({ legs: [], rooms: [], recordings: [] })
    await phone({ user: 'phone2', password: 'pw2' })
    expect(await link.next('seat.state')).toMatchObject({ seat: 'phone2', online: true })
  },
)

test('a second server takes the place of the first, which then keeps quiet', async () => {
  const other = house.connect({ seats: [seat] })
  await other.next('node.up')
  expect(await link.next('node.down')).toMatchObject({ replaced: true })
  await pause(500)
  expect([other.up(), link.up()]).toEqual([true, false])
})

test('a supervisor hears both, whispers to one, and is no leg of the room', async () => {
  const { one, two } = await talking()
  await link.putSeat({ seat: 'boss', kind: 'phone', secret: { password: 'pw3' } })
  const desk = await phone({ user: 'boss', password: 'pw3' })
  await online('boss')
  const leg = randomUUID()
  await link.dial({ leg, to: { seat: 'boss' }, timeoutMs: 5_000 })
  const call = await desk.rings()
  call.answer()
  await link.next('leg.up', (event) => event.leg === leg)
  call.sound.hz = 700
  await link.supervise(leg, two.leg, 'listen')
  await hears(call, 440)
  await hears(call, 1_000)
  await link.supervise(leg, two.leg, 'whisper')
  await hears(two.call, 700)
  expect(one.call.sound.level(700)).toBeLessThan(-45)
  await link.supervise(leg, two.leg, 'off')
  await hearsNot(two.call, 700)
  expect(
    link
      .snapshot()
      .legs.map((known) => known.id)
      .toSorted(),
  ).toEqual([one.leg, two.leg, leg].toSorted())
  expect(link.snapshot().rooms).toHaveLength(1)
})

test('G24-7.5a: from consent on, both sides are stored apart, and nothing said before', async () => {
  const identity = await generateX25519Identity()
  house.publishKey('h1', await identityToRecipient(identity))
  const { one, two } = await talking()
  await hears(two.call, 440)
  one.call.sound.hz = 1_700
  await hearsNot(two.call, 440)
  const rec = randomUUID()
  await link.record(rec, one.leg, { hotline: 'h1', segment: 1 })
  await link.record(rec, one.leg, { hotline: 'h1', segment: 1 })
  await pause(1_500)
  await link.stopRecord(rec)
  expect(await link.next('rec.ended')).toMatchObject({ rec, segment: 1, leg: one.leg, outcome: 'done' })
  await until('both sides are stored', () => recorded('.age').length === 2)
  const sides = Object.fromEntries(
    await Promise.all(
      recorded('.age').map(
        async (name) =>
          [name.includes('.caller.') ? 'caller' : 'seat', await house.soundIn(name, identity)] as const,
      ),
    ),
  )
  const { caller: said = Buffer.of(), seat: answered = Buffer.of() } = sides
  expect(levelOf(said, 1_700)).toBeGreaterThan(-25)
  for (const hz of [440, 1_000]) expect(levelOf(said, hz)).toBeLessThan(-45)
  expect(levelOf(answered, 1_000)).toBeGreaterThan(-25)
  expect(link.snapshot().legs).toHaveLength(2)
  await hears(one.call, 1_000)
})

test('a recording outlives the server, ends with its leg, and one that breaks is told', async () => {
  house.publishKey('h1', await identityToRecipient(await generateX25519Identity()))
  const { one } = await talking()
  const rec = randomUUID()
  await link.record(rec, one.leg, { hotline: 'h1', segment: 1 })
  await until('both sides flow', () => recorded('.part').length === 2)
  await link.close()
  const again = house.connect({ seats: [seat] })
  expect((await again.next('node.up')).recordings).toEqual([{ rec, leg: one.leg, segment: 1 }])
  await house.recorder.stop()
  expect(await again.next('rec.ended')).toMatchObject({ rec, segment: 1, outcome: 'broken' })
  await house.recorder.start()
  await again.record(rec, one.leg, { hotline: 'h1', segment: 2 })
  await until('both sides flow again', () => recorded('.part').length === 2)
  one.call.call.hangup()
  expect(await again.next('rec.ended')).toMatchObject({ rec, segment: 2, outcome: 'done' })
  await until('all is stored', () => recorded('.age').length === 4 && recorded('.part').length === 0)
})

const recorded = (end: string) => house.files().filter((name) => name.endsWith(end))
