/* How records are kept: consent taken back in the call and after it, a child's call, restriction, hold, and what is due destroyed. */
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test, type Page } from '@playwright/test'
import { startProduct, type Product } from '../product.ts'
import { logInAs, until, type Session } from './hotline.ts'
import { innardsOf, type Innards } from './innards.ts'
import { aPersonAt, goOnDuty, type Person } from './person.ts'
import { phoneMissing, startPhone, type Phone } from './phone.ts'
import { answerTheRest } from './record.ts'
import { becomes, shortenPrompts, welcome, type ContactPage } from './scene.ts'
import { filesOfRecording, filesWithTone, openWithKeys } from './vault.ts'

test.skip(phoneMissing !== null, phoneMissing ?? '')
test.describe.configure({ mode: 'serial', timeout: 120_000 })

const run = promisify(execFile)
const program = join(import.meta.dirname, '..', '..', 'bin', 'hearthline.js')
const callerHz = 440
const laterHz = 740
const counsellorHz = 1000

let product: Product
let inside: Innards
let counsellor: Person
let custodian: Person
let supervising: Session
let counselling: Session
let caller: Phone
let child: ContactPage
let recorded: ContactPage

test.beforeAll(async () => {
  product = await startProduct()
  inside = await innardsOf(product)
  await shortenPrompts(product, welcome)
  supervising = await logInAs(product, 'supervisor')
  counselling = await logInAs(product, 'counsellor1')
  counsellor = await aPersonAt(product.web, counsellorHz, 'counsellor1')
  custodian = await aPersonAt(product.web, 1500, 'custodian')
  for (const { page } of [counsellor, custodian]) page.setDefaultTimeout(20_000)
  await goOnDuty(counsellor, product.web)
})

test.afterAll(async () => {
  await counsellor?.leave()
  await custodian?.leave()
  await inside?.close()
  await product?.stop()
})

test.beforeEach(async () => {
  caller = await startPhone({ toneHz: callerHz, user: '13800138001' })
})

test.afterEach(async () => {
  await caller.stop()
})

/** The caller decides about recording by a key, and the counsellor answers by the page. */
const talk = async (key: '1' | '2'): Promise<ContactPage> => {
  await caller.dial(`sip:1001@127.0.0.1:${product.sipPort}`)
  await caller.waitFor('CALL_ESTABLISHED')
  // The third of the words, each half a second long, is the question.
  await until('the question is asked', () => caller.heard().length > 2 * 8000 && true)
  await caller.press(key)
  await counsellor.page.getByRole('button', { name: /^接听/ }).first().click({ timeout: 60_000 })
  return becomes(supervising, { state: 'talking' })
}

const hangUpAndFinish = async ({ contactId, number }: ContactPage): Promise<void> => {
  await caller.hangUp()
  await becomes(supervising, { state: 'wrap-up' }, number)
  await answerTheRest(counselling, contactId)
  await counselling.ask('POST', `/contacts/${contactId}/close`)
  await becomes(supervising, { state: 'closed' }, number)
}

const soundStatus = (recordingId: string): Promise<number> =>
  supervising.bytes(`/recordings/${recordingId}/sound`).then(
    () => 200,
    (error: Error) => Number(/: (\d{3})/.exec(error.message)?.[1]),
  )

const section = (page: Page, heading: string) =>
  page.locator('section').filter({ has: page.getByRole('heading', { name: heading }) })

test('G24-7.5a: taken back in the call, recording stops there and then, and what was stored before is sealed', async () => {
  const { page } = counsellor
  const { contactId, number } = await talk('1')
  await page.getByText('● ').first().waitFor()
  // Long enough to be heard, were it to be heard.
  await sleep(3000)
  await page.getByRole('button', { name: '停止录音' }).click()
  await page.getByRole('button', { name: '求助者同意录音' }).waitFor()
  await caller.speak(laterHz)
  await until(
    'the counsellor hears what the caller says after it',
    async () => (await counsellor.hears(laterHz)) > -40,
  )
  await caller.hangUp()
  await becomes(supervising, { state: 'wrap-up', consent: 'withdrawn' }, number)
  const settled = await until('the recording is settled', async () => {
    const { recordings } = await supervising.ask<ContactPage>('GET', `/contacts/${contactId}`)
    const [recording] = recordings
    return recording !== undefined && recording.state !== 'running' && recording
  })
  expect(settled).toMatchObject({ kind: 'talk', state: 'kept', sealed: true, mayListen: false })
  expect(await soundStatus(settled.recordingId)).toBe(409)
  const [row] = await inside.rows<{ hotline_id: string }>('select hotline_id from hotline')
  const files = filesOfRecording(product, settled.recordingId)
  const opened = await openWithKeys(product, row?.hotline_id ?? '', files)
  expect(opened.seconds).toBeGreaterThan(2)
  expect(opened.peak(callerHz)).toBeGreaterThan(2000)
  expect(opened.peak(laterHz)).toBeLessThan(500)
  expect(filesWithTone(product, laterHz)).toEqual([])
  expect(filesWithTone(product, callerHz)).toEqual([])

  await custodian.page.goto(`${product.web}/contacts/${contactId}`)
  await expect(custodian.page.getByText('任何人都不能收听')).toBeVisible()
  await expect(custodian.page.locator('audio')).toHaveCount(0)
  const consents = section(custodian.page, '知情同意')
  await consents.getByText('经过（2）').click()
  await expect(consents.getByText(/录音 ✓ 同意 · 按键 · consent/)).toBeVisible()
  await expect(consents.getByText(/录音 ✕ 已撤回 · 口头 · recording@1 · 咨询员一/)).toBeVisible()
  await answerTheRest(counselling, contactId)
  await counselling.ask('POST', `/contacts/${contactId}/close`)
})

