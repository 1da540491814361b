/** A carrier that calls the hotline's number at Kamailio, and remembers how each call went. */
import { startSipStack } from '../../switchboard/sip/stack.ts'

/** One call out of the network. */
export interface CarriedCall {
  answered: boolean
  /** From dialling to the answer, in milliseconds. */
  tookMs: number | null
  ended: boolean
}

/** A carrier. */
export interface Carrier {
  call(): CarriedCall
  stop(): Promise<void>
}

const offer = (host: string): string =>
  ['v=0', `o=- 1 1 IN IP4 ${host}`, 's=-', `c=IN IP4 ${host}`, 't=0 0', 'm=audio 40000 RTP/AVP 0', ''].join(
    '\r\n',
  )

/** Starts one at an address of this machine. */
export async function startCarrier(host: string, proxy: string): Promise<Carrier> {
  const stack = await startSipStack(
    { host, publicAddress: null, port: 5060, realm: 'carrier', acceptAnonymous: true },
    { invite: () => ({ ended: () => undefined }) },
  )
  stack.putTrunk({ id: 'hotline', kind: 'address', host: proxy, port: 5060, transport: 'udp' })
  return {
    call: () => {
      const begun = performance.now()
      const call: CarriedCall = { answered: false, tookMs: null, ended: false }
      stack.call(
        { kind: 'trunk', trunk: 'hotline', number: '12356' },
        { from: { name: null, number: '13800138000' }, offer: offer(host) },
        {
          answered: () => Object.assign(call, { answered: true, tookMs: performance.now() - begun }),
          ended: () => (call.ended = true),
        },
      )
      return call
    },
    stop: () => stack.stop(500),
  }
}
