import { randomUUID } from 'node:crypto'
import type { Bridge, Channel } from './channel.ts'
import { subjectsOf } from './exchange.ts'
import type { Exchange, Playback } from './exchange.ts'
import { AriFault } from './fault.ts'
import type { PlaybackJson } from './models.ts'

/** The file of a media URI: `sound:/folder/name` is `/folder/name.wav`. 400 for what this switchboard cannot play. */
function fileOf(uri: string): string {
  const path = uri.startsWith('sound:') ? uri.slice('sound:'.length) : ''
  if (!path.startsWith('/')) throw new AriFault(400, 'Only sound: with an absolute path can be played')
  return `${path}.wav`
}

const isBridge = (target: Channel | Bridge): target is Bridge => 'members' in target

/** Begins to play to a channel or bridge, or queues behind what plays there. 409 when the id is taken. */
export function startPlayback(
  x: Exchange,
  target: Channel | Bridge,
  media: string[],
  id: string | undefined,
  language: string,
): PlaybackJson {
  const first = media[0]
  if (first === undefined) throw new AriFault(400, 'media is required')
  const playbackId = id ?? randomUUID()
  if (x.playbacks.has(playbackId)) throw new AriFault(409, 'Playback with given id already exists')
  const files = media.map(fileOf)
  const json: PlaybackJson = {
    id: playbackId,
    media_uri: first,
    ...(media[1] === undefined ? {} : { next_media_uri: media[1] }),
    target_uri: `${isBridge(target) ? 'bridge' : 'channel'}:${target.id}`,
    language,
    state: 'queued',
  }
  x.playbacks.set(playbackId, { json, target })
  x.media.play(playbackId, isBridge(target) ? { bridge: target.id } : { leg: target.id }, files)
  return json
}

/** The first sound of a playback is heard. */
export function playbackStarted(x: Exchange, id: string): void {
  const playback = x.playbacks.get(id)
  if (playback) tell(x, playback, 'PlaybackStarted', 'playing')
}

/** A playback is over; told once. */
export function playbackEnded(x: Exchange, id: string, state: 'done' | 'failed'): void {
  const playback = x.playbacks.get(id)
  if (!playback) return
  x.playbacks.delete(id)
  tell(x, playback, 'PlaybackFinished', state)
}

/** Ends what plays to a channel or bridge that is going away. */
export function endPlaybacksOf(x: Exchange, target: Channel | Bridge): void {
  for (const [id, playback] of x.playbacks) {
    if (playback.target !== target) continue
    x.media.stopPlay(id)
    playbackEnded(x, id, 'done')
  }
}

function tell(x: Exchange, playback: Playback, type: string, state: PlaybackJson['state']): void {
  playback.json = { ...playback.json, state }
  x.apps.emit({ type, playback: playback.json }, subjectsOf(playback.target))
}
