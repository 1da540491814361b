import type { Channel } from './channel.ts'
import type { Exchange } from './exchange.ts'

/**
 * Gives a leg music, or takes it away: when the application asked for it, while the others in its bridge are on hold,
 * and while its application is away (so that nobody is left in silence). The media engine plays it only while nobody talks.
 */
export function refreshMusic(x: Exchange, channel: Channel): void {
  if (channel.kind !== 'sip' || channel.ended) return
  const others = [...(channel.bridge?.members ?? [])].filter((one) => one !== channel && one.kind === 'sip')
  const left = others.length > 0 && others.every((one) => one.held)
  const away = channel.app !== null && !x.apps.connected(channel.app)
  const wanted = channel.music || left || away || x.parked.has(channel)
  if (!wanted && !channel.hasMusic) return
  channel.hasMusic = wanted
  x.media.music({ leg: channel.id }, wanted ? x.config.music : null)
}

/** The same for everybody in the bridge of a channel. */
export function refreshOthers(x: Exchange, channel: Channel): void {
  for (const one of channel.bridge?.members ?? []) if (one !== channel) refreshMusic(x, one)
}
