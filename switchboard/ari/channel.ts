import type { LegKind } from '../media/messages.ts'
import type { Call, CallTarget, InboundCall, ReferProgress } from '../sip/contract.ts'
import { ariTime } from './models.ts'
import type { BridgeJson, CallerIdJson, ChannelJson, ChannelState } from './models.ts'

/** A variable, and whether it is shown in every event about its owner. */
export interface Variable {
  value: string
  reported: boolean
}

/** Whom a channel is to call, and how. */
export interface DialPlan {
  target: CallTarget
  kind: LegKind
  /** What is offered instead, one after the other, where that is refused. */
  instead: LegKind[]
  /** Account or trunk. */
  resource: string
  /** What was asked for, e.g. `123@trunk`. */
  dialled: string
}

/** One leg: a SIP call, a snoop, or external media. Its id is also the id of its leg in the media engine. */
export interface Channel {
  readonly id: string
  readonly kind: 'sip' | 'snoop' | 'external'
  readonly name: string
  /** Account, trunk or `anonymous` for SIP; target or connection for the others. */
  readonly resource: string
  readonly created: Date
  /** The same as every event about it says it. */
  readonly creationtime: string
  answered: Date | null
  state: ChannelState
  caller: CallerIdJson
  connected: CallerIdJson
  context: string
  exten: string
  accountcode: string
  language: string
  /** The application it is in, or null while it is in none (ringing out, or waiting for one to connect). */
  app: string | null
  args: string[]
  variables: Map<string, Variable>
  call: Call | null
  /** The inbound call while we may still answer it. */
  inbound: InboundCall | null
  /** Our SDP, for the answer. */
  localSdp: string
  /** The answer to the SDP offer in our 200 is awaited in the ACK. */
  awaitsAnswer: boolean
  bridge: Bridge | null
  /** It was brought into its bridge muted. */
  muted: boolean
  /** Last channel it was bridged with, for the call-detail record. */
  partner: string
  held: boolean
  /** Music was asked for by the application. */
  music: boolean
  /** Music was given to its leg, for whatever reason, and not taken away. */
  hasMusic: boolean
  /** Its connection (browser's WebSocket) is gone; it is given up when its sound stops as well. */
  flowLost: boolean
  silent: boolean
  /** It is being asked now and then whether it is still there, because it is silent. */
  asked: boolean
  transfer: ReferProgress | null
  /** Whom it is to call, until it has called. */
  plan: DialPlan | null
  /** Headers for its INVITE. */
  headers: Record<string, string>
  /** Of a snoop: the channel it listens to. */
  target: Channel | null
  /** Of external media: it has been connected once. */
  wasUp: boolean
  ended: boolean
}

/** Who hears whom. Its id is also the id of the bridge in the media engine. */
export interface Bridge {
  readonly id: string
  readonly kind: 'mixing' | 'holding'
  readonly creationtime: string
  name: string
  members: Set<Channel>
  variables: Map<string, Variable>
}

const unknown: CallerIdJson = { name: '', number: '' }

/** A channel with nothing known about it but who and what it is. */
export function newChannel(facts: Pick<Channel, 'id' | 'kind' | 'name' | 'resource' | 'state'>): Channel {
  const created = new Date()
  return {
    ...facts,
    created,
    creationtime: ariTime(created),
    answered: null,
    caller: unknown,
    connected: unknown,
    context: 'hearthline',
    exten: 's',
    accountcode: '',
    language: 'en',
    app: null,
    args: [],
    variables: new Map(),
    call: null,
    inbound: null,
    localSdp: '',
    awaitsAnswer: false,
    bridge: null,
    muted: false,
    partner: '',
    held: false,
    music: false,
    hasMusic: false,
    flowLost: false,
    silent: false,
    asked: false,
    transfer: null,
    plan: null,
    headers: {},
    target: null,
    wasUp: false,
    ended: false,
  }
}

function reported(variables: Map<string, Variable>): Record<string, string> | null {
  let shown: Record<string, string> | null = null
  for (const [name, variable] of variables) if (variable.reported) (shown ??= {})[name] = variable.value
  return shown
}

/** The channel as ARI shows it. */
export function channelJson(channel: Channel): ChannelJson {
  const channelvars = reported(channel.variables)
  return {
    id: channel.id,
    name: channel.name,
    state: channel.state,
    protocol_id: channel.call?.id ?? '',
    caller: channel.caller,
    connected: channel.connected,
    accountcode: channel.accountcode,
    dialplan: {
      context: channel.context,
      exten: channel.exten,
      priority: 1,
      app_name: channel.app === null ? '' : 'Stasis',
      app_data: channel.app === null ? '' : [channel.app, ...channel.args].join(','),
    },
    creationtime: channel.creationtime,
    language: channel.language,
    ...(channelvars ? { channelvars } : {}),
  }
}

/** The bridge as ARI shows it. */
export function bridgeJson(bridge: Bridge): BridgeJson {
  const bridgevars = reported(bridge.variables)
  return {
    id: bridge.id,
    technology: bridge.kind === 'holding' ? 'holding_bridge' : 'simple_bridge',
    bridge_type: bridge.kind,
    bridge_class: 'stasis',
    creator: 'Stasis',
    name: bridge.name,
    channels: [...bridge.members].map((member) => member.id),
    creationtime: bridge.creationtime,
    video_mode: 'none',
    ...(bridgevars ? { bridgevars } : {}),
  }
}
