import { createSocket } from 'node:dgram'
import type { Socket } from 'node:dgram'
import { once } from 'node:events'
import { expect, test } from 'vitest'
import type { OutboundCall, SipStack } from './contract.ts'
import { answerChallenge } from './digest.ts'
import type { SipResponse } from './message.ts'
import { parseMessage } from './message.ts'
import { fastClock, requestText, until } from './raw-peer.ts'
import type { Seen } from './test-stack.ts'
import { allOver, answering, aStack, dial, endsWithTest, nobody, sdp } from './test-stack.ts'

/** Where a live call comes from; every other address of 127/8 is a stranger. */
const carrierHost = '127.0.0.1'

interface Scene {
  readonly stack: SipStack
  readonly owner: Seen
  readonly live: OutboundCall
  /** The live call is as before, and another one can still be made. */
  readonly alive: () => Promise<void>
}

/** A stack that knows one carrier and has one live call from it. */
async function underAttack(limits = {}): Promise<Scene> {
  const owner = answering()
  const [stack, carrier] = [
    await aStack(owner, { host: '0.0.0.0', acceptAnonymous: false, trustLoopback: false, limits }),
    // Its patience is longer than that of the stack: on a busy machine an answer may take seconds.
    await aStack(nobody(), { clock: fastClock(4) }),
  ]
  stack.putTrunk({ id: 'carrier', kind: 'address', host: carrierHost, port: carrier.ports.sip })
  stack.putAccount({ user: 'phone1', secret: { password: 'secret' } })
  await new Promise((resolve) => setTimeout(resolve, 50))
  const target = { kind: 'uri', uri: `sip:1001@127.0.0.1:${stack.ports.sip}` } as const
  const { call: live, outcome } = dial(carrier, target)
  expect(await outcome).toBe(sdp('answer'))
  return {
    stack,
    owner,
    live,
    alive: async () => {
      expect(await live.isThere(30_000)).toBe(true)
      const next = dial(carrier, target)
      expect(await next.outcome).toBe(sdp('answer'))
      next.call.hangup()
    },
  }
}

/** A source of its own on loopback, that counts its answers. */
async function aStranger(host: string, answers: SipResponse[]): Promise<Socket> {
  const socket = createSocket('udp4')
  socket.on('message', (data) => {
    const message = parseMessage(data)
    if (message.kind === 'response') answers.push(message)
  })
  socket.bind(0, host)
  await once(socket, 'listening')
  endsWithTest({ stop: () => socket.close() })
  return socket
}

const strangers = async (count: number, answers: SipResponse[]): Promise<Socket[]> =>
  Promise.all(
    Array.from({ length: count }, async (_, i) => aStranger(`127.7.${i >> 8}.${(i & 255) + 1}`, answers)),
  )

const breathe = async (ms = 5): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

test.each(['OPTIONS', 'REGISTER', 'INVITE'])(
  'a flood of %s from sixty addresses: most is dropped unread, the live call and new ones go on',
  async (method) => {
    const limits = { strangerRate: 0.01, strangerBurst: 20, strangersRate: 0.1, strangersBurst: 300 }
    const { stack, owner, alive } = await underAttack(limits)
    const answers: SipResponse[] = []
    const sources = await strangers(60, answers)
    for (let round = 0; round < 30; round += 1) {
      for (const source of sources) source.send(requestText(method, 'sip:1001@127.0.0.1', []), stack.ports.sip, '127.0.0.1') // prettier-ignore
      await breathe(1)
    }
    await alive()
    expect(stack.counts().dropped).toBeGreaterThan(300)
    // 300 at once, and hardly any after that.
    expect(answers.length).toBeLessThan(400)
    expect(new Set(answers.map(({ status }) => status))).not.toContain(403)
    expect(owner.calls.length).toBe(2)
  },
)

test('INVITEs of strangers whose passwords are asked for leave nothing half open', async () => {
  const { stack, alive } = await underAttack()
  const answers: SipResponse[] = []
  for (const source of await strangers(20, answers))
    source.send(requestText('INVITE', 'sip:1001@127.0.0.1', []), stack.ports.sip, '127.0.0.1')
  await until(() => answers.filter(({ status }) => status === 407).length >= 20, 'all are asked')
  expect(stack.counts()).toMatchObject({ halfOpen: 0, dialogs: 1 })
  await alive()
})

