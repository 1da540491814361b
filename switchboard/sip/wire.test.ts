import { expect, test } from 'vitest'
import { tagOf } from './message.ts'
import { invite, inDialog, line, respond, callLines, withOffer } from './raw-call.ts'
import { HandClock, requestText, until } from './raw-peer.ts'
import { aPeer, aStack, allOver, answering, dial, nobody, sdp, seeing } from './test-stack.ts'

test('100 comes at once, with rport and received; the 2xx is repeated until it is acknowledged', async () => {
  const callee = answering()
  const stack = await aStack(callee)
  const peer = await aPeer(stack)
  peer.send(invite(peer, 'repeat'))
  const trying = await peer.response(100)
  expect(trying.headers.get('via')).toContain(`;rport=${peer.port};received=127.0.0.1`)
  const first = await peer.response(200)
  await peer.response(200)
  await peer.response(200)
  peer.send(inDialog(peer, 'ACK', first, 1))
  await until(() => stack.counts().halfOpen === 0, 'the call is acknowledged')
  peer.send(inDialog(peer, 'BYE', first, 2))
  await until(() => callee.ends.length === 1, 'the call ends')
  await allOver(stack)
})

test('a call that is never acknowledged ends by timeout, with a BYE', async () => {
  const callee = answering()
  const stack = await aStack(callee)
  const peer = await aPeer(stack)
  peer.send(invite(peer, 'noack'))
  const bye = await peer.request('BYE')
  expect(callee.ends).toMatchObject([{ by: 'timeout', cause: 102 }])
  respond(peer, bye, 200, 'x')
  await allOver(stack)
})

test('a hang-up before the ACK waits for it: no BYE may come earlier', async () => {
  const callee = seeing((call) => {
    call.answer(sdp('answer'))
    call.hangup()
  })
  const stack = await aStack(callee)
  const peer = await aPeer(stack)
  peer.send(invite(peer, 'early'))
  const ok = await peer.response(200)
  await peer.response(200)
  expect(peer.count((m) => m.kind === 'request')).toBe(0)
  peer.send(inDialog(peer, 'ACK', ok, 1))
  respond(peer, await peer.request('BYE'), 200, 'x')
  await allOver(stack)
})

test('BYE before ACK, and BYE while it still rings: the call ends and nothing is left', async () => {
  const callee = seeing((call) => (call.dialled === '1001' ? call.answer(sdp('answer')) : call.ring()))
  const stack = await aStack(callee)
  const peer = await aPeer(stack)
  peer.send(invite(peer, 'byeack'))
  peer.send(inDialog(peer, 'BYE', await peer.response(200), 2))
  peer.send(
    requestText('INVITE', 'sip:1002@127.0.0.1', [...callLines(peer, 'ringbye'), ...withOffer], sdp('raw')),
  )
  peer.send(inDialog(peer, 'BYE', await peer.response(180), 2))
  expect((await peer.response(487)).headers.get('cseq')).toBe('1 INVITE')
  await until(() => callee.ends.length === 2, 'both end')
  expect(callee.ends.map(({ by }) => by)).toEqual(['remote', 'remote'])
  await allOver(stack)
})

test('CANCEL after the answer changes nothing; CANCEL for nothing is 481', async () => {
  const callee = answering()
  const stack = await aStack(callee)
  const peer = await aPeer(stack)
  peer.send(invite(peer, 'cross'))
  const ok = await peer.response(200)
  peer.send(inDialog(peer, 'ACK', ok, 1))
  await until(() => stack.counts().halfOpen === 0, 'acknowledged')
  peer.send(requestText('CANCEL', line, callLines(peer, 'cross', '1 CANCEL')))
  await until(() => peer.count((m) => m.headers.get('cseq') === '1 CANCEL') > 0, 'an answer to the CANCEL')
  expect(callee.calls[0]?.state).toBe('answered')
  peer.send(requestText('CANCEL', line, callLines(peer, 'unknown', '1 CANCEL')))
  expect((await peer.response(481)).headers.get('call-id')).toBe('unknown')
})

