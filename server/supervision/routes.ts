import type { FastifyInstance } from 'fastify'
import { readBoard, readCoverage } from '../../api/board.ts'
import { serve } from '../http/serve.ts'
import { readBoardNow, readCoverageOf } from './supervision.ts'

/** Serves the wallboard and the coverage strip. */
export function supervisionRoutes(app: FastifyInstance): void {
  serve(app, readBoard, (context) => context.tx((tx) => readBoardNow(tx, context.hotlineId, context.now())))
  serve(app, readCoverage, (context, { query }) =>
    context.tx((tx) => readCoverageOf(tx, context.hotlineId, query.day, context.now())),
  )
}
