/* A whole shift without a mouse: log in, go on duty, answer, ask, write, open a protocol, end, finish the record. */
import { expect, test, type Locator, type Page } from '@playwright/test'
import { startProduct, type Product } from '../product.ts'
import { logInAs, phoneHears, until, type Session } from './hotline.ts'
import { aPersonAt, type Person } from './person.ts'
import { phoneMissing, startPhone, type Phone } from './phone.ts'
import { acknowledge, crisisOf, workThroughProtocols } from './record.ts'
import { becomes, shortenPrompts, welcome } from './scene.ts'

test.skip(phoneMissing !== null, phoneMissing ?? '')
test.describe.configure({ mode: 'serial', timeout: 180_000 })

let product: Product
let counsellor: Person
let caller: Phone
let supervising: Session

test.beforeAll(async () => {
  product = await startProduct()
  supervising = await logInAs(product, 'supervisor')
  await shortenPrompts(product, [...welcome, 'survey', 'thanks'])
  counsellor = await aPersonAt(product.web, 1000)
  caller = await startPhone({ toneHz: 440, user: '13800138021' })
})

test.afterAll(async () => {
  await caller?.stop()
  await counsellor?.leave()
  await product?.stop()
})

const focused = async (page: Page, wanted: Locator): Promise<boolean> => {
  const here = page.locator(':focus')
  return (await wanted.and(here).count()) + (await wanted.locator(':focus').count()) > 0
}

/** Presses Tab until the element has the focus, as somebody without a mouse must. */
const tabTo = async (page: Page, wanted: Locator, most = 150): Promise<void> => {
  await wanted.waitFor()
  for (let presses = 0; presses < most; presses += 1) {
    if (await focused(page, wanted)) return
    await page.keyboard.press('Tab')
  }
  throw new Error(`no way by Tab to ${wanted.toString()}`)
}

/** Answers the question in which the focus stands with whatever the keyboard gives first. */
const answerHere = async (page: Page): Promise<void> => {
  const kind = await page.evaluate<string>(
    `document.activeElement?.role === 'combobox' ? 'list' : document.activeElement?.type ?? ''`,
  )
  if (kind === 'radio' || kind === 'checkbox') await page.keyboard.press('Space')
  else if (kind === 'range') await page.keyboard.press('ArrowRight')
  else if (kind === 'list') {
    await page.keyboard.press('ArrowDown')
    await page.keyboard.press('Enter')
    await page.keyboard.press('Escape')
  } else await page.keyboard.type('问过了')
}

test('G24-3.2.2a: log-in, going on duty and answering need no mouse', async () => {
  const { page } = counsellor
  await page.goto(`${product.web}/login`)
  await tabTo(page, page.locator('input[autocomplete=username]'))
  await page.keyboard.type('counsellor1')
  await tabTo(page, page.locator('input[type=password]'))
  await page.keyboard.type('hearthline-demo')
  await page.keyboard.press('Enter')
  const onDuty = page.getByRole('button', { name: '上岗', exact: true })
  await tabTo(page, onDuty)
  await page.keyboard.press('Enter')
  await page.getByText(/空闲/).first().waitFor({ timeout: 20_000 })
  await caller.dial(`sip:1001@127.0.0.1:${product.sipPort}`)
  await caller.waitFor('CALL_ESTABLISHED')
  await caller.press('2')
  await page.getByRole('button', { name: /^接听/ }).first().waitFor({ timeout: 60_000 })
  await page.keyboard.press('Alt+a')
  await until('the caller hears the counsellor', () => phoneHears(caller, 1000) > 3000)
})

test('G24-4.3.1a, G24-4.3.4: the stages, the danger question and the notes need no mouse', async () => {
  const { page } = counsellor
  const rail = page.getByRole('navigation', { name: /五个阶段/ })
  await page.keyboard.press('Alt+Enter')
  await expect(rail.getByRole('button', { name: /澄清问题/ })).toHaveAttribute('aria-current', 'step')
  await page.keyboard.press('Alt+4')
  await expect(rail.getByRole('button', { name: /探讨/ })).toHaveAttribute('aria-current', 'step')
  await page.keyboard.press('Alt+n')
  await page.keyboard.type('想谈谈最近的睡眠。')
  await tabTo(page, page.getByRole('group', { name: /有没有自杀的想法/ }), 200)
  await page.keyboard.press('Space')
  await page.keyboard.press('ArrowRight')
  await expect(page.getByText(/已保存 \d/).first()).toBeVisible({ timeout: 10_000 })
})

test('G24-4.3.5: one key opens the protocol and asks for a supervisor', async () => {
  const { page } = counsellor
  const { contactId } = await becomes(supervising, { state: 'talking' })
  await page.keyboard.press('Alt+d')
  await until('a supervisor is asked for', async () =>
    (await crisisOf(supervising, contactId)).owed.includes('consult'),
  )
  await expect(page.getByRole('complementary', { name: '风险' }).getByText('留在线上').first()).toBeVisible()
  expect((await crisisOf(supervising, contactId)).runs).toMatchObject([
    { protocol: 'suicide', closedAt: null },
  ])
})

test('G24-4.4.1: ending the call and finishing the record need no mouse', async () => {
  const { page } = counsellor
  await page.keyboard.press('Alt+e')
  await caller.waitFor('CALL_CLOSED', 1, 20_000)
  await page.getByText('话后整理').first().waitFor()
  const { contactId } = await becomes(supervising, { state: 'wrap-up' })
  const desk = await logInAs(product, 'counsellor1')
  await workThroughProtocols(desk, contactId)
  await acknowledge(supervising, contactId)
  await acknowledge(await logInAs(product, 'admin'), contactId)
  expect((await crisisOf(desk, contactId)).owed).toEqual([])
  for (let questions = 0; questions < 30; questions += 1) {
    await page.keyboard.press('Alt+f')
    await page.waitForTimeout(400)
    if (await page.getByText(/空闲/).first().isVisible()) break
    await answerHere(page)
  }
  await page.getByText(/空闲/).first().waitFor()
  const { timeline } = await becomes(supervising, { state: 'closed' })
  expect(timeline.map((each) => each.kind)).toContain('closed')
})
