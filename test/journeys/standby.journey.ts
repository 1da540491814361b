/* Two servers on one database and one switchboard: the second waits, and has everything when the first dies. */
import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from '@playwright/test'
import { freePorts } from '../../launcher/ports.ts'
import { startPhone, type Phone } from '../../switchboard/testing/phone.ts'
import { startProduct, type Product } from '../product.ts'
import { latest, until } from './hotline.ts'
import { processOf } from './innards.ts'

const root = join(import.meta.dirname, '..', '..')

let product: Product
let second: ChildProcess
let secondWeb = ''
let phone: Phone

/** The environment of the product's own server, so that another one stands on the same ground. */
const environmentOf = (pid: number): NodeJS.ProcessEnv =>
  Object.fromEntries(
    readFileSync(`/proc/${pid}/environ`, 'utf8')
      .split('\0')
      .filter((entry) => entry.includes('=') && !entry.startsWith('NODE_CHANNEL'))
      .map((entry) => [entry.slice(0, entry.indexOf('=')), entry.slice(entry.indexOf('=') + 1)]),
  )

test.beforeAll(async () => {
  product = await startProduct()
  const env = environmentOf(processOf(product, 'server/main.ts'))
  const [port = 0] = await freePorts(1)
  secondWeb = `http://127.0.0.1:${port}`
  second = fork(join(root, 'server', 'main.ts'), [], {
    env: { ...env, HEARTHLINE_PORT: String(port) },
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
  const [message] = (await once(second, 'message')) as [{ type: string }]
  expect(message.type).toBe('ready')
  phone = await startPhone(product.sipPort)
})

test.afterAll(async () => {
  second?.kill('SIGKILL')
  product?.launcher.kill('SIGCONT')
  await phone?.stop()
  await product?.stop()
})

test('the server that waited takes over when the other is killed; the caller stays, and the record is one', async () => {
  const isReady = async (): Promise<boolean> => (await fetch(`${secondWeb}/readyz`)).ok
  expect(await isReady(), 'one server controls the switchboard, not two').toBe(false)
  const call = await phone.dial('1001', '13900004321')
  let isOver = false
  void call.ended.then(() => (isOver = true))
  await call.answered
  await sleep(1500)
  await call.sound.press('2')
  await until('the caller waits', async () => (await latest(product)).state === 'waiting')
  // Nothing that dies is started again meanwhile.
  product.launcher.kill('SIGSTOP')
  process.kill(processOf(product, 'server/main.ts'), 'SIGKILL')
  await until('the second is ready', isReady)
  expect(await latest(product)).toMatchObject({ number: 1, state: 'waiting', consent: 'refused' })
  expect(isOver).toBe(false)
  call.call.hangup()
  await until('the second has heard of it', async () => (await latest(product)).state === 'closed')
  expect(await latest(product)).toMatchObject({ number: 1, outcome: 'abandoned' })
})
