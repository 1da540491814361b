import type { Sides } from '../media/messages.ts'
import { setState } from './answering.ts'
import { Cause } from './cause.ts'
import { newChannel } from './channel.ts'
import type { Channel } from './channel.ts'
import { endChannel } from './ending.ts'
import { nextId, nextName, tellChannel } from './exchange.ts'
import type { Exchange } from './exchange.ts'
import { AriFault } from './fault.ts'
import type { Params } from './request.ts'
import { enterStasis } from './stasis.ts'
import { variablesOf, writeVariable } from './variables.ts'

const sides: readonly string[] = ['none', 'in', 'out', 'both']

/** How long a connection that never came about is tried. */
const connectWithin = 15_000

function sidesOf(params: Params, name: string): Sides {
  const value = params.text(name) ?? 'none'
  if (!sides.includes(value)) throw new AriFault(400, `Invalid direction specified for ${name}`)
  return value as Sides
}

function freeId(x: Exchange, id: string | undefined): string {
  const chosen = id ?? nextId(x)
  if (x.channels.has(chosen)) throw new AriFault(409, 'Channel with given unique ID already exists')
  return chosen
}

/** A channel that hears a channel, or whispers to it, to be bridged with somebody. It ends with its target. */
export function snoop(x: Exchange, target: Channel, params: Params, givenId: string | undefined): Channel {
  const spy = sidesOf(params, 'spy')
  const whisper = sidesOf(params, 'whisper')
  if (spy === 'none' && whisper === 'none')
    throw new AriFault(400, 'Direction must be specified for at least spy or whisper')
  const app = params.need('app')
  const id = freeId(x, givenId ?? params.text('snoopId'))
  const name = nextName(x, 'Snoop', target.id)
  const channel = newChannel({ id, kind: 'snoop', name, resource: target.id, state: 'Up' })
  channel.target = target
  x.channels.set(id, channel)
  x.media.openSnoop(id, target.id, { spy, whisper })
  enterStasis(x, channel, app, params.list('appArgs'))
  return channel
}

/** The query in `v(name=value,...)` of transport_data, where values are URI-encoded already; anything else is refused. */
function uriParameters(transportData: string): string {
  if (transportData === '') return ''
  const found = /^v\((.*)\)$/.exec(transportData)
  if (!found) throw new AriFault(400, 'transport_data may only be v(name=value,...)')
  const pairs = (found[1] ?? '').split(',').filter((pair) => pair !== '')
  if (!pairs.every((pair) => /^[\w.~-]+=[\w.~%:+-]*$/.test(pair)))
    throw new AriFault(400, 'transport_data holds a parameter that is not URI-encoded')
  return pairs.join('&')
}

function addressFor(x: Exchange, params: Params): { connection: string; url: string } {
  const expected = {
    transport: 'websocket',
    encapsulation: 'none',
    format: 'ulaw',
    connection_type: 'client',
  }
  for (const [name, value] of Object.entries(expected)) {
    const given = params.text(name)
    if (given !== undefined && given !== value)
      throw new AriFault(501, `This switchboard serves externalMedia with ${name}=${value} only`)
  }
  if (params.text('transport') === undefined)
    throw new AriFault(501, 'externalMedia needs transport=websocket')
  const connection = params.need('external_host')
  if (connection !== 'recorder' || x.config.recorderUrl === null)
    throw new AriFault(400, 'external_host names no connection of this switchboard')
  const url = new URL(x.config.recorderUrl)
  url.search = uriParameters(params.text('transport_data') ?? '')
  return { connection, url: url.href }
}

/** `POST /channels/externalMedia`: sound to and from a WebSocket server named in the settings. */
export function externalMedia(x: Exchange, params: Params): Channel {
  const { connection, url } = addressFor(x, params)
  const app = params.need('app')
  const variables = variablesOf(params.object('variables'))
  const id = freeId(x, params.text('channelId'))
  const name = nextName(x, 'WebSocket', connection)
  const channel = newChannel({ id, kind: 'external', name, resource: connection, state: 'Down' })
  x.channels.set(id, channel)
  x.apps.ensure(app).channels.add(id)
  tellChannel(x, channel, 'ChannelCreated')
  for (const [key, value] of variables) writeVariable(x, channel, key, value)
  x.media.openExternal(id, url, { format: 'ulaw', channel: name })
  // At once, not when connected: it may be bridged now, and what it hears is kept until the connection is there.
  setState(x, channel, 'Up')
  enterStasis(x, channel, app, params.list('data'))
  setTimeout(() => giveUp(x, channel), connectWithin).unref()
  return channel
}

function giveUp(x: Exchange, channel: Channel): void {
  if (!channel.wasUp) endChannel(x, channel, { cause: Cause.failure, sip: null })
}

/** The connection of external media is gone: as in Asterisk its channel ends, unless it was never there and is tried again. */
export function externalDown(x: Exchange, channel: Channel, final: boolean): void {
  if (!channel.wasUp && !final) return
  endChannel(x, channel, { cause: channel.wasUp ? Cause.normal : Cause.failure, sip: null })
}
