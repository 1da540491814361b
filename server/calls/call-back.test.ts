import { createSocket } from 'node:dgram'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { startSipStack } from '../../switchboard/sip/stack.ts'
import { until } from '../../telephony/testing/house.ts'
import { freshDatabase } from '../../test/database.ts'
import { Hall } from './testing/hall.ts'

const data = await freshDatabase()
let hall: Hall

beforeEach(async () => {
  hall = await Hall.open(data)
})

afterEach(async () => {
  await hall.close()
})

/** The 200 to a request by SIP: its own headers again. */
const answerTo = (request: string): string => {
  const [, ...lines] = request.split('\r\n')
  const same = lines.filter((line) => /^(via|from|to|call-id|cseq):/i.test(line))
  return ['SIP/2.0 200 OK', ...same, 'Content-Length: 0', '', ''].join('\r\n')
}

/** Somebody from outside who called, was asked, and hung up in the queue; a trunk leads back to the same phone. */
async function missedCaller() {
  const phone = await hall.phone()
  await hall.trunkTo(phone)
  const call = await phone.dial(hall.line.number, '13900001234')
  await call.answered
  await hall.becomes({ state: 'greeting' })
  await call.sound.press('2')
  await hall.becomes({ state: 'waiting' })
  call.call.hangup()
  const contact = await hall.becomes({ state: 'closed', outcome: 'abandoned' })
  return { phone, contact }
}

/** A trunk that goes before all others and refuses every call. */
async function refusingTrunk() {
  let asked = 0
  const options = { host: '127.0.0.1', publicAddress: null, port: 0, realm: 'full', acceptAnonymous: true }
  const stack = await startSipStack(options, {
    invite: (call) => {
      asked += 1
      call.reject(503)
      return { ended: () => undefined }
    },
  })
  await data.owner('update trunk set rank = 2')
  await hall.trunkToPort(stack.ports.sip, 1)
  return { name: `outside-${stack.ports.sip}`, asked: () => asked, stop: () => stack.stop(0) }
}

test('a call-back rings the own seat, then the caller, and both talk on the same contact', async () => {
  const { phone, contact } = await missedCaller()
  const seat = await hall.seat()
  await hall.calls.callBack(hall.hotlineId, seat.personId, contact.contact_id)
  const rung = await seat.phone.rings()
  rung.answer()
  const back = await phone.rings()
  // The hotline's number is shown, not the seat's or nothing.
  expect(back.call).toMatchObject({ callerNumber: '057112356' })
  back.answer()
  await hall.becomes({ state: 'talking', phase: 'together', person_id: seat.personId })
  rung.sound.hz = 1000
  back.sound.hz = 440
  await until('both hear each other', () => rung.sound.level(440) > -30 && back.sound.level(1000) > -30)
  back.call.hangup()
  await hall.becomes({ state: 'wrap-up', outcome: 'abandoned' })
  expect(await hall.contact(2)).toBe(undefined)
})

test('a caller who does not answer the call-back leaves the contact closed and the seat free', async () => {
  const { phone, contact } = await missedCaller()
  const seat = await hall.seat()
  await hall.calls.callBack(hall.hotlineId, seat.personId, contact.contact_id)
  const rung = await seat.phone.rings()
  rung.answer()
  const back = await phone.rings()
  back.call.hangup()
  await rung.ended
  await hall.becomes({ state: 'closed', outcome: 'abandoned' })
  await until('the seat is free', async () => (await hall.dutyOf(seat))?.state === 'free')
})

test('a caller whose number no trunk may dial cannot be called back, and the counsellor is told', async () => {
  const { contact } = await missedCaller()
  const seat = await hall.seat()
  await data.owner('update trunk set outbound_patterns = $1', [['110']])
  const tried = hall.calls.callBack(hall.hotlineId, seat.personId, contact.contact_id)
  await expect(tried).rejects.toMatchObject({ code: 'number.notAllowed' })
})

test('G24-3.2.2b: when the first trunk refuses, the call goes by the next one; nobody hears of it', async () => {
  const { phone, contact } = await missedCaller()
  const refusing = await refusingTrunk()
  const seat = await hall.seat()
  await hall.calls.callBack(hall.hotlineId, seat.personId, contact.contact_id)
  const rung = await seat.phone.rings()
  rung.answer()
  const back = await phone.rings()
  back.answer()
  await hall.becomes({ state: 'talking', phase: 'together', person_id: seat.personId })
  expect(refusing.asked()).toBe(1)
  await refusing.stop()
})

