import { expect, test } from 'vitest'
import type { TrunkState } from './contract.ts'
import type { SipRequest } from './message.ts'
import { HandClock, until } from './raw-peer.ts'
import { aPeer, aStack, nobody } from './test-stack.ts'
import { TrunkWatch } from './trunk-watch.ts'

/** A response by hand: what must be repeated of the request, and a tag. */
const answerTo = ({ headers }: SipRequest, status: string): string =>
  [
    `SIP/2.0 ${status}`,
    ...headers.all('via').map((via) => `Via: ${via}`),
    `From: ${headers.get('from')}`,
    `To: ${headers.get('to')};tag=far`,
    `Call-ID: ${headers.get('call-id')}`,
    `CSeq: ${headers.get('cseq')}`,
    'Content-Length: 0',
    '',
    '',
  ].join('\r\n')

test('a silent trunk is asked twice before it counts as gone, then ever more seldom; one answer and it is back', () => {
  const clock = new HandClock()
  const asked: number[] = []
  const told: boolean[] = []
  let isThere = true
  const watch = new TrunkWatch({
    clock,
    every: 30_000,
    ask: (answered) => {
      asked.push(clock.now())
      if (isThere) answered(true)
      return () => undefined
    },
    changed: (now) => told.push(now),
  })
  clock.pass(60_000)
  expect(asked).toEqual([0, 30_000, 60_000])
  isThere = false
  clock.pass(95_000 - 60_000)
  expect(told).toEqual([])
  // Asked at 90 s and, after 4 s of patience and 2 s of pause, at 96 s.
  clock.pass(5_000)
  expect(told).toEqual([false])
  asked.length = 0
  clock.pass(150_000)
  expect(asked).toEqual([105_000, 119_000, 143_000, 177_000, 211_000, 245_000])
  isThere = true
  clock.pass(40_000)
  expect(told).toEqual([false, true])
  watch.stop()
  asked.length = 0
  clock.pass(100_000)
  expect(asked).toEqual([])
})

test('G24-3.2.2b: an address trunk that stops answering OPTIONS is told as failed, and as ready once it answers again', async () => {
  const states: TrunkState['state'][] = []
  const stack = await aStack({ ...nobody(), trunkState: ({ state }) => states.push(state) })
  const peer = await aPeer(stack)
  stack.putTrunk({ id: 'carrier', kind: 'address', host: '127.0.0.1', port: peer.port, watchSeconds: 2 })
  const first = await peer.request('OPTIONS')
  peer.send(answerTo(first, '404 Not Here'))
  await peer.request('OPTIONS')
  expect(states).toEqual(['ready'])
  await until(() => states.at(-1) === 'failed', 'the silent trunk is told')
  expect(stack.trunkStates()).toEqual([{ trunk: 'carrier', state: 'failed', status: 408 }])
  for (let answered = false; !answered; answered = states.at(-1) === 'ready') {
    peer.send(answerTo(await peer.request('OPTIONS'), '200 OK'))
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  stack.removeTrunk('carrier')
  await until(() => stack.counts().transactions === 0, 'nothing is left')
})

test('G24-3.2.2b: a registered trunk that dies is told within seconds, not at its next refresh, and registers again', async () => {
  const carrierOf = async (port: number) => {
    const carrier = await aStack(nobody(), { realm: 'carrier', port })
    carrier.putAccount({ user: 'line', secret: { password: 'secret' } })
    return carrier
  }
  const carrier = await carrierOf(0)
  const stack = await aStack(nobody())
  const login = { username: 'line', password: 'secret' }
  const { sip: port } = carrier.ports
  stack.putTrunk({ id: 'carrier', kind: 'registration', host: '127.0.0.1', port, ...login, watchSeconds: 2 })
  const becomes = (state: TrunkState['state']) =>
    until(() => stack.trunkStates()[0]?.state === state, `the trunk is ${state}`)
  await becomes('registered')
  await carrier.stop(0)
  await becomes('failed')
  expect(stack.trunkStates()[0]?.status).toBe(408)
  await carrierOf(port)
  await becomes('registered')
})
