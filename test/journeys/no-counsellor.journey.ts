/* Nobody is on duty, or everybody is busy: a caller can ask to be called back or leave a message, and is never just dropped. */
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from '@playwright/test'
import type { z } from 'zod'
import type { listTasks, task } from '../../api/tasks.ts'
import { startProduct, type Product } from '../product.ts'
import { logInAs, loudness, phoneHears, until, type Session } from './hotline.ts'
import { phoneMissing, startPhone, type Phone } from './phone.ts'
import { becomes, deskPhone, happened, listen, pageOf, shortenPrompts, welcome, wordsHz } from './scene.ts'

test.skip(phoneMissing !== null, phoneMissing ?? '')
test.describe.configure({ mode: 'serial', timeout: 60_000 })

type Task = z.infer<typeof task>

let product: Product
let supervisor: Session
const phones: Phone[] = []

test.beforeAll(async () => {
  product = await startProduct()
  supervisor = await logInAs(product, 'supervisor')
  await shortenPrompts(product, [...welcome, 'callback-yes', 'thanks', 'survey'])
})

test.afterAll(async () => {
  for (const phone of phones) await phone.stop()
  await product?.stop()
})

const phoneOf = async (user: string, toneHz = 440): Promise<Phone> => {
  const phone = await startPhone({ toneHz, user })
  phones.push(phone)
  return phone
}

const call = async (phone: Phone): Promise<void> => {
  await phone.dial(`sip:1001@127.0.0.1:${product.sipPort}`)
  await phone.waitFor('CALL_ESTABLISHED')
}

const tasks = async (kind: Task['kind']): Promise<Task[]> => {
  const { rows } = await supervisor.ask<z.infer<(typeof listTasks)['reply']>>('GET', '/tasks')
  return rows.filter((each) => each.kind === kind)
}

const soundFiles = (): string[] =>
  readdirSync(join(product.data, 'recordings'), { recursive: true })
    .map(String)
    .filter((name) => name.includes('.age'))

test('nobody on duty: the caller is told so, presses 9, and is promised a call back', async () => {
  const caller = await phoneOf('13900000001')
  await call(caller)
  await until('the greeting is heard', () => phoneHears(caller, wordsHz) > 1000)
  await caller.press('2')
  await happened(supervisor, 'nobody-on-duty')
  await until('words are heard', () => phoneHears(caller, wordsHz) < 300 && loudness(caller) > 300)
  await caller.press('9')
  const page = await becomes(supervisor, { state: 'closed', outcome: 'call-back', endedBy: 'system' })
  await caller.waitFor('CALL_CLOSED')
  const [promised] = await tasks('call-back')
  expect(promised).toMatchObject({ contactId: page.contactId, placeSince: page.queuedAt, doneAt: null })
})

test('nobody on duty: a message after the tone is kept, and nothing but the message', async () => {
  await shortenPrompts(product, ['nobody'])
  await sleep(3000)
  const caller = await phoneOf('13900000002')
  await call(caller)
  await caller.press('2')
  await until('the tone is heard', () => phoneHears(caller, 1000, 300) > 3000)
  await sleep(3500)
  await caller.press('#')
  await caller.waitFor('CALL_CLOSED', 1, 15_000)
  const ended = await becomes(supervisor, { state: 'closed', outcome: 'message', endedBy: 'system' })
  expect(ended).toMatchObject({ consent: 'refused' })
  const page = await until('the message is kept', async () => {
    const found = await pageOf(supervisor)
    return found.recordings[0]?.state === 'kept' && found
  })
  expect(page.recordings).toMatchObject([{ kind: 'message', mayListen: true }])
  expect(new Set(soundFiles().map((name) => name.replace(/\.(caller|seat)\.age$/, ''))).size).toBe(1)
  const sound = await listen(supervisor, page.recordings[0]?.recordingId ?? '')
  expect(sound.seconds).toBeGreaterThan(2)
  expect(sound.seconds).toBeLessThan(6)
  expect(sound.peak('left', 440)).toBeGreaterThan(8000)
  for (const side of ['left', 'right'] as const)
    for (const hz of [1000, wordsHz]) expect(sound.peak(side, hz), `${side} ${hz}`).toBeLessThan(500)
  expect(await tasks('listen-to-message')).toMatchObject([{ contactId: page.contactId }])
})

test('everybody busy: 9 keeps the place; the caller is really called back, and both hear each other', async () => {
  const desk = await deskPhone(product, 'phone1', 1000)
  phones.push(desk)
  const first = await phoneOf('13900000003')
  await call(first)
  await first.press('2')
  await desk.waitFor('CALL_INCOMING', 1, 20_000)
  await desk.accept()
  await becomes(supervisor, { state: 'talking' }, 3)
  const second = await phoneOf('13900000004', 520)
  await call(second)
  await second.press('2')
  const waiting = await becomes(supervisor, { state: 'waiting' }, 4)
  await second.press('9')
  await second.waitFor('CALL_CLOSED', 1, 15_000)
  await becomes(supervisor, { state: 'closed', outcome: 'call-back' }, 4)
  const promised = (await tasks('call-back')).find((each) => each.contactNumber === 4)
  expect(promised?.placeSince).toBe(waiting.queuedAt)
  await first.hangUp()
  await becomes(supervisor, { state: 'wrap-up' }, 3)

  const admin = await logInAs(product, 'admin')
  await admin.ask('POST', '/trunks', {
    name: 'gateway',
    kind: 'address',
    host: '127.0.0.1',
    port: second.sipPort,
    outboundPatterns: ['139XXXXXXXX'],
  })
  const counsellor = await logInAs(product, 'counsellor3')
  await counsellor.finishWrapUp()
  const taken = await counsellor.ask<Task>('POST', `/tasks/${promised?.taskId}/take`)
  expect(taken.callerNumber).toBe('13900000004')
  await counsellor.ask('POST', `/tasks/${promised?.taskId}/dial`)
  await desk.waitFor('CALL_INCOMING', 2)
  await desk.accept()
  await second.waitFor('CALL_INCOMING')
  await second.accept()
  await until('the caller hears the counsellor', () => phoneHears(second, 1000) > 3000)
  await until('the counsellor hears the caller', () => phoneHears(desk, 520) > 3000)
  await becomes(supervisor, { state: 'talking' }, 4)
  await desk.hangUp()
  const page = await becomes(supervisor, { state: 'wrap-up', endedBy: 'counsellor', outcome: 'call-back' }, 4)
  await counsellor.ask('POST', `/tasks/${promised?.taskId}/finish`, { result: 'reached' })
  expect((await tasks('call-back')).map((each) => each.contactNumber)).toEqual([1])
  expect(page.recordings).toEqual([])
})
