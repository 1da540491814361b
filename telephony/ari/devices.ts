import { z } from 'zod'
import type { SeatSpec, Secret, TrunkSpec } from '../switchboard.ts'
import type { Desk } from './desk.ts'
import { settled } from './wire.ts'

type Fields = Record<string, string>
/** One object of the push configuration: its kind and what is in it. */
export interface ConfigObject {
  kind: 'auth' | 'aor' | 'endpoint' | 'identify' | 'registration'
  fields: Fields
}

const codecs: Fields = { disallow: 'all', allow: 'ulaw,alaw' }
// Phones sit behind NAT; answers go where requests came from, sound through us.
const nearNat: Fields = {
  direct_media: 'no',
  rtp_symmetric: 'yes',
  force_rport: 'yes',
  rewrite_contact: 'yes',
}

// Where the far end can; who cannot, or has no TLS to hide the keys, talks as before (RFC 8643).
const secured: Fields = { media_encryption: 'sdes', media_encryption_optimistic: 'yes' }

function secretFields(user: string, secret: Secret): Fields {
  if ('password' in secret) return { auth_type: 'userpass', username: user, password: secret.password }
  return { auth_type: 'md5', username: user, realm: secret.realm, md5_cred: secret.ha1 }
}

/** A seat as three objects, in the order in which they refer to each other. */
export function seatObjects(spec: SeatSpec, context: string): ConfigObject[] {
  const { seat, secret, kind, role = 'seat' } = spec
  const endpoint: Fields = {
    context,
    ...codecs,
    ...nearNat,
    auth: seat,
    aors: seat,
    accountcode: role,
    ...(kind === 'browser' ? { webrtc: 'yes' } : { dtmf_mode: 'auto_info', ...secured }),
  }
  return [
    { kind: 'auth', fields: secretFields(seat, secret) },
    // One device: a phone that restarted must not leave its old address to be dialled.
    { kind: 'aor', fields: { max_contacts: '1', remove_existing: 'yes' } },
    { kind: 'endpoint', fields: endpoint },
  ]
}

/** A trunk as its objects, in the order in which they refer to each other. */
export function trunkObjects(spec: TrunkSpec, context: string): ConfigObject[] {
  const { trunk, host, port, transport, login, watched = true } = spec
  const address = `sip:${host}:${port}${transport === 'udp' ? '' : `;transport=${transport}`}`
  const objects: ConfigObject[] = []
  if (login) objects.push({ kind: 'auth', fields: secretFields(login.user, { password: login.password }) })
  objects.push({ kind: 'aor', fields: { contact: address, qualify_frequency: watched ? '30' : '0' } })
  const endpoint: Fields = {
    context,
    ...codecs,
    ...nearNat,
    aors: trunk,
    accountcode: 'trunk',
    dtmf_mode: 'auto_info',
    ...(transport === 'tls' && secured),
    trust_id_inbound: spec.trusted ? 'yes' : 'no',
    send_pai: spec.trusted ? 'yes' : 'no',
    ...(login && { outbound_auth: trunk, from_user: login.user, from_domain: host }),
  }
  objects.push({ kind: 'endpoint', fields: endpoint })
  if (spec.from.length > 0) {
    objects.push({ kind: 'identify', fields: { endpoint: trunk, match: spec.from.join(',') } })
  }
  if (spec.register && login) {
    objects.push({
      kind: 'registration',
      fields: {
        server_uri: address,
        client_uri: `sip:${login.user}@${host}:${port}`,
        contact_user: login.user,
        outbound_auth: trunk,
        line: 'yes',
        endpoint: trunk,
      },
    })
  }
  return objects
}

const path = (kind: string, id: string) =>
  `asterisk/config/dynamic/res_pjsip/${kind}/${encodeURIComponent(id)}`