test('a retransmitted INVITE after the answer makes no second call', async () => {
  const callee = answering()
  const stack = await aStack(callee)
  const peer = await aPeer(stack)
  for (let i = 0; i < 3; i += 1) peer.send(invite(peer, 'again'))
  const ok = await peer.response(200)
  peer.send(invite(peer, 'again'))
  peer.send(inDialog(peer, 'ACK', ok, 1))
  await until(() => stack.counts().halfOpen === 0, 'acknowledged')
  expect(callee.calls.length).toBe(1)
})

test('the same INVITE by two ways is one call; the second way is told 482', async () => {
  const callee = answering()
  const stack = await aStack(callee)
  const peer = await aPeer(stack)
  peer.send(invite(peer, 'merged'))
  peer.send(invite(peer, 'merged').replace('z9hG4bKmerged', 'z9hG4bKother'))
  await peer.response(482)
  expect(callee.calls.length).toBe(1)
})

test.each([
  ['an unknown extension is required', ['Require: 100rel'], 420],
  ['the session interval is too small', [...withOffer, 'Supported: timer', 'Session-Expires: 30'], 422],
  ['the body is not SDP', ['Content-Type: text/plain'], 415],
  ['the body is compressed', [...withOffer, 'Content-Encoding: gzip'], 415],
  ['a call shall be replaced that is not there', [...withOffer, 'Replaces: x;to-tag=1;from-tag=2'], 481],
  ['Replaces is broken', [...withOffer, 'Replaces: x'], 400],
])('an INVITE is refused when %s', async (_, lines, status) => {
  const callee = answering()
  const stack = await aStack(callee)
  const peer = await aPeer(stack)
  peer.send(requestText('INVITE', line, [...callLines(peer, 'refused'), ...lines], sdp('raw')))
  const response = await peer.response()
  expect(response.status).toBe(status)
  if (status === 420) expect(response.headers.get('unsupported')).toBe('100rel')
  if (status === 422) expect(response.headers.get('min-se')).toBe('90')
  expect(callee.calls.length).toBe(0)
})

test.each([
  ['OPTIONS', line, 200],
  ['MESSAGE', line, 405],
  ['SUBSCRIBE', line, 405],
  ['DANCE', line, 501],
  ['INVITE', 'http://127.0.0.1/', 416],
  ['BYE', line, 481],
])('%s to %s outside a call is answered %i', async (method, uri, status) => {
  const stack = await aStack(nobody())
  const peer = await aPeer(stack)
  peer.send(requestText(method, uri, callLines(peer, 'outside', `1 ${method}`)))
  const response = await peer.response()
  expect(response.status).toBe(status)
  if (status === 405 || method === 'OPTIONS') expect(response.headers.get('allow')).toContain('INVITE')
})

test('an INVITE that names a dialog nobody knows is answered 481', async () => {
  const stack = await aStack(nobody())
  const peer = await aPeer(stack)
  peer.send(invite(peer, 'lost', [`To: <${line}>;tag=nobody`]))
  expect((await peer.response()).status).toBe(481)
})

test('an older number in a dialog is refused and the call goes on', async () => {
  const callee = answering()
  const stack = await aStack(callee)
  const peer = await aPeer(stack)
  peer.send(invite(peer, 'order').replace('CSeq: 1', 'CSeq: 10'))
  const ok = await peer.response(200)
  peer.send(inDialog(peer, 'ACK', ok, 10))
  peer.send(inDialog(peer, 'BYE', ok, 9))
  await peer.response(500)
  expect(callee.calls[0]?.state).toBe('answered')
  peer.send(inDialog(peer, 'BYE', ok, 11))
  await until(() => callee.ends.length === 1, 'it ends')
})

test('a stranger who guesses the Call-ID and one tag cannot end a call', async () => {
  const callee = answering()
  const stack = await aStack(callee)
  const peer = await aPeer(stack)
  peer.send(invite(peer, 'guess'))
  const ok = await peer.response(200)
  peer.send(inDialog(peer, 'ACK', ok, 1))
  peer.send(inDialog(peer, 'BYE', ok, 2, ['From: <sip:x@y>;tag=other']))
  await peer.response(481)
  expect(callee.ends).toEqual([])
})

