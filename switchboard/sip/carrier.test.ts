import { expect, test } from 'vitest'
import type { SipStack } from './contract.ts'
import type { SipRequest, SipResponse } from './message.ts'
import { callLines, inDialog, invite, line, respond, withOffer } from './raw-call.ts'
import type { RawPeer } from './raw-peer.ts'
import { HandClock, requestText, until } from './raw-peer.ts'
import type { Dialled } from './test-stack.ts'
import { allGone, allOver, answering, aPeer, aStack, dial, nobody, sdp, seeing } from './test-stack.ts'

interface CalledOut extends Dialled {
  readonly stack: SipStack
  readonly carrier: RawPeer
  readonly request: SipRequest
  readonly contact: string
}

/** A call of ours to a carrier that writes its answers by hand. */
async function callingOut(more = {}, options = {}): Promise<CalledOut> {
  const stack = await aStack(nobody(), options)
  const carrier = await aPeer(stack)
  const dialled = dial(stack, { kind: 'uri', uri: `sip:out@127.0.0.1:${carrier.port}` }, more)
  const request = await carrier.request('INVITE')
  return { ...dialled, stack, carrier, request, contact: `Contact: <sip:sbc@127.0.0.1:${carrier.port}>` }
}

/** A call of the carrier to us, answered and acknowledged. */
async function calledIn(
  name: string,
  more = {},
  options = {},
): Promise<{ stack: SipStack; peer: RawPeer; ok: SipResponse; callee: ReturnType<typeof answering> }> {
  const callee = answering(more)
  const stack = await aStack(callee, options)
  const peer = await aPeer(stack)
  peer.send(invite(peer, name))
  const ok = await peer.response(200)
  peer.send(inDialog(peer, 'ACK', ok, 1))
  await until(() => stack.counts().halfOpen === 0, 'acknowledged')
  return { stack, peer, ok, callee }
}

test('a call out through two proxies that stay on the way: ACK and BYE name them, nearest first', async () => {
  const { carrier, request, contact, call, outcome, stack } = await callingOut()
  const proxies = [`<sip:10.9.9.9;lr>`, `<sip:127.0.0.1:${carrier.port};lr>`]
  respond(carrier, request, 200, 'far', [`Record-Route: ${proxies.join(', ')}`, contact], sdp('far'))
  await outcome
  const ack = await carrier.request('ACK')
  expect(ack.headers.list('route')).toEqual([...proxies].reverse())
  call.hangup()
  const bye = await carrier.request('BYE')
  expect(bye.headers.list('route')).toEqual([...proxies].reverse())
  expect(bye.uri).toBe(`sip:sbc@127.0.0.1:${carrier.port}`)
  respond(carrier, bye, 200, 'far')
  await allOver(stack)
})

test('a strict router of old finds itself in the request line, and the far end last in Route', async () => {
  const { carrier, request, contact, call, outcome } = await callingOut()
  const router = `sip:127.0.0.1:${carrier.port}`
  respond(carrier, request, 200, 'far', [`Record-Route: <${router}>`, contact], sdp('far'))
  await outcome
  call.hangup()
  const bye = await carrier.request('BYE')
  expect(bye.uri).toBe(router)
  expect(bye.headers.list('route')).toEqual([`<sip:sbc@127.0.0.1:${carrier.port}>`])
  respond(carrier, bye, 200, 'far')
})

test('early media is told, and a 200 that does not repeat its SDP is answered by it', async () => {
  const heard: (string | null)[] = []
  const { carrier, request, contact, outcome } = await callingOut({
    ringing: (early: string | null) => heard.push(early),
  })
  respond(carrier, request, 183, 'one', [contact], sdp('announcement one'))
  respond(carrier, request, 183, 'two', [contact], sdp('announcement two'))
  respond(carrier, request, 200, 'one', [contact])
  expect(await outcome).toBe(sdp('announcement one'))
  expect(heard).toEqual([sdp('announcement one'), sdp('announcement two')])
})

/** An INVITE without an offer, answered with ours and not yet acknowledged. */
async function offerless(answers: (string | null)[]) {
  const callee = seeing((call) => call.answer(sdp('our offer')), {
    acked: (sdp) => void answers.push(sdp),
  })
  const stack = await aStack(callee)
  const peer = await aPeer(stack)
  peer.send(requestText('INVITE', line, callLines(peer, 'offerless')))
  const ok = await peer.response(200)
  expect(callee.calls[0]?.offer).toBeNull()
  expect(ok.body).toBe(sdp('our offer'))
  return { stack, peer, ok, callee }
}

