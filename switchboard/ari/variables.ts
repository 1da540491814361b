import type { Bridge, Channel, Variable } from './channel.ts'
import { tellChannel } from './exchange.ts'
import type { Exchange } from './exchange.ts'
import { AriFault } from './fault.ts'
import type { CallerIdJson } from './models.ts'

/** Reads `"Name" <number>`, `Name <number>`, `number`, or a bare name. */
export function parseCallerId(text: string): CallerIdJson {
  const found = /^\s*"?([^"<]*?)"?\s*<([^>]*)>\s*$/.exec(text)
  if (found) return { name: found[1] ?? '', number: found[2] ?? '' }
  return /^[+\d*#]+$/.test(text.trim())
    ? { name: '', number: text.trim() }
    : { name: text.trim(), number: '' }
}

function partOf(party: CallerIdJson, part: string): string {
  if (part === 'name') return party.name
  if (part === 'num' || part === 'number') return party.number
  return part === 'all' ? `"${party.name}" <${party.number}>` : ''
}

function ofCall(channel: Channel, what: string): string {
  const { call } = channel
  if (!call) return ''
  const address = `${call.remote.host}:${call.remote.port}`
  const known: Record<string, string> = {
    'pjsip,remote_addr': address,
    'pjsip,call-id': call.id,
    'pjsip,transport': call.remote.transport,
    endpoint: channel.resource,
    peerip: call.remote.host,
  }
  return known[what] ?? ''
}

function functionValue(channel: Channel, name: string, argument: string): string | null {
  if (name === 'CALLERID') return partOf(channel.caller, argument)
  if (name === 'CONNECTEDLINE') return partOf(channel.connected, argument)
  if (name === 'PJSIP_HEADER') {
    const [action = '', header = ''] = argument.split(',')
    return action === 'read' ? (channel.call?.header(header) ?? '') : null
  }
  if (name !== 'CHANNEL') return null
  if (argument === 'state') return channel.state
  if (argument === 'language') return channel.language
  if (argument === 'name') return channel.name
  return ofCall(channel, argument)
}

const builtIn: Record<string, (channel: Channel) => string> = {
  CHANNEL: (channel) => channel.name,
  UNIQUEID: (channel) => channel.id,
  EXTEN: (channel) => channel.exten,
  CONTEXT: (channel) => channel.context,
}

/** A channel's variable or function (`CALLERID(num)`, `PJSIP_HEADER(read,X-...)`, ...); 404 when it is not set. */
export function readVariable(channel: Channel, name: string): string {
  const stored = channel.variables.get(name)
  if (stored) return stored.value
  const [, fn = '', argument = ''] = /^(\w+)\((.*)\)$/.exec(name) ?? []
  const value = fn === '' ? (builtIn[name]?.(channel) ?? null) : functionValue(channel, fn, argument)
  if (value === null) throw new AriFault(404, 'Provided variable was not found')
  return value
}

/** Sets a channel's variable or function; an empty value takes a variable away. */
export function writeVariable(x: Exchange, channel: Channel, name: string, value: Variable): void {
  const [, fn = '', argument = ''] = /^(\w+)\((.*)\)$/.exec(name) ?? []
  if (fn === '') store(channel.variables, name, value)
  else if (!writeFunction(channel, fn, argument, value.value))
    throw new AriFault(501, `This switchboard does not serve the function ${fn}`)
  tellChannel(x, channel, 'ChannelVarset', { variable: name, value: value.value })
}

function writeFunction(channel: Channel, fn: string, argument: string, value: string): boolean {
  if (fn === 'CALLERID') channel.caller = changed(channel.caller, argument, value)
  else if (fn === 'CONNECTEDLINE') channel.connected = changed(channel.connected, argument, value)
  else if (fn === 'CHANNEL' && argument === 'language') channel.language = value
  else if (fn === 'PJSIP_HEADER') return addHeader(channel, argument, value)
  // REFER is always left to the application here, so asking for it is granted.
  else return fn === 'PJSIP_TRANSFER_HANDLING' && value === 'ari-only'
  return true
}

function changed(party: CallerIdJson, part: string, value: string): CallerIdJson {
  if (part === 'all') return parseCallerId(value)
  if (part === 'name') return { ...party, name: value }
  return part === 'num' || part === 'number' ? { ...party, number: value } : party
}

function addHeader(channel: Channel, argument: string, value: string): boolean {
  const [action = '', header = ''] = argument.split(',')
  if (action !== 'add' || !/^[\w-]+$/.test(header) || /[\r\n]/.test(value))
    throw new AriFault(400, 'Not a header that can be added')
  channel.headers[header] = value
  return true
}

/** Puts a variable into a store; an empty value takes it away. */
export function store(variables: Map<string, Variable>, name: string, value: Variable): void {
  if (value.value === '') variables.delete(name)
  else variables.set(name, value)
}

/** Reads the `variables` of a body: `{name: "value"}` or `{name: {value, report_events}}`. 400 when it is neither. */
export function variablesOf(body: unknown): [string, Variable][] {
  if (body === undefined) return []
  if (typeof body !== 'object' || body === null || Array.isArray(body))
    throw new AriFault(400, 'variables must be an object')
  return Object.entries(body).map(([name, value]) => [name.trim(), variableOf(value)])
}

function variableOf(value: unknown): Variable {
  if (typeof value === 'string') return { value, reported: false }
  if (typeof value === 'number' || typeof value === 'boolean')
    return { value: String(value), reported: false }
  if (typeof value === 'object' && value !== null && 'value' in value && typeof value.value === 'string')
    return { value: value.value, reported: 'report_events' in value && value.report_events === true }
  throw new AriFault(400, 'A variable must be a text')
}

/** A bridge's variable; 404 when it is not set. */
export function readBridgeVariable(bridge: Bridge, name: string): string {
  const stored = bridge.variables.get(name)
  if (!stored) throw new AriFault(404, 'Provided variable was not found')
  return stored.value
}
