import { WebSocket } from 'ws'
import { expect, test } from 'vitest'
import type { Registration, SipHandlers, SipStack } from './contract.ts'
import type { Credentials } from './digest.ts'
import { answerChallenge } from './digest.ts'
import type { SipMessage, SipResponse } from './message.ts'
import { parseMessage } from './message.ts'
import type { RawPeer } from './raw-peer.ts'
import { requestText, until } from './raw-peer.ts'
import type { Seen } from './test-stack.ts'
import { aPeer, aStack, allOver, answering, dial, endsWithTest, nobody, sdp } from './test-stack.ts'

const registrar = 'sip:127.0.0.1'
const right: Credentials = { user: 'phone1', password: 'secret' }
let numbers = 0

interface Owner extends Seen, SipHandlers {
  readonly gone: [string, string][]
  readonly here: Registration[]
}

function watching(): Owner {
  const gone: [string, string][] = []
  const here: Registration[] = []
  return {
    ...answering(),
    gone,
    here,
    registered: (registration) => here.push(registration),
    unregistered: (registration, reason) => gone.push([registration.contact, reason]),
  }
}

async function aRegistrar(options = {}): Promise<{ owner: Owner; stack: SipStack; peer: RawPeer }> {
  const owner = watching()
  const stack = await aStack(owner, options)
  stack.putAccount({ user: 'phone1', secret: { password: 'secret' } })
  return { owner, stack, peer: await aPeer(stack) }
}

const register = (peer: RawPeer, lines: string[], user = 'phone1', method = 'REGISTER'): string => {
  numbers += 1
  return requestText(method, registrar, [
    `Via: SIP/2.0/UDP 127.0.0.1:${peer.port};branch=z9hG4bKr${numbers};rport`,
    `From: <sip:${user}@127.0.0.1>;tag=r`,
    `To: <sip:${user}@127.0.0.1>`,
    ...(lines.some((line) => line.startsWith('Call-ID')) ? [] : [`Call-ID: reg-${peer.port}`]),
    `CSeq: ${numbers} ${method}`,
    ...(lines.some((line) => line.startsWith('Contact') || line === '')
      ? lines
      : ['Contact: none', ...lines]),
  ]).replace('Contact: none\r\n', '')
}

const proof = (challenge: SipResponse, credentials = right): string => {
  const answer = answerChallenge(challenge, 'REGISTER', registrar, credentials)
  return `Authorization: ${answer?.value ?? ''}`
}

/** REGISTER, challenge, REGISTER with proof. */
async function registers(peer: RawPeer, lines: string[], credentials = right): Promise<SipResponse> {
  peer.send(register(peer, lines, credentials.user))
  const challenge = await peer.response(401)
  peer.send(register(peer, [...lines, proof(challenge, credentials)], credentials.user))
  return peer.response()
}

test('a phone registers by MD5 digest, is listed, renews, and unregisters', async () => {
  const { owner, peer, stack } = await aRegistrar()
  const contact = `Contact: <sip:phone1@127.0.0.1:${peer.port}>`
  peer.send(register(peer, [contact]))
  const challenge = await peer.response(401)
  expect(challenge.headers.all('www-authenticate')).toHaveLength(1)
  expect(challenge.headers.get('www-authenticate')).toContain('algorithm=MD5')
  peer.send(register(peer, [contact, 'Expires: 600', proof(challenge)]))
  const ok = await peer.response(200)
  expect(ok.headers.get('contact')).toMatch(/;expires=600$/)
  expect(stack.registrations('phone1')).toMatchObject([{ user: 'phone1', remote: { port: peer.port } }])
  expect((await registers(peer, [contact])).status).toBe(200)
  expect(owner.here).toHaveLength(2)
  await registers(peer, ['Contact: *', 'Expires: 0'])
  expect(stack.counts().registrations).toBe(0)
  expect(owner.gone).toEqual([[`sip:phone1@127.0.0.1:${peer.port}`, 'removed']])
})

