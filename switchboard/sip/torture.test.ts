import { expect, test } from 'vitest'
import { readAudio } from '../sdp/audio.ts'
import { parseMessage, sdpOf } from './message.ts'
import { aPeer, aStack, dial, lineOf, nobody, sdp, seeing } from './test-stack.ts'
import type { Torture } from './torture-messages.ts'
import { torture, torture6 } from './torture-messages.ts'

/** Sends one message beside a call that is on; returns the status of its answer, or `silence`. */
async function answerTo({ data }: Torture): Promise<number | 'silence'> {
  // The live call is answered; whoever else calls is told busy.
  const callee = seeing((call) => (callee.calls.length === 1 ? call.answer(sdp('live')) : call.reject(486)))
  const [stack, caller] = [await aStack(callee), await aStack(nobody())]
  const { call, outcome } = dial(caller, lineOf(stack))
  expect(await outcome).toBe(sdp('live'))
  const peer = await aPeer(stack)
  peer.send(data)
  // A last word that is always answered says that the message has been dealt with.
  const status = await Promise.race([peer.response().then((response) => response.status), stackIsDone(call)])
  expect(await call.isThere(5000)).toBe(true)
  call.hangup()
  return status
}

async function stackIsDone(call: { isThere(ms: number): Promise<boolean> }): Promise<'silence'> {
  for (let round = 0; round < 4; round += 1) await call.isThere(5000)
  await new Promise((resolve) => setTimeout(resolve, 60))
  return 'silence'
}

test('RFC 4475 has 49 messages, RFC 5118 eleven', () => {
  expect([torture.length, torture6.length]).toEqual([49, 11])
  expect(new Set([...torture, ...torture6].map(({ name }) => name)).size).toBe(60)
})

test.each(torture.map((one) => [one.name, one] as const))('RFC 4475 §%s', async (_, one) => {
  const status = await answerTo(one)
  if (one.expected === 'refused') expect([400, 'silence']).toContain(status)
  else expect(status).toBe(one.expected)
})

test.each(torture6.map((one) => [one.name, one] as const))('RFC 5118 §%s', async (_, one) => {
  expect(await answerTo(one)).toBe(one.expected)
})

test('RFC 5118 §4.6, §4.8, §4.9: the addresses of the sound are read', () => {
  const addressOf = (name: string): string => {
    const found = torture6.find((one) => one.name.startsWith(name))
    return readAudio(sdpOf(parseMessage(found?.data ?? Buffer.alloc(0))) ?? '').address
  }
  expect(['4.6', '4.8', '4.9'].map(addressOf)).toEqual(['2001:db8::20', '2001:db8::1', '::ffff:192.0.2.2'])
})
