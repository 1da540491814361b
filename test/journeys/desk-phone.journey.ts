/* Telephones only: a caller and a desk phone. The screen follows; the record tells the truth. */
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from '@playwright/test'
import { startProduct, type Product } from '../product.ts'
import { latest, logInAs, loudness, phoneHears, until } from './hotline.ts'
import { phoneMissing, startPhone, type Phone } from './phone.ts'

test.skip(phoneMissing !== null, phoneMissing ?? '')

let product: Product
let desk: Phone
let caller: Phone

test.beforeAll(async () => {
  product = await startProduct()
  desk = await startPhone({
    toneHz: 1000,
    user: 'phone1',
    register: { server: `127.0.0.1:${product.sipPort}`, password: 'hearthline-demo', answer: 'manual' },
  })
  await desk.waitFor('REGISTER_OK')
})

test.afterAll(async () => {
  await desk?.stop()
  await product?.stop()
})

test.beforeEach(async () => {
  caller = await startPhone({ toneHz: 440, user: '13800138000' })
})

test.afterEach(async () => {
  await caller.stop()
})

const line = (): string => `sip:1001@127.0.0.1:${product.sipPort}`

test('G24-3.2.2a: a caller is greeted, agrees to be recorded, is answered on a desk phone, and both hear each other', async () => {
  await caller.dial(line())
  await caller.waitFor('CALL_ESTABLISHED')
  await until('the greeting is heard', () => loudness(caller) > 300)
  const rings = desk.events().filter((name) => name === 'CALL_INCOMING').length
  await caller.press('1')
  await desk.waitFor('CALL_INCOMING', rings + 1)
  await desk.accept()
  await until('the counsellor hears the caller', () => phoneHears(desk, 440) > 3000)
  await until('the caller hears the counsellor', () => phoneHears(caller, 1000) > 3000)
  expect(phoneHears(caller, 440)).toBeLessThan(400)
  await until('the contact is talking', async () => (await latest(product)).state === 'talking')
  await desk.hangUp()
  await until('the survey is asked', async () => (await latest(product)).state === 'survey')
  await caller.press('5')
  await caller.waitFor('CALL_CLOSED', 1, 20_000)
  const contact = await until('the record waits to be finished', async () => {
    const found = await latest(product)
    return found.state === 'wrap-up' && found
  })
  expect(contact).toMatchObject({
    line: '1001',
    channel: 'phone',
    outcome: 'answered',
    consent: 'given',
    recorded: true,
  })
})

test('G24-7.5a: a caller who refuses is helped just the same and no file of sound exists anywhere', async () => {
  await (await logInAs(product, 'counsellor3')).finishWrapUp()
  await caller.dial(line())
  await caller.waitFor('CALL_ESTABLISHED')
  const rings = desk.events().filter((name) => name === 'CALL_INCOMING').length
  const before = soundFiles()
  await caller.press('2')
  await desk.waitFor('CALL_INCOMING', rings + 1)
  await desk.accept()
  await until('the caller hears the counsellor', () => phoneHears(caller, 1000) > 3000)
  await caller.hangUp()
  const contact = await until('the record waits to be finished', async () => {
    const found = await latest(product)
    return found.state === 'wrap-up' && found
  })
  expect(contact).toMatchObject({ consent: 'refused', recorded: false, outcome: 'answered' })
  expect(soundFiles()).toEqual(before)
})

const soundFiles = (): string[] => {
  const folder = join(product.data, 'recordings')
  return existsSync(folder)
    ? readdirSync(folder, { recursive: true })
        .map(String)
        .filter((name) => name.includes('.age'))
    : []
}
