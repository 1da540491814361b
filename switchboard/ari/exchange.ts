import { randomInt } from 'node:crypto'
import type { CallRecords } from '../cdr.ts'
import type { SwitchboardConfig } from '../config.ts'
import type { Log } from '../log.ts'
import type { MediaEngine } from '../media/engine.ts'
import type { SipStack } from '../sip/contract.ts'
import type { Applications, Subjects } from './apps.ts'
import type { Directory } from './directory.ts'
import { bridgeJson, channelJson } from './channel.ts'
import type { Bridge, Channel, Variable } from './channel.ts'
import { notFound } from './fault.ts'
import type { LiveRecordingJson, PlaybackJson } from './models.ts'
import type { Spoken } from './spoken.ts'

/** A playback going on or waiting. */
export interface Playback {
  json: PlaybackJson
  target: Channel | Bridge
}

/** A recording going on. */
export interface Recording {
  json: LiveRecordingJson
  target: Channel | Bridge
  started: number
  /** Cancelled: the file is thrown away. */
  discard: boolean
}

/** Everything alive in this switchboard. One is made at the start and handed to every operation. */
export interface Exchange {
  readonly config: SwitchboardConfig
  readonly log: Log
  readonly apps: Applications
  readonly records: CallRecords
  readonly media: MediaEngine
  readonly sip: SipStack
  readonly directory: Directory
  readonly channels: Map<string, Channel>
  readonly bridges: Map<string, Bridge>
  readonly playbacks: Map<string, Playback>
  readonly recordings: Map<string, Recording>
  readonly spoken: Spoken
  readonly globals: Map<string, Variable>
  /** Callers answered while no application was connected, in order of arrival. */
  readonly parked: Set<Channel>
  readonly started: Date
  /** The state of each device as it was told last. */
  readonly devicesTold: Map<string, string>
  /** Told when a channel came or went, so that the state of its endpoint may be told. */
  onChannels: (channel: Channel) => void
  sequence: number
}

/** A channel by id; 404 when there is none. */
export function channelOf(x: Exchange, id: string | undefined): Channel {
  const channel = x.channels.get(id ?? '')
  if (!channel) throw notFound('Channel')
  return channel
}

/** A bridge by id; 404 when there is none. */
export function bridgeOf(x: Exchange, id: string | undefined): Bridge {
  const bridge = x.bridges.get(id ?? '')
  if (!bridge) throw notFound('Bridge')
  return bridge
}

/** Tells an event about a channel to whoever is subscribed to it. */
export function tellChannel(x: Exchange, channel: Channel, type: string, more: object = {}): void {
  x.apps.emit({ type, ...more, channel: channelJson(channel) }, { channels: [channel.id] })
}

/** Tells an event about a bridge, and perhaps a channel in it, to whoever is subscribed to either. */
export function tellBridge(x: Exchange, bridge: Bridge, type: string, channel?: Channel): void {
  const about: Subjects = { bridges: [bridge.id], channels: channel ? [channel.id] : [] }
  const more = channel ? { channel: channelJson(channel) } : {}
  x.apps.emit({ type, bridge: bridgeJson(bridge), ...more }, about)
}

/** What events about this channel or bridge are about. */
export const subjectsOf = (target: Channel | Bridge): Subjects =>
  'members' in target ? { bridges: [target.id] } : { channels: [target.id] }

/** The next name of a channel, e.g. `PJSIP/line1-0000002a`. */
export function nextName(x: Exchange, technology: string, resource: string): string {
  x.sequence += 1
  return `${technology}/${resource}-${x.sequence.toString(16).padStart(8, '0')}`
}

/** Tells switchboards apart that started in the same millisecond. */
const ours = String(randomInt(1000)).padStart(3, '0')

/**
 * An id for a channel nobody has named, in Asterisk's form `start.number`, with the start in milliseconds: a switchboard that
 * dies and is back within the same second must not give a new caller the id of one that is gone.
 */
export const nextId = (x: Exchange): string => `${x.started.getTime()}${ours}.${(x.sequence + 1).toString()}`
