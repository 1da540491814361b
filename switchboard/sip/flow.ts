import type { SipTransport } from './contract.ts'

/**
 * One way to one peer: a connection, or a UDP address. Requests inside a dialog and calls to a registered contact go
 * back by the flow they came from, which is what works through NAT.
 */
export interface Flow {
  /** The same for two flows exactly when they lead the same way. */
  readonly id: string
  readonly transport: SipTransport
  readonly remoteHost: string
  readonly remotePort: number
  /** Our address as this peer sees it, and the port where we listen for this transport. */
  readonly localHost: string
  readonly localPort: number
  readonly open: boolean
  /** Sends one message. False when the way is closed; nothing is thrown. */
  send(message: string): boolean
}

/** No retransmission is needed on anything but UDP. */
export const isReliable = (flow: Flow): boolean => flow.transport !== 'udp'

/** Hands in what arrives. */
export interface FlowReceiver {
  message(data: Buffer, flow: Flow): void
  closed(flow: Flow): void
}
