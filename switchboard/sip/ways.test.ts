import { expect, test } from 'vitest'
import type { CallEnd, CallTarget, SipStack, Trunk, TrunkState } from './contract.ts'
import type { SipRequest } from './message.ts'
import { respond } from './raw-call.ts'
import type { RawPeer } from './raw-peer.ts'
import { until } from './raw-peer.ts'
import { a, aNameServer, srv } from './test-name-server.ts'
import { allGone, allOver, answering, aPeer, aStack, dial, nobody, sdp } from './test-stack.ts'

const line: CallTarget = { kind: 'trunk', trunk: 'carrier', number: '12320' }

interface Carriers {
  readonly stack: SipStack
  readonly first: RawPeer
  readonly spare: RawPeer
  readonly states: TrunkState['state'][]
}

/** A trunk whose name leads to two addresses, the second of which is a spare. */
async function twoAddresses(more: Partial<Trunk> = {}): Promise<Carriers> {
  const answers: Record<string, Buffer[]> = { 'A sbc.test': [a('127.0.0.1')] }
  const states: TrunkState['state'][] = []
  const stack = await aStack(
    { ...nobody(), trunkState: ({ state }) => states.push(state) },
    { nameServers: [await aNameServer(answers)] },
  )
  const [first, spare] = [await aPeer(stack), await aPeer(stack)]
  answers['SRV _sip._udp.carrier.test'] = [
    srv(10, 0, first.port, 'sbc.test'),
    srv(20, 0, spare.port, 'sbc.test'),
  ]
  stack.putTrunk({ id: 'carrier', kind: 'address', host: 'carrier.test', transport: 'udp', ...more })
  return { stack, first, spare, states }
}

/** Takes a call by hand. */
const take = (peer: RawPeer, invite: SipRequest, name: string): void =>
  respond(peer, invite, 200, name, [`Contact: <sip:sbc@127.0.0.1:${peer.port}>`], sdp(name))

const came = (peer: RawPeer, method: string): number =>
  peer.count((message) => message.kind === 'request' && message.method === method)

