/* Seats: two windows on one, a desk phone that goes away, hang-up in every state, and a whole call by keys alone. */
import { expect, test } from '@playwright/test'
import type { Board } from '../../api/board.ts'
import type { Desk } from '../../api/desk.ts'
import { startProduct, type Product } from '../product.ts'
import { logInAs, loudness, phoneHears, until, type Session } from './hotline.ts'
import { aPersonAt, type Person } from './person.ts'
import { phoneMissing, startPhone, type Phone } from './phone.ts'
import { becomes, deskPhone, happened, shortenPrompts, welcome } from './scene.ts'

test.skip(phoneMissing !== null, phoneMissing ?? '')
test.describe.configure({ mode: 'serial', timeout: 90_000 })

const [firstHz, secondHz, deskHz, otherHz, callerHz] = [1000, 1500, 700, 850, 440]

let product: Product
let supervisor: Session
let counsellor: Session
let atDesk: Session
let first: Person
let second: Person
let caller: Phone
let callers = 0

test.beforeAll(async () => {
  product = await startProduct()
  supervisor = await logInAs(product, 'supervisor')
  counsellor = await logInAs(product, 'counsellor1')
  atDesk = await logInAs(product, 'counsellor3')
  await shortenPrompts(product, [...welcome, 'survey', 'thanks', 'seat-back'])
  first = await aPersonAt(product.web, firstHz, 'counsellor1')
})

test.afterAll(async () => {
  await first?.leave()
  await second?.leave()
  await product?.stop()
})

test.beforeEach(async () => {
  callers += 1
  caller = await startPhone({ toneHz: callerHz, user: `1390000010${callers}` })
})

test.afterEach(async () => {
  await caller.stop()
  await counsellor.finishWrapUp()
})

const call = async (key: string | null): Promise<void> => {
  await caller.dial(`sip:1001@127.0.0.1:${product.sipPort}`)
  await caller.waitFor('CALL_ESTABLISHED')
  if (key !== null) await caller.press(key)
}

const hears = (hz: number) => until(`the caller hears ${hz} Hz`, () => phoneHears(caller, hz) > 3000)

test('by keys alone: on duty, answer, mute, hold, notes, hang up, and to what the record still needs', async () => {
  const { page } = first
  await page.goto(`${product.web}/desk`)
  const go = page.getByRole('button', { name: '上岗', exact: true })
  await go.waitFor()
  await until('the button has the focus', async () => {
    if ((await page.locator('button:focus', { hasText: /^上岗$/ }).count()) === 1) return true
    await page.keyboard.press('Tab')
    return false
  })
  await page.keyboard.press('Enter')
  await page.getByText(/空闲/).first().waitFor()
  await call('2')
  await page.getByRole('button', { name: /^接听/ }).first().waitFor()
  await page.keyboard.press('Alt+A')
  await hears(firstHz)
  await until('the counsellor hears the caller', async () => (await first.hears(callerHz)) > -40)
  await page.keyboard.press('Alt+M')
  await until('a muted counsellor is not heard', () => phoneHears(caller, firstHz) < 300)
  await page.keyboard.press('Alt+M')
  await hears(firstHz)
  await page.keyboard.press('Alt+H')
  await until('there is calm audio', () => phoneHears(caller, firstHz) < 300 && loudness(caller) > 30)
  await page.keyboard.press('Alt+H')
  await hears(firstHz)
  await page.keyboard.press('Alt+N')
  await page.keyboard.type('只用键盘')
  await expect(page.getByRole('textbox', { name: '备注' })).toHaveValue('只用键盘')
  await page.keyboard.press('Alt+E')
  await becomes(supervisor, { state: 'survey' })
  await caller.press('5')
  await becomes(supervisor, { state: 'wrap-up', endedBy: 'counsellor', satisfaction: 5 })
  await page.keyboard.press('Alt+F')
  await expect(page.getByText(/还差 \d+ 项/)).toBeVisible()
  await expect(page.locator('#q-danger :focus')).toHaveCount(1)
})

test('a second window is told where the seat is, takes it over, and rings; the first one shows nothing of the caller', async () => {
  second = await aPersonAt(product.web, secondHz, 'counsellor1')
  await second.page.goto(`${product.web}/desk`)
  await second.page.getByText('您在另一个窗口在岗').waitFor()
  await second.page.getByRole('button', { name: '转到这里' }).click()
  await first.page.getByText('坐席已转到另一个窗口').waitFor()
  await call('2')
  await second.page.getByRole('button', { name: /^接听/ }).first().click()
  await hears(secondHz)
  await expect(first.page.getByRole('button', { name: /^接听/ })).toHaveCount(0)
  await expect(first.page.getByText('••••')).toHaveCount(0)
  await caller.hangUp()
  await becomes(supervisor, { state: 'wrap-up', endedBy: 'caller' })
})

