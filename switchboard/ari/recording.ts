import { existsSync, mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { Bridge, Channel } from './channel.ts'
import { subjectsOf } from './exchange.ts'
import type { Exchange, Recording } from './exchange.ts'
import { AriFault, notFound } from './fault.ts'
import type { LiveRecordingJson } from './models.ts'
import type { Params } from './request.ts'

const isBridge = (target: Channel | Bridge): target is Bridge => 'members' in target

/**
 * ARI's own record operation: a plain WAV file `recording/NAME.wav` in the data folder. Never used for calls
 * (those go encrypted to the recorder); only for prompts spoken by staff.
 */
export function startRecording(x: Exchange, target: Channel | Bridge, params: Params): LiveRecordingJson {
  const name = params.need('name')
  if (!/^[\w-]{1,120}$/.test(name)) throw new AriFault(400, 'name may hold letters, digits, - and _ only')
  if (params.need('format') !== 'wav')
    throw new AriFault(422, 'The format specified is unknown on this system')
  const folder = join(x.config.data, 'recording')
  const file = join(folder, `${name}.wav`)
  const overwrite = params.text('ifExists') === 'overwrite'
  if (x.recordings.has(name) || (existsSync(file) && !overwrite))
    throw new AriFault(409, 'A recording with the same name already exists on the system')
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const json: LiveRecordingJson = {
    name,
    format: 'wav',
    target_uri: `${isBridge(target) ? 'bridge' : 'channel'}:${target.id}`,
    state: 'recording',
  }
  const recording: Recording = { json, target, started: Date.now(), file, discard: false }
  x.recordings.set(name, recording)
  x.media.record(name, isBridge(target) ? { bridge: target.id } : { leg: target.id }, file)
  x.apps.emit({ type: 'RecordingStarted', recording: json }, subjectsOf(target))
  limit(x, recording, params.number('maxDurationSeconds', 0))
  return json
}

function limit(x: Exchange, recording: Recording, seconds: number): void {
  if (seconds <= 0) return
  const { name } = recording.json
  const stop = () => x.recordings.get(name) === recording && x.media.stopRecord(name)
  setTimeout(stop, seconds * 1000).unref()
}

/** A live recording by name; 404 when there is none. */
export function recordingOf(x: Exchange, name: string | undefined): Recording {
  const recording = x.recordings.get(name ?? '')
  if (!recording) throw notFound('Recording')
  return recording
}

/** Leaves out of a recording what is said from now on, or takes it up again. */
export function pauseRecording(x: Exchange, recording: Recording, on: boolean): void {
  recording.json = { ...recording.json, state: on ? 'paused' : 'recording' }
  x.media.pauseRecord(recording.json.name, on)
}

/** Ends a recording; with `discard` its file is thrown away. */
export function stopRecording(x: Exchange, recording: Recording, discard: boolean): void {
  recording.discard ||= discard
  x.media.stopRecord(recording.json.name)
}

/** The file is whole, or the recording failed: told once. */
export function recordingEnded(x: Exchange, name: string, durationMs: number, failure: string | null): void {
  const recording = x.recordings.get(name)
  if (!recording) return
  x.recordings.delete(name)
  if (recording.discard) rmSync(recording.file, { force: true })
  const state = failure !== null ? 'failed' : recording.discard ? 'canceled' : 'done'
  recording.json = { ...recording.json, state, duration: Math.round(durationMs / 1000) }
  if (failure !== null) recording.json.cause = failure
  const type = failure === null ? 'RecordingFinished' : 'RecordingFailed'
  x.apps.emit({ type, recording: recording.json }, subjectsOf(recording.target))
}

/** Ends the recordings of a channel or bridge that is going away. */
export function endRecordingsOf(x: Exchange, target: Channel | Bridge): void {
  for (const recording of x.recordings.values())
    if (recording.target === target) x.media.stopRecord(recording.json.name)
}
