import { z } from 'zod'
import type { Party, Tags } from '../switchboard.ts'
import type { Board, BoardLeg } from './board.ts'

const tags = z.record(z.string(), z.string())
const party = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('seat'), seat: z.string(), dialled: z.string().nullable() }),
  z.object({ kind: z.literal('number'), number: z.string(), trunk: z.string() }),
])
const note = z.object({
  /** Whom we dialled; absent on a channel that came in. */
  party: party.optional(),
  tags: tags.default({}),
  rec: z.object({ rec: z.string(), segment: z.number() }).optional(),
})

/** What we keep inside the switchboard on a channel or bridge, as JSON in one variable. */
export type Note = z.infer<typeof note>

/** Reads a note; a variable that is not ours in form counts as none. */
export function readNote(value: string | null): Note {
  if (value === null || value === '') return { tags: {} }
  try {
    return note.parse(JSON.parse(value))
  } catch {
    return { tags: {} }
  }
}

/** The note of a leg as it stands on the board. */
export function noteOfLeg(board: Board, leg: BoardLeg): string {
  const recording = [...board.recordings.values()].find((one) => one.leg === leg.id && !one.stopping)
  const written: Note = { tags: leg.tags }
  const dialled = dialledParty(leg.party)
  if (leg.dir === 'out' && dialled) written.party = dialled
  if (recording) written.rec = { rec: recording.rec, segment: recording.segment }
  return JSON.stringify(written)
}

/** The note of a room. */
export const noteOfRoom = (roomTags: Tags): string => JSON.stringify({ tags: roomTags })

/** Tags with others laid over them; an empty value takes one away. */
export function mergedTags(old: Tags, fresh: Tags): Tags {
  return Object.fromEntries(Object.entries({ ...old, ...fresh }).filter(([, value]) => value !== ''))
}

function dialledParty(from: Party): Note['party'] {
  return from.kind === 'caller' ? undefined : from
}