test('a proxy on the way stays on the way, in both directions', async () => {
  const callee = answering()
  const stack = await aStack(callee)
  const peer = await aPeer(stack)
  const routes = ['Record-Route: <sip:10.0.0.1;lr>', 'Record-Route: <sip:10.0.0.2;lr>']
  peer.send(invite(peer, 'routed', routes))
  const ok = await peer.response(200)
  expect(ok.headers.list('record-route')).toEqual(['<sip:10.0.0.1;lr>', '<sip:10.0.0.2;lr>'])
  peer.send(inDialog(peer, 'ACK', ok, 1))
  await until(() => stack.counts().halfOpen === 0, 'acknowledged')
  callee.calls[0]?.hangup()
  const bye = await peer.request('BYE')
  expect(bye.headers.list('route')).toEqual(['<sip:10.0.0.1;lr>', '<sip:10.0.0.2;lr>'])
  expect(bye.uri).toBe(`sip:raw@127.0.0.1:${peer.port}`)
  respond(peer, bye, 200, 'x')
})

test('digits by INFO, in either form; an unreadable one is 400', async () => {
  const digits: string[] = []
  const callee = answering({ digit: (digit) => digits.push(digit) })
  const stack = await aStack(callee)
  const peer = await aPeer(stack)
  peer.send(invite(peer, 'info'))
  const ok = await peer.response(200)
  peer.send(inDialog(peer, 'ACK', ok, 1))
  const info = (cseq: number, type: string, body: string): void =>
    peer.send(
      inDialog(peer, 'INFO', ok, cseq, [`Content-Type: ${type}`]).replace(
        'Content-Length: 0\r\n\r\n',
        `Content-Length: ${body.length}\r\n\r\n${body}`,
      ),
    )
  info(2, 'application/dtmf-relay', 'Signal=5\r\nDuration=160\r\n')
  info(3, 'application/dtmf', '11')
  info(4, 'application/dtmf-relay', 'Signal=\r\n')
  await peer.response(400)
  expect(digits).toEqual(['5', '#'])
})

test('two phones answer one call: the second is acknowledged and hung up', async () => {
  const stack = await aStack(nobody())
  const peer = await aPeer(stack)
  const { call, outcome } = dial(stack, { kind: 'uri', uri: `sip:fork@127.0.0.1:${peer.port}` })
  const request = await peer.request('INVITE')
  const contact = `Contact: <sip:fork@127.0.0.1:${peer.port}>`
  respond(peer, request, 200, 'one', [contact])
  respond(peer, request, 200, 'two', [contact])
  await outcome
  const bye = await peer.request('BYE')
  expect(tagOf(bye.headers, 'to')).toBe('two')
  const acked = [await peer.request('ACK'), await peer.request('ACK')]
  expect(new Set(acked.map(({ headers }) => tagOf(headers, 'to')))).toEqual(new Set(['one', 'two']))
  // The 2xx again: its ACK must have been lost.
  respond(peer, request, 200, 'one', [contact])
  expect(tagOf((await peer.request('ACK')).headers, 'to')).toBe('one')
  expect(call.state).toBe('answered')
})

test('CANCEL is held back until the far end has answered something', async () => {
  const stack = await aStack(nobody())
  const peer = await aPeer(stack)
  const { call, end } = dial(stack, { kind: 'uri', uri: `sip:late@127.0.0.1:${peer.port}` })
  const request = await peer.request('INVITE')
  call.hangup()
  await end
  expect(peer.count((m) => m.kind === 'request' && m.method === 'CANCEL')).toBe(0)
  respond(peer, request, 180, 'one')
  const cancel = await peer.request('CANCEL')
  expect(cancel.headers.get('via')).toBe(request.headers.get('via'))
  respond(peer, cancel, 200, 'one')
  respond(peer, request, 487, 'one')
  expect((await peer.request('ACK')).headers.get('cseq')).toBe(
    request.headers.get('cseq')?.replace('INVITE', 'ACK'),
  )
  await allOver(stack)
})

