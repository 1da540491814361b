import { answerChannel } from './answering.ts'
import { channelJson } from './channel.ts'
import type { Channel } from './channel.ts'
import type { Exchange } from './exchange.ts'
import { refreshMusic } from './music.ts'

/** How long an application may be away before its callers who still ring are answered with the fallback sound. */
const grace = 2_000

const fallbackId = (channel: Channel) => `parked:${channel.id}`

/** Puts a channel into an application, which is told by StasisStart. */
export function enterStasis(x: Exchange, channel: Channel, app: string, args: string[]): void {
  if (channel.ended) return
  channel.app = app
  channel.args = args
  x.apps.ensure(app).channels.add(channel.id)
  x.apps.tell(app, { type: 'StasisStart', args, channel: channelJson(channel) })
  if (!x.apps.connected(app)) refreshMusic(x, channel)
}

/** A call that came in: to the application if it is there, else it is answered, told to wait, and kept. */
export function receive(x: Exchange, channel: Channel): void {
  const { app } = x.config.ari
  if (x.apps.connected(app)) enterStasis(x, channel, app, [channel.exten])
  else park(x, channel)
}

function park(x: Exchange, channel: Channel): void {
  if (!answerChannel(x, channel)) return
  x.parked.add(channel)
  refreshMusic(x, channel)
  if (x.config.fallbackSound !== null)
    x.media.play(fallbackId(channel), { leg: channel.id }, [x.config.fallbackSound])
}

/** An application came: it gets those who waited, in the order in which they came. Or it went: nobody is left in silence. */
export function presenceChanged(x: Exchange, name: string, connected: boolean): void {
  if (!connected) {
    setTimeout(() => {
      if (!x.apps.connected(name)) leftAlone(x, name)
    }, grace).unref()
    return
  }
  if (name === x.config.ari.app) {
    for (const channel of x.parked) {
      x.parked.delete(channel)
      x.media.stopPlay(fallbackId(channel))
      enterStasis(x, channel, name, [channel.exten])
    }
  }
  for (const channel of x.channels.values()) refreshMusic(x, channel)
}

function leftAlone(x: Exchange, name: string): void {
  for (const channel of x.channels.values()) {
    if (channel.app !== name) continue
    if (channel.inbound && name === x.config.ari.app) {
      channel.app = null
      x.apps.get(name)?.channels.delete(channel.id)
      park(x, channel)
    } else {
      refreshMusic(x, channel)
    }
  }
}
