import { isIP } from 'node:net'
import type { SipCall } from './call.ts'
import type { CallTarget } from './contract.ts'
import type { Dialog } from './dialog.ts'
import type { Flow } from './flow.ts'
import { parseNameAddress } from './headers.ts'
import { isPrivate } from './local-address.ts'
import type { Destination } from './outbound.ts'
import { SipParseError } from './parse-error.ts'
import type { Registrar } from './registrar.ts'
import type { Names, Wire } from './resolve.ts'
import type { Transport } from './transport.ts'
import type { Trunks } from './trunks.ts'
import { escapeUser, parseUri } from './uri.ts'
import type { SipUri } from './uri.ts'
import { Ways } from './ways.ts'

/** Why there is no way: the status and the Q.850 cause the call ends with. */
export interface NoWay {
  readonly status: number
  readonly cause: number
}

function readUri(text: string): SipUri | null {
  try {
    return parseUri(text)
  } catch (error) {
    if (error instanceof SipParseError) return null
    throw error
  }
}

/** What the URI says is spoken there; undefined when it says nothing. */
function transportOf(uri: SipUri): Wire | undefined {
  const named = uri.params.get('transport')?.toLowerCase()
  if (uri.scheme === 'sips' || named === 'tls') return 'tls'
  return named === 'tcp' || named === 'udp' ? named : undefined
}

/** Finds the ways out: to an account's contact, a trunk, or any URI. */
export class Outward {
  private readonly registrar: Registrar
  private readonly trunks: Trunks
  private readonly transport: Transport
  private readonly names: Names

  constructor(registrar: Registrar, trunks: Trunks, transport: Transport, names: Names) {
    this.names = names
    this.registrar = registrar
    this.trunks = trunks
    this.transport = transport
  }

  /** Where a call goes. Rejects when a name or a connection fails. */
  async find(target: CallTarget): Promise<Destination | NoWay> {
    if (target.kind === 'account') return this.toAccount(target.user)
    if (target.kind === 'trunk') return this.byTrunk(target.trunk, target.number)
    const uri = readUri(target.uri)
    if (!uri || uri.host === '') return { status: 404, cause: 1 }
    const ways = await this.waysTo(uri)
    const flow = await ways.next()
    if (!flow) throw new Error('no way there')
    const contactUser = ''
    const nobody = { credentials: null, account: null, trunk: null }
    return { flow, ways, uri: target.uri, domain: null, contactUser, ...nobody }
  }

  /** The way to the peer of a call whose connection closed: where its account is now, or by its Contact. */
  async wayBack(call: SipCall): Promise<Flow | null> {
    if (call.account !== null)
      return this.registrar.find(call.account).find(({ flow }) => flow.open)?.flow ?? null
    const uri = readUri(call.dialog?.target ?? '')
    if (!uri || uri.host === '' || uri.params.get('transport')?.toLowerCase() === 'ws') return null
    return this.waysTo(uri).then(
      async (ways) => ways.next(),
      () => null,
    )
  }

  /**
   * The way for requests in a dialog we began by UDP: the first proxy or the Contact when it is an address that can be
   * reached from here; else (NAT, names) back where the answer came from.
   */
  wayTo(dialog: Dialog, used: Flow): Flow {
    if (used.transport !== 'udp') return used
    const route = dialog.routes[0]
    const uri = readUri(route === undefined ? dialog.target : parseNameAddress(route).uri)
    if (!uri || isIP(uri.host) === 0 || (transportOf(uri) ?? 'udp') !== 'udp') return used
    if (isPrivate(uri.host) && !isPrivate(used.remoteHost)) return used
    return this.transport.udpFlow({ host: uri.host, port: uri.port ?? 5060 })
  }

  private async waysTo(uri: SipUri): Promise<Ways> {
    const { host, port } = uri
    const found = await this.names.find({ host, port: port ?? undefined, transport: transportOf(uri) })
    return new Ways(found, async (endpoint) => this.transport.flowTo(endpoint, host))
  }

  private toAccount(user: string): Destination | NoWay {
    const binding = this.registrar.find(user).find(({ flow }) => flow.open)
    if (!binding) return { status: 480, cause: 20 }
    return {
      flow: binding.flow,
      ways: null,
      uri: binding.contact,
      domain: null,
      contactUser: '',
      credentials: null,
      account: user,
      trunk: null,
    }
  }

  private async byTrunk(id: string, number: string): Promise<Destination | NoWay> {
    const way = await this.trunks.way(id)
    if (!way) return { status: 404, cause: 3 }
    const { flow, ways, domain, contactUser, credentials } = way
    const uri = `sip:${escapeUser(number)}@${domain}`
    return { flow, ways, uri, domain, contactUser, credentials, account: null, trunk: id }
  }
}
