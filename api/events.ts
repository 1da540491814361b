/**
 * Live updates: WebSocket `/api/v1/live` (session cookie, Origin checked). The server sends one JSON event a message;
 * the browser sends `{type:'alive'}` every 20 s. On (re)connect the server first sends `desk` and, for those who may see it, `board`.
 */
import { z } from 'zod'
import { board } from './board.ts'
import { desk } from './desk.ts'

/** Something that changed; the web app patches or invalidates its cache with it. */
export const liveEvent = z.discriminatedUnion('type', [
  z.object({ type: z.literal('desk'), desk }),
  z.object({ type: z.literal('board'), board }),
  z.object({ type: z.literal('form'), contactId: z.uuid(), revision: z.number().int() }),
  z.object({
    type: z.literal('changed'),
    what: z.enum(['lines', 'seats', 'people', 'prompts', 'trunks', 'tasks', 'contacts', 'hotline']),
  }),
  z.object({ type: z.literal('danger'), contactId: z.uuid(), number: z.number().int(), line: z.string() }),
  z.object({ type: z.literal('taken-over') }),
  z.object({ type: z.literal('session-ended') }),
])

/** A live event. */
export type LiveEvent = z.infer<typeof liveEvent>
