/* A call from the public page on a phone-sized screen, and an event line opened in the browser and called at once. */
import { expect, test } from '@playwright/test'
import { startProduct, type Product } from '../product.ts'
import { logInAs, phoneHears, until, type Session } from './hotline.ts'
import { aPersonAt, type Person } from './person.ts'
import { phoneMissing, startPhone, type Phone } from './phone.ts'
import { becomes, deskPhone, shortenPrompts, welcome, wordsHz } from './scene.ts'

test.skip(phoneMissing !== null, phoneMissing ?? '')
test.describe.configure({ mode: 'serial', timeout: 60_000 })

const [personHz, deskHz, callerHz] = [520, 1000, 440]
const eventNumber = '1010'

let product: Product
let supervisor: Session
let counsellor: Session
let desk: Phone
let person: Person
let administrator: Person
const phones: Phone[] = []

test.beforeAll(async () => {
  product = await startProduct()
  supervisor = await logInAs(product, 'supervisor')
  counsellor = await logInAs(product, 'counsellor3')
  await shortenPrompts(product, [...welcome, 'greeting-event', 'survey', 'thanks'])
  desk = await deskPhone(product, 'phone1', deskHz)
  phones.push(desk)
  person = await aPersonAt(product.web, personHz)
  await person.page.setViewportSize({ width: 390, height: 844 })
  administrator = await aPersonAt(product.web, 1500, 'admin')
})

test.afterAll(async () => {
  await person?.leave()
  await administrator?.leave()
  for (const phone of phones) await phone.stop()
  await product?.stop()
})

test.beforeEach(async () => {
  await counsellor.finishWrapUp()
})

const callFromPage = async (line: string): Promise<void> => {
  const row = person.page.getByRole('listitem').filter({ hasText: line })
  await row.getByRole('button', { name: '用这个网页通话' }).click()
}

const deskAnswers = async (act: () => Promise<unknown>): Promise<void> => {
  const rings = desk.events().filter((event) => event === 'CALL_INCOMING').length
  await act()
  await desk.waitFor('CALL_INCOMING', rings + 1, 20_000)
  await desk.accept()
}

/** Nothing of the page is cut off at the side of a telephone's screen. */
const fits = () => person.page.evaluate<boolean>('document.documentElement.scrollWidth <= window.innerWidth')

test('a call from the page: greeted, asked, answered at a desk phone, and both hear each other', async () => {
  const { page } = person
  await page.goto(product.web)
  expect(await fits()).toBe(true)
  await callFromPage('心理援助热线')
  await page.getByText('已接通').waitFor()
  await until('the greeting is heard', async () => (await person.hears(wordsHz)) > -50)
  expect(await fits()).toBe(true)
  await deskAnswers(() => page.getByRole('button', { name: /^1/ }).click())
  await until('the counsellor hears the caller', () => phoneHears(desk, personHz) > 2000)
  await until('the caller hears the counsellor', async () => (await person.hears(deskHz)) > -40)
  await page.getByRole('button', { name: '静音' }).click()
  await until('a muted caller is not heard', () => phoneHears(desk, personHz) < 300)
  await page.getByRole('button', { name: '静音' }).click()
  await until('the counsellor hears the caller again', () => phoneHears(desk, personHz) > 2000)
  await becomes(supervisor, { state: 'talking', channel: 'web-call', consent: 'given', callerNumber: null })
  await page.getByRole('button', { name: '结束通话' }).click()
  await page.getByText('通话已结束').waitFor()
  await becomes(supervisor, { state: 'wrap-up', endedBy: 'caller', outcome: 'answered' })
})

test('the counsellor hangs up: the person at the page can answer the question, and the page says it is over', async () => {
  const { page } = person
  await callFromPage('心理援助热线')
  await page.getByText('已接通').waitFor()
  await deskAnswers(() => page.getByRole('button', { name: /^2/ }).click())
  await until('the caller hears the counsellor', async () => (await person.hears(deskHz)) > -40)
  await desk.hangUp()
  await becomes(supervisor, { state: 'survey' })
  await page.getByRole('button', { name: /^5/ }).click()
  await page.getByText('通话已结束').waitFor({ timeout: 30_000 })
  await becomes(supervisor, {
    state: 'wrap-up',
    endedBy: 'counsellor',
    consent: 'refused',
    satisfaction: 5,
  })
  await expect(page.getByRole('button', { name: '用这个网页通话' }).first()).toBeEnabled()
})

test('G24-3.1.4: an event line is opened by name and number alone, and called at once', async () => {
  const { page } = administrator
  await page.goto(`${product.web}/admin/lines`)
  await page.getByRole('button', { name: '开通应急专线' }).first().click()
  const panel = page.getByRole('region', { name: '开通应急专线' })
  await panel.getByLabel('名称').fill('洪灾专线')
  await panel.getByLabel('号码').fill(eventNumber)
  await panel.getByRole('button', { name: '开通应急专线' }).click()
  await page.getByText(`号码 ${eventNumber}。现在就可以拨打`).waitFor()
  const caller = await startPhone({ toneHz: callerHz, user: '13900000021' })
  phones.push(caller)
  await deskAnswers(async () => {
    await caller.dial(`sip:${eventNumber}@127.0.0.1:${product.sipPort}`)
    await caller.waitFor('CALL_ESTABLISHED')
    await caller.press('2')
  })
  await until('the caller hears the counsellor', () => phoneHears(caller, deskHz) > 3000)
  await until('the counsellor hears the caller', () => phoneHears(desk, callerHz) > 3000)
  await becomes(supervisor, { state: 'talking', lineName: '洪灾专线' })
  await person.page.reload()
  await person.page.getByText('洪灾专线').waitFor()
  await caller.hangUp()
  await becomes(supervisor, { state: 'wrap-up', endedBy: 'caller' })
})

test('the event line is closed: new calls are refused and the page says what else can be done; the other lines go on', async () => {
  const { page } = administrator
  await page
    .getByRole('row', { name: /洪灾专线/ })
    .getByRole('button', { name: '关闭线路' })
    .click()
  await page.locator('.ant-popconfirm').getByRole('button', { name: '关闭线路' }).click()
  await page
    .getByRole('row', { name: /洪灾专线/ })
    .getByText(/ 关闭$/)
    .waitFor()
  const caller = await startPhone({ toneHz: callerHz, user: '13900000022' })
  phones.push(caller)
  await caller.dial(`sip:${eventNumber}@127.0.0.1:${product.sipPort}`)
  await caller.waitFor('CALL_CLOSED')
  expect(caller.events()).not.toContain('CALL_ESTABLISHED')
  // This page still shows the line: it was opened before.
  await callFromPage('洪灾专线')
  await person.page.getByText('没有接通').waitFor()
  await person.page.reload()
  await person.page.getByRole('button', { name: '用这个网页通话' }).first().waitFor()
  await expect(person.page.getByText('洪灾专线')).toHaveCount(0)
  await callFromPage('心理援助热线')
  await person.page.getByText('已接通').waitFor()
  await person.page.getByRole('button', { name: '结束通话' }).click()
  await becomes(supervisor, { state: 'closed', outcome: 'left-in-menu', channel: 'web-call' })
})
