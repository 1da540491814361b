/* Takes the README's pictures from the running product: `node test/pictures.ts`. Needs Chromium and baresip. */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { aPersonAt, goOnDuty, type Person } from './journeys/person.ts'
import { startPhone, type Phone } from './journeys/phone.ts'
import { startProduct } from './product.ts'

const folder = join(import.meta.dirname, '..', 'docs', 'pictures')
mkdirSync(folder, { recursive: true })

const inLanguage = async (
  person: Person,
  language: 'zh-CN' | 'en',
  theme: 'light' | 'dark',
): Promise<void> => {
  await person.page.evaluate(
    `localStorage.setItem('hearthline.language', '${language}'); localStorage.setItem('hearthline.theme', '${theme}')`,
  )
  await person.page.reload()
  await sleep(2500)
}

const product = await startProduct()
const line = (number: string): string => `sip:${number}@127.0.0.1:${product.sipPort}`
const callers: Phone[] = []
const call = async (number: string, user: string, key: string): Promise<Phone> => {
  const phone = await startPhone({ toneHz: 440, user })
  callers.push(phone)
  await phone.dial(line(number))
  await phone.waitFor('CALL_ESTABLISHED')
  await phone.press(key)
  return phone
}

const counsellor = await aPersonAt(product.web, 1000, 'counsellor1')
const supervisor = await aPersonAt(product.web, 1500, 'supervisor')
try {
  await counsellor.page.setViewportSize({ width: 1440, height: 900 })
  await supervisor.page.setViewportSize({ width: 1440, height: 900 })
  await goOnDuty(counsellor, product.web)
  await call('1001', '13800138001', '1')
  await counsellor.page.getByRole('button', { name: /^接听/ }).first().click({ timeout: 60_000 })
  await counsellor.page
    .getByRole('textbox', { name: '备注' })
    .fill('最近一周睡不着，和母亲争吵后更难受。愿意先试着把今晚的安排说清楚。')
  await counsellor.page.getByText('72 小时内要实施', { exact: true }).first().click()
  await counsellor.page.getByText('判断标准').first().waitFor()
  await counsellor.page.evaluate('window.scrollTo(0, 0)')
  await sleep(3000)
  await counsellor.page.screenshot({ path: join(folder, 'desk-zh.png') })
  await call('1001', '13800138002', '2')
  await call('1002', '13800138003', '0')
  await call('1001', '13800138004', '2')
  await sleep(12_000)
  await supervisor.page.goto(`${product.web}/board`)
  await inLanguage(supervisor, 'zh-CN', 'dark')
  await supervisor.page.screenshot({ path: join(folder, 'board-zh.png') })
  await inLanguage(supervisor, 'en', 'dark')
  await supervisor.page.screenshot({ path: join(folder, 'board-en.png') })
  await inLanguage(counsellor, 'en', 'light')
  await sleep(4000)
  await counsellor.page.screenshot({ path: join(folder, 'desk-en.png') })
} finally {
  for (const phone of callers) await phone.stop()
  await counsellor.leave()
  await supervisor.leave()
  await product.stop()
}
process.exit(0)
