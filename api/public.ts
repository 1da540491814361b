/** What anybody may ask: the public page and the call from it. */
import { z } from 'zod'
import { endpoint, id } from './endpoint.ts'
import { softphone } from './desk.ts'

/** What the public page says; only what is true now. */
export const publicPage = endpoint({
  method: 'GET',
  path: '/api/v1/public',
  needs: 'anyone',
  summary: 'What the public page shows',
  reply: z.object({
    hotline: z.string(),
    language: z.enum(['zh-CN', 'en']),
    lines: z.array(
      z.object({
        lineId: id,
        name: z.string(),
        number: z.string(),
        kind: z.enum(['general', 'event']),
        openNow: z.boolean(),
        onDuty: z.boolean(),
      }),
    ),
  }),
})

/** A guest's SIP account for one call from the page, good for two minutes; rate-limited by address. */
export const guestPhone = endpoint({
  method: 'POST',
  path: '/api/v1/public/call',
  needs: 'anyone',
  summary: 'A guest SIP account for one call from the page',
  body: z.strictObject({ lineId: id }),
  reply: softphone.extend({ dial: z.string() }),
})
