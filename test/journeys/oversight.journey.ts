/* What is kept about who saw what: emergency opening, the access report, the audit, the registers, who may do what. */
import { expect, test, type Page } from '@playwright/test'
import { wholeResponse } from '../answers.ts'
import { startProduct, type Product } from '../product.ts'
import { logInAs } from './hotline.ts'
import { atScreen } from './person.ts'
import { innardsOf, type Innards } from './innards.ts'

test.describe.configure({ mode: 'serial', timeout: 120_000 })

const reason = '母亲来电说人在楼顶,要看上次谈了什么'
const notes = '上次谈到想从楼顶跳下去'
let product: Product
let inside: Innards
let supervisor: Page
let security: Page
let stranger: Page
let contact: { contactId: string; number: number }

test.beforeAll(async ({ browser }) => {
  product = await startProduct()
  inside = await innardsOf(product)
  const [admin, counsellor] = await Promise.all([logInAs(product, 'admin'), logInAs(product, 'counsellor1')])
  const lines = await admin.ask<{ rows: { lineId: string; number: string }[] }>('GET', '/lines')
  const before = (minutes: number): string => new Date(Date.now() - minutes * 60_000).toISOString()
  contact = await counsellor.ask('POST', '/contacts', {
    lineId: lines.rows.find((line) => line.number === '1001')?.lineId,
    callerNumber: '13800138000',
    startedAt: before(90),
    endedAt: before(60),
    response: wholeResponse({ notes }),
  })
  supervisor = await atScreen(product, browser, 'supervisor')
  security = await atScreen(product, browser, 'security')
  stranger = await atScreen(product, browser, 'counsellor2')
})

test.afterAll(async () => {
  await inside?.close()
  await product?.stop()
})

test('G24-7.5b: a counsellor opens another’s contact in an emergency only by saying why, without its caller’s number', async () => {
  await supervisor.goto(`${product.web}/board`)
  await security.goto(`${product.web}/custody/audit`)
  await stranger.goto(`${product.web}/contacts/${contact.contactId}`)
  await expect(stranger.getByText(notes)).toBeHidden()
  await stranger.goto(`${product.web}/contacts`)
  await stranger.getByText('紧急查阅一条来电').focus()
  // Hands stay on the keys: there is no time to lose.
  const { keyboard } = stranger
  await keyboard.press('Enter')
  await keyboard.press('Tab')
  await keyboard.type(String(contact.number))
  await keyboard.press('Tab')
  await expect(stranger.getByRole('button', { name: '打开', exact: true })).toBeDisabled()
  await keyboard.type(reason)
  await keyboard.press('Tab')
  await keyboard.press('Enter')
  await expect(stranger.getByText(notes)).toBeVisible()
  await expect(stranger.getByText('8000')).toBeHidden()
})

test('G24-7.5c: supervisor and security are told at once on the screen that they have open', async () => {
  for (const page of [supervisor, security]) {
    const bar = page.getByRole('alert').filter({ hasText: '有紧急查阅待复核' })
    await expect(bar).toContainText(`咨询员二 打开了来电 ${contact.number}`)
  }
  const [open] = await inside.rows<{ hours: number }>(
    `select extract(epoch from until - at)::int / 3600 as hours from break_glass`,
  )
  expect(open?.hours).toBe(3)
})

test('G24-6.2.1a: the access report says who saw the contact, when and why, and the emergency stands out', async () => {
  await supervisor.getByRole('link', { name: '去复核' }).click()
  await supervisor.getByRole('link', { name: '看了什么' }).click()
  const visit = supervisor.locator('.task', { hasText: '咨询员二' })
  await expect(visit).toContainText('紧急查阅')
  await expect(visit).toContainText(reason)
  await expect(visit).toContainText('只查看')
  const own = supervisor.locator('.task', { hasText: '接待咨询员' })
  await expect(own).toHaveCount(1)
  await supervisor.getByLabel('不看接待咨询员本人').check()
  await expect(own).toHaveCount(0)
  // Reading the report is a visit like any other.
  await expect(supervisor.locator('.task', { hasText: '查看谁看过' })).toContainText('督导')
  await supervisor.getByRole('searchbox', { name: '人员或理由' }).fill('没有这个人')
  await expect(supervisor.getByText('没有符合条件的查看')).toBeVisible()
})

test('G24-7.5c: somebody else judges it afterwards, and it leaves everybody’s screen', async () => {
  await security.getByRole('link', { name: '去复核' }).click()
  await security.getByText('有必要', { exact: true }).click()
  await security.getByRole('textbox', { name: '依据' }).fill('当时确有生命危险')
  await security.getByRole('button', { name: '记下判断' }).click()
  await expect(security.getByText('没有待复核的紧急查阅')).toBeVisible()
  await expect(supervisor.getByText('有紧急查阅待复核')).toBeHidden()
  await security.getByText('已复核', { exact: true }).click()
  await expect(security.getByText(/安全管理员：有必要/)).toBeVisible()
})

