import { randomUUID } from 'node:crypto'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { startPhone, type Phone, type PhoneCall } from '../switchboard/testing/phone.ts'
import { SwitchboardError } from './switchboard-error.ts'
import type { SeatSpec } from './switchboard.ts'
import { cuttable } from './testing/cuttable.ts'
import { House, until, type WatchedLink } from './testing/house.ts'

const seat: SeatSpec = { seat: 'phone1', kind: 'phone', secret: { password: 'pw1' } }
let one: House
let other: House
let link: WatchedLink
let phones: Phone[]

beforeEach(async () => {
  ;[one, other] = await Promise.all([House.open(), House.open()])
  phones = []
  link = one.connect({ url: `${one.ariUrl} ${other.ariUrl}`, seats: [seat] })
  await link.next('node.up')
})

afterEach(async () => {
  for (const each of phones) await each.stop()
  await Promise.all([one.close(), other.close()])
})

async function phone(house: House, login?: { user: string; password: string }): Promise<Phone> {
  const made = await startPhone(house.sipPort, login)
  phones.push(made)
  if (login) await made.registered()
  return made
}

async function caller(house: House): Promise<{ call: PhoneCall; leg: string }> {
  const call = await (await phone(house)).dial('1001')
  const { leg } = await link.next('call.offered')
  await link.answer(leg.id)
  await link.next('leg.up', (event) => event.leg === leg.id)
  await call.answered
  return { call, leg: leg.id }
}

/** The seat's phone registers at this switchboard. */
async function desk(house: House): Promise<Phone> {
  const made = await phone(house, { user: 'phone1', password: 'pw1' })
  await link.next('seat.state', (event) => event.online)
  return made
}

/** The seat is rung beside the caller, answers, and both are in one room. */
async function joined(
  from: { leg: string },
  at: Phone,
): Promise<{ call: PhoneCall; leg: string; room: string }> {
  const leg = randomUUID()
  await link.dial({ leg, to: { seat: 'phone1' }, timeoutMs: 20_000, beside: from.leg })
  const call = await at.rings()
  call.answer()
  await link.next('leg.up', (event) => event.leg === leg)
  const room = randomUUID()
  await link.openRoom(room, 'talk', {}, from.leg)
  await link.join(from.leg, room)
  await link.join(leg, room)
  return { call, leg, room }
}

const isDown = (error: unknown): boolean => error instanceof SwitchboardError && error.code === 'node-down'

async function hearEachOther(a: PhoneCall, b: PhoneCall): Promise<void> {
  a.sound.forget()
  b.sound.forget()
  a.sound.hz = 440
  b.sound.hz = 1_000
  await until('both hear each other', () => a.sound.level(1_000) > -25 && b.sound.level(440) > -25)
}

test('calls of two switchboards are one list, and a seat is rung where the caller is', async () => {
  const [first, second] = [await caller(one), await caller(other)]
  const [here, there] = [await desk(one), await desk(other)]
  expect(link.snapshot().seats).toEqual([{ seat: 'phone1', online: true }])
  const a = await joined(first, here)
  const b = await joined(second, there)
  await hearEachOther(first.call, a.call)
  await hearEachOther(second.call, b.call)
  const { legs, rooms } = link.snapshot()
  expect(legs.map((leg) => leg.id).toSorted()).toEqual([first.leg, second.leg, a.leg, b.leg].toSorted())
  expect(rooms.find((room) => room.id === b.room)?.legs.toSorted()).toEqual([second.leg, b.leg].toSorted())
  first.call.call.hangup()
  expect(await link.next('leg.ended')).toMatchObject({ leg: first.leg, cause: 'hangup', by: 'them' })
  await link.closeRoom(a.room)
  await link.next('room.closed', (event) => event.room === a.room)
})

test('a seat that is registered at one only can be rung from there alone', async () => {
  const [first, second] = [await caller(one), await caller(other)]
  const here = await desk(one)
  const to = { seat: 'phone1' }
  await expect(
    link.dial({ leg: randomUUID(), to, timeoutMs: 5_000, beside: second.leg }),
  ).rejects.toMatchObject({ code: 'offline' })
  expect(link.nodesOf('phone1')).toEqual([link.nodeOf(first.leg)])
  expect(link.nodeOf(second.leg)).not.toBe(link.nodeOf(first.leg))
  await joined(first, here)
  const alone = randomUUID()
  await link.dial({ leg: alone, to, timeoutMs: 5_000 })
  await here.rings()
  await link.hangup(alone)
  await link.next('leg.ended', (event) => event.leg === alone)
})

