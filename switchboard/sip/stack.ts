import type { SipHandlers, SipStack, SipStackOptions } from './contract.ts'

/**
 * Opens the sockets and serves SIP on them until `stop`. Rejects when a port is taken. The types of everything are in
 * `contract.ts`.
 */
export async function startSipStack(options: SipStackOptions, handlers: SipHandlers): Promise<SipStack> {
  throw new Error(`not built yet: ${options.realm} ${typeof handlers.invite}`)
}
