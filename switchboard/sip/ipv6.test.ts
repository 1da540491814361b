import { expect, test } from 'vitest'
import { aStack, allOver, answering, dial, nobody, sdp } from './test-stack.ts'

test.each(['udp', 'tcp'])(
  'a call over IPv6 by %s is set up and ended, its addresses in brackets',
  async (transport) => {
    const callee = answering()
    const [caller, called] = [await aStack(nobody(), { host: '::1' }), await aStack(callee, { host: '::' })]
    const uri = `sip:1001@[::1]:${called.ports.sip};transport=${transport}`
    const { call, outcome } = dial(caller, { kind: 'uri', uri })
    expect(await outcome).toBe(sdp('answer'))
    const [taken] = callee.calls
    expect(taken?.remote).toMatchObject({ transport, host: '::1' })
    expect(taken?.header('contact')).toContain('sip:[::1]:')
    expect(taken?.header('via')).toMatch(/\[::1\]:\d+;/)
    expect(await caller.addressTowards({ kind: 'uri', uri })).toBe('::1')
    taken?.hangup()
    await allOver(caller, called)
    expect(call.state).toBe('ended')
  },
)

test('a stack bound to both families serves IPv4 as well', async () => {
  const callee = answering()
  const [caller, called] = [await aStack(nobody()), await aStack(callee, { host: '::' })]
  const { call, outcome } = dial(caller, { kind: 'uri', uri: `sip:1001@127.0.0.1:${called.ports.sip}` })
  expect(await outcome).toBe(sdp('answer'))
  expect(callee.calls[0]?.remote.host).toBe('127.0.0.1')
  call.hangup()
  await allOver(caller, called)
})
