/** Whom the house can dial: all behind one trunk, in this process, and cheap. */
import type { CallHandlers, InboundCall } from '../../switchboard/sip/contract.ts'
import { startSipStack } from '../../switchboard/sip/stack.ts'
import { farEnds, type Lengths } from './kinds.ts'
import type { NumberedPhone } from './numbered.ts'
import { openSocket, portIn, sdpOf, Voice } from './voice.ts'

/** Far ends that can be dialled. */
export interface FarEnds {
  port: number
  /** Who answers at a number by numbered packets, and how fast the clock there is. */
  numbered: Map<string, { phone: NumberedPhone; ppm: number }>
  /** Calls that are on there. */
  live: () => number
  stop: () => Promise<void>
}

/** Opens them at a port of their own; who leaves does so within the shortest call. */
export async function openFarEnds(random: () => number, lengths: Lengths): Promise<FarEnds> {
  const numbered: FarEnds['numbered'] = new Map()
  let live = 0

  const silence = async (call: InboundCall, over: Promise<unknown>): Promise<void> => {
    const voice = await Voice.open('silence')
    void over.then(() => voice.close())
    voice.speakTo(portIn(call.offer ?? ''))
    call.answer(sdpOf(voice.port))
  }
  // A socket for each: one for all would run over when this process is kept from working.
  const echo = async (call: InboundCall, over: Promise<unknown>): Promise<void> => {
    const socket = await openSocket()
    void over.then(() => socket.close())
    socket.on('message', (datagram, { port }) => socket.send(datagram, port, '127.0.0.1'))
    call.answer(sdpOf(socket.address().port))
  }
  const leave = (call: InboundCall, over: Promise<unknown>): void => {
    const timer = setTimeout(() => call.hangup(), lengths.shortest * (0.3 + 0.6 * random()))
    void over.then(() => clearTimeout(timer))
  }
  const invite = (call: InboundCall): CallHandlers => {
    const over = Promise.withResolvers<void>()
    live += 1
    call.ring()
    const counting = numbered.get(call.dialled)
    if (counting) {
      counting.phone.speakTo(portIn(call.offer ?? ''), counting.ppm)
      call.answer(sdpOf(counting.phone.port))
    } else if (call.dialled === farEnds.silent) void silence(call, over.promise)
    else if (call.dialled !== farEnds.ringing) void echo(call, over.promise)
    if (call.dialled === farEnds.leaving) leave(call, over.promise)
    return {
      ended: () => {
        live -= 1
        over.resolve()
      },
    }
  }
  const stack = await startSipStack(
    { host: '127.0.0.1', publicAddress: null, port: 0, realm: 'far', acceptAnonymous: true },
    { invite },
  )
  return {
    port: stack.ports.sip,
    numbered,
    live: () => live,
    stop: () => stack.stop(500),
  }
}
