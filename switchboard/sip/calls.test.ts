import { expect, test } from 'vitest'
import type { ReferProgress } from './contract.ts'
import { OfferRefused } from './contract.ts'
import { HandClock, until } from './raw-peer.ts'
import { aStack, allGone, allOver, answering, dial, lineOf, nobody, sdp, seeing } from './test-stack.ts'

test.each(['udp', 'tcp'])('a call over %s is rung, answered, and ended by the caller', async (transport) => {
  const callee = answering()
  const [caller, called] = [await aStack(nobody()), await aStack(callee)]
  const { call, end, outcome, ringing } = dial(caller, lineOf(called, transport))
  await ringing
  expect(await outcome).toBe(sdp('answer'))
  expect(callee.calls[0]).toMatchObject({
    dialled: '1001',
    callerNumber: '13800000000',
    callerName: '安娜',
    numberTrusted: false,
    account: null,
    offer: sdp('offer'),
  })
  call.hangup()
  expect(await end).toMatchObject({ by: 'local', cause: 16 })
  await until(() => callee.ends.length === 1, 'the callee hears of the end')
  expect(callee.ends[0]).toMatchObject({ by: 'remote', cause: 16, status: null })
  await allGone(caller, called)
})

test('a call ended by the callee carries its cause', async () => {
  const callee = answering()
  const [caller, called] = [await aStack(nobody()), await aStack(callee)]
  const { end, outcome } = dial(caller, lineOf(called))
  await outcome
  callee.calls[0]?.hangup({ cause: 31 })
  expect(await end).toMatchObject({ by: 'remote', cause: 31 })
  await allOver(caller, called)
})

test('a refusal is told with its status and cause', async () => {
  const callee = seeing((call) => call.hangup({ cause: 17 }))
  const [caller, called] = [await aStack(nobody()), await aStack(callee)]
  const { end } = dial(caller, lineOf(called))
  expect(await end).toMatchObject({ by: 'remote', status: 486, cause: 17 })
  expect(callee.ends).toMatchObject([{ by: 'local', status: 486, cause: 17 }])
  await allOver(caller, called)
})

test('a caller who gives up while it rings: CANCEL and 487 end it on both sides', async () => {
  const callee = seeing((call) => call.ring(sdp('early')))
  const [caller, called] = [await aStack(nobody()), await aStack(callee)]
  const { call, end, ringing } = dial(caller, lineOf(called))
  await ringing
  call.hangup()
  expect(await end).toMatchObject({ by: 'local', status: 487 })
  await until(() => callee.ends.length === 1, 'the callee hears of it')
  expect(callee.ends[0]).toMatchObject({ by: 'remote', status: 487 })
  await allOver(caller, called)
})

test('a call given up before anything was sent leaves nothing', async () => {
  const caller = await aStack(nobody())
  const { call, end } = dial(caller, { kind: 'uri', uri: 'sip:1001@127.0.0.1:9' })
  call.hangup()
  expect(await end).toMatchObject({ by: 'local' })
  await allOver(caller)
})

test('the answer and the CANCEL cross: the call that was answered is hung up', async () => {
  const callee = seeing((call) => call.ring())
  const [caller, called] = [await aStack(nobody()), await aStack(callee)]
  const { call, end, ringing } = dial(caller, lineOf(called))
  await ringing
  callee.calls[0]?.answer(sdp('late'))
  call.hangup()
  expect(await end).toMatchObject({ by: 'local' })
  await until(() => callee.ends.length === 1, 'the callee hears of it')
  expect(callee.ends[0]).toMatchObject({ by: 'remote' })
  await allGone(caller, called)
})

test('nobody answers: the call times out with 408', async () => {
  const callee = seeing((call) => call.ring())
  const [caller, called] = [await aStack(nobody()), await aStack(callee)]
  const ended = Promise.withResolvers<unknown>()
  caller.call(
    lineOf(called),
    { from: { name: null, number: '1' }, offer: sdp('offer'), timeoutMs: 2000 },
    { answered() {}, ended: ended.resolve },
  )
  expect(await ended.promise).toMatchObject({ by: 'timeout', status: 408 })
  await allOver(caller, called)
})

test('a silent far end: no response at all for 32 s is a timeout', async () => {
  const caller = await aStack(nobody())
  const { end } = dial(caller, { kind: 'uri', uri: 'sip:1001@127.0.0.1:9' })
  expect(await end).toMatchObject({ by: 'timeout', status: 408 })
  await allOver(caller)
})

test('hold and resume: offers are answered in both directions', async () => {
  const callee = answering({ offered: (offer) => `${offer ?? ''}a=recvonly\r\n` })
  const [caller, called] = [await aStack(nobody()), await aStack(callee)]
  const { call, outcome } = dial(caller, lineOf(called), { offered: async () => sdp('moved') })
  await outcome
  expect(await call.reinvite(sdp('hold'))).toBe(`${sdp('hold')}a=recvonly\r\n`)
  expect(await callee.calls[0]?.reinvite(sdp('resume'))).toBe(sdp('moved'))
  call.hangup()
  await allOver(caller, called)
})