test('a far end that sends us elsewhere (302) is not followed: whom to call is decided here, by who may be called', async () => {
  const { stack, carrier, request, outcome } = await callingOut()
  const costly = await aPeer(stack)
  respond(carrier, request, 302, 'moved', [`Contact: <sip:0190@127.0.0.1:${costly.port}>`])
  await carrier.request('ACK')
  expect(await outcome).toMatchObject({ by: 'remote', status: 302 })
  await allGone(stack)
  expect(costly.count(() => true)).toBe(0)
})

test('an offerless INVITE gets our offer in the 200, and the answer in its ACK is told', async () => {
  const answers: (string | null)[] = []
  const { peer, ok } = await offerless(answers)
  peer.send(inDialog(peer, 'ACK', ok, 1, withOffer, sdp('their answer')))
  await until(() => answers.length === 1, 'the answer came')
  expect(answers).toEqual([sdp('their answer')])
})

test('an offerless INVITE whose ACK brings no answer is ended with BYE, for nobody would hear anything', async () => {
  const answers: (string | null)[] = []
  const { stack, peer, ok, callee } = await offerless(answers)
  peer.send(inDialog(peer, 'ACK', ok, 1))
  const bye = await peer.request('BYE')
  expect(bye.headers.get('reason')).toBe('Q.850;cause=111')
  respond(peer, bye, 200, 'raw1')
  await allOver(stack)
  expect(callee.ends).toEqual([{ by: 'error', status: null, cause: 111, reason: null }])
  expect(answers).toEqual([])
})

test('an offerless re-INVITE whose ACK brings no answer leaves the talk as it was', async () => {
  const answers: (string | null)[] = []
  const more = { offered: () => sdp('ours'), acked: (sdp: string | null) => void answers.push(sdp) }
  const { peer, ok, callee } = await calledIn('unanswered', more)
  peer.send(inDialog(peer, 'INVITE', ok, 2))
  const again = await peer.responseTo('2 INVITE')
  peer.send(inDialog(peer, 'ACK', again, 2))
  await until(() => answers.length === 2, 'it was acknowledged')
  expect(callee.calls[0]?.state).toBe('answered')
  peer.send(inDialog(peer, 'OPTIONS', ok, 3))
  expect((await peer.responseTo('3 OPTIONS')).status).toBe(200)
})

test('an offerless re-INVITE gets our offer, and its answer too is told', async () => {
  const answers: (string | null)[] = []
  const more = { offered: () => sdp('ours'), acked: (sdp: string | null) => void answers.push(sdp) }
  const { peer, ok } = await calledIn('reoffer', more)
  peer.send(inDialog(peer, 'INVITE', ok, 2))
  const again = await peer.responseTo('2 INVITE')
  expect(again.body).toBe(sdp('ours'))
  peer.send(inDialog(peer, 'ACK', again, 2, withOffer, sdp('theirs')))
  await until(() => answers.length === 2, 'the answer came')
  expect(answers).toEqual([null, sdp('theirs')])
})

test('in a glare the peer’s offer is told 491, by re-INVITE or UPDATE, and an UPDATE without one is answered', async () => {
  const { peer, ok, callee } = await calledIn('glare', { offered: () => sdp('ours') })
  const asked = callee.calls[0]?.reinvite(sdp('hold'))
  const ours = await peer.request('INVITE')
  peer.send(inDialog(peer, 'INVITE', ok, 2, withOffer, sdp('theirs')))
  expect((await peer.responseTo('2 INVITE')).status).toBe(491)
  peer.send(inDialog(peer, 'UPDATE', ok, 3, withOffer, sdp('theirs')))
  expect((await peer.responseTo('3 UPDATE')).status).toBe(491)
  peer.send(inDialog(peer, 'UPDATE', ok, 4, ['Supported: timer', 'Session-Expires: 900;refresher=uac']))
  const refreshed = await peer.responseTo('4 UPDATE')
  expect([refreshed.status, refreshed.headers.get('session-expires')]).toEqual([200, '900;refresher=uac'])
  respond(peer, ours, 200, 'raw1', [`Contact: <sip:raw@127.0.0.1:${peer.port}>`], sdp('answer'))
  expect(await asked).toBe(sdp('answer'))
})

