import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import type { Bridge, Channel } from './channel.ts'
import { subjectsOf } from './exchange.ts'
import type { Exchange, Recording } from './exchange.ts'
import { AriFault, notFound } from './fault.ts'
import type { LiveRecordingJson } from './models.ts'
import type { Params } from './request.ts'
import { forgetSpokenOf, pathOfSpoken, removeSpoken } from './spoken.ts'

const isBridge = (target: Channel | Bridge): target is Bridge => 'members' in target

/**
 * ARI's own record operation: a plain WAV file, never used for calls (those go encrypted to the recorder); only for prompts
 * spoken by staff. It lies in memory where there is such a place and is gone within 10 s of its channel's hang-up.
 */
export function startRecording(x: Exchange, target: Channel | Bridge, params: Params): LiveRecordingJson {
  const name = params.need('name')
  if (!/^[\w-]{1,120}$/.test(name)) throw new AriFault(400, 'name may hold letters, digits, - and _ only')
  if (params.need('format') !== 'wav')
    throw new AriFault(422, 'The format specified is unknown on this system')
  const file = pathOfSpoken(x.spoken, name)
  const overwrite = params.text('ifExists') === 'overwrite'
  if (x.recordings.has(name) || (existsSync(file) && !overwrite))
    throw new AriFault(409, 'A recording with the same name already exists on the system')
  const json: LiveRecordingJson = {
    name,
    format: 'wav',
    target_uri: `${isBridge(target) ? 'bridge' : 'channel'}:${target.id}`,
    state: 'recording',
  }
  const recording: Recording = { json, target, started: Date.now(), discard: false }
  x.recordings.set(name, recording)
  x.spoken.files.set(name, target)
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
  if (recording.discard) removeSpoken(x.spoken, name)
  const state = failure !== null ? 'failed' : recording.discard ? 'canceled' : 'done'
  recording.json = { ...recording.json, state, duration: Math.round(durationMs / 1000) }
  if (failure !== null) recording.json.cause = failure
  const type = failure === null ? 'RecordingFinished' : 'RecordingFailed'
  x.apps.emit({ type, recording: recording.json }, subjectsOf(recording.target))
}

/** The finished sound of a recording, as long as it is there; 404 when it is not (any more), 409 while it is being made. */
export async function soundOfStored(x: Exchange, name: string | undefined): Promise<Buffer> {
  if (name === undefined || !x.spoken.files.has(name)) throw notFound('Recording')
  if (x.recordings.has(name)) throw new AriFault(409, 'The recording is still being made')
  return readFile(pathOfSpoken(x.spoken, name))
}

/** Removes a finished recording; as for {@link soundOfStored}. */
export async function deleteStored(x: Exchange, name: string | undefined): Promise<void> {
  await soundOfStored(x, name)
  removeSpoken(x.spoken, name ?? '')
}

/** Ends the recordings of a channel or bridge that is going away; what was spoken is kept a moment longer. */
export function endRecordingsOf(x: Exchange, target: Channel | Bridge): void {
  for (const recording of x.recordings.values())
    if (recording.target === target) x.media.stopRecord(recording.json.name)
  forgetSpokenOf(x.spoken, target)
}
