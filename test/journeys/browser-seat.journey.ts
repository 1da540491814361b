/* A caller on a telephone and a counsellor in a browser: the main job, heard and measured at both ends and in the record. */
import { expect, test } from '@playwright/test'
import { levelOf } from '../../switchboard/media/tone.ts'
import { startProduct, type Product } from '../product.ts'
import { contactsOf, latest, loudness, phoneHears, until } from './hotline.ts'
import { aPersonAt, goOnDuty, type Person } from './person.ts'
import { phoneMissing, startPhone, type Phone } from './phone.ts'

test.skip(phoneMissing !== null, phoneMissing ?? '')
test.describe.configure({ mode: 'serial' })

let product: Product
let counsellor: Person
let supervisor: Person
let caller: Phone

test.beforeAll(async () => {
  product = await startProduct()
  counsellor = await aPersonAt(product.web, 1000, 'counsellor1')
  supervisor = await aPersonAt(product.web, 1500, 'supervisor')
  await goOnDuty(counsellor, product.web)
})

test.afterAll(async () => {
  await counsellor?.leave()
  await supervisor?.leave()
  await product?.stop()
})

test.beforeEach(async () => {
  caller = await startPhone({ toneHz: 440, user: '13800138001' })
})

test.afterEach(async () => {
  await caller.stop()
})

const button = (person: Person, name: RegExp) => person.page.getByRole('button', { name }).first()

/** Calls, chooses a key for the question of consent, and is answered by the counsellor. */
const answered = async (key: string | null): Promise<void> => {
  await caller.dial(`sip:1001@127.0.0.1:${product.sipPort}`)
  await caller.waitFor('CALL_ESTABLISHED')
  if (key !== null) await caller.press(key)
  await button(counsellor, /^接听/).click({ timeout: 90_000 })
  await until('the caller hears the counsellor', () => phoneHears(caller, 1000) > 3000)
}

/** Leaves the record for later, so that the seat is free for the next test. */
const freeAgain = async (): Promise<void> => {
  await button(counsellor, /^稍后补完/).click()
  await counsellor.page.getByText(/空闲/).first().waitFor()
}

/** The peak levels of a tone in the left (caller) and right (counsellor) channel of the latest recording. */
const recordedLevels = async (hz: number): Promise<{ left: number; right: number }> => {
  const list = await supervisor.page.request.get(`${product.web}/api/v1/contacts?limit=1`)
  const { rows } = (await list.json()) as { rows: { contactId: string }[] }
  const page = await until('the recording is kept', async () => {
    const answer = await supervisor.page.request.get(`${product.web}/api/v1/contacts/${rows[0]?.contactId}`)
    const contact = (await answer.json()) as { recordings: { recordingId: string; state: string }[] }
    return contact.recordings[0]?.state === 'kept' && contact
  })
  const sound = await supervisor.page.request.get(
    `${product.web}/api/v1/recordings/${page.recordings[0]?.recordingId}/sound`,
  )
  const wav = await sound.body()
  const samples = new Int16Array(wav.buffer, wav.byteOffset + 44, Math.floor((wav.length - 44) / 2))
  const middle = Math.floor(samples.length / 4) * 2
  const channel = (offset: number): number[] =>
    Array.from({ length: 4000 }, (_, index) => samples[middle + offset + index * 2] ?? 0)
  return { left: levelOf(channel(0), hz), right: levelOf(channel(1), hz) }
}

test('G24-3.2.2a: caller and counsellor hear each other; what was agreed to is recorded, each side apart', async () => {
  await answered('1')
  await until('the counsellor hears the caller', async () => (await counsellor.hears(440)) > -40)
  expect(await counsellor.hears(1000)).toBeLessThan(-60)
  await expect(counsellor.page.getByText('正在录音').first()).toBeVisible()
  await caller.waitFor('CALL_RTPESTAB').catch(() => undefined)
  await new Promise((resolve) => setTimeout(resolve, 3000))
  await button(counsellor, /^结束通话/).click()
  await until('the survey is asked', async () => (await latest(product)).state === 'survey')
  await caller.press('4')
  await caller.waitFor('CALL_CLOSED', 1, 20_000)
  expect(await latest(product)).toMatchObject({
    outcome: 'answered',
    consent: 'given',
    recorded: true,
    channel: 'phone',
  })
  const [own, other] = [await recordedLevels(440), await recordedLevels(1000)]
  expect(own.left).toBeGreaterThan(3000)
  expect(own.right).toBeLessThan(300)
  expect(other.right).toBeGreaterThan(3000)
  expect(other.left).toBeLessThan(300)
  await freeAgain()
})