test('a wrong password, an unknown user and another user’s name are refused alike', async () => {
  const { peer, stack } = await aRegistrar()
  const contact = `Contact: <sip:x@127.0.0.1:${peer.port}>`
  expect((await registers(peer, [contact], { user: 'phone1', password: 'wrong' })).status).toBe(403)
  expect((await registers(peer, [contact], { user: 'nobody', password: 'secret' })).status).toBe(403)
  stack.putAccount({ user: 'phone2', secret: { password: 'other' } })
  peer.send(register(peer, [contact], 'phone2'))
  const challenge = await peer.response(401)
  peer.send(register(peer, [contact, proof(challenge)], 'phone2'))
  expect((await peer.response()).status).toBe(403)
  expect(stack.counts().registrations).toBe(0)
})

test('a recorded REGISTER is no use a second time, and a foreign nonce is called stale', async () => {
  const { peer } = await aRegistrar()
  const contact = `Contact: <sip:phone1@127.0.0.1:${peer.port}>`
  peer.send(register(peer, [contact]))
  const challenge = await peer.response(401)
  const proved = proof(challenge)
  peer.send(register(peer, [contact, proved]))
  await peer.response(200)
  peer.send(register(peer, [contact, proved]))
  expect((await peer.response(401)).headers.get('www-authenticate')).toContain('stale=true')
  const forged = { ...challenge, headers: challenge.headers.copy() }
  forged.headers.set('www-authenticate', 'Digest realm="hearthline", nonce="a.b.c", qop="auth"')
  peer.send(register(peer, [contact, proof(forged)]))
  expect((await peer.response(401)).headers.get('www-authenticate')).toContain('stale=true')
})

test('guessing becomes slow, and the right password does not help while it is', async () => {
  const { peer } = await aRegistrar()
  const contact = `Contact: <sip:phone1@127.0.0.1:${peer.port}>`
  const wrong = { user: 'phone1', password: 'wrong' }
  const times: number[] = []
  for (let i = 0; i < 5; i += 1) {
    const begin = performance.now()
    expect((await registers(peer, [contact], wrong)).status).toBe(403)
    times.push(performance.now() - begin)
  }
  // 0, 250, 500, 1000, 2000 ms of the stack's time, which runs 20 times as fast.
  expect(times[4]).toBeGreaterThan(80)
  expect(times[4]).toBeGreaterThan(times[1] ?? 0)
  peer.send(register(peer, [contact]))
  const challenge = await peer.response(401)
  for (const password of ['wrong', 'secret']) {
    peer.send(
      register(peer, [contact, `Call-ID: ${password}`, proof(challenge, { user: 'phone1', password })]),
    )
  }
  expect([(await peer.response()).status, (await peer.response()).status]).toEqual([403, 403])
})

test('too short an expiry is 423; a registration that is not renewed ends', async () => {
  const { owner, peer, stack } = await aRegistrar({ limits: { minExpiresSeconds: 10 } })
  const contact = `Contact: <sip:phone1@127.0.0.1:${peer.port}>`
  const brief = await registers(peer, [`${contact};expires=5`])
  expect([brief.status, brief.headers.get('min-expires')]).toEqual([423, '10'])
  await registers(peer, [`${contact};expires=10`])
  expect(stack.counts().registrations).toBe(1)
  await until(() => owner.gone.length > 0, 'it expires')
  expect(owner.gone[0]?.[1]).toBe('expired')
})

test.each([
  ['* with another contact', ['Contact: *', 'Contact: <sip:a@b>', 'Expires: 0'], 400],
  ['* without Expires: 0', ['Contact: *', 'Expires: 60'], 400],
  ['an expiry that is no number', ['Contact: <sip:a@b>;expires=soon'], 400],
])('a REGISTER with %s is refused', async (_, lines, status) => {
  const { peer, stack } = await aRegistrar()
  expect((await registers(peer, lines)).status).toBe(status)
  expect(stack.counts().registrations).toBe(0)
})

test('an overtaken REGISTER changes nothing', async () => {
  const { peer } = await aRegistrar()
  const contact = `Contact: <sip:phone1@127.0.0.1:${peer.port}>`
  await registers(peer, [contact, 'Call-ID: same'])
  peer.send(register(peer, [contact]))
  const challenge = await peer.response(401)
  peer.send(register(peer, [contact, 'Call-ID: same', proof(challenge)]).replace(/CSeq: \d+/, 'CSeq: 1'))
  expect((await peer.response()).status).toBe(500)
})

