import { expect, test } from 'vitest'
import type { Flow } from './flow.ts'
import { parseMessage, responseTo } from './message.ts'
import type { SipRequest } from './message.ts'
import { HandClock, requestText } from './raw-peer.ts'
import { inviteClient, inviteServer, otherClient, otherServer, timerLength } from './transaction-tables.ts'
import type { TimerName } from './transaction-tables.ts'
import type { ServerTransaction } from './transactions.ts'
import { Transactions } from './transactions.ts'

interface Bench {
  readonly clock: HandClock
  readonly sent: { at: number; text: string }[]
  readonly flow: Flow
  readonly transactions: Transactions
  readonly came: ServerTransaction[]
  readonly acks: SipRequest[]
}

function bench(transport: 'udp' | 'tcp'): Bench {
  const clock = new HandClock()
  const sent: Bench['sent'] = []
  const came: ServerTransaction[] = []
  const acks: SipRequest[] = []
  const flow: Flow = {
    id: 'x',
    transport,
    remoteHost: '127.0.0.1',
    remotePort: 9,
    localHost: '127.0.0.1',
    localPort: 5060,
    open: true,
    send: (text) => sent.push({ at: clock.now(), text }) > 0,
  }
  const owner = {
    request: (t: ServerTransaction) => came.push(t),
    ack: (r: SipRequest) => acks.push(r),
    strayResponse() {},
  }
  return { clock, sent, flow, came, acks, transactions: new Transactions(owner, clock) }
}

const request = (method: string, lines: string[] = []): SipRequest => {
  const message = parseMessage(Buffer.from(requestText(method, 'sip:1@127.0.0.1', lines)))
  if (message.kind !== 'request') throw new Error('a request was expected')
  return message
}

const withoutVia = (method: string): SipRequest => {
  const made = request(method)
  made.headers.remove('via')
  return made
}

const sentAt = (b: Bench): number[] => b.sent.map(({ at }) => at)

test('every state leads to the end, and every timer started is handled where it runs', () => {
  for (const table of [inviteClient, otherClient, inviteServer, otherServer]) {
    const states: Record<string, Record<string, readonly [string, readonly string[]]>> = table
    for (const [state, events] of Object.entries(states)) {
      expect(Object.values(events).some(([next]) => next !== state)).toBe(true)
      for (const [next, actions] of Object.values(events)) {
        for (const action of actions) {
          if (!action.startsWith('start ')) continue
          const handled = states[next]?.[`timer ${action.slice(6)}`]
          expect(handled, `${state} -> ${next}: ${action}`).toBeDefined()
        }
      }
    }
  }
})

test('over reliable transports nothing is repeated and nobody lingers', () => {
  const repeated: TimerName[] = ['A', 'E', 'G']
  const lingering: TimerName[] = ['D', 'I', 'J', 'K']
  const fatal: TimerName[] = ['B', 'F', 'H']
  for (const timer of repeated) expect(timerLength(timer, true, 0, false)).toBeNull()
  for (const timer of lingering) expect(timerLength(timer, true, 0, false)).toBe(0)
  for (const timer of fatal) expect(timerLength(timer, true, 0, false)).toBe(32_000)
})

test('INVITE over UDP that nobody answers: timer A doubles, timer B gives up at 32 s', () => {
  const b = bench('udp')
  const failures: string[] = []
  b.transactions.send(withoutVia('INVITE'), b.flow, { response() {}, failed: (why) => failures.push(why) })
  b.clock.pass(31_999)
  expect(sentAt(b)).toEqual([0, 500, 1500, 3500, 7500, 15_500, 31_500])
  expect(failures).toEqual([])
  b.clock.pass(1)
  expect(failures).toEqual(['timeout'])
  expect([b.transactions.count, b.clock.running]).toEqual([0, 0])
})

test('another request over UDP: timer E doubles up to 4 s, and is 4 s once there is a provisional answer', () => {
  const b = bench('udp')
  const sent = b.transactions.send(withoutVia('OPTIONS'), b.flow, { response() {}, failed() {} })
  b.clock.pass(11_400)
  expect(sentAt(b)).toEqual([0, 500, 1500, 3500, 7500])
  sent.receive(responseTo(sent.request, 100))
  b.clock.pass(8200)
  expect(sentAt(b).slice(5)).toEqual([11_500, 15_500, 19_500])
  sent.receive(responseTo(sent.request, 200))
  b.clock.pass(4999)
  expect(b.transactions.count).toBe(1)
  b.clock.pass(1)
  expect([b.transactions.count, b.clock.running]).toEqual([0, 0])
})

