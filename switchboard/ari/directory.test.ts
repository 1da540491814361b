import { afterEach, beforeEach, expect, test } from 'vitest'
import type { SipStack } from '../sip/contract.ts'
import { startSipStack } from '../sip/stack.ts'
import { Directory } from './directory.ts'

let sip: SipStack
let directory: Directory

beforeEach(async () => {
  const options = {
    host: '127.0.0.1',
    publicAddress: null,
    port: 0,
    realm: 'hearthline',
    acceptAnonymous: true,
  }
  sip = await startSipStack(options, { invite: () => ({ ended: () => undefined }) })
  directory = new Directory(sip)
})
afterEach(async () => sip.stop(0))

const put = (type: string, id: string, fields: Record<string, string>) =>
  directory.put(
    type,
    id,
    Object.entries(fields).map(([attribute, value]) => ({ attribute, value })),
  )

test('a seat is put together from its three objects, in whatever order they come', () => {
  put('endpoint', 's1', { auth: 's1', aors: 's1', webrtc: 'yes', context: 'here', set_var: 'ROLE=web' })
  put('aor', 's1', { max_contacts: '1' })
  put('auth', 's1', { auth_type: 'md5', username: 's1', md5_cred: '0123' })
  expect(directory.endpoint('s1')).toMatchObject({
    kind: 'account',
    media: 'webrtc',
    context: 'here',
    variables: [['ROLE', 'web']],
  })
  expect(directory.get('auth', 's1')).toContainEqual({ attribute: 'md5_cred', value: '0123' })
})

test('an attribute put again replaces the former one and leaves the others', () => {
  put('endpoint', 's1', { auth: 's1', aors: 's1', webrtc: 'yes' })
  put('endpoint', 's1', { webrtc: 'no' })
  expect(directory.endpoint('s1')).toMatchObject({ media: 'rtp' })
  put('endpoint', 's1', { media_encryption: 'sdes' })
  expect(directory.endpoint('s1')).toMatchObject({ media: 'srtp' })
  expect(directory.get('endpoint', 's1')).toContainEqual({ attribute: 'aors', value: 's1' })
})

test('an endpoint whose address is fixed is a trunk, with its sources; taken away, it is gone from the SIP stack', () => {
  put('aor', 't1', { contact: 'sip:192.0.2.7:5080;transport=tcp' })
  put('endpoint', 't1', { aors: 't1', trust_id_inbound: 'no' })
  put('identify', 't1', { endpoint: 't1', match: '192.0.2.7,192.0.2.0/28' })
  expect(directory.endpoint('t1')).toMatchObject({ kind: 'trunk', trustsNumbers: false })
  expect(sip.trunkStates()).toMatchObject([{ trunk: 't1', state: 'ready' }])
  directory.remove('endpoint', 't1')
  expect(sip.trunkStates()).toEqual([])
  expect(() => directory.remove('endpoint', 't1')).toThrow('Object not found')
  expect(() => directory.get('nonsense', 't1')).toThrow('Object type not found')
})

test('a thousand seats pushed one by one are all there', () => {
  for (let n = 0; n < 1000; n += 1) {
    const id = `s${n}`
    put('auth', id, { auth_type: 'userpass', username: id, password: id })
    put('aor', id, { max_contacts: '1' })
    put('endpoint', id, { auth: id, aors: id })
  }
  expect(directory.list()).toHaveLength(1000)
})