test('one contact an account unless more are allowed: the newest one replaces the oldest', async () => {
  const { owner, peer, stack } = await aRegistrar()
  await registers(peer, ['Contact: <sip:a@127.0.0.1>'])
  await registers(peer, ['Contact: <sip:b@127.0.0.1>'])
  expect(stack.registrations('phone1').map(({ contact }) => contact)).toEqual(['sip:b@127.0.0.1'])
  expect(owner.gone).toEqual([['sip:a@127.0.0.1', 'replaced']])
  stack.putAccount({ user: 'phone1', secret: { password: 'secret' }, maxContacts: 2 })
  await registers(peer, ['Contact: <sip:c@127.0.0.1>'])
  expect(stack.registrations().map(({ contact }) => contact)).toEqual(['sip:c@127.0.0.1', 'sip:b@127.0.0.1'])
  stack.removeAccount('phone1')
  expect(owner.gone).toHaveLength(3)
})

test('a call to an account rings where it registered from, not where its Contact points', async () => {
  const { peer, stack } = await aRegistrar()
  expect(await dial(stack, { kind: 'account', user: 'phone1' }).end).toMatchObject({ status: 480, cause: 20 })
  await registers(peer, ['Contact: <sip:phone1@192.0.2.77:5060>'])
  const { call } = dial(stack, { kind: 'account', user: 'phone1' })
  expect((await peer.request('INVITE')).uri).toBe('sip:phone1@192.0.2.77:5060')
  expect(call.account).toBe('phone1')
})

test('an INVITE in the name of an account must prove it, even where strangers may call', async () => {
  const { owner, peer } = await aRegistrar()
  const lines = ['Content-Type: application/sdp', 'Contact: <sip:phone1@127.0.0.1>']
  const body = sdp('phone')
  const invite = (more: string[]): string =>
    register(peer, [...lines, ...more], 'phone1', 'INVITE').replace('Content-Length: 0\r\n\r\n', `Content-Length: ${body.length}\r\n\r\n${body}`) // prettier-ignore
  peer.send(invite([]))
  const challenge = await peer.response(407)
  const answer = answerChallenge(challenge, 'INVITE', registrar, right)
  peer.send(invite([`Proxy-Authorization: ${answer?.value ?? ''}`]))
  await peer.response(200)
  expect(owner.calls).toMatchObject([{ account: 'phone1', callerNumber: 'phone1', numberTrusted: true }])
})

test('where strangers may not call, every one of them is challenged alike and none gets through', async () => {
  const { owner, peer, stack } = await aRegistrar({ acceptAnonymous: false })
  for (const user of ['phone1', 'nobody']) {
    peer.send(register(peer, ['Contact: <sip:x@127.0.0.1>'], user, 'INVITE'))
    const challenge = await peer.response(407)
    const guess = answerChallenge(challenge, 'INVITE', registrar, { user, password: 'guess' })
    const value = `Proxy-Authorization: ${guess?.value ?? ''}`
    peer.send(register(peer, ['Contact: <sip:x@127.0.0.1>', value], user, 'INVITE'))
    expect((await peer.response()).status).toBe(403)
  }
  expect(owner.calls).toEqual([])
  stack.putTrunk({ id: 'carrier', kind: 'address', host: '127.0.0.1', port: peer.port })
  await until(() => stack.trunkStates()[0]?.state === 'ready', 'the trunk is ready')
  peer.send(register(peer, ['Contact: <sip:x@127.0.0.1>'], '13900000000', 'INVITE'))
  await peer.response(200)
  expect(owner.calls).toMatchObject([{ trunk: 'carrier', numberTrusted: true, callerNumber: '13900000000' }])
})

