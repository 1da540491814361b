/* A disclosure from the asking to the receipt: two people at two screens, and a receiver who has no hotline. */
import { execFile } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test, type Page } from '@playwright/test'
import exceljs from 'exceljs'
import { wholeResponse } from '../answers.ts'
import { startProduct, type Product } from '../product.ts'
import { logInAs, type Session } from './hotline.ts'
import { atScreen } from './person.ts'
import { innardsOf, type Innards } from './innards.ts'

test.describe.configure({ mode: 'serial', timeout: 120_000 })

const dictated = `=cmd|' /C calc'!A1`
const secret = '她说住在柳树巷三号'
const folder = mkdtempSync(join(tmpdir(), 'hearthline-receiver-'))
const identity = join(folder, 'key.txt')
const received = join(folder, 'package.age')

let product: Product
let inside: Innards
let counsellor: Session
let custodian: Page
let supervisor: Page
let contact: { contactId: string; number: number }

const enter = async (given: Record<string, string>): Promise<{ contactId: string; number: number }> => {
  const admin = await logInAs(product, 'admin')
  const lines = await admin.ask<{ rows: { lineId: string; number: string }[] }>('GET', '/lines')
  const before = (minutes: number): string => new Date(Date.now() - minutes * 60_000).toISOString()
  return counsellor.ask('POST', '/contacts', {
    lineId: lines.rows.find((line) => line.number === '1001')?.lineId,
    callerNumber: '13800138000',
    startedAt: before(50),
    endedAt: before(20),
    response: wholeResponse(given),
  })
}

test.beforeAll(async ({ browser }) => {
  product = await startProduct()
  inside = await innardsOf(product)
  counsellor = await logInAs(product, 'counsellor1')
  contact = await enter({ agreedGoal: dictated, notes: secret })
  const consent = { purpose: 'referral', yes: true }
  await counsellor.ask('POST', `/contacts/${contact.contactId}/consents`, consent)
  custodian = await atScreen(product, browser, 'custodian')
  supervisor = await atScreen(product, browser, 'supervisor')
})

test.afterAll(async () => {
  await inside?.close()
  await product?.stop()
  rmSync(folder, { recursive: true, force: true })
})

/** Ten minutes go by: whoever does something grave now is asked again who they are. */
const grownStale = () => inside.rows(`update session set fresh_at = fresh_at - interval '10 minutes'`)

const proveAgain = async (page: Page): Promise<void> => {
  const asking = page.getByRole('dialog', { name: '请再次证明身份' })
  await asking.getByLabel('口令').fill('hearthline-demo')
  await asking.getByRole('button', { name: '确认' }).click()
  await expect(asking).toBeHidden()
}

/** The receiver's machine: this program, and neither a hotline's folder nor a database. */
const atReceiver = (...args: string[]): Promise<string> =>
  promisify(execFile)(
    process.execPath,
    [join(import.meta.dirname, '../../bin/hearthline.js'), 'verify', ...args],
    {
      cwd: folder,
      env: { PATH: process.env['PATH'], HEARTHLINE_DATA: join(folder, 'none') },
    },
  ).then(
    ({ stdout }) => stdout,
    (failure: { stdout: string; stderr: string }) => `refused ${failure.stdout}${failure.stderr}`,
  )

const ask = async (page: Page, number: number, chosen: readonly string[]): Promise<void> => {
  await page.goto(`${product.web}/custody/disclosures`)
  await page.getByRole('button', { name: '申请披露' }).click()
  const form = page.getByRole('region', { name: '申请披露' })
  await form.getByRole('combobox', { name: '接收方' }).selectOption({ index: 1 })
  await form.getByText('转介与继续治疗', { exact: true }).click()
  await form.getByText('求助者同意', { exact: true }).click()
  await form.getByRole('textbox', { name: '来电编号' }).fill(String(number))
  await form.getByRole('button', { name: '看看有什么可选' }).click()
  await expect(form.getByRole('group', { name: '登记表的回答' }).getByRole('checkbox').first()).toBeVisible()
  expect(await form.locator('input[type=checkbox]:checked').count()).toBe(0)
  for (const words of chosen) await form.getByText(words, { exact: true }).click()
  await form.getByRole('textbox', { name: '为什么只需这些' }).fill('转到门诊,只给就诊需要的部分')
  await form.getByRole('button', { name: '提交给另一个人批准' }).click()
}

test('G24-6.2.2c: the receiver makes a key without a hotline, and the custodian adds it', async () => {
  const printed = await atReceiver('--make-identity', identity)
  const key = /age1[0-9a-z]+/.exec(printed)?.[0] ?? ''
  await custodian.goto(`${product.web}/custody/disclosures?part=receivers`)
  await expect(custodian.getByText('还没有接收方')).toBeVisible()
  await custodian.getByRole('button', { name: '添加接收方' }).click()
  await custodian.getByRole('textbox', { name: '机构' }).fill('示例市精神卫生中心')
  await custodian.getByLabel('公钥（age1…）').fill('age1notakey')
  await custodian.getByLabel('怎样确认这是对方的公钥').fill('电话逐字核对')
  await custodian.getByRole('button', { name: '保存' }).click()
  await expect(custodian.getByText('这不是接收方的公钥')).toBeVisible()
  await custodian.getByLabel('公钥（age1…）').fill(key)
  await custodian.getByRole('button', { name: '保存' }).click()
  await expect(custodian.getByText(key)).toBeVisible()
})

