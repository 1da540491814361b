/* An instrument sent by a link during a call: the caller answers on a telephone's screen, the desk is warned by itself. */
import AxeBuilder from '@axe-core/playwright'
import { expect, test } from '@playwright/test'
import { startProduct, type Product } from '../product.ts'
import { logInAs, until, type Session } from './hotline.ts'
import { aPersonAt, goOnDuty, type Person } from './person.ts'
import { phoneMissing, startPhone, type Phone } from './phone.ts'
import { pageOf, shortenPrompts, welcome } from './scene.ts'

test.skip(phoneMissing !== null, phoneMissing ?? '')
test.describe.configure({ mode: 'serial' })

let product: Product
let counsellor: Person
let caller: Person
let supervisor: Session
let phone: Phone
const asked: string[] = []
let address = ''

test.beforeAll(async () => {
  product = await startProduct()
  supervisor = await logInAs(product, 'supervisor')
  await shortenPrompts(product, welcome)
  counsellor = await aPersonAt(product.web, 1000, 'counsellor1')
  caller = await aPersonAt(product.web, 520)
  await caller.page.setViewportSize({ width: 390, height: 844 })
  caller.page.on('request', (request) => asked.push(`${request.url()} ${request.headers()['referer'] ?? ''}`))
  await goOnDuty(counsellor, product.web)
  phone = await startPhone({ toneHz: 440, user: '13800138001' })
  await phone.dial(`sip:1001@127.0.0.1:${product.sipPort}`)
  await phone.waitFor('CALL_ESTABLISHED')
  await phone.press('2')
  await counsellor.page.getByRole('button', { name: /^接听/ }).first().click({ timeout: 60_000 })
})

test.afterAll(async () => {
  await phone?.stop()
  await counsellor?.leave()
  await caller?.leave()
  await product?.stop()
})

const panel = () => counsellor.page.locator('[data-panel="instruments"]')
const fits = () => caller.page.evaluate<boolean>('document.documentElement.scrollWidth <= window.innerWidth')
const choose = (words: string) => caller.page.getByRole('button', { name: words }).click()
/** No fault that a person would be stopped by. */
const seriousFaults = async (person: Person): Promise<string[]> => {
  const { violations } = await new AxeBuilder({ page: person.page }).analyze()
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(' | ')}`)
}

test('G24-4.3.4: the counsellor makes a link, and the caller answers it on a telephone without logging in', async () => {
  await panel().getByRole('combobox', { name: '选择量表' }).selectOption('phq-9')
  await panel().getByRole('button', { name: '发链接' }).click()
  address = await panel().getByRole('textbox', { name: '给求助者的链接' }).inputValue()
  expect(address).toMatch(/\/f\/#[\w-]{32}$/)
  await panel().getByRole('button', { name: '好', exact: true }).click()
  await panel().getByText('等待填写').waitFor()

  const { page } = caller
  await page.goto(address)
  await page.getByRole('button', { name: '开始' }).waitFor()
  await panel().getByText('已打开，还没有交').waitFor()
  expect(await fits()).toBe(true)
  expect(await seriousFaults(caller)).toEqual([])
  for (const number of ['120', '110', '1001'])
    await page.locator(`#danger a[href="tel:${number}"]`).waitFor({ state: 'visible' })
  await page.getByRole('button', { name: '开始' }).click()
  for (let question = 1; question <= 8; question += 1) {
    await page.getByText(`${question} / 10`).waitFor()
    // Keys alone do as well.
    await page.keyboard.press('1')
  }
  await page.getByText('有不如死掉或用某种方式伤害自己的念头').waitFor()
  expect(await fits()).toBe(true)
})

test('G24-4.2.2: a critical answer is met with help at once, and the desk shows it without being reloaded', async () => {
  const { page } = caller
  await choose('好几天')
  const care = page.getByRole('alert')
  await expect(care).toContainText('120 或 110')
  await expect(care).toContainText('这个回答已经传到热线')
  await expect(care.getByRole('link', { name: '1001' })).toBeVisible()
  expect(await seriousFaults(caller)).toEqual([])
  await until('the level is at least low before anything is sent', async () => {
    const contact = await pageOf(supervisor)
    return contact.risk !== null && contact.risk !== 'none' && contact
  })
  await page.getByRole('button', { name: '继续' }).click()
  await choose('跳过这一题')
  await page.getByRole('button', { name: '交给咨询员' }).click()
  await page.getByRole('heading', { name: '谢谢您' }).waitFor()
  const said = await page.locator('body').innerText()
  expect(said).not.toMatch(/总分|轻度|中度|重度|诊断结果|\b1 \/ 27\b/)

  const result = panel().getByRole('article')
  await expect(result).toContainText('筛查提示，不是诊断')
  await expect(result).toContainText('1 / 27')
  await expect(result).toContainText('极轻微')
  await expect(result).toContainText('第 9 题')
  await expect(result.getByRole('alert')).toContainText('问危险问题')
  await result.getByRole('button', { name: '问危险问题' }).click()
  await expect(counsellor.page.locator('#q-danger')).toBeInViewport()
  expect((await pageOf(supervisor)).timeline.map(({ kind }) => kind)).toEqual(
    expect.arrayContaining(['instrument-link', 'instrument-critical', 'instrument']),
  )
})

test('the same link opens nothing a second time, and its secret was in no address and no referrer', async () => {
  const { page } = caller
  await page.goto('about:blank')
  await page.goto(address)
  await page.getByRole('heading', { name: '这些问题已经回答过了' }).waitFor()
  await page.goto('about:blank')
  await page.goto(`${product.web}/f/#not-a-link-that-was-ever-made`)
  await page.getByRole('heading', { name: '这个链接打不开' }).waitFor()
  const token = address.split('#')[1] ?? ''
  const requests = asked.map((one) => one.replace(address, ''))
  expect(requests.filter((one) => one.includes(token))).toEqual([])
  expect(product.printed()).not.toContain(token)
})
