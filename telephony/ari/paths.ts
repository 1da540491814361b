import type { LegId, RoomId } from '../switchboard.ts'

/** A leg's place in ARI. */
export const legPath = (leg: LegId): string => `channels/${encodeURIComponent(leg)}`

/** A room's place in ARI. */
export const roomPath = (room: RoomId): string => `bridges/${encodeURIComponent(room)}`