test('a refused INVITE is acknowledged, again for every repetition, for 32 s', () => {
  const b = bench('udp')
  const statuses: number[] = []
  const owner = { response: (r: { status: number }) => statuses.push(r.status), failed() {} }
  const sent = b.transactions.send(withoutVia('INVITE'), b.flow, owner)
  for (let i = 0; i < 3; i += 1) sent.receive(responseTo(sent.request, 486, 'there'))
  expect(statuses).toEqual([486])
  const acks = b.sent.slice(1)
  expect(acks).toHaveLength(3)
  expect(acks[0]?.text).toMatch(/^ACK sip:1@127\.0\.0\.1 SIP\/2\.0\r\n/)
  expect(acks[0]?.text).toContain(sent.request.headers.get('via'))
  expect(acks[0]?.text).toContain(';tag=there')
  b.clock.pass(32_000)
  expect([b.transactions.count, b.clock.running]).toEqual([0, 0])
})

test('over TCP a refused INVITE is over at once, an accepted one stays for further forks', () => {
  const b = bench('tcp')
  const refused = b.transactions.send(withoutVia('INVITE'), b.flow, { response() {}, failed() {} })
  refused.receive(responseTo(refused.request, 486, 'there'))
  expect(b.transactions.count).toBe(0)
  const tags: unknown[] = []
  const owner = {
    response: (r: { headers: { get(n: string): unknown } }) => tags.push(r.headers.get('to')),
    failed() {},
  }
  const accepted = b.transactions.send(withoutVia('INVITE'), b.flow, owner)
  for (const tag of ['one', 'two', 'one']) accepted.receive(responseTo(accepted.request, 200, tag))
  expect(tags).toHaveLength(3)
  b.clock.pass(32_000)
  expect([b.transactions.count, b.clock.running]).toEqual([0, 0])
})

test('our refusal is repeated until its ACK (timer G), which then is absorbed for 5 s (timer I)', () => {
  const b = bench('udp')
  const invite = request('INVITE')
  b.transactions.receive(invite, b.flow)
  b.came[0]?.answer(486)
  b.clock.pass(12_000)
  expect(sentAt(b)).toEqual([0, 500, 1500, 3500, 7500, 11_500])
  const ack = request('ACK', [`Via: ${invite.headers.get('via') ?? ''}`])
  b.transactions.receive(ack, b.flow)
  b.transactions.receive(ack, b.flow)
  b.clock.pass(4999)
  expect([b.sent.length, b.transactions.count, b.acks.length]).toEqual([6, 1, 0])
  b.clock.pass(1)
  expect([b.transactions.count, b.clock.running]).toEqual([0, 0])
})

test('our refusal that nobody acknowledges: timer H tells it after 32 s', () => {
  const b = bench('udp')
  b.transactions.receive(request('INVITE'), b.flow)
  const failures: string[] = []
  const [transaction] = b.came
  if (transaction) transaction.onFailed = (why) => failures.push(why)
  transaction?.answer(486)
  b.clock.pass(32_000)
  expect([failures, b.transactions.count, b.clock.running]).toEqual([['timeout'], 0, 0])
})

test('a repeated request gets the same answer and is shown once, for 32 s over UDP (timer J)', () => {
  const b = bench('udp')
  const options = request('OPTIONS')
  for (let i = 0; i < 2; i += 1) b.transactions.receive(options, b.flow)
  b.came[0]?.answer(200)
  for (let i = 0; i < 2; i += 1) b.transactions.receive(options, b.flow)
  expect(b.came).toHaveLength(1)
  expect(new Set(b.sent.map(({ text }) => text)).size).toBe(1)
  expect(b.sent).toHaveLength(3)
  b.clock.pass(32_000)
  expect([b.transactions.count, b.clock.running]).toEqual([0, 0])
})

test('a request whose owner never answers is forgotten after 32 s', () => {
  const b = bench('udp')
  b.transactions.receive(request('REFER'), b.flow)
  b.clock.pass(32_000)
  expect([b.transactions.count, b.clock.running]).toEqual([0, 0])
})

test('a broken connection fails what waits on it, once, and leaves no timer', async () => {
  const b = bench('tcp')
  const failures: string[] = []
  const owner = { response() {}, failed: (why: string) => failures.push(why) }
  b.transactions.send(withoutVia('INVITE'), b.flow, owner)
  b.transactions.send(withoutVia('BYE'), b.flow, owner)
  b.transactions.flowClosed(b.flow)
  expect(failures).toEqual(['transport', 'transport'])
  b.transactions.send(withoutVia('BYE'), { ...b.flow, send: () => false }, owner)
  expect(failures).toHaveLength(2) // not before `send` has returned
  await Promise.resolve()
  expect(failures).toHaveLength(3)
  expect([b.transactions.count, b.clock.running]).toEqual([0, 0])
})
