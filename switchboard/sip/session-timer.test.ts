import { expect, test } from 'vitest'
import { Headers } from './headers.ts'
import { HandClock, requestText, until } from './raw-peer.ts'
import { agreedSession, grantSession } from './session-timer.ts'
import { allGone, answering, aPeer, aStack, dial, lineOf, nobody, sdp } from './test-stack.ts'

const headers = (fields: Record<string, string>): Headers => {
  const made = new Headers()
  for (const [name, value] of Object.entries(fields)) made.add(name, value)
  return made
}

test.each<[string, Record<string, string>, unknown]>([
  ['no timer at the far end', {}, { terms: { seconds: 1800, duty: 'probe' }, value: null, require: false }],
  ['it knows timers', { supported: 'timer' }, { terms: { seconds: 1800, duty: 'watch' }, value: '1800;refresher=uac', require: true }],
  ['it asks for one', { k: 'timer', x: '120' }, { terms: { seconds: 120, duty: 'watch' }, value: '120;refresher=uac', require: true }],
  ['it asks us to refresh', { k: 'timer', x: '90;refresher=uas' }, { terms: { seconds: 90, duty: 'refresh' }, value: '90;refresher=uas', require: false }],
  ['a proxy asks for it', { 'session-expires': '600' }, { terms: { seconds: 600, duty: 'refresh' }, value: '600;refresher=uas', require: false }],
  ['it asks for too little', { supported: 'timer', 'session-expires': '89' }, 'too small'],
])('terms we grant when %s', (_, fields, expected) => {
  expect(grantSession(headers(fields), 1800)).toEqual(expected)
}) // prettier-ignore

test.each<[Record<string, string>, unknown]>([
  [{}, { seconds: 1800, duty: 'probe' }],
  [{ 'session-expires': '600;refresher=uac' }, { seconds: 600, duty: 'refresh' }],
  [{ x: '600 ; Refresher=UAS' }, { seconds: 600, duty: 'watch' }],
  [{ 'session-expires': 'soon' }, { seconds: 1800, duty: 'probe' }],
])('terms a 2xx with %j sets', (fields, expected) => {
  expect(agreedSession(headers(fields), 1800)).toEqual(expected)
})

test.each([
  ['UPDATE', 'INVITE, ACK, BYE, UPDATE'],
  ['INVITE', 'INVITE, ACK, BYE'],
])('asked to be the refresher, we send %s to a peer that allows %s', async (method, allow) => {
  const clock = new HandClock()
  const callee = answering()
  const stack = await aStack(callee, { clock })
  const peer = await aPeer(stack)
  const lines = ['Content-Type: application/sdp', 'Supported: timer', 'Session-Expires: 90;refresher=uas']
  peer.send(requestText('INVITE', 'sip:1001@127.0.0.1', [...lines, `Allow: ${allow}`], sdp('raw')))
  // The Via of requestText names port 9 and asks for rport: answers come here all the same.
  const ok = await peer.response(200)
  expect(ok.headers.get('session-expires')).toBe('90;refresher=uas')
  const [callId, to] = [ok.headers.get('call-id'), ok.headers.get('to')]
  peer.send(requestText('ACK', 'sip:1001@127.0.0.1', [`Call-ID: ${callId}`, `To: ${to}`]))
  await until(() => stack.counts().halfOpen === 0, 'acknowledged')
  clock.pass(45_000)
  const refresh = await peer.request(method)
  expect(refresh.headers.get('session-expires')).toBe('90;refresher=uac')
  expect(refresh.body).toBe(method === 'UPDATE' ? '' : sdp('answer'))
})

test('a peer is asked whether it is still there: one that answers is, one that says nothing is not', async () => {
  const clock = new HandClock()
  const callee = answering()
  const stack = await aStack(callee, { clock })
  const peer = await aPeer(stack)
  peer.send(requestText('INVITE', 'sip:1001@127.0.0.1', ['Content-Type: application/sdp'], sdp('raw')))
  const ok = await peer.response(200)
  const [callId, to] = [ok.headers.get('call-id'), ok.headers.get('to')]
  peer.send(requestText('ACK', 'sip:1001@127.0.0.1', [`Call-ID: ${callId}`, `To: ${to}`]))
  await until(() => stack.counts().halfOpen === 0, 'acknowledged')
  const [call] = callee.calls
  const asked = call?.isThere(8_000)
  await peer.request('OPTIONS')
  clock.pass(8_000)
  expect(await asked).toBe(false)
  expect(callee.ends).toEqual([])

  const [caller, called] = [await aStack(nobody()), await aStack(answering())]
  const { call: live, outcome } = dial(caller, lineOf(called))
  await outcome
  expect(await live.isThere(8_000)).toBe(true)
  live.hangup()
  expect(await live.isThere(8_000)).toBe(false)
  await allGone(caller, called)
})
