/* Each of the product's processes is killed in mid-call: nobody is dropped who need not be, nothing acknowledged is lost. */
import { existsSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from '@playwright/test'
import type { Board } from '../../api/board.ts'
import { startProduct, type Product } from '../product.ts'
import { contactsOf, logInAs, loudness, phoneHears, until, type Session } from './hotline.ts'
import { processesOf, processOf } from './innards.ts'
import { phoneMissing, startPhone, type Phone } from './phone.ts'
import { becomes, deskPhone, listen, pageOf, shortenPrompts, welcome } from './scene.ts'

test.skip(phoneMissing !== null, phoneMissing ?? '')
test.describe.configure({ mode: 'serial', timeout: 60_000 })

const [callerHz, deskHz] = [440, 1000]

let product: Product
let supervisor: Session
let counsellor: Session
let desk: Phone
let phones: Phone[] = []
let frozen = false
/** The contact whose recorder is killed. */
let cut = 0

test.beforeAll(async () => {
  product = await startProduct()
  supervisor = await logInAs(product, 'supervisor')
  counsellor = await logInAs(product, 'counsellor3')
  await shortenPrompts(product, [...welcome, 'survey', 'thanks'])
  desk = await deskPhone(product, 'phone1', deskHz)
})

test.afterEach(async () => {
  if (frozen) thaw()
  for (const phone of phones) await phone.stop()
  phones = []
})

test.afterAll(async () => {
  await desk?.stop()
  await product?.stop()
  // Started again on the same data by the last test, so the product does not take it for its own.
  if (product) rmSync(product.data, { recursive: true, force: true })
})

/** Nothing that dies is started again meanwhile: an outage as long as a test needs it. */
const freeze = (): void => {
  frozen = product.launcher.kill('SIGSTOP')
}
const thaw = (): void => {
  product.launcher.kill('SIGCONT')
  frozen = false
}

const phoneOf = async (user: string, toneHz = callerHz): Promise<Phone> => {
  const phone = await startPhone({ toneHz, user })
  phones.push(phone)
  return phone
}

const call = async (phone: Phone): Promise<void> => {
  await phone.dial(`sip:1001@127.0.0.1:${product.sipPort}`)
  await phone.waitFor('CALL_ESTABLISHED')
}

const hearEachOther = async (caller: Phone): Promise<void> => {
  await until('the counsellor hears the caller', () => phoneHears(desk, callerHz) > 3000)
  await until('the caller hears the counsellor', () => phoneHears(caller, deskHz) > 3000)
}

/** The sound of the next second and a half alone decides. */
const stillHearEachOther = async (caller: Phone): Promise<void> => {
  await sleep(1500)
  expect(phoneHears(desk, callerHz, 1000)).toBeGreaterThan(3000)
  expect(phoneHears(caller, deskHz, 1000)).toBeGreaterThan(3000)
}

/** Somebody calls, agrees to be recorded, and is answered at the desk phone. */
const talking = async (user: string): Promise<{ caller: Phone; number: number }> => {
  await counsellor.finishWrapUp()
  const caller = await phoneOf(user)
  const rings = desk.events().filter((event) => event === 'CALL_INCOMING').length
  await call(caller)
  await caller.press('1')
  await desk.waitFor('CALL_INCOMING', rings + 1, 20_000)
  await desk.accept()
  await hearEachOther(caller)
  const { number } = await becomes(supervisor, { state: 'talking', recorded: true })
  return { caller, number }
}

const settled = (number: number) =>
  until(
    'the recording is settled',
    async () => {
      const page = await pageOf(supervisor, number)
      const [recording] = page.recordings
      return recording !== undefined && recording.state !== 'running' && { page, recording }
    },
    30_000,
  )

const away = (what: () => Promise<unknown>) =>
  until(
    'it is back',
    () =>
      what().then(
        () => true,
        () => false,
      ),
    30_000,
  )

test('the server is killed: both talk on and are recorded, who calls meanwhile is kept, and the record is whole', async () => {
  const { caller, number } = await talking('13900000011')
  const since = Date.now()
  freeze()
  process.kill(processOf(product, 'server/main.ts'), 'SIGKILL')
  await stillHearEachOther(caller)
  const second = await phoneOf('13900000012', 520)
  await call(second)
  await until('there is something to hear', () => loudness(second) > 100)
  const still = Date.now()
  thaw()
  await away(() => supervisor.ask('GET', '/board'))
  await becomes(supervisor, { state: 'talking' }, number)
  const kept = await becomes(supervisor, { callerNumber: '••••0012', state: 'greeting' }, number + 1)
  expect(Date.parse(kept.startedAt), 'it came when it came').toBeLessThan(still)
  await second.press('2')
  await becomes(supervisor, { state: 'waiting', consent: 'refused' }, number + 1)
  expect(second.events()).not.toContain('CALL_CLOSED')
  await stillHearEachOther(caller)
  const talked = (Date.now() - since) / 1000
  await desk.hangUp()
  await becomes(supervisor, { state: 'survey' }, number)
  await caller.press('5')
  await caller.waitFor('CALL_CLOSED', 1, 15_000)
  await becomes(supervisor, { state: 'wrap-up', endedBy: 'counsellor', satisfaction: 5 }, number)
  const { recording } = await settled(number)
  expect(recording.state).toBe('kept')
  const sound = await listen(supervisor, recording.recordingId)
  expect(sound.tenthsWith('left', callerHz) / 10).toBeGreaterThan(talked * 0.9)
  expect(sound.tenthsWith('right', deskHz) / 10).toBeGreaterThan(talked * 0.9)

  const rings = desk.events().filter((event) => event === 'CALL_INCOMING').length
  await counsellor.finishWrapUp()
  await desk.waitFor('CALL_INCOMING', rings + 1, 20_000)
  expect(desk.rangFrom().at(-1)).toContain('13900000012')
  await second.hangUp()
  await becomes(supervisor, { state: 'closed', outcome: 'abandoned' }, number + 1)
})

test('the recorder is killed: the call goes on, and the next part of its recording follows', async () => {
  const { caller, number } = await talking('13900000013')
  // Sound is sealed in blocks of eight seconds; only the last, unsealed block of a killed recorder is lost.
  await sleep(9000)
  process.kill(processOf(product, 'recorder/main.ts'), 'SIGKILL')
  await stillHearEachOther(caller)
  await until('the next part is being recorded', () => partsOf(product).some((name) => name.includes('.2.')))
  await sleep(2000)
  await caller.hangUp()
  await becomes(supervisor, { state: 'wrap-up', endedBy: 'caller' }, number)
  cut = number
})

test('the database is killed: both talk on, and the record goes on when it is back', async () => {
  const { caller, number } = await talking('13900000014')
  process.kill(processOf(product, 'postgres'), 'SIGKILL')
  await stillHearEachOther(caller)
  await away(() => supervisor.ask('GET', '/board'))
  await stillHearEachOther(caller)
  await desk.hangUp()
  await caller.waitFor('CALL_CLOSED', 1, 20_000)
  await becomes(supervisor, { state: 'wrap-up', endedBy: 'counsellor' }, number)
  expect((await settled(number)).recording.state).toBe('kept')
})

test('the switchboard is killed: the contact is failed with the time, the board says so, who rings again goes first', async () => {
  const { number } = await talking('13900000015')
  const before = Date.now()
  process.kill(processOf(product, 'switchboard/main.ts'), 'SIGKILL')
  const page = await becomes(supervisor, { state: 'failed', outcome: 'failed', endedBy: 'system' }, number)
  expect(Math.abs(Date.parse(page.endedAt ?? '') - before)).toBeLessThan(5000)
  const board = await supervisor.ask<Board>('GET', '/board')
  expect(board.notices.map((notice) => notice.kind)).toContain('switchboard-lost')
  const other = await phoneOf('13900000016', 520)
  const again = await phoneOf('13900000015')
  await call(other)
  await other.press('2')
  await becomes(supervisor, { state: 'waiting' }, number + 1)
  await call(again)
  await again.press('2')
  await becomes(supervisor, { state: 'waiting' }, number + 2)
  const second = await deskPhone(product, 'phone2', 1500)
  phones.push(second)
  await second.waitFor('CALL_INCOMING', 1, 20_000)
  expect(second.rangFrom()[0]).toContain('13900000015')
  await second.accept()
  await until('the caller is helped', () => phoneHears(again, 1500) > 3000)
})

test('a recording whose recorder was killed is marked as truncated; both parts are audible', async () => {
  const { recording } = await settled(cut)
  expect(recording.state).toBe('truncated')
  const sound = await listen(supervisor, recording.recordingId)
  for (const [side, hz] of [
    ['left', callerHz],
    ['right', deskHz],
  ] as const)
    expect(sound.tenthsWith(side, hz), side).toBeGreaterThan(80 + 15)
})

test('the launcher is killed: nothing of it is left, and starting again has every contact', async () => {
  const known = await contactsOf(product)
  const pids = processesOf(product)
  expect(pids.length).toBeGreaterThan(4)
  product.launcher.kill('SIGKILL')
  await until('no process is left', () => pids.every((pid) => !existsSync(`/proc/${pid}`)), 30_000)
  const { data } = product
  product = await startProduct({ data })
  supervisor = await logInAs(product, 'supervisor')
  const now = await contactsOf(product)
  expect(now.map((each) => each.number)).toEqual(known.map((each) => each.number))
  expect(now.filter((each) => ['greeting', 'waiting', 'offered', 'talking'].includes(each.state))).toEqual([])
  expect(now.filter((each) => each.recorded)).toHaveLength(known.filter((each) => each.recorded).length)
})

const partsOf = ({ data }: Product): string[] =>
  readdirSync(join(data, 'recordings'), { recursive: true }).map(String)