async function push({ ask }: Desk, id: string, objects: ConfigObject[]): Promise<void> {
  for (const { kind, fields } of objects) {
    const list = Object.entries(fields).map(([attribute, value]) => ({ attribute, value }))
    await ask('PUT', path(kind, id), {}, { fields: list })
  }
}

const tuples = z.array(z.object({ attribute: z.string(), value: z.string() }))
const asAnswered = (value: string): string => ({ yes: 'true', no: 'false' })[value] ?? value

/**
 * Puts a trunk's endpoint only where it is another one than before, and then makes it anew: one that is changed gets, in
 * Asterisk 22, the caller id "unknown", which from then on stands over the number of everybody who calls by it.
 */
async function pushEndpoint({ ask }: Desk, id: string, fields: Fields): Promise<void> {
  const answer = await ask('GET', path('endpoint', id)).catch(() => [])
  const known = new Map(
    (tuples.safeParse(answer).data ?? []).map(({ attribute, value }) => [attribute, asAnswered(value)]),
  )
  // Codecs are answered in words of its own, and are the same for everybody.
  const given = Object.entries(fields).filter(([name]) => !(name in codecs))
  if (known.size > 0 && given.every(([name, value]) => known.get(name) === asAnswered(value))) return
  if (known.has('callerid')) await settled(ask('DELETE', path('endpoint', id)), 404)
  const list = Object.entries(fields).map(([attribute, value]) => ({ attribute, value }))
  await ask('PUT', path('endpoint', id), {}, { fields: list })
}

async function drop({ ask }: Desk, id: string, kinds: ConfigObject['kind'][]): Promise<void> {
  for (const kind of kinds) await settled(ask('DELETE', path(kind, id)), 404)
}

async function unwatch({ ask, app }: Desk, id: string): Promise<void> {
  const path = `applications/${encodeURIComponent(app)}/subscription`
  await settled(ask('DELETE', path, { eventSource: `deviceState:PJSIP/${id}` }), 404, 409, 422)
}

/**
 * Asks to be told when a device comes or goes. By its device state: a subscription to the endpoint would, in Asterisk 22,
 * bring every event of its channels a second time, and every key twice.
 */
async function watch(desk: Desk, id: string): Promise<void> {
  const { ask, app } = desk
  // Asterisk 22 remembers a subscription of an application that is long gone, and then makes none for the new one.
  await unwatch(desk, id)
  await ask('POST', `applications/${encodeURIComponent(app)}/subscription`, {
    eventSource: `deviceState:PJSIP/${id}`,
  })
}

/** Makes a seat's device known to the switchboard, or changes it. */
export async function pushSeat(desk: Desk, spec: SeatSpec): Promise<void> {
  await push(desk, spec.seat, seatObjects(spec, desk.context))
  if (spec.role !== 'web') await watch(desk, spec.seat)
}

/** Takes a seat's device out of the switchboard. */
export async function removeSeat(desk: Desk, seat: string): Promise<void> {
  await unwatch(desk, seat)
  await drop(desk, seat, ['endpoint', 'aor', 'auth'])
}

/** Makes a trunk known to the switchboard, or changes it; what it no longer has is taken away. */
export async function pushTrunk(desk: Desk, spec: TrunkSpec): Promise<void> {
  const objects = trunkObjects(spec, desk.context)
  const optional: ConfigObject['kind'][] = ['registration', 'identify']
  const kinds = new Set(objects.map((one) => one.kind))
  await drop(
    desk,
    spec.trunk,
    optional.filter((kind) => !kinds.has(kind)),
  )
  for (const object of objects) {
    if (object.kind === 'endpoint') await pushEndpoint(desk, spec.trunk, object.fields)
    else await push(desk, spec.trunk, [object])
  }
  await watch(desk, spec.trunk)
}

/** Takes a trunk out of the switchboard. */
export async function removeTrunk(desk: Desk, trunk: string): Promise<void> {
  await unwatch(desk, trunk)
  await drop(desk, trunk, ['registration', 'identify', 'endpoint', 'aor', 'auth'])
}