test('a browser registers over WebSocket, is called on it, calls on it, and is gone when it closes', async () => {
  const closed: string[][] = []
  const owner = { ...watching(), flowClosed: (flow: { accounts: string[] }) => closed.push(flow.accounts) }
  const stack = await aStack(owner, { wsPort: 0 })
  stack.putAccount({ user: 'phone1', secret: { password: 'secret' } })
  const socket = new WebSocket(`ws://127.0.0.1:${stack.ports.ws}/`, 'sip', {
    headers: { 'x-forwarded-for': '203.0.113.9' },
  })
  endsWithTest({ stop: () => socket.terminate() })
  const inbox: SipMessage[] = []
  socket.on('message', (data: Buffer) => inbox.push(parseMessage(data)))
  await new Promise((resolve) => socket.on('open', resolve))
  const next = async (status: number): Promise<SipResponse> => {
    const fits = (m: SipMessage): boolean => m.kind === 'response' && m.status === status
    await until(() => inbox.some(fits), `response ${status}`)
    return inbox.splice(inbox.findIndex(fits), 1)[0] as SipResponse
  }
  const browser = { port: 1 } as RawPeer
  const contact = 'Contact: <sip:a1b2@x.invalid;transport=ws>'
  socket.send(register(browser, [contact]).replaceAll('/UDP', '/WS'))
  socket.send(register(browser, [contact, proof(await next(401))]).replaceAll('/UDP', '/WS'))
  await next(200)
  expect(stack.registrations('phone1')[0]).toMatchObject({ remote: { transport: 'ws', host: '203.0.113.9' } })
  // The connection has proved itself: no second challenge.
  socket.send(register(browser, [contact], 'phone1', 'INVITE').replaceAll('/UDP', '/WS'))
  const ok = await next(200)
  expect(owner.calls[0]).toMatchObject({ account: 'phone1', offer: null })
  const { end } = dial(stack, { kind: 'account', user: 'phone1' })
  await until(() => inbox.some((m) => m.kind === 'request' && m.method === 'INVITE'), 'the browser is rung')
  socket.close()
  expect(await end).toMatchObject({ by: 'error' })
  await until(() => closed.length === 1, 'the flow is closed')
  expect(closed).toEqual([['phone1']])
  expect(owner.gone).toEqual([['sip:a1b2@x.invalid;transport=ws', 'closed']])
  // The call itself is for its owner to end: a browser may come back.
  expect(owner.calls[0]?.state).toBe('answered')
  expect(ok.headers.get('contact')).toContain('transport=ws')
})

test('WebSocket without the sip sub-protocol is refused', async () => {
  const stack = await aStack(nobody(), { wsPort: 0 })
  const socket = new WebSocket(`ws://127.0.0.1:${stack.ports.ws}/`)
  const error = await new Promise((resolve) => socket.on('error', resolve))
  expect(String(error)).toContain('401')
  expect(stack.counts().flows).toBe(0)
})

test('a trunk by registration: one stack registers with another, is called by it and calls through it', async () => {
  const carrierOwner = watching()
  const carrier = await aStack(carrierOwner, { realm: 'carrier', acceptAnonymous: false })
  carrier.putAccount({ user: 'line', secret: { password: 'trunk-secret' } })
  const states: (string | number | null)[][] = []
  const owner = {
    ...answering(),
    trunkState: (s: { state: string; status: number | null }) => states.push([s.state, s.status]),
  }
  const stack = await aStack(owner, { acceptAnonymous: false })
  const trunk = {
    id: 'carrier',
    kind: 'registration' as const,
    host: '127.0.0.1',
    port: carrier.ports.sip,
    username: 'line',
  }
  stack.putTrunk({ ...trunk, password: 'wrong' })
  await until(() => states.some(([state]) => state === 'failed'), 'the wrong password is told')
  stack.putTrunk({ ...trunk, password: 'trunk-secret' })
  await until(() => states.some(([state]) => state === 'registered'), 'the trunk registers')
  expect(states).toEqual([
    ['registering', null],
    ['failed', 403],
    ['registering', null],
    ['registered', 200],
  ])
  const inward = dial(carrier, { kind: 'account', user: 'line' })
  expect(await inward.outcome).toBe(sdp('answer'))
  expect(owner.calls[0]).toMatchObject({ trunk: 'carrier', numberTrusted: true, callerNumber: '13800000000' })
  const outward = dial(stack, { kind: 'trunk', trunk: 'carrier', number: '01012345678' })
  expect(await outward.outcome).toBe(sdp('answer'))
  expect(carrierOwner.calls[0]).toMatchObject({ account: 'line', dialled: '01012345678' })
  outward.call.hangup()
  inward.call.hangup()
  await allOver(stack, carrier)
})