test('a second offer before the first is answered is told to come again later', async () => {
  const answer = Promise.withResolvers<string>()
  const { peer, ok } = await calledIn('second', { offered: async () => answer.promise })
  peer.send(inDialog(peer, 'INVITE', ok, 2, withOffer, sdp('first')))
  peer.send(inDialog(peer, 'UPDATE', ok, 3, withOffer, sdp('second')))
  const later = await peer.responseTo('3 UPDATE')
  expect([later.status, later.headers.get('retry-after')]).toEqual([500, '1'])
  answer.resolve(sdp('answer'))
  expect((await peer.responseTo('2 INVITE')).body).toBe(sdp('answer'))
})

test('before our answer another INVITE in the dialog waits, and an UPDATE without an offer is answered', async () => {
  const callee = seeing((call) => call.ring())
  const stack = await aStack(callee)
  const peer = await aPeer(stack)
  peer.send(invite(peer, 'early'))
  const ringing = await peer.response(180)
  peer.send(inDialog(peer, 'INVITE', ringing, 2, withOffer, sdp('again')))
  const later = await peer.responseTo('2 INVITE')
  expect([later.status, later.headers.get('retry-after')]).toEqual([500, '1'])
  peer.send(inDialog(peer, 'UPDATE', ringing, 3))
  expect((await peer.responseTo('3 UPDATE')).status).toBe(200)
  callee.calls[0]?.answer(sdp('answer'))
  expect((await peer.response(200)).headers.get('cseq')).toBe('1 INVITE')
})

test('a 2xx of a second fork that comes after the first was hung up is acknowledged and hung up as well', async () => {
  const { carrier, request, contact, outcome, call } = await callingOut()
  respond(carrier, request, 200, 'one', [contact], sdp('one'))
  await outcome
  call.hangup()
  respond(carrier, await carrier.request('BYE'), 200, 'one')
  respond(carrier, request, 200, 'two', [contact], sdp('two'))
  expect((await carrier.request('BYE')).headers.get('to')).toContain('tag=two')
})

const timed = ['Supported: timer', 'Session-Expires: 90;refresher=uas']

/** A call in which we refresh, every 45 s of the clock given. */
async function refreshing(allow: string): Promise<{ peer: RawPeer; clock: HandClock; stack: SipStack }> {
  const clock = new HandClock()
  const stack = await aStack(answering(), { clock })
  const peer = await aPeer(stack)
  peer.send(requestText('INVITE', line, [...timed, ...withOffer, `Allow: ${allow}`], sdp('raw')))
  const ok = await peer.response(200)
  const id = [`Call-ID: ${ok.headers.get('call-id')}`, `To: ${ok.headers.get('to')}`]
  peer.send(requestText('ACK', line, id))
  await until(() => stack.counts().halfOpen === 0, 'acknowledged')
  clock.pass(45_000)
  return { peer, clock, stack }
}

test.each([
  ['UPDATE', 'INVITE, ACK, BYE, UPDATE'],
  ['INVITE', 'INVITE, ACK, BYE'],
])(
  'a refresh by %s that is told the interval is too small asks for the longer one',
  async (method, allow) => {
    const { peer } = await refreshing(allow)
    respond(peer, await peer.request(method), 422, 'x', ['Min-SE: 600'])
    const longer = await peer.request(method)
    expect(longer.headers.get('session-expires')).toBe('600;refresher=uac')
    expect(longer.headers.get('min-se')).toBe('600')
  },
)

test('a refresh that is refused for now is tried again before the session ends, and the call lives on', async () => {
  const { peer, clock, stack } = await refreshing('INVITE, ACK, BYE, UPDATE')
  respond(peer, await peer.request('UPDATE'), 503, 'x')
  const { transactions } = stack.counts()
  await until(() => stack.counts().transactions <= transactions, 'the refusal came')
  await new Promise((resolve) => setTimeout(resolve, 50))
  clock.pass(5_000)
  respond(peer, await peer.request('UPDATE'), 200, 'x', ['Session-Expires: 90;refresher=uac'])
  await new Promise((resolve) => setTimeout(resolve, 50))
  clock.pass(44_000)
  expect(stack.counts().dialogs).toBe(1)
})

test('a peer whose UPDATE turns out not to be served is refreshed by re-INVITE', async () => {
  const { peer } = await refreshing('INVITE, ACK, BYE, UPDATE')
  respond(peer, await peer.request('UPDATE'), 405, 'x')
  expect((await peer.request('INVITE')).headers.get('session-expires')).toBe('90;refresher=uac')
})
