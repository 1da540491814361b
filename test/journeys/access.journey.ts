/* Every screen of every role, judged by axe-core (WCAG 2.2 A and AA): no serious or critical fault, wide and phone-sized. */
import AxeBuilder from '@axe-core/playwright'
import { expect, test, type Page } from '@playwright/test'
import { startProduct, type Product } from '../product.ts'
import { logInAs, type Session } from './hotline.ts'
import { aPersonAt, goOnDuty } from './person.ts'
import { phoneMissing, startPhone } from './phone.ts'
import { becomes } from './scene.ts'

test.describe.configure({ timeout: 300_000 })

let product: Product
let supervising: Session

test.beforeAll(async () => {
  product = await startProduct()
  supervising = await logInAs(product, 'supervisor')
})

test.afterAll(async () => {
  await product?.stop()
})

const standards = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa']

/** What is seriously wrong with the page as it is: the rule, and where. */
const faultsOf = async (page: Page, where: string): Promise<string[]> => {
  // What a strip that stays in place covers for the moment is no fault: it can be scrolled to.
  await page.evaluate('window.scrollTo(0, 0)')
  const { violations } = await new AxeBuilder({ page }).withTags(standards).analyze()
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .flatMap(({ id, nodes }) => nodes.map((node) => `${where}: ${id} at ${node.target.join(' ')}`))
}

/** The page in both looks: wide, light and Chinese; as wide as a phone, dark and English. */
const inBothLooks = async (page: Page, where: string): Promise<string[]> => {
  const faults: string[] = []
  for (const look of [
    { width: 1440, height: 900, language: 'zh-CN', theme: 'light' },
    { width: 390, height: 844, language: 'en', theme: 'dark' },
  ]) {
    await page.setViewportSize(look)
    await page.evaluate(
      ([language, theme]) => {
        localStorage.setItem('hearthline.language', language ?? '')
        localStorage.setItem('hearthline.theme', theme ?? '')
      },
      [look.language, look.theme],
    )
    await page.reload()
    await page.locator('h1').first().waitFor()
    await page.locator('.skeleton').first().waitFor({ state: 'detached' })
    faults.push(...(await faultsOf(page, `${where} ${look.width} ${look.theme}`)))
  }
  return faults
}

const screens: Readonly<Record<string, readonly string[]>> = {
  '': ['/', '/login', '/f/', '/w/'],
  counsellor1: ['/desk', '/contacts', '/contacts/new', '/tasks'],
  supervisor: ['/board', '/tasks', '/callers', '/reports', '/exceptions', '/incidents', '/admin/resources'],
  admin: [
    '/admin/lines',
    '/admin/seats',
    '/admin/people',
    '/admin/prompts',
    '/admin/forms',
    '/admin/trunks',
    '/admin/escalation',
    '/admin/instruments',
    '/admin/hotline',
  ],
  custodian: [
    '/custody',
    '/custody?part=disposals',
    '/custody?part=certificates',
    '/custody/disclosures',
    '/custody/disclosures?part=receivers',
    '/custody/audit',
    '/custody/access',
    '/account',
  ],
  security: ['/custody/glass', '/custody/registers', '/admin/roles', '/admin/people'],
  auditor: ['/custody/access', '/custody/disclosures', '/custody/registers'],
}

for (const [role, paths] of Object.entries(screens))
  test(`${role || 'the public'}: no screen shuts anybody out`, async () => {
    const person = await aPersonAt(product.web, 1000, role || undefined)
    const faults: string[] = []
    for (const path of paths) {
      await person.page.goto(`${product.web}${path}`)
      faults.push(...(await inBothLooks(person.page, path)))
    }
    await person.leave()
    expect(faults).toEqual([])
  })

test('the desk in a call with danger, the wrap-up after it, its record and the board shut nobody out', async () => {
  test.skip(phoneMissing !== null, phoneMissing ?? '')
  const counsellor = await aPersonAt(product.web, 1000, 'counsellor1')
  const supervisor = await aPersonAt(product.web, 1500, 'supervisor')
  const caller = await startPhone({ toneHz: 440, user: '13800138001' })
  const faults: string[] = []
  const { page } = counsellor
  try {
    await goOnDuty(counsellor, product.web)
    await caller.dial(`sip:1001@127.0.0.1:${product.sipPort}`)
    await caller.waitFor('CALL_ESTABLISHED')
    await caller.press('0')
    await page.getByRole('button', { name: /^接听/ }).first().click({ timeout: 60_000 })
    const { contactId } = await becomes(supervising, { state: 'talking' })
    await page.getByText('72 小时内要实施', { exact: true }).first().click()
    await page.getByText('判断标准').first().waitFor()
    faults.push(...(await faultsOf(page, 'desk in danger')))
    await supervisor.page.goto(`${product.web}/board`)
    faults.push(...(await inBothLooks(supervisor.page, 'board in danger')))
    await page.setViewportSize({ width: 390, height: 844 })
    faults.push(...(await faultsOf(page, 'desk in danger 390')))
    await caller.hangUp()
    await page.getByText('话后整理').first().waitFor()
    faults.push(...(await faultsOf(page, 'wrap-up 390')))
    await supervisor.page.goto(`${product.web}/contacts/${contactId}`)
    faults.push(...(await inBothLooks(supervisor.page, 'contact')))
    await supervisor.page.goto(`${product.web}/reports`)
    faults.push(...(await inBothLooks(supervisor.page, 'reports with one open')))
  } finally {
    await caller.stop()
    await counsellor.leave()
    await supervisor.leave()
  }
  expect(faults).toEqual([])
})