test('too many calls without ACK: further ones are told 503, and there is room again when they end', async () => {
  const owner = watching()
  const stack = await aStack(owner, { limits: { halfOpen: 3 } })
  const peer = await aPeer(stack)
  const call = (name: string): void =>
    peer.send(register(peer, [`Call-ID: ${name}`, 'Contact: <sip:x@127.0.0.1>'], 'x', 'INVITE'))
  for (const name of ['one', 'two', 'three']) call(name)
  await until(() => stack.counts().halfOpen === 3, 'three are let in')
  call('four')
  expect((await peer.response(503)).headers.get('call-id')).toBe('four')
  expect(owner.calls).toHaveLength(3)
  await until(() => stack.counts().halfOpen === 0, 'nobody acknowledged')
})

test('a flood from one source is cut off unread', async () => {
  const stack = await aStack(nobody(), { limits: { knownRate: 1, knownBurst: 10 } })
  const peer = await aPeer(stack)
  for (let i = 0; i < 50; i += 1) peer.send(register(peer, [], 'x', 'OPTIONS'))
  await until(() => stack.counts().dropped >= 20, 'most are dropped')
  expect(peer.count(() => true)).toBeLessThan(30)
})

test('RFC 8760: where it is asked for, SHA-256 stands before MD5 and either proves the password', async () => {
  const { peer, stack } = await aRegistrar({ digests: ['SHA-256', 'MD5'] })
  const contact = `Contact: <sip:phone1@127.0.0.1:${peer.port}>`
  peer.send(register(peer, [contact]))
  const challenge = await peer.response(401)
  const offered = challenge.headers.all('www-authenticate')
  expect(offered.map((value) => /algorithm=([\w-]+)/.exec(value)?.[1])).toEqual(['SHA-256', 'MD5'])
  peer.send(register(peer, [contact, proof(challenge)]))
  expect((await peer.response()).status).toBe(200)
  challenge.headers.set('www-authenticate', offered[1] ?? '')
  peer.send(register(peer, [contact, proof(challenge).replace('nc=00000001', 'nc=00000001')]))
  // The same nonce with the same count: a recorded answer is no use under another algorithm either.
  expect((await peer.response()).status).toBe(401)
  expect((await registers(peer, [contact], { ...right, password: 'wrong' })).status).toBe(403)
  expect(stack.registrations('phone1')).toHaveLength(1)
})

test('RFC 8760: an answer by an algorithm that was not asked for proves nothing', async () => {
  const { peer } = await aRegistrar()
  const contact = `Contact: <sip:phone1@127.0.0.1:${peer.port}>`
  peer.send(register(peer, [contact]))
  const challenge = await peer.response(401)
  const value = challenge.headers.get('www-authenticate') ?? ''
  challenge.headers.set('www-authenticate', value.replace('MD5', 'SHA-256'))
  peer.send(register(peer, [contact, proof(challenge)]))
  expect((await peer.response()).status).toBe(401)
})

test('RFC 5626: two flows of one device are two ways, a new one takes the place of its own, and the 200 says so', async () => {
  const { peer, stack } = await aRegistrar()
  stack.putAccount({ user: 'phone1', secret: { password: 'secret' }, maxContacts: 2 })
  const flow = (port: number, id: number): string[] => [
    `Contact: <sip:phone1@127.0.0.1:${port};ob>;reg-id=${id};+sip.instance="<urn:uuid:0001>"`,
    'Supported: path, outbound',
  ]
  await registers(peer, flow(5001, 1))
  const second = await registers(peer, flow(5002, 2))
  expect(second.headers.get('require')).toBe('outbound')
  expect(second.headers.all('contact').map((contact) => /reg-id=\d/.exec(contact)?.[0])).toEqual(['reg-id=2', 'reg-id=1']) // prettier-ignore
  await registers(peer, flow(5003, 1))
  expect(stack.registrations('phone1').map(({ contact }) => contact)).toEqual([
    'sip:phone1@127.0.0.1:5003;ob',
    'sip:phone1@127.0.0.1:5002;ob',
  ])
  expect((await registers(peer, flow(5004, 0))).status).toBe(400)
})
