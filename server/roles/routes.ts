import type { FastifyInstance } from 'fastify'
import { readRoles } from '../../api/roles.ts'
import { serve } from '../http/serve.ts'
import { matrixOf } from './roles.ts'

/** Serves the matrix of who may do what. */
export function rolesRoutes(app: FastifyInstance): void {
  serve(app, readRoles, (context) => context.tx(matrixOf))
}
