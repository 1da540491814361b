import { randomUUID } from 'node:crypto'
import { bridgeJson } from './channel.ts'
import type { Bridge, Channel } from './channel.ts'
import { tellBridge } from './exchange.ts'
import type { Exchange } from './exchange.ts'
import { AriFault } from './fault.ts'
import { ariTime } from './models.ts'
import { refreshMusic, refreshOthers } from './music.ts'
import { endPlaybacksOf } from './playback.ts'
import { endRecordingsOf } from './recording.ts'

/** Opens a bridge of the given attributes (`mixing`, `holding`, `dtmf_events`, ...). 409 when the id is taken. */
export function createBridge(
  x: Exchange,
  id: string | undefined,
  attributes: string[],
  name: string,
): Bridge {
  const bridgeId = id ?? randomUUID()
  if (x.bridges.has(bridgeId)) throw new AriFault(409, 'Bridge with given id already exists')
  const kind = attributes.includes('holding') ? 'holding' : 'mixing'
  const bridge: Bridge = {
    id: bridgeId,
    kind,
    creationtime: ariTime(),
    name,
    members: new Set(),
    variables: new Map(),
  }
  x.bridges.set(bridgeId, bridge)
  x.media.createBridge(bridgeId, kind)
  tellBridge(x, bridge, 'BridgeCreated')
  return bridge
}

/** Brings a channel into a bridge, whose events its application then gets till the end; it leaves its former one. Once there it stays, and `mute` may be changed. */
export function addToBridge(x: Exchange, bridge: Bridge, channel: Channel, mute: boolean): void {
  channel.muted = mute
  if (channel.bridge === bridge) {
    x.media.muteLeg(channel.id, 'in', mute)
    return
  }
  if (channel.bridge) removeFromBridge(x, channel)
  for (const other of bridge.members) note(channel, other)
  bridge.members.add(channel)
  channel.bridge = bridge
  // A repeat is harmless, and needed when the media worker died and was started anew.
  x.media.createBridge(bridge.id, bridge.kind)
  x.media.addToBridge(bridge.id, channel.id, { mute })
  if (channel.app !== null) x.apps.get(channel.app)?.bridges.add(bridge.id)
  tellBridge(x, bridge, 'ChannelEnteredBridge', channel)
  refreshMusic(x, channel)
  refreshOthers(x, channel)
}

function note(one: Channel, other: Channel): void {
  if (one.kind !== 'sip' || other.kind !== 'sip') return
  one.partner = other.name
  other.partner = one.name
}

/** Takes a channel out of its bridge; it stays where it is otherwise. */
export function removeFromBridge(x: Exchange, channel: Channel): void {
  const { bridge } = channel
  if (!bridge) return
  bridge.members.delete(channel)
  channel.bridge = null
  x.media.removeFromBridge(bridge.id, channel.id)
  tellBridge(x, bridge, 'ChannelLeftBridge', channel)
  refreshMusic(x, channel)
  for (const member of bridge.members) refreshMusic(x, member)
}

/** Ends a bridge; its members stay in their applications. */
export function destroyBridge(x: Exchange, bridge: Bridge): void {
  endPlaybacksOf(x, bridge)
  endRecordingsOf(x, bridge)
  for (const member of bridge.members) removeFromBridge(x, member)
  x.bridges.delete(bridge.id)
  x.media.destroyBridge(bridge.id)
  x.apps.emit({ type: 'BridgeDestroyed', bridge: bridgeJson(bridge) }, { bridges: [bridge.id] })
  x.apps.forgetBridge(bridge.id)
}
