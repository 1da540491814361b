/* A supervisor in a browser at a counsellor's live call: every way into it, heard at every ear and in the record. */
import { expect, test } from '@playwright/test'
import { startProduct, type Product } from '../product.ts'
import { logInAs, phoneHears, until, type Session } from './hotline.ts'
import { aPersonAt, goOnDuty, type Person } from './person.ts'
import { phoneMissing, startPhone, type Phone } from './phone.ts'
import { becomes, happened, listen, pageOf, shortenPrompts, welcome } from './scene.ts'

test.skip(phoneMissing !== null, phoneMissing ?? '')
test.describe.configure({ mode: 'serial' })

const [callerHz, counsellorHz, supervisorHz] = [440, 1000, 1500]
let product: Product
let counsellor: Person
let supervisor: Person
let reader: Session
let caller: Phone

test.beforeAll(async () => {
  product = await startProduct()
  await shortenPrompts(product, [...welcome, 'join'])
  reader = await logInAs(product, 'supervisor')
  counsellor = await aPersonAt(product.web, counsellorHz, 'counsellor1')
  supervisor = await aPersonAt(product.web, supervisorHz, 'supervisor')
  await goOnDuty(counsellor, product.web)
})

test.afterAll(async () => {
  await counsellor?.leave()
  await supervisor?.leave()
  await product?.stop()
})

test.beforeEach(async () => {
  caller = await startPhone({ toneHz: callerHz, user: '13800138001' })
})

test.afterEach(async () => {
  await caller.stop()
})

const button = (person: Person, name: RegExp) => person.page.getByRole('button', { name }).first()
const member = (words: RegExp) => counsellor.page.locator('.members').getByText(words)

const answered = async (): Promise<void> => {
  await caller.dial(`sip:1001@127.0.0.1:${product.sipPort}`)
  await caller.waitFor('CALL_ESTABLISHED')
  await caller.press('1')
  await button(counsellor, /^接听/).click({ timeout: 60_000 })
  await until('the caller hears the counsellor', () => phoneHears(caller, counsellorHz) > 3000)
  await becomes(reader, { state: 'talking' })
}

/** Comes on duty without being offered the call: the counsellor has it by now. */
const supervisorOnDuty = async (): Promise<void> => {
  await goOnDuty(supervisor, product.web)
  await supervisor.page.goto(`${product.web}/board`)
}

const callerHearsSupervisor = (): boolean => phoneHears(caller, supervisorHz) > 2000

test('G24-5.3.5: listen, whisper, barge in and take over from the browser; the counsellor sees each', async () => {
  await answered()
  await supervisorOnDuty()
  await button(supervisor, /^督导第 .* 号通话/).click()
  await button(supervisor, /^旁听/).click()
  await until('the supervisor hears the caller', async () => (await supervisor.hears(callerHz)) > -45)
  await until('and the counsellor', async () => (await supervisor.hears(counsellorHz)) > -45)
  await expect(member(/旁听中/)).toBeVisible()
  expect(await counsellor.hears(supervisorHz)).toBeLessThan(-60)
  expect(callerHearsSupervisor()).toBe(false)

  await supervisor.page.keyboard.press('Alt+i')
  await until('the counsellor hears the whisper', async () => (await counsellor.hears(supervisorHz)) > -45)
  await expect(member(/耳语中/)).toBeVisible()
  await expect(supervisor.page.locator('.supervise-strip [aria-pressed=true]')).toHaveText(/^耳语/)
  expect(callerHearsSupervisor()).toBe(false)

  await supervisor.page.keyboard.press('Alt+b')
  await until('the caller hears the supervisor', callerHearsSupervisor)
  await until('and still the counsellor', () => phoneHears(caller, counsellorHz) > 2000)
  await expect(member(/已加入/)).toBeVisible()

  await supervisor.page.keyboard.press('Alt+y')
  await expect(counsellor.page.getByText('话后整理').first()).toBeVisible({ timeout: 15_000 })
  await until('the caller hears only the supervisor', () => phoneHears(caller, counsellorHz) < 500)
  expect(callerHearsSupervisor()).toBe(true)
  const page = await happened(reader, 'taken-over')
  const modes = page.timeline.flatMap((each) =>
    each.kind === 'supervisor.joined' ? [each.data['mode']] : [],
  )
  expect(modes).toEqual(['listen', 'whisper', 'barge', 'take-over'])
  await caller.hangUp()
  await becomes(reader, { state: 'wrap-up' })
})

test('G24-7.5a: a whisper is in neither channel of the recording, who barged in only on the side of the hotline', async () => {
  const page = await until('the recording is kept', async () => {
    const found = await pageOf(reader)
    return found.recordings[0]?.state === 'kept' && found
  })
  const sound = await listen(reader, page.recordings[0]?.recordingId ?? '')
  expect(sound.peak('left', callerHz)).toBeGreaterThan(2000)
  expect(sound.peak('left', supervisorHz)).toBeLessThan(500)
  expect(sound.peak('right', supervisorHz)).toBeGreaterThan(1000)
})

test('G24-5.3.5: the help key rings the supervisor, who comes by one press; a hint reaches the desk without a sound', async () => {
  for (const person of [supervisor, counsellor]) await button(person, /^稍后补完/).click()
  // On a pause no caller is offered, and helping is still possible.
  await button(supervisor, /^暂停/).click()
  await button(supervisor, /^其他/).click()
  await answered()
  await counsellor.page.keyboard.press('Alt+s')
  await expect(supervisor.page.getByText('咨询员请求支援').first()).toBeVisible({ timeout: 10_000 })
  await supervisor.page.keyboard.press('Alt+g')
  await until('the supervisor hears the caller', async () => (await supervisor.hears(callerHz)) > -45)
  await expect(member(/旁听中/)).toBeVisible()
  await supervisor.page.getByLabel(/给咨询员的提示/).fill('问问他身边有谁')
  await supervisor.page.keyboard.press('Enter')
  await expect(counsellor.page.getByText('问问他身边有谁').first()).toBeVisible()
  await expect(supervisor.page.getByText('已读').first()).toBeVisible({ timeout: 10_000 })
  await supervisor.page.keyboard.press('Alt+e')
  await happened(reader, 'supervisor.left')
  await caller.hangUp()
})