test('G24-7.3: the audit is narrowed by action, day, contact and person, and says when nothing matches', async ({
  browser,
}) => {
  const auditor = await atScreen(product, browser, 'auditor')
  await auditor.goto(`${product.web}/custody/audit`)
  const rows = auditor.locator('tbody tr.ant-table-row')
  await expect(rows.first()).toBeVisible()
  await auditor.getByLabel('动作', { exact: true }).selectOption('glass.')
  await expect(rows).toHaveCount(2)
  await expect(rows.last()).toContainText('紧急打开')
  await rows.last().getByRole('button', { name: '咨询员二' }).click()
  await expect(rows).toHaveCount(1)
  await auditor.getByLabel('到', { exact: true }).fill('2020-01-01')
  await expect(auditor.getByText('没有符合条件的记录')).toBeVisible()
  await auditor.getByLabel('到', { exact: true }).fill('')
  await auditor.getByRole('button', { name: /只看 咨询员二/ }).click()
  await auditor.getByRole('searchbox', { name: '来电编号' }).fill(String(contact.number))
  await expect(rows).toHaveCount(2)
  // The auditor reads registers and disclosures, and works in none of them.
  await auditor.goto(`${product.web}/custody/registers`)
  await expect(auditor.getByText('登记册是空的')).toBeVisible()
  await expect(auditor.getByRole('button', { name: '登记', exact: true })).toBeHidden()
})

test('P34-3.3: a person’s request is answered within 30 days, step by step, and cannot be closed before', async ({
  browser,
}) => {
  const custodian = await atScreen(product, browser, 'custodian')
  await custodian.goto(`${product.web}/custody/registers`)
  await custodian.getByRole('button', { name: '登记', exact: true }).click()
  const form = custodian.locator('form')
  await form.getByText('本人请求', { exact: true }).click()
  await expect(form.getByText('时限：30 天')).toBeVisible()
  await form.getByText('查阅、复制', { exact: true }).click()
  await form.getByLabel('来电编号（可不填）').fill(String(contact.number))
  await form.getByLabel('名称').fill('要求复制本人记录')
  await form.getByRole('textbox', { name: '内容' }).fill('电话提出,已回电核对')
  await form.getByRole('button', { name: '登记', exact: true }).click()
  await expect(custodian.getByText('办结前还需')).toBeVisible()
  await expect(custodian.locator('form').getByText('办结', { exact: true })).toBeHidden()
  for (const [step, words] of [
    ['已核实身份', '回拨登记的号码核对'],
    ['同意', '已按第 45 条提供'],
    ['办结', '已答复'],
  ] as const) {
    await custodian.locator('form').getByText(step, { exact: true }).click()
    await custodian.getByRole('textbox', { name: '内容' }).fill(words)
    await custodian.locator('form button[type=submit]').click()
    await expect(custodian.locator('.timeline').getByText(words)).toBeVisible()
  }
  await expect(custodian.getByText('✓ 已办结')).toBeVisible()
  const [entry] = await inside.rows<{ days: number }>(
    `select extract(epoch from due_at - opened_at)::int / 86400 as days from register_entry`,
  )
  expect(entry?.days).toBe(30)
})

test('G24-7.5c: who may do what stands on one page, and an administrator gives nobody a role while there is security', async ({
  browser,
}) => {
  const admin = await atScreen(product, browser, 'admin')
  await admin.goto(`${product.web}/admin/roles`)
  const cell = (right: string, role: number) =>
    admin
      .getByRole('row', { name: new RegExp(`^${right}`) })
      .getByRole('cell')
      .nth(role)
  await expect(admin.getByRole('columnheader', { name: /^督导员/ })).toBeVisible()
  const heads = await admin.getByRole('columnheader').allInnerTexts()
  const place = (role: string): number => heads.findIndex((head) => head.startsWith(role)) - 1
  await expect(cell('批准披露', place('督导员'))).toContainText('✓')
  await expect(cell('批准披露', place('咨询员'))).toContainText('–')
  const people = await admin.request.get(`${product.web}/api/v1/people?text=counsellor2`)
  const { rows } = (await people.json()) as { rows: Record<string, unknown>[] }
  const { name, displayName, languages, lineIds, personId } = rows[0] ?? {}
  const given = await admin.request.put(`${product.web}/api/v1/people/${String(personId)}`, {
    headers: { origin: product.web },
    data: { name, displayName, languages, lineIds, roles: ['supervisor'], disabled: false },
  })
  expect(await given.json()).toMatchObject({ code: 'role.needsSecurity' })
})