test('G24-3.2.2b: a trunk that refused three calls in a row is passed over by the next one', async () => {
  const { phone, contact } = await missedCaller()
  const refusing = await refusingTrunk()
  const seat = await hall.seat()
  const refuses = (): boolean => hall.calls.trunkRefuses(refusing.name)
  for (const times of [1, 2, 3, 3]) {
    await hall.calls.callBack(hall.hotlineId, seat.personId, contact.contact_id)
    const rung = await seat.phone.rings()
    rung.answer()
    const back = await phone.rings()
    expect(refusing.asked()).toBe(times)
    expect(refuses()).toBe(times === 3)
    back.call.hangup()
    await until('the seat is free', async () => (await hall.dutyOf(seat))?.state === 'free')
  }
  await refusing.stop()
})

test('G24-3.2.2b: a trunk that no longer answers is known before a caller meets it, and passed over', async () => {
  const { phone, contact } = await missedCaller()
  const dead = await hall.phone()
  const { sip: port } = dead.stack.ports
  await dead.stop()
  await data.owner('update trunk set rank = 2')
  await hall.trunkToPort(port, 1)
  const gone = `outside-${port}`
  const isGone = () =>
    hall.calls.shell.switchboard?.snapshot().trunks.some((each) => each.trunk === gone && !each.online)
  await until('the trunk is known to be gone', () => isGone() === true, 20_000)
  const seat = await hall.seat()
  await hall.calls.callBack(hall.hotlineId, seat.personId, contact.contact_id)
  const rung = await seat.phone.rings()
  rung.answer()
  const back = await phone.rings()
  back.answer()
  await hall.becomes({ state: 'talking', phase: 'together' })
})

test('G24-3.2.2b: a trunk that says nothing at all is given up after five seconds, and the call goes by the next one', async () => {
  const { phone, contact } = await missedCaller()
  const silent = createSocket('udp4')
  let invites = 0
  silent.on('message', (message, { port, address }) => {
    if (message.toString('latin1').startsWith('INVITE')) invites += 1
    // Asked by OPTIONS it answers, so that it counts as there.
    else silent.send(answerTo(message.toString('latin1')), port, address)
  })
  await new Promise<void>((bound) => silent.bind(0, '127.0.0.1', bound))
  await data.owner('update trunk set rank = 2')
  await hall.trunkToPort(silent.address().port, 1)
  const seat = await hall.seat()
  await hall.calls.callBack(hall.hotlineId, seat.personId, contact.contact_id)
  const rung = await seat.phone.rings()
  rung.answer()
  const isGivenUp = () => hall.logged.some((line) => line.startsWith('a trunk did not take a call'))
  await until('the silent trunk is given up', isGivenUp, 15_000)
  const back = await phone.rings()
  back.answer()
  await hall.becomes({ state: 'talking', phase: 'together', person_id: seat.personId })
  expect(invites).toBeGreaterThan(1)
  silent.close()
})

test('toll fraud: calls to the outside are counted by person and hour; over the limit they are refused, but not in danger', async () => {
  const { phone, contact } = await missedCaller()
  const seat = await hall.seat()
  await data.owner(`update hotline set settings = '{"outbound":{"perPerson":1}}' where hotline_id = $1`, [
    hall.hotlineId,
  ])
  const callBack = () => hall.calls.callBack(hall.hotlineId, seat.personId, contact.contact_id)
  const cutShort = async (): Promise<void> => {
    const rung = await seat.phone.rings()
    rung.answer()
    const back = await phone.rings()
    back.call.hangup()
    await until('the seat is free', async () => (await hall.dutyOf(seat))?.state === 'free')
  }
  await callBack()
  await cutShort()
  await expect(callBack()).rejects.toMatchObject({ code: 'number.tooMany' })
  await data.owner('update contact set danger_key = true where contact_id = $1', [contact.contact_id])
  await callBack()
  await cutShort()
  const rows = await data.owner('select kind, person_id from outbound_call where hotline_id = $1', [
    hall.hotlineId,
  ])
  expect(rows).toEqual([
    { kind: 'call-back', person_id: seat.personId },
    { kind: 'call-back', person_id: seat.personId },
  ])
})