test('taken back in mid-call: the caller hears a short word and is with the same counsellor at the other window', async () => {
  await call('2')
  await second.page.getByRole('button', { name: /^接听/ }).first().click()
  await hears(secondHz)
  const { contactId } = await becomes(supervisor, { state: 'talking' })
  await first.page.getByRole('button', { name: '转到这里' }).click()
  await hears(firstHz)
  await until('the other window is not heard', () => phoneHears(caller, secondHz) < 300)
  expect(caller.events()).not.toContain('CALL_CLOSED')
  await until('the counsellor hears the caller', async () => (await first.hears(callerHz)) > -40)
  await first.page
    .getByRole('button', { name: /^结束通话/ })
    .first()
    .click()
  await becomes(supervisor, { state: 'survey', contactId })
  await caller.hangUp()
  await becomes(supervisor, { state: 'wrap-up', endedBy: 'counsellor', outcome: 'answered' })
  await counsellor.finishWrapUp()
  await counsellor.ask('DELETE', '/desk/duty')
})

test('a desk phone that unregisters is off duty, and the next caller is told that nobody is there', async () => {
  const desk = await deskPhone(product, 'phone1', deskHz)
  const dutyOf = async () => (await atDesk.ask<Desk>('GET', '/desk')).duty
  try {
    await until('on duty', async () => (await dutyOf())?.state === 'free')
  } finally {
    await desk.stop()
  }
  await until('off duty', async () => (await dutyOf()) === null)
  const board = await supervisor.ask<Board>('GET', '/board')
  expect(board.seats.find((seat) => seat.name === '话机1')).toMatchObject({ state: 'off', connected: false })
  await call('2')
  await happened(supervisor, 'nobody-on-duty')
  await caller.hangUp()
  await becomes(supervisor, { state: 'closed', outcome: 'abandoned', endedBy: 'caller' })
})

test('a desk phone that answers and then loses its power: the caller is told, and answered by another seat', async () => {
  const dead = await deskPhone(product, 'phone1', deskHz)
  let other: Phone | null = null
  try {
    await call('2')
    await dead.waitFor('CALL_INCOMING')
    await dead.accept()
    await hears(deskHz)
    other = await deskPhone(product, 'phone2', otherHz)
    dead.freeze(true)
    await happened(supervisor, 'seat-lost', undefined, 25_000)
    await other.waitFor('CALL_INCOMING', 1, 45_000)
    await other.accept()
    await hears(otherHz)
    expect(caller.events()).not.toContain('CALL_CLOSED')
    await caller.hangUp()
    await becomes(supervisor, { state: 'wrap-up', endedBy: 'caller', counsellor: '咨询员四' })
    await (await logInAs(product, 'counsellor4')).finishWrapUp()
  } finally {
    await dead.stop()
    await other?.stop()
  }
})

test('hang-up in each state leaves a true record, and the seat is free again', async () => {
  const desk = await deskPhone(product, 'phone1', deskHz)
  try {
    await call(null)
    await becomes(supervisor, { state: 'greeting' })
    await caller.hangUp()
    await becomes(supervisor, { state: 'closed', outcome: 'left-in-menu', endedBy: 'caller', consent: null })

    await call('2')
    await desk.waitFor('CALL_INCOMING', 1)
    await caller.hangUp()
    await becomes(supervisor, { state: 'closed', outcome: 'abandoned', endedBy: 'caller' })

    await call('2')
    await desk.waitFor('CALL_INCOMING', 2)
    await desk.accept()
    await hears(deskHz)
    const held = await becomes(supervisor, { state: 'talking' })
    await atDesk.ask('POST', `/desk/call/${held.contactId}`, { command: 'hold' })
    await until('the counsellor is not heard', () => phoneHears(caller, deskHz) < 300)
    await caller.hangUp()
    await becomes(supervisor, { state: 'wrap-up', outcome: 'answered', endedBy: 'caller' })
    await atDesk.finishWrapUp()

    await call('2')
    await desk.waitFor('CALL_INCOMING', 3)
    await desk.accept()
    await hears(deskHz)
    await desk.hangUp()
    await becomes(supervisor, { state: 'survey' })
    await caller.hangUp()
    await becomes(supervisor, {
      state: 'wrap-up',
      outcome: 'answered',
      endedBy: 'counsellor',
      satisfaction: null,
    })
    await atDesk.finishWrapUp()
    expect((await atDesk.ask<Desk>('GET', '/desk')).duty?.state).toBe('free')
  } finally {
    await desk.stop()
  }
})
