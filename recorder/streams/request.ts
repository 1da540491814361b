import { z } from 'zod'

const name = z.string().regex(/^[0-9A-Za-z_-]{1,64}$/)

const request = z.object({
  recording: z.uuid(),
  side: z.enum(['caller', 'seat']),
  hotline: name,
  segment: z.coerce.number().int().min(1).max(9_999).default(1),
})

/** What a stream's address says about it. Segments number the pieces of one recording from 1. */
export type StreamRequest = z.infer<typeof request>

/** Reads the parameters of the address; null when one is missing or could be anything but a plain name. */
export function readRequest(url: string | undefined): StreamRequest | null {
  const query = new URLSearchParams((url ?? '').split('?').slice(1).join('?'))
  const parsed = request.safeParse(Object.fromEntries(query))
  return parsed.success ? parsed.data : null
}

/**
 * The format a `MEDIA_START` message names (chan_websocket, plain text or JSON), undefined for other messages.
 */
export function mediaFormat(text: string): string | undefined {
  if (!text.includes('MEDIA_START')) return undefined
  const found = /\bformat"?\s*:\s*"?([\w-]+)/.exec(text)
  return found?.[1] ?? 'ulaw'
}
