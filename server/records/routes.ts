import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import { id } from '../../api/endpoint.ts'
import { serveFile } from '../http/serve.ts'
import { soundOf, type Vault } from './records.ts'

/** Serves a recording's sound (audio/wav, ranges); each beginning of a listening is written into the audit chain. */
export function recordsRoutes(app: FastifyInstance, vault: Vault): void {
  serveFile(
    app,
    {
      path: '/api/v1/recordings/:recordingId/sound',
      needs: 'recording.listen',
      summary: 'The sound of a recording: WAV, caller left, counsellor right',
      params: z.object({ recordingId: id }),
    },
    async (context, { recordingId }) => {
      const { range } = context.request.headers
      const sound = await context.tx(async (tx) => {
        const found = await soundOf(tx, vault, context.hotlineId, recordingId, range)
        if (found.start === 0) await context.audit(tx, 'recording.heard', recordingId, found.contactId)
        return found
      })
      context.reply
        .code(range === undefined ? 200 : 206)
        .header('content-type', 'audio/wav')
        .header('accept-ranges', 'bytes')
        .header('content-length', sound.end - sound.start)
        .header('cache-control', 'no-store')
      if (range !== undefined)
        context.reply.header('content-range', `bytes ${sound.start}-${sound.end - 1}/${sound.bytes}`)
      await context.reply.send(sound.stream)
    },
  )
}
