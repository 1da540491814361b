import type { Registration, TrunkState } from '../sip/contract.ts'
import type { Endpoint } from './directory.ts'
import type { Exchange } from './exchange.ts'
import { notFound } from './fault.ts'
import type { DeviceStateJson, EndpointJson } from './models.ts'

/** Whether somebody can be reached at an endpoint: a registered contact, or a trunk that is not refused. */
function online(x: Exchange, endpoint: Endpoint): boolean {
  if (endpoint.kind === 'account') return x.sip.registrations(endpoint.id).length > 0
  const state = x.sip.trunkStates().find((one) => one.trunk === endpoint.id)?.state
  return state === 'ready' || state === 'registered'
}

/** The endpoint as ARI shows it. */
export function endpointJson(x: Exchange, endpoint: Endpoint): EndpointJson {
  const channels: string[] = []
  for (const one of x.channels.values())
    if (one.kind === 'sip' && one.resource === endpoint.id) channels.push(one.id)
  return {
    technology: 'PJSIP',
    resource: endpoint.id,
    state: online(x, endpoint) ? 'online' : 'offline',
    channel_ids: channels,
  }
}

/** State of a device: `PJSIP/name` from its calls and registrations, anything else as it was set. */
export function deviceStateOf(x: Exchange, name: string): DeviceStateJson {
  const resource = /^PJSIP\/(.+)$/.exec(name)?.[1]
  if (resource === undefined)
    return { name, state: x.globals.get(`DEVICE_STATE(${name})`)?.value ?? 'UNKNOWN' }
  const endpoint = x.directory.endpoint(resource)
  if (!endpoint) return { name, state: 'INVALID' }
  let ringing = false
  for (const one of x.channels.values()) {
    if (one.resource !== resource) continue
    if (one.state === 'Up') return { name, state: 'INUSE' }
    ringing ||= one.state === 'Ringing' || one.state === 'Ring'
  }
  if (ringing) return { name, state: 'RINGING' }
  return { name, state: online(x, endpoint) ? 'NOT_INUSE' : 'UNAVAILABLE' }
}

/** Tells the state of a device to whoever is subscribed to it. */
export function tellDevice(x: Exchange, name: string): void {
  const device_state = deviceStateOf(x, name)
  x.devicesTold.set(name, device_state.state)
  x.apps.emit({ type: 'DeviceStateChanged', device_state }, { devices: [name] })
}

/** A call of a device came, went or changed: its state is told if that is news, so of a busy trunk's next call nothing. */
export function deviceUsed(x: Exchange, name: string): void {
  if (x.devicesTold.get(name) !== deviceStateOf(x, name).state) tellDevice(x, name)
}

/** A contact was registered or is gone: told in the three ways in which Asterisk tells it. */
export function contactChanged(x: Exchange, registration: Registration, present: boolean): void {
  const endpoint = x.directory.endpoint(registration.user)
  if (!endpoint) return
  if (present) forgiveLater(x, endpoint)
  const contact_info = {
    uri: registration.contact,
    contact_status: present ? 'NonQualified' : 'Removed',
    aor: registration.user,
    roundtrip_usec: '0',
  }
  const json = endpointJson(x, endpoint)
  const about = { endpoints: [endpoint.id] }
  x.apps.emit({ type: 'ContactStatusChange', endpoint: json, contact_info }, about)
  tellEndpoint(x, endpoint)
}

/** How long a seat that is back must have been heard before its lost connection is forgotten. */
const forgiveAfter = 4_000

/** A browser is back on another WebSocket: its call goes on if it is still heard; a reloaded page's old call is not. */
function forgiveLater(x: Exchange, endpoint: Endpoint): void {
  const back = [...x.channels.values()].filter((one) => one.resource === endpoint.id && one.flowLost)
  const forgive = () => {
    for (const channel of back) if (!channel.silent) channel.flowLost = false
  }
  if (back.length) setTimeout(forgive, forgiveAfter).unref()
}

/** A trunk was reached, or refused us. */
export function trunkChanged(x: Exchange, state: TrunkState): void {
  const endpoint = x.directory.endpoint(state.trunk)
  if (endpoint) tellEndpoint(x, endpoint)
}

function tellEndpoint(x: Exchange, endpoint: Endpoint): void {
  const json = endpointJson(x, endpoint)
  const about = { endpoints: [endpoint.id] }
  const peer = { peer_status: json.state === 'online' ? 'Reachable' : 'Unreachable' }
  x.apps.emit({ type: 'PeerStatusChange', endpoint: json, peer }, about)
  x.apps.emit({ type: 'EndpointStateChange', endpoint: json }, about)
  tellDevice(x, `PJSIP/${endpoint.id}`)
}

/** An endpoint by technology and resource; 404 when there is none. */
export function endpointOf(x: Exchange, tech: string | undefined, resource: string | undefined): Endpoint {
  const endpoint = tech === 'PJSIP' ? x.directory.endpoint(resource ?? '') : undefined
  if (!endpoint) throw notFound('Endpoint')
  return endpoint
}