const pause = async (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

test('RFC 3263 §4.3: where the first address of a trunk says nothing, the next one is called, and first by later calls', async () => {
  const { stack, first, spare } = await twoAddresses()
  const { outcome, call } = dial(stack, line)
  const silent = await first.request('INVITE')
  const invite = await spare.request('INVITE')
  expect(invite.headers.get('call-id')).toBe(silent.headers.get('call-id'))
  expect(invite.headers.get('via')).not.toBe(silent.headers.get('via'))
  take(spare, invite, 'spare')
  expect(await outcome).toBe(sdp('spare'))
  const number = (request: SipRequest) => request.headers.get('cseq')?.split(' ')[0]
  expect(number(await spare.request('ACK'))).toBe(number(invite))
  const asked = came(first, 'INVITE')
  const later = dial(stack, line)
  take(spare, await spare.request('INVITE'), 'later')
  expect(await later.outcome).toBe(sdp('later'))
  expect(came(first, 'INVITE')).toBe(asked)
  for (const one of [call, later.call]) {
    one.hangup()
    respond(spare, await spare.request('BYE'), 200, 'spare')
  }
  await allGone(stack)
})

test('an address that answers 503 is followed by the next one at once; any other refusal is the answer', async () => {
  const { stack, first, spare } = await twoAddresses()
  const one = dial(stack, line)
  respond(first, await first.request('INVITE'), 503, 'full')
  await first.request('ACK')
  respond(spare, await spare.request('INVITE'), 486, 'busy')
  expect(await one.outcome).toMatchObject({ status: 486 })
  await allOver(stack)
})

test('where every address refuses or is silent, the call ends with what the last one said', async () => {
  const { stack, first, spare } = await twoAddresses()
  const one = dial(stack, line)
  await first.request('INVITE')
  respond(spare, await spare.request('INVITE'), 503, 'full')
  expect(await one.outcome).toMatchObject({ by: 'remote', status: 503 })
  await allGone(stack)
})

test('an address that was given up and rings after all is cancelled; the call goes on at the next one', async () => {
  const { stack, first, spare } = await twoAddresses()
  const { outcome, call } = dial(stack, line)
  const late = await first.request('INVITE')
  const invite = await spare.request('INVITE')
  respond(first, late, 180, 'late')
  const cancel = await first.request('CANCEL')
  expect(cancel.headers.get('cseq')).toBe(late.headers.get('cseq')?.replace('INVITE', 'CANCEL'))
  respond(first, cancel, 200, 'late')
  respond(first, late, 487, 'late')
  take(spare, invite, 'spare')
  expect(await outcome).toBe(sdp('spare'))
  expect([call.state, came(spare, 'CANCEL')]).toEqual(['answered', 0])
})

test('an address that was given up and answers first has the call, and the other one stops ringing', async () => {
  const { stack, first, spare } = await twoAddresses()
  const { outcome, call } = dial(stack, line)
  const late = await first.request('INVITE')
  const invite = await spare.request('INVITE')
  respond(spare, invite, 180, 'spare')
  take(first, late, 'late')
  expect(await outcome).toBe(sdp('late'))
  respond(spare, await spare.request('CANCEL'), 200, 'spare')
  // Its answer crossed our CANCEL: it is a fork, acknowledged and ended.
  take(spare, invite, 'spare')
  expect((await spare.request('ACK')).headers.get('cseq')).toBe(invite.headers.get('cseq')?.replace('INVITE', 'ACK')) // prettier-ignore
  respond(spare, await spare.request('BYE'), 200, 'spare')
  expect(call.state).toBe('answered')
  call.hangup()
  respond(first, await first.request('BYE'), 200, 'late')
  await allGone(stack)
})

test('a caller who gives up at a silent address is called nowhere else', async () => {
  const { stack, first, spare } = await twoAddresses()
  const { call, end } = dial(stack, line)
  await first.request('INVITE')
  call.hangup()
  await end
  await allGone(stack)
  expect(came(spare, 'INVITE')).toBe(0)
})

test('G24-3.2.2b: the watch of a trunk finds the address that serves, so the trunk is not gone and no caller waits', async () => {
  const { stack, first, spare, states } = await twoAddresses({ watchSeconds: 30 })
  await first.request('OPTIONS')
  respond(spare, await spare.request('OPTIONS'), 200, 'spare')
  await pause(100)
  const { outcome } = dial(stack, line)
  take(spare, await spare.request('INVITE'), 'spare')
  expect(await outcome).toBe(sdp('spare'))
  expect(came(first, 'INVITE')).toBe(0)
  expect(states).toEqual(['ready'])
})

test('a connection that cannot be made is followed by the next address, for a name that is called as well', async () => {
  const answers: Record<string, Buffer[]> = { 'A sbc.test': [a('127.0.0.1')] }
  const stack = await aStack(nobody(), { nameServers: [await aNameServer(answers)] })
  const closed = await aStack(nobody())
  const callee = answering()
  const open = await aStack(callee)
  answers['SRV _sip._tcp.carrier.test'] = [
    srv(10, 0, closed.ports.sip, 'sbc.test'),
    srv(20, 0, open.ports.sip, 'sbc.test'),
  ]
  await closed.stop(0)
  const { outcome } = dial(stack, { kind: 'uri', uri: 'sip:12320@carrier.test;transport=tcp' })
  expect(await outcome).toBe(sdp('answer'))
  expect(callee.calls).toHaveLength(1)
})

test('a registration that the first address cannot serve is made at the next one', async () => {
  const login = { kind: 'registration', username: 'line', password: 'secret' } as const
  const { first, spare, states } = await twoAddresses(login)
  respond(first, await first.request('REGISTER'), 503, 'full')
  respond(spare, await spare.request('REGISTER'), 200, 'spare')
  await until(() => states.at(-1) === 'registered', 'it is registered')
})

test('a trunk of which nothing is heard is given up after the time allowed; what it answers later is ended', async () => {
  const stack = await aStack(nobody())
  const peer = await aPeer(stack)
  stack.putTrunk({ id: 'carrier', kind: 'address', host: '127.0.0.1', port: peer.port, transport: 'udp' })
  const ended = Promise.withResolvers<CallEnd>()
  const wanted = { from: { name: null, number: '12345' }, offer: sdp('offer'), silenceMs: 300 }
  const handlers = { answered: () => ended.reject(new Error('answered')), ended: ended.resolve }
  stack.call(line, wanted, handlers)
  const invite = await peer.request('INVITE')
  expect(await ended.promise).toMatchObject({ by: 'timeout', status: 408, cause: 18 })
  take(peer, invite, 'late')
  await peer.request('ACK')
  respond(peer, await peer.request('BYE'), 200, 'late')
  await allGone(stack)
})
