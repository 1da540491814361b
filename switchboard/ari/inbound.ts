import { MediaError } from '../media/failure.ts'
import type { CallHandlers, InboundCall } from '../sip/contract.ts'
import { causeOfSip } from './cause.ts'
import { newChannel } from './channel.ts'
import type { Channel } from './channel.ts'
import type { Endpoint } from './directory.ts'
import { endChannel } from './ending.ts'
import { nextId, nextName, tellChannel } from './exchange.ts'
import type { Exchange } from './exchange.ts'
import { legHandlers } from './leg.ts'
import { receive } from './stasis.ts'
import { parseCallerId } from './variables.ts'

const refusals = { malformed: 400, 'not-acceptable': 488, 'no-ports': 503 } as const

/** Somebody calls: a channel in state Ring, its sound opened, then handed to the application. */
export function takeCall(x: Exchange, call: InboundCall): CallHandlers {
  const channel = channelFor(x, call)
  x.channels.set(channel.id, channel)
  tellChannel(x, channel, 'ChannelCreated')
  x.onChannels(channel)
  void open(x, channel, call).catch((error: unknown) => refuse(x, channel, call, error))
  return legHandlers(x, channel)
}

async function open(x: Exchange, channel: Channel, call: InboundCall): Promise<void> {
  // To take a call over by INVITE (RFC 3891 §3) nobody is authorised, not even a seat: whoever held it would lose a caller
  // without the application having decided anything. A phone that has consulted asks it by REFER.
  if (call.replaces) return refuseWith(x, channel, call, 403)
  // Told is the address by which this caller reaches us: the public one, or that of the interface nearest to it.
  const address = call.localHost
  channel.localSdp =
    call.offer === null
      ? await x.media.makeOffer(channel.id, 'rtp', { address })
      : await x.media.answerOffer(channel.id, call.offer, { address })
  if (channel.ended) x.media.closeLeg(channel.id)
  else receive(x, channel)
}

function refuse(x: Exchange, channel: Channel, call: InboundCall, error: unknown): void {
  const code = error instanceof MediaError ? error.code : null
  x.log.warn({ code, ...(code === null ? { err: error } : {}) }, 'a call could not be taken')
  refuseWith(
    x,
    channel,
    call,
    code !== null && code in refusals ? refusals[code as keyof typeof refusals] : 500,
  )
}

function refuseWith(x: Exchange, channel: Channel, call: InboundCall, status: number): void {
  if (channel.ended) return
  endChannel(x, channel, { cause: causeOfSip(status), sip: status })
  call.reject(status)
}

function channelFor(x: Exchange, call: InboundCall): Channel {
  const resource = call.account ?? call.trunk ?? 'anonymous'
  const endpoint = x.directory.endpoint(resource)
  const id = nextId(x)
  const channel = newChannel({
    id,
    kind: 'sip',
    name: nextName(x, 'PJSIP', resource),
    resource,
    state: 'Ring',
  })
  channel.call = call
  channel.inbound = call
  channel.exten = call.dialled === '' ? 's' : call.dialled
  channel.caller = { name: call.callerName ?? '', number: call.callerNumber }
  if (endpoint) {
    channel.context = endpoint.context
    channel.accountcode = endpoint.accountcode
    if (call.account !== null && endpoint.caller !== '') channel.caller = parseCallerId(endpoint.caller)
  }
  for (const [name, value] of factsOf(call, endpoint)) channel.variables.set(name, { value, reported: true })
  return channel
}

/** What the application may want to know of a call, as channel variables. */
function factsOf(call: InboundCall, endpoint: Endpoint | undefined): [string, string][] {
  const trusted = call.numberTrusted && (endpoint?.trustsNumbers ?? true)
  const facts: [string, string][] = [
    ['NUMBER_TRUSTED', trusted ? '1' : '0'],
    ['CALLER_PRIVATE', call.callerPrivate ? '1' : '0'],
    ['TRANSPORT', call.remote.transport],
  ]
  if (call.trunk !== null) facts.push(['TRUNK', call.trunk])
  if (call.divertedFrom !== null) facts.push(['DIVERTED_FROM', call.divertedFrom])
  return [...facts, ...(endpoint?.variables ?? [])]
}