test('G24-7.5c: the asker chooses the least field by field, proves again who they are, and cannot decide it', async () => {
  await grownStale()
  await ask(custodian, contact.number, ['风险等级', '这次通话的目标 · 可识别个人'])
  await proveAgain(custodian)
  await expect(custodian.getByRole('heading', { name: '第 1 号' })).toBeVisible()
  await expect(custodian.getByText('这是您自己的申请')).toBeVisible()
  await expect(custodian.getByRole('button', { name: '批准', exact: true })).toBeHidden()
  const id = custodian.url().split('/').at(-1)
  const own = await custodian.request.post(`${product.web}/api/v1/disclosures/${id}/decision`, {
    headers: { origin: product.web },
    data: { decision: 'approve', words: '自己批' },
  })
  expect(await own.json()).toMatchObject({ code: 'disclosure.needsAnother' })
})

test('G24-7.5c: a second person at another screen approves it, after proving again who they are', async () => {
  await supervisor.goto(`${product.web}/board`)
  await supervisor.getByRole('link', { name: '资料保管' }).click()
  await supervisor.getByRole('link', { name: '披露登记' }).click()
  await supervisor.getByRole('link', { name: '第 1 号 · 示例市精神卫生中心' }).click()
  await expect(supervisor.getByText('转到门诊,只给就诊需要的部分')).toBeVisible()
  await supervisor.getByLabel('批准或不批准的理由').fill('范围合适')
  await grownStale()
  await supervisor.getByRole('button', { name: '批准', exact: true }).click()
  await proveAgain(supervisor)
  await expect(supervisor.getByText('已批准')).toBeVisible()
})

test('G24-7.5c: the package is made and taken away by who has just shown who they are', async () => {
  // The custodian's page has heard of the approval by itself.
  await custodian.getByRole('button', { name: '制作资料包' }).click()
  await proveAgain(custodian)
  await expect(custodian.getByText(/只有接收方能打开/)).toBeVisible()
  await grownStale()
  const id = custodian.url().split('/').at(-1)
  const early = await custodian.request.get(`${product.web}/api/v1/disclosures/${id}/package`)
  expect(early.status()).toBe(403)
  await custodian.getByRole('button', { name: '下载资料包' }).click()
  const downloading = custodian.waitForEvent('download')
  await proveAgain(custodian)
  const download = await downloading
  expect(download.suggestedFilename()).toBe('disclosure-1.age')
  await download.saveAs(received)
  expect(readFileSync(received).includes(Buffer.from(secret))).toBe(false)
})

test('G24-6.2.2c: the receiver’s own check opens it, finds a changed byte, and no other key opens it', async () => {
  const signer = await custodian.locator('.custody-hash').last().innerText()
  const out = join(folder, 'open')
  const whole = await atReceiver(received, '--identity', identity, '--signer', signer, '--out', out)
  expect(whole).toContain('Whole. 完整。')
  const csv = readFileSync(join(out, 'contacts.csv'), 'utf8')
  expect(csv).toContain(`'${dictated}`)
  const book = new exceljs.Workbook()
  await book.xlsx.readFile(join(out, 'contacts.xlsx'))
  const cells = book.worksheets[0]?.getRow(2).values as unknown[]
  expect(cells.filter((cell) => typeof cell === 'string')).toContain(dictated)
  expect(cells.every((cell) => cell === undefined || typeof cell === 'string')).toBe(true)
  const everything = readdirSync(out, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'utf8'))
    .join('\n')
  expect(everything).not.toContain(secret)
  expect(everything).not.toContain('13800138000')

  const bytes = readFileSync(received)
  bytes.writeUInt8(bytes.readUInt8(bytes.length - 100) ^ 1, bytes.length - 100)
  writeFileSync(join(folder, 'changed.age'), bytes)
  expect(await atReceiver('changed.age', '--identity', identity)).toMatch(/^refused .*CHANGED/s)
  await atReceiver('--make-identity', join(folder, 'other.txt'))
  expect(await atReceiver(received, '--identity', 'other.txt')).toMatch(/^refused .*another receiver/s)

  await custodian.getByLabel('怎样交付、交给谁').fill('当面交给信息科王某')
  await custodian.getByRole('button', { name: '记下已交付' }).click()
  await custodian.getByLabel('接收方的回执').fill('AAAA-AAAA-AAAA-AAAA-AAAA')
  await custodian.getByRole('button', { name: '登记回执' }).click()
  await expect(custodian.getByText('回执不对')).toBeVisible()
  const receipt = whole.trim().split('\n').at(-1) ?? ''
  await custodian.getByLabel('接收方的回执').fill(receipt)
  await custodian.getByRole('button', { name: '登记回执' }).click()
  await expect(custodian.getByText('已收到回执')).toBeVisible()
  const steps = await custodian.locator('ol.disclosure-list li').allInnerTexts()
  const kinds = ['提出申请', '批准', '制成资料包', '下载', '交付', '收到回执']
  expect(steps.map((step, place) => step.includes(kinds[place] ?? '?'))).toEqual(kinds.map(() => true))
  await expect(custodian.getByRole('button', { name: '下载资料包' })).toBeHidden()
})

test('P34-3.3: without the caller’s consent on record nothing can be sent to the second person', async () => {
  const other = await enter({ notes: '没有说可以告诉别人' })
  await ask(custodian, other.number, ['风险等级'])
  await expect(custodian.getByText('有来电没有记录披露同意')).toBeVisible()
  await custodian.goto(`${product.web}/custody/disclosures`)
  await expect(custodian.getByRole('link', { name: /第 \d+ 号/ })).toHaveCount(1)
})

test('G24-7.3: who looked at the contact for the disclosure stands in its access report', async () => {
  await custodian.goto(`${product.web}/custody/access?number=${contact.number}`)
  const visit = custodian.locator('.task', { hasText: '制作披露资料包' })
  await expect(visit).toContainText('资料保管员')
  await expect(visit).toContainText('转介与继续治疗')
})
