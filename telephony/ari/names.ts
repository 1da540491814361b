import type { RecId } from '../switchboard.ts'

/** The channel or bridge variable in which we keep everything of ours. */
export const noteVariable = 'HEARTHLINE'

/** The channel variable by which our switchboard is told how long it may hear nothing at all from a trunk. */
export const silenceVariable = 'HEARTHLINE_SILENCE_MS'

/** The two directions of a caller's leg, as the recorder names them. */
export const sides = ['caller', 'seat'] as const
export type Side = (typeof sides)[number]

const recording = 'rec.'
const spying = 'spy.'

/** Ids of the helpers that carry one side of one segment of a recording. */
export function recordingIds(rec: RecId, segment: number, side: Side) {
  const stem = `${recording}${rec}.${segment}.${side}`
  return { snoop: `${stem}.snoop`, media: `${stem}.media`, bridge: `${stem}.bridge` }
}

/** What a recording helper's id says, or null for any other id. */
export function recordingPart(id: string): { key: string; side: Side; part: string } | null {
  const found = /^rec\.(.+\.\d+)\.(caller|seat)\.(snoop|media|bridge)$/.exec(id)
  const [, key, side, part] = found ?? []
  if (!key || !part || (side !== 'caller' && side !== 'seat')) return null
  return { key, side, part }
}

/** Ids of the helpers by which a supervisor hears a leg. */
export function spyIds(supervisor: string) {
  const stem = `${spying}${supervisor}`
  return { listen: `${stem}.listen`, whisper: `${stem}.whisper`, bridge: `${stem}.bridge` }
}

/** True for channels and bridges that are means, not parties: they never appear as legs or rooms. */
export function isHelper(id: string, name = ''): boolean {
  if (id.startsWith(recording) || id.startsWith(spying)) return true
  return /^(Snoop|WebSocket|UnicastRTP|Local|Announcer|Recorder|Bridge|Message)\//.test(name)
}

/** The device's name in a channel name such as `PJSIP/phone1-00000007`. */
export function deviceOf(channelName: string): string {
  const rest = channelName.slice(channelName.indexOf('/') + 1)
  const dash = rest.lastIndexOf('-')
  return dash > 0 ? rest.slice(0, dash) : rest
}
