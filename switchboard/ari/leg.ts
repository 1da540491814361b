import { MediaError } from '../media/failure.ts'
import { OfferRefused } from '../sip/contract.ts'
import type { CallEnd, CallHandlers } from '../sip/contract.ts'
import { Cause } from './cause.ts'
import type { Channel } from './channel.ts'
import { endChannel, hangUp } from './ending.ts'
import type { Ending } from './ending.ts'
import { tellChannel } from './exchange.ts'
import type { Exchange } from './exchange.ts'
import { refreshOthers } from './music.ts'
import { transferAsked } from './transfer.ts'

/** What happens in a SIP call, whichever side began it, carried over to its channel. Nothing thrown here leaves the call. */
export function legHandlers(x: Exchange, channel: Channel): CallHandlers {
  return {
    acked: (sdp) => {
      // A re-INVITE that was answered by nothing changes nothing (RFC 3261 §14.1).
      if (!channel.awaitsAnswer || sdp === null) return
      channel.awaitsAnswer = false
      void x.media.acceptAnswer(channel.id, sdp).catch((error: unknown) => fail(x, channel, error))
    },
    offered: (offer) => renegotiate(x, channel, offer),
    digit: (digit, durationMs) => digitPressed(x, channel, digit, durationMs),
    refer: (request) => {
      try {
        transferAsked(x, channel, request)
      } catch (error) {
        x.log.error({ err: error }, 'a transfer could not be told')
        request.reject(500)
      }
    },
    ended: (end) => callEnded(x, channel, end),
  }
}

/** The call cannot go on: it is ended with the cause that fits. */
export function fail(x: Exchange, channel: Channel, error: unknown): void {
  if (channel.ended) return
  x.log.warn({ code: error instanceof MediaError ? error.code : 'unknown', err: error }, 'a call failed')
  hangUp(x, channel, causeOfFailure(error))
}

/** The cause for what the media engine refused. */
function causeOfFailure(error: unknown): number {
  if (!(error instanceof MediaError)) return Cause.failure
  if (error.code === 'not-acceptable') return 58
  if (error.code === 'malformed') return 111
  return error.code === 'no-ports' ? Cause.congestion : Cause.failure
}

async function renegotiate(x: Exchange, channel: Channel, offer: string | null): Promise<string> {
  try {
    if (offer !== null) return await x.media.renegotiate(channel.id, offer)
    channel.awaitsAnswer = true
    return await x.media.makeOffer(channel.id, 'rtp')
  } catch (error) {
    throw error instanceof MediaError ? new OfferRefused(error.code) : error
  }
}

/** A digit, by RFC 4733 or SIP INFO. */
export function digitPressed(x: Exchange, channel: Channel, digit: string, durationMs: number): void {
  tellChannel(x, channel, 'ChannelDtmfReceived', { digit, duration_ms: Math.round(durationMs) })
}

/** The far end put us on hold, or took us back; those it talked to hear music meanwhile. */
export function holdChanged(x: Exchange, channel: Channel, held: boolean): void {
  if (channel.held === held) return
  channel.held = held
  if (held) tellChannel(x, channel, 'ChannelHold', { musicclass: 'default' })
  else tellChannel(x, channel, 'ChannelUnhold')
  refreshOthers(x, channel)
}

function callEnded(x: Exchange, channel: Channel, end: CallEnd): void {
  if (channel.ended) return
  const ending = endingOf(channel, end)
  if (end.by === 'remote') tellChannel(x, channel, 'ChannelHangupRequest', { cause: ending.cause })
  endChannel(x, channel, ending)
}

/** What a call's end means in ARI's terms. */
export function endingOf(channel: Channel, end: CallEnd): Ending {
  const sip = end.status
  if (end.by === 'timeout' && !channel.answered)
    return { cause: channel.state === 'Ringing' ? Cause.noAnswer : Cause.noUser, sip }
  // A caller who hangs up while it rings (CANCEL, 487) has done nothing abnormal.
  if (sip === 487 && end.reason === null && channel.call?.direction === 'in')
    return { cause: Cause.normal, sip }
  return { cause: end.cause, sip }
}