test('PIPL 13(4), 31: a child under 14 without a guardian who refuses everything is served, written down and closed', async () => {
  const { page } = counsellor
  const contact = await talk('2')
  await page.locator('#q-ageGroup').getByText('14 岁以下').click()
  await page.getByText(/已保存 \d/).waitFor()
  const record = await page.context().newPage()
  await record.goto(`${product.web}/contacts/${contact.contactId}`)
  const consents = section(record, '知情同意')
  for (const purpose of ['服务', '量表筛查', '研究与培训']) {
    const row = consents.getByRole('listitem').filter({ hasText: purpose })
    await row.getByRole('button', { name: '询问' }).click()
    await consents.getByRole('button', { name: '不同意', exact: true }).click()
    await expect(row.getByText('✕ 不同意')).toBeVisible()
  }
  await record.close()
  expect(await counsellor.hears(callerHz)).toBeGreaterThan(-40)
  child = contact
  await hangUpAndFinish(contact)
  const { recordings, outcome } = await supervising.ask<ContactPage>('GET', `/contacts/${contact.contactId}`)
  expect({ recordings, outcome }).toEqual({ recordings: [], outcome: 'answered' })
})

test('G24-7.5a: weeks later the caller takes consent back by the code, on a phone’s screen, without a name', async () => {
  const { page } = counsellor
  const contact = await talk('1')
  await page.getByText('● ').first().waitFor()
  await page.goto(`${product.web}/contacts/${contact.contactId}`)
  const consents = section(page, '知情同意')
  const followUp = consents.getByRole('listitem').filter({ hasText: '回访' })
  await followUp.getByRole('button', { name: '询问' }).click()
  await consents.getByRole('button', { name: '同意', exact: true }).click()
  await expect(followUp.getByText('✓ 同意')).toBeVisible()
  await consents.getByRole('button', { name: '给求助者一个撤回码' }).click()
  const code = await consents.locator('.consent-code').innerText()
  recorded = contact
  await hangUpAndFinish(contact)
  const sound = await until('the recording is kept', async () => {
    const { recordings } = await supervising.ask<ContactPage>('GET', `/contacts/${contact.contactId}`)
    return recordings[0]?.state === 'kept' && recordings[0]
  })
  expect(await soundStatus(sound.recordingId)).toBe(200)

  const phone = await aPersonAt(product.web, counsellorHz)
  await phone.page.setViewportSize({ width: 390, height: 844 })
  await phone.page.goto(`${product.web}/w/`)
  await phone.page.getByLabel('您的码').fill(code.replaceAll('-', ' '))
  await phone.page.keyboard.press('Enter')
  const recording = phone.page.getByRole('listitem').filter({ hasText: '录音' })
  await recording.getByRole('button', { name: '撤回' }).click()
  await recording.getByRole('button', { name: '确定撤回' }).click()
  await expect(phone.page.getByText('录音已封存，任何人都不能再听', { exact: false })).toBeVisible()
  await expect(recording.getByText('已撤回')).toBeVisible()
  const width = await phone.page.evaluate<number>('document.documentElement.scrollWidth')
  expect(width).toBeLessThanOrEqual(390)
  await phone.leave()
  expect(await soundStatus(sound.recordingId)).toBe(409)
})

/** The custodian opens a contact by its number and writes a decision down. */
const decide = async (number: number, only: string, decision: string, reason: string): Promise<void> => {
  const { page } = custodian
  await page.goto(`${product.web}/custody`)
  await page.getByLabel('显示').selectOption({ label: only })
  await page.getByLabel('按编号查找').fill(String(number))
  await row(page, number).getByRole('button', { name: '查看' }).press('Enter')
  await expect(page.getByRole('heading', { name: `第 ${number} 号` })).toBeFocused()
  await page.getByLabel('决定').selectOption({ label: decision })
  await page.getByLabel(/^理由/).fill(reason)
  await page.getByRole('button', { name: '写入记录' }).click()
  await expect(page.locator('.timeline').getByText(reason)).toBeVisible()
}

