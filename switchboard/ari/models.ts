/** The JSON of Asterisk 22's ARI, as far as this switchboard serves it. Field names are Asterisk's. */

/** State words of a channel. */
export type ChannelState = 'Down' | 'Rsrved' | 'Dialing' | 'Ring' | 'Ringing' | 'Up'

/** A name and a number, either may be empty. */
export interface CallerIdJson {
  name: string
  number: string
}

/** A channel: one leg of a call. */
export interface ChannelJson {
  id: string
  name: string
  state: ChannelState
  protocol_id: string
  caller: CallerIdJson
  connected: CallerIdJson
  accountcode: string
  dialplan: { context: string; exten: string; priority: number; app_name: string; app_data: string }
  creationtime: string
  language: string
  channelvars?: Record<string, string>
}

/** A bridge: who hears whom. */
export interface BridgeJson {
  id: string
  technology: string
  bridge_type: 'mixing' | 'holding'
  bridge_class: 'stasis'
  creator: 'Stasis'
  name: string
  channels: string[]
  creationtime: string
  video_mode: 'none'
  bridgevars?: Record<string, string>
}

/** A playback: sounds played to a channel or a bridge, one after the other. */
export interface PlaybackJson {
  id: string
  media_uri: string
  next_media_uri?: string
  target_uri: string
  language: string
  state: 'queued' | 'playing' | 'continuing' | 'done' | 'failed'
}

/** A recording being written. */
export interface LiveRecordingJson {
  name: string
  format: string
  target_uri: string
  state: 'queued' | 'recording' | 'paused' | 'done' | 'failed' | 'canceled'
  duration?: number
  cause?: string
}

/** An endpoint: an account or a trunk. */
export interface EndpointJson {
  technology: 'PJSIP'
  resource: string
  state: 'online' | 'offline' | 'unknown'
  channel_ids: string[]
}

/** State of a device as a lamp would show it. */
export interface DeviceStateJson {
  name: string
  state: string
}

/** What is sent to an application, before `application`, `timestamp` and `asterisk_id` are added. */
export interface AriEvent {
  type: string
  [field: string]: unknown
}

/** A time in the form Asterisk writes it, in UTC. */
export const ariTime = (at: Date = new Date()): string => `${at.toISOString().slice(0, -1)}+0000`
