/* A caller is handed on: who hears whom at each step, whose number is seen, and what the record says about it. */
import { expect, test } from '@playwright/test'
import type { z } from 'zod'
import type { CallCommand, transferTargets } from '../../api/desk.ts'
import { startProduct, type Product } from '../product.ts'
import { logInAs, loudness, phoneHears, until, type Session } from './hotline.ts'
import { phoneMissing, startPhone, type Phone } from './phone.ts'
import { becomes, deskPhone, happened, pageOf, shortenPrompts, welcome } from './scene.ts'

test.skip(phoneMissing !== null, phoneMissing ?? '')
test.describe.configure({ mode: 'serial', timeout: 60_000 })

const [callerHz, firstHz, secondHz, outsideHz] = [440, 1000, 1500, 700]
const callerNumber = '13900000007'
const outsideNumber = '02160001111'

let product: Product
let supervisor: Session
let counsellors: Session[]
let first: Phone
let second: Phone
let outside: Phone
let caller: Phone
const phones: Phone[] = []

test.beforeAll(async () => {
  product = await startProduct()
  supervisor = await logInAs(product, 'supervisor')
  counsellors = [await logInAs(product, 'counsellor3'), await logInAs(product, 'counsellor4')]
  await shortenPrompts(product, [...welcome, 'survey', 'thanks'])
  first = await deskPhone(product, 'phone1', firstHz)
  phones.push(first)
  outside = await startPhone({ toneHz: outsideHz, user: outsideNumber })
  phones.push(outside)
  await (
    await logInAs(product, 'admin')
  ).ask('POST', '/trunks', {
    name: 'gateway',
    kind: 'address',
    host: '127.0.0.1',
    port: outside.sipPort,
    outboundPatterns: ['021XXXXXXXX'],
  })
})

test.afterAll(async () => {
  for (const phone of phones) await phone.stop()
  await product?.stop()
})

test.beforeEach(async () => {
  caller = await startPhone({ toneHz: callerHz, user: callerNumber })
})

test.afterEach(async () => {
  await caller.stop()
  for (const each of counsellors) await each.finishWrapUp()
})

const rings = (phone: Phone): number => phone.events().filter((event) => event === 'CALL_INCOMING').length

/** Lets a phone be rung by `act` and answers there. */
const answering = async (phone: Phone, act: () => Promise<unknown>): Promise<void> => {
  const before = rings(phone)
  await act()
  await phone.waitFor('CALL_INCOMING', before + 1, 20_000)
  await phone.accept()
}

const talk = async (one: Phone, hears: number, other: Phone, heard: number): Promise<void> => {
  await until(`${hears} Hz is heard`, () => phoneHears(one, hears) > 3000)
  await until(`${heard} Hz is heard`, () => phoneHears(other, heard) > 3000)
}

/** Calls and is answered at the first desk phone; gives the commands of its counsellor. */
const talking = async (): Promise<{
  contactId: string
  number: number
  command: (given: CallCommand) => Promise<unknown>
}> => {
  await answering(first, async () => {
    await caller.dial(`sip:1001@127.0.0.1:${product.sipPort}`)
    await caller.waitFor('CALL_ESTABLISHED')
    await caller.press('2')
  })
  await talk(caller, firstHz, first, callerHz)
  const { contactId, number } = await becomes(supervisor, { state: 'talking' })
  const command = (given: CallCommand) =>
    counsellors[0]?.ask('POST', `/desk/call/${contactId}`, given) ?? Promise.reject()
  return { contactId, number, command }
}

const targets = () => counsellors[0]?.ask<z.infer<(typeof transferTargets)['reply']>>('GET', '/desk/targets')

const seatOf = async (name: string): Promise<{ kind: 'seat'; seatId: string }> => {
  const seat = (await targets())?.seats.find((each) => each.name === name)
  return { kind: 'seat', seatId: seat?.seatId ?? '' }
}

/** The second desk phone comes on duty, so that only transfers ring it while the first is free. */
const secondOnDuty = async (): Promise<void> => {
  if (second) return
  second = await deskPhone(product, 'phone2', secondHz)
  phones.push(second)
}

test('blind to a seat: the second counsellor sees the caller’s number, and the caller hears only them', async () => {
  const { command } = await talking()
  await secondOnDuty()
  await answering(second, async () =>
    command({ command: 'transfer', mode: 'blind', to: await seatOf('话机2') }),
  )
  await talk(caller, secondHz, second, callerHz)
  await first.waitFor('CALL_CLOSED')
  await until('the first is not heard any more', () => phoneHears(caller, firstHz) < 300)
  expect(second.rangFrom().at(-1)).toContain(callerNumber)
  await second.hangUp()
  await caller.waitFor('CALL_CLOSED', 1, 15_000)
  const page = await becomes(supervisor, { state: 'wrap-up' })
  expect(page).toMatchObject({
    endedBy: 'counsellor',
    outcome: 'answered',
    counsellor: '咨询员四',
    callerNumber: '••••0007',
  })
})

