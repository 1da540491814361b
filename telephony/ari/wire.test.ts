import { expect, test } from 'vitest'
import { SwitchboardError } from '../switchboard-error.ts'
import { seatObjects, trunkObjects } from './devices.ts'
import { deviceOf, recordingIds, recordingPart } from './names.ts'
import { mergedTags, readNote } from './note.ts'
import { mediaOf } from './rooms.ts'
import { eventsAddress } from './socket.ts'
import { readMessage, refusal, restRequest, settled } from './wire.ts'

test('a request is written as Asterisk reads it over the events socket', () => {
  const written = restRequest(
    '7',
    'POST',
    'channels/x/play/p',
    { media: 'sound:/a,sound:/b', lang: undefined },
    undefined,
  )
  expect(JSON.parse(written)).toEqual({
    type: 'RESTRequest',
    request_id: '7',
    method: 'POST',
    uri: 'channels/x/play/p',
    query_strings: [{ name: 'media', value: 'sound:/a,sound:/b' }],
  })
  const withBody: unknown = JSON.parse(restRequest('8', 'POST', 'channels/x', {}, { variables: { A: '"' } }))
  expect(withBody).toEqual({
    type: 'RESTRequest',
    request_id: '8',
    method: 'POST',
    uri: 'channels/x',
    content_type: 'application/json',
    message_body: '{"variables":{"A":"\\""}}',
  })
})

test('an answer is told from an event, its body is read, and nonsense is nothing', () => {
  // As Asterisk 22 answers GET channels/x/variable.
  const answer =
    '{"type":"RESTResponse","transaction_id":"","request_id":"3","status_code":200,"reason_phrase":"OK","uri":"channels/x/variable","content_type":"application/json","message_body":"{\\"value\\":\\"1\\"}","application":"hotline"}'
  expect(readMessage(answer)).toEqual({
    response: { id: '3', status: 200, reason: 'OK', body: { value: '1' } },
  })
  const empty =
    '{"type":"RESTResponse","request_id":"4","status_code":204,"reason_phrase":"No Content","uri":"channels/x"}'
  expect(readMessage(empty)).toMatchObject({ response: { id: '4', status: 204, body: undefined } })
  expect(readMessage('{"type":"StasisEnd"}')).toEqual({ event: { type: 'StasisEnd' } })
  for (const nonsense of ['', 'x', '[]', 'null', '{"a":1}', '{"type":"RESTResponse"}'])
    expect(readMessage(nonsense)).toBeNull()
})

test('a refusal names the kind of request and neither leg nor number', () => {
  const error = refusal('POST', 'channels/13800138000/play/p', 404)
  expect(error).toMatchObject({
    code: 'gone',
    status: 404,
    message: 'gone: POST channels play p answered 404',
  })
  expect(refusal('POST', 'bridges/r', 409).code).toBe('refused')
})

test('what is so already, or gone already, is success; anything else is not', async () => {
  const fails = (status: number) => Promise.reject(refusal('DELETE', 'bridges/r', status))
  await settled(fails(404), 404, 409)
  await settled(fails(409), 404, 409)
  await expect(settled(fails(500), 404, 409)).rejects.toBeInstanceOf(SwitchboardError)
  await expect(settled(Promise.reject(new TypeError('x')), 404)).rejects.toBeInstanceOf(TypeError)
})

test('the password goes into a header, not into an address', () => {
  expect(eventsAddress('http://user:p%40ss@127.0.0.1:8088/asterisk/ari/', 'hot line')).toEqual({
    address: 'ws://127.0.0.1:8088/asterisk/ari/events?app=hot%20line&subscribeAll=false',
    authorization: `Basic ${btoa('user:p@ss')}`,
  })
  expect(eventsAddress('https://u:p@host', 'a').address).toBe(
    'wss://host/ari/events?app=a&subscribeAll=false',
  )
})

