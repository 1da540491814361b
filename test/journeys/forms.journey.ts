/* Forms without code (G24-4.4.1): an administrator adds a question by keys alone; the counsellor is asked it, older records are not. */
import { expect, test } from '@playwright/test'
import type { Locator, Page } from '@playwright/test'
import type { z } from 'zod'
import type { listLines } from '../../api/administration.ts'
import type { enterContact, readForm } from '../../api/contacts.ts'
import { allItems } from '../../domain/questionnaire.ts'
import { wholeResponse } from '../answers.ts'
import { startProduct, type Product } from '../product.ts'
import { logInAs, type Session } from './hotline.ts'
import { aPersonAt, type Person } from './person.ts'

test.describe.configure({ mode: 'serial', timeout: 180_000 })

let product: Product
let counsellor: Session
let administrator: Person
let answering: Person
let older: string

const asked = '最近有没有自己停药'

test.beforeAll(async () => {
  product = await startProduct()
  counsellor = await logInAs(product, 'counsellor1')
  administrator = await aPersonAt(product.web, 1000, 'admin')
  answering = await aPersonAt(product.web, 1500, 'counsellor1')
  const lines = await counsellor.ask<z.infer<(typeof listLines)['reply']>>('GET', '/lines')
  const start = new Date(Date.now() - 3_600_000).toISOString()
  const entered = await counsellor.ask<z.infer<(typeof enterContact)['reply']>>('POST', '/contacts', {
    lineId: lines.rows.find((line) => line.number === '1001')?.lineId,
    startedAt: start,
    endedAt: start,
    response: wholeResponse(),
  })
  older = entered.contactId
})

test.afterAll(async () => {
  await administrator?.leave()
  await answering?.leave()
  await product?.stop()
})

/** Goes on with the Tab key (or back) until the place has the focus. */
const tabTo = async (page: Page, place: Locator, key: 'Tab' | 'Shift+Tab' = 'Tab'): Promise<void> => {
  await place.waitFor({ state: 'attached', timeout: 10_000 })
  for (let n = 0; n < 150; n += 1) {
    if ((await place.and(page.locator(':focus')).count()) > 0) return
    await page.keyboard.press(key)
  }
  throw new Error(`150 times ${key} do not lead to ${String(place)}`)
}

test('G24-4.4.1: by keys alone a required question with a condition is added to line 1001 and published', async () => {
  const { page } = administrator
  const { keyboard } = page
  await page.goto(`${product.web}/admin/forms`)
  await tabTo(page, page.getByRole('row', { name: /1001/ }).getByRole('button', { name: '附加问题' }))
  await keyboard.press('Enter')
  const tree = page.getByRole('tree')
  await tabTo(page, tree.locator('[tabindex="0"]'))
  const chosen = tree.getByRole('treeitem', { selected: true })
  for (let n = 0; n < 60 && !(await chosen.getByText('睡眠').isVisible()); n += 1)
    await keyboard.press('ArrowDown')
  await tabTo(page, page.getByRole('button', { name: '加问题' }), 'Shift+Tab')
  await keyboard.press('Enter')
  await expect(page.getByLabel('中文')).toBeFocused()
  await keyboard.type(asked)
  await keyboard.press('Tab')
  await keyboard.type('Stopped medicine lately')
  await expect(page.getByLabel('所选内容的属性').getByText('缺用途')).toBeVisible()
  await tabTo(page, page.getByRole('checkbox', { name: '结束记录前必须回答' }))
  await keyboard.press('Space')
  await tabTo(page, page.getByLabel(/^用途/))
  await keyboard.type('提供帮助')
  await tabTo(page, page.getByRole('button', { name: '加条件' }))
  await keyboard.press('Enter')
  const about = page.getByLabel('条件 1 问题')
  await tabTo(page, about, 'Shift+Tab')
  for (let n = 0; n < 60 && (await about.inputValue()) !== 'sleep'; n += 1) await keyboard.press('ArrowUp')
  await expect(about).toHaveValue('sleep')
  await tabTo(page, page.getByLabel('条件 1 答案'))
  await keyboard.press('End')
  await expect(page.getByText('没有要改的地方')).toBeVisible()
  await expect(page.getByText(/^草稿已保存/)).toBeVisible()
  await tabTo(page, page.getByRole('radio', { name: '编辑', exact: true }), 'Shift+Tab')
  await keyboard.press('ArrowRight')
  await expect(page.getByRole('button', { name: '清空试答' })).toBeVisible()
  await keyboard.press('ArrowRight')
  await expect(page.getByText('这条线路的新来电使用这个版本', { exact: false })).toBeVisible()
  await tabTo(page, page.getByRole('button', { name: '发布为第 1 版' }))
  await keyboard.press('Enter')
  await expect(page.getByText('第 1 版已发布', { exact: false })).toBeVisible()
})

