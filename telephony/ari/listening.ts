import { setTimeout as pause } from 'node:timers/promises'
import { SwitchboardError } from '../switchboard-error.ts'
import type { LegId, RecId } from '../switchboard.ts'
import { putRecording, recordingKey, type BoardRecording } from './board.ts'
import type { Desk } from './desk.ts'
import { recordingIds, sides, spyIds, type Side } from './names.ts'
import { legPath, roomPath } from './paths.ts'
import { writeLegNote } from './rooms.ts'
import type { Ask } from './socket.ts'
import { settled } from './wire.ts'

const enterTries = 40
const enterPause = 50
const plain = /^[0-9A-Za-z_-]+$/

/** Which copy of a leg's sound makes which side: `in` comes from the caller, `out` goes to them. */
const spied: Record<Side, 'in' | 'out'> = { caller: 'in', seat: 'out' }

/** Streams both directions of a leg, apart, to the recorder. Repeating it does nothing. */
export async function record(
  desk: Desk,
  rec: RecId,
  leg: LegId,
  options: { hotline: string; segment: number },
): Promise<void> {
  const { board, ask } = desk
  const { hotline, segment } = options
  const onBoard = board.legs.get(leg)
  if (!onBoard) throw new SwitchboardError('gone', 'no such leg')
  // They become arguments of an address written as a list with commas.
  if (!plain.test(rec) || !plain.test(hotline)) throw new SwitchboardError('refused', 'not a plain name')
  if (board.recordings.has(recordingKey(rec, segment))) return
  const recording = putRecording(board, rec, segment, leg)
  try {
    // First the note: after a crash the stream is then known for what it is.
    await writeLegNote(ask, board, onBoard)
    await Promise.all(sides.map((side) => openSide(desk, recording, side, hotline)))
  } catch (error) {
    board.recordings.delete(recordingKey(rec, segment))
    await removeStreams(ask, recording).catch(() => undefined)
    throw error
  }
}

async function openSide(desk: Desk, recording: BoardRecording, side: Side, hotline: string): Promise<void> {
  const { ask, app } = desk
  const { rec, segment, leg } = recording
  const ids = recordingIds(rec, segment, side)
  await settled(ask('POST', roomPath(ids.bridge), { type: 'mixing' }), 409)
  const media = {
    channelId: ids.media,
    app,
    external_host: desk.recorder,
    transport: 'websocket',
    encapsulation: 'none',
    connection_type: 'client',
    format: 'ulaw',
    direction: 'both',
    transport_data: `v(recording=${rec},side=${side},segment=${segment},hotline=${hotline})`,
  }
  await settled(ask('POST', 'channels/externalMedia', media), 409)
  await enter(ask, ids.bridge, ids.media)
  const snoop = { spy: spied[side], whisper: 'none', app }
  await settled(ask('POST', `${legPath(leg)}/snoop/${encodeURIComponent(ids.snoop)}`, snoop), 409)
  await enter(ask, ids.bridge, ids.snoop)
}

/** A fresh channel can be bridged only once it has come into the application, a moment after its creation. */
async function enter(ask: Ask, bridge: string, channel: string): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    try {
      await ask('POST', `${roomPath(bridge)}/addChannel`, { channel })
      return
    } catch (error) {
      const early = error instanceof SwitchboardError && [400, 409, 422].includes(error.status ?? 0)
      if (!early || tries === enterTries) throw error
      await pause(enterPause)
    }
  }
}

/** Ends the streams of a recording; its end is told when they are gone. Over already is fine. */
export async function stopRecord(desk: Desk, rec: RecId): Promise<void> {
  const wanted = [...desk.board.recordings.values()].filter((one) => one.rec === rec)
  for (const recording of wanted) {
    recording.stopping = true
    await removeStreams(desk.ask, recording)
    const leg = desk.board.legs.get(recording.leg)
    if (leg) await settled(writeLegNote(desk.ask, desk.board, leg), 404)
  }
}

/** Takes away what carried a recording: the tap first, so that nothing more flows. */
export async function removeStreams(ask: Ask, recording: { rec: RecId; segment: number }): Promise<void> {
  const removals = sides.flatMap((side) => {
    const ids = recordingIds(recording.rec, recording.segment, side)
    return [legPath(ids.snoop), legPath(ids.media), roomPath(ids.bridge)]
  })
  await Promise.all(removals.map((path) => settled(ask('DELETE', path), 404)))
}

/** Lets a supervisor's leg hear a leg, and speak to it alone when whispering. */
export async function supervise(
  desk: Desk,
  supervisor: LegId,
  target: LegId,
  mode: 'listen' | 'whisper' | 'off',
): Promise<void> {
  const { ask, app } = desk
  const ids = spyIds(supervisor)
  if (mode === 'off') {
    desk.board.listeners.delete(supervisor)
    await Promise.all(
      [legPath(ids.listen), legPath(ids.whisper), roomPath(ids.bridge)].map((path) =>
        settled(ask('DELETE', path), 404),
      ),
    )
    return
  }
  desk.board.listeners.add(supervisor)
  const other = mode === 'listen' ? ids.whisper : ids.listen
  await settled(ask('DELETE', legPath(other)), 404)
  await settled(ask('POST', roomPath(ids.bridge), { type: 'mixing,dtmf_events' }), 409)
  const snoop = { spy: 'both', whisper: mode === 'whisper' ? 'out' : 'none', app }
  await settled(ask('POST', `${legPath(target)}/snoop/${encodeURIComponent(ids[mode])}`, snoop), 409)
  await enter(ask, ids.bridge, ids[mode])
  await enter(ask, ids.bridge, supervisor)
}