test('a room opened for nobody in particular is at both, and its end is told once', async () => {
  const room = randomUUID()
  await link.openRoom(room, 'wait')
  const [first, second] = [await caller(one), await caller(other)]
  await link.join(first.leg, room)
  await link.join(second.leg, room)
  await until('both are in', () => link.snapshot().rooms[0]?.legs.length === 2)
  await link.closeRoom(room)
  await link.next('room.closed')
  expect(link.snapshot().rooms).toEqual([])
  expect(link.events.filter((event) => event.type === 'room.closed')).toHaveLength(1)
})

test('one dies: its calls are told to be lost, those of the other go on, new ones come, and it takes calls when it returns', async () => {
  const [first, second] = [await caller(one), await caller(other)]
  const [here, there] = [await desk(one), await desk(other)]
  const lost = await joined(first, here)
  const staying = await joined(second, there)
  await one.switchboard.stop('SIGKILL')
  const told = await link.next('part.lost')
  expect(told.known.toSorted()).toEqual([first.leg, lost.leg].toSorted())
  expect(told.parts.map((part) => part.up)).toEqual([false, true])
  expect(link.up()).toBe(true)
  await expect(link.answer(first.leg)).rejects.toMatchObject({ code: 'gone' })
  await hearEachOther(second.call, staying.call)
  const third = await caller(other)
  expect(link.snapshot().legs.map((leg) => leg.id)).toContain(third.leg)
  // The seat is still at the other one.
  expect(link.snapshot().seats).toEqual([{ seat: 'phone1', online: true }])

  await one.switchboard.start()
  const back = await link.next('part.up')
  expect(back).toMatchObject({ known: [], legs: [], rooms: [] })
  const fourth = await caller(one)
  expect(link.snapshot().legs.map((leg) => leg.id)).toContain(fourth.leg)
  await hearEachOther(second.call, staying.call)
  expect(link.events.filter((event) => event.type === 'node.down')).toEqual([])
})

test('the way to one is cut for a moment: nothing is given up, and what lived there is told to be compared', async () => {
  await link.close()
  const way = await cuttable(one.ariUrl)
  link = one.connect({ url: `${way.url} ${other.ariUrl}`, seats: [seat] })
  await link.next('node.up')
  const [first, second] = [await caller(one), await caller(other)]
  const [staying, leaving] = [await joined(first, await desk(one)), await caller(one)]
  way.cut(true)
  await until('commands are refused', () => link.mute(first.leg, false).then(() => false, isDown))
  leaving.call.call.hangup()
  await leaving.call.ended
  expect(link.snapshot().legs.map((leg) => leg.id)).toContain(leaving.leg)
  await link.mute(second.leg, false)
  way.cut(false)
  const back = await link.next('part.up')
  expect(back.known.toSorted()).toEqual([first.leg, staying.leg, leaving.leg].toSorted())
  expect(back.legs.map((leg) => leg.id).toSorted()).toEqual([first.leg, staying.leg].toSorted())
  await hearEachOther(first.call, staying.call)
  expect(link.events.filter((event) => event.type === 'part.lost')).toEqual([])
  way.close()
})

test('the server comes while one is dead: it begins without it, and says which is not there', async () => {
  await link.close()
  await one.switchboard.stop('SIGKILL')
  link = one.connect({ url: `${one.ariUrl} ${other.ariUrl}`, seats: [seat] })
  const { parts } = await link.next('node.up')
  expect(parts?.map((part) => part.up)).toEqual([false, true])
  await caller(other)
})

test('the last one dies: the link is down until one returns', async () => {
  await one.switchboard.stop('SIGKILL')
  await link.next('part.lost')
  await other.switchboard.stop('SIGKILL')
  await link.next('node.down')
  await expect(link.openRoom(randomUUID(), 'talk')).rejects.toMatchObject({ code: 'node-down' })
  await one.switchboard.start()
  expect((await link.next('node.up')).parts?.map((part) => part.up)).toEqual([true, false])
  await caller(one)
})
