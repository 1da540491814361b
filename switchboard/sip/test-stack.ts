// For tests: stacks that are stopped by themselves, and calls between them told as promises.
import { afterEach } from 'vitest'
import type {
  CallEnd,
  CallHandlers,
  CallTarget,
  InboundCall,
  OutboundCall,
  OutboundHandlers,
  SipHandlers,
  SipStack,
  SipStackOptions,
} from './contract.ts'
import { fastClock, RawPeer, until } from './raw-peer.ts'
import { startSipStack } from './stack.ts'

const opened: { stop(): unknown }[] = []

afterEach(async () => {
  for (const one of opened.splice(0).reverse()) await one.stop()
})

/** Something that stands for SDP: the stack does not read it. */
export const sdp = (name: string): string => `v=0\r\no=${name} 1 1 IN IP4 127.0.0.1\r\ns=-\r\n`

/** Ends with the test. */
export function endsWithTest<T extends { stop(): unknown }>(thing: T): T {
  opened.push(thing)
  return thing
}

/** A stack on free ports of 127.0.0.1 whose time runs 20 times as fast. */
export async function aStack(
  handlers: SipHandlers,
  options: Partial<SipStackOptions> = {},
): Promise<SipStack> {
  const host = '127.0.0.1'
  const stack = await startSipStack(
    {
      host,
      publicAddress: null,
      port: 0,
      realm: 'hearthline',
      acceptAnonymous: true,
      clock: fastClock(20),
      ...options,
    },
    handlers,
  )
  endsWithTest({ stop: async () => stack.stop(200) })
  return stack
}

/** A peer that speaks to this stack by hand. */
export async function aPeer(stack: SipStack): Promise<RawPeer> {
  const peer = await RawPeer.open(stack.ports.sip)
  endsWithTest({ stop: () => peer.close() })
  return peer
}

/** What an owner of a stack has seen. */
export interface Seen {
  readonly calls: InboundCall[]
  readonly ends: CallEnd[]
}

/** An owner that keeps what it sees, and does `first` with each call. */
export function seeing(
  first: (call: InboundCall) => void,
  more: Partial<CallHandlers> = {},
): Seen & SipHandlers {
  const seen: Seen = { calls: [], ends: [] }
  return {
    ...seen,
    invite(call) {
      seen.calls.push(call)
      first(call)
      return { ended: (end) => seen.ends.push(end), ...more }
    },
  }
}

/** An owner that answers every call. */
export const answering = (more: Partial<CallHandlers> = {}): Seen & SipHandlers =>
  seeing((call) => {
    call.ring()
    call.answer(sdp('answer'))
  }, more)

/** An owner nobody calls. */
export const nobody = (): Seen & SipHandlers => seeing((call) => call.reject(404))

/** A call that has been begun. */
export interface Dialled {
  readonly call: OutboundCall
  readonly ringing: Promise<void>
  /** The answer, or how it ended without one. */
  readonly outcome: Promise<string | CallEnd>
  readonly end: Promise<CallEnd>
}

/** Begins a call. */
export function dial(from: SipStack, target: CallTarget, more: Partial<OutboundHandlers> = {}): Dialled {
  const ringing = Promise.withResolvers<void>()
  const outcome = Promise.withResolvers<string | CallEnd>()
  const end = Promise.withResolvers<CallEnd>()
  const call = from.call(
    target,
    { from: { name: '安娜', number: '13800000000' }, offer: sdp('offer') },
    {
      ringing: () => ringing.resolve(),
      answered: outcome.resolve,
      ...more,
      ended(told) {
        end.resolve(told)
        outcome.resolve(told)
      },
    },
  )
  return { call, ringing: ringing.promise, outcome: outcome.promise, end: end.promise }
}

/** Line 1001 of another stack. */
export const lineOf = (stack: SipStack, transport = 'udp'): CallTarget => ({
  kind: 'uri',
  uri: `sip:1001@127.0.0.1:${stack.ports.sip};transport=${transport}`,
})

/** No dialog and no half-open call is left. Transactions stay for 32 s more, to absorb what comes late. */
export const allOver = async (...stacks: SipStack[]): Promise<void> =>
  until(
    () => stacks.every((stack) => stack.counts().dialogs + stack.counts().halfOpen === 0),
    'all calls are over',
  )

/** Nothing of any call is left at all. */
export async function allGone(...stacks: SipStack[]): Promise<void> {
  await allOver(...stacks)
  await until(() => stacks.every((stack) => stack.counts().transactions === 0), 'no transaction is left')
}
