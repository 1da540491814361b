import type { OutboundHandlers, Party } from '../sip/contract.ts'
import type { Endpoint } from './directory.ts'
import { setState } from './answering.ts'
import { dialStatusOf } from './cause.ts'
import { channelJson, newChannel } from './channel.ts'
import type { Channel, DialPlan } from './channel.ts'
import { nextId, nextName, tellChannel } from './exchange.ts'
import type { Exchange } from './exchange.ts'
import { AriFault } from './fault.ts'
import { endingOf, fail, legHandlers } from './leg.ts'
import type { Params } from './request.ts'
import { enterStasis } from './stasis.ts'
import { parseCallerId, variablesOf, writeVariable } from './variables.ts'

const forEver = 24 * 60 * 60 * 1000

/** Variable of a channel to be dialled: ms without any answer at all after which it ends. Asterisk knows none such. */
const silenceVariable = 'HEARTHLINE_SILENCE_MS'

/** What a far end says that cannot do what was offered: unsupported media type, not acceptable (here). */
const refusals = new Set([415, 488, 606])

/** How a channel is to be dialled. */
interface Dialling {
  timeoutMs: number
  /** Channel whose codec comes first, so that nothing need be recoded. */
  like: string | undefined
  /** Enter this application when answered; null: it is in one. */
  app: string | null
  args: string[]
}