test('a far end that says the call does not exist ends it', async () => {
  const callee = answering()
  const stack = await aStack(callee)
  const peer = await aPeer(stack)
  peer.send(invite(peer, 'gone'))
  peer.send(inDialog(peer, 'ACK', await peer.response(200), 1))
  await until(() => stack.counts().halfOpen === 0, 'acknowledged')
  const asked = expect(callee.calls[0]?.reinvite(sdp('hold'))).rejects.toMatchObject({ status: 481 })
  respond(peer, await peer.request('INVITE'), 481, 'x')
  await asked
  await until(() => callee.ends.length === 1, 'it ends')
})

test('P-Asserted-Identity, Diversion and Privacy are read', async () => {
  const callee = answering()
  const stack = await aStack(callee)
  const peer = await aPeer(stack)
  peer.send(
    invite(peer, 'identity', [
      'From: "Anonymous" <sip:anonymous@anonymous.invalid>;tag=1',
      'P-Asserted-Identity: "Anna" <tel:+86-138-0000-0000>',
      'Privacy: id',
      'Diversion: <sip:second@x>;reason=no-answer, <sip:12356@x>;reason=unconditional',
    ]),
  )
  await peer.response(200)
  expect(callee.calls[0]).toMatchObject({
    callerNumber: '+8613800000000',
    callerPrivate: true,
    numberTrusted: false,
    divertedFrom: '12356',
  })
})

test('a far end without session timers is asked whether it is there; its silence ends the call', async () => {
  const clock = new HandClock()
  const stack = await aStack(nobody(), { sessionSeconds: 90, clock })
  const peer = await aPeer(stack)
  const { call, end, outcome } = dial(stack, { kind: 'uri', uri: `sip:old@127.0.0.1:${peer.port}` })
  respond(peer, await peer.request('INVITE'), 200, 'one', [`Contact: <sip:old@127.0.0.1:${peer.port}>`])
  await outcome
  clock.pass(45_000)
  respond(peer, await peer.request('OPTIONS'), 200, 'one')
  // Without an answer the next thing to happen would be to ask again, after half a second.
  await until(() => clock.nextIn > 1000, 'the answer has come')
  expect(call.state).toBe('answered')
  clock.pass(45_000)
  await peer.request('OPTIONS')
  clock.pass(32_000)
  expect(await end).toMatchObject({ by: 'timeout', cause: 102 })
})

test('a re-INVITE that is cancelled before we answer leaves the call as it was', async () => {
  const answers: ((sdp: string) => void)[] = []
  const callee = answering({ offered: async () => new Promise((resolve) => answers.push(resolve)) })
  const stack = await aStack(callee)
  const peer = await aPeer(stack)
  peer.send(invite(peer, 'reinvite'))
  const ok = await peer.response(200)
  peer.send(inDialog(peer, 'ACK', ok, 1))
  const again = inDialog(peer, 'INVITE', ok, 2)
  peer.send(again)
  await until(() => answers.length === 1, 'the offer is shown')
  peer.send(again.replace('INVITE', 'CANCEL').replace('2 INVITE', '2 CANCEL'))
  expect((await peer.response(487)).headers.get('cseq')).toBe('2 INVITE')
  answers[0]?.(sdp('too late'))
  peer.send(inDialog(peer, 'OPTIONS', ok, 3))
  await until(() => peer.count((m) => m.headers.get('cseq') === '3 OPTIONS') > 0, 'the call is alive')
  expect(peer.count((m) => m.headers.get('cseq') === '2 INVITE')).toBe(0)
  expect(callee.calls[0]?.state).toBe('answered')
})

test('an offer of ours waits until our answer has been acknowledged', async () => {
  const callee = answering()
  const stack = await aStack(callee)
  const peer = await aPeer(stack)
  peer.send(invite(peer, 'patience'))
  const ok = await peer.response(200)
  const asked = callee.calls[0]?.reinvite(sdp('hold'))
  await peer.response(200)
  expect(peer.count((m) => m.kind === 'request')).toBe(0)
  peer.send(inDialog(peer, 'ACK', ok, 1))
  respond(peer, await peer.request('INVITE'), 200, 'x')
  expect(await asked).toBe('')
  await peer.request('ACK')
})
