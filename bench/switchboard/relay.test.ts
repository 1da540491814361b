import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { setTimeout as pause } from 'node:timers/promises'
import { afterEach, expect, test } from 'vitest'
import { startRelay, type Relay } from './relay.ts'

let open: { close(): void }[] = []
afterEach(() => {
  for (const one of open) one.close()
  open = []
})

async function socket(heard: (text: string, from: number, own: Socket) => void): Promise<Socket> {
  const made = createSocket('udp4')
  made.on('message', (message, { port }) => heard(message.toString(), port, made))
  made.bind(0, '127.0.0.1')
  await once(made, 'listening')
  open.push(made)
  return made
}

async function echoBehind(loss: number): Promise<Relay> {
  const echo = await socket((text, from, own) => own.send(text, from, '127.0.0.1'))
  const relay = await startRelay(echo.address().port)
  relay.loss = loss
  open.push(relay)
  return relay
}

test('a relay takes answers back to whoever asked', async () => {
  const relay = await echoBehind(0)
  const heard: string[] = []
  const [one, two] = [
    await socket((text) => heard.push(`1${text}`)),
    await socket((text) => heard.push(`2${text}`)),
  ]
  one.send('a', relay.port, '127.0.0.1')
  two.send('b', relay.port, '127.0.0.1')
  await expect.poll(() => heard.toSorted()).toEqual(['1a', '2b'])
})

test('a relay that loses a fifth each way lets about two thirds of round trips through', async () => {
  const relay = await echoBehind(0.2)
  let heard = 0
  const one = await socket(() => (heard += 1))
  for (let sent = 0; sent < 1000; sent += 1) {
    one.send('x', relay.port, '127.0.0.1')
    if (sent % 20 === 0) await pause(1)
  }
  await expect.poll(() => heard).toBeGreaterThan(500)
  await pause(200)
  expect(heard).toBeLessThan(780)
})
