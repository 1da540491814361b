import { setTimeout as sleep } from 'node:timers/promises'
import type { MediaEvent } from '../media/messages.ts'
import { Cause } from './cause.ts'
import type { Channel } from './channel.ts'
import { endChannel, hangUp } from './ending.ts'
import type { Exchange } from './exchange.ts'
import { digitPressed, holdChanged } from './leg.ts'
import { playbackEnded, playbackStarted } from './playback.ts'
import { recordingEnded } from './recording.ts'
import { externalDown } from './virtual.ts'

type LegEvent = Extract<MediaEvent, { leg: string }>

const outOfOrder = 27

/** Carries what happens in the media engine over to channels, playbacks and recordings. */
export function mediaHappened(x: Exchange, event: MediaEvent): void {
  if (event.type === 'playStarted') playbackStarted(x, event.playback)
  else if (event.type === 'playFinished') playbackEnded(x, event.playback, 'done')
  else if (event.type === 'playFailed') {
    x.log.warn({ reason: event.reason }, 'a sound could not be played')
    playbackEnded(x, event.playback, 'failed')
  } else if (event.type === 'recordFinished') recordingEnded(x, event.recording, event.durationMs, null)
  else if (event.type === 'recordFailed') recordingEnded(x, event.recording, 0, event.reason)
  else {
    const channel = x.channels.get(event.leg)
    if (channel) legHappened(x, channel, event)
  }
}

function legHappened(x: Exchange, channel: Channel, event: LegEvent): void {
  switch (event.type) {
    case 'digit':
      digitPressed(x, channel, event.digit, event.durationMs)
      break
    case 'held':
      holdChanged(x, channel, true)
      break
    case 'unheld':
      holdChanged(x, channel, false)
      break
    case 'silent':
      channel.silent = true
      giveUpIfLost(x, channel)
      void askWhileSilent(x, channel)
      break
    case 'connected':
    case 'heard':
      channel.silent = false
      break
    case 'externalUp':
      channel.wasUp = true
      break
    case 'externalDown':
      x.log.info({ reason: event.reason, final: event.final }, 'an external connection is down')
      externalDown(x, channel, event.final)
      break
    case 'legLost':
      lost(x, channel, event.reason)
      break
  }
}

/** A browser is lost when its WebSocket is gone and no sound comes from it any more; one of both is not enough. */
export function giveUpIfLost(x: Exchange, channel: Channel): void {
  if (channel.flowLost && channel.silent) hangUp(x, channel, outOfOrder)
}

/** How long a seat may send no sound before it is asked whether it is still there, and again; and how long to answer. */
const askAfter = 3_000
const patience = 8_000

/**
 * A seat's telephone that sends no sound may be muted, or without power: it is asked, and given up when it does not
 * answer, because a caller is left alone with it. Others are left to the session timer: some trunks know no such question.
 */
async function askWhileSilent(x: Exchange, channel: Channel): Promise<void> {
  if (channel.asked || channel.call?.direction !== 'out' || channel.call.account === null) return
  channel.asked = true
  for (let wait = askAfter; ; wait = Math.min(wait * 2, 30_000)) {
    await sleep(wait, undefined, { ref: false })
    const { call } = channel
    if (!channel.silent || channel.ended || !call) break
    if (channel.held || (await call.isThere(patience))) continue
    if (!channel.silent || channel.ended) break
    x.log.warn({}, 'a seat that sends no sound does not answer either')
    hangUp(x, channel, outOfOrder)
    break
  }
  channel.asked = false
}

function lost(x: Exchange, channel: Channel, reason: string): void {
  if (channel.kind === 'snoop') return endChannel(x, channel, { cause: Cause.normal, sip: null })
  x.log.warn({ reason }, 'the sound of a call was lost')
  hangUp(x, channel, outOfOrder)
}