test('attended to a seat: the counsellors speak alone while the caller hears calm audio, then the caller is handed over', async () => {
  await secondOnDuty()
  await pauseSecond(true)
  const { command } = await talking()
  await pauseSecond(false)
  await answering(second, async () =>
    command({ command: 'transfer', mode: 'attended', to: await seatOf('话机2') }),
  )
  await talk(first, secondHz, second, firstHz)
  await until(
    'the caller hears neither',
    () => phoneHears(caller, firstHz) < 300 && phoneHears(caller, secondHz) < 300,
  )
  await until('but something', () => loudness(caller) > 30)
  await until('nor do they hear the caller', () => phoneHears(second, callerHz) < 300)
  await command({ command: 'complete-transfer' })
  await talk(caller, secondHz, second, callerHz)
  expect(second.rangFrom().at(-1)).toContain(callerNumber)
  await caller.hangUp()
  await becomes(supervisor, { state: 'wrap-up', endedBy: 'caller', counsellor: '咨询员四' })
})

test('a transfer that is declined brings the caller back to the counsellor', async () => {
  await secondOnDuty()
  await pauseSecond(true)
  const { command } = await talking()
  await pauseSecond(false)
  const before = rings(second)
  await command({ command: 'transfer', mode: 'blind', to: await seatOf('话机2') })
  await second.waitFor('CALL_INCOMING', before + 1)
  await until('the caller does not hear the counsellor meanwhile', () => phoneHears(caller, firstHz) < 300)
  await second.hangUp()
  await talk(caller, firstHz, first, callerHz)
  await happened(supervisor, 'transfer-failed')
  await caller.hangUp()
  await becomes(supervisor, { state: 'wrap-up', endedBy: 'caller', counsellor: '咨询员三' })
})

test('to a line: the caller waits there with the time waited so far and is answered by who is free', async () => {
  await secondOnDuty()
  await pauseSecond(true)
  const { command } = await talking()
  await pauseSecond(false)
  const { queuedAt } = await pageOf(supervisor)
  const line = (await targets())?.lines.find((each) => each.name === '应急心理援助专线')
  await answering(second, () =>
    command({ command: 'transfer', mode: 'blind', to: { kind: 'line', lineId: line?.lineId ?? '' } }),
  )
  await talk(caller, secondHz, second, callerHz)
  const page = await becomes(supervisor, { state: 'talking' })
  expect(page).toMatchObject({ queuedAt, lineName: '应急心理援助专线', callerNumber: '••••0007' })
  await caller.hangUp()
  await becomes(supervisor, { state: 'wrap-up', endedBy: 'caller' })
})

test('to an outside number: only an allowed one is rung, the caller’s number goes along, both hear each other', async () => {
  await pauseSecond(true)
  const { command } = await talking()
  const dear = command({ command: 'transfer', mode: 'blind', to: { kind: 'number', number: '0190123456' } })
  await expect(dear).rejects.toThrow('number.notAllowed')
  await talk(caller, firstHz, first, callerHz)
  await answering(outside, () =>
    command({ command: 'transfer', mode: 'attended', to: { kind: 'number', number: outsideNumber } }),
  )
  await talk(first, outsideHz, outside, firstHz)
  expect(outside.rangFrom().at(-1)).toContain(callerNumber)
  await command({ command: 'complete-transfer' })
  await talk(caller, outsideHz, outside, callerHz)
  await outside.hangUp()
  await caller.waitFor('CALL_CLOSED', 1, 15_000)
  await becomes(supervisor, { state: 'wrap-up', endedBy: 'system', counsellor: '咨询员三' })
})

test('by the phone’s own transfer key (RFC 3515): to another desk phone', async () => {
  await pauseSecond(true)
  const { number } = await talking()
  await pauseSecond(false)
  await answering(second, () => first.transfer(`sip:phone2@127.0.0.1:${product.sipPort}`))
  await talk(caller, secondHz, second, callerHz)
  expect(second.rangFrom().at(-1)).toContain(callerNumber)
  await second.hangUp()
  await becomes(supervisor, { state: 'wrap-up', endedBy: 'counsellor', counsellor: '咨询员四' }, number)
})

/** While paused, the second seat is offered nobody from the queue. */
async function pauseSecond(on: boolean): Promise<void> {
  await counsellors[1]?.ask(
    'PUT',
    '/desk/duty',
    on ? { state: 'paused', reason: 'other' } : { state: 'free' },
  )
}