test('half-open calls of many strangers leave room for those we know', async () => {
  const owner = answering()
  const limits = { halfOpen: 40, strangerHalfOpen: 2 }
  const stack = await aStack(owner, { host: '0.0.0.0', trustLoopback: false, limits })
  const carrier = await aStack(nobody())
  stack.putTrunk({ id: 'carrier', kind: 'address', host: carrierHost, port: carrier.ports.sip })
  const answers: SipResponse[] = []
  for (const source of await strangers(30, answers)) {
    for (let call = 0; call < 4; call += 1)
      source.send(requestText('INVITE', 'sip:1001@127.0.0.1', []), stack.ports.sip, '127.0.0.1')
  }
  await until(() => answers.filter(({ status }) => status === 503).length >= 85, 'the rest is refused')
  expect(stack.counts().halfOpen).toBe(30)
  const target = { kind: 'uri', uri: `sip:1001@127.0.0.1:${stack.ports.sip}` } as const
  const known = dial(carrier, target)
  expect(await known.outcome).toBe(sdp('answer'))
  known.call.hangup()
  await allOver(stack, carrier)
})

/** One guess: REGISTER, the challenge, REGISTER with an answer. Resolves with the final status. */
async function guess(
  source: Socket,
  answers: SipResponse[],
  stack: SipStack,
  user: string,
  password: string,
): Promise<number> {
  const id = `${user}${Math.random()}`
  const lines = [`Call-ID: ${id}`, `To: <sip:${user}@127.0.0.1>`, `From: <sip:${user}@127.0.0.1>;tag=g`]
  const send = (more: string[], number: number): void =>
    source.send(
      requestText('REGISTER', 'sip:127.0.0.1', [...lines, `CSeq: ${number} REGISTER`, ...more]),
      stack.ports.sip,
      '127.0.0.1',
    )
  const mine = (status: (status: number) => boolean) =>
    answers.find((one) => one.headers.get('call-id') === id && status(one.status))
  send([], 1)
  await until(() => mine((status) => status === 401) !== undefined, 'challenged')
  const challenge = mine((status) => status === 401)
  const proof = challenge && answerChallenge(challenge, 'REGISTER', 'sip:127.0.0.1', { user, password })
  send([`Authorization: ${proof?.value ?? ''}`], 2)
  await until(() => mine((status) => status !== 401) !== undefined, 'judged')
  return mine((status) => status !== 401)?.status ?? 0
}

test('one password tried on many users from one address: the right guess is of no use once it is too many', async () => {
  const { stack, alive } = await underAttack()
  const answers: SipResponse[] = []
  const source = await aStranger('127.8.0.1', answers)
  for (let user = 0; user < 29; user += 1)
    expect(await guess(source, answers, stack, `user${user}`, 'secret')).toBe(403)
  const wrong = guess(source, answers, stack, 'user29', 'secret')
  await breathe(40)
  expect(await guess(source, answers, stack, 'phone1', 'secret')).toBe(403)
  expect(await wrong).toBe(403)
  const elsewhere = await aStranger('127.8.0.2', answers)
  expect(await guess(elsewhere, answers, stack, 'phone1', 'secret')).toBe(200)
  await alive()
})

test('a phone that repeats a wrong password for ever does not hold up the other phones of its address', async () => {
  const { stack } = await underAttack()
  const answers: SipResponse[] = []
  const source = await aStranger('127.8.0.3', answers)
  for (let time = 0; time < 8; time += 1) {
    expect(await guess(source, answers, stack, 'broken', 'wrong')).toBe(403)
    expect(await guess(source, answers, stack, 'phone1', 'secret')).toBe(200)
  }
})

test('forged BYE, CANCEL, re-INVITE and ACK for a live call from another address do nothing to it', async () => {
  const { stack, owner, live, alive } = await underAttack()
  const answers: SipResponse[] = []
  const source = await aStranger('127.8.0.4', answers)
  const called = owner.calls[0]
  for (const method of ['BYE', 'CANCEL', 'INVITE', 'ACK', 'REFER', 'INFO']) {
    const lines = [
      `Call-ID: ${live.id}`,
      `CSeq: 9 ${method}`,
      'To: <sip:1001@127.0.0.1>;tag=guessed',
      'Refer-To: <sip:900@x>',
    ]
    source.send(requestText(method, 'sip:1001@127.0.0.1', lines), stack.ports.sip, '127.0.0.1')
  }
  await until(() => answers.length >= 5, 'all but the ACK are answered')
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([481]))
  expect(called?.state).toBe('answered')
  await alive()
})
