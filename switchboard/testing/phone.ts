/** A SIP phone in tests: our own SIP layer as the other side, with sound of its own. */
import type { CallEnd, CallHandlers, InboundCall, OutboundCall, SipStack } from '../sip/contract.ts'
import { SipCall } from '../sip/call.ts'
import { contactOn } from '../sip/dialog.ts'
import { parseNameAddress } from '../sip/headers.ts'
import { startSipStack } from '../sip/stack.ts'
import { PhoneSound } from './sound.ts'

/** One call of a phone. */
export interface PhoneCall {
  sound: PhoneSound
  call: InboundCall | OutboundCall
  /** Resolves when it is answered, by either side. */
  answered: Promise<void>
  ended: Promise<CallEnd>
  answer(): void
}

/** A phone that may be registered. */
export interface Phone {
  stack: SipStack
  calls: PhoneCall[]
  /** Calls a number at the switchboard, as the user of its login or as `from`. */
  dial(number: string, from?: string): Promise<PhoneCall>
  /** The next call that comes in, ringing. */
  rings(): Promise<PhoneCall>
  registered(): Promise<void>
  stop(): Promise<void>
}

/**
 * A phone's transfer key after it has consulted: the switchboard is asked to join `talk`'s other side with `consulted`'s
 * (REFER with Replaces, RFC 3515 and 3891). Resolves with the status of the answer.
 */
export async function transferTo(talk: PhoneCall, consulted: PhoneCall): Promise<number> {
  if (!(talk.call instanceof SipCall && consulted.call instanceof SipCall)) throw new Error('no call of ours')
  const { dialog } = consulted.call
  if (!dialog) throw new Error('nobody was consulted')
  const replaces = `${dialog.callId};to-tag=${dialog.remoteTag};from-tag=${dialog.localTag}`
  // By the number dialled, for the Contact of an Asterisk names nobody. Our own must be said: PJSIP asks for it (RFC 3515 §2.1).
  const { uri } = parseNameAddress(dialog.remote)
  const target = `<${uri}?Replaces=${encodeURIComponent(replaces)}>`
  const headers = { 'refer-to': target, contact: contactOn(talk.call.wayOut, '') }
  return (await talk.call.request('REFER', { headers })).status
}

/** Waits until something holds; fails after `withinMs`. */
export async function until(
  what: string,
  holds: () => boolean | Promise<boolean>,
  withinMs = 5_000,
): Promise<void> {
  const end = Date.now() + withinMs
  while (!(await holds())) {
    if (Date.now() > end) throw new Error(`waited in vain: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}

const board = 'board'

/** Where a phone is, and the switchboards it registers with; it calls the first. */
export interface PhonePlace {
  host: string
  port: number
  boards: readonly { host: string; port: number }[]
}

const besideBoard = (port: number): PhonePlace => ({
  host: '127.0.0.1',
  port: 0,
  boards: [{ host: '127.0.0.1', port }],
})

/** Starts a phone that calls the switchboard at `place`, a port of this machine or more; with a login it registers there. */
export async function startPhone(
  place: number | PhonePlace,
  login?: { user: string; password: string },
  transport: 'udp' | 'tcp' = 'udp',
): Promise<Phone> {
  const calls: PhoneCall[] = []
  let seen = 0
  const { host, port, boards } = typeof place === 'number' ? besideBoard(place) : place
  const stack = await startSipStack(
    { host, publicAddress: null, port, realm: 'phone', acceptAnonymous: true },
    { invite: (call) => ringing(call, calls) },
  )
  const kind = login ? 'registration' : 'address'
  const account = login ? { username: login.user, password: login.password, expiresSeconds: 120 } : {}
  boards.forEach((at, index) =>
    stack.putTrunk({ id: index === 0 ? board : `${board}-${index + 1}`, kind, ...at, transport, ...account }),
  )
  return {
    stack,
    calls,
    dial: (number, from) => dial(stack, calls, number, from ?? login?.user ?? 'caller'),
    rings: async () => {
      await until('a call comes in', () => calls.slice(seen).some((one) => one.call.direction === 'in'))
      const at = calls.findIndex((one, index) => index >= seen && one.call.direction === 'in')
      seen = at + 1
      const found = calls[at]
      if (!found) throw new Error('no call')
      return found
    },
    registered: () =>
      until('the phone is registered', () =>
        stack.trunkStates().every(({ state }) => state === 'registered'),
      ),
    stop: async () => {
      await stack.stop(200)
      for (const one of calls) one.sound.close()
    },
  }
}

interface Wiring {
  handlers: CallHandlers
  call: PhoneCall
  markAnswered: () => void
}

function wire(call: InboundCall | null, sound: PhoneSound): Wiring {
  const answered = Promise.withResolvers<void>()
  const ended = Promise.withResolvers<CallEnd>()
  const made = {
    sound,
    answered: answered.promise,
    ended: ended.promise,
    answer: () => {
      if (!call) return
      sound.connect(call.offer ?? '')
      call.answer(sound.sdp())
      answered.resolve()
    },
  }
  const handlers: CallHandlers = {
    offered: (offer) => {
      if (offer) sound.connect(offer)
      return sound.sdp()
    },
    ended: (end) => {
      sound.close()
      ended.resolve(end)
    },
  }
  // `call` is set by whoever wires: an outbound one exists only after its handlers.
  return {
    handlers,
    call: Object.assign(made, { call: call as InboundCall }),
    markAnswered: answered.resolve,
  }
}

function ringing(call: InboundCall, calls: PhoneCall[]): CallHandlers {
  let handlers: CallHandlers | null = null
  void PhoneSound.open().then((sound) => {
    const wired = wire(call, sound)
    handlers = wired.handlers
    calls.push(wired.call)
    call.ring()
  })
  return {
    offered: (offer) => handlers?.offered?.(offer) ?? '',
    ended: (end) => handlers?.ended(end),
  }
}

async function dial(stack: SipStack, calls: PhoneCall[], number: string, from: string): Promise<PhoneCall> {
  const sound = await PhoneSound.open()
  const wired = wire(null, sound)
  const call = stack.call(
    { kind: 'trunk', trunk: board, number },
    { from: { name: null, number: from }, offer: sound.sdp() },
    {
      ...wired.handlers,
      answered: (sdp) => {
        sound.connect(sdp)
        wired.markAnswered()
      },
    },
  )
  const made: PhoneCall = Object.assign(wired.call, { call })
  calls.push(made)
  return made
}
