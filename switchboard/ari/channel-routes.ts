import { answerChannel } from './answering.ts'
import { causeOfReason } from './cause.ts'
import { channelJson } from './channel.ts'
import type { Channel } from './channel.ts'
import { hangUp } from './ending.ts'
import { channelOf } from './exchange.ts'
import type { Exchange } from './exchange.ts'
import { AriFault } from './fault.ts'
import { refreshMusic } from './music.ts'
import { create, dialCreated, originate } from './outbound.ts'
import { startPlayback } from './playback.ts'
import { startRecording } from './recording.ts'
import { done, ok } from './request.ts'
import type { AriRequest, AriResponse, Params } from './request.ts'
import type { Ids, Route } from './routes.ts'
import { reportTransfer } from './transfer.ts'
import { readVariable, variablesOf, writeVariable } from './variables.ts'
import { externalMedia, snoop } from './virtual.ts'

type Act = (channel: Channel, params: Params, ids: Ids) => AriResponse | void | Promise<AriResponse>

/** An operation on a channel that is in an application; 409 when it is in none. Answers 204 unless it says otherwise. */
function onStasis(x: Exchange, method: string, path: string, name: string, act: Act): Route {
  const run = ({ params }: AriRequest, ids: Ids) => {
    const channel = channelOf(x, ids['channelId'])
    if (channel.app === null) throw new AriFault(409, 'Channel not in Stasis application')
    return act(channel, params, ids) ?? done
  }
  return { method, path: `/channels/{channelId}${path}`, name: `channels.${name}`, run }
}

/** An operation on any channel. */
function onChannel(x: Exchange, method: string, path: string, name: string, act: Act): Route {
  const run = ({ params }: AriRequest, ids: Ids) => act(channelOf(x, ids['channelId']), params, ids) ?? done
  return { method, path: `/channels/{channelId}${path}`, name: `channels.${name}`, run }
}

/** The `/channels` operations of ARI. */
export function channelRoutes(x: Exchange): Route[] {
  return [
    {
      method: 'GET',
      path: '/channels',
      name: 'channels.list',
      run: () => ok([...x.channels.values()].map(channelJson)),
    },
    {
      method: 'POST',
      path: '/channels',
      name: 'channels.originate',
      run: ({ params }) => ok(channelJson(originate(x, params, undefined))),
    },
    // Before `/channels/{channelId}`, which would take these words for ids.
    {
      method: 'POST',
      path: '/channels/create',
      name: 'channels.create',
      run: ({ params }) => ok(channelJson(create(x, params))),
    },
    {
      method: 'POST',
      path: '/channels/externalMedia',
      name: 'channels.externalMedia',
      run: ({ params }) => ok(channelJson(externalMedia(x, params))),
    },
    {
      method: 'POST',
      path: '/channels/{channelId}',
      name: 'channels.originateWithId',
      run: ({ params }, ids) => ok(channelJson(originate(x, params, ids['channelId']))),
    },
    onChannel(x, 'GET', '', 'get', (channel) => ok(channelJson(channel))),
    onChannel(x, 'DELETE', '', 'hangup', (channel, params) => hangUp(x, channel, causeAsked(params))),
    onStasis(x, 'POST', '/dial', 'dial', (channel, params) => dialCreated(x, channel, params)),
    ...callRoutes(x),
    ...soundRoutes(x),
    ...variableRoutes(x),
    ...snoopRoutes(x),
  ]
}

function causeAsked(params: Params): number {
  const code = params.text('reason_code')
  if (code !== undefined) {
    const cause = causeOfReason(code) ?? Number(code)
    if (!Number.isInteger(cause) || cause < 0 || cause > 127)
      throw new AriFault(400, 'Invalid reason_code for hangup provided')
    return cause
  }
  const cause = causeOfReason(params.text('reason') ?? 'normal')
  if (cause === undefined) throw new AriFault(400, 'Invalid reason for hangup provided')
  return cause
}