test('G24-7.5a: silence after the question and its repeat is served without recording', async () => {
  await answered(null)
  expect(await latest(product)).toMatchObject({ consent: 'silent', recorded: false })
  await expect(counsellor.page.getByText('没有录音').first()).toBeVisible()
  await caller.hangUp()
  await until('the record waits', async () => (await latest(product)).state === 'wrap-up')
  await freeAgain()
})

test('hold: the caller hears calm audio and not the counsellor, and comes back', async () => {
  await answered('2')
  await button(counsellor, /^请等待/).click()
  await until('the counsellor is not heard', () => phoneHears(caller, 1000) < 300)
  await until('there is something to hear', () => loudness(caller) > 30)
  await button(counsellor, /^继续通话/).click()
  await until('the counsellor is heard again', () => phoneHears(caller, 1000) > 3000)
  await button(counsellor, /^静音/).click()
  await until('a muted counsellor is not heard', () => phoneHears(caller, 1000) < 300)
  await button(counsellor, /^取消静音/).click()
  await until('the counsellor is heard again', () => phoneHears(caller, 1000) > 3000)
  await caller.hangUp()
  await until('the record waits', async () => (await latest(product)).state === 'wrap-up')
  await freeAgain()
})

test('a reload in mid-call: the caller stays, the counsellor is back with the form as it was', async () => {
  await answered('2')
  const notes = counsellor.page.getByRole('textbox', { name: '备注' })
  await notes.fill('来电者说睡不着')
  await counsellor.page
    .getByText(/已保存/)
    .first()
    .waitFor()
  await counsellor.page.reload()
  await until('the caller hears the counsellor again', () => phoneHears(caller, 1000) > 3000, 12_000)
  expect(caller.events()).not.toContain('CALL_CLOSED')
  await expect(counsellor.page.getByRole('textbox', { name: '备注' })).toHaveValue('来电者说睡不着')
  await caller.hangUp()
  await until('the record waits', async () => (await latest(product)).state === 'wrap-up')
  await freeAgain()
})

test('G24-5.3.5: "0" goes first, and the supervisor sees it at once', async () => {
  await supervisor.page.goto(`${product.web}/board`)
  await caller.dial(`sip:1001@127.0.0.1:${product.sipPort}`)
  await caller.waitFor('CALL_ESTABLISHED')
  await caller.press('0')
  await expect(supervisor.page.getByText(/危险/).first()).toBeVisible({ timeout: 3000 })
  await button(counsellor, /^接听/).click({ timeout: 30_000 })
  await until('the caller hears the counsellor', () => phoneHears(caller, 1000) > 3000)
  expect(await latest(product)).toMatchObject({ risk: 'danger-key' })
  await button(counsellor, /^结束通话/).click()
  await caller.waitFor('CALL_CLOSED', 1, 20_000)
  await freeAgain()
})

test('G24-5.3.5: three-way with a supervisor, who is heard by both and hears both', async () => {
  await goOnDuty(supervisor, product.web)
  await answered('2')
  await button(counsellor, /^请督导支援/).click()
  await button(counsellor, /^请加入/).click()
  await button(supervisor, /^接听/).click({ timeout: 20_000 })
  await until('the caller hears the supervisor', () => phoneHears(caller, 1500) > 2000)
  await until('and still the counsellor', () => phoneHears(caller, 1000) > 2000)
  await until('the supervisor hears the caller', async () => (await supervisor.hears(440)) > -45)
  await until('and the counsellor', async () => (await supervisor.hears(1000)) > -45)
  await caller.hangUp()
  await until('the record waits', async () => (await latest(product)).state === 'wrap-up')
  await freeAgain()
})

test('contacts are numbered without gaps, all of them ended', async () => {
  const contacts = await contactsOf(product)
  expect(contacts.map((contact) => contact.number)).toEqual(contacts.map((_, index) => index + 1))
  expect(contacts.filter((contact) => !['wrap-up', 'closed'].includes(contact.state))).toEqual([])
})
