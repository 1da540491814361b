/* The registration form at the desk: what is typed is safe, the keys work, and what is not counselling is done at once. */
import { expect, test } from '@playwright/test'
import { startProduct, type Product } from '../product.ts'
import { logInAs, type Session } from './hotline.ts'
import { aPersonAt, goOnDuty, type Person } from './person.ts'
import { phoneMissing, startPhone, type Phone } from './phone.ts'
import { becomes, pageOf } from './scene.ts'

test.skip(phoneMissing !== null, phoneMissing ?? '')
test.describe.configure({ mode: 'serial' })

let product: Product
let counsellor: Person
let supervisor: Session
let caller: Phone

test.beforeAll(async () => {
  product = await startProduct()
  counsellor = await aPersonAt(product.web, 1000, 'counsellor1')
  supervisor = await logInAs(product, 'supervisor')
  await goOnDuty(counsellor, product.web)
})

test.afterAll(async () => {
  await counsellor?.leave()
  await product?.stop()
})

test.beforeEach(async () => {
  caller = await startPhone({ toneHz: 440, user: '13800138001' })
  await caller.dial(`sip:1001@127.0.0.1:${product.sipPort}`)
  await caller.waitFor('CALL_ESTABLISHED')
  await caller.press('2')
  await counsellor.page.getByRole('button', { name: /^接听/ }).first().click({ timeout: 90_000 })
  await notes().waitFor()
})

test.afterEach(async () => {
  await caller.stop()
})

const notes = (page = counsellor.page) => page.getByRole('textbox', { name: '备注' })
const heading = (name: string) => counsellor.page.getByRole('heading', { name, level: 1 })
const isSaved = () => counsellor.page.getByText(/已保存 \d/).waitFor()

test('G24-4.3.1a: one stroke moves to the next stage, also while typing; G24-4.4.1: a reload loses nothing', async () => {
  const { page } = counsellor
  await heading('确立关系').waitFor()
  await page.keyboard.press('Alt+N')
  await page.keyboard.type('睡不着')
  await page.keyboard.press('Alt+Enter')
  await heading('澄清问题').waitFor()
  await page.keyboard.press('Alt+4')
  await heading('探讨解决方法').waitFor()
  await page.locator('#q-planAgreed select').selectOption('not-asked')
  await isSaved()
  await page.reload()
  await heading('探讨解决方法').waitFor()
  await expect(notes()).toHaveValue('睡不着')
  await expect(page.locator('#q-planAgreed select')).toHaveValue('not-asked')
  await expect(page.locator('#q-danger select')).toHaveCount(0)
  await caller.hangUp()
  await page.getByRole('button', { name: /^稍后补完/ }).click()
})

test('G24-4.4.1: without the network the screen says so and keeps what is typed; two windows show the same', async () => {
  const { page } = counsellor
  await caller.hangUp()
  await becomes(supervisor, { state: 'wrap-up' })
  const { contactId } = await pageOf(supervisor)
  const second = await page.context().newPage()
  await second.goto(`${product.web}/contacts/${contactId}`)
  await notes(second).waitFor()
  await page.context().setOffline(true)
  await notes().fill('断网时写的话')
  await page
    .getByText(/没有保存|还没存上|未保存|连不上/)
    .first()
    .waitFor()
  await page.context().setOffline(false)
  await isSaved()
  await expect(notes(second)).toHaveValue('断网时写的话')
  await second.close()
  await page.getByRole('button', { name: /^稍后补完/ }).click()
})

test('G24-4.4.1: a wrong number is registered by one key and a digit, finished at once, and keeps its class', async () => {
  const { page } = counsellor
  await page.keyboard.press('Alt+K')
  await page.keyboard.press('2')
  await page.getByText('改回心理咨询').waitFor()
  await caller.hangUp()
  await page.getByRole('button', { name: /^完成记录/ }).waitFor()
  await page.keyboard.press('Alt+F')
  await becomes(supervisor, { state: 'closed', class: 'wrong-number', outcome: 'answered' })
})
