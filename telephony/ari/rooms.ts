import { SwitchboardError } from '../switchboard-error.ts'
import type { LegId, PlayId, Room, RoomId, Sound, Tags, Target } from '../switchboard.ts'
import type { Board, BoardLeg } from './board.ts'
import type { Desk } from './desk.ts'
import { noteVariable } from './names.ts'
import { mergedTags, noteOfLeg, noteOfRoom } from './note.ts'
import { legPath, roomPath } from './paths.ts'
import type { Ask } from './socket.ts'
import { settled } from './wire.ts'

const place = (target: Target) => ('leg' in target ? legPath(target.leg) : roomPath(target.room))

function need(board: Board, leg: LegId): BoardLeg {
  const found = board.legs.get(leg)
  if (!found) throw new SwitchboardError('gone', 'no such leg')
  return found
}

/** Opens a room; open already is fine. */
export async function openRoom({ ask, board }: Desk, room: RoomId, kind: Room['kind'], tags: Tags = {}) {
  if (!board.rooms.has(room)) board.rooms.set(room, { id: room, kind, legs: [], tags })
  // Plain `mixing` lets two legs of one codec pass by unheard by the switchboard, and digits with them.
  const type = kind === 'wait' ? 'holding' : 'mixing,dtmf_events'
  try {
    await settled(ask('POST', roomPath(room), { type }), 409)
    if (Object.keys(tags).length > 0) await writeRoomNote(ask, room, tags)
  } catch (error) {
    board.rooms.delete(room)
    throw error
  }
}

/** Ends a room; gone already is fine. */
export async function closeRoom({ ask }: Desk, room: RoomId): Promise<void> {
  await settled(ask('DELETE', roomPath(room)), 404)
}

/** Puts a leg into a room, muted or not. */
export async function join(desk: Desk, leg: LegId, room: RoomId, muted = false): Promise<void> {
  const known = need(desk.board, leg)
  if (known.room === room) return mute(desk, leg, muted)
  await desk.ask('POST', `${roomPath(room)}/addChannel`, { channel: leg, mute: muted || undefined })
}

/** Takes a leg out of its room. */
export async function leave({ ask, board }: Desk, leg: LegId): Promise<void> {
  const room = board.legs.get(leg)?.room
  if (room)
    await settled(ask('POST', `${roomPath(room)}/removeChannel`, { channel: leg }), 400, 404, 409, 422)
}

/** Nobody hears the leg while on. */
export async function mute({ ask }: Desk, leg: LegId, on: boolean): Promise<void> {
  await settled(ask(on ? 'POST' : 'DELETE', `${legPath(leg)}/mute`, { direction: 'in' }), 409)
}

/** Music of a class, or its end. */
export async function music({ ask }: Desk, target: Target, cls: string | null): Promise<void> {
  if (cls === null) await settled(ask('DELETE', `${place(target)}/moh`), 404, 409)
  else await settled(ask('POST', `${place(target)}/moh`, { mohClass: cls }), 409)
}

/** ARI's `sound:` wants an absolute path without its extension. */
export function mediaOf(sound: Sound): string {
  if (!sound.file.startsWith('/') || !sound.file.endsWith('.wav') || sound.file.includes(',')) {
    throw new SwitchboardError('refused', 'a sound is an absolute path of a .wav without a comma')
  }
  return `sound:${sound.file.slice(0, -'.wav'.length)}`
}

/** Plays sounds in a row; playing already is fine. */
export async function play(desk: Desk, id: PlayId, target: Target, sounds: Sound[]): Promise<void> {
  const { ask, board } = desk
  const media = sounds.map(mediaOf).join(',')
  if (media === '') throw new SwitchboardError('refused', 'nothing to play')
  // Asterisk 22 takes the same id twice and plays twice.
  if (board.plays.has(id)) return
  board.plays.set(id, 'playing')
  try {
    if (await playsAlready(desk, id, target)) return
    await settled(ask('POST', `${place(target)}/play/${encodeURIComponent(id)}`, { media }), 409)
  } catch (error) {
    board.plays.delete(id)
    throw error
  }
}

/** Only where a former server may have begun it is the question worth asking. */
async function playsAlready({ ask, board }: Desk, id: PlayId, target: Target): Promise<boolean> {
  if ('leg' in target && board.legs.get(target.leg)?.found !== true) return false
  return ask('GET', `playbacks/${encodeURIComponent(id)}`).then(
    () => true,
    () => false,
  )
}

/** Ends a play; over already is fine. */
export async function stopPlay({ ask, board }: Desk, id: PlayId): Promise<void> {
  const before = board.plays.get(id)
  board.plays.set(id, 'stopped')
  try {
    await ask('DELETE', `playbacks/${encodeURIComponent(id)}`)
  } catch (error) {
    // What ended by itself meanwhile did so before our word; what we had stopped before stays stopped.
    if (before) board.plays.set(id, before)
    else board.plays.delete(id)
    if (!(error instanceof SwitchboardError && error.code === 'gone')) throw error
  }
}

/** Presses keys towards a leg. */
export async function sendDigits({ ask }: Desk, leg: LegId, digits: string): Promise<void> {
  await ask('POST', `${legPath(leg)}/dtmf`, { dtmf: digits })
}

/** Writes tags beside those that are there. */
export async function tag({ ask, board }: Desk, target: Target, tags: Tags): Promise<void> {
  if ('room' in target) {
    const room = board.rooms.get(target.room)
    if (!room) throw new SwitchboardError('gone', 'no such room')
    room.tags = mergedTags(room.tags, tags)
    return writeRoomNote(ask, room.id, room.tags)
  }
  const leg = need(board, target.leg)
  leg.tags = mergedTags(leg.tags, tags)
  await writeLegNote(ask, board, leg)
}

/** Writes what the board says of a leg into the switchboard. */
export async function writeLegNote(ask: Ask, board: Board, leg: BoardLeg): Promise<void> {
  await ask('POST', `${legPath(leg.id)}/variable`, { variable: noteVariable, value: noteOfLeg(board, leg) })
}

async function writeRoomNote(ask: Ask, room: RoomId, tags: Tags): Promise<void> {
  await ask('POST', `${roomPath(room)}/variable`, { variable: noteVariable, value: noteOfRoom(tags) })
}