test('the question is moved by keys, and the draft remembers it after the page is opened again', async () => {
  const { page } = administrator
  const { keyboard } = page
  const editor = page.url()
  await page.goto(editor)
  const own = page.getByRole('treeitem', { name: asked })
  await own.waitFor()
  const tree = page.getByRole('tree')
  await tabTo(page, tree.locator('[tabindex="0"]'))
  for (let n = 0; n < 60 && (await own.getAttribute('aria-selected')) !== 'true'; n += 1)
    await keyboard.press('ArrowDown')
  await tabTo(page, page.getByRole('button', { name: '加问题' }), 'Shift+Tab')
  await keyboard.press('Enter')
  await expect(page.getByLabel('中文')).toBeFocused()
  await keyboard.type('第二个问题')
  const second = page.getByRole('treeitem', { name: '第二个问题' })
  await tabTo(page, second, 'Shift+Tab')
  await keyboard.press('Alt+ArrowUp')
  await expect(second).toBeFocused()
  const order = await page.getByRole('treeitem').evaluateAll((rows) => rows.map((row) => row.textContent))
  const at = (words: string): number => order.findIndex((each) => each?.includes(words))
  expect(at('第二个问题')).toBeLessThan(at(asked))
  await expect(page.getByText(/^草稿已保存/)).toBeVisible()
  await page.goto(editor)
  await expect(page.getByRole('treeitem', { name: '第二个问题' })).toBeVisible()
  await page.getByRole('treeitem', { name: '第二个问题' }).focus()
})

test('a contact by hand shows the question when its condition holds and is not finished without it', async () => {
  const { page } = answering
  await page.goto(`${product.web}/contacts/new`)
  await page.getByLabel('线路').selectOption({ label: '心理援助热线' })
  const question = page.getByRole('group', { name: asked })
  const sleep = page.getByRole('group', { name: '睡眠' })
  await sleep.waitFor()
  await expect(question).toHaveCount(0)
  await sleep.getByText('几乎不睡').click()
  await expect(question).toBeVisible()
  const answer = async (group: string | RegExp, words: string): Promise<void> =>
    page.getByRole('group', { name: group }).getByText(words, { exact: true }).first().click()
  await answer(/^危险：/, '没有')
  await answer(/^会不会伤害别人/, '不会')
  await answer(/^风险等级/, '未见')
  await answer(/^情绪/, '悲伤')
  for (const scale of [/^现在的痛苦程度/, /^通话后的痛苦程度/])
    await page.getByRole('group', { name: scale }).getByRole('spinbutton').fill('50')
  await page.getByLabel('没有答案的原因：问题类型').selectOption({ label: '不详' })
  await answer(/^结果/, '完成咨询')
  const yesterday = new Date(Date.now() - 86_400_000).toISOString().slice(0, 10)
  await page.getByLabel('日期', { exact: true }).fill(yesterday)
  await page.getByLabel('开始', { exact: true }).fill('10:00')
  await page.getByLabel('结束', { exact: true }).fill('10:20')
  await page.getByRole('button', { name: '保存这次来电' }).click()
  await expect(page.getByText(/还差 1 项/)).toBeVisible()
  await expect(question).toHaveAttribute('data-missing', '')
  await question.getByText('否', { exact: true }).click()
  await page.getByRole('button', { name: '保存这次来电' }).click()
  await expect(page.getByText(/已存为第 \d+ 号/)).toBeVisible()
})

test('G24-4.4.1: a record from before keeps the version that it was answered in', async () => {
  const form = await counsellor.ask<z.infer<(typeof readForm)['reply']>>('GET', `/contacts/${older}/form`)
  expect(form.questionnaire.version).toBe('1')
  expect(allItems(form.questionnaire.item).map((item) => item.text)).not.toContain(asked)
  const { page } = answering
  await page.goto(`${product.web}/contacts/${older}`)
  await expect(page.getByText('完成咨询').first()).toBeVisible()
  await expect(page.getByText(asked)).toHaveCount(0)
})