test('a sound is named without its extension, and what cannot be named is refused', () => {
  expect(mediaOf({ file: '/data/prompts/zh-CN/greeting.wav' })).toBe('sound:/data/prompts/zh-CN/greeting')
  for (const file of ['greeting.wav', '/a/b.mp3', '/a,b.wav'])
    expect(() => mediaOf({ file })).toThrow(SwitchboardError)
})

test('helpers carry in their names what they serve', () => {
  const ids = recordingIds('0197f3c2-7b1e', 3, 'seat')
  for (const part of ['snoop', 'media', 'bridge'] as const) {
    expect(recordingPart(ids[part])).toEqual({ key: '0197f3c2-7b1e.3', side: 'seat', part })
  }
  expect(recordingPart('0197f3c2-7b1e')).toBeNull()
  expect(deviceOf('PJSIP/my-phone-0000002a')).toBe('my-phone')
})

test('notes of others in our variable are none, and an empty value takes a tag away', () => {
  expect(readNote('hello')).toEqual({ tags: {} })
  expect(readNote('{"tags":{"a":1}}')).toEqual({ tags: {} })
  expect(readNote('{"tags":{"a":"1"},"rec":{"rec":"r","segment":2}}')).toEqual({
    tags: { a: '1' },
    rec: { rec: 'r', segment: 2 },
  })
  expect(mergedTags({ a: '1', b: '2' }, { b: '', c: '3' })).toEqual({ a: '1', c: '3' })
})

test('a browser seat speaks WebRTC, a desk phone does not, and either rings one device only', () => {
  const browser = seatObjects({ seat: '201', kind: 'browser', secret: { password: 'p' } }, 'ctx')
  expect(browser.map((one) => one.kind)).toEqual(['auth', 'aor', 'endpoint'])
  expect(browser[2]?.fields).toMatchObject({
    webrtc: 'yes',
    context: 'ctx',
    aors: '201',
    auth: '201',
    accountcode: 'seat',
  })
  const desk = seatObjects({ seat: '202', kind: 'phone', secret: { realm: 'r', ha1: 'abc' } }, 'ctx')
  expect(desk[0]?.fields).toEqual({ auth_type: 'md5', username: '202', realm: 'r', md5_cred: 'abc' })
  expect(desk[1]?.fields).toEqual({ max_contacts: '1', remove_existing: 'yes' })
  expect(desk[2]?.fields).not.toHaveProperty('webrtc')
  expect(desk[2]?.fields).toMatchObject({ media_encryption: 'sdes', media_encryption_optimistic: 'yes' })
})

test('a trunk by address is identified by it, a trunk by registration registers', () => {
  const byAddress = trunkObjects(
    {
      trunk: 'pri',
      host: '192.0.2.7',
      port: 5060,
      transport: 'tcp',
      from: ['192.0.2.7', '192.0.2.8'],
      register: false,
      trusted: true,
    },
    'ctx',
  )
  expect(byAddress.map((one) => one.kind)).toEqual(['aor', 'endpoint', 'identify'])
  expect(byAddress[0]?.fields['contact']).toBe('sip:192.0.2.7:5060;transport=tcp')
  expect(byAddress[1]?.fields).not.toHaveProperty('media_encryption')
  expect(byAddress[2]?.fields).toEqual({ endpoint: 'pri', match: '192.0.2.7,192.0.2.8' })
  const login = { user: '88001', password: 'x' }
  const registered = trunkObjects(
    {
      trunk: 'sip1',
      host: 'sip.example',
      port: 5060,
      transport: 'tls',
      from: [],
      login,
      register: true,
      trusted: false,
    },
    'ctx',
  )
  expect(registered.map((one) => one.kind)).toEqual(['auth', 'aor', 'endpoint', 'registration'])
  expect(registered[3]?.fields).toMatchObject({
    server_uri: 'sip:sip.example:5060;transport=tls',
    client_uri: 'sip:88001@sip.example:5060',
  })
  expect(registered[2]?.fields).toMatchObject({
    media_encryption: 'sdes',
    media_encryption_optimistic: 'yes',
  })
})
