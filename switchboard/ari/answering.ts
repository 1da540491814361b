import type { Channel } from './channel.ts'
import { tellChannel } from './exchange.ts'
import type { Exchange } from './exchange.ts'
import type { ChannelState } from './models.ts'

/** Changes the state of a channel and tells it, if it is news. */
export function setState(x: Exchange, channel: Channel, state: ChannelState): void {
  if (channel.state === state || channel.ended) return
  channel.state = state
  if (state === 'Up') channel.answered = new Date()
  tellChannel(x, channel, 'ChannelStateChange')
  x.onChannels(channel)
}

/** Answers a call that came in; nothing happens when it is answered. False for a channel that cannot be answered. */
export function answerChannel(x: Exchange, channel: Channel): boolean {
  if (channel.state === 'Up') return true
  const { inbound } = channel
  if (!inbound) return false
  channel.inbound = null
  channel.awaitsAnswer = inbound.offer === null
  x.media.ringback(channel.id, false)
  inbound.answer(channel.localSdp)
  setState(x, channel, 'Up')
  return true
}