function callRoutes(x: Exchange): Route[] {
  return [
    onStasis(x, 'POST', '/answer', 'answer', (channel) => {
      if (!answerChannel(x, channel)) throw new AriFault(412, 'Channel in invalid state for operation')
    }),
    onStasis(x, 'POST', '/ring', 'ring', (channel) => {
      if (channel.inbound) channel.inbound.ring()
      else x.media.ringback(channel.id, true)
    }),
    onStasis(x, 'DELETE', '/ring', 'ringStop', (channel) => x.media.ringback(channel.id, false)),
    onStasis(x, 'POST', '/progress', 'progress', (channel) => channel.inbound?.ring(channel.localSdp)),
    onStasis(x, 'POST', '/dtmf', 'sendDTMF', (channel, params) => {
      const digits = params.need('dtmf').toUpperCase()
      if (!/^[0-9*#A-D]+$/.test(digits)) throw new AriFault(400, 'DTMF is required')
      x.media.sendDigits(channel.id, digits, {
        digitMs: params.number('duration', 100),
        gapMs: params.number('between', 100),
      })
    }),
    onStasis(x, 'POST', '/mute', 'mute', (channel, params) =>
      x.media.muteLeg(channel.id, directionOf(params), true),
    ),
    onStasis(x, 'DELETE', '/mute', 'unmute', (channel, params) =>
      x.media.muteLeg(channel.id, directionOf(params), false),
    ),
    onStasis(x, 'POST', '/hold', 'hold', (channel) => setMusic(x, channel, true)),
    onStasis(x, 'DELETE', '/hold', 'unhold', (channel) => setMusic(x, channel, false)),
    onStasis(x, 'POST', '/transfer_progress', 'transferProgress', (channel, params) =>
      reportTransfer(channel, params.need('states')),
    ),
    onChannel(x, 'GET', '/rtp_statistics', 'rtpstatistics', (channel) => statistics(x, channel)),
  ]
}

function directionOf(params: Params): 'in' | 'out' | 'both' {
  const direction = params.text('direction') ?? 'both'
  if (direction === 'in' || direction === 'out' || direction === 'both') return direction
  throw new AriFault(400, 'direction must be in, out or both')
}

function setMusic(x: Exchange, channel: Channel, on: boolean): void {
  channel.music = on
  refreshMusic(x, channel)
}

async function statistics(x: Exchange, channel: Channel): Promise<AriResponse> {
  const none = new AriFault(404, 'RTP info not found')
  if (channel.kind !== 'sip') throw none
  const stats = await x.media.stats(channel.id).catch(() => {
    throw none
  })
  return ok({
    channel_uniqueid: channel.id,
    txcount: stats.txPackets,
    rxcount: stats.rxPackets,
    rxploss: stats.lost,
    rxjitter: stats.jitterMs / 1000,
    txoctetcount: stats.txOctets,
    rxoctetcount: stats.rxOctets,
    local_ssrc: stats.ssrc,
    ...(stats.remoteSsrc === null ? {} : { remote_ssrc: stats.remoteSsrc }),
    ...(stats.txLost === null ? {} : { txploss: stats.txLost }),
    ...(stats.txJitterMs === null ? {} : { txjitter: stats.txJitterMs / 1000 }),
    ...(stats.rttMs === null ? {} : { rtt: stats.rttMs / 1000 }),
  })
}

function soundRoutes(x: Exchange): Route[] {
  const play: Act = (channel, params, ids) => {
    const id = ids['playbackId'] ?? params.text('playbackId')
    return {
      status: 201,
      body: startPlayback(x, channel, params.list('media'), id, params.text('lang') ?? 'en'),
    }
  }
  return [
    onStasis(x, 'POST', '/moh', 'startMoh', (channel) => setMusic(x, channel, true)),
    onStasis(x, 'DELETE', '/moh', 'stopMoh', (channel) => setMusic(x, channel, false)),
    // A leg that nobody talks to hears silence anyway.
    onStasis(x, 'POST', '/silence', 'startSilence', (channel) => setMusic(x, channel, false)),
    onStasis(x, 'DELETE', '/silence', 'stopSilence', () => undefined),
    onStasis(x, 'POST', '/play', 'play', play),
    onStasis(x, 'POST', '/play/{playbackId}', 'playWithId', play),
    onStasis(x, 'POST', '/record', 'record', (channel, params) => ({
      status: 201,
      body: startRecording(x, channel, params),
    })),
  ]
}

function variableRoutes(x: Exchange): Route[] {
  return [
    onChannel(x, 'GET', '/variable', 'getChannelVar', (channel, params) =>
      ok({ value: readVariable(channel, params.need('variable')) }),
    ),
    onChannel(x, 'POST', '/variable', 'setChannelVar', (channel, params) => {
      const value = { value: params.text('value') ?? '', reported: params.flag('report_events') }
      writeVariable(x, channel, params.need('variable'), value)
    }),
    onChannel(x, 'GET', '/variables', 'getChannelVars', (channel, params) => {
      const names = params.list('variables').map((name) => name.trim())
      return ok({ variables: Object.fromEntries(names.map((name) => [name, readVariable(channel, name)])) })
    }),
    onChannel(x, 'POST', '/variables', 'setChannelVars', (channel, params) => {
      for (const [name, value] of variablesOf(params.object('variables')))
        writeVariable(x, channel, name, value)
    }),
  ]
}

function snoopRoutes(x: Exchange): Route[] {
  const act: Act = (channel, params, ids) => ok(channelJson(snoop(x, channel, params, ids['snoopId'])))
  return [
    onChannel(x, 'POST', '/snoop', 'snoopChannel', act),
    onChannel(x, 'POST', '/snoop/{snoopId}', 'snoopChannelWithId', act),
  ]
}
