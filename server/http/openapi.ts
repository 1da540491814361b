import { z } from 'zod'
import { problemReply } from '../../api/endpoint.ts'
import type { Served } from './serve.ts'

type Schema = Record<string, unknown>

/** The OpenAPI 3.1 document of everything served. */
export function documentOf(served: readonly Served[]): Schema {
  const paths: Record<string, Schema> = {}
  for (const endpoint of served) {
    const path = endpoint.path.replace(/:(\w+)/g, '{$1}')
    paths[path] = { ...paths[path], [endpoint.method.toLowerCase()]: operationOf(endpoint) }
  }
  return {
    openapi: '3.1.0',
    info: { title: 'Hearthline', version: 'v1', description: 'The API of a psychological-aid hotline.' },
    paths,
    components: {
      securitySchemes: { session: { type: 'apiKey', in: 'cookie', name: 'hearthline_session' } },
      schemas: { Problem: schemaOf(problemReply, 'output') },
    },
  }
}

function operationOf(endpoint: Served): Schema {
  const parameters = [
    ...parametersOf(endpoint.params, 'path'),
    ...(endpoint.query ? parametersOf(endpoint.query, 'query') : []),
  ]
  const body = endpoint.body ? schemaOf(endpoint.body, 'input') : {}
  const hasBody = endpoint.method !== 'GET' && Object.keys((body['properties'] as object) ?? body).length > 0
  const isFile = endpoint.reply === undefined
  const answer = endpoint.reply
    ? { 'application/json': { schema: schemaOf(endpoint.reply, 'output') } }
    : { 'audio/wav': { schema: { type: 'string', format: 'binary' } } }
  return {
    summary: endpoint.summary,
    'x-needs': endpoint.needs,
    ...(endpoint.fresh ? { 'x-fresh': true } : {}),
    ...(endpoint.needs === 'anyone' ? {} : { security: [{ session: [] }] }),
    ...(parameters.length > 0 ? { parameters } : {}),
    ...(hasBody
      ? { requestBody: { required: true, content: { 'application/json': { schema: body } } } }
      : {}),
    responses: {
      200: { description: isFile ? 'The sound' : 'Done', content: answer },
      default: {
        description: 'Refused',
        content: { 'application/json': { schema: { $ref: '#/components/schemas/Problem' } } },
      },
    },
  }
}

function parametersOf(schema: z.ZodType, where: 'path' | 'query'): Schema[] {
  const { properties = {}, required = [] } = schemaOf(schema, 'input') as {
    properties?: Record<string, Schema>
    required?: string[]
  }
  return Object.entries(properties).map(([name, property]) => ({
    name,
    in: where,
    required: where === 'path' || required.includes(name),
    schema: property,
  }))
}

function schemaOf(schema: z.ZodType, io: 'input' | 'output'): Schema {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io, unrepresentable: 'any' })
  return rest
}
