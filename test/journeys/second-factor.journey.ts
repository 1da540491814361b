/* A hotline's first day: set-up link, second factor, recovery codes, a passkey, being asked again, signing out everywhere. */
import { expect, test, type Page } from '@playwright/test'
import { generate } from 'otplib'
import { startProduct, type Product } from '../product.ts'
import { until } from './hotline.ts'
import { innardsOf, type Innards } from './innards.ts'

test.describe.configure({ mode: 'serial', timeout: 180_000 })

const passphrase = 'three green lamps by the door'
let product: Product
let inside: Innards
let web: string
let page: Page
let secret: string
let recovery: string
/** The step of the last code given: each is taken once. */
let lastStep = 0

test.beforeAll(async ({ browser }) => {
  product = await startProduct({ demo: false })
  inside = await innardsOf(product)
  // Passkeys need a host name; this is the one of every machine.
  web = product.web.replace('127.0.0.1', 'localhost')
  page = await (await browser.newContext({ locale: 'zh-CN' })).newPage()
})

test.afterAll(async () => {
  await inside?.close()
  await product?.stop()
})

const code = async (): Promise<string> => {
  const step = Math.max(lastStep + 1, Math.floor(Date.now() / 30_000))
  await until('a code not used yet', () => Math.floor(Date.now() / 30_000) >= step - 1, 40_000)
  lastStep = step
  return generate({ secret, epoch: step * 30 })
}

const enter = async (): Promise<void> => {
  await page.getByLabel('用户名').fill('boss')
  await page.getByLabel('口令').fill(passphrase)
  await page.getByRole('button', { name: '登录', exact: true }).click()
}

test('G24-7.5c: the first administrator comes by the one-time link and cannot go on without a second factor', async () => {
  const token = await until(
    'the set-up link',
    () => /setup#token=(\S+)/.exec(product.printed())?.[1] ?? false,
  )
  await page.goto(`${web}/setup#token=${token}`)
  await page.getByLabel('热线名称').fill('第一天热线')
  await page.getByLabel('名称', { exact: true }).fill('心理援助热线')
  await page.getByLabel('号码').fill('12356')
  await page.getByLabel('显示姓名').fill('王主任')
  await page.getByLabel('登录名').fill('boss')
  await page.getByLabel('登录口令').fill(passphrase)
  await page.locator('button[type=submit]').click()
  await page.getByRole('link', { name: '登录' }).click()
  await enter()
  await expect(page.getByRole('heading', { name: '设置第二因素' })).toBeVisible()
  const early = await page.request.get(`${web}/api/v1/people`)
  expect(early.status()).toBe(401)
  await expect(page.locator('.factor-picture svg')).toBeVisible()
  secret = (await page.locator('.factor-secret').innerText()).replaceAll(' ', '')
  await page.getByLabel(/6 位验证码/).fill(await code())
  await page.getByRole('button', { name: '确认' }).click()
  await expect(page.getByRole('heading', { name: '您的恢复码' })).toBeVisible()
  const codes = await page.locator('.recovery-codes code').allInnerTexts()
  expect(codes).toHaveLength(10)
  recovery = codes[0] ?? ''
  await page.getByRole('button', { name: '我已保存好' }).click()
  await expect(page.getByRole('link', { name: '王主任' })).toBeVisible()
})

test('who comes back gives the code of the app, or a recovery code when the phone is lost', async () => {
  await page.getByRole('button', { name: '退出登录' }).click()
  await enter()
  await expect(page.getByRole('heading', { name: /第二步/ })).toBeVisible()
  await page.getByLabel(/6 位验证码/).fill('000000')
  await page.getByRole('button', { name: '确认' }).click()
  await expect(page.getByText('验证码不对')).toBeVisible()
  await page.getByLabel(/6 位验证码/).fill(await code())
  await page.getByRole('button', { name: '确认' }).click()
  await expect(page.getByRole('link', { name: '王主任' })).toBeVisible()
  await page.getByRole('button', { name: '退出登录' }).click()
  await enter()
  await page.getByLabel('恢复码', { exact: true }).check()
  await page.getByLabel('一个还没用过的恢复码').fill(recovery)
  await page.getByRole('button', { name: '确认' }).click()
  await expect(page.getByRole('link', { name: '王主任' })).toBeVisible()
})

test('a passkey is added in the own account and opens the next log-in', async () => {
  const devtools = await page.context().newCDPSession(page)
  await devtools.send('WebAuthn.enable')
  await devtools.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      protocol: 'ctap2',
      transport: 'internal',
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
    },
  })
  await page.getByRole('link', { name: '王主任' }).click()
  await expect(page.getByText('恢复码：还剩 9 个')).toBeVisible()
  await page.getByRole('button', { name: '添加' }).click()
  await page.getByLabel(/通行密钥/).check()
  await page.getByLabel(/名称（可不填/).fill('工作电脑')
  await page.getByRole('button', { name: '创建通行密钥' }).click()
  await expect(page.getByText('工作电脑')).toBeVisible()
  await page.getByRole('button', { name: '退出登录' }).click()
  await enter()
  await page.getByLabel(/通行密钥/).check()
  await page.getByRole('button', { name: '使用通行密钥' }).click()
  await expect(page.getByRole('link', { name: '王主任' })).toBeVisible()
})

test('G24-3.3: adding staff asks again who one is once ten minutes have passed, and then goes on by itself', async () => {
  await page.goto(`${web}/admin/people`)
  await inside.rows(`update session set fresh_at = fresh_at - interval '10 minutes'`)
  await page.getByRole('button', { name: '新增' }).click()
  await page.getByLabel('显示姓名').fill('李老师')
  await page.getByLabel('登录名').fill('li')
  await page.getByLabel('登录口令').fill('好记又安全的一句话就行啦')
  await page.locator('.admin-panel button[type=submit]').click()
  const asking = page.getByRole('dialog', { name: '请再次证明身份' })
  await asking.getByLabel('口令').fill('wrong')
  await asking.getByLabel(/通行密钥/).check()
  await asking.getByRole('button', { name: '使用通行密钥' }).click()
  await expect(asking.getByText('用户名或口令不对')).toBeVisible()
  await asking.getByLabel('口令').fill(passphrase)
  await asking.getByRole('button', { name: '使用通行密钥' }).click()
  await expect(asking).toBeHidden()
  await expect(page.getByRole('cell', { name: 'li', exact: true })).toBeVisible()
})

test('P34-3.3: signing out everywhere ends every open page', async ({ browser }) => {
  const cookies = await page.context().cookies()
  const elsewhere = await (await browser.newContext({ locale: 'zh-CN' })).newPage()
  await elsewhere.context().addCookies(cookies)
  await elsewhere.goto(`${web}/account`)
  await expect(elsewhere.getByText('登录中的设备')).toBeVisible()
  await page.goto(`${web}/account`)
  await page.getByRole('button', { name: '在所有设备上退出' }).click()
  await expect(page.getByLabel('用户名')).toBeVisible()
  await expect(elsewhere.getByLabel('用户名')).toBeVisible()
})