test('both sides offer at once: glare is solved and both get their answer', async () => {
  const callee = answering({ offered: () => sdp('called side') })
  const [caller, called] = [await aStack(nobody()), await aStack(callee)]
  const { call, outcome } = dial(caller, lineOf(called), { offered: () => sdp('calling side') })
  await outcome
  await new Promise((resolve) => setTimeout(resolve, 20))
  const answers = await Promise.all([call.reinvite(sdp('a')), callee.calls[0]?.reinvite(sdp('b'))])
  expect(answers).toEqual([sdp('called side'), sdp('calling side')])
})

test('an offer that cannot be taken is refused with 488 and the call goes on', async () => {
  const callee = answering({
    offered() {
      throw new OfferRefused('no common codec')
    },
  })
  const [caller, called] = [await aStack(nobody()), await aStack(callee)]
  const { call, outcome } = dial(caller, lineOf(called))
  await outcome
  await expect(call.reinvite(sdp('video'))).rejects.toMatchObject({ status: 488 })
  expect(call.state).toBe('answered')
})

test('an owner whose handler fails ends neither the call nor the process', async () => {
  const callee = answering({
    digit() {
      throw new Error('planted')
    },
  })
  const [caller, called] = [await aStack(nobody()), await aStack(callee)]
  const { call, outcome } = dial(caller, lineOf(called))
  await outcome
  await call.sendDigit('5')
  expect(callee.calls[0]?.state).toBe('answered')
})

test('digits by SIP INFO arrive', async () => {
  const digits: [string, number][] = []
  const callee = answering({ digit: (digit, ms) => digits.push([digit, ms]) })
  const [caller, called] = [await aStack(nobody()), await aStack(callee)]
  const { call, outcome } = dial(caller, lineOf(called))
  await outcome
  for (const digit of ['0', '9', '*', '#']) await call.sendDigit(digit, 120)
  expect(digits).toEqual(['0', '9', '*', '#'].map((digit) => [digit, 120]))
})

test('a session is refreshed again and again, and ends when the refreshing side has vanished', async () => {
  const [clock, calledClock] = [new HandClock(), new HandClock()]
  const callee = answering()
  const caller = await aStack(nobody(), { sessionSeconds: 90, clock })
  const called = await aStack(callee, { sessionSeconds: 90, clock: calledClock })
  const { outcome } = dial(caller, lineOf(called, 'tcp'))
  await outcome
  await until(() => called.counts().halfOpen === 0, 'acknowledged')
  clock.pass(33_000)
  calledClock.pass(33_000)
  for (let i = 0; i < 6; i += 1) {
    clock.pass(clock.nextIn)
    await until(() => clock.nextIn > 40_000, 'the refresh is answered')
    calledClock.pass(45_000)
  }
  expect(callee.ends).toEqual([])
  // From now on the caller's time stands still: it refreshes no more.
  calledClock.pass(15_000)
  await until(() => callee.ends.length === 1, 'the watchdog ends the call')
  expect(callee.ends[0]).toMatchObject({ by: 'timeout', cause: 102 })
})

test('UDP losing a fifth of all datagrams each way loses no call', async () => {
  // A fixed sequence, so that a failure can be repeated.
  let seed = 20
  const lose = (): boolean => {
    seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31
    return seed / 2 ** 31 < 0.2
  }
  const callee = answering()
  const caller = await aStack(nobody(), { loseDatagram: lose })
  const called = await aStack(callee)
  const calls = Array.from({ length: 60 }, () => dial(caller, lineOf(called)))
  const outcomes = await Promise.all(calls.map(async ({ outcome }) => outcome))
  expect(outcomes).toEqual(outcomes.map(() => sdp('answer')))
  calls.forEach(({ call }, i) => {
    const far = callee.calls.find(({ id }) => id === call.id)
    if (i % 2 === 0) call.hangup()
    else far?.hangup()
  })
  await until(() => callee.ends.length === 60, 'every call has ended at the callee')
  await Promise.all(calls.map(async ({ end }) => end))
  await allGone(caller, called)
})

test('blind transfer: REFER names the target and its outcome is reported', async () => {
  const seen: { user: string; progress: ReferProgress }[] = []
  const callee = answering({ refer: (refer) => seen.push({ user: refer.user, progress: refer.accept() }) })
  const called = await aStack(callee)
  const caller = await aStack(nobody())
  const { call, outcome } = dial(caller, lineOf(called))
  await outcome
  // The stack itself never sends REFER; the request goes out as any other in the dialog would.
  const leg = call as unknown as {
    request(method: string, content: object): Promise<{ status: number }>
  }
  const { status } = await leg.request('REFER', { headers: { 'refer-to': '<sip:1002@127.0.0.1>' } })
  expect(status).toBe(202)
  expect(seen[0]?.user).toBe('1002')
  seen[0]?.progress.notify(200, 'OK')
  call.hangup()
  await allOver(caller, called)
})

test('a stack that stops hangs up its calls first', async () => {
  const callee = answering()
  const [caller, called] = [await aStack(nobody()), await aStack(callee)]
  const { end, outcome } = dial(caller, lineOf(called))
  await outcome
  await called.stop()
  expect(await end).toMatchObject({ by: 'remote' })
})

test('a stack that stops takes nobody new, who would be on no record', async () => {
  const callee = answering()
  const [caller, called] = [await aStack(nobody()), await aStack(callee)]
  await dial(caller, lineOf(called)).outcome
  const stopped = called.stop()
  expect(await dial(caller, lineOf(called)).end).toMatchObject({ by: 'remote', status: 503 })
  await stopped
  expect(callee.calls).toHaveLength(1)
})
