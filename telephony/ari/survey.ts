import { z } from 'zod'
import { SwitchboardError } from '../switchboard-error.ts'
import { incomingLeg, newLeg, putRecording, wipe, type Board } from './board.ts'
import type { Desk } from './desk.ts'
import { pushSeat, pushTrunk } from './devices.ts'
import { removeStreams } from './listening.ts'
import {
  applicationSchema,
  bridgeSchema,
  channelSchema,
  endpointSchema,
  variableSchema,
  type Bridge,
  type Channel,
} from './model.ts'
import { isHelper, noteVariable, recordingIds, recordingPart, sides } from './names.ts'
import { readNote, type Note } from './note.ts'
import { legPath, roomPath } from './paths.ts'
import { settled } from './wire.ts'

const batch = 100

/**
 * After every connect: finds all that is alive and puts it on the board, removes what served
 * recordings and supervisors that are over, and sends the devices again.
 */
export async function survey(desk: Desk): Promise<void> {
  const { ask, app, board } = desk
  wipe(board)
  const [channels, bridges, ours] = await Promise.all([
    ask('GET', 'channels').then((found) => z.array(channelSchema).parse(found)),
    ask('GET', 'bridges').then((found) => z.array(bridgeSchema).parse(found)),
    ask('GET', `applications/${encodeURIComponent(app)}`).then((found) => applicationSchema.parse(found)),
  ])
  const ourChannels = channels.filter((one) => ours.channel_ids.includes(one.id))
  const ourBridges = bridges.filter((one) => ours.bridge_ids.includes(one.id))
  await pushDevices(desk)
  await Promise.all([putLegs(desk, ourChannels, ourBridges), putRooms(desk, ourBridges), askDevices(desk)])
  await removeOrphans(desk, channels, bridges)
}

/** Many at once, but not so many that the last ones time out waiting for the first. */
async function inBatches<T>(items: T[], work: (item: T) => Promise<void>): Promise<void> {
  for (let from = 0; from < items.length; from += batch) {
    await Promise.all(items.slice(from, from + batch).map(work))
  }
}

async function pushDevices(desk: Desk): Promise<void> {
  const { seats, trunks } = desk.board
  await inBatches([...trunks.values()], (spec) => pushTrunk(desk, spec))
  await inBatches([...seats.values()], (spec) => pushSeat(desk, spec))
}

async function askDevices({ ask, board }: Desk): Promise<void> {
  const answer = await ask('GET', 'endpoints/PJSIP').catch((error: unknown) => {
    // Asterisk answers so when no device is configured at all.
    if (error instanceof SwitchboardError && error.code === 'gone') return []
    throw error
  })
  for (const { resource, state } of z.array(endpointSchema).parse(answer)) {
    if (board.seats.has(resource) || board.trunks.has(resource))
      board.online.set(resource, state === 'online')
  }
}

async function noteAt({ ask }: Desk, path: string): Promise<Note> {
  try {
    const found = await ask('GET', `${path}/variable`, { variable: noteVariable })
    return readNote(variableSchema.parse(found).value)
  } catch (error) {
    if (error instanceof SwitchboardError && error.code === 'gone') return readNote(null)
    throw error
  }
}

async function putLegs(desk: Desk, channels: Channel[], bridges: Bridge[]): Promise<void> {
  const parties = channels.filter((one) => !isHelper(one.id, one.name))
  await inBatches(parties, async (channel) => {
    const note = await noteAt(desk, legPath(channel.id))
    const leg = legFrom(desk.board, channel, note)
    leg.found = true
    leg.room = roomOf(channel.id, bridges)
    desk.board.legs.set(leg.id, leg)
    if (note.rec && streams(note.rec, channels)) {
      putRecording(desk.board, note.rec.rec, note.rec.segment, leg.id)
    }
  })
}

function legFrom(board: Board, channel: Channel, note: Note) {
  if (!note.party) return incomingLeg(board, channel, channel.dialplan?.exten ?? '', note.tags)
  const state = channel.state === 'Up' ? 'up' : channel.state === 'Ringing' ? 'ringing' : 'dialling'
  const { party, tags } = note
  return newLeg({ id: channel.id, dir: 'out', party, state, room: null, held: false, since: null, tags })
}

const roomOf = (channel: string, bridges: Bridge[]): string | null =>
  bridges.find((bridge) => !isHelper(bridge.id) && bridge.channels.includes(channel))?.id ?? null

/** Both sides are there; one alone counts as none, and is removed as an orphan. */
function streams({ rec, segment }: { rec: string; segment: number }, channels: Channel[]): boolean {
  return sides.every((side) => {
    const { media } = recordingIds(rec, segment, side)
    return channels.some((one) => one.id === media)
  })
}

async function putRooms(desk: Desk, bridges: Bridge[]): Promise<void> {
  const rooms = bridges.filter((bridge) => !isHelper(bridge.id))
  await inBatches(rooms, async (bridge) => {
    const { tags } = await noteAt(desk, roomPath(bridge.id))
    const kind = bridge.bridge_type === 'holding' ? 'wait' : 'talk'
    desk.board.rooms.set(bridge.id, { id: bridge.id, kind, legs: [], tags })
  })
}

/** Streams of recordings whose leg is gone, and rooms of supervisors who are. */
async function removeOrphans({ ask, board }: Desk, channels: Channel[], bridges: Bridge[]): Promise<void> {
  const all = [...channels, ...bridges].map((one) => one.id)
  const stale = new Map<string, { rec: string; segment: number }>()
  for (const id of all) {
    const key = recordingPart(id)?.key
    if (!key || board.recordings.has(key)) continue
    const dot = key.lastIndexOf('.')
    stale.set(key, { rec: key.slice(0, dot), segment: Number(key.slice(dot + 1)) })
  }
  const spies: string[] = []
  for (const id of all.filter((one) => one.startsWith('spy.'))) {
    const supervisor = id.split('.').slice(1, -1).join('.')
    if (board.legs.has(supervisor)) board.listeners.add(supervisor)
    else spies.push(id)
  }
  await Promise.all([
    ...[...stale.values()].map((recording) => removeStreams(ask, recording)),
    ...spies.map((id) => settled(ask('DELETE', id.endsWith('.bridge') ? roomPath(id) : legPath(id)), 404)),
  ])
}