/** Reads `PJSIP/account` or `PJSIP/number@trunk`; 500 "Allocation failed", as Asterisk says, when nobody is there to be called. */
function planFor(x: Exchange, endpoint: string): DialPlan {
  const [, dialled = ''] = /^PJSIP\/(.+)$/.exec(endpoint) ?? []
  if (dialled === '') throw new AriFault(400, 'Endpoint in format tech/resource is required')
  const at = dialled.lastIndexOf('@')
  const resource = at < 0 ? dialled : dialled.slice(at + 1)
  const known = x.directory.endpoint(resource)
  const number = at < 0 ? '' : dialled.slice(0, at)
  if (known?.kind === 'trunk' && /^[\w+*#.-]+$/.test(number))
    return { target: { kind: 'trunk', trunk: resource, number }, ...soundOf(known), resource, dialled }
  const [contact] = x.sip.registrations(resource)
  if (known?.kind === 'account' && at < 0 && contact) {
    const sound = soundOf(known, contact.remote.transport)
    return { target: { kind: 'account', user: resource }, ...sound, resource, dialled }
  }
  throw new AriFault(500, 'Allocation failed')
}

/** Keys that travel in the clear keep nobody out: who need not have them is offered them by TLS alone. DTLS needs none. */
function soundOf({ media, optimistic }: Endpoint, transport = 'tls'): Pick<DialPlan, 'kind' | 'instead'> {
  if (!optimistic || media !== 'srtp') return { kind: media, instead: [] }
  return transport === 'tls' ? { kind: 'srtp', instead: ['dtls', 'rtp'] } : { kind: 'rtp', instead: ['dtls'] }
}

function makeChannel(x: Exchange, params: Params, givenId: string | undefined): Channel {
  const id = givenId ?? params.text('channelId') ?? nextId(x)
  if (x.channels.has(id)) throw new AriFault(409, 'Channel with given unique ID already exists')
  const app = params.text('app')
  if (app === undefined) throw new AriFault(400, 'Only an application (app) can be given to a new channel')
  const variables = variablesOf(params.object('variables'))
  const plan = planFor(x, params.need('endpoint'))
  const { resource } = plan
  const channel = newChannel({
    id,
    kind: 'sip',
    name: nextName(x, 'PJSIP', resource),
    resource,
    state: 'Down',
  })
  const endpoint = x.directory.endpoint(resource)
  channel.plan = plan
  channel.context = endpoint?.context ?? channel.context
  channel.accountcode = endpoint?.accountcode ?? ''
  channel.connected = parseCallerId(params.text('callerId') ?? '')
  channel.caller = { name: '', number: plan.dialled.split('@')[0] ?? '' }
  x.apps.ensure(app).channels.add(id)
  x.channels.set(id, channel)
  tellChannel(x, channel, 'ChannelCreated')
  for (const [name, value] of variables) writeVariable(x, channel, name, value)
  return channel
}

/** `POST /channels`: calls an account or a number; the channel enters the application when it is answered. */
export function originate(x: Exchange, params: Params, givenId: string | undefined): Channel {
  const timeout = params.number('timeout', 30)
  const channel = makeChannel(x, params, givenId)
  dial(x, channel, {
    timeoutMs: timeout <= 0 ? forEver : timeout * 1000,
    like: params.text('originator'),
    app: params.need('app'),
    args: params.list('appArgs'),
  })
  return channel
}

/** `POST /channels/create`: a channel in the application at once, to be dialled later. */
export function create(x: Exchange, params: Params): Channel {
  const channel = makeChannel(x, params, undefined)
  enterStasis(x, channel, params.need('app'), params.list('appArgs'))
  return channel
}

/** `POST /channels/{id}/dial`: dials a channel made by `create`; 409 when it has been dialled. */
export function dialCreated(x: Exchange, channel: Channel, params: Params): void {
  if (!channel.plan) throw new AriFault(409, 'Channel is not in the state to be dialled')
  const timeout = params.number('timeout', 0)
  const like = params.text('caller')
  dial(x, channel, { timeoutMs: timeout > 0 ? timeout * 1000 : forEver, like, app: null, args: [] })
}

function dial(x: Exchange, channel: Channel, how: Dialling): void {
  const { plan } = channel
  if (!plan) return
  channel.plan = null
  void send(x, channel, plan, how)
    .then(() => channel.ended || tellDial(x, channel, plan, ''))
    .catch((error: unknown) => fail(x, channel, error))
}

async function send(x: Exchange, channel: Channel, plan: DialPlan, how: Dialling): Promise<void> {
  const like = how.like !== undefined && x.channels.has(how.like) ? { codecsLike: how.like } : {}
  const address = await x.sip.addressTowards(plan.target)
  if (channel.ended) return
  const offer = await x.media.makeOffer(channel.id, plan.kind, { ...like, address })
  if (channel.ended) return x.media.closeLeg(channel.id)
  // In a bridge before it is dialled: what the far end plays before it answers is heard there, as from Asterisk.
  if (channel.bridge) x.media.addToBridge(channel.bridge.id, channel.id, { mute: channel.muted })
  const { name, number } = channel.connected
  const from: Party = { name: name === '' ? null : name, number: number === '' ? 'anonymous' : number }
  const { headers } = channel
  const { timeoutMs } = how
  const silenceMs = Number(channel.variables.get(silenceVariable)?.value)
  const wanted = { from, offer, headers, timeoutMs, ...(silenceMs > 0 ? { silenceMs } : {}) }
  channel.call = x.sip.call(plan.target, wanted, handlers(x, channel, plan, how))
}

function tellDial(x: Exchange, channel: Channel, plan: DialPlan, dialstatus: string): void {
  x.apps.emit(
    { type: 'Dial', dialstatus, forward: '', dialstring: plan.dialled, peer: channelJson(channel) },
    { channels: [channel.id] },
  )
}

function handlers(x: Exchange, channel: Channel, plan: DialPlan, how: Dialling): OutboundHandlers {
  const leg = legHandlers(x, channel)
  return {
    ...leg,
    ringing: (sdp, status) => {
      if (sdp) x.media.acceptAnswer(channel.id, sdp).catch(() => x.log.info('early media could not be read'))
      if (channel.state === 'Ringing') return
      tellDial(x, channel, plan, status === 183 ? 'PROGRESS' : 'RINGING')
      setState(x, channel, 'Ringing')
    },
    answered: (sdp) => {
      void connect(x, channel, plan, how, sdp).catch((error: unknown) => fail(x, channel, error))
    },
    ended: (end) => {
      const [kind, ...instead] = plan.instead
      if (kind && refusals.has(end.status ?? 0) && !channel.answered && !channel.ended) {
        void send(x, channel, { ...plan, kind, instead }, how).catch((error: unknown) =>
          fail(x, channel, error),
        )
        return
      }
      if (!channel.answered && !channel.ended)
        tellDial(x, channel, plan, dialStatusOf(endingOf(channel, end).cause))
      leg.ended(end)
    },
  }
}

async function connect(
  x: Exchange,
  channel: Channel,
  plan: DialPlan,
  how: Dialling,
  sdp: string,
): Promise<void> {
  await x.media.acceptAnswer(channel.id, sdp)
  if (channel.ended) return
  setState(x, channel, 'Up')
  tellDial(x, channel, plan, 'ANSWER')
  if (how.app !== null) enterStasis(x, channel, how.app, how.args)
}
