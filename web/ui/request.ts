/** The one way to the server: an endpoint of the contract and its input. */
import { z } from 'zod'
import { problemReply, type Endpoint, type Input, type Reply } from '../../api/endpoint.ts'
import type { ProblemCode } from '../../domain/problem.ts'
import { learnClock } from './clock.ts'
import { becomeFresh } from './fresh.ts'

// The content security policy has no 'unsafe-eval'; zod must not try to compile.
z.config({ jitless: true })

/** Why a request was refused: a catalogued code, or `network` when no answer came. */
export class Refusal extends Error {
  readonly code: ProblemCode | 'network'
  readonly detail: Readonly<Record<string, string | number | boolean | readonly string[]>>

  constructor(code: Refusal['code'], detail: Refusal['detail'] = {}) {
    super(code)
    this.name = 'Refusal'
    this.code = code
    this.detail = detail
  }
}

type Parts = 'params' | 'query' | 'body'
type MayBeEmpty<T> = undefined extends T ? true : Record<never, never> extends T ? true : false
type Optional<E extends Endpoint> = {
  [K in Parts as MayBeEmpty<Input<E>[K]> extends true ? K : never]?: Input<E>[K]
}
type Required<E extends Endpoint> = {
  [K in Parts as MayBeEmpty<Input<E>[K]> extends true ? never : K]: Input<E>[K]
}

/** What an endpoint must be given: parts that may be empty may be left out. */
export type Given<E extends Endpoint> = Optional<E> & Required<E>

interface Loose {
  params?: Record<string, unknown>
  query?: Record<string, unknown>
  body?: unknown
}

const textOf = (value: unknown): string => {
  if (typeof value === 'string') return value
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : ''
}

/** The address of a request: path with its parameters, and the query without what is undefined. */
export function addressOf(endpoint: Endpoint, given: Loose): string {
  const path = endpoint.path.replace(/:(\w+)/g, (_, name: string) =>
    encodeURIComponent(textOf(given.params?.[name])),
  )
  const query = new URLSearchParams()
  for (const [key, value] of Object.entries(given.query ?? {})) {
    const text = textOf(value)
    if (text !== '') query.set(key, text)
  }
  return query.size > 0 ? `${path}?${query}` : path
}

async function refusalOf(response: Response): Promise<Refusal> {
  const parsed = problemReply.safeParse(await response.json().catch(() => null))
  return parsed.success ? new Refusal(parsed.data.code, parsed.data.detail) : new Refusal('server.failed')
}

const patience = 15_000

/**
 * Asks the server; throws {@link Refusal} for every answer that is not the endpoint's reply. What needs somebody fresh asks
 * the person to show again who they are, and is then asked once more.
 */
export async function request<E extends Endpoint>(endpoint: E, given: Given<E>): Promise<Reply<E>> {
  try {
    return await askOnce(endpoint, given)
  } catch (failure) {
    const isStale = failure instanceof Refusal && failure.code === 'session.notFresh'
    if (!isStale || !(await becomeFresh())) throw failure
    return askOnce(endpoint, given)
  }
}

async function askOnce<E extends Endpoint>(endpoint: E, given: Given<E>): Promise<Reply<E>> {
  const loose = given as Loose
  const sentAt = Date.now()
  const hasBody = endpoint.method === 'POST' || endpoint.method === 'PUT'
  const init: RequestInit = { method: endpoint.method, signal: AbortSignal.timeout(patience) }
  if (hasBody) {
    init.body = JSON.stringify(loose.body ?? {})
    init.headers = { 'content-type': 'application/json' }
    // A change begun just before a reload still arrives (browsers allow 64 kB for this).
    init.keepalive = init.body.length < 15_000
  }
  const response = await fetch(addressOf(endpoint, loose), init).catch(() => {
    throw new Refusal('network')
  })
  learnClock(response.headers.get('date'), sentAt, Date.now())
  if (!response.ok) throw await refusalOf(response)
  const parsed = endpoint.reply.safeParse(await response.json().catch(() => undefined))
  if (!parsed.success) throw new Refusal('server.failed')
  return parsed.data as Reply<E>
}