const row = (page: Page, number: number) =>
  page.getByRole('row').filter({ has: page.getByText(`第 ${number} 号`, { exact: true }) })

test('PIPL 47: restricted inside the period, a contact is out of every list and page but the custodian’s', async () => {
  const path = `/contacts/${child.contactId}`
  const numbers = async (): Promise<number[]> => {
    const { rows } = await supervising.ask<{ rows: ContactPage[] }>('GET', '/contacts?limit=20')
    return rows.map((each) => each.number)
  }
  expect(await numbers()).toContain(child.number)
  await decide(child.number, '全部', '封存（不再使用和显示）', '监护人要求删除，未满三年')
  expect(await numbers()).not.toContain(child.number)
  await expect(supervising.ask('GET', path)).rejects.toThrow('404')
  await counsellor.page.goto(`${product.web}${path}`)
  await expect(counsellor.page.getByText('没有这条服务记录', { exact: false })).toBeVisible()
  await decide(child.number, '已封存', '解除封存', '监护人撤回了请求')
  expect(await numbers()).toContain(child.number)
})

/** Lets a contact have ended long ago, as only the tables' owner can who switches the guard off. */
const letHaveEnded = (contactId: string, day: string): Promise<unknown> =>
  inside.rows(`alter table contact disable trigger user;
    update contact set ended_at = '${day}', closed_at = '${day}', answered_at = '${day}', started_at = '${day}'
    where contact_id = '${contactId}';
    alter table contact enable trigger user`)

test('G24-6.2.2b: what ended on 29 February is due three years later, unless it is on hold', async () => {
  const { page } = custodian
  const { contactId, number } = recorded
  await page.goto(`${product.web}/custody`)
  await expect(page.getByText('没有到期的记录', { exact: false })).toBeVisible()
  await letHaveEnded(contactId, '2020-02-29 12:00+08')
  await page.reload()
  await expect(row(page, number).getByText('2023-02-28')).toBeVisible()
  await decide(number, '已到期', '保全（不销毁）', '法院要求保全')
  await page.goto(`${product.web}/custody`)
  await expect(page.getByText('没有到期的记录', { exact: false })).toBeVisible()
  await decide(number, '保全中', '解除保全', '案件已结')
})

const answerList = async (name: string): Promise<void> => {
  const person = await aPersonAt(product.web, counsellorHz, name)
  await person.page.goto(`${product.web}/custody?part=disposals`)
  await person.page.getByRole('button', { name: '批准销毁' }).click()
  await person.page.getByRole('button', { name: '确定批准' }).click()
  await expect(person.page.getByText('批准').last()).toBeVisible()
  await expect(person.page.getByRole('button', { name: '批准销毁' })).toHaveCount(0)
  await person.leave()
}

test('G24-6.2.2b: two people who did not propose it approve, then it is destroyed with a certificate, and the proof is clean', async () => {
  const { page } = custodian
  const { contactId, number } = recorded
  await page.goto(`${product.web}/custody`)
  await row(page, number).getByRole('checkbox').check()
  await page.getByRole('button', { name: /^提出销毁选中的 1 条/ }).click()
  await page.getByRole('link', { name: '销毁清单' }).click()
  await expect(page.getByText('等待另外的人批准')).toBeVisible()
  await expect(page.getByRole('button', { name: '批准销毁' })).toHaveCount(0)
  const [sound] = await inside.rows<{ recording_id: string }>(
    `select recording_id from recording where contact_id = '${contactId}'`,
  )
  const recordingId = sound?.recording_id ?? ''
  expect(filesOfRecording(product, recordingId).length).toBeGreaterThan(0)
  await answerList('supervisor')
  expect(filesOfRecording(product, recordingId).length).toBeGreaterThan(0)
  await answerList('admin')
  await page.reload()
  await expect(page.getByText('已销毁 1 条')).toBeVisible()
  expect(filesOfRecording(product, recordingId)).toEqual([])

  await page.getByRole('link', { name: '销毁证明' }).click()
  const hash = await page.locator('.custody-hash').innerText()
  const chained = await inside.rows<{ sha256: string }>(
    `select data ->> 'sha256' as sha256 from audit_event where action = 'contact.disposed'`,
  )
  expect(chained).toEqual([{ sha256: hash }])
  await expect(supervising.ask('GET', `/contacts/${contactId}`)).rejects.toThrow('404')
  const { stdout } = await run(process.execPath, [program, 'verify'], { env: product.env })
  expect(stdout).toMatch(/ 0 faults/)
})
