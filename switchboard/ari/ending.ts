import { removeFromBridge } from './bridge.ts'
import { Cause, causeText } from './cause.ts'
import { channelJson } from './channel.ts'
import type { Channel } from './channel.ts'
import { tellChannel } from './exchange.ts'
import type { Exchange } from './exchange.ts'
import { endPlaybacksOf } from './playback.ts'
import { endRecordingsOf } from './recording.ts'

/** How a channel ended: a Q.850 cause, and the SIP status where there was one. */
export interface Ending {
  cause: number
  sip: number | null
}

/** Hangs a channel up on somebody's wish: the far end is told, and the channel is gone when this returns. */
export function hangUp(x: Exchange, channel: Channel, cause: number): void {
  if (channel.ended) return
  tellChannel(x, channel, 'ChannelHangupRequest', { soft: true, cause })
  channel.call?.hangup({ cause })
  endChannel(x, channel, { cause, sip: null })
}

/** Takes a channel down, whoever ended it: out of its bridge, out of its application, its record written, its ports given back. */
export function endChannel(x: Exchange, channel: Channel, ending: Ending): void {
  if (channel.ended) return
  channel.ended = true
  for (const other of x.channels.values())
    if (other.target === channel) endChannel(x, other, { cause: Cause.normal, sip: null })
  endPlaybacksOf(x, channel)
  endRecordingsOf(x, channel)
  removeFromBridge(x, channel)
  if (channel.kind === 'sip') write(x, channel, ending.cause)
  x.parked.delete(channel)
  x.media.closeLeg(channel.id)
  leaveApplication(x, channel)
  x.channels.delete(channel.id)
  const tech = ending.sip === null ? {} : { tech_cause: ending.sip }
  const { cause } = ending
  const cause_txt = causeText(cause)
  x.apps.emit(
    { type: 'ChannelDestroyed', cause, cause_txt, ...tech, channel: channelJson(channel) },
    { channels: [channel.id] },
  )
  x.apps.forgetChannel(channel.id)
  if (channel.kind === 'sip') x.onChannels(channel)
}

function leaveApplication(x: Exchange, channel: Channel): void {
  const { app } = channel
  if (app === null) return
  x.apps.tell(app, { type: 'StasisEnd', channel: channelJson(channel) })
  channel.app = null
}

function write(x: Exchange, channel: Channel, cause: number): void {
  const { name, number } = channel.caller
  x.records.add({
    accountcode: channel.accountcode,
    src: number,
    dst: channel.exten,
    dcontext: channel.context,
    clid: name === '' ? number : `"${name}" <${number}>`,
    channel: channel.name,
    dstchannel: channel.partner,
    ...lastOf(x, channel),
    start: channel.created,
    answer: channel.answered,
    end: new Date(),
    disposition: dispositionOf(channel, cause),
    uniqueid: channel.id,
    userfield: '',
  })
}

/** Where a call was at its end; who never reached the application had only the fallback sound and music. */
function lastOf(x: Exchange, channel: Channel): { lastapp: string; lastdata: string } {
  if (channel.app !== null) return { lastapp: 'Stasis', lastdata: [channel.app, ...channel.args].join(',') }
  return { lastapp: x.parked.has(channel) ? 'MusicOnHold' : 'Dial', lastdata: '' }
}

function dispositionOf(channel: Channel, cause: number): 'ANSWERED' | 'NO ANSWER' | 'BUSY' | 'FAILED' {
  if (channel.answered) return 'ANSWERED'
  if (cause === Cause.busy) return 'BUSY'
  const unanswered: number[] = [
    Cause.normal,
    Cause.noAnswer,
    Cause.noUser,
    Cause.elsewhere,
    Cause.interworking,
  ]
  return unanswered.includes(cause) ? 'NO ANSWER' : 'FAILED'
}
