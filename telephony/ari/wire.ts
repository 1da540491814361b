import { z } from 'zod'
import { SwitchboardError, type SwitchboardErrorCode } from '../switchboard-error.ts'

/** Arguments of a request; undefined ones are left out. */
export type Query = Record<string, string | number | boolean | undefined>

/** One request as ARI's "REST over WebSocket" wants it; arguments are not URL-encoded there. */
export function restRequest(id: string, method: string, uri: string, query: Query, body: unknown): string {
  const pairs = Object.entries(query).filter(([, value]) => value !== undefined)
  return JSON.stringify({
    type: 'RESTRequest',
    request_id: id,
    method,
    uri,
    ...(pairs.length > 0 && {
      query_strings: pairs.map(([name, value]) => ({ name, value: String(value) })),
    }),
    ...(body !== undefined && { content_type: 'application/json', message_body: JSON.stringify(body) }),
  })
}

const response = z.object({
  type: z.literal('RESTResponse'),
  request_id: z.string(),
  status_code: z.number(),
  reason_phrase: z.string().optional(),
  message_body: z.unknown().optional(),
})

/** An answer to one request: its body is parsed JSON, or undefined when there was none. */
export interface RestResponse {
  id: string
  status: number
  reason: string
  body: unknown
}

/** What a message on the socket is: an answer, or something else (an event). Null when it is not JSON with a type. */
export function readMessage(text: string): { response: RestResponse } | { event: unknown } | null {
  const parsed = readJson(text)
  if (typeof parsed !== 'object' || parsed === null || !('type' in parsed)) return null
  const answer = response.safeParse(parsed)
  if (!answer.success) return parsed.type === 'RESTResponse' ? null : { event: parsed }
  const { request_id, status_code, reason_phrase, message_body } = answer.data
  const body = typeof message_body === 'string' ? readJson(message_body) : message_body
  return { response: { id: request_id, status: status_code, reason: reason_phrase ?? '', body } }
}

function readJson(text: string): unknown {
  if (text === '') return undefined
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

const codes: Record<number, SwitchboardErrorCode> = { 404: 'gone', 503: 'node-down', 504: 'timeout' }

/** The error of a refused request. Its message names the kind of request only: ids and numbers stay out of logs. */
export function refusal(method: string, uri: string, status: number): SwitchboardError {
  const parts = uri.split('/')
  const what = [parts[0], ...parts.slice(2)].join(' ')
  return new SwitchboardError(codes[status] ?? 'refused', `${method} ${what} answered ${status}`, status)
}

/** Success also when the switchboard says that it is so already (409) or that the thing is gone (404), as given. */
export async function settled(request: Promise<unknown>, ...fine: number[]): Promise<void> {
  try {
    await request
  } catch (error) {
    if (error instanceof SwitchboardError && error.status !== null && fine.includes(error.status)) return
    throw error
  }
}
